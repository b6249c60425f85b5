// A step that takes one item at a time: map, filter, drop, scan, tap, throttle; forEach, reduce and to.
//
// Guarantee: nothing is pulled while a call runs. The item in hand at a stop is dropped; so is a result that comes later,
// where results are items.
//
// Invariant: `#input` is the item that the operation's call runs on, and NONE else.

import { Context } from './context.js';
import type { StepContext } from './contract.js';
import type { Scope } from './scope.js';
import { type Answer, END, isThenable, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

/** What a step does with an item. One operation a run: it may have a state. */
export interface Operation<In, Result, Out> {
  /** Runs the user's function. */
  call(item: In, context: StepContext): Result | PromiseLike<Result>;
  /** What goes on: an item, or NONE. Must not throw. */
  accept(result: Result, item: In): Out | typeof NONE;
  /** Whether a result is an item, which must not get lost. */
  readonly yields: boolean;
  /**
   * Where a call decides by itself whether it takes the item: told of an item it did not take, and whether the step was
   * stopped meanwhile, when nobody hears of the error. Then an item in hand is not dropped at the stop, and the call is
   * waited for, behind everybody's back.
   */
  refused?(error: unknown, item: In, stopped: boolean): void;
}

/** One such step at work. */
export class Each<In, Result, Out> implements Stage<Out>, Sink<In> {
  sink: Sink<Out> = NOBODY;
  #input: In | typeof NONE = NONE;
  #stopped = false;
  readonly #context: Context = new Context();

  constructor(
    private readonly above: Stage<In>,
    private readonly operation: Operation<In, Result, Out>,
    private readonly scope: Scope,
  ) {
    above.sink = this;
  }

  pull(): Answer<Out> {
    for (;;) {
      const item = this.above.pull();
      if (item === END) return END;
      if (item === PENDING) return PENDING;
      const out = this.#enter(item);
      if (out !== NONE) return out;
    }
  }

  answer(item: In | typeof END): void {
    if (item === END) return this.sink.answer(END);
    try {
      this.#emit(this.#enter(item));
    } catch (error) {
      this.#failLate(error);
    }
  }

  fail(error: unknown): void {
    this.sink.fail(error);
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#input !== NONE && this.operation.refused === undefined) {
      this.scope.drop(this.#input);
      this.#input = NONE;
    }
    this.#context.stop(reason);
    this.above.stop(reason);
  }

  /** Puts an item into the operation. */
  #enter(item: In): Out | typeof NONE | typeof PENDING {
    if (this.#stopped) {
      this.scope.dropLate(item); // the flow was ended on the item's way down
      return PENDING;
    }
    let result: Result | PromiseLike<Result>;
    this.#input = item;
    try {
      result = this.operation.call(item, this.#context);
      if (isThenable(result)) {
        Promise.resolve(result).then(this.#fulfilled, this.#rejected);
        return PENDING;
      }
    } catch (error) {
      this.#refused(error);
      throw error;
    }
    return this.#leave(result);
  }

  /** The result is there. */
  #leave(result: Result): Out | typeof NONE | typeof PENDING {
    const item = this.#input;
    this.#input = NONE;
    if (!this.#stopped) return this.operation.accept(result, item as In);
    if (item !== NONE) this.operation.accept(result, item);
    else if (this.operation.yields) this.scope.dropLate(result);
    return PENDING;
  }

  /** The function threw: its item is the thrower's business, not a dropped one. */
  #refused(error: unknown): void {
    const item = this.#input;
    this.#input = NONE;
    if (item !== NONE) this.operation.refused?.(error, item, this.#stopped);
  }

  readonly #fulfilled = (result: Result): void => {
    try {
      this.#emit(this.#leave(result));
    } catch (error) {
      this.#failLate(error);
    }
  };

  readonly #rejected = (error: unknown): void => {
    this.#refused(error);
    this.#failLate(error);
  };

  /** What came later is told to the sink; where nothing came of it, the ask goes on. */
  #emit(out: Out | typeof NONE | typeof PENDING): void {
    const next = out === NONE ? this.pull() : out;
    if (next !== PENDING) this.sink.answer(next);
  }

  #failLate(error: unknown): void {
    if (!this.#stopped) this.sink.fail(error);
  }
}
