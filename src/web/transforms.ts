// Transforms: a pair of streams as a sender and a receiver, and a step of ours as such a pair.
//
// Guarantees: between the writable and the readable side of a step there is no buffer; one chunk waits in the writable side,
// and what the step itself holds. Whichever side is over first ends the other, at once: a step that returns early, fails or
// is cancelled fails the writable side, and so whatever is piped into it; an aborted writable side fails the readable one.

import { checkFunction, checkObject, wrong } from '../arguments.js';
import type { Common } from '../bridge/options.js';
import { Channel } from '../channel-api.js';
import type { Receiver, Sender } from '../contract.js';
import { checkReadable, fromReadableStream } from './from-readable-stream.js';
import { checkWritable, fromWritableStream } from './from-writable-stream.js';
import type { NativeReadableStream, NativeWritableStream, ReadableStreamLike, WritableStreamLike } from './platform.js';
import { StreamSource } from './to-readable-stream.js';
import { toWritableStream } from './to-writable-stream.js';

/** Two streams of which what is written to the one is read from the other, transformed. */
export interface TransformPair<O, I> {
  /** What comes out. */
  readonly readable: NativeReadableStream<O>;
  /** What goes in. */
  readonly writable: NativeWritableStream<I>;
}

/** The same, whoever made them. */
export interface TransformPairLike<O, I> {
  /** What comes out. */
  readonly readable: ReadableStreamLike<O>;
  /** What goes in. */
  readonly writable: WritableStreamLike<I>;
}

/**
 * Both ends of a transform: a sender of what goes in, a receiver of what comes out. Each is as `fromWritableStream` and
 * `fromReadableStream` make it. What the transform buffers in between is its own.
 *
 * @throws TypeError where it is no pair of streams, or for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { fromTransformStream } from 'sluice/web';
 *
 * const { sender, receiver } = fromTransformStream(new TextDecoderStream());
 * const sent = sender.send(new Uint8Array([104, 105]));
 * await receiver.receive(); // 'hi'
 * await sent;
 * await sender.close();
 * await receiver.receive(); // undefined
 * ```
 */
export function fromTransformStream<I, O>(
  pair: TransformPair<O, I> | TransformPairLike<O, I>,
  options?: Common<I | O>,
): { sender: Sender<I>; receiver: Receiver<O> } {
  checkObject('pair', pair);
  checkWritable(pair.writable); // both before anything is begun
  checkReadable(pair.readable);
  return {
    sender: fromWritableStream<I>(pair.writable, options),
    receiver: fromReadableStream<O>(pair.readable, options),
  };
}

/**
 * A step (an async generator function, most likely) as a pair of streams, for `pipeThrough`. The step is opened by the first
 * read. It pulls: one chunk waits in the writable side, none in between.
 *
 * Where the step fails, both sides do; where it returns early, so does the writable side. Where the readable side is
 * cancelled or the writable one aborted, the step is returned.
 *
 * @throws TypeError where it is no function, or the platform has no such streams
 *
 * @example
 * ```ts
 * import { fromReadableStream, toReadableStream, toTransformStream } from 'sluice/web';
 *
 * async function* evens(numbers: AsyncIterable<number>) {
 *   for await (const n of numbers) if (n % 2 === 0) yield n;
 * }
 * const numbers = toReadableStream(Channel.from([1, 2, 3, 4], 1));
 * const even = fromReadableStream(numbers.pipeThrough(toTransformStream(evens)));
 * for await (const n of even) console.log(n); // 2 4
 * ```
 */
export function toTransformStream<I, O>(step: (source: AsyncIterable<I>) => AsyncIterable<O>): TransformPair<O, I> {
  checkFunction('step', step);
  if (step === undefined) throw wrong('step', 'a function', step);
  const inner = new Channel<I>(0, { name: 'into a transform' });
  const writable = toWritableStream<I>(inner);
  // The step itself may throw, at the first read; one that was never read from is not begun to be returned.
  let opened: AsyncIterator<O> | undefined;
  const results: AsyncIterator<O> = {
    next: () => (opened ??= step(inner)[Symbol.asyncIterator]()).next(),
    return: async () => opened?.return?.() ?? { done: true, value: undefined },
  };
  const steps: AsyncIterable<O> = { [Symbol.asyncIterator]: () => results };
  const source = new StreamSource<O>(steps, {}, 'toTransformStream', (reason) => {
    inner.cancel(reason ?? new Error('the step of a transform has returned: it takes nothing more'));
  });
  inner.completion.catch((reason: unknown) => source.fail(reason));
  return { readable: source.stream as NativeReadableStream<O>, writable };
}
