// The user's callbacks of one channel: `onDrop`, `onPressure`.
//
// Guarantee: each is told in the order of what happened; before the call that caused it returns, unless that call was made
// inside a callback of this channel: then after that one returns, so that they never nest. One that throws stops nothing;
// its error is reported as uncaught. Before any of them, inside one too, other channels of the library are put right, so
// that a callback finds all of them consistent.

import { host } from './host.js';
import { macrotask } from './macrotask.js';

/** What has happened and was not yet told. */
export class Callbacks {
  #queue: (() => void)[] = [];
  #telling = false;
  readonly #elsewhere: (() => void)[] = [];
  /** Whether something may be left to tell: read at the end of every operation of a channel, so no more than a field. */
  due = false;

  /** Notes what has become possible in another channel, and can be done there once this one is consistent. */
  addElsewhere(follows: () => void): void {
    this.due = true;
    this.#elsewhere.push(follows);
  }

  /** Does what was noted of other channels, which know no order among them. This one is consistent. */
  tellElsewhere(): void {
    for (let follows = this.#elsewhere.pop(); follows !== undefined; follows = this.#elsewhere.pop()) follows();
  }

  /** Notes a call; the channel need not be consistent yet. */
  add(call: () => void): void {
    this.due = true;
    this.#queue.push(call);
  }

  /** Makes the calls that were noted. The channel is consistent. */
  tell(): void {
    this.tellElsewhere();
    if (this.#telling) return;
    this.#telling = true;
    while (this.#queue.length > 0) {
      const noted = this.#queue;
      this.#queue = [];
      this.due = false; // whatever is noted from here on sets it again
      for (const call of noted) {
        try {
          call();
        } catch (error) {
          reportUncaught(error);
        }
      }
    }
    this.#telling = false;
    this.due = false;
  }
}

/** As the platform reports an exception that nobody caught. */
export function reportUncaught(thrown: unknown): void {
  let error = thrown;
  try {
    if (typeof host.reportError === 'function') return host.reportError(error);
  } catch (failure) {
    error = failure;
  }
  macrotask(() => {
    throw error;
  });
}
