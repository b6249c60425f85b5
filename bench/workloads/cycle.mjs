// Two tasks that pass items round a ring of two full channels, with one item more than there is room for: every send has
// to wait for the other task. Waking senders in bursts must not cost much more here than waking each at once.
// @ts-check

const CAPACITY = 64;
const TRANSFERS = 4_000;
const ITEMS = 2 * CAPACITY + 1;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'a saturated cycle of two channels of 64, deferred waking on ÷ off', unit: '×', atMost: 1.5 },
  pair: ({ shipped, eager }) => ({ measured: () => cycle(shipped), compared: () => cycle(eager) }),
};

/** @param {typeof import('../../src/index.js')} build */
async function cycle({ Channel }) {
  /** @type {import('../../src/index.js').Channel<number>} */
  const left = new Channel(CAPACITY);
  /** @type {import('../../src/index.js').Channel<number>} */
  const right = new Channel(CAPACITY);
  for (let item = 0; item < CAPACITY; item++) {
    left.trySend(item);
    right.trySend(CAPACITY + item);
  }
  /** @type {number[]} */
  const rest = [];
  const there = async () => {
    let transfers = 0;
    await right.send(ITEMS - 1);
    for await (const item of left) {
      await right.send(item);
      if (++transfers === TRANSFERS) break;
    }
  };
  const back = async () => {
    let transfers = 0;
    for await (const item of right) {
      if (transfers++ === TRANSFERS) {
        rest.push(item);
        break;
      }
      await left.send(item);
    }
  };
  const started = performance.now();
  await Promise.all([there(), back()]);
  const ns = ((performance.now() - started) * 1e6) / (2 * TRANSFERS);
  rest.push(...left.drain(), ...right.drain());
  const sum = rest.reduce((total, item) => total + item, 0);
  if (rest.length !== ITEMS || sum !== (ITEMS * (ITEMS - 1)) / 2)
    throw new Error(`${rest.length} of ${ITEMS} items are left, their sum is ${sum}`);
  return ns;
}
