// fromWritableStream: a Sender over a stream, whose own strategy says how much it takes.
//
// Guarantees: a send waits until the stream wants more, first come first served, then writes; it fulfils with the write, and
// the item is the stream's. An item that was written and not taken by the sink goes to `onDrop`, and the error is the
// sender's end. A send that gives up while it waits has written nothing. The stream is locked only while somebody waits:
// whoever goes on after a send finds it unlocked.
//
// A stream with a high water mark of 0 never wants anything, and whoever waits for its `ready` waits for ever: it is
// written to while no write is under way.
//
// Invariant: while somebody waits, the writer is held and its `ready` is listened to, or a write is under way.

import { type Limits, wrong } from '../arguments.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import { readLimits, Turns } from '../bridge/turns.js';
import type { Sender, WaitOptions } from '../contract.js';
import { ChannelClosedError, NO_ITEM } from '../errors.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { AnyWritableStream, WritableStreamLike, WriterLike } from './platform.js';

const NOW: Promise<void> = Promise.resolve();

/**
 * A sender over a `WritableStream`. A send waits until the stream wants more, and fulfils when it was written into the
 * stream, whose own strategy says how many chunks that holds; what the sink then refuses goes to `onDrop`. The stream is
 * locked only while somebody waits.
 *
 * `close()` closes the stream after all sends, and fulfils when its sink has finished. `close(error)` aborts it with that
 * error once what was written has been taken.
 *
 * @returns its `send` rejects with `ChannelClosedError`, the item as `value` and the stream's error as `cause`, once the
 * stream has closed or failed, and with a TypeError while somebody else has it locked; otherwise as `send` of a channel.
 * Its `close` rejects with the sink's error, or with `ChannelClosedError` where the stream had closed or failed before, or
 * somebody else was closing it, and with a TypeError while somebody else has it locked.
 * @throws TypeError where it is no `WritableStream`, or for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { fromWritableStream } from 'sluice/web';
 *
 * const written: string[] = [];
 * const file = new WritableStream<string>({ write: (line) => void written.push(line) });
 * const lines = fromWritableStream(file);
 * await lines.send('a');
 * await lines.send('b');
 * await lines.close();
 * written; // ['a', 'b']
 * ```
 */
export function fromWritableStream<T>(stream: AnyWritableStream<T>, options?: Common<T>): Sender<T> {
  checkWritable(stream);
  return new StreamSender<T>(stream, checkOptions(options));
}

/** Throws where it is no `WritableStream`. */
export function checkWritable(stream: unknown): void {
  const { getWriter, abort } = Object(stream) as Partial<WritableStreamLike<unknown>>;
  if (typeof getWriter !== 'function' || typeof abort !== 'function') throw wrong('stream', 'a WritableStream', stream);
}

class StreamSender<T> implements Sender<T>, Abortable {
  readonly #turns: Turns<T, void> = new Turns('a send on a WritableStream', true, () => this.#hasLeft());
  #writer: WriterLike<T> | undefined = undefined;
  /** The writer's `ready` is listened to. */
  #listens = false;
  /** Writes that the sink has not answered. */
  #writes = 0;
  /** It has wanted something at least once: its high water mark is not 0. */
  #wanted = false;
  /** Nothing more is sent; why, where something went wrong. */
  #closed: 'no' | 'by us' | 'by the stream' = 'no';
  #cause: unknown = undefined;
  #closing: Closing | undefined = undefined;
  readonly #signal: Common<T>['signal'];
  readonly #drop: (item: T) => void;

  constructor(
    private readonly stream: WritableStreamLike<T>,
    options: Common<T>,
  ) {
    this.#drop = dropping(options);
    this.#signal = options.signal;
    if (this.#signal?.aborted) this.aborted(this.#signal.reason);
    else if (this.#signal !== undefined) onAbort(this.#signal, this);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    const turns = this.#turns;
    let limits: Limits;
    try {
      limits = readLimits(options);
      if (this.#closed !== 'no') throw this.#refusal(value);
      const writer = this.#lock();
      if (turns.waiting === 0 && this.#wants(writer)) {
        this.#write(writer, value);
        this.#releaseSoon();
        return turns.fulfilled(undefined);
      }
    } catch (error) {
      return turns.refused(error);
    }
    if (limits.timeout === 0) return this.#tooLate(value);
    const sent = turns.wait(value, limits);
    this.#attend();
    return sent;
  }

  /** There is no time to wait, but for what `closed` says of a stream that was over before. */
  #tooLate(value: T): Promise<never> {
    this.#releaseSoon();
    return NOW.then(() => {
      const over = this.#closed === 'by the stream';
      return this.#turns.refused(over ? this.#refusal(value) : this.#turns.timedOut(value, 0));
    });
  }

  close(error?: unknown): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    if (this.#closed !== 'no') return handled(Promise.reject(this.#refusal(NO_ITEM)));
    try {
      this.#lock();
    } catch (locked) {
      return handled(Promise.reject(locked));
    }
    this.#closed = 'by us';
    this.#cause = error;
    this.#closing = new Closing(error);
    void NOW.then(() => this.#finish()); // behind what is told of a stream that was over before
    return this.#closing.done;
  }

  aborted(reason: unknown): void {
    if (this.#closed === 'by the stream') return;
    this.#fail(reason); // which lets go of the lock
    try {
      void handled(Promise.resolve(this.stream.abort(reason))); // refused where another writer has it: then it is theirs
    } catch {
      // The same, of an implementation that throws.
    }
  }

  /** Takes the writer; throws where another one has the stream. */
  #lock(): WriterLike<T> {
    if (this.#writer !== undefined) return this.#writer;
    let writer: WriterLike<T>;
    try {
      writer = this.stream.getWriter();
    } catch (cause) {
      throw new TypeError(
        'the WritableStream is locked by another writer: let that one release it, or write through it',
        {
          cause,
        },
      );
    }
    this.#writer = writer;
    const over = (error?: unknown): void => this.#isOver(writer, error);
    writer.closed.then(() => over(), over);
    writer.ready.catch(over); // of one that is failing: `closed` comes after the write under way
    return writer;
  }

  #isOver(writer: WriterLike<T>, error: unknown): void {
    if (this.#writer === writer) this.#fail(error);
  }

  /** Somebody waits: listens for room. */
  #attend(): void {
    const writer = this.#writer;
    if (writer === undefined || this.#listens || this.#turns.waiting === 0) return;
    this.#listens = true;
    writer.ready.then(
      () => {
        if (this.#writer !== writer) return;
        this.#listens = false;
        // Where it is ready and wants nothing it is closing: `closed` will tell.
        if (this.#admit(writer)) this.#attend();
      },
      (error: unknown) => this.#isOver(writer, error),
    );
    if (this.#neverWants(writer)) {
      // Behind `closed`: a stream that has closed wants nothing either.
      void NOW.then(() => {
        if (this.#writer === writer) this.#admit(writer);
      });
    }
  }

  #wants({ desiredSize }: WriterLike<T>): boolean {
    const wants = desiredSize !== null && desiredSize > 0;
    if (wants) this.#wanted = true;
    return wants;
  }

  /** As far as is known; and it has nothing of ours to do. */
  #neverWants({ desiredSize }: WriterLike<T>): boolean {
    return !this.#wanted && this.#writes === 0 && desiredSize === 0;
  }

  /** Writes what there is room for; whether that was anything. */
  #admit(writer: WriterLike<T>): boolean {
    const turns = this.#turns;
    let any = false;
    while (turns.waiting > 0 && (this.#wants(writer) || this.#neverWants(writer))) {
      any = true;
      turns.serve((item) => {
        this.#write(writer, item);
        if (turns.waiting === 0 && this.#closing === undefined) this.#release();
      });
    }
    if (turns.waiting === 0) this.#finish();
    return any;
  }

  /** Throws where an engine does, as that of Node 20, since somebody else is closing the stream: all are told. */
  #write(writer: WriterLike<T>, item: T): void {
    let written: Promise<void>;
    this.#writes++;
    try {
      written = writer.write(item);
    } catch {
      this.#writes--;
      this.#fail(undefined);
      throw this.#refusal(item);
    }
    written.then(this.#onWritten, (error: unknown) => {
      this.#writes--;
      this.#drop(item);
      this.#fail(error);
    });
  }

  readonly #onWritten = (): void => {
    this.#writes--;
    if (this.#turns.waiting > 0 && this.#writer !== undefined) {
      if (this.#admit(this.#writer)) this.#attend();
    } else {
      this.#finish();
    }
  };

  /** Ends the stream once nobody waits, where that was asked for. */
  #finish(): void {
    const closing = this.#closing;
    const writer = this.#writer;
    if (closing === undefined || writer === undefined || this.#turns.waiting > 0) return;
    const { error } = closing;
    if (error !== undefined && this.#writes > 0) return;
    if (writer.desiredSize === null) return; // it has failed: `closed` will say why
    this.#forgetSignal();
    const ended = error === undefined ? writer.close() : writer.abort(error);
    ended.then(closing.succeeded, (cause: unknown) => closing.failed(this.#isFine() ? this.#refusal(NO_ITEM) : cause));
    this.#release();
  }

  /** It has not failed: then it refuses a close because somebody else is closing it, or has. */
  #isFine(): boolean {
    try {
      const writer = this.stream.getWriter();
      const { desiredSize } = writer;
      writer.releaseLock();
      return desiredSize !== null;
    } catch {
      return false; // locked: nothing is known
    }
  }

  /** The stream has failed, or somebody else has closed it. */
  #fail(cause: unknown): void {
    if (this.#closed === 'by the stream') return;
    const closing = this.#closed === 'by us' ? this.#closing : undefined;
    this.#closed = 'by the stream';
    this.#cause = cause;
    this.#forgetSignal();
    this.#release();
    this.#turns.close((value) => ({ error: this.#refusal(value) }));
    closing?.failed(this.#refusal(NO_ITEM));
  }

  #forgetSignal(): void {
    if (this.#signal !== undefined) offAbort(this.#signal, this);
  }

  #hasLeft(): void {
    if (this.#turns.waiting > 0) return;
    this.#finish();
    if (this.#closing === undefined) this.#release();
  }

  #releaseSoon(): void {
    void NOW.then(() => {
      if (this.#turns.waiting === 0 && this.#closing === undefined) this.#release();
    });
  }

  #release(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#listens = false;
    writer?.releaseLock();
  }

  #refusal(value: unknown): ChannelClosedError {
    const ended = this.#closed === 'by us' || this.#cause === undefined ? 'is closed' : 'has failed';
    const advice = value === NO_ITEM ? 'nothing more goes in' : "stop sending; the item is this error's value";
    const error = new ChannelClosedError(
      `the WritableStream ${ended}: ${advice}`,
      this.#cause === undefined ? undefined : { cause: this.#cause },
    );
    if (value !== NO_ITEM) (error as { value?: unknown }).value = value;
    return error;
  }
}

/** A close that is under way. */
class Closing {
  readonly done: Promise<void>;
  succeeded!: () => void;
  failed!: (error: unknown) => void;

  constructor(readonly error: unknown) {
    this.done = handled(
      new Promise((resolve, reject) => {
        this.succeeded = resolve;
        this.failed = reject;
      }),
    );
  }
}

/** Whoever is interested in it awaits it. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
