// Waiting operations: mostly one promise each, in a list that any of them may leave in O(1).
//
// Invariants: a waiter is in at most one list, and `list` names it. Once it has left its list it is decided (served,
// refused, aborted or timed out) and is never decided again; then its limits are let go. So of an item and an abort
// exactly one wins.

import { FOREVER, type Limits } from './arguments.js';
import { type GivesUp, Guard } from './guard.js';
import { beginsToWait, hasWaited, observers, type WaitNote } from './observers.js';

/** Whose operation waits. */
export interface Owner {
  /** The error of a wait that timed out; the waiter is still in its list. */
  expired(waiter: Waiter, timeout: number): unknown;
  /** A waiter has given up: what it stood in the way of can happen now. */
  goOn(): void;
}

/** Who keeps account of waits it has started: an iterator, a select. */
export interface Tracker {
  /** One of them has left its list. */
  decided(waiter: Waiter): void;
}

/** Where a decision goes that is not for a promise of the waiter's own. */
export interface Outcome {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
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
  readonly promise: Promise<unknown> | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** The list it waits in; undefined once it is decided. */
  list: WaiterList | undefined = undefined;
  /** Next in its list; once decided, the next whom the settler owes. */
  next: Waiter | undefined = undefined;
  previous: Waiter | undefined = undefined;
  /** Orders those who wait in different lists for the same thing. */
  turn = 0;
  /** What those who watch have noted of it. */
  note: WaitNote | undefined = undefined;
  #guard: Guard | undefined = undefined;

  /** `value` is what a waiting send would buffer, the shape of a waiting receive, a call; nothing of a waiting reserve. */
  constructor(
    readonly owner: Owner,
    readonly value: unknown,
    readonly tracker?: Tracker,
    outcome?: Outcome,
  ) {
    if (outcome === undefined) {
      this.promise = new Promise(catchFunctions);
      this.resolve = resolveCaught as typeof this.resolve;
      this.reject = rejectCaught as typeof this.reject;
      // Else they would keep this promise alive, and what it fulfils with, until there is another.
      resolveCaught = rejectCaught = undefined;
    } else {
      this.promise = undefined;
      this.resolve = outcome.resolve;
      this.reject = outcome.reject;
    }
  }

  /** Watches the limits of the wait. */
  watch(limits: Limits): void {
    if (limits === FOREVER) return;
    this.#guard = new Guard(this, limits);
    this.#guard.start();
  }

  /** Leaves the list and is decided: nobody else can decide it any more. */
  unlink(): void {
    this.list?.remove(this);
    this.tracker?.decided(this);
  }

  /** Decided: lets go of its limits. A user's signal may run code here, so whatever it can see must be consistent. */
  release(): void {
    this.#guard?.release();
  }

  leave(): void {
    this.unlink();
    this.release();
  }

  giveUp(reason: unknown): void {
    if (this.list === undefined) return; // the limits let go, a user's signal ran code, and that decided it
    this.leave();
    this.reject(reason);
    this.owner.goOn();
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
    if (observers !== undefined) beginsToWait(waiter);
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
    if (observers !== undefined && waiter.note !== undefined) hasWaited(waiter, this);
  }
}
