// When the promises of a channel's accepted operations settle. One settler a channel.
//
// Guarantees: promises of sends settle in the order in which the sends were accepted, promises of receives in the order
// of their items; each at once or, at the latest, in the next macrotask. The channel's state has changed before any of
// this: nothing here decides what happens to an item, only when somebody is told.
//
// Three things put a settlement off:
// - late: the operation that spent the politeness budget, and every later one of this channel, until the next macrotask;
// - owed: blocked senders that were accepted are woken together, so that a producer runs in bursts and not once an item;
// - ahead: one receiver in a row of hand-offs is told a microtask later, which lets a producer in lockstep get one item
//   ahead; from then on neither side has to wait.
//
// Invariants: `late` undefined, or scheduled; owed senders linked through `next`, in no list, their settler in `owing`
// and a macrotask scheduled; at most one receiver `ahead`, and no receive settles while there is one.

import { nextMacrotask } from './macrotask.js';
import { spendsBudget } from './politeness.js';
import type { Waiter, Wrap } from './waiters.js';

/** What an accepted send fulfils with: one promise for all of them. */
const ACCEPTED: Promise<void> = Promise.resolve();

/** Hand-offs in a row before the producer is helped to get ahead. */
const STREAK = 8;

type Settle = (outcome: unknown) => void;

/** Settles the promises of one channel. */
export class Settler {
  /** Settlements put off by politeness: a function, its argument, and so on. */
  private late: unknown[] | undefined = undefined;
  private firstOwed: Waiter | undefined = undefined;
  private lastOwed: Waiter | undefined = undefined;
  /** Places taken since the first sender was owed. */
  private taken = 0;
  private ahead: Waiter | undefined = undefined;
  private aheadItem: unknown = undefined;
  private streak = 0;
  /** So many places taken wake the owed; 0 where waking is never deferred. */
  private readonly half: number;
  /** Whether this settler is in `owing`. */
  enlisted = false;

  constructor(capacity: number) {
    this.half = SLUICE_BURSTS && capacity > 1 ? Math.floor(capacity / 2) : 0;
  }

  /** A send was accepted at once. */
  accepted(): Promise<void> {
    this.payOwed();
    if (this.late === undefined && !spendsBudget()) return ACCEPTED;
    return this.later(undefined) as Promise<void>;
  }

  /** Whether a receive that completes at once may settle now; if not, it must go through `later`. */
  mayReceiveNow(): boolean {
    this.releaseAhead();
    this.streak = 0;
    return this.late === undefined && !spendsBudget();
  }

  /** A promise that fulfils with `result` behind everything put off. */
  later(result: unknown): Promise<unknown> {
    return new Promise((resolve) => this.holdBack().push(resolve, result));
  }

  /** An operation that fails at once: it spends the budget too, or a loop that retries would starve the rest. */
  refused(error: unknown): Promise<never> {
    if (this.late === undefined && !spendsBudget()) return Promise.reject(error);
    return new Promise((_, reject) => this.holdBack().push(reject, error));
  }

  /** A synchronous call wakes somebody: it cannot be put off itself, so whoever it wakes is, once the budget is spent. */
  wakesSynchronously(): void {
    if (this.late === undefined && spendsBudget()) this.holdBack();
  }

  /** A waiting receive was handed an item; `sole`: nobody waits behind it. */
  handed(waiter: Waiter, item: unknown, sole: boolean): void {
    this.releaseAhead();
    if (sole && this.half > 0 && ++this.streak > STREAK && this.late === undefined) {
      this.streak = 0;
      this.ahead = waiter;
      this.aheadItem = item;
      ACCEPTED.then(() => this.releaseAhead());
    } else {
      this.settle(waiter.resolve, (waiter.value as Wrap).one(item));
    }
  }

  /** A blocked sender was accepted: it is told at once, or with others. */
  owe(waiter: Waiter): void {
    if (this.half === 0) {
      this.settle(waiter.resolve, undefined);
      return;
    }
    if (this.lastOwed === undefined) {
      this.firstOwed = waiter;
      this.taken = 0;
      enlist(this);
    } else {
      this.lastOwed.next = waiter;
    }
    this.lastOwed = waiter;
  }

  /** A place was taken from the buffer. */
  tookPlace(): void {
    if (this.firstOwed !== undefined && ++this.taken >= this.half) this.payOwed();
  }

  /** Tells all owed senders. */
  payOwed(): void {
    let waiter = this.firstOwed;
    if (waiter === undefined) return;
    this.firstOwed = this.lastOwed = undefined;
    while (waiter !== undefined) {
      const { next }: Waiter = waiter;
      waiter.next = undefined;
      this.settle(waiter.resolve, undefined);
      waiter = next;
    }
  }

  /** Tells everybody who was put off: the channel ends. */
  flush(): void {
    this.releaseAhead();
    this.payOwed();
    this.settleLate();
  }

  private settle(settle: Settle, outcome: unknown): void {
    if (this.late === undefined) settle(outcome);
    else this.late.push(settle, outcome);
  }

  private releaseAhead(): void {
    const { ahead, aheadItem } = this;
    if (ahead === undefined) return;
    this.ahead = this.aheadItem = undefined;
    this.settle(ahead.resolve, (ahead.value as Wrap).one(aheadItem));
  }

  private holdBack(): unknown[] {
    if (this.late === undefined) {
      this.late = [];
      nextMacrotask(() => this.settleLate());
    }
    return this.late;
  }

  private settleLate(): void {
    const { late } = this;
    if (late === undefined) return;
    this.late = undefined;
    for (let i = 0; i < late.length; i += 2) (late[i] as Settle)(late[i + 1]);
  }
}

// Settlers that owe. A fixed array with a counter, emptied in place: replacing it at each turn costs 15 to 20 % in a
// cycle of two full channels.
const owing: (Settler | undefined)[] = [];
let owingCount = 0;
let payday = false;

function enlist(settler: Settler): void {
  if (settler.enlisted) return;
  settler.enlisted = true;
  owing[owingCount++] = settler;
  if (payday) return;
  payday = true;
  nextMacrotask(() => {
    payday = false;
    payAll();
  });
}

/**
 * Every operation of the module that is about to wait calls this first: nobody goes to sleep while somebody could be
 * woken. Without it a saturated cycle of two channels waits a whole macrotask for each half of a buffer.
 */
export function payAll(): void {
  for (let i = 0; i < owingCount; i++) {
    const settler = owing[i] as Settler;
    owing[i] = undefined;
    settler.enlisted = false;
    settler.payOwed();
  }
  owingCount = 0;
}
