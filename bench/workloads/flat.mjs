// What a flow of 16 calls at once keeps in memory as it runs: the heap that is used after a collection at its 1,000,000th
// item, less that at its 100,000th. What a flow held for every item it has seen would be seen here: eight bytes an item are
// seven megabytes.
// @ts-check
import { AT_ONCE, integers, macrotask } from '../steps.mjs';

const EARLY = 100_000;
const LATE = 1_000_000;

/** @type {import('../types.d.ts').FigureWorkload} */
export default {
  mark: {
    title: 'map(fn, { concurrency: 16 }): growth of the heap from item 100,000 to 1,000,000',
    unit: 'bytes',
    atMost: 200_000,
  },
  flags: ['--expose-gc'],
  async figure({ shipped }) {
    let count = 0;
    let sum = 0;
    let early = 0;
    let late = 0;
    for await (const item of shipped.flow(integers(LATE + AT_ONCE)).map(macrotask, { concurrency: AT_ONCE })) {
      count++;
      sum += item;
      if (count === EARLY) early = used();
      if (count === LATE) late = used();
    }
    if (count !== LATE + AT_ONCE || sum !== (count * (count + 1)) / 2 + count)
      throw new Error(`${count} of ${LATE + AT_ONCE} items, their sum is ${sum}`);
    return Math.max(0, late - early);
  },
};

function used() {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
