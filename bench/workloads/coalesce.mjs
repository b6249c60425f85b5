// Sends of 100,000 keys in turn into one channel, against sends of 1,000 keys into each of 100 channels: four sends a key,
// of which three are merged. Each must cost the same, however many keys are buffered. Timed are the sends. The young
// generation is large enough for all items; otherwise it is mostly the collector's copying that is timed.
// @ts-check

const KEYS = 100_000;
const FEW = 1_000;
const SENDS_A_KEY = 4;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'coalesce with 100,000 keys ÷ 1,000, per send; young generation 256 MB', unit: '×', atMost: 2 },
  flags: ['--min-semi-space-size=256', '--max-semi-space-size=256'],
  pair: ({ shipped }) => ({ measured: () => coalesced(shipped, KEYS), compared: () => coalesced(shipped, FEW) }),
};

/**
 * @param {import('../types.d.ts').Builds['shipped']} build
 * @param {number} keys
 */
async function coalesced({ Channel }, keys) {
  let spent = 0;
  for (let round = 0; round < KEYS / keys; round++) {
    /** @type {import('../../src/index.js').Channel<number>} */
    const channel = new Channel(keys, {
      overflow: { key: (item) => item % keys, coalesce: (queued, incoming) => queued + incoming },
    });
    const sends = keys * SENDS_A_KEY;
    const started = performance.now();
    for (let item = 1; item <= sends; item++) await channel.send(item);
    spent += performance.now() - started;
    const items = channel.drain();
    const sum = items.reduce((total, item) => total + item, 0);
    if (items.length !== keys) throw new Error(`${items.length} items of ${keys} keys`);
    if (sum !== (sends * (sends + 1)) / 2) throw new Error(`the sum of ${sends} items is ${sum}`);
  }
  return (spent * 1e6) / (KEYS * SENDS_A_KEY);
}
