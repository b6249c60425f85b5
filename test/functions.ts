// The functions that the channels under comparison are given, and their specification too: by what key items are merged and
// into what, how heavy an item is, where the watermarks are. Plain arithmetic, so that an order that is wrong gives a wrong
// number, and some of it throws.

import type { ChannelOptions } from 'sluice';

/** What a function of the user's throws. */
export const THROWN = new Error('thrown by a function of the user');

/** Three keys; an item in 11 has none. */
export function keyOf(item: number): number {
  if (item % 11 === 10) throw THROWN;
  return item % 3;
}

/** Depends on the order, and seldom on an item alone; the key of what it gives is another. One merge in 7 fails. */
export function merge(queued: number, incoming: number): number {
  if ((queued + incoming) % 7 === 6) throw THROWN;
  return ((queued * 31 + incoming) % 100_003) + 1;
}

/** From 1 to 3; an item in 11 is weightless, which is none. */
export function weightOf(item: number): number {
  return item % 11 === 10 ? 0 : 1 + (item % 3);
}

/** High at 7 of 8 and low at 2, and at either end of a capacity of 1. */
export const WATERMARKS = { high: 0.8, low: 0.3 };

/** How a channel takes what there is no room for, or whether it weighs: all that can be said in one word. */
export type Policy = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject' | 'coalesce' | 'weigh' | 'weigh, drop-oldest';

/** The options that a policy stands for. */
export function optionsOf(policy: Policy): ChannelOptions<number> {
  if (policy === 'coalesce') return { overflow: { key: keyOf, coalesce: merge } };
  if (policy === 'weigh') return { weigh: weightOf };
  if (policy === 'weigh, drop-oldest') return { weigh: weightOf, overflow: 'drop-oldest' };
  return { overflow: policy };
}
