// Work that goes through a bridge, timed and checked: the items are the integers from 1.
// @ts-check
import { summed } from './steps.mjs';

/**
 * Resolves with nanoseconds an item; rejects where count or sum is not right.
 *
 * @param {number} items
 * @param {() => Promise<import('./types.d.ts').Tally>} work
 */
export async function timed(items, work) {
  const started = performance.now();
  const { count, sum } = await work();
  const ns = ((performance.now() - started) * 1e6) / items;
  if (count !== items || sum !== (items * (items + 1)) / 2)
    throw new Error(`${count} of ${items} items, their sum is ${sum}`);
  return ns;
}

/**
 * Reads batches to the end.
 *
 * @param {AsyncIterable<readonly number[]>} batches
 * @returns {Promise<import('./types.d.ts').Tally>}
 */
export async function talliedBatches(batches) {
  let count = 0;
  let sum = 0;
  for await (const batch of batches) {
    count += batch.length;
    sum += summed(batch).sum;
  }
  return { count, sum };
}
