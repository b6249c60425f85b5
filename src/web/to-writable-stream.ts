// toWritableStream: a stream over a Sender, which holds the item of one send.
//
// Guarantees: a write is a send, and the stream wants the next chunk when the last was accepted. A stream that is aborted
// withdraws the send under way, so that its item was not sent; that goes to `onDrop`, since whoever pipes into the stream
// never sees it again. A writer that vanished is no clean end: the sender is closed with the error.
//
// The high water mark is 1, the least with which a pipe moves at all.

import { checkObject, wrong } from '../arguments.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { AbortSignalLike, Sender } from '../contract.js';
import { ChannelClosedError } from '../errors.js';
import { host } from '../host.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import { type NativeWritableStream, platformHas, type UnderlyingSink, type WritableController } from './platform.js';

/** The options of `toWritableStream`. */
export interface WritableStreamOptions<T> extends Common<T> {
  /** Whether the stream owns the sender, so that its end closes it; true unless said otherwise. */
  readonly close?: boolean | undefined;
}

/**
 * A `WritableStream` over a sender. A write is a send: while the channel is full the stream wants nothing, and all that it
 * holds is the chunk of the send that waits. Closing the stream closes the sender, and aborting it closes the sender with
 * the reason, so that what was sent before is still delivered; unless `close` is false.
 *
 * The chunk of the write under way, where it is not accepted, rejects that and goes to `onDrop`. Chunks behind it, of a writer
 * that does not wait for `ready`, are the stream's: it rejects their writes, and `onDrop` is not told. When the receiver
 * cancels the channel, the stream fails at once, and with it whatever is piped into it.
 *
 * @throws TypeError where it is no sender, the platform has no `WritableStream`, or for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { toWritableStream } from 'sluice/web';
 *
 * const chunks = new Channel<Uint8Array>(4);
 * const piping = new Blob(['hello']).stream().pipeTo(toWritableStream(chunks));
 * for await (const chunk of chunks) console.log(chunk.byteLength); // 5
 * await piping;
 * ```
 */
export function toWritableStream<T>(sender: Sender<T>, options?: WritableStreamOptions<T>): NativeWritableStream<T> {
  checkObject('sender', sender);
  if (typeof sender.send !== 'function' || typeof sender.close !== 'function') {
    throw wrong('sender', 'a Sender', sender);
  }
  return new StreamSink(sender, checkOptions(options, ['close'])).stream as NativeWritableStream<T>;
}

class StreamSink<T> implements UnderlyingSink<T>, Abortable {
  readonly stream: unknown;
  #controller!: WritableController;
  /** Withdraws the send under way. */
  readonly #own = new host.AbortController();
  readonly #owns: boolean;
  #sends = false;
  #over = false;
  readonly #signal: Common<T>['signal'];
  /** Aborted where the receiver has left. */
  readonly #receiver: AbortSignalLike | undefined;
  readonly #left: Abortable = { aborted: (reason) => this.#receiverLeft(reason) };
  readonly #drop: (item: T) => void;

  constructor(
    private readonly sender: Sender<T>,
    { signal, close = true, onDrop }: WritableStreamOptions<T>,
  ) {
    const WritableStream = platformHas('WritableStream', 'toWritableStream');
    this.#drop = dropping({ onDrop });
    this.#owns = close;
    this.#signal = signal;
    const { signal: receiver } = sender as { readonly signal?: AbortSignalLike };
    this.#receiver = typeof receiver?.addEventListener === 'function' ? receiver : undefined;
    this.stream = new WritableStream(this, { highWaterMark: 1 });
    if (this.#receiver?.aborted) this.#receiverLeft(this.#receiver.reason);
    else if (this.#receiver !== undefined) onAbort(this.#receiver, this.#left);
    if (this.#over) return;
    if (signal?.aborted) this.aborted(signal.reason);
    else if (signal !== undefined) onAbort(signal, this);
  }

  // As the sink of the stream.

  start(controller: WritableController): void {
    this.#controller = controller;
    // The stream tells its sink of an abort only after the write under way, which this ends.
    const { signal } = controller;
    signal?.addEventListener('abort', () => this.#own.abort(signal.reason));
  }

  async write(chunk: T): Promise<void> {
    this.#sends = true;
    try {
      await this.sender.send(chunk, { signal: this.#own.signal });
      this.#sends = false;
      // It was accepted, and the receiver left before this was said.
      if (this.#receiver?.aborted) this.#receiverLeft(this.#receiver.reason);
    } catch (error) {
      this.#sends = false;
      this.#drop(chunk);
      this.#finish(error ?? noReason()).catch(() => {}); // the error of the send is the stream's, and does not wait
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#finish(undefined);
  }

  async abort(reason: unknown): Promise<void> {
    await this.#finish(reason ?? noReason());
  }

  /** By the signal that the call was given. */
  aborted(reason: unknown): void {
    const error = reason ?? noReason();
    this.#controller.error(error);
    this.#own.abort(error);
    this.#finish(error).catch(() => {});
  }

  #receiverLeft(cause: unknown): void {
    if (this.#over || this.#sends) return; // the send under way says it, or what follows it
    this.#over = true;
    this.#letGo();
    this.#controller.error(
      new ChannelClosedError(
        'what this WritableStream sends to was cancelled: nobody receives any more, stop writing',
        {
          cause,
        },
      ),
    );
  }

  /** The stream is over: the sender is closed with it, where it is the stream's. */
  async #finish(error: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#letGo();
    if (this.#owns) await this.sender.close(error);
  }

  #letGo(): void {
    if (this.#signal !== undefined) offAbort(this.#signal, this);
    if (this.#receiver !== undefined) offAbort(this.#receiver, this.#left);
  }
}

function noReason(): Error {
  return new Error('the WritableStream was aborted, and no reason was given');
}
