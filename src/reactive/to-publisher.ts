// A receiver as a publisher: the terms of a delivery.

import { asking } from '../bridge/asking.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Receiver } from '../contract.js';
import type { Publisher } from './contract.js';
import { Delivery } from './delivery.js';

/**
 * Options of {@link toPublisher}.
 *
 * @example
 * ```ts
 * import { type PublisherOptions, toPublisher } from 'sluice/reactive';
 *
 * const borrowed: PublisherOptions<string> = { cancel: false };
 * const channel = new Channel<string>(1);
 * toPublisher(channel, borrowed).subscribe({
 *   onSubscribe: (subscription) => subscription.cancel(),
 *   onNext() {},
 *   onError() {},
 *   onComplete() {},
 * });
 * channel.closed; // false
 * ```
 */
export interface PublisherOptions<T> extends Common<T> {
  /** Whether the source is cancelled when its subscriber leaves, by `cancel` or by breaking a rule; `true` unless said otherwise. */
  readonly cancel?: boolean | undefined;
}

/**
 * A publisher of what a receiver gives, for one subscriber. Nothing is received before it was requested, and nothing that
 * was received is lost: `cancel` in the very moment of an item leaves the item where it is.
 *
 * The end is signalled as soon as it is known, whatever was requested: at once from a place of this library, at the next
 * request from another receiver. `request` takes an integer from 1, also as a `bigint`, or `Infinity`; anything else is
 * answered by `onError`. An item that is `undefined` or `null` cannot be published: it fails with a TypeError, and the item
 * goes to `onDrop`. A second subscriber is refused, by `onError`. What a subscriber throws is reported as uncaught, and
 * cancels its subscription.
 *
 * @param source - a Channel or another `Receiver`
 * @param options - `cancel: false` leaves the source open when the subscriber leaves; `signal` cancels it, and signals its
 * reason as the error; `onDrop` gets what was taken and cannot be published
 * @throws TypeError for a wrong argument
 *
 * @example
 * ```ts
 * import { toPublisher } from 'sluice/reactive';
 *
 * const publisher = toPublisher(Channel.from([1, 2, 3], 4));
 * publisher.subscribe({
 *   onSubscribe: (subscription) => subscription.request(Infinity),
 *   onNext: (item) => console.log(item), // 1 2 3
 *   onError: (error) => console.log(error),
 *   onComplete: () => console.log('done'), // done
 * });
 * ```
 */
export function toPublisher<T>(source: Receiver<T>, options: PublisherOptions<T> = {}): Publisher<T> {
  const { cancel = true, signal } = checkOptions(options, ['cancel']);
  const delivery = new Delivery<T>({
    open: (taker, dropLate) => asking(source, taker, dropLate),
    owns: cancel,
    signal,
    drop: dropping(options),
  });
  return { subscribe: (subscriber) => delivery.subscribe(subscriber) };
}
