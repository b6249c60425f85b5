// A sender over a Writable.
//
// Guarantees: a send fulfils when the stream has taken the item into its own buffer, in order, and not while that wants no
// more. What was taken is then written, or reported to `onDrop`: where the stream says that it failed to, and where it closes
// without a word. Of the write that is under way when a stream is destroyed both may be true, or neither: nobody knows.
//
// Invariants: `#unconfirmed` holds what was written and not called back for, in order. After the stream has failed or ended, and
// after `close` with nobody waiting, nothing is written.

import type { Writable } from 'node:stream';
import { wrong } from '../arguments.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import { readLimits, type Limits, Turns } from '../bridge/turns.js';
import type { Sender, WaitOptions } from '../contract.js';
import { ChannelClosedError } from '../errors.js';
import { whenAborted } from './aborts.js';
import { asError, quietly } from './failures.js';
import { type Party, type Sink, sinkOf } from './sink.js';

/**
 * A sender over a `Writable`. It holds nothing: `send` waits while the stream wants no more and fulfils when the stream has
 * taken the item, into its own buffer, of which `highWaterMark` is the bound.
 *
 * An item that was taken and not written goes to `onDrop`. Once the stream has failed, ended or closed, sends reject with
 * `ChannelClosedError`, the item as `value` and the stream's error as `cause`; those that wait do so at that moment, or, where
 * somebody else has ended it, when it has finished. A send
 * that is aborted or times out has written nothing; one that the stream refuses, as a `null`, rejects with that error and
 * changes nothing.
 *
 * `close()` ends the stream when all sends have been written, and fulfils when it has finished; `close(error)` destroys it
 * with the error then. Either rejects with `ChannelClosedError` where the stream dies first.
 *
 * A stream made with `emitClose: false` says nothing when it is destroyed without an error: a send that waits then goes on
 * waiting, until its own timeout or signal, and so does a `close()`.
 *
 * @returns the sender; a `signal` destroys the stream with its reason
 * @throws TypeError where it is no writable stream, or an option is of the wrong kind
 *
 * @example
 * ```ts
 * import { Writable } from 'node:stream';
 * import { fromWritable } from 'sluice/node';
 *
 * const written: string[] = [];
 * const slow = new Writable({
 *   objectMode: true,
 *   highWaterMark: 1,
 *   write(item, _, done) {
 *     written.push(item);
 *     setTimeout(done, 1);
 *   },
 * });
 * const sender = fromWritable<string>(slow);
 * for (const item of ['a', 'b', 'c']) await sender.send(item); // waits while it is full
 * await sender.close(); // until all is written
 * written; // ['a', 'b', 'c']
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- what a stream takes is known to its user alone
export function fromWritable<T = any>(writable: NodeJS.WritableStream | Writable, options?: Common<T>): Sender<T> {
  const given = checkOptions<Common<T>>(options);
  checkWritable(writable);
  const sink = sinkOf(writable);
  const written = new Written<T>(sink, dropping(given));
  if (given.signal !== undefined) {
    const destroy = (reason: unknown): void => quietly(() => void sink.stream.destroy(asError(reason)));
    sink.untilClosed(whenAborted(given.signal, destroy));
  }
  return {
    send: (item: T, limits?: WaitOptions) => written.send(item, limits),
    close: (error?: unknown) => written.close(error),
  };
}

/** Throws where it is no writable stream. */
export function checkWritable(writable: unknown): void {
  const { on, write } = Object(writable) as Partial<Writable>;
  if (typeof on !== 'function' || typeof write !== 'function') throw wrong('writable', 'a Writable', writable);
}

interface Closing {
  readonly error: unknown;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  begun: boolean;
}

/** What one sender has to do with a stream. */
class Written<T> implements Party {
  readonly #line: Turns<T, void> = new Turns('a send on a Writable', true, () => this.#left());
  readonly #unconfirmed: Set<{ readonly item: T }> = new Set<{ readonly item: T }>();
  #closing: Closing | undefined = undefined;

  constructor(
    private readonly sink: Sink,
    private readonly drop: (item: T) => void,
  ) {}

  send(item: T, options: WaitOptions | undefined): Promise<void> {
    const { sink } = this;
    const line = this.#line;
    let limits: Limits;
    try {
      limits = readLimits(options);
      const { over } = sink;
      if (over !== undefined || this.#closing !== undefined) throw this.#refusal(over, item);
      if (!sink.isBusy) {
        this.#write(item);
        return line.fulfilled(undefined);
      }
    } catch (error) {
      return line.refused(error);
    }
    const sent = line.wait(item, limits);
    if (line.waiting > 0) {
      sink.involved.add(this);
      sink.wait(this);
    }
    return sent;
  }

  close(error: unknown): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    let resolve = (): void => {};
    let reject = (_error: Error): void => {};
    const promise = new Promise<void>((resolved, rejected) => {
      resolve = resolved;
      reject = rejected;
    });
    promise.catch(() => {}); // a close need not be awaited
    this.#closing = { error, promise, resolve, reject, begun: false };
    this.sink.involved.add(this);
    this.#proceed();
    return promise;
  }

  // As a party of the stream.

  serve(): boolean {
    const line = this.#line;
    line.serve((item) => this.#write(item));
    if (line.waiting > 0) return true;
    this.#proceed();
    return false;
  }

  failed(): void {
    const { over } = this.sink;
    this.#line.close((item) => ({ error: this.#refusal(over, item) }));
    this.#left();
  }

  closed(): void {
    const lost = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    for (const { item } of lost) this.drop(item);
    this.failed();
  }

  finished(): void {
    this.#proceed();
  }

  #write(item: T): void {
    const write = { item };
    this.#unconfirmed.add(write);
    this.sink.involved.add(this);
    try {
      this.sink.write(item, (error) => this.#called(write, error));
    } catch (error) {
      this.#unconfirmed.delete(write);
      this.#proceed();
      throw error;
    }
  }

  /**
   * The stream has called back for a write. It is believed, also where it was destroyed meanwhile: a socket calls a write that
   * was under way then a success, but a sink that had done its work may call back that late, too.
   */
  #called(write: { readonly item: T }, error: Error | null | undefined): void {
    if (!this.#unconfirmed.delete(write)) return; // it was given up
    if (error) {
      this.drop(write.item);
      this.sink.fail(error);
    }
    this.#proceed();
  }

  /** Nobody waits, perhaps. */
  #left(): void {
    if (this.#line.waiting > 0) return;
    this.sink.left(this);
    this.#proceed();
  }

  /** Goes on with a close, as far as it can; is not involved any more where nothing is to come. */
  #proceed(): void {
    const closing = this.#closing;
    if (this.#line.waiting > 0) return;
    if (closing !== undefined) this.#close(closing);
    else if (this.#unconfirmed.size === 0) this.sink.involved.delete(this);
  }

  #close(closing: Closing): void {
    const { sink } = this;
    const { stream } = sink;
    if (sink.isFinished) return this.#settle(closing.resolve);
    const { over } = sink;
    if (over !== undefined && (sink.isClosed || over.cause !== undefined)) {
      return this.#settle(() => closing.reject(this.#refusal(over)));
    }
    if (closing.begun || (closing.error !== undefined && this.#unconfirmed.size > 0)) return;
    closing.begun = true;
    if (closing.error === undefined) {
      // Ended by somebody else, it has still to finish.
      if (over === undefined) quietly(() => void stream.end());
      return;
    }
    quietly(() => void stream.destroy(asError(closing.error)));
    this.#settle(closing.resolve);
  }

  #settle(settle: () => void): void {
    if (this.#unconfirmed.size === 0) this.sink.involved.delete(this);
    settle();
  }

  #refusal(over: { readonly cause?: unknown } | undefined, ...value: [] | [T]): ChannelClosedError {
    const { stream } = this.sink;
    let what = 'this sender is closed';
    let cause = this.#closing?.error;
    if (over !== undefined) {
      ({ cause } = over);
      if (cause !== undefined) what = 'the Writable has failed';
      else what = stream.writableEnded && !stream.destroyed ? 'the Writable has ended' : 'the Writable is closed';
    }
    const advice = value.length > 0 ? "stop sending; the item is this error's value" : 'not all was written';
    const error = new ChannelClosedError(`${what}: ${advice}`, cause === undefined ? undefined : { cause });
    return value.length > 0 ? Object.assign(error, { value: value[0] }) : error;
  }
}
