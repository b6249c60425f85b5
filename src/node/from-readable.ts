// A receiver over a Readable.

import type { Readable } from 'node:stream';
import { wrong } from '../arguments.js';
import { STEP } from '../bridge/asking.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Receiver, WaitOptions } from '../contract.js';
import { NEXT, ONE, type Shape } from '../shapes.js';
import { whenAborted } from './aborts.js';
import { type Asker, type Tap, tapOf } from './tap.js';

const RECEIVE: Asker<never> = { shape: ONE };
const TAKE_STEP: Asker<never> = { shape: NEXT };

/**
 * A receiver over a `Readable`. It holds nothing: a receive is a read, and while nobody receives nothing is read. A byte
 * stream has no items: a receive gives whatever bytes have arrived.
 *
 * `receive` waits in turn, and one that is aborted or times out has consumed nothing. Leaving a `for await` early leaves the
 * stream open, for the next to go on; `cancel(reason)` destroys it. The end of the stream is a quiet end, its error rejects at
 * once, and a stream that is closed without either gives `ERR_STREAM_PREMATURE_CLOSE`, whether that has happened already or
 * happens later. Several receivers over one stream share its items.
 *
 * The stream's own buffer stays what it is: up to its `highWaterMark`, filled from the first receive on.
 *
 * A stream made with `emitClose: false` says nothing when it is destroyed without an error: a receive that waits then goes on
 * waiting, until its own timeout or signal.
 *
 * @returns the receiver; a `signal` cancels it
 * @throws TypeError where it is no readable stream, or an option is of the wrong kind
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { fromReadable } from 'sluice/node';
 *
 * const words = fromReadable<string>(Readable.from(['a', 'b', 'c']));
 * for await (const word of words) {
 *   if (word === 'a') break; // the stream stays open
 * }
 * await words.receive({ timeout: 1000 }); // 'b'
 * words.cancel(); // destroys it
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- what a stream carries is known to its user alone
export function fromReadable<T = any>(readable: NodeJS.ReadableStream | Readable, options?: Common<T>): Receiver<T> {
  const { signal } = checkOptions<Common<T>>(options);
  checkReadable(readable);
  const tap = tapOf<T>(readable);
  tap.guard();
  const cancel = (reason?: unknown): void => tap.cancel(reason);
  if (signal !== undefined) tap.untilClosed(whenAborted(signal, cancel));
  const receiver: Receiver<T> = {
    receive: (limits?: WaitOptions) => tap.receive(RECEIVE, limits) as Promise<T | undefined>,
    cancel,
    [Symbol.asyncIterator]: () => new Reading(tap),
  };
  // Not enumerable: a copy with a `receive` of its own must not have it.
  return Object.defineProperty(receiver, STEP, { value: (limits: WaitOptions) => tap.receive(TAKE_STEP, limits) });
}

/** Throws where it is no readable stream. A Writable has a `pipe` too. */
export function checkReadable(readable: unknown): void {
  const { on, pipe, read, readable: isReadable } = Object(readable) as Partial<Readable>;
  if (
    typeof on === 'function' &&
    typeof pipe === 'function' &&
    (typeof read === 'function' || isReadable !== undefined)
  )
    return;
  throw wrong('readable', 'a Readable', readable);
}

/** Iterates a stream, and leaves it open. */
class Reading<T> implements AsyncIterableIterator<T> {
  readonly shape: Shape<T, IteratorResult<T, undefined>> = NEXT;
  #left = false;

  constructor(private readonly tap: Tap<T>) {}

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#left) return this.tap.settled(this.shape.end());
    return this.tap.receive(this) as Promise<IteratorResult<T, undefined>>;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#left) this.tap.dismiss(this);
    this.#left = true;
    return this.tap.settled(this.shape.end());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
