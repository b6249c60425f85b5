// The budget of operations that complete at once.
//
// A task that only ever finds its channel ready goes from microtask to microtask and starves timers and I/O. So the whole
// module shares one budget; the operation that spends it settles in the next macrotask. The model is tokio's cooperative
// budget. With 10 µs of work an item a timer still gets through within 15 ms.
//
// Operations are counted, since a read of the clock for each would nearly double what it costs. Where they are quick, one
// slice of time is many times 1,024 of them: each turn of the loop is system calls and cold caches. One a millisecond costs
// 5 % of the whole loop more than one every 4 ms, one every 1,024 of the quickest operations another 10 %; counting 3 %. A
// timer may be late by a slice, or by the 1,024 operations where these take longer.

import { host } from './host.js';

const BUDGET = 1024;
/** Milliseconds for which the loop need not run again: a quarter of a picture at 60 a second. */
const SLICE = 4;

// The engine's clock, taken at module load: a fake one may stand still.
const { performance } = host;
const clock: () => number = performance?.now === undefined ? Date.now : performance.now.bind(performance);

let left = BUDGET;
let turned = Number.NEGATIVE_INFINITY;

/** Counts one operation that completes at once; true for the one that must let the event loop run. */
export function spendsBudget(): boolean {
  return SLUICE_POLITE && --left <= 0 && isOver();
}

function isOver(): boolean {
  left = BUDGET;
  const now = clock();
  // A clock that was set back says nothing.
  if (now >= turned && now - turned < SLICE) return false;
  turned = now;
  return true;
}
