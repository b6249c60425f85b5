// Permits: a place that is held before there is an item for it.
//
// Invariants: a permit is held until it is used, released, or revoked by a cancel, and counts as reserved exactly as long.
// A place that is given back goes to whoever waits for one.

import type { Core } from './channel.js';
import type { Permit } from './contract.js';
import { closedError } from './errors.js';
import { dispose } from './host.js';
import { describe } from './inspect.js';

/** A permit for one place of a channel, which has counted it as reserved. */
export class Reservation<T> implements Permit<T> {
  #state: 'held' | 'used' | 'released' = 'held';

  constructor(private readonly core: Core<T>) {}

  send(item: T): void {
    const { core } = this;
    this.#check(item);
    const stowed = core.packing === undefined ? item : core.packing.pack(item);
    this.#check(item); // the user's `key` has run
    this.#state = 'used';
    try {
      core.sendReserved(stowed);
    } catch (error) {
      this.#state = 'held'; // the user's `coalesce` threw: nothing was sent
      throw error;
    }
  }

  release(): void {
    if (this.#state !== 'held') return;
    this.#state = 'released';
    this.core.releaseReserved();
  }

  [dispose](): void {
    this.release();
  }

  #check(item: T): void {
    const { core } = this;
    if (this.#state !== 'held') {
      throw new TypeError(`a permit of ${describe(core)} was already ${this.#state}: reserve one for each item`);
    }
    if (core.cancelled) throw closedError(core, item);
  }
}
