/**
 * Everything that `sluice/reactive/verify` exports: the rules of Reactive Streams as checks, for anybody's publishers,
 * subscribers and processors.
 *
 * @module Reactive Streams rules
 */

export { verifyProcessor } from './processor.js';
export { verifyPublisher } from './publisher.js';
export type { RuleResult, SubscriberProbe } from './results.js';
export { verifySubscriber } from './subscriber.js';
