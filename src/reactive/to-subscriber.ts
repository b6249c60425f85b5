// A sender as a subscriber: what it requests, what it does with each item, and both of its ends.
//
// Guarantees: no more than `window` items are requested or on their way into the sender; once nothing can be sent any more
// the subscription is cancelled, and at once where the sender can say so. Calls on the subscription are made one after the
// other, and none after the publisher's end (§2.3, §2.7).
//
// Invariant: `#outstanding` items were requested and have not come. Once it is `#over` there is no subscription, and
// nothing of it hangs on the sender or on a signal.

import { checkInteger, wrong } from '../arguments.js';
import { reportUncaught } from '../callbacks.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Core, Follower } from '../channel.js';
import type { AbortSignalLike, Sender } from '../contract.js';
import { ChannelClosedError } from '../errors.js';
import { CORE } from '../open.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { Subscriber, Subscription } from './contract.js';
import { cancelled, subscriberOf } from './intake.js';
import { type Outlet, Places, reserves, Sends } from './outlets.js';
import { checkSubscription, isMissing, missingError, missingItem, something, unrequested } from './rules.js';

/**
 * Options of {@link toSubscriber}.
 *
 * @example
 * ```ts
 * import { type SubscriberOptions, toPublisher, toSubscriber } from 'sluice/reactive';
 *
 * const options: SubscriberOptions<number> = { close: false, window: 16 }; // others go on sending into it
 * const channel = new Channel<number>(64);
 * toPublisher(Channel.from([1, 2], 2)).subscribe(toSubscriber(channel, options));
 * await channel.receive(); // 1
 * await channel.receive(); // 2
 * channel.closed; // false
 * ```
 */
export interface SubscriberOptions<T> extends Common<T> {
  /** Whether the sender is closed with the end of the subscription; `true` unless said otherwise. */
  readonly close?: boolean | undefined;
  /** How many items may be requested and not be accepted yet, an integer from 1; 1 unless said otherwise. */
  readonly window?: number | undefined;
}

class Feeding<T> implements Subscriber<T>, Follower, Abortable {
  #subscription: Subscription | undefined = undefined;
  #outstanding = 0;
  #over = false;
  readonly #outlet: Outlet<T>;
  readonly #core: Core<T> | undefined;
  /** The sender's own, aborted when its consumer has left; a channel tells more by itself. */
  readonly #gone: AbortSignalLike | undefined;
  readonly #leaves: Abortable = { aborted: () => this.ending() };

  constructor(
    private readonly sender: Sender<T>,
    private readonly closes: boolean,
    private readonly window: number,
    private readonly signal: AbortSignalLike | undefined,
    private readonly drop: (item: T) => void,
  ) {
    const core = (sender as { [CORE]?: Core<T> })[CORE];
    this.#core = core;
    this.#gone = core === undefined ? signalOf(sender) : undefined;
    const owner = {
      refill: () => this.#refill(),
      fail: (error: unknown) => this.#fail(error),
      drop,
    };
    this.#outlet =
      window > 1 && core !== undefined && reserves(core) ? new Places(core, owner) : new Sends(sender, signal, owner);
    if (signal?.aborted) this.aborted(signal.reason);
    else if (signal !== undefined) onAbort(signal, this);
  }

  onSubscribe(subscription: Subscription): void {
    checkSubscription(subscription);
    if (this.#subscription !== undefined || this.#over) return cancelled(subscription); // §2.5
    this.#subscription = subscription;
    if (this.#core?.closed || this.#gone?.aborted) return this.ending();
    this.#core?.followers.add(this);
    if (this.#gone !== undefined) onAbort(this.#gone, this.#leaves);
    this.#refill();
  }

  onNext(item: T): void {
    if (isMissing(item)) {
      const error = missingItem(item);
      this.#fail(error);
      throw error;
    }
    if (this.#over) return this.drop(item); // §2.8
    if (this.#outstanding === 0) return this.#unrequested(item);
    this.#outstanding--;
    this.#outlet.send(item);
  }

  onError(error: unknown): void {
    if (isMissing(error)) {
      const missing = missingError(error);
      this.#fail(missing);
      throw missing;
    }
    this.#ended(error);
  }

  onComplete(): void {
    this.#ended(undefined);
  }

  /** The item rides on the error, but where nobody gets that. */
  #unrequested(item: T): void {
    if (!this.closes) this.drop(item);
    else this.#core?.followers.add({ cancelling: () => this.drop(item), ending() {} });
    this.#fail(unrequested(item));
  }

  /** The publisher has ended. */
  #ended(error: unknown): void {
    if (this.#over) return;
    this.#leave(); // §2.3, §2.4
    if (this.closes) this.#close(error);
    this.#outlet.leave();
  }

  /** Nothing can be sent any more, for this reason. */
  #fail(error: unknown): void {
    if (this.#over) return;
    const subscription = this.#leave();
    if (this.closes && !(error instanceof ChannelClosedError)) this.#close(error);
    this.#outlet.leave();
    if (subscription !== undefined) cancelled(subscription);
  }

  /** The sender was closed or cancelled by somebody else. */
  ending(): void {
    if (this.#over) return;
    const subscription = this.#leave();
    this.#outlet.leave();
    if (subscription !== undefined) cancelled(subscription);
  }

  cancelling(): void {}

  aborted(reason: unknown): void {
    this.#fail(something(reason));
  }

  #leave(): Subscription | undefined {
    const subscription = this.#subscription;
    this.#over = true;
    this.#subscription = undefined;
    this.#core?.followers.delete(this);
    if (this.#gone !== undefined) offAbort(this.#gone, this.#leaves);
    if (this.signal !== undefined) offAbort(this.signal, this);
    return subscription;
  }

  /** A sender that is closed by an error may fail to; that it could not be closed well is told to nobody but here. */
  #close(error: unknown): void {
    const failed = (failure: unknown): void => {
      if (error === undefined && !(failure instanceof ChannelClosedError)) reportUncaught(failure);
    };
    try {
      Promise.resolve(this.sender.close(error)).catch(failed);
    } catch (failure) {
      failed(failure);
    }
  }

  #refill(): void {
    if (this.#over || this.#subscription === undefined) return;
    const free = this.window - this.#outstanding;
    const count = this.#outlet.claim(free, Math.ceil(this.window / 2));
    if (count === 0) return;
    this.#outstanding += count;
    try {
      this.#subscription.request(count);
    } catch (error) {
      this.#fail(something(error)); // §3.16 is broken
    }
  }
}

/** What a sender has that tells of its consumer: a channel's `signal`, or nothing. */
function signalOf(sender: Sender<never>): AbortSignalLike | undefined {
  const { signal } = sender as { signal?: Partial<AbortSignalLike> };
  const isSignal = typeof signal?.addEventListener === 'function' && typeof signal.removeEventListener === 'function';
  return isSignal ? (signal as AbortSignalLike) : undefined;
}

/**
 * A subscriber that sends each item on. It requests `window` items, and more as sends are fulfilled; an item for which
 * there is no room is a send that waits, so no more than `window` of them do. Over a `Channel` and with a `window` above 1
 * it reserves the places first, and requests no more than it has places for: then none ever waits. For one subscription.
 *
 * `onComplete` closes the sender, `onError` closes it with the error. A send that is refused cancels the subscription; a
 * channel that is closed or cancelled does so at once, another sender where it has a `signal`. Items that still come go to
 * `onDrop`. An item that was not requested fails it with a TypeError that has the item as `value`.
 *
 * @param options - `close: false` leaves the sender open; `window` as above; `signal` cancels the subscription and closes
 * the sender with its reason; `onDrop` gets what was refused and what comes too late
 * @throws TypeError or RangeError for a wrong argument
 *
 * @example
 * ```ts
 * import { toPublisher, toSubscriber } from 'sluice/reactive';
 *
 * const publisher = toPublisher(Channel.from([1, 2, 3], 4)); // any Reactive Streams publisher
 * const channel = new Channel<number>(8);
 * publisher.subscribe(toSubscriber(channel, { window: 8 }));
 * for await (const item of channel) console.log(item); // 1 2 3
 * ```
 */
export function toSubscriber<T>(sender: Sender<T>, options: SubscriberOptions<T> = {}): Subscriber<T> {
  const { close = true, window = 1, signal } = checkOptions(options, ['close']);
  checkInteger('options.window', window, 1);
  const { send, close: closing } = Object(sender) as Partial<Sender<T>>;
  if (typeof send !== 'function' || typeof closing !== 'function') throw wrong('sender', 'a Sender', sender);
  return subscriberOf(new Feeding<T>(sender, close, window, signal, dropping(options)));
}
