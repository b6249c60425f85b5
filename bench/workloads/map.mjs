// One step, one item at a time: a function that returns at once, over an async iterable that always has an item ready.
// @ts-check

/** @type {import('../types.d.ts').CompositionWorkload} */
export default {
  title: 'map(fn)',
  work: 'map',
  againstPeers: {
    title: 'map(fn), one at a time: faster than the fastest peer that is an async iterator',
    unit: '×',
    atLeast: 1.5,
  },
};
