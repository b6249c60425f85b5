// The two ways in which a subscriber hands its items to a sender: each as a send that may wait, or each into a place that
// was reserved before the item was requested.
//
// Guarantee: whatever is not accepted is dropped, told, and the end of the whole.

import type { Core } from '../channel.js';
import type { AbortSignalLike, Permit, Sender } from '../contract.js';
import { host } from '../host.js';
import { Weighing } from '../weighing.js';

/** A way to hand items on. */
export interface Outlet<T> {
  /** How many items may be requested now, `free` of the window at the most; few only where nothing else would ever come. */
  claim(free: number, half: number): number;
  /** Hands on an item that was requested. */
  send(item: T): void;
  /** Nothing more is requested, or sent. */
  leave(): void;
}

/** Whose items they are. */
export interface Owner<T> {
  /** More may be requested. */
  refill(): void;
  /** Nothing can be sent any more. */
  fail(error: unknown): void;
  drop(item: T): void;
}

/** Each item is a send. */
export class Sends<T> implements Outlet<T> {
  #pending = 0;

  constructor(
    private readonly sender: Sender<T>,
    private readonly signal: AbortSignalLike | undefined,
    private readonly owner: Owner<T>,
  ) {}

  claim(free: number, half: number): number {
    const count = free - this.#pending;
    return count < half ? 0 : count;
  }

  send(item: T): void {
    this.#pending++;
    void this.#send(item);
  }

  async #send(item: T): Promise<void> {
    try {
      await this.sender.send(item, this.signal === undefined ? undefined : { signal: this.signal });
      this.#pending--;
    } catch (error) {
      this.#pending--;
      this.owner.drop(item);
      return this.owner.fail(error ?? new Error('a send failed, and did not say why'));
    }
    this.owner.refill();
  }

  /** What waits is sent: a close is graceful. */
  leave(): void {}
}

/** Whether places of a channel can be held. */
export function reserves<T>(core: Core<T>): boolean {
  return core.capacity > 0 && !(core.packing instanceof Weighing);
}

/**
 * Each item has its place already. Invariants: a permit is held for each item that was requested; at most one more
 * permit is waited for, and then there is no place.
 */
export class Places<T> implements Outlet<T> {
  readonly #permits: Permit<T>[] = [];
  /** Permits for which nothing was requested yet. */
  #spare = 0;
  #waiting = false;
  #left = false;
  readonly #leaving = new host.AbortController();

  constructor(
    private readonly core: Core<T>,
    private readonly owner: Owner<T>,
  ) {}

  claim(free: number, half: number): number {
    if (free < half && this.#spare === 0) return 0;
    let count = this.#spare;
    this.#spare = 0;
    for (; count < free; count++) {
      const permit = this.core.tryReserve();
      if (permit === undefined) break;
      this.#permits.push(permit);
    }
    if (free - count >= half) this.#wait();
    return count;
  }

  #wait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.core.reserve({ signal: this.#leaving.signal }).then(
      (permit) => {
        this.#waiting = false;
        if (this.#left) return permit.release();
        this.#permits.push(permit);
        this.#spare++;
        this.owner.refill();
      },
      (error: unknown) => {
        this.#waiting = false;
        // With an item still to come, it is asked again when that does.
        if (!this.#left && this.#permits.length === 0) this.owner.fail(error);
      },
    );
  }

  send(item: T): void {
    const permit = this.#permits.pop() as Permit<T>;
    try {
      permit.send(item);
    } catch (error) {
      permit.release(); // still held, where the user's `key` or `coalesce` threw
      this.owner.drop(item);
      return this.owner.fail(error);
    }
    this.owner.refill();
  }

  leave(): void {
    this.#left = true;
    this.#leaving.abort();
    for (const permit of this.#permits.splice(0)) permit.release();
  }
}
