// When the promises of a channel's accepted operations settle. One settler a channel.
//
// Guarantees: promises of sends settle in the order in which the sends were accepted, promises of receives in the order
// of their items; each at once or, at the latest, in the next macrotask. The channel's state has changed before any of
// this: nothing here decides what happens to an item, only when somebody is told.
//
// Three things put a settlement off:
// - late: the operation that spent the politeness budget, and whatever this channel settles after it, until the next
//   macrotask (a wait that gives up is told at once);
// - owed: blocked senders that were accepted are woken together, so that a producer runs in bursts and not once an item;
// - ahead: after a row of hand-offs the receivers handed to next are told a microtask later, which lets producers in
//   lockstep get an item ahead of them; from then on no receiver has to wait.
//
// Invariants: `#late` is undefined, or a macrotask will empty it. Senders that are owed are in no list, linked through
// `next`, and their settler is on the payroll. While `#ahead` holds receivers, no other receive of an item settles;
// `tryReceive`, `drain` and `trySelect` answer in the call itself, and so may answer before a receiver that is ahead.

import { nextMacrotask } from './macrotask.js';
import { enlist } from './payroll.js';
import { spendsBudget } from './politeness.js';
import type { Shape } from './shapes.js';
import type { Waiter } from './waiters.js';

/** What an accepted send fulfils with: one promise for all of them. */
const ACCEPTED: Promise<void> = Promise.resolve();

/** Hand-offs in a row before producers are helped to get ahead. */
const STREAK = 8;

/** Cheaper by 3 % of the whole loop than `Promise.resolve`, where the result is an object; and never throws. */
async function ready<R>(result: R): Promise<Awaited<R>> {
  return result as Awaited<R>;
}

type Settle = (outcome: never) => void;

/** Settles the promises of one channel. */
export class Settler {
  /** Settlements put off by politeness: a function, its argument, and so on. */
  #late: unknown[] | undefined = undefined;
  #firstOwed: Waiter | undefined = undefined;
  #lastOwed: Waiter | undefined = undefined;
  /** Places taken since the first sender was owed. */
  #taken = 0;
  /** Receivers put off by a microtask: a waiter, its item, and so on. */
  #ahead: unknown[] | undefined = undefined;
  #streak = 0;
  /** So many places taken wake the owed; 0 where nothing is deferred. */
  readonly #half: number;
  /** Whether it is on the payroll, which alone sets it. */
  enlisted = false;

  constructor(private readonly capacity: number) {
    this.#half = SLUICE_BURSTS && capacity > 1 ? Math.floor(capacity / 2) : 0;
  }

  /** A send was accepted at once. */
  accepted(): Promise<void> {
    return this.#late === undefined && !spendsBudget() ? ACCEPTED : this.#later(undefined);
  }

  /** A receive completed at once. */
  completed<R>(result: R): Promise<Awaited<R>> {
    if (this.#ahead !== undefined) this.#releaseAhead();
    this.#streak = 0;
    return this.fulfilled(result);
  }

  /** Another operation completed at once. */
  fulfilled<R>(result: R): Promise<Awaited<R>> {
    return this.#late === undefined && !spendsBudget() ? ready(result) : this.#later(result);
  }

  /** An operation failed at once: it spends the budget too, or a loop that retries would starve the rest. */
  refused(error: unknown): Promise<never> {
    return this.#late === undefined && !spendsBudget() ? Promise.reject(error) : this.#later(error, true);
  }

  /** A call of several steps, which may all complete at once, spends the budget as a whole too. */
  polite<R>(promise: Promise<R>): Promise<R> {
    if (this.#late === undefined && !spendsBudget()) return promise;
    promise.catch(() => {}); // whoever gets the later promise handles it
    return this.#later(promise);
  }

  /** A call takes its item in a microtask of its own, behind all that settles before, and spends the budget as a receive. */
  soon(take: () => void): void {
    const next = (): void => void ACCEPTED.then(take);
    this.#releaseAhead();
    if (this.#late === undefined && !spendsBudget()) next();
    else this.#holdBack().push(next, undefined);
  }

  /** A synchronous call is about to wake somebody: since it cannot be put off, whoever it wakes is. */
  aboutToWake(): void {
    if (this.#late === undefined && spendsBudget()) this.#holdBack();
  }

  /** A waiting receive was handed an item. */
  handed(waiter: Waiter, item: unknown): void {
    if (this.#ahead !== undefined) {
      this.#ahead.push(waiter, item);
    } else if (++this.#streak > STREAK && this.capacity > 0 && this.#late === undefined) {
      this.#streak = 0;
      this.#ahead = [waiter, item];
      void ACCEPTED.then(() => this.#releaseAhead());
    } else {
      this.#tell(waiter, item);
    }
  }

  /** A blocked sender was accepted: it is told at once, or with others. */
  owe(waiter: Waiter): void {
    if (this.#half === 0) return this.settle(waiter.resolve, undefined);
    if (waiter.tracker !== undefined) {
      // A case of a select: whoever may do something else instead is not kept waiting.
      this.payOwed();
      return this.settle(waiter.resolve, undefined);
    }
    if (this.#lastOwed === undefined) {
      this.#firstOwed = waiter;
      this.#taken = 0;
      if (!this.enlisted) enlist(this);
    } else {
      this.#lastOwed.next = waiter;
    }
    this.#lastOwed = waiter;
  }

  /** Places were taken: one for an item, or as many as it weighs. */
  tookPlaces(count: number): void {
    if (this.#firstOwed !== undefined && (this.#taken += count) >= this.#half) this.payOwed();
  }

  /** Tells all owed senders. */
  payOwed(): void {
    let waiter = this.#firstOwed;
    if (waiter === undefined) return;
    this.#firstOwed = this.#lastOwed = undefined;
    while (waiter !== undefined) {
      const { next }: Waiter = waiter;
      waiter.next = undefined;
      this.settle(waiter.resolve, undefined);
      waiter = next;
    }
  }

  /** Tells the receiver that is ahead and the senders that are owed; what politeness put off stays put off. */
  flush(): void {
    this.#releaseAhead();
    this.payOwed();
  }

  #tell(receiver: Waiter, item: unknown): void {
    this.settle(receiver.resolve, (receiver.value as Shape<unknown, unknown>).one(item));
  }

  /** Settles now, or behind everything put off. */
  settle(tell: Settle, outcome: unknown): void {
    if (this.#late === undefined) tell(outcome as never);
    else this.#late.push(tell, outcome);
  }

  #releaseAhead(): void {
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    this.#ahead = undefined;
    for (let i = 0; i < ahead.length; i += 2) this.#tell(ahead[i] as Waiter, ahead[i + 1]);
  }

  /** A promise that settles behind everything put off. */
  #later<R>(outcome: unknown, rejects = false): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#holdBack().push(rejects ? reject : resolve, outcome);
    });
  }

  #holdBack(): unknown[] {
    if (this.#late === undefined) {
      this.#late = [];
      nextMacrotask(() => this.#settleLate());
    }
    return this.#late;
  }

  #settleLate(): void {
    const late = this.#late as unknown[];
    // Whatever is settled meanwhile, by foreign code that an item's `then` runs, comes behind: `late` may grow.
    for (let i = 0; i < late.length; i += 2) (late[i] as Settle)(late[i + 1] as never);
    this.#late = undefined;
    // The pause put both sides back in lockstep; the row that led out of it need not be gone through again (2 %).
    this.#streak = STREAK;
  }
}
