// A great many senders are blocked, then a consumer in `for await` drains them all: each must cost the same, however many.
// Timed from the first item to the last. Both sides carry as many items a slice: in one go, or in many. The young
// generation is large enough for all of them; otherwise it is mostly the collector's copying that is timed.
// @ts-check

const ITEMS = 100_000;
const FEW = 1_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: '100,000 blocked senders drained ÷ 1,000, per item; young generation 256 MB', unit: '×', atMost: 2 },
  flags: ['--min-semi-space-size=256', '--max-semi-space-size=256'],
  pair: ({ shipped }) => ({ measured: () => drained(shipped, ITEMS), compared: () => drained(shipped, FEW) }),
};

/**
 * @param {typeof import('../../src/index.js')} build
 * @param {number} blocked
 */
async function drained({ Channel }, blocked) {
  let spent = 0;
  for (let round = 0; round < ITEMS / blocked; round++) {
    /** @type {import('../../src/index.js').Channel<number>} */
    const channel = new Channel(64, { maxWaiters: ITEMS });
    for (let item = 1; item < blocked; item++) void channel.send(item);
    const last = channel.send(blocked);
    channel.close();
    let sum = 0;
    const started = performance.now();
    for await (const item of channel) sum += item;
    await last;
    spent += performance.now() - started;
    if (sum !== (blocked * (blocked + 1)) / 2) throw new Error(`the sum of ${blocked} items is ${sum}`);
  }
  return (spent * 1e6) / ITEMS;
}
