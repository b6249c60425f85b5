// toReadableStream: a stream over a Receiver, which holds nothing.
//
// Guarantees: an item is taken only for a read that waits, and handed to it in the same stretch of code. So a stream that is
// cancelled has nothing in its queue, and the item that came too late stays in the channel. The end is passed on at once,
// also while nobody reads, where the source can foresee it.
//
// A reader that lets go of its lock with a read pending is seen by the stream being unlocked: nothing is taken then, and
// what a source has promised that only promises items is kept for the next read, or goes to `onDrop` at a cancel.
// Where another reader has locked it by then, and has not read, the engine's queue gets the item, for that reader: an end
// by an error waits until it was read, since it would throw away the queue. Only of a cancel by that reader nobody is told.
//
// Bytes: chunks are copied, since the engine detaches what it is given and the item may be somebody's. What does not fit
// into a reader's own buffer is kept here for the next read; what is left of it at a cancel goes to `onDrop`.

import { wrong } from '../arguments.js';
import { type Asking, asking, NOTHING, type Taker } from '../bridge/asking.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Receiver } from '../contract.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import { type NativeReadableStream, platformHas, type ReadableController, type UnderlyingSource } from './platform.js';

/** The options of `toReadableStream`. */
export interface ReadableStreamOptions<T> extends Common<T> {
  /** Whether the stream owns the source, so that cancelling the one cancels the other; true unless said otherwise. */
  readonly cancel?: boolean | undefined;
  /** `'bytes'`: a stream of bytes, whose items are views of buffers, and which readers with buffers of their own can read. */
  readonly type?: 'bytes' | undefined;
}

/**
 * A `ReadableStream` over a receiver. It holds nothing: a read of the stream is a receive, and while nobody reads nothing is
 * taken. It closes, or fails, as the source ends. Cancelled, it cancels the source, unless `cancel` is false; an item that
 * came in that very moment stays where it was.
 *
 * A source that only promises items (one that is no channel of this library) may have promised one by then: that goes to
 * `onDrop`. Where a reader let go of its lock before that item came, the next read gets it. A receiver that is not of this
 * library ends at `undefined`.
 *
 * @throws TypeError where the source is no receiver, the platform has no `ReadableStream`, or for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { toReadableStream } from 'sluice/web';
 *
 * const lines = Channel.from(['a\n', 'b\n'], 1);
 * const body = toReadableStream(lines).pipeThrough(new TextEncoderStream());
 * await new Response(body).text(); // 'a\nb\n'
 * ```
 */
export function toReadableStream<T>(source: Receiver<T>, options?: ReadableStreamOptions<T>): NativeReadableStream<T> {
  const checked = checkOptions(options, ['cancel']);
  if (checked.type !== undefined && checked.type !== 'bytes') throw wrong('options.type', "'bytes'", checked.type);
  return new StreamSource(source, checked, 'toReadableStream').stream as NativeReadableStream<T>;
}

/** What `locked` is read of. */
interface Lockable {
  readonly locked: boolean;
}

/** The source of such a stream, over what a step gives, too. */
export class StreamSource<T> implements UnderlyingSource, Taker<T>, Abortable {
  declare readonly type?: 'bytes';
  readonly stream: Lockable;
  #controller!: ReadableController;
  readonly #asking: Asking<T>;
  readonly #owns: boolean;
  /** A pull that waits for an item. */
  #pulled: (() => void) | undefined = undefined;
  #over = false;
  /** What is left of an item that was wider than the reader's buffer. */
  #rest: Uint8Array | undefined = undefined;
  /** What the engine's queue was given, since nobody read: there as long as that is not empty. */
  #queued: { readonly item: T } | undefined = undefined;
  /** The end has come, behind these. */
  #ending: { readonly reason: unknown } | undefined = undefined;
  /** Items of a stream of bytes, for messages. */
  #taken = 0;
  /** Takes back that the source tells of its end: it may live longer. */
  readonly #forget: () => void;
  readonly #signal: Common<T>['signal'];
  readonly #drop: (item: T) => void;

  constructor(
    source: Receiver<T> | AsyncIterable<T>,
    { signal, cancel = true, type, onDrop }: ReadableStreamOptions<T>,
    who: string,
    /** Told, once, that the stream is over; its reason, or undefined. */
    private readonly told?: (reason: unknown) => void,
  ) {
    const ReadableStream = platformHas('ReadableStream', who);
    this.#drop = dropping({ onDrop });
    this.#owns = cancel;
    this.#signal = signal;
    this.#asking = asking(source, this, this.#drop);
    if (type !== undefined) this.type = type;
    this.stream = new ReadableStream(this, { highWaterMark: 0 }) as Lockable;
    this.#forget = this.#asking.foresee((reason) => this.end(reason));
    if (signal?.aborted) this.aborted(signal.reason);
    else if (signal !== undefined) onAbort(signal, this);
  }

  // As the source of the stream.

  start(controller: ReadableController): void {
    this.#controller = controller;
  }

  /** Inside of it a read waits, so what is there goes to that; later it may have gone. */
  pull(): void | Promise<void> {
    this.#queued = undefined; // it was read
    if (this.#rest !== undefined) {
      this.#enqueueBytes(this.#rest, true);
      return this.#endIfDue();
    }
    if (this.#ending !== undefined) return this.#endIfDue();
    const item = this.#asking.now();
    if (item !== NOTHING && this.#enqueue(item, true)) return;
    if (this.#over) return;
    const pulled = new Promise<void>((resolve) => {
      this.#pulled = resolve;
    });
    this.#asking.ask();
    return pulled;
  }

  cancel(reason: unknown): void {
    if (!this.#over) this.#finish(reason, true); // else it was closed, and the queue was not read
  }

  // As the taker of an item.

  wants(): boolean {
    if (this.#over) return false;
    if (this.stream.locked) return true;
    // A reader with a buffer has let go of a read: the engine keeps that, and asks no more until it is answered.
    if (this.type !== undefined && (this.#controller.byobRequest ?? null) !== null) return true;
    this.#release(); // whoever read has let go: the next read pulls again
    return false;
  }

  take(item: T): void {
    if (this.#enqueue(item, false)) {
      if (this.#holds) this.#queued = { item };
      this.#release();
    } else if (!this.#over) {
      this.#asking.ask();
    }
  }

  end(reason: unknown): void {
    if (this.#over) return;
    if (this.#rest !== undefined || (reason !== undefined && this.#holds)) {
      this.#ending = { reason };
      return;
    }
    this.#finish(reason, false);
    if (reason !== undefined) return this.#controller.error(reason);
    try {
      this.#controller.close();
      this.#controller.byobRequest?.respond(0);
    } catch {
      // The bytes end within an element of the reader's buffer: the engine has failed the stream with that.
    }
  }

  aborted(reason: unknown): void {
    this.fail(reason ?? new Error('the ReadableStream was aborted, and no reason was given'));
  }

  /** Ends the stream with an error, from this side. */
  fail(error: unknown): void {
    if (this.#over) return;
    const lost = this.#holds ? this.#queued : undefined; // an error throws it away
    this.#finish(error, true);
    this.#controller.error(error);
    if (lost !== undefined) this.#drop(lost.item);
  }

  /** Hands an item to the read that waits; false where it was none that a reader would see. */
  #enqueue(item: T, waits: boolean): boolean {
    if (this.type === undefined) {
      this.#controller.enqueue(item);
      return true;
    }
    this.#taken++;
    if (!ArrayBuffer.isView(item)) {
      this.#drop(item);
      this.fail(wrong(`item ${this.#taken - 1} of a stream of bytes`, 'a view of a buffer', item));
      return false;
    }
    if (item.byteLength === 0) return false;
    this.#enqueueBytes(new Uint8Array(item.buffer, item.byteOffset, item.byteLength), waits);
    return true;
  }

  /** Whether the engine's queue holds something. */
  get #holds(): boolean {
    return (this.#controller.desiredSize ?? 0) < 0;
  }

  /** Into the buffer of a reader that is known to wait; else by the queue, since engines may not answer one that has gone. */
  #enqueueBytes(bytes: Uint8Array, waits: boolean): void {
    this.#rest = undefined;
    const request = this.#controller.byobRequest;
    const view = request?.view;
    if (view === undefined || view === null) return this.#controller.enqueue(bytes.slice());
    const count = Math.min(bytes.byteLength, view.byteLength);
    if (count < bytes.byteLength) this.#rest = bytes.subarray(count);
    if (!waits) return this.#controller.enqueue(bytes.slice(0, count));
    new Uint8Array(view.buffer, view.byteOffset, count).set(bytes.subarray(0, count));
    request?.respond(count);
  }

  #endIfDue(): void {
    if (this.#ending !== undefined && this.#rest === undefined) this.end(this.#ending.reason);
  }

  #release(): void {
    const pulled = this.#pulled;
    this.#pulled = undefined;
    pulled?.();
  }

  /** The stream is over; where this side ended it, the source is told. */
  #finish(reason: unknown, left: boolean): void {
    this.#over = true;
    this.#forget();
    if (this.#signal !== undefined) offAbort(this.#signal, this);
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#drop(rest as T);
    if (left) {
      if (this.#owns) this.#asking.cancel(reason);
      else this.#asking.leave();
    }
    this.#release();
    this.told?.(reason);
  }
}
