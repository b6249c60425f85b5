// TokenBucket: so many a second, and a burst now and then.
//
// Guarantees: in any span of time it gives at most `burst + rate × span / per`, and under saturation all of that. One timer
// at most, only while somebody waits.
//
// Invariants: `#given` tokens were given since the moment `#since`, at which the bucket was full; it holds
// burst + rate × (now − #since) / per − #given, which is never more than `burst`: where it would be, it is full, and that
// moment becomes `#since`. Nothing is summed up but integers, so nothing drifts, however late a timer fires.
// A timer runs exactly while somebody waits, and fires no later than the first can be served; early, it is set again.

import { wrong } from '../arguments.js';
import type { WaitOptions } from '../contract.js';
import { LONGEST } from '../guard.js';
import { clock, host } from '../host.js';
import { INSPECT } from '../inspect.js';
import { Line, type Supply } from './line.js';

const BUCKET: unique symbol = Symbol('sluice.bucket');

class Bucket implements Supply {
  readonly kind = 'TokenBucket';
  readonly line: Line = new Line(this);
  #lastSeen: number = clock();
  #since: number = this.#lastSeen;
  #given = 0;
  #timer: unknown = undefined;
  /** When the timer fires, by the clock. */
  #due = 0;

  constructor(
    private readonly rate: number,
    private readonly per: number,
    private readonly burst: number,
  ) {}

  state(): string {
    return `${Math.floor(this.#tokens())}/${this.burst} tokens, ${this.rate} per ${this.per} ms`;
  }

  asks(n: number): string {
    return `a take of ${n}`;
  }

  check(n: number): void {
    if (this.burst < 1) {
      const advice = 'give a burst of 1 or more, or a rate of 1 or more and a longer per';
      throw new RangeError(`a bucket with a burst of ${this.burst} never holds a token: ${advice}`);
    }
    if (n > this.burst) {
      throw new RangeError(`n must be at most the burst, ${this.burst}, which is all that there ever is; got ${n}`);
    }
  }

  give(n: number): boolean {
    if (n > this.#tokens()) return false;
    this.#given += n;
    return true;
  }

  headChanged(first: number | undefined): void {
    if (first === undefined) return this.#disarm();
    const due = this.#since + ((this.#given + first - this.burst) * this.per) / this.rate;
    if (this.#timer !== undefined) {
      if (due >= this.#due) return;
      this.#disarm();
    }
    this.#due = due;
    const ms = Math.ceil(due - this.#lastSeen);
    this.#timer = host.setTimeout(fire, Math.min(Math.max(ms, 1), LONGEST), this);
  }

  fired(): void {
    this.#timer = undefined;
    this.line.serve();
  }

  /** How many it holds now; brings the invariant about. */
  #tokens(): number {
    const now = clock();
    // A clock that was set back has stood still: nothing is earned by that, nor owed.
    if (now < this.#lastSeen) this.#since -= this.#lastSeen - now;
    this.#lastSeen = now;
    const earned = ((now - this.#since) * this.rate) / this.per;
    if (earned < this.#given) return this.burst + earned - this.#given;
    this.#since = now;
    this.#given = 0;
    return this.burst;
  }

  #disarm(): void {
    if (this.#timer !== undefined) host.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** One function for all timers. */
function fire(bucket: Bucket): void {
  bucket.fired();
}

function checkPositive(what: string, value: unknown): void {
  if (typeof value !== 'number') throw wrong(what, 'a number', value);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${what} must be a finite number above 0, got ${value}`);
  }
}

/**
 * A rate limit: a bucket of `burst` tokens, full at first, into which `rate` tokens fall in `per` milliseconds. In any span
 * of time it gives at most `burst + rate × span / per` tokens. For a limit that somebody else has set: an API's quota.
 *
 * Whoever takes while there are not enough waits, and is served first come, first served: one that waits for many holds
 * back those behind it until it is served or gives up. Time is taken from a clock that nobody sets (`performance.now`), so
 * neither a late timer nor a change of the date adds or loses a token; a computer that slept finds a full bucket, not more.
 *
 * Timers are exact to a millisecond or two. Where `burst` is less than comes in that time, some of it finds no place: give
 * a burst of a few milliseconds' worth where the whole rate is to be used.
 *
 * @example
 * ```ts
 * import { TokenBucket } from 'sluice/control';
 *
 * const quota = new TokenBucket({ rate: 100, per: 1_000, burst: 2 }); // one every 10 ms, two at once after a pause
 * for (const page of [1, 2, 3]) {
 *   await quota.take(); // at once, at once, 10 ms later
 *   console.log('page', page); // page 1 page 2 page 3
 * }
 * ```
 */
export class TokenBucket {
  /** @internal */
  readonly [BUCKET]: Bucket;

  /**
   * @param options - `rate`: how many tokens come in `per` milliseconds (1,000 by default); `burst`: how many the bucket
   * holds, `rate` by default. Each a finite number above 0. For less than one a second make `per` longer:
   * `{ rate: 1, per: 2_000 }`, or give a burst of 1 or more: of a bucket that holds less than one token every take fails.
   * @throws RangeError for a number out of its range; TypeError for an option of the wrong kind
   *
   * @example
   * ```ts
   * const quota = new TokenBucket({ rate: 5_000, per: 3_600_000, burst: 100 }); // 5,000 an hour, at most 100 at once
   * quota.tryTake(100); // true
   * ```
   */
  constructor(options: {
    readonly rate: number;
    readonly per?: number | undefined;
    readonly burst?: number | undefined;
  }) {
    if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
    const { rate, per = 1_000, burst = rate } = options;
    checkPositive('options.rate', rate);
    checkPositive('options.per', per);
    checkPositive('options.burst', burst);
    this[BUCKET] = new Bucket(rate, per, burst);
  }

  /**
   * Takes tokens, all `n` at once; waits until there are enough, behind all others.
   *
   * @param n - an integer from 1 to `burst`
   * @returns rejects with `TimeoutError` after `timeout` milliseconds, and not before, also where it is clear that there
   * will not be enough by then; with the signal's own reason when that aborts; with a RangeError for a wrong `n`. A take
   * that rejected took nothing.
   *
   * @example
   * ```ts
   * const quota = new TokenBucket({ rate: 1, per: 60_000 });
   * await quota.take();
   * await quota.take(1, { timeout: 10 }).catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
   * ```
   */
  take(n = 1, options?: WaitOptions): Promise<void> {
    return this[BUCKET].line.take(n, options);
  }

  /**
   * Takes tokens without waiting: false where there are not enough, or somebody waits already.
   *
   * @param n - an integer from 1 to `burst`
   * @throws RangeError where it is none
   *
   * @example
   * ```ts
   * const quota = new TokenBucket({ rate: 2, per: 60_000 });
   * quota.tryTake(2); // true
   * quota.tryTake(); // false
   * ```
   */
  tryTake(n = 1): boolean {
    return this[BUCKET].line.tryTake(n);
  }

  /** @internal */
  [INSPECT](): string {
    return this[BUCKET].line.describe();
  }
}
