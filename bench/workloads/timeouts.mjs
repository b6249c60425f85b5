// Receives that wait, each with a timeout of its own that does not run out, against receives that wait without.
// @ts-check

const ROUNDS = 100;
const AT_ONCE = 100;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'waits with a timeout of their own ÷ without', unit: '×', atMost: 3 },
  pair: ({ shipped }) => ({ measured: () => waits(shipped, true), compared: () => waits(shipped, false) }),
};

/**
 * @param {typeof import('../../src/index.js')} build
 * @param {boolean} timed
 */
async function waits({ Channel }, timed) {
  /** @type {import('../../src/index.js').Channel<number>} */
  const channel = new Channel(64);
  let item = 0;
  let sum = 0;
  const started = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const waiting = [];
    for (let i = 0; i < AT_ONCE; i++) waiting.push(timed ? channel.receive({ timeout: 60_000 }) : channel.receive());
    for (let i = 0; i < AT_ONCE; i++) channel.trySend(++item);
    for (const wait of waiting) sum += (await wait) ?? 0;
  }
  const ns = ((performance.now() - started) * 1e6) / item;
  if (sum !== (item * (item + 1)) / 2) throw new Error(`the sum of ${item} items is ${sum}`);
  return ns;
}
