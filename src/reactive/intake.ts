// A channel that is filled by a publisher: whatever is requested has its place in the channel already.
//
// Guarantees: what was requested and has not come, and what is buffered, are together no more than the capacity. More is
// requested when half of the capacity is neither: so a batch at a time, and none of it costs anything an item.
//
// How: the places of what is requested are held, as by permits, so the channel itself keeps the bound, whoever else sends
// into it. All places are held at first; each that is taken by a receiver makes the channel less full; and the channel
// asks at the end of each operation, by one comparison, whether it is less than half full (see `Marks`).
//
// Invariants: `#outstanding` places of the channel are held, and so many items may come; none once it is closed. A closed
// channel has no subscription.

import { reportUncaught } from '../callbacks.js';
import type { Common } from '../bridge/options.js';
import type { Core, Follower } from '../channel.js';
import { Channel } from '../channel-api.js';
import { CORE } from '../open.js';
import type { Marks } from '../pressure.js';
import type { Subscriber, Subscription } from './contract.js';
import { checkSubscription, isMissing, missingError, missingItem, something, unrequested } from './rules.js';

/** The channel, and the subscriber that fills it. */
export class Intake<T> implements Subscriber<T>, Follower, Marks<T> {
  readonly channel: Channel<T>;
  readonly onPressure = undefined;
  #subscription: Subscription | undefined = undefined;
  #outstanding = 0;
  /** Nothing is to be requested now, or it is noted already that something is. */
  #quiet = true;
  readonly #core: Core<T>;
  readonly #low: number;

  /** The arguments have been checked. */
  constructor(capacity: number, options: Common<T> & { readonly name?: string | undefined }) {
    const { name, signal, onDrop } = options;
    this.channel = new Channel<T>(capacity, { name, signal, onDrop });
    this.#core = this.channel[CORE];
    this.#low = Math.floor(capacity / 2);
    this.#core.pressure = this;
    this.#core.followers.add(this);
  }

  /** Ends the channel by an error, after what is buffered, and cancels the subscription. */
  fail(error: unknown): void {
    this.#core.close(something(error));
  }

  // As a subscriber.

  onSubscribe(subscription: Subscription): void {
    checkSubscription(subscription);
    if (this.#subscription !== undefined || this.#core.closed) return cancelled(subscription); // §2.5
    this.#subscription = subscription;
    this.#request();
  }

  onNext(item: T): void {
    if (isMissing(item)) {
      const error = missingItem(item);
      this.fail(error);
      throw error;
    }
    if (this.#core.closed) return this.#drop(item); // §2.8
    if (this.#outstanding === 0) {
      // It rides on the error, but where a cancel puts another end in its place.
      this.#core.followers.add({ cancelling: () => this.#core.discard(item), ending() {} });
      return this.fail(unrequested(item));
    }
    this.#outstanding--;
    this.#core.sendReserved(item);
  }

  onError(error: unknown): void {
    if (isMissing(error)) {
      const missing = missingError(error);
      this.fail(missing);
      throw missing;
    }
    this.#ended(error);
  }

  onComplete(): void {
    this.#ended(undefined);
  }

  /** Counted, and told. */
  #drop(item: T): void {
    this.#core.discard(item);
    this.#core.tell();
  }

  #ended(error: unknown): void {
    this.#subscription = undefined; // §2.3, §2.4
    this.#core.close(error);
  }

  /** As much as there is room for. */
  #request(): void {
    const core = this.#core;
    if (core.closed) return;
    this.#quiet = false;
    const places = core.capacity - core.fullness;
    if (places === 0) return;
    this.#outstanding += places;
    core.hold(places);
    try {
      this.#subscription?.request(places);
    } catch (error) {
      this.fail(error); // §3.16 is broken
    }
  }

  // As the mark of the channel.

  isDue(fullness: number): boolean {
    return fullness <= this.#low && !this.#quiet;
  }

  reached(fullness: number): undefined {
    if (!this.isDue(fullness)) return;
    this.#quiet = true;
    this.#core.callbacks.add(() => this.#request());
  }

  // As a follower of the channel.

  cancelling(): void {}

  /** Closed or ended, by whomever. */
  ending(): void {
    const subscription = this.#subscription;
    const places = this.#outstanding;
    this.#subscription = undefined;
    this.#outstanding = 0;
    this.#quiet = true;
    if (places > 0) this.#core.releaseReserved(places);
    if (subscription !== undefined) cancelled(subscription);
  }
}

/** Cancels a subscription, which must not throw: §3.15. */
export function cancelled(subscription: Subscription): void {
  try {
    subscription.cancel();
  } catch (error) {
    reportUncaught(error);
  }
}

/** What a publisher is given: its four methods, bound, and nothing else of it. */
export function subscriberOf<T>(side: Subscriber<T>): Subscriber<T> {
  return {
    onSubscribe: (subscription) => side.onSubscribe(subscription),
    onNext: (item) => side.onNext(item),
    onError: (error) => side.onError(error),
    onComplete: () => side.onComplete(),
  };
}
