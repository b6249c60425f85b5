// A great many receives wait on one AbortSignal, and it aborts: each must cost the same, however many share it. Timed
// from the first receive to the last rejection. Both sides make as many waits a slice: on one signal, or on many. The
// young generation is large enough for all of them; otherwise it is mostly the collector's copying that is timed.
// @ts-check

const WAITS = 100_000;
const FEW = 1_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: {
    title: '100,000 receives that share a signal ÷ 1,000, per wait; young generation 256 MB',
    unit: '×',
    atMost: 2,
  },
  flags: ['--min-semi-space-size=256', '--max-semi-space-size=256'],
  pair: ({ shipped }) => ({ measured: () => shared(shipped, WAITS), compared: () => shared(shipped, FEW) }),
};

/**
 * @param {typeof import('../../src/index.js')} build
 * @param {number} waits
 */
async function shared({ Channel }, waits) {
  const started = performance.now();
  for (let round = 0; round < WAITS / waits; round++) {
    /** @type {import('../../src/index.js').Channel<number>} */
    const channel = new Channel(64);
    const controller = new AbortController();
    const { signal } = controller;
    let rejected = 0;
    const count = () => void rejected++;
    for (let i = 1; i < waits; i++) channel.receive({ signal }).catch(count);
    const last = channel.receive({ signal }).catch(count);
    controller.abort('no longer wanted');
    await last;
    if (rejected !== waits) throw new Error(`${rejected} of ${waits} waits rejected`);
  }
  return ((performance.now() - started) * 1e6) / WAITS;
}
