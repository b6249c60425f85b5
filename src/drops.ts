// Tells `onDrop` of what was dropped.
//
// Guarantees: every dropped item is told once, in the order of the drops; before the call that dropped it returns, unless
// that call was made inside an `onDrop` of this channel: then after that one returns, so that calls never nest. A
// callback that throws stops nothing; its error is reported as uncaught.

import type { DropReason } from './contract.js';
import { host } from './host.js';
import { macrotask } from './macrotask.js';

/** What a channel has dropped and not yet told. */
export class Drops<T> {
  #queue: { readonly value: T; readonly why: DropReason }[] = [];
  #telling = false;

  constructor(private readonly onDrop: (value: T, why: DropReason) => void) {}

  /** Notes a drop; the channel need not be consistent yet. */
  add(value: T, why: DropReason): void {
    this.#queue.push({ value, why });
  }

  /** Tells what was noted. The channel is consistent. */
  tell(): void {
    if (this.#telling || this.#queue.length === 0) return;
    this.#telling = true;
    const { onDrop } = this;
    while (this.#queue.length > 0) {
      const noted = this.#queue;
      this.#queue = [];
      for (const { value, why } of noted) {
        try {
          onDrop(value, why);
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
