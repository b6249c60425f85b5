/**
 * Everything that `sluice/control` exports: credits, a rate limit and a gate.
 *
 * @module Control
 */

export { Credits } from './credits.js';
export { Gate } from './gate.js';
export { TokenBucket } from './token-bucket.js';
