// One subscription to a receiver: a pump, from its source to its observer.
//
// Guarantees: nothing is handed out inside of `start`. Once it is closed its observer hears nothing more; it is closed
// before the observer hears of the end. Items come as fast as the observer returns, and the event loop runs now and then in
// between. What an observer throws stops nothing: it is reported as uncaught, as is an error that nobody listens to.
//
// Invariant: one that has started and is not closed waits for an item, or is handing one out.

import { type Asking, asking, NOTHING, type Taker } from '../bridge/asking.js';
import { reportUncaught } from '../callbacks.js';
import type { AbortSignalLike } from '../contract.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { ObserverLike } from './contract.js';
import type { Publishing, Reader } from './outlet.js';

/** The pump. */
export class Subscription<T> implements Reader, Taker<T>, Abortable {
  closed = false;
  readonly #asking: Asking<T>;

  constructor(
    private readonly owner: Publishing<T>,
    private readonly observer: ObserverLike<T>,
    private readonly signal: AbortSignalLike | undefined,
  ) {
    this.#asking = asking(owner.source, this, owner.dropLate);
  }

  /** Heeds its signal from now on; false where that has aborted, and it has left. */
  heeds(): boolean {
    const { signal } = this;
    if (signal?.aborted) this.leave(signal.reason);
    else if (signal !== undefined) onAbort(signal, this);
    return !this.closed;
  }

  /** Begins. */
  start(): void {
    this.#asking.ask();
  }

  /** Leaves early: the source is cancelled, if that is the agreement. */
  leave(reason: unknown): void {
    if (!this.close()) return;
    if (this.owner.cancels) this.#asking.cancel(reason);
  }

  close(): boolean {
    if (this.closed) return false;
    this.closed = true;
    if (this.signal !== undefined) offAbort(this.signal, this);
    this.#asking.leave();
    this.owner.closed(this);
    return true;
  }

  fail(reason: unknown): void {
    const { observer } = this;
    if (typeof observer.error === 'function') this.tell(() => observer.error?.(reason));
    else reportUncaught(reason);
  }

  /** Runs what is the observer's. */
  tell(run: () => void): void {
    try {
      run();
    } catch (error) {
      reportUncaught(error);
    }
  }

  aborted(reason: unknown): void {
    this.leave(reason);
  }

  // As a taker.

  wants(): boolean {
    return !this.closed;
  }

  take(item: T): void {
    for (let next: T | typeof NOTHING = item; next !== NOTHING; next = this.#asking.now()) {
      this.#next(next);
      if (this.closed) return;
    }
    this.#asking.ask();
  }

  end(reason: unknown): void {
    if (!this.close()) return;
    const { observer } = this;
    if (reason !== undefined) this.fail(reason);
    else this.tell(() => observer.complete?.());
  }

  #next(item: T): void {
    try {
      this.observer.next?.(item);
    } catch (error) {
      reportUncaught(error);
    }
  }
}
