// The writing side of a stream of ours: a Writable, or that side of a Duplex, which sends what is written to it.
//
// Guarantees: of what is written one item is being sent and no other is taken. A writer that is gone does not look like one
// that has ended: what it wrote into is closed with an error then. What was written and will not be sent goes to `onDrop`, in
// order: the item whose send was given up, and those behind it of a writer that did not wait.
//
// Invariant: after `destroyed`, nothing is sent any more.

import type { Writable } from 'node:stream';
import { wrong } from '../arguments.js';
import type { AbortSignalLike, Sender } from '../contract.js';
import { ChannelClosedError } from '../errors.js';
import { nextMacrotask } from '../macrotask.js';
import { whenAborted } from './aborts.js';
import { asError, prematureClose, quietly, reporting } from './failures.js';

/** How an inlet is set up. */
export interface InletOptions<T> {
  /** Whether the sender is closed with the stream. */
  readonly close: boolean;
  readonly drop: (item: T) => void;
}

type Done = (error?: Error | null) => void;

/** Empties one stream. */
export class Inlet<T> {
  readonly #leaving = new AbortController();
  /** The item that is being sent: settles, and never rejects. */
  #sending: Promise<void> | undefined = undefined;
  /** The writer has ended, and all that it wrote was sent. */
  ended = false;
  #release: () => void = () => {};

  /** Throws where the sender is none. */
  constructor(
    private readonly stream: Writable,
    private readonly sender: Sender<T>,
    private readonly options: InletOptions<T>,
  ) {
    if (typeof sender?.send !== 'function' || typeof sender.close !== 'function') {
      throw wrong('sender', 'a Sender', sender);
    }
  }

  /** Learns at once when nobody wants the items any more, where the sender can say so. */
  watch(): void {
    const { signal } = this.sender as { signal?: Partial<AbortSignalLike> };
    if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') return;
    this.#release = whenAborted(signal as AbortSignalLike, (cause) => {
      const message = 'what this stream writes into was cancelled: nobody wants its items any more';
      this.stream.destroy(new ChannelClosedError(message, { cause }));
    });
  }

  /** The stream's `_write`. */
  write(item: T, done: Done): void {
    this.#sending = this.#send(item, done);
  }

  async #send(item: T, done: Done): Promise<void> {
    let error: Error | undefined;
    try {
      await this.sender.send(item, { signal: this.#leaving.signal });
    } catch (reason) {
      error = asError(reason);
    }
    this.#sending = undefined;
    if (error !== undefined) {
      this.options.drop(item);
      this.stream.destroy(error); // before Node is told: it would throw away what waits behind the item
    }
    reporting(() => done(error));
  }

  /** The stream's `_final`. */
  final(done: Done): void {
    this.ended = true;
    this.#release(); // what becomes of what was sent is no longer the writer's
    if (this.options.close) void this.#close(done);
    else done();
  }

  async #close(done: Done): Promise<void> {
    let error: Error | undefined;
    try {
      await this.sender.close();
    } catch (reason) {
      error = asError(reason);
    }
    reporting(() => done(error));
  }

  /** The stream is destroyed; `done` is called once it is known what became of the last item, or cannot be known. */
  destroyed(error: Error | null, done: () => void): void {
    this.#release();
    if (this.ended) return done();
    const reason =
      error ?? prematureClose('the stream that wrote here was destroyed before it had ended: more was to come');
    const left = leftIn<T>(this.stream);
    this.#leaving.abort(reason); // first: a close would let the item in that waits
    if (this.options.close) quietly(() => this.sender.close(reason));
    let known = false;
    const finish = (): void => {
      if (known) return;
      known = true;
      for (const item of left) this.options.drop(item);
      done();
    };
    if (this.#sending === undefined) return finish();
    void this.#sending.then(finish);
    // A foreign sender may not care about signals. A send that was accepted is told of it by the next macrotask.
    nextMacrotask(() => nextMacrotask(finish));
  }
}

/** What was written and waits in the stream behind the item that is being sent. */
function leftIn<T>(stream: Writable): T[] {
  const { writableBuffer = [] } = stream as { writableBuffer?: readonly ({ readonly chunk: T } | null)[] };
  // Node has put null in the place of what it is handing to `_write`, and moves on only after that.
  return writableBuffer.flatMap((entry) => (entry === null ? [] : [entry.chunk]));
}
