// A great many waits, half of them sends and half receives, each with a signal of its own, are aborted in reverse order:
// each abort must cost the same, however many wait. Timed from the first abort to the last rejection. Both sides abort
// as many waits a slice: in one go, or in many.
// @ts-check

const WAITS = 50_000;
const FEW = 1_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: '50,000 waits aborted in reverse order ÷ 1,000, per abort', unit: '×', atMost: 2 },
  pair: ({ shipped }) => ({ measured: () => aborted(shipped, WAITS), compared: () => aborted(shipped, FEW) }),
};

/**
 * @param {typeof import('../../src/index.js')} build
 * @param {number} waits
 */
async function aborted({ Channel }, waits) {
  let spent = 0;
  for (let round = 0; round < WAITS / waits; round++) {
    /** @type {import('../../src/index.js').Channel<number>} */
    const full = new Channel(0);
    /** @type {import('../../src/index.js').Channel<number>} */
    const empty = new Channel(0);
    let rejected = 0;
    const count = () => void rejected++;
    /** @type {AbortController[]} */
    const controllers = [];
    /** @type {Promise<unknown> | undefined} */
    let first;
    for (let i = 0; i < waits; i++) {
      const controller = new AbortController();
      const { signal } = controller;
      controllers.push(controller);
      const wait = i % 2 === 0 ? full.send(i, { signal }) : empty.receive({ signal });
      const counted = wait.catch(count);
      first ??= counted; // aborted last
    }
    const started = performance.now();
    for (let i = waits - 1; i >= 0; i--) controllers[i].abort('no longer wanted');
    await first;
    spent += performance.now() - started;
    if (rejected !== waits) throw new Error(`${rejected} of ${waits} waits rejected`);
  }
  return (spent * 1e6) / WAITS;
}
