// Async generators, as one writes them by hand.
// @ts-check
import { AT_ONCE, BATCH, counting, integers, integersAtOnce, macrotask, plusOne, tallied } from '../steps.mjs';

/**
 * @param {AsyncIterable<number>} source
 * @param {(item: number) => number | Promise<number>} fn
 */
async function* map(source, fn) {
  for await (const item of source) yield await fn(item);
}

/**
 * In order, so many calls at once.
 *
 * @param {AsyncIterable<number>} source
 * @param {(item: number) => Promise<number>} fn
 * @param {number} concurrency
 */
async function* concurrently(source, fn, concurrency) {
  /** @type {Promise<number>[]} */
  const running = [];
  for await (const item of source) {
    running.push(fn(item));
    if (running.length === concurrency) yield/** @type {Promise<number>} */ (running.shift());
  }
  yield* running;
}

/**
 * @param {Iterable<number>} source
 * @param {number} size
 */
async function* batches(source, size) {
  /** @type {number[]} */
  let batch = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'async generators',
  kind: 'textbook',
  map: (items) => tallied(map(integers(items), plusOne)),
  concurrent: (items) => tallied(concurrently(integers(items), macrotask, AT_ONCE)),
  five(items) {
    let chain = integers(items);
    for (let step = 0; step < 5; step++) chain = map(chain, plusOne);
    return tallied(chain);
  },
  async batch(items) {
    const { tally, many } = counting();
    for await (const batch of batches(integersAtOnce(items), BATCH)) await many(batch);
    return tally;
  },
};
