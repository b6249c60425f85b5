// The limits of one wait: a signal, a timeout, or both.
//
// Invariants: at most one of abort and timeout is told, once, and none after `release`; released, it holds no timer and no
// place at its signal. The timer is this library's own and referenced: a process that awaits only a timeout lives until
// then. `setTimeout` is looked up at the call, so that fake timers reach it.

import type { Limits } from './arguments.js';
import { host } from './host.js';
import { offAbort, onAbort, type Abortable } from './signals.js';

/** What waits, as far as its limits are concerned. Neither method may throw. */
export interface GivesUp {
  /** The limits ended the wait: `reason` is the signal's, or what `expired` gave. */
  giveUp(reason: unknown): void;
  /** The error of a wait that took `timeout` milliseconds. */
  expired(timeout: number): unknown;
}

/** The longest delay that timers take; more than that would fire at once. */
export const LONGEST = 2 ** 31 - 1;

/** Watches the limits of one wait until it is released. */
export class Guard implements Abortable {
  #timer: unknown = undefined;

  constructor(
    private readonly waiting: GivesUp,
    private readonly limits: Limits,
  ) {}

  /**
   * Begins to watch. A signal that has aborted meanwhile, by a function of the user's that the call ran, ends the wait; one
   * that cannot be listened to ends it with what it throws.
   */
  start(): void {
    const { signal, timeout } = this.limits;
    if (timeout !== Number.POSITIVE_INFINITY) this.#arm(timeout);
    try {
      if (signal?.aborted) this.#tell(signal.reason);
      else if (signal !== undefined) onAbort(signal, this);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** The wait is over: nothing is told any more. */
  release(): void {
    const { signal } = this.limits;
    if (signal !== undefined) offAbort(signal, this);
    if (this.#timer !== undefined) host.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  aborted(reason: unknown): void {
    this.#tell(reason);
  }

  expire(): void {
    if (this.#timer !== undefined) this.#tell(this.waiting.expired(this.limits.timeout));
  }

  #tell(reason: unknown): void {
    this.release();
    this.waiting.giveUp(reason);
  }

  #arm(ms: number): void {
    this.#timer =
      ms > LONGEST ? host.setTimeout(() => this.#arm(ms - LONGEST), LONGEST) : host.setTimeout(expire, ms, this);
  }
}

/** One function for all timers: a closure for each costs more. */
function expire(guard: Guard): void {
  guard.expire();
}
