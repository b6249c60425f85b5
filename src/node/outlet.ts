// The reading side of a stream of ours: a Readable, or that side of a Duplex, which takes its items out of a source.
//
// Guarantees: an item is taken when the stream's reader asks for one, and never before: nothing is read ahead. Whatever the
// stream has not handed on when it is destroyed stays in the source or, where the stream holds it already, goes to `onDrop`.
//
// Invariant: the stream has an unanswered question, Node's `_read`, exactly while the source is asked.
//
// Why the first answer is never given inside the question: a reader that has just begun to listen for `readable` makes Node
// ask once more a tick later, unless a question is open by then. An answer at once would leave none open, and be followed by
// an item that nobody has asked for. From then on an item that is there is given at once, which is several times as fast.

import type { Readable } from 'node:stream';
import { type Asking, asking, NOTHING, type Taker } from '../bridge/asking.js';
import type { Receiver } from '../contract.js';
import { asError, reporting } from './failures.js';
import { shorten } from './iteration.js';

/** How an outlet is set up. */
export interface OutletOptions<T> {
  readonly objectMode: boolean;
  /** Whether the source is cancelled when the stream is destroyed. */
  readonly cancel: boolean;
  readonly drop: (item: T) => void;
}

/** Feeds one stream. */
export class Outlet<T> implements Taker<T> {
  readonly #asking: Asking<T>;
  #atOnce = false;
  #given = 0;

  /** Throws where the source is none. */
  constructor(
    private readonly stream: Readable,
    source: Receiver<T> | AsyncIterable<T>,
    private readonly options: OutletOptions<T>,
  ) {
    this.#asking = asking(source, this, options.drop);
    stream.on('newListener', (event) => {
      if (event === 'readable') this.#atOnce = false;
    });
    if (options.objectMode) shorten(stream, () => this.#past());
  }

  /** The stream's `_read`. */
  read(): void {
    const item = this.#atOnce ? this.#asking.now() : NOTHING;
    this.#atOnce = true;
    if (item === NOTHING) this.#asking.ask();
    else this.#give(item);
  }

  /** An item that is there, if nothing of the stream is between it and the reader. */
  #past(): T | typeof NOTHING {
    const { stream } = this;
    if (!this.#atOnce || stream.readableLength > 0 || stream.destroyed) return NOTHING;
    if (stream.listenerCount('data') > 0 || stream.listenerCount('readable') > 1) return NOTHING; // beside the iterator's
    if (stream.readableEncoding !== null) return NOTHING;
    const item = this.#asking.now();
    if (item === NOTHING) return item;
    // The stream fails at null, and Node's iterator awaits a promise: these go through both.
    if (item === null || mayBeAwaited(item)) {
      this.#give(item);
      return NOTHING;
    }
    this.#given++;
    return item;
  }

  /** The stream is destroyed. */
  destroyed(error: Error | null): void {
    if (this.stream.readableLength > 0) this.#readOut();
    if (this.options.cancel) this.#asking.cancel(error ?? undefined);
    else this.#asking.leave();
  }

  // As a taker.

  wants(): boolean {
    return !this.stream.destroyed;
  }

  take(item: T): void {
    reporting(() => this.#give(item));
  }

  end(reason: unknown): void {
    reporting(() => {
      if (reason === undefined) this.stream.push(null);
      else this.stream.destroy(asError(reason));
    });
  }

  #give(item: T): void {
    const index = this.#given++;
    const refusal = this.#refusal(item, index);
    if (refusal !== undefined) {
      this.options.drop(item);
      this.stream.destroy(refusal);
    } else if (!this.options.objectMode && (item as string | Uint8Array).length === 0) {
      this.#asking.ask(); // no bytes are no answer
    } else {
      this.stream.push(item);
    }
  }

  /** Why an item cannot travel. */
  #refusal(item: T, index: number): TypeError | undefined {
    if (item === null) {
      return new TypeError(`item ${index} is null, which is the end to a stream: wrap it, or send undefined`);
    }
    if (this.options.objectMode || typeof item === 'string' || item instanceof Uint8Array) return undefined;
    return new TypeError(`item ${index} is neither a string nor bytes: use objectMode, or turn it into one`);
  }

  /** The stream holds what nobody will read any more. Reading it emits `data`, and then perhaps `end`: nobody may see that. */
  #readOut(): void {
    const { stream } = this;
    const emit = stream.emit.bind(stream);
    stream.emit = (event: string | symbol, ...rest: unknown[]) =>
      event !== 'data' && event !== 'end' && emit(event, ...rest);
    while (stream.readableLength > 0) {
      const item = stream.read() as T | null;
      if (item === null) return;
      this.options.drop(item);
    }
  }
}

/** Whether `await` makes something else of it, or may fail at it. */
function mayBeAwaited(item: unknown): boolean {
  if (typeof item !== 'object' && typeof item !== 'function') return false;
  try {
    return typeof (item as { then?: unknown }).then === 'function';
  } catch {
    return true;
  }
}
