// A receiver whose items go to subscriptions and iterations, which compete for them.
//
// Guarantees: an abort of the signal closes all of them, then cancels the receiver, then tells them; those that come later
// are told the same. The signal is let go of once the receiver is known to have ended.

import { checkSignal, wrong } from '../arguments.js';
import { type Asking, asking } from '../bridge/asking.js';
import type { AbortSignalLike, Receiver } from '../contract.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { ObserverLike } from './contract.js';
import { Iteration } from './iteration.js';
import { Subscription } from './subscription.js';

const NOW: Promise<void> = Promise.resolve();

/** Somebody who is given items, a subscription or an iteration. */
export interface Reader {
  /** Hears nothing more from here on; false where it was closed. */
  close(): boolean;
  /** Tells it, once it is closed, of a failure. */
  fail(reason: unknown): void;
}

/** Whose readers they are. */
export interface Publishing<T> {
  readonly source: Receiver<T>;
  /** Whether one that leaves cancels the source. */
  readonly cancels: boolean;
  readonly dropLate: (item: T) => void;
  /** It is closed, by whatever. */
  closed(reader: Reader): void;
}

/** All who read one receiver. */
export class Outlet<T> implements Publishing<T>, Abortable {
  /** Asks for nothing: it is how the receiver is cancelled, whatever it is. */
  readonly #whole: Asking<T>;
  readonly #live: Set<Reader> = new Set();
  /** The signal has aborted, with this. */
  #failure: { readonly reason: unknown } | undefined = undefined;

  constructor(
    readonly source: Receiver<T>,
    readonly cancels: boolean,
    readonly dropLate: (item: T) => void,
    signal: AbortSignalLike | undefined,
  ) {
    this.#whole = asking(source, { wants: () => false, take() {}, end() {} }, dropLate);
    if (signal === undefined) return;
    if (signal.aborted) {
      this.aborted(signal.reason);
    } else {
      onAbort(signal, this);
      this.#whole.foresee(() => offAbort(signal, this));
    }
  }

  /** Throws where an argument is wrong. */
  subscribe(observer: ObserverLike<T>, signal: AbortSignalLike | undefined): Subscription<T> {
    if (Object(observer) !== observer) throw wrong('observer', 'an object or a function', observer);
    checkSignal(signal);
    const subscription = new Subscription<T>(this, observer, signal);
    if (signal?.aborted)
      subscription.closed = true; // it never began
    else this.#live.add(subscription);
    return subscription;
  }

  /** Begins to pump, or tells of the abort that has been. */
  start(subscription: Subscription<T>): void {
    if (subscription.closed || !subscription.heeds()) return;
    const failure = this.#failure;
    if (failure === undefined) return subscription.start();
    void NOW.then(() => {
      if (subscription.close()) subscription.fail(failure.reason);
    });
  }

  closed(reader: Reader): void {
    this.#live.delete(reader);
  }

  aborted(reason: unknown): void {
    this.#failure = { reason };
    const live = [...this.#live];
    for (const reader of live) reader.close();
    if (this.cancels) this.#whole.cancel(reason);
    for (const reader of live) reader.fail(reason);
  }

  /** The items for one who awaits each of them. */
  iterate(): AsyncIterator<T, undefined> {
    const iteration = new Iteration<T>(this);
    if (this.#failure === undefined) {
      this.#live.add(iteration);
    } else {
      iteration.close();
      iteration.fail(this.#failure.reason);
    }
    return iteration;
  }
}
