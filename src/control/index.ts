/**
 * Everything that `sluice/control` exports: credits, a rate limit, a gate, and a calculator for capacities.
 *
 * @module Control
 */

export { Credits } from './credits.js';
export { Gate } from './gate.js';
export { type Load, recommendCapacity } from './recommend-capacity.js';
export { TokenBucket } from './token-bucket.js';
