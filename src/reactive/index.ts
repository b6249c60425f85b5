/**
 * Everything that `sluice/reactive` exports: a channel as a publisher, a subscriber or a processor of Reactive Streams, and
 * back.
 *
 * @module Reactive
 */

export type { Common } from '../bridge/options.js';
export type { Processor, Publisher, Subscriber, Subscription } from './contract.js';
export { type FromPublisherOptions, fromPublisher } from './from-publisher.js';
export { toProcessor } from './to-processor.js';
export { type PublisherOptions, toPublisher } from './to-publisher.js';
export { type SubscriberOptions, toSubscriber } from './to-subscriber.js';
