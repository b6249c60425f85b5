// The root of a flow that is iterated.
//
// Guarantees: `next()` calls are served in order, one ask at a time. An error, or the reason of an abort, is told once:
// by the `next()` that waits first, else by the one that comes next; then the iterator is done. `return()` settles those
// that wait as done, and waits for nothing. Whatever way it ends, all stages are stopped before it is told.
//
// Invariants: `#waiting` are the calls of `next()` that have not settled, but for one that is `#asking`; while there are
// any, and the flow is not over, an ask is open.

import type { ChannelIterator } from '../contract.js';
import { Ring } from '../ring.js';
import type { Abortable } from '../signals.js';
import type { Scope } from './scope.js';
import { type Answer, END, PENDING, type Sink, type Stage } from './stage.js';

type Result<T> = IteratorResult<T, undefined>;

interface Waiting<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: unknown) => void;
}

const AsyncIteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype));

/** Cheaper than `Promise.resolve`, where the result is an object. */
async function ready<T>(result: Result<T>): Promise<Result<T>> {
  return result;
}

/** One iterator over a flow. */
export class Iteration<T> implements ChannelIterator<T>, Sink<T>, Abortable {
  #begun = false;
  #over = false;
  /** An ask is open. */
  #asked = false;
  /** A call of `next()` is on the stack, and asks: those that are made meanwhile wait behind it. */
  #asking = false;
  /** The error that nobody was told of yet. */
  #failure: { readonly error: unknown } | undefined = undefined;
  readonly #waiting: Ring<Waiting<T>> = new Ring<Waiting<T>>();

  constructor(
    private readonly stage: Stage<T>,
    private readonly scope: Scope,
    /** Whether the signal of the flow ends it; else somebody below does that. */
    private readonly heeds: boolean = false,
    /** Why it is left, where whoever leaves it knows. */
    private readonly why: () => unknown = () => undefined,
  ) {
    stage.sink = this;
  }

  next(): Promise<Result<T>> {
    if (!this.#begun) this.#begin();
    if (this.#asking) return this.#wait();
    if (this.#over) return this.#afterEnd();
    if (this.#asked) return this.#wait();
    this.#asking = true;
    const result = this.#ask();
    this.#asking = false;
    if (this.#waiting.size > 0) {
      if (this.#over) this.#settleRest();
      else this.#serve();
    }
    return result;
  }

  return(): Promise<Result<T>> {
    this.#begun = true;
    if (!this.#over) {
      this.#finish();
      this.stage.stop(this.why());
      this.scope.tell();
      this.#settleRest();
    }
    this.#failure = undefined;
    return ready<T>({ value: undefined, done: true });
  }

  answer(item: T | typeof END): void {
    this.#asked = false;
    if (this.#over) {
      if (item !== END) this.scope.dropLate(item); // the flow was ended on the item's way down
    } else if (item === END) {
      this.#finish();
      this.#settleRest();
    } else {
      this.#waiting.shift().resolve({ value: item, done: false });
      this.#serve();
    }
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = { error };
    this.#finish();
    this.stage.stop(error);
    this.scope.tell();
    this.#settleRest();
  }

  aborted(reason: unknown): void {
    this.fail(reason);
  }

  #begin(): void {
    this.#begun = true;
    if (this.heeds) this.scope.heed(this);
  }

  /** Asks on behalf of one call, which is before those that are made from inside the pull. */
  #ask(): Promise<Result<T>> {
    let item: Answer<T>;
    this.#asked = true;
    try {
      item = this.stage.pull();
    } catch (error) {
      this.fail(error);
      return this.#afterEnd();
    }
    if (item === PENDING) return this.#over ? this.#afterEnd() : this.#waitFirst();
    this.#asked = false;
    if (this.#over) {
      if (item !== END) this.scope.dropLate(item); // the flow was ended from inside the pull
      return this.#afterEnd();
    }
    if (item === END) {
      this.#finish();
      return this.#afterEnd();
    }
    return ready({ value: item, done: false });
  }

  #waitFirst(): Promise<Result<T>> {
    const others = this.#waiting.size;
    const result = this.#wait();
    for (let i = 0; i < others; i++) this.#waiting.push(this.#waiting.shift());
    return result;
  }

  #wait(): Promise<Result<T>> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Asks on behalf of those that wait. */
  #serve(): void {
    while (this.#waiting.size > 0 && !this.#asked && !this.#over) {
      let item: Answer<T>;
      this.#asked = true;
      try {
        item = this.stage.pull();
      } catch (error) {
        return this.fail(error);
      }
      if (item === PENDING) return;
      this.#asked = false;
      if (this.#over) {
        if (item !== END) this.scope.dropLate(item);
      } else if (item === END) {
        this.#finish();
        this.#settleRest();
      } else {
        this.#waiting.shift().resolve({ value: item, done: false });
      }
    }
  }

  #finish(): void {
    this.#over = true;
    if (this.heeds) this.scope.ignore(this);
  }

  /** Tells those that wait: the first of the error, where there is one. */
  #settleRest(): void {
    if (this.#asking) return; // the call that asks goes first, and sees to the rest
    while (this.#waiting.size > 0) {
      const { resolve, reject } = this.#waiting.shift();
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure === undefined) resolve({ value: undefined, done: true });
      else reject(failure.error);
    }
  }

  #afterEnd(): Promise<Result<T>> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? ready<T>({ value: undefined, done: true }) : Promise.reject(failure.error);
  }

  /** Inherited. */
  declare [Symbol.asyncIterator]: () => this;
}

Object.setPrototypeOf(Iteration.prototype, AsyncIteratorPrototype);
