// The floor: two tasks that only await. Nothing passes between them; no channel that awaits once an item on either side
// can be faster.
// @ts-check

/** @type {import('../types.d.ts').Contestant<{ left: number, item: number }>} */
export default {
  title: 'floor: two tasks that only await',
  kind: 'floor',
  cannot: ({ receiving }) => (receiving === 'batches' ? 'as above' : undefined),
  open: (_load, items) => ({ left: items, item: 0 }),
  async produce(_handle, _first, count) {
    for (let i = 0; i < count; i++) await undefined;
  },
  async produceTrying(_handle, _first, count) {
    for (let i = 0; i < count; i++) await undefined;
  },
  async consume(handle) {
    let count = 0;
    let sum = 0;
    for await (const item of ready(handle)) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  close() {},
};

/**
 * Always has a result ready.
 *
 * @param {{ left: number, item: number }} handle
 * @returns {AsyncIterable<number>}
 */
function ready(handle) {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        Promise.resolve(handle.left-- > 0 ? { value: ++handle.item, done: false } : { value: undefined, done: true }),
    }),
  };
}
