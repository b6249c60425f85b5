// What the items that were measured would have waited: each is gone through, by the time at which it came.
//
// Guarantee: exact for those times where every service takes the mean time, first come first served, with room for all.
// Then servers are free again in the order in which they began, and D. V. Lindley's recursion ("The theory of queues with
// a single server", Proc. Cambridge Phil. Soc. 48, 1952) holds for several of them too.

import type { Waits } from './queueing.js';

/** Goes through arrivals at those times, ascending. */
export function replay(times: readonly number[], service: number, servers: number): Waits {
  const starts: number[] = [];
  /** How many items found so many places needed, by that number. */
  const needing: number[] = [];
  let started = 0;
  let waited = 0;
  for (const [i, time] of times.entries()) {
    while (started < i && (starts[started] as number) <= time) started++;
    const start = Math.max(time, (starts[i - servers] ?? Number.NEGATIVE_INFINITY) + service);
    const needs = start > time ? i - started + 1 : 0;
    needing[needs] = (needing[needs] ?? 0) + 1;
    waited += start - time;
    starts.push(start);
  }
  const places = (chance: number): number => {
    let n = 0;
    for (let beyond = times.length - (needing[0] ?? 0); beyond > chance * times.length; ) beyond -= needing[++n] ?? 0;
    return n;
  };
  return { mean: waited / times.length, places };
}
