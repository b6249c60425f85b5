// fromReadableStream: a Receiver over a stream, which reads only while somebody waits.
//
// Guarantees: nothing is held here. The stream is locked only while somebody waits or an iteration goes on, and read from
// only while somebody waits. A wait that gives up had no effect, exactly: while others wait the read under way serves the
// next of them; the last one lets go of the lock, which gives the read up, and leaves once the engine has said that it took
// nothing. Had it taken a chunk by then, the wait is served instead.
//
// An engine that cannot let go of a lock while a read is under way (none that is current) keeps it, and the chunk of that
// read is held for the next receive: the only item that is ever held.
//
// Invariants: at most one read is under way, of `#reader` or of one that was let go of meanwhile. While somebody waits, a
// read is under way, or the event loop is being let run before the next.

import { FOREVER, type Limits, wrong } from '../arguments.js';
import { STEP } from '../bridge/asking.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import { readLimits, Turns } from '../bridge/turns.js';
import type { ChannelIterator, Receiver, WaitOptions } from '../contract.js';
import { nextMacrotask } from '../macrotask.js';
import { spendsBudget } from '../politeness.js';
import { NEXT, ONE, type Shape } from '../shapes.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { AnyReadableStream, ReadableStreamLike, ReaderLike, ReadLike } from './platform.js';
import { Withdrawal } from './withdrawal.js';

const NOW: Promise<void> = Promise.resolve();
const NONE: unique symbol = Symbol('none');

/** What a call fulfils with. */
type AnyShape<T> = Shape<T, unknown>;

/**
 * A receiver over a `ReadableStream`. A receive is a read: nothing is read ahead, and the stream is locked only while
 * somebody waits. So a loop that is left early leaves the stream open, unlocked, and its next chunk to whoever reads next.
 * Items are chunks as they come: a stream of bytes knows no other boundaries.
 *
 * `cancel` cancels the stream. A chunk that the stream had handed over by then goes to `onDrop`.
 *
 * @returns its `receive` rejects with the stream's own error once that has failed, and with a TypeError while somebody
 * else has it locked; otherwise as `receive` of a channel
 * @throws TypeError where it is no `ReadableStream`, or for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { fromReadableStream } from 'sluice/web';
 *
 * const stream = new Blob(['hello']).stream().pipeThrough(new TextDecoderStream());
 * const texts = fromReadableStream(stream);
 * for await (const text of texts) console.log(text); // hello
 * stream.locked; // false
 * ```
 */
export function fromReadableStream<T>(stream: AnyReadableStream<T>, options?: Common<T>): Receiver<T> {
  checkReadable(stream);
  return new StreamReceiver<T>(stream, checkOptions(options));
}

/** Throws where it is no `ReadableStream`. */
export function checkReadable(stream: unknown): void {
  const { getReader, cancel } = Object(stream) as Partial<ReadableStreamLike<unknown>>;
  if (typeof getReader !== 'function' || typeof cancel !== 'function')
    throw wrong('stream', 'a ReadableStream', stream);
}

class StreamReceiver<T> implements Receiver<T>, Abortable {
  readonly #turns: Turns<AnyShape<T>, unknown> = new Turns('a receive on a ReadableStream', false, () =>
    this.#hasLeft(),
  );
  #reader: ReaderLike<T> | undefined = undefined;
  /** Whether a read is under way, and whether its reader has been let go of. */
  #read: 'none' | 'held' | 'given up' = 'none';
  /** Those who leave once the read that was given up is known to have taken nothing. */
  #leaving: (() => void)[] = [];
  #rests = false;
  #heldOver: T | typeof NONE = NONE;
  #over = false;
  /** As the stream failed, or was cancelled with; undefined at a quiet end. */
  #reason: unknown = undefined;
  #cancelled: Promise<void> = NOW;
  readonly #signal: Common<T>['signal'];
  readonly #drop: (item: T) => void;

  constructor(
    private readonly stream: ReadableStreamLike<T>,
    options: Common<T>,
  ) {
    this.#drop = dropping(options);
    this.#signal = options.signal;
    if (this.#signal?.aborted) void this.cancel(this.#signal.reason);
    else if (this.#signal !== undefined) onAbort(this.#signal, this);
  }

  receive(options?: WaitOptions): Promise<T | undefined> {
    return this.#receive(ONE, options) as Promise<T | undefined>;
  }

  [STEP](options: WaitOptions): Promise<unknown> {
    return this.#receive(NEXT, options);
  }

  #receive(shape: AnyShape<T>, options: WaitOptions | undefined): Promise<unknown> {
    let limits: Limits;
    try {
      limits = readLimits(options);
    } catch (error) {
      return this.#turns.refused(error);
    }
    return this.ask(shape, limits);
  }

  /** Waits for one item, in the shape in which it is wanted. */
  ask(shape: AnyShape<T>, limits: Limits): Promise<unknown> {
    const turns = this.#turns;
    if (this.#over) {
      return this.#reason === undefined ? turns.fulfilled(shape.end()) : turns.refused(this.#reason);
    }
    if (this.#heldOver !== NONE) {
      const item = this.#heldOver;
      this.#heldOver = NONE;
      return turns.fulfilled(shape.one(item));
    }
    if (limits === FOREVER) {
      const asked = turns.wait(shape, FOREVER);
      this.#serve();
      return asked;
    }
    const withdrawal = new Withdrawal(
      limits,
      (asking) => this.#leave(1, () => asking.grant()),
      (timeout) => turns.timedOut(shape, timeout),
    );
    const asked = turns.wait(shape, { signal: withdrawal, timeout: FOREVER.timeout });
    this.#serve();
    // With no time to wait it is withdrawn at once, and gets what the stream can give at once.
    if (limits.timeout === 0) withdrawal.giveUp(turns.timedOut(shape, 0));
    else withdrawal.watch();
    return asked;
  }

  [Symbol.asyncIterator](): ChannelIterator<T> {
    return new StreamIteration(this);
  }

  /** An answer at once, in turn with the others. */
  settled(result: unknown): Promise<unknown> {
    return this.#turns.fulfilled(result);
  }

  /** An iteration is over: those of its waits that are left end with it. */
  forget(shape: AnyShape<T>): void {
    const mine = this.#turns.waitingWith(shape);
    if (mine > 0) this.#leave(mine, () => this.#dismiss(shape));
    else if (this.#turns.waiting === 0) this.#release();
  }

  #dismiss(shape: AnyShape<T>): void {
    this.#turns.dismiss(
      (each) => each === shape,
      () => shape.end(),
    );
  }

  cancel(reason?: unknown): Promise<void> {
    if (this.#over) return this.#cancelled;
    const reader = this.#reader;
    this.#end(reason, () => {
      const cancelled = attempt(() => (reader ?? this.stream).cancel(reason));
      cancelled.catch(() => {}); // whoever is interested awaits it
      return cancelled;
    });
    return this.#cancelled;
  }

  aborted(reason: unknown): void {
    void this.cancel(reason);
  }

  /** Somebody waits: reads, unless a read is under way. */
  #serve(): void {
    if (this.#turns.waiting === 0 || this.#read !== 'none' || this.#rests || this.#over) return;
    if (spendsBudget()) {
      this.#rests = true;
      return nextMacrotask(() => {
        this.#rests = false;
        this.#serve();
      });
    }
    let reader: ReaderLike<T>;
    try {
      reader = this.#reader ??= this.stream.getReader();
    } catch (error) {
      return this.#turns.close(() => ({ error: lockedError(error) }));
    }
    this.#read = 'held';
    let read: Promise<ReadLike<T>>;
    try {
      read = reader.read();
    } catch (error) {
      return this.#onError(error);
    }
    read.then(this.#onRead, this.#onError);
  }

  // Bound once: there is at most one read under way.

  readonly #onRead = (read: ReadLike<T>): void => {
    this.#read = 'none';
    if (this.#over) {
      if (!read.done) this.#drop(read.value as T);
      return;
    }
    if (read.done) return this.#end(undefined);
    const value = read.value as T;
    const turns = this.#turns;
    if (turns.waiting === 0) {
      this.#heldOver = value; // of an engine that could not give the read up
      this.#release();
      return;
    }
    const shape = turns.first;
    // Whoever received may hand the stream on: it is unlocked by then. Within an iteration the next read is likely.
    if (turns.waiting === 1 && shape === ONE) this.#release();
    turns.fulfil(shape.one(value));
    this.#letLeave();
    if (turns.waiting > 0) this.#serve();
    else if (this.#reader !== undefined) this.#releaseSoon();
  };

  readonly #onError = (error: unknown): void => {
    const givenUp = this.#read === 'given up';
    this.#read = 'none';
    if (this.#over) return;
    // Where the stream itself has failed just then, the next read says so.
    if (!givenUp) return this.#end(error ?? new Error('the ReadableStream failed, and did not say why'));
    this.#letLeave();
    this.#serve();
  };

  /** So many of those who wait want to leave. */
  #leave(count: number, go: () => void): void {
    if (this.#read === 'given up') {
      this.#leaving.push(go);
    } else if (this.#read === 'held' && this.#turns.waiting <= count) {
      if (this.#release()) this.#leaving.push(go);
      else go();
    } else {
      go();
    }
  }

  #letLeave(): void {
    for (let go = this.#leaving.shift(); go !== undefined; go = this.#leaving.shift()) go();
  }

  #hasLeft(): void {
    if (this.#turns.waiting === 0 && this.#read === 'none') this.#release();
  }

  /** Lets go of the lock, and gives up a read that is under way; false where the engine cannot. */
  #release(): boolean {
    const reader = this.#reader;
    if (reader === undefined) return true;
    try {
      reader.releaseLock();
    } catch {
      return false;
    }
    this.#reader = undefined;
    if (this.#read === 'held') this.#read = 'given up';
    return true;
  }

  /** Behind the code that goes on with the item: where that asks for the next one, the lock is kept. */
  #releaseSoon(): void {
    void NOW.then(() => {
      if (this.#turns.waiting === 0 && this.#read === 'none') this.#release();
    });
  }

  /** Nothing more comes; the state is as it will be before foreign code runs, and whoever waits is told. */
  #end(reason: unknown, cancelStream?: () => Promise<void>): void {
    this.#over = true;
    this.#reason = reason;
    this.#leaving = [];
    if (this.#signal !== undefined) offAbort(this.#signal, this);
    if (this.#heldOver !== NONE) this.#drop(this.#heldOver);
    this.#heldOver = NONE;
    if (cancelStream !== undefined) this.#cancelled = cancelStream();
    this.#release();
    this.#turns.close((shape) => (reason === undefined ? { result: shape.end() } : { error: reason }));
  }
}

class StreamIteration<T> implements ChannelIterator<T> {
  /** Its own, by which its waits are known. */
  readonly #shape: AnyShape<T> = Object.create(NEXT) as AnyShape<T>;
  #left = false;

  constructor(private readonly receiver: StreamReceiver<T>) {}

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#left) return this.#end();
    return this.receiver.ask(this.#shape, FOREVER) as Promise<IteratorResult<T, undefined>>;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#left) {
      this.#left = true;
      this.receiver.forget(this.#shape);
    }
    return this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): Promise<IteratorResult<T, undefined>> {
    return this.receiver.settled(this.#shape.end()) as Promise<IteratorResult<T, undefined>>;
  }
}

function attempt(run: () => Promise<void>): Promise<void> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}

function lockedError(cause: unknown): TypeError {
  return new TypeError('the ReadableStream is locked by another reader: let that one release it, or read through it', {
    cause,
  });
}
