// A Readable over a receiver.

import { Readable } from 'node:stream';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Receiver } from '../contract.js';
import { whenAborted } from './aborts.js';
import { asError } from './failures.js';
import { Outlet } from './outlet.js';

/**
 * Options of `toReadable`.
 *
 * @example
 * ```ts
 * import type { ToReadableOptions } from 'sluice/node';
 *
 * const shared: ToReadableOptions<string> = { cancel: false }; // others receive from the channel, too
 * toReadable(new Channel<string>(1), shared).destroy();
 * ```
 */
export interface ToReadableOptions<T> extends Common<T> {
  /** Whether the stream carries items of any kind, `true` unless said otherwise; else strings and bytes. */
  readonly objectMode?: boolean | undefined;
  /** Whether the source is cancelled when the stream is destroyed; `true` unless said otherwise. */
  readonly cancel?: boolean | undefined;
}

/**
 * A `Readable` over a receiver: to pipe it, to give it to whatever reads streams. It buffers nothing: an item is received
 * when the reader asks for one. (A stream of bytes that is asked for `read(n)` takes up to as many: Node raises its mark.)
 *
 * The end of the source is the end of the stream; an error, the stream's error. A stream that is destroyed leaves the source
 * as it was, but for what it holds already: one item at the most, which goes to `onDrop`; then it cancels the source, unless
 * `cancel` is false. `null` is the end to a stream: as an item it destroys it with a `TypeError`. `undefined` travels, but out
 * of a receiver that is not of this library: there it is the end.
 *
 * @returns the stream; a `signal` destroys it with its reason
 * @throws TypeError where the source is no receiver, or an option is of the wrong kind
 *
 * @example
 * ```ts
 * import { pipeline } from 'node:stream/promises';
 * import { toReadable } from 'sluice/node';
 *
 * const lines = Channel.from(['a\n', 'b\n'], 1);
 * const written: string[] = [];
 * await pipeline(toReadable(lines, { objectMode: false }), async (chunks) => {
 *   for await (const chunk of chunks) written.push(String(chunk));
 * });
 * written; // ['a\n', 'b\n']
 * ```
 */
export function toReadable<T>(source: Receiver<T>, options?: ToReadableOptions<T>): Readable {
  const given = checkOptions<ToReadableOptions<T>>(options, ['objectMode', 'cancel']);
  const { objectMode = true, cancel = true, signal } = given;
  let release = (): void => {};
  const stream = new Readable({
    objectMode,
    highWaterMark: 0,
    read: () => outlet.read(),
    destroy(error, done) {
      release();
      outlet.destroyed(error);
      done(error);
    },
  });
  const outlet = new Outlet(stream, source, { objectMode, cancel, drop: dropping(given) });
  release = whenAborted(signal, (reason) => stream.destroy(asError(reason)));
  return stream;
}
