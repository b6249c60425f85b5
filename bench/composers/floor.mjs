// The floor: one task that only awaits, once an item; for the concurrent work, loops that share a counter.
// @ts-check
import { AT_ONCE, counting, integers, integersAtOnce, macrotask, READERS, tallied, together } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'floor: only awaits',
  kind: 'floor',
  async select(items) {
    let sum = 0;
    for (let item = 1; item <= items; item++) {
      await undefined;
      sum += item;
    }
    return { count: items, sum };
  },
  async map(items) {
    return raised(await tallied(integers(items)), 1);
  },
  async concurrent(items) {
    let item = 0;
    const tally = { count: 0, sum: 0 };
    const loop = async () => {
      while (item < items) {
        const result = await macrotask(++item);
        tally.count++;
        tally.sum += result;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, loop));
    return tally;
  },
  async five(items) {
    return raised(await tallied(integers(items)), 5);
  },
  async batch(items) {
    const { tally, one } = counting();
    for (const item of integersAtOnce(items)) await one(item);
    return tally;
  },
  async broadcast(items) {
    const tally = await tallied(integers(items));
    return together(Array.from({ length: READERS }, () => tally));
  },
};

/**
 * @param {import('../types.d.ts').Tally} tally
 * @param {number} by
 */
function raised({ count, sum }, by) {
  return { count, sum: sum + count * by };
}
