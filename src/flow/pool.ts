// A step of which several calls run at once: map and forEach with a concurrency.
//
// How far it runs ahead: an item is in flight from its pull until its result is handed down. While somebody asks, at most
// `concurrency` items are; while nobody does, one less. So after n asks at most n + concurrency - 1 items were pulled.
// It goes on by itself only within that.
//
// Invariants: `#running` are the calls that have not settled; `#line` is what is handed down next, in order: where it is
// ordered every call from its start, else those that have settled. So what is in flight is in one of the two, or in both.

import { Ring } from '../ring.js';
import { Context } from './context.js';
import type { Operation } from './each.js';
import type { Scope } from './scope.js';
import { type Answer, END, isThenable, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

/** One call. */
interface Call<In, Result> {
  readonly input: In;
  state: 'running' | 'settled' | 'failed';
  result: Result | undefined;
}

/** One such step at work. */
export class Pool<In, Result, Out> implements Stage<Out>, Sink<In> {
  sink: Sink<Out> = NOBODY;
  #asked = false;
  /** A pull of what is above is open. */
  #pulling = false;
  #ended = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #inFlight = 0;
  readonly #running: Set<Call<In, Result>> = new Set();
  readonly #line: Ring<Call<In, Result>> = new Ring<Call<In, Result>>();
  readonly #context: Context = new Context();

  constructor(
    private readonly above: Stage<In>,
    private readonly operation: Operation<In, Result, Out>,
    private readonly concurrency: number,
    private readonly ordered: boolean,
    private readonly scope: Scope,
  ) {
    above.sink = this;
  }

  pull(): Answer<Out> {
    this.#asked = true;
    this.#fill();
    return this.#now();
  }

  answer(item: In | typeof END): void {
    this.#pulling = false;
    this.#goOn(() => {
      if (item === END) this.#ended = true;
      else this.#start(item);
    });
  }

  fail(error: unknown): void {
    if (this.#stopped) return;
    if (this.#asked) return this.sink.fail(error);
    this.stop(error);
    this.#failure = { error };
    this.scope.tell();
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    while (this.#line.size > 0) {
      const call = this.#line.shift();
      if (call.state === 'running') this.scope.drop(call.input);
      else if (call.state === 'settled' && this.operation.yields) this.scope.drop(call.result);
      this.#running.delete(call);
    }
    for (const { input } of this.#running) this.scope.drop(input);
    this.#running.clear();
    this.#context.stop(reason);
    this.above.stop(reason);
  }

  /** Starts as many calls as may be in flight. */
  #fill(): void {
    while (this.#inFlight < this.concurrency - (this.#asked ? 0 : 1)) {
      if (this.#pulling || this.#ended || this.#stopped) return;
      this.#pulling = true;
      const item = this.above.pull();
      if (item === PENDING) return;
      this.#pulling = false;
      if (item === END) this.#ended = true;
      else this.#start(item);
    }
  }

  #start(item: In): void {
    if (this.#stopped) return this.scope.dropLate(item);
    const call: Call<In, Result> = { input: item, state: 'running', result: undefined };
    this.#inFlight++;
    this.#running.add(call);
    if (this.ordered) this.#line.push(call);
    let result: Result | PromiseLike<Result>;
    try {
      result = this.operation.call(item, this.#context);
      if (isThenable(result)) {
        Promise.resolve(result).then(
          (value) => this.#goOn(() => this.#settle(call, value)),
          (error: unknown) => {
            this.#giveUp(call);
            this.fail(error);
          },
        );
        return;
      }
    } catch (error) {
      this.#giveUp(call);
      throw error;
    }
    this.#settle(call, result);
  }

  #settle(call: Call<In, Result>, result: Result): void {
    if (this.#stopped) {
      if (this.operation.yields) this.scope.dropLate(result);
      return;
    }
    this.#running.delete(call);
    call.state = 'settled';
    call.result = result;
    if (!this.ordered) this.#line.push(call);
  }

  /** The function threw: its item is the thrower's business, not a dropped one. */
  #giveUp(call: Call<In, Result>): void {
    this.#running.delete(call);
    call.state = 'failed';
  }

  /** Whatever a later event brings: does it, works ahead, and answers whoever asks. */
  #goOn(event: () => void): void {
    let out: Answer<Out> = PENDING;
    try {
      event();
      this.#fill();
      if (this.#asked) out = this.#now();
    } catch (error) {
      return this.fail(error);
    }
    if (out !== PENDING) this.sink.answer(out);
  }

  /** The answer, if there is one by now. */
  #now(): Answer<Out> {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (let call = this.#line.first; call?.state === 'settled'; call = this.#line.first) {
      this.#line.shift();
      this.#inFlight--;
      const out = this.operation.accept(call.result as Result, call.input);
      if (out === NONE) {
        this.#fill();
        continue;
      }
      this.#asked = false;
      return out;
    }
    if (this.#stopped || !this.#ended || this.#inFlight > 0) return PENDING;
    this.#asked = false;
    return END;
  }
}
