// Credits: what a consumer has asked for, and a producer may send.
//
// Invariants: available = initial + granted − taken, never below 0; closed, it does not change.

import { checkInteger } from '../arguments.js';
import type { WaitOptions } from '../contract.js';
import { ChannelClosedError } from '../errors.js';
import { dispose } from '../host.js';
import { INSPECT } from '../inspect.js';
import { Line, type Supply } from './line.js';

const ACCOUNT: unique symbol = Symbol('sluice.account');

class Account implements Supply {
  readonly kind = 'Credits';
  readonly line: Line = new Line(this);

  constructor(public available: number) {}

  state(): string {
    return `${this.available} available`;
  }

  asks(n: number): string {
    return `a take of ${n}`;
  }

  give(n: number): boolean {
    if (n > this.available) return false;
    this.available -= n;
    return true;
  }

  grant(n: number): void {
    if (this.line.closed) return;
    this.available = Math.min(this.available + n, Number.MAX_SAFE_INTEGER);
    this.line.serve();
  }

  close(error: unknown): void {
    this.line.close(
      () =>
        new ChannelClosedError(
          'Credits was closed: nothing is granted or taken any more',
          error === undefined ? undefined : { cause: error },
        ),
    );
  }
}

/**
 * Credits, as in the `request(n)` of Reactive Streams or HTTP/2's windows: one side grants them, the other takes one for
 * each item that it sends. For two sides between which no channel can stand: a protocol, a socket, a callback.
 *
 * Whoever takes while there are not enough waits, and is served first come, first served: one that waits for many holds
 * back those behind it until it is served or gives up.
 *
 * @example
 * ```ts
 * import { Credits } from 'sluice/control';
 *
 * const credits = new Credits(2);
 * const sent: number[] = [];
 * const produce = async () => {
 *   for (let item = 1; item <= 4; item++) {
 *     await credits.take();
 *     sent.push(item);
 *   }
 * };
 * const producing = produce();
 * await Promise.resolve();
 * credits.grant(2); // the consumer is ready for two more
 * await producing;
 * sent; // [1, 2, 3, 4]
 * ```
 */
export class Credits implements Disposable {
  /** @internal */
  readonly [ACCOUNT]: Account;

  /**
   * @param initial - how many there are to begin with: an integer from 0
   * @throws RangeError where it is none
   *
   * @example
   * ```ts
   * new Credits().available; // 0
   * new Credits(8).available; // 8
   * ```
   */
  constructor(initial = 0) {
    checkInteger('initial', initial, 0);
    this[ACCOUNT] = new Account(initial);
  }

  /**
   * How many were granted and not taken.
   *
   * @example
   * ```ts
   * const credits = new Credits(3);
   * credits.tryTake(2);
   * credits.available; // 1
   * ```
   */
  get available(): number {
    return this[ACCOUNT].available;
  }

  /**
   * Adds credits, and serves those who wait for them. Ignored once closed. More than 2^53 - 1 of them count as so many.
   *
   * @param n - an integer from 1
   * @throws RangeError where it is none
   *
   * @example
   * ```ts
   * const credits = new Credits();
   * const taking = credits.take(2);
   * credits.grant(3);
   * await taking;
   * credits.available; // 1
   * ```
   */
  grant(n: number): void {
    checkInteger('n', n, 1);
    this[ACCOUNT].grant(n);
  }

  /**
   * Takes credits, all `n` at once; waits until there are enough, behind all others.
   *
   * @param n - an integer from 1
   * @returns rejects with `ChannelClosedError` when closed, also meanwhile, with what `close` was given as `cause`;
   * `TimeoutError` after `timeout` milliseconds; the signal's own reason when that aborts; RangeError for a wrong `n`. A
   * take that rejected took nothing.
   *
   * @example
   * ```ts
   * const credits = new Credits(1);
   * await credits.take();
   * await credits.take(1, { timeout: 10 }).catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
   * ```
   */
  take(n = 1, options?: WaitOptions): Promise<void> {
    return this[ACCOUNT].line.take(n, options);
  }

  /**
   * Takes credits without waiting: false where there are not enough, somebody waits already, or it is closed.
   *
   * @param n - an integer from 1
   * @throws RangeError where it is none
   *
   * @example
   * ```ts
   * const credits = new Credits(1);
   * credits.tryTake(2); // false
   * credits.tryTake(); // true
   * ```
   */
  tryTake(n = 1): boolean {
    return this[ACCOUNT].line.tryTake(n);
  }

  /**
   * Ends it: waiting and later takes reject with `ChannelClosedError`. The first call decides.
   *
   * @param error - their `cause`, where it is not `undefined`
   *
   * @example
   * ```ts
   * const credits = new Credits();
   * const taking = credits.take().catch((error) => error.cause);
   * credits.close('the connection is gone');
   * await taking; // 'the connection is gone'
   * ```
   */
  close(error?: unknown): void {
    this[ACCOUNT].close(error);
  }

  /**
   * Closes.
   *
   * @example
   * ```ts
   * const credits = new Credits(1);
   * credits[Symbol.dispose](); // what `using credits = …` does at the end of its block
   * credits.tryTake(); // false
   * ```
   */
  [dispose](): void {
    this[ACCOUNT].close(undefined);
  }

  /** @internal */
  [INSPECT](): string {
    return this[ACCOUNT].line.describe();
  }
}
