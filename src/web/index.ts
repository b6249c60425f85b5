/**
 * Everything that `sluice/web` exports: bridges to web streams, events and sockets.
 *
 * @module Web
 */

export type { Common } from '../bridge/options.js';
export { fromEventTarget, type TargetEvents, type TargetOptions } from './from-event-target.js';
export { fromReadableStream } from './from-readable-stream.js';
export { fromWebSocket } from './from-web-socket.js';
export { fromWritableStream } from './from-writable-stream.js';
export type {
  EventTargetLike,
  NativeEvent,
  NativeReadableStream,
  NativeWritableStream,
  ReadableStreamLike,
  WebSocketLike,
  WritableStreamLike,
} from './platform.js';
export { type ReadableStreamOptions, toReadableStream } from './to-readable-stream.js';
export { toWebSocket, type WebSocketSenderOptions } from './to-web-socket.js';
export { toWritableStream, type WritableStreamOptions } from './to-writable-stream.js';
export { fromTransformStream, toTransformStream, type TransformPair } from './transforms.js';
