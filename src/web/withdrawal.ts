// The limits of a wait whose end must be asked for: an abort or a timeout does not decide, but says that the wait shall be
// withdrawn. Whoever deals with the foreign side does that, now or once it is known that nothing was taken.
//
// To the line in which the call waits it is a signal; it aborts when the withdrawal is granted. Served, the call lets go of
// it, and it lets go of the user's signal and the timer.

import type { Limits } from '../arguments.js';
import type { AbortSignalLike } from '../contract.js';
import { type GivesUp, Guard } from '../guard.js';

/** One call's. */
export class Withdrawal implements AbortSignalLike, GivesUp {
  aborted = false;
  reason: unknown = undefined;
  #listener: (() => void) | undefined = undefined;
  readonly #guard: Guard;

  constructor(
    limits: Limits,
    private readonly asked: (withdrawal: Withdrawal) => void,
    readonly expired: (timeout: number) => unknown,
  ) {
    this.#guard = new Guard(this, limits);
  }

  /** The call waits in line: begins to watch. */
  watch(): void {
    this.#guard.start();
  }

  giveUp(reason: unknown): void {
    this.reason = reason;
    this.asked(this);
  }

  /** The call leaves its line, without effect; nothing once it was served. */
  grant(): void {
    this.aborted = true;
    this.#listener?.();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
    this.#guard.release();
  }
}
