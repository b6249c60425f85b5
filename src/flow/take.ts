// take: the first n items. With the last of them everything above is stopped, before that item goes on.

import type { Scope } from './scope.js';
import { type Answer, END, NOBODY, PENDING, type Sink, type Stage } from './stage.js';

/** The first items. */
export class Take<T> implements Stage<T>, Sink<T> {
  sink: Sink<T> = NOBODY;

  constructor(
    private readonly above: Stage<T>,
    private left: number,
    private readonly scope: Scope,
  ) {
    above.sink = this;
  }

  pull(): Answer<T> {
    if (this.left === 0) {
      this.#cut(); // of no items at all: the source is opened and returned
      return END;
    }
    const item = this.above.pull();
    if (item !== PENDING && item !== END) this.#count();
    return item;
  }

  answer(item: T | typeof END): void {
    if (item !== END) this.#count();
    this.sink.answer(item);
  }

  fail(error: unknown): void {
    this.sink.fail(error);
  }

  stop(reason: unknown): void {
    this.above.stop(reason);
  }

  #count(): void {
    if (--this.left === 0) this.#cut();
  }

  #cut(): void {
    this.above.stop(undefined);
    this.scope.tell();
  }
}
