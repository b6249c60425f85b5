// Who watches all channels of the module: diagnostics, metrics. Nearly always nobody.
//
// Guarantees: while nobody watches, a slow path pays one look at a variable, a fast path nothing. `opened`, `closed`,
// `dropped` and `pressed` are told as the user's callbacks are: in order, when the channel is consistent. `waits` and
// `waited` are told in the middle of an operation: an observer notes them, and runs nothing foreign. What is to be told of
// a wait that has ended it adds to the channel's callbacks: every way out of a wait ends with telling these.

import type { Core } from './channel.js';
import type { DropReason } from './contract.js';
import { clock } from './host.js';
import type { Waiter, WaiterList } from './waiters.js';

/** Who watches. Each method may be left out; none may throw. */
export interface Observer {
  /** A channel was made. */
  opened?(core: Core<unknown>): void;
  /** It takes no more items: it was closed, or cancelled. */
  closed?(core: Core<unknown>): void;
  /** An item was dropped. */
  dropped?(core: Core<unknown>, item: unknown, why: DropReason): void;
  /** A channel that has watermarks has reached one. */
  pressed?(core: Core<unknown>, level: 'high' | 'low'): void;
  /** Something begins to wait, in its `list`: nothing to tell, since it may go on waiting for ever. */
  waits?(waiter: Waiter): void;
  /** It waits no more, in that list: it was served, refused, aborted, or has timed out. Told only where it has a note. */
  waited?(waiter: Waiter, list: WaiterList): void;
}

/** What is noted of a wait: with it, so that it is found without a search, and gone with it. */
export interface WaitNote {
  /** When it began. */
  readonly at: number;
  /** From where in the code, if somebody asked for that. */
  trace: Error | undefined;
  /** Those who measure it. */
  measuredBy: unknown[] | undefined;
}

/** The note of a wait that begins, or has begun. */
export function noted(waiter: Waiter): WaitNote {
  waiter.note ??= { at: clock(), trace: undefined, measuredBy: undefined };
  return waiter.note;
}

/** All of them; undefined while there is none. */
export let observers: readonly Observer[] | undefined;

/** Watches until what it gives is called. */
export function watch(observer: Observer): () => void {
  observers = [...(observers ?? []), observer];
  return () => {
    const others = (observers ?? []).filter((other) => other !== observer);
    observers = others.length > 0 ? others : undefined;
  };
}

/** Tells of the beginning of a wait: somebody watches. */
export function beginsToWait(waiter: Waiter): void {
  for (const observer of observers ?? []) observer.waits?.(waiter);
}

/** Tells of the end of one that was noted. */
export function hasWaited(waiter: Waiter, list: WaiterList): void {
  for (const observer of observers ?? []) observer.waited?.(waiter, list);
}
