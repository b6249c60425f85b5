// The first stage of a chain: an iterable, opened at its first pull.
//
// Guarantees: the source is opened once. If it did not end or fail by itself it is returned once: at the stop, also while its
// `next()` is pending, but never while its own synchronous code runs. One that is stopped before its first pull is
// opened and returned, so that whatever hangs on it is let go. What `return()` gives is not waited for, and its error is
// silent. An item that comes after the stop is dropped.
//
// A source that always answers at once would starve the event loop: every item spends the module's budget, and the one
// that spends it is held until the next macrotask.

import { wrong } from '../arguments.js';
import type { Opener } from '../feed.js';
import { nextMacrotask } from '../macrotask.js';
import { spendsBudget } from '../politeness.js';
import type { Scope } from './scope.js';
import { type Answer, END, isThenable, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

/** The items of an iterable. */
export class Source<T> implements Stage<T> {
  sink: Sink<T> = NOBODY;
  #iterator: ReturnType<Opener['open']> | undefined = undefined;
  #next: (() => unknown) | undefined = undefined;
  /** The source's own synchronous code is on the stack. */
  #running = false;
  /** It was opened, or could not be; and ended, failed or was returned. */
  #released = false;
  #stopped = false;
  /** The item that is put off to the next macrotask. */
  #held: T | typeof NONE = NONE;

  constructor(
    private readonly opener: Opener,
    private readonly scope: Scope,
  ) {}

  pull(): Answer<T> {
    const { synchronous } = this.opener;
    let item: T | typeof END | typeof PENDING = PENDING;
    this.#running = true;
    try {
      if (this.#iterator === undefined) this.#open();
      const step = this.#next?.call(this.#iterator);
      if (synchronous) item = this.#read(step);
      else Promise.resolve(step).then(this.#onStep, this.#onError);
    } catch (error) {
      this.#running = false;
      this.#released = true;
      throw error;
    }
    this.#running = false;
    if (!synchronous || isThenable(item)) {
      if (synchronous) Promise.resolve(item).then(this.#onValue, this.#onBadValue);
      if (this.#stopped) this.#release();
      return PENDING;
    }
    return item === END ? END : this.#pass(item as T);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#held !== NONE) this.scope.drop(this.#held);
    this.#held = NONE;
    if (this.#running) return; // `pull` goes on with it
    if (this.#iterator === undefined && !this.#released) {
      try {
        this.#open();
      } catch {
        this.#released = true; // nobody asked for it, and there is nothing to return
      }
    }
    this.#release();
  }

  #open(): void {
    const iterator = this.opener.open();
    if (Object(iterator) !== iterator) throw wrong('the iterator of a source', 'an object', iterator);
    this.#iterator = iterator;
    this.#next = iterator.next; // looked up once, as the language does
  }

  /** The item of a result of `next()`. */
  #read(step: unknown): T | typeof END {
    if ((typeof step !== 'object' || step === null) && typeof step !== 'function') {
      throw wrong('the result of next()', 'an object', step);
    }
    const { done, value } = step as { done?: unknown; value: T };
    if (!done) return value;
    this.#released = true;
    return END;
  }

  /** Hands an item on at once, unless it spends the budget, or nobody wants it any more. */
  #pass(item: T): T | typeof PENDING {
    if (this.#stopped) {
      this.#release();
      this.scope.dropLate(item);
      return PENDING;
    }
    if (!spendsBudget()) return item;
    this.#held = item;
    nextMacrotask(() => {
      if (this.#held === NONE) return;
      const held = this.#held;
      this.#held = NONE;
      this.sink.answer(held);
    });
    return PENDING;
  }

  // Bound once: there is at most one answer to wait for.

  readonly #onStep = (step: unknown): void => {
    let item: T | typeof END;
    try {
      item = this.#read(step);
    } catch (error) {
      return this.#onError(error);
    }
    if (item !== END) this.#onValue(item);
    else if (!this.#stopped) this.sink.answer(END);
  };

  readonly #onError = (error: unknown): void => {
    this.#released = true;
    if (!this.#stopped) this.sink.fail(error);
  };

  readonly #onValue = (value: unknown): void => {
    const item = this.#pass(value as T);
    if (item !== PENDING) this.sink.answer(item);
  };

  /** A promise that a synchronous source gave was rejected: the source itself has not ended. */
  readonly #onBadValue = (error: unknown): void => {
    if (!this.#stopped) this.sink.fail(error);
  };

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } catch {
      // Whoever leaves a source early is not interested in how it takes it.
    }
  }
}
