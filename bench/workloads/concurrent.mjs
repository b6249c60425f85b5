// One step, up to 16 calls at once: a function whose result comes one macrotask later.
// @ts-check

/** @type {import('../types.d.ts').CompositionWorkload} */
export default {
  title: 'map(fn, 16 at once), fn of one macrotask',
  work: 'concurrent',
  againstPeers: {
    title: 'map(fn, { concurrency: 16 }), fn of one macrotask: faster than the fastest peer',
    unit: '×',
    atLeast: 1.2,
  },
};
