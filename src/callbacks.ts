// The user's callbacks of one channel: `onDrop`, `onPressure`.
//
// Guarantee: each is told in the order of what happened; before the call that caused it returns, unless that call was made
// inside a callback of this channel: then after that one returns, so that they never nest. One that throws stops nothing;
// its error is reported as uncaught.

import { host } from './host.js';
import { macrotask } from './macrotask.js';

/** What has happened and was not yet told. */
export class Callbacks {
  #queue: (() => void)[] = [];
  #telling = false;

  /** Whether there is something to tell. */
  get due(): boolean {
    return this.#queue.length > 0;
  }

  /** Notes a call; the channel need not be consistent yet. */
  add(call: () => void): void {
    this.#queue.push(call);
  }

  /** Makes the calls that were noted. The channel is consistent. */
  tell(): void {
    if (this.#telling || this.#queue.length === 0) return;
    this.#telling = true;
    while (this.#queue.length > 0) {
      const noted = this.#queue;
      this.#queue = [];
      for (const call of noted) {
        try {
          call();
        } catch (error) {
          reportUncaught(error);
        }
      }
    }
    this.#telling = false;
  }
}

/** As the platform reports an exception that nobody caught. */
function reportUncaught(thrown: unknown): void {
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
