// Gate: open or paused, for all who pass.
//
// Invariant: while it is open nobody waits. So those who waited at a `resume` have left the line before it returns, and a
// `pause` right after cannot hold them.

import { wrong } from '../arguments.js';
import type { WaitOptions } from '../contract.js';
import { INSPECT } from '../inspect.js';
import { Line, type Supply } from './line.js';

const BAR: unique symbol = Symbol('sluice.bar');

/** Lets all pass while it is up. */
class Bar implements Supply {
  readonly kind = 'Gate';
  readonly line: Line = new Line(this);

  constructor(public paused: boolean) {}

  state(): string {
    return this.paused ? 'paused' : 'open';
  }

  asks(): string {
    return 'opened';
  }

  give(): boolean {
    return !this.paused;
  }

  resume(): void {
    this.paused = false;
    this.line.serve();
  }
}

/**
 * A gate that is open or paused: tasks that pass it wait while it is paused. For a pause from outside: a maintenance
 * window, a user's button, a breaker that has opened.
 *
 * @example
 * ```ts
 * import { Gate } from 'sluice/control';
 *
 * const gate = new Gate();
 * const done: number[] = [];
 * const work = async () => {
 *   for (let item = 1; item <= 3; item++) {
 *     await gate.opened();
 *     done.push(item);
 *     if (item === 2) gate.pause();
 *   }
 * };
 * const working = work();
 * await new Promise((resolve) => setTimeout(resolve, 1));
 * console.log(done); // [ 1, 2 ]
 * gate.resume();
 * await working;
 * done; // [1, 2, 3]
 * ```
 */
export class Gate {
  /** @internal */
  readonly [BAR]: Bar;

  /**
   * @param options - `paused`: whether it begins so; open by default
   * @throws TypeError for an option of the wrong kind
   *
   * @example
   * ```ts
   * new Gate().paused; // false
   * new Gate({ paused: true }).paused; // true
   * ```
   */
  constructor(options: { readonly paused?: boolean | undefined } = {}) {
    if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
    const { paused = false } = options;
    if (typeof paused !== 'boolean') throw wrong('options.paused', 'a boolean', paused);
    this[BAR] = new Bar(paused);
  }

  /**
   * Whether whoever comes now must wait.
   *
   * @example
   * ```ts
   * const gate = new Gate();
   * gate.pause();
   * gate.paused; // true
   * ```
   */
  get paused(): boolean {
    return this[BAR].paused;
  }

  /**
   * Whoever comes from now on waits.
   *
   * @example
   * ```ts
   * const gate = new Gate();
   * gate.pause();
   * await gate.opened({ timeout: 0 }).catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
   * ```
   */
  pause(): void {
    this[BAR].paused = true;
  }

  /**
   * Opens it: all who wait go, in the order in which they came, also where `pause` is called right after.
   *
   * @example
   * ```ts
   * const gate = new Gate({ paused: true });
   * const passing = gate.opened();
   * gate.resume();
   * gate.pause();
   * await passing;
   * gate.paused; // true
   * ```
   */
  resume(): void {
    this[BAR].resume();
  }

  /**
   * Fulfils at once while the gate is open, else at the next `resume`.
   *
   * @returns rejects with `TimeoutError` after `timeout` milliseconds, with the signal's own reason when that aborts
   *
   * @example
   * ```ts
   * const gate = new Gate();
   * await gate.opened();
   * ```
   */
  opened(options?: WaitOptions): Promise<void> {
    return this[BAR].line.take(1, options);
  }

  /** @internal */
  [INSPECT](): string {
    return this[BAR].line.describe();
  }
}
