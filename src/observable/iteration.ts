// One iteration of a receiver that is seen as an Observable: one item for each `next()`, in the order of the calls.
//
// Guarantees: of our own channels nothing is taken that is not given to a `next()` in the same stretch of code; so one that
// is left before its item has come takes none. A `next()` that waits settles when the iteration is left. An error is given
// to one `next()`; after it, and after the end, all are done.

import { type Asking, asking, type Taker } from '../bridge/asking.js';
import type { Publishing, Reader } from './outlet.js';

type Step<T> = IteratorResult<T, undefined>;

const done = (): { done: true; value: undefined } => ({ done: true, value: undefined });

/** The iterator. */
export class Iteration<T> implements AsyncIterator<T, undefined>, Reader, Taker<T> {
  readonly #asking: Asking<T>;
  readonly #waiting: { readonly resolve: (step: Step<T>) => void; readonly reject: (error: unknown) => void }[] = [];
  #closed = false;
  #failure: { readonly reason: unknown } | undefined = undefined;

  constructor(private readonly owner: Publishing<T>) {
    this.#asking = asking(owner.source, this, owner.dropLate);
  }

  next(): Promise<Step<T>> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return Promise.reject(failure.reason);
    if (this.#closed) return Promise.resolve(done());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#asking.ask();
    });
  }

  return(): Promise<Step<T>> {
    if (this.close() && this.owner.cancels) this.#asking.cancel(undefined);
    for (const { resolve } of this.#waiting.splice(0)) resolve(done());
    return Promise.resolve(done());
  }

  close(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.#asking.leave();
    this.owner.closed(this);
    return true;
  }

  fail(reason: unknown): void {
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) this.#failure = { reason };
    else first.reject(reason);
    for (const { resolve } of others) resolve(done());
  }

  // As a taker.

  wants(): boolean {
    return !this.#closed;
  }

  take(item: T): void {
    this.#waiting.shift()?.resolve({ done: false, value: item });
    if (this.#waiting.length > 0) this.#asking.ask();
  }

  end(reason: unknown): void {
    if (!this.close()) return;
    if (reason !== undefined) return this.fail(reason);
    for (const { resolve } of this.#waiting.splice(0)) resolve(done());
  }
}
