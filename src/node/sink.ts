// A Writable as it is sent to: one sink a stream, however many senders there are over it.
//
// Guarantees: while the stream wants no more, senders wait, each in its own line, and the lines take turns. Neither the
// callbacks of writes nor `drain` are trusted alone: once the stream has failed, closed or been aborted, everybody is told.
//
// Invariants: `drain` is listened for exactly while somebody waits; `error` and `close` to the stream's `close`: an `error` that
// nobody listens for would end the process. Who waits, or has written what was not confirmed, or is closing, is in `involved`.

import type { Writable } from 'node:stream';
import { nextMacrotask } from '../macrotask.js';
import { asError } from './failures.js';

/** One sender. */
export interface Party {
  /** There is room: writes the first that waits; false where nobody waits any more. */
  serve(): boolean;
  /** Nothing more will be written. */
  failed(): void;
  /** Nothing more will be confirmed. */
  closed(): void;
  /** All that was written is out. */
  finished(): void;
}

const sinks = new WeakMap<object, Sink>();

/** The sink of a stream. */
export function sinkOf(stream: NodeJS.WritableStream | Writable): Sink {
  let sink = sinks.get(stream);
  if (sink === undefined) {
    sink = new Sink(stream as Writable);
    sinks.set(stream, sink);
  }
  return sink;
}

/** Writes to one stream. */
export class Sink {
  readonly #waiting: Set<Party> = new Set<Party>();
  readonly involved: Set<Party> = new Set<Party>();
  #error: { readonly cause: unknown } | undefined = undefined;
  #isClosed = false;
  #isFinished = false;
  /** What `write` said last, for streams that cannot be asked; then `drain` is always listened for. */
  #full = false;
  readonly #tellsNeed: boolean;
  #releases: (() => void)[] = [];

  constructor(readonly stream: Writable) {
    stream
      .on('error', this.#failed)
      .on('close', this.#closed)
      .on('finish', this.#finished)
      .on('aborted', this.#aborted);
    if (stream.closed) nextMacrotask(this.#closed); // it may have said so already, or be about to
    this.#tellsNeed = typeof stream.writableNeedDrain === 'boolean';
    if (!this.#tellsNeed) stream.on('drain', this.#drained);
  }

  /** Why nothing can be written any more. */
  get over(): { readonly cause?: unknown } | undefined {
    if (this.#error !== undefined) return this.#error;
    const { errored, destroyed, closed, writableEnded } = this.stream;
    if (errored) return { cause: errored };
    return this.#isClosed || this.#isFinished || destroyed || closed || writableEnded ? {} : undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether all that was written is out. */
  get isFinished(): boolean {
    return this.#isFinished || this.stream.writableFinished;
  }

  /** Whether a write has to wait. */
  get isBusy(): boolean {
    return this.#waiting.size > 0 || this.#isFull;
  }

  get #isFull(): boolean {
    return this.#tellsNeed ? this.stream.writableNeedDrain : this.#full;
  }

  /** Throws what the stream's own `write` throws. */
  write(item: unknown, done: (error?: Error | null) => void): void {
    this.#full = !this.stream.write(item, done);
  }

  /** Somebody waits from now on. */
  wait(party: Party): void {
    if (this.#waiting.size === 0 && this.#tellsNeed) this.stream.on('drain', this.#drained);
    this.#waiting.add(party);
  }

  /** Nobody of a party waits any more. */
  left(party: Party): void {
    if (this.#waiting.delete(party)) this.#rest();
  }

  #rest(): void {
    if (this.#waiting.size === 0 && this.#tellsNeed) this.stream.off('drain', this.#drained);
  }

  /** A write has failed: so has the stream. */
  fail(error: Error): void {
    this.#error ??= { cause: this.stream.errored ?? error };
    this.#refuse();
  }

  /** Calls `release` when the stream has closed. */
  untilClosed(release: () => void): void {
    if (this.#isClosed) release();
    else this.#releases.push(release);
  }

  #drained = (): void => {
    this.#full = false;
    for (const party of this.#waiting) {
      if (this.over !== undefined) return this.#refuse();
      if (this.#isFull) return;
      this.#waiting.delete(party);
      if (party.serve()) this.#waiting.add(party); // behind the others
    }
    this.#rest();
  };

  #refuse(): void {
    for (const party of this.involved) party.failed();
  }

  /** Of HTTP/2, by a peer that destroyed its side without an error: Node leaves ours open then, and full. */
  #aborted = (): void => {
    this.stream.destroy();
  };

  #failed = (error: unknown): void => this.fail(asError(error));

  #finished = (): void => {
    this.#isFinished = true;
    for (const party of this.involved) party.finished();
    this.#refuse(); // somebody else has ended it
  };

  #closed = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isFinished ||= sentAll(this.stream);
    for (const party of this.involved) party.closed();
    this.stream.off('error', this.#failed).off('close', this.#closed).off('finish', this.#finished);
    this.stream.off('drain', this.#drained).off('aborted', this.#aborted);
    for (const release of this.#releases.splice(0)) release();
  };
}

/** A stream of HTTP/2 may close without `finish` where its peer closed first, on Node 24; its code says whether all went well. */
function sentAll(stream: Writable & { readonly rstCode?: number }): boolean {
  return stream.rstCode === 0 && stream.writableEnded && stream.writableLength === 0;
}
