// Both ends of a Duplex.

import type { Duplex } from 'node:stream';
import type { Common } from '../bridge/options.js';
import type { Receiver, Sender } from '../contract.js';
import { checkReadable, fromReadable } from './from-readable.js';
import { checkWritable, fromWritable } from './from-writable.js';

/**
 * A sender and a receiver over the two sides of a `Duplex`: a socket, a cipher, a child process. Each is as that of
 * `fromWritable` and of `fromReadable`. A stream can only be destroyed as a whole: so does `cancel`, for both.
 *
 * @returns both ends; a `signal` destroys the stream with its reason
 * @throws TypeError where it is no Duplex, or an option is of the wrong kind
 *
 * @example
 * ```ts
 * import { createGunzip, gzipSync } from 'node:zlib';
 * import { fromDuplex } from 'sluice/node';
 *
 * const { sender, receiver } = fromDuplex<Uint8Array, Uint8Array>(createGunzip());
 * await sender.send(gzipSync('squeezed'));
 * sender.close();
 * String(await receiver.receive()); // 'squeezed'
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- what a stream carries is known to its user alone
export function fromDuplex<O = any, I = any>(
  duplex: Duplex,
  options?: Common<O>,
): { sender: Sender<O>; receiver: Receiver<I> } {
  checkReadable(duplex); // both before anything is begun
  checkWritable(duplex);
  return {
    sender: fromWritable<O>(duplex, options),
    receiver: fromReadable<I>(duplex, options && { signal: options.signal }),
  };
}
