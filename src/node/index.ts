/**
 * Everything that `sluice/node` exports: channels over Node's streams and emitters, and streams over channels.
 *
 * @module Node
 */

export type { Pausing } from '../bridge/intake.js';
export type { Common } from '../bridge/options.js';
export { fromDuplex } from './from-duplex.js';
export { type EmitterEvents, type EmitterLike, type EmitterOptions, fromEmitter } from './from-emitter.js';
export { fromReadable } from './from-readable.js';
export { fromWritable } from './from-writable.js';
export { toDuplex, type ToDuplexOptions, toTransform, type ToTransformOptions } from './to-duplex.js';
export { toReadable, type ToReadableOptions } from './to-readable.js';
export { toWritable, type ToWritableOptions } from './to-writable.js';
