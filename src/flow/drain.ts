// The root of a flow that is drained to its end: run, forEach, toArray, reduce, to.

import type { Abortable } from '../signals.js';
import type { Scope } from './scope.js';
import { type Answer, END, PENDING, type Sink, type Stage } from './stage.js';

/** Pulls a chain until it is over, and tells how it ended, once. */
export class Drain<T> implements Sink<T>, Abortable {
  /** Fulfils at the end; rejects with the error, or the reason of an abort. */
  readonly outcome: Promise<void>;
  #over = false;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(
    private readonly stage: Stage<T>,
    private readonly scope: Scope,
    /** Gets each item; must not throw. */
    private readonly each: (item: T) => void,
  ) {
    stage.sink = this;
    this.outcome = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): Promise<void> {
    if (!this.#over) this.scope.heed(this);
    this.#goOn();
    return this.outcome;
  }

  answer(item: T | typeof END): void {
    this.#take(item);
    this.#goOn();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#finish();
    this.stage.stop(error);
    this.scope.tell();
    this.#reject(error);
  }

  aborted(reason: unknown): void {
    this.fail(reason);
  }

  #goOn(): void {
    while (!this.#over) {
      let item: Answer<T>;
      try {
        item = this.stage.pull();
      } catch (error) {
        return this.fail(error);
      }
      if (item === PENDING) return;
      this.#take(item);
    }
  }

  #take(item: T | typeof END): void {
    if (item === END) {
      if (this.#over) return;
      this.#finish();
      this.#resolve();
    } else if (this.#over) {
      this.scope.dropLate(item); // the flow was ended from inside the pull
    } else {
      this.each(item);
    }
  }

  #finish(): void {
    this.#over = true;
    this.scope.ignore(this);
  }
}
