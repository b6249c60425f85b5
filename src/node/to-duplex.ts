// A Duplex over a sender and a receiver, and over a step between the two.

import { Duplex } from 'node:stream';
import { wrong } from '../arguments.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import { Channel } from '../channel-api.js';
import type { Receiver, Sender } from '../contract.js';
import { whenAborted } from './aborts.js';
import { asError, prematureClose } from './failures.js';
import { Inlet } from './inlet.js';
import { Outlet } from './outlet.js';

/**
 * Options of `toDuplex`.
 *
 * @example
 * ```ts
 * import type { ToDuplexOptions } from 'sluice/node';
 *
 * const bytes: ToDuplexOptions<Uint8Array> = { objectMode: false };
 * const [out, back] = [new Channel<Uint8Array>(1), new Channel<Uint8Array>(1)];
 * toDuplex({ sender: out, receiver: back }, bytes).destroy();
 * ```
 */
export interface ToDuplexOptions<T> extends Common<T> {
  /** Whether both sides carry items of any kind, `true` unless said otherwise; else strings and bytes. */
  readonly objectMode?: boolean | undefined;
  /** Whether the sender is closed with the stream; `true` unless said otherwise. */
  readonly close?: boolean | undefined;
  /** Whether the receiver is cancelled when the stream is destroyed; `true` unless said otherwise. */
  readonly cancel?: boolean | undefined;
}

/**
 * A `Duplex` over a sender and a receiver: what is written to it is sent, what is received can be read. Each side is as that
 * of `toWritable` and of `toReadable`. They end each on its own; an error of either destroys both.
 *
 * @returns the stream; a `signal` destroys it with its reason
 * @throws TypeError where an end is none, or an option is of the wrong kind
 *
 * @example
 * ```ts
 * import { toDuplex } from 'sluice/node';
 *
 * const [requests, replies] = [new Channel<string>(1), new Channel<string>(1)];
 * const duplex = toDuplex({ sender: requests, receiver: replies });
 * duplex.end('ping');
 * await replies.send(`${await requests.receive()} pong`);
 * replies.close();
 * for await (const reply of duplex) console.log(reply); // ping pong
 * ```
 */
export function toDuplex<O, I>(
  ends: { readonly sender: Sender<O>; readonly receiver: Receiver<I> },
  options?: ToDuplexOptions<O | I>,
): Duplex {
  const given = checkOptions<ToDuplexOptions<O | I>>(options, ['objectMode', 'close', 'cancel']);
  const { sender, receiver } = ends ?? {};
  const { objectMode = true, close = true, cancel = true } = given;
  const drop = dropping(given);
  const { stream, inlet } = joined(sender, receiver, { objectMode, close, cancel, drop, signal: given.signal });
  if (!stream.destroyed) inlet.watch();
  return stream;
}

/**
 * Options of `toTransform`.
 *
 * @example
 * ```ts
 * import type { ToTransformOptions } from 'sluice/node';
 *
 * const bytes: ToTransformOptions = { objectMode: false };
 * toTransform((chunks: AsyncIterable<Uint8Array>) => chunks, bytes).destroy();
 * ```
 */
export interface ToTransformOptions {
  /** Whether both sides carry items of any kind, `true` unless said otherwise; else strings and bytes. */
  readonly objectMode?: boolean | undefined;
}

/**
 * A step of a pipeline, as a `Duplex` to pipe through: `step` makes an iterable of another, as an async generator function
 * does, or a flow. One item is being written and one is in the step; nothing is buffered between them.
 *
 * The step is asked for an item when the stream's reader is. An error of the step destroys the stream, and one of the stream is
 * thrown into the step. A step that ends before its input does leaves a writer that nobody listens to: when the end has been
 * read the stream is destroyed with `ERR_STREAM_PREMATURE_CLOSE`, so that the writer does not hang.
 *
 * @throws TypeError where the step gives nothing to iterate, or an option is of the wrong kind; what the step throws
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { toTransform } from 'sluice/node';
 *
 * const doubled = toTransform(async function* (source: AsyncIterable<number>) {
 *   for await (const n of source) yield 2 * n;
 * });
 * for await (const n of Readable.from([1, 2, 3]).pipe(doubled)) console.log(n); // 2 4 6
 * ```
 */
export function toTransform<I, O>(
  step: (source: AsyncIterable<I>) => AsyncIterable<O>,
  options: ToTransformOptions = {},
): Duplex {
  const { objectMode = true } = checkOptions<ToTransformOptions & Common<never>>(options, ['objectMode']);
  if (typeof step !== 'function') throw wrong('step', 'a function', step);
  const between = new Channel<I>(0);
  // Not the channel itself: a step that cancelled it would destroy the stream before its reader has seen the end.
  const made = step({ [Symbol.asyncIterator]: () => between[Symbol.asyncIterator]() });
  if (typeof made?.[Symbol.asyncIterator] !== 'function') throw wrong('what the step gives', 'an AsyncIterable', made);
  const drop = (): void => {};
  const { stream, inlet } = joined(between, made, { objectMode, close: true, cancel: true, drop, signal: undefined });
  stream.once('end', () => {
    if (!inlet.ended)
      stream.destroy(prematureClose('the step has ended before its input: nobody takes what is still written'));
  });
  return stream;
}

function joined<O, I>(
  sender: Sender<O>,
  source: Receiver<I> | AsyncIterable<I>,
  options: {
    readonly objectMode: boolean;
    readonly close: boolean;
    readonly cancel: boolean;
    readonly drop: (item: O | I) => void;
    readonly signal: Common<never>['signal'];
  },
): { readonly stream: Duplex; readonly inlet: Inlet<O> } {
  let release = (): void => {};
  const stream = new Duplex({
    objectMode: options.objectMode,
    readableHighWaterMark: 0,
    writableHighWaterMark: 1,
    read: () => outlet.read(),
    write: (item: O, _encoding, done) => inlet.write(item, done),
    final: (done) => inlet.final(done),
    destroy(error, done) {
      release();
      outlet.destroyed(error);
      inlet.destroyed(error, () => done(error));
    },
  });
  const outlet = new Outlet<I>(stream, source, options);
  const inlet = new Inlet<O>(stream, sender, options);
  release = whenAborted(options.signal, (reason) => stream.destroy(asError(reason)));
  return { stream, inlet };
}
