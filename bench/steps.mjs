// What every contestant of the composition table is given: sources, and functions for their items. Items are the integers
// from 1.
// @ts-check

/** How many calls of `macrotask` may run at once. */
export const AT_ONCE = 16;
/** How many items a batch has. */
export const BATCH = 256;
/** How many readers a broadcast has. */
export const READERS = 3;

/**
 * Always has a result ready, and gives it as a promise.
 *
 * @param {number} items
 * @returns {AsyncIterable<number>}
 */
export function integers(items) {
  return {
    [Symbol.asyncIterator]() {
      let item = 0;
      return {
        next: () => Promise.resolve(item < items ? { value: ++item, done: false } : { value: undefined, done: true }),
      };
    },
  };
}

/**
 * The same without promises.
 *
 * @param {number} items
 * @returns {Iterable<number>}
 */
export function integersAtOnce(items) {
  return {
    [Symbol.iterator]() {
      let item = 0;
      return {
        next: () => (item < items ? { value: ++item, done: false } : { value: undefined, done: true }),
      };
    },
  };
}

export const plusOne = (/** @type {number} */ item) => item + 1;

/** The same, one macrotask later. */
export const macrotask = (/** @type {number} */ item) =>
  new Promise((/** @type {(next: number) => void} */ resolve) => setImmediate(resolve, item + 1));

/** A tally, and work for an item or for a batch of them: each call waits once. */
export function counting() {
  const tally = { count: 0, sum: 0 };
  return {
    tally,
    async one(/** @type {number} */ item) {
      tally.count++;
      tally.sum += item;
      await undefined;
    },
    async many(/** @type {readonly number[]} */ batch) {
      for (const item of batch) {
        tally.count++;
        tally.sum += item;
      }
      await undefined;
    },
  };
}

/**
 * Reads to the end.
 *
 * @param {AsyncIterable<number>} items
 * @returns {Promise<import('./types.d.ts').Tally>}
 */
export async function tallied(items) {
  let count = 0;
  let sum = 0;
  for await (const item of items) {
    count++;
    sum += item;
  }
  return { count, sum };
}

/** The same of results that are all there. */
export function summed(/** @type {readonly number[]} */ items) {
  let sum = 0;
  for (const item of items) sum += item;
  return { count: items.length, sum };
}

/**
 * What several readers saw.
 *
 * @param {readonly import('./types.d.ts').Tally[]} tallies
 */
export function together(tallies) {
  let count = 0;
  let sum = 0;
  for (const tally of tallies) {
    count += tally.count;
    sum += tally.sum;
  }
  return { count, sum };
}

/**
 * Which of so many channels an item goes to: each in its turn, no two neighbours after one another.
 *
 * @param {number} item
 * @param {number} channels - a power of two
 */
export const turn = (item, channels) => (item * 5) % channels;
