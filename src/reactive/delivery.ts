// One source, delivered to one subscriber as far as that has asked for items.
//
// Guarantees, by the rules of Reactive Streams: never more items than requested (§1.1), one signal at a time (§1.3), and
// none after an end (§1.7) or from within `cancel` on (§1.8); `request` recurses no deeper than once (§3.3) and returns
// after a few items however much there is (§3.4); neither it nor `cancel` throws (§3.15, §3.16). The end is told as soon
// as it is known, whatever was requested (§2.9, §2.10). Nothing is taken from the source but to be handed on at once.
//
// Invariants: while `#signalling`, a method of the subscriber is on the stack, and nothing else is signalled: whoever
// comes meanwhile leaves its demand or its end behind, for the one who signals. Once there is an `#end`, nothing more is
// asked for. The subscriber is referred to only while it may still be signalled (§3.13): no closure may see it.

import { reportUncaught } from '../callbacks.js';
import { type Asking, NOTHING, type Taker } from '../bridge/asking.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { AbortSignalLike } from '../contract.js';
import type { Publisher, Subscriber, Subscription } from './contract.js';
import { checkSubscriber, demandOf, illegalRequest, isMissing, missingItem, something, UNBOUNDED } from './rules.js';

/** Items that a `request` may deliver before it returns; the rest follows in the next microtask. */
const MOST_AT_ONCE = 64;

/** How a delivery treats its source. */
export interface Terms<T> {
  /** Makes the source, which is asked on behalf of the taker. */
  readonly open: (taker: Taker<T>, dropLate: (item: T) => void) => Asking<T>;
  /** Whether the source is cancelled when the subscriber leaves. */
  readonly owns: boolean;
  readonly signal: AbortSignalLike | undefined;
  readonly drop: (item: T) => void;
}

/** The subscription, the loop that delivers, and the end. */
export class Delivery<T> implements Publisher<T>, Taker<T>, Abortable {
  #subscriber: Subscriber<T> | undefined = undefined;
  #subscribed = false;
  #demand = 0;
  #signalling = false;
  /** Known, and perhaps not told yet; its error is undefined where it is quiet. */
  #end: { readonly error: unknown } | undefined = undefined;
  readonly #source: Asking<T>;
  readonly #forget: () => void;

  constructor(private readonly terms: Terms<T>) {
    this.#source = terms.open(this, terms.drop);
    const { signal } = terms;
    this.#forget = this.#source.foresee((reason) => this.end(reason));
    if (signal?.aborted) this.aborted(signal.reason);
    else if (signal !== undefined) onAbort(signal, this);
  }

  subscribe(subscriber: Subscriber<T>): void {
    checkSubscriber(subscriber);
    if (this.#subscribed) return refuse(subscriber);
    this.#subscribed = true;
    this.#subscriber = subscriber;
    this.#signalling = true;
    try {
      subscriber.onSubscribe(this.#subscription());
    } catch (error) {
      this.#threw(error);
    }
    this.#signalling = false;
    this.#deliver(MOST_AT_ONCE);
  }

  /** Bound functions, so that they may be passed around; made here, where no closure can see the subscriber. */
  #subscription(): Subscription {
    return { request: (n) => this.#request(n), cancel: () => this.#cancel() };
  }

  #request(n: unknown): void {
    if (this.#subscriber === undefined || this.#end !== undefined) return; // §3.6
    const demand = demandOf(n);
    if (demand === undefined) return this.#fail(illegalRequest(n));
    this.#demand = Math.min(this.#demand + demand, UNBOUNDED);
    this.#deliver(MOST_AT_ONCE);
  }

  #cancel(): void {
    if (this.#subscriber === undefined) return; // §3.7
    this.#subscriber = undefined;
    this.#leave(undefined);
  }

  /** Signals what is there and was requested, then the end where it is known; else waits for an item. */
  #deliver(most: number): void {
    if (this.#signalling) return;
    this.#signalling = true;
    for (let left = most; this.wants(); left--) {
      const item = left > 0 ? this.#source.now() : NOTHING;
      if (item === NOTHING) {
        this.#source.ask();
        break;
      }
      this.#signal(item);
    }
    this.#signalling = false;
    this.#tellEnd();
  }

  #signal(item: T): void {
    if (isMissing(item)) {
      this.terms.drop(item);
      return this.#fail(missingItem(item));
    }
    if (this.#demand < UNBOUNDED) this.#demand--;
    try {
      this.#subscriber?.onNext(item);
    } catch (error) {
      this.#threw(error);
    }
  }

  /** §2.13: a subscriber that throws is as one that has cancelled. */
  #threw(error: unknown): void {
    this.#cancel();
    reportUncaught(error);
  }

  /** Ends by an error that is not the source's own. */
  #fail(error: unknown): void {
    this.#leave(error);
    this.#tellEnd();
  }

  /** Wants no more of the source, because of an error, if there is one. */
  #leave(error: unknown): void {
    if (!this.#ends(error)) return;
    if (this.terms.owns) this.#source.cancel(error);
    else this.#source.leave();
  }

  /** Notes the end, unless there is one: then false. */
  #ends(error: unknown): boolean {
    if (this.#end !== undefined) return false;
    this.#end = { error };
    this.#forget();
    if (this.terms.signal !== undefined) offAbort(this.terms.signal, this);
    return true;
  }

  #tellEnd(): void {
    const subscriber = this.#subscriber;
    if (this.#end === undefined || subscriber === undefined || this.#signalling) return;
    this.#subscriber = undefined;
    const { error } = this.#end;
    try {
      if (error === undefined) subscriber.onComplete();
      else subscriber.onError(error);
    } catch (failure) {
      reportUncaught(failure);
    }
  }

  aborted(reason: unknown): void {
    this.#fail(something(reason));
  }

  // As the taker of the source.

  wants(): boolean {
    return this.#demand > 0 && this.#subscriber !== undefined && this.#end === undefined;
  }

  take(item: T): void {
    this.#signalling = true;
    this.#signal(item);
    this.#signalling = false;
    this.#deliver(Number.POSITIVE_INFINITY);
  }

  end(reason: unknown): void {
    if (this.#ends(reason === undefined ? undefined : something(reason))) this.#tellEnd();
  }
}

/** §1.9, §1.11: whoever comes second is told so by the only means there is. */
function refuse(subscriber: Subscriber<never>): void {
  try {
    subscriber.onSubscribe({ request() {}, cancel() {} });
    subscriber.onError(
      new TypeError('§1.11: this publisher is unicast, and has had its subscriber: make one for each'),
    );
  } catch (error) {
    reportUncaught(error);
  }
}
