/**
 * Everything that `sluice` exports: two classes, their options, and the errors.
 *
 * @module Reference
 */

export { Channel } from './channel-api.js';
export type {
  AbortSignalLike,
  ChannelIterator,
  ChannelOptions,
  ChannelStats,
  DropReason,
  NativeSignal,
  Overflow,
  Receiver,
  Sender,
  SenderHandle,
  WaitOptions,
} from './contract.js';
export { ChannelClosedError, OverflowError, TimeoutError, TooManyWaitersError } from './errors.js';
export { BoundedQueue } from './queue.js';
