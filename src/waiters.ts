// Waiting operations: one promise each, in a list that any of them may leave in O(1).
//
// Invariants: a waiter is in at most one list, and `list` names it. Out of every list it has been decided (served,
// refused, aborted or timed out) and is never decided again; its guard is released the moment it leaves. So of an item
// and an abort exactly one wins.

import { FOREVER, type Limits } from './arguments.js';
import { type GivesUp, Guard } from './guard.js';

/** Whose operation waits. */
export interface Owner {
  /** The error of a wait that timed out; the waiter is still in its list. */
  expired(waiter: Waiter, timeout: number): unknown;
  /** A waiter has given up: what it stood in the way of can happen now. */
  gaveUp(): void;
}

/** Who keeps a list of its own of the waits it has started. */
export interface Tracker {
  /** The oldest of them is decided. */
  decided(): void;
}

// The functions of a new promise are caught without a closure for each: a blocked sender is a third smaller for it.
let resolveCaught: ((value: unknown) => void) | undefined;
let rejectCaught: ((reason: unknown) => void) | undefined;
const catchFunctions = (resolve: (value: unknown) => void, reject: (reason: unknown) => void): void => {
  resolveCaught = resolve;
  rejectCaught = reject;
};

/** One waiting operation. */
export class Waiter implements GivesUp {
  readonly promise: Promise<unknown> = new Promise(catchFunctions);
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** The list it waits in; undefined once it is decided. */
  list: WaiterList | undefined = undefined;
  next: Waiter | undefined = undefined;
  previous: Waiter | undefined = undefined;
  #guard: Guard | undefined = undefined;

  /** `value` is the item of a waiting send, the shape of a waiting receive. */
  constructor(
    private readonly owner: Owner,
    readonly value: unknown,
    private readonly tracker?: Tracker,
  ) {
    this.resolve = resolveCaught as typeof this.resolve;
    this.reject = rejectCaught as typeof this.reject;
    // Else they would keep this promise alive, and what it fulfils with, until there is another.
    resolveCaught = rejectCaught = undefined;
  }

  /** Watches the limits of the wait. */
  watch(limits: Limits): void {
    if (limits === FOREVER) return;
    this.#guard = new Guard(this, limits);
    this.#guard.start();
  }

  /** Leaves the list and is decided: nobody else can decide it any more. */
  leave(): void {
    this.list?.remove(this);
    this.#guard?.release();
    this.tracker?.decided();
  }

  giveUp(reason: unknown): void {
    this.leave();
    this.reject(reason);
    this.owner.gaveUp();
  }

  expired(timeout: number): unknown {
    return this.owner.expired(this, timeout);
  }
}

/** Waiters in order of arrival, linked through themselves. */
export class WaiterList {
  length = 0;
  first: Waiter | undefined = undefined;
  last: Waiter | undefined = undefined;

  /** Appends a waiter that is in no list. */
  push(waiter: Waiter): void {
    waiter.list = this;
    waiter.previous = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
    this.length++;
  }

  /** Takes the one that has waited longest; it is decided. */
  shift(): Waiter | undefined {
    const waiter = this.first;
    waiter?.leave();
    return waiter;
  }

  /** Unlinks a waiter of this list. */
  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    waiter.list = waiter.next = waiter.previous = undefined;
    this.length--;
  }
}
