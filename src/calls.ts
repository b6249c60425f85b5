// The seam for bridges: a receiver that takes an item only in the moment in which it can hand it on.
//
// A waiting `receive` is handed its item inside the call of a sender and learns of it later; by then the stream that it
// was meant for may be gone, and the item with it. A call waits in the same line. At its turn, when an item is there, a
// microtask is scheduled; in that it is asked whether it still wants one, takes it, and hands it on, all in one stretch.
//
// Guarantees: it is served in its turn, neither overtaken nor holding up those behind it for longer than that microtask, or
// a macrotask where politeness puts it off; it consumes nothing once it has left or wants nothing; none of its code runs
// inside the call of a sender.
//
// Invariant: a call that is `called` is at the head of the receivers or has left (or stands behind a select that waits on
// both sides of this channel and cannot meet itself); its microtask is scheduled, by the settler: behind what politeness
// has put off it is, too.

import type { Core } from './channel.js';
import { payAll } from './payroll.js';
import { Waiter } from './waiters.js';

/** The other side of a bridge. None of its methods may throw; `wants` must leave the channel alone. */
export interface Taker<T> {
  /** Whether an item could be handed on now. */
  wants(): boolean;
  /** Hands it on. The call is over: for the next item there is the next call. */
  take(item: T): void;
  /** Nothing more comes; `reason` as given to `close` or `cancel`. */
  end(reason: unknown): void;
}

/** The method of a channel by which a bridge waits for one item, whichever copy of the package either is from. */
export const ITEM: unique symbol = Symbol.for('sluice.item') as never;

const NOW: Promise<void> = Promise.resolve();

/** What waits in place of a shape. */
export class Call<T> {
  readonly committed = false;
  readonly refusesEnd = false;
  called = false;

  constructor(readonly taker: Taker<T>) {}

  end(): undefined {
    return undefined;
  }
}

/** Waits in line for one item, or the end; gives what takes the wait back. */
export function callFor<T>(core: Core<T>, taker: Taker<T>): () => void {
  let left = false;
  const end = (reason: unknown): void => {
    void NOW.then(() => {
      if (!left) taker.end(reason);
    });
  };
  if (core.ended) {
    end(core.reason);
    return () => {
      left = true;
    };
  }
  payAll();
  const waiter = new Waiter(core, new Call(taker), undefined, { resolve: end, reject: end });
  const now = core.canTake();
  core.receivers.push(waiter);
  if (now) callNow(core, waiter);
  return () => {
    left = true;
    if (waiter.list === undefined) return;
    waiter.leave();
    core.goOn();
  };
}

/** It is its turn, and an item is there. */
export function callNow<T>(core: Core<T>, waiter: Waiter): void {
  const call = waiter.value as Call<T>;
  if (call.called) return;
  call.called = true;
  core.settler.soon(() => {
    call.called = false;
    // It has left; or what was there is gone again, a sender that gave up: then it waits on.
    if (waiter.list === undefined || !core.hasItem()) return;
    waiter.leave();
    const { taker } = call;
    if (taker.wants()) {
      const item = core.take();
      core.goOn();
      taker.take(item);
    } else {
      core.goOn();
    }
  });
}
