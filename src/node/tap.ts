// A Readable as it is received from: one tap a stream, however many receivers there are over it.
//
// Guarantees: receives are served in one line, first come, first served; only the first of them reads, and nothing is read
// while nobody waits: what is received is taken from the stream's own buffer in the same moment.
//
// Invariants: `readable` and `end` are listened for exactly while somebody waits; `error` and `close` from the call on to the
// stream's `close`: an `error` that nobody listens for would end the process. After the end nobody waits.

import { Readable } from 'node:stream';
import { readLimits, type Limits, Turns } from '../bridge/turns.js';
import type { WaitOptions } from '../contract.js';
import { nextMacrotask } from '../macrotask.js';
import type { Shape } from '../shapes.js';
import { asError, prematureClose, quietly } from './failures.js';

/** Who receives. */
export interface Asker<T> {
  readonly shape: Shape<T, unknown>;
}

type End = { readonly error?: unknown };

/** The end without an error. */
const QUIET: End = {};

const CLOSED = 'the Readable was closed before its end: what it had left is lost';

const taps = new WeakMap<object, Tap<never>>();

/** The tap of a stream. */
export function tapOf<T>(stream: NodeJS.ReadableStream | Readable): Tap<T> {
  let tap = taps.get(stream) as Tap<T> | undefined;
  if (tap === undefined) {
    tap = new Tap<T>(stream as Readable);
    taps.set(stream, tap as unknown as Tap<never>);
  }
  return tap;
}

/** Reads one stream. */
export class Tap<T> {
  readonly #line: Turns<Asker<T>, unknown> = new Turns('a receive on a Readable', false, () => this.#left());
  readonly #stream: Readable;
  #end: End | undefined = undefined;
  #listening = false;
  #guarding = false;
  /** It has said so. */
  #isClosed = false;
  #releases: (() => void)[] = [];

  constructor(private readonly given: Readable) {
    this.#stream = given;
    if (typeof given.read === 'function') return;
    // A stream of the first kind, which only pushes: Node's own wrapper pauses and resumes it. Nobody else can listen to the
    // wrapper, and its error may come before the first receive, which sees it by the state.
    this.#stream = new Readable({ objectMode: true, highWaterMark: 0 }).wrap(given).on('error', () => {});
  }

  /** Receives in turn; what it fulfils with is of the asker's shape. */
  receive(asker: Asker<T>, options?: WaitOptions): Promise<unknown> {
    const line = this.#line;
    let limits: Limits;
    try {
      limits = readLimits(options);
      if (line.waiting === 0) {
        this.guard();
        const item = this.#end === undefined ? this.#read() : null;
        if (item !== null) return line.fulfilled(asker.shape.one(item));
      }
    } catch (error) {
      return line.refused(error);
    }
    if (this.#end !== undefined) {
      return 'error' in this.#end ? line.refused(this.#end.error) : line.fulfilled(asker.shape.end());
    }
    const received = line.wait(asker, limits);
    if (line.waiting > 0) this.#listen();
    return received;
  }

  /** Those of one asker leave, as if at the end. */
  dismiss(asker: Asker<T>): void {
    this.#line.dismiss(
      (each) => each === asker,
      () => asker.shape.end(),
    );
  }

  /** An answer at once, in turn with the others. */
  settled<R>(result: R): Promise<R> {
    return this.#line.fulfilled(result) as Promise<R>;
  }

  cancel(reason: unknown): void {
    this.#look();
    if (this.#end !== undefined && this.#stream.destroyed) return;
    this.guard();
    const error = reason === undefined ? undefined : asError(reason);
    this.#finish(reason === undefined ? QUIET : { error: reason });
    quietly(() => void this.#stream.destroy(error));
    if (this.given !== this.#stream) quietly(() => void this.given.destroy?.(error));
  }

  /** Calls `release` when the stream has closed. */
  untilClosed(release: () => void): void {
    if (this.#isClosed) return release();
    this.#releases.push(release);
    this.guard();
  }

  /** The next item of the stream; null where there is none, or an end. */
  #read(): T | null {
    this.#look();
    if (this.#end !== undefined) return null;
    const item = this.#stream.read() as T | null;
    if (item === null) this.#look();
    return item;
  }

  /** Sees by the stream's state whether it is over: it may have told before anybody listened. */
  #look(): void {
    if (this.#end !== undefined) return;
    const { readableEnded, errored, destroyed, closed } = this.#stream;
    if (readableEnded) this.#end = QUIET;
    else if (errored) this.#end = { error: errored };
    else if (destroyed || closed) this.#end = { error: prematureClose(CLOSED) };
  }

  #serve = (): void => {
    const line = this.#line;
    while (line.waiting > 0) {
      const item = this.#read();
      if (this.#end !== undefined) return this.#finish(this.#end);
      if (item === null) return;
      if (line.waiting > 0) line.fulfil(line.first.shape.one(item));
      else this.#stream.unshift(item); // whoever waited has left while the stream was read
    }
    this.#unlisten();
  };

  #ended = (): void => this.#finish(QUIET);

  #failed = (error: unknown): void => {
    this.#look(); // a Duplex may have ended here, and have failed there
    this.#finish({ error: asError(error) });
  };

  #closed = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#look();
    this.#finish(this.#end ?? { error: prematureClose(CLOSED) });
    this.#stream.off('error', this.#failed).off('close', this.#closed);
    for (const release of this.#releases.splice(0)) release();
  };

  /** The first end decides; whoever waits is told. */
  #finish(end: End): void {
    this.#end ??= end;
    const { error } = (end = this.#end);
    this.#unlisten();
    this.#line.close(({ shape }) => ('error' in end ? { error } : { result: shape.end() }));
  }

  #left(): void {
    if (this.#line.waiting === 0) this.#unlisten();
  }

  /** Listens for the stream's error, which would else end the process, and for its close. */
  guard(): void {
    if (this.#guarding) return;
    this.#guarding = true;
    this.#stream.on('error', this.#failed).on('close', this.#closed);
    if (this.#stream.closed) nextMacrotask(this.#closed); // it may have said so already, or be about to
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#stream.on('end', this.#ended).on('readable', this.#serve);
  }

  #unlisten(): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#stream.off('end', this.#ended).off('readable', this.#serve);
  }
}
