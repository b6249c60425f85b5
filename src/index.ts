/**
 * Everything that `sluice` exports: two classes, `select`, their options, and the errors.
 *
 * @module Reference
 */

export { Channel } from './channel-api.js';
export type {
  AbortSignalLike,
  ChannelIterator,
  ChannelOptions,
  ChannelStats,
  Coalesce,
  DropReason,
  NativeSignal,
  Overflow,
  Permit,
  Receiver,
  Sender,
  SenderHandle,
  WaitOptions,
} from './contract.js';
export { ChannelClosedError, OverflowError, TimeoutError, TooManyWaitersError } from './errors.js';
export { BoundedQueue } from './queue.js';
export {
  after,
  type Case,
  type Cases,
  type Picked,
  type Received,
  receiving,
  select,
  type SelectOptions,
  sending,
  trySelect,
} from './select.js';
