// it-pushable: unbounded; a producer looks at `readableLength` and awaits `onEmpty()` to be held back. With `pushableV` the
// consumer gets all that is there at once.
import { pushable, pushableV } from 'it-pushable';

const produce = async ({ source, capacity }, first, count) => {
  for (let i = 0; i < count; i++) {
    source.push(first + i);
    if (source.readableLength >= capacity) await source.onEmpty();
  }
};

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'it-pushable',
  kind: 'peer',
  package: 'it-pushable',
  note: 'producers await `onEmpty()` once their capacity is there, and `pushableV` gives all there is',
  apart: () => 'unbounded; its producers hold themselves back',
  open: ({ capacity, receiving }) => ({
    source: (receiving === 'batches' ? pushableV : pushable)({ objectMode: true }),
    capacity: Math.max(1, capacity),
  }),
  produce,
  produceTrying: produce,
  async consume({ source }) {
    let count = 0;
    let sum = 0;
    for await (const item of source) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  async consumeBatches({ source }) {
    let count = 0;
    let sum = 0;
    for await (const batch of source) {
      for (const item of batch) {
        count++;
        sum += item;
      }
    }
    return { count, sum };
  },
  close: ({ source }) => void source.end(),
};
