// A Writable over a sender.

import { Writable } from 'node:stream';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Sender } from '../contract.js';
import { whenAborted } from './aborts.js';
import { asError } from './failures.js';
import { Inlet } from './inlet.js';

/**
 * Options of `toWritable`.
 *
 * @example
 * ```ts
 * import type { ToWritableOptions } from 'sluice/node';
 *
 * const shared: ToWritableOptions<string> = { close: false }; // others send to the channel, too
 * toWritable(new Channel<string>(1), shared).end();
 * ```
 */
export interface ToWritableOptions<T> extends Common<T> {
  /** Whether the stream takes items of any kind, `true` unless said otherwise; else strings and bytes, and sends bytes. */
  readonly objectMode?: boolean | undefined;
  /** Whether the sender is closed with the stream; `true` unless said otherwise. */
  readonly close?: boolean | undefined;
}

/**
 * A `Writable` over a sender: to pipe into it. It buffers nothing: `write` is false at once, and the only item it holds is
 * the one that is being sent.
 *
 * `end()` closes the sender. A stream that is destroyed before it has finished gives the pending send up and closes the
 * sender with its error, or with `ERR_STREAM_PREMATURE_CLOSE` where it has none: a writer that is gone does not look like one
 * that has ended. `close: false` leaves the sender open, both ways. A send that rejects destroys the stream with that error; so
 * does a cancel of a channel, at once.
 *
 * @returns the stream; a `signal` destroys it with its reason. What was written and not sent goes to `onDrop`.
 * @throws TypeError where the sender is none, or an option is of the wrong kind
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { pipeline } from 'node:stream/promises';
 * import { toWritable } from 'sluice/node';
 *
 * const channel = new Channel<string>(1);
 * const piping = pipeline(Readable.from(['a', 'b', 'c']), toWritable(channel));
 * for await (const item of channel) console.log(item); // a b c
 * await piping;
 * ```
 */
export function toWritable<T>(sender: Sender<T>, options?: ToWritableOptions<T>): Writable {
  const given = checkOptions<ToWritableOptions<T>>(options, ['objectMode', 'close']);
  const { objectMode = true, close = true, signal } = given;
  let release = (): void => {};
  const stream = new Writable({
    objectMode,
    highWaterMark: 1,
    write: (item: T, _encoding, done) => inlet.write(item, done),
    final: (done) => inlet.final(done),
    destroy(error, done) {
      release();
      inlet.destroyed(error, () => done(error));
    },
  });
  const inlet = new Inlet(stream, sender, { close, drop: dropping(given) });
  inlet.watch();
  release = whenAborted(signal, (reason) => stream.destroy(asError(reason)));
  return stream;
}
