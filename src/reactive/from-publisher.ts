// A publisher as a channel.

import { checkCapacity } from '../arguments.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Channel } from '../channel-api.js';
import type { Publisher } from './contract.js';
import { Intake, subscriberOf } from './intake.js';
import { checkPublisher } from './rules.js';

/**
 * Options of {@link fromPublisher}.
 *
 * @example
 * ```ts
 * import { fromPublisher, type FromPublisherOptions, toPublisher } from 'sluice/reactive';
 *
 * const options: FromPublisherOptions<number> = { name: 'readings' };
 * fromPublisher(toPublisher(Channel.from([1], 1)), 8, options).stats().name; // 'readings'
 * ```
 */
export interface FromPublisherOptions<T> extends Common<T> {
  /** Names the channel, as its own option does. */
  readonly name?: string | undefined;
}

/**
 * A channel that a publisher fills. What was requested and what is buffered are together never more than the capacity:
 * all of it is requested at first, and more whenever half of it was received. What is requested counts as `reserved` in
 * the channel's statistics.
 *
 * It is subscribed to in the call. The publisher's end is the channel's, after what is buffered. `cancel` of the channel
 * cancels the subscription, and so does `close`; items that still come go to `onDrop`. Leaving an iteration by `break`
 * leaves it subscribed. A publisher that signals an item which was not requested is cancelled, and the channel ends with a
 * TypeError that has the item as `value`; one whose `subscribe` throws is the channel's failed end.
 *
 * @param capacity - items, an integer from 1
 * @param options - `signal` cancels the channel; `onDrop` gets what it has buffered then, and what comes too late
 * @throws TypeError or RangeError for a wrong argument
 *
 * @example
 * ```ts
 * import { fromPublisher, toPublisher } from 'sluice/reactive';
 *
 * const publisher = toPublisher(Channel.from(['a', 'b', 'c'], 1)); // any Reactive Streams publisher
 * for await (const item of fromPublisher(publisher, 16)) console.log(item); // a b c
 * ```
 */
export function fromPublisher<T>(
  publisher: Publisher<T>,
  capacity: number,
  options: FromPublisherOptions<T> = {},
): Channel<T> {
  checkPublisher(publisher);
  checkCapacity(capacity, 1);
  const intake = new Intake<T>(capacity, checkOptions(options));
  const { channel } = intake;
  if (channel.closed) return channel; // by a signal: nothing is begun
  try {
    publisher.subscribe(subscriberOf(intake));
  } catch (error) {
    intake.fail(error); // §1.9 is broken
  }
  return channel;
}
