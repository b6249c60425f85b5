// A select whose cases are written at the call, as in most programs, against one whose cases were made before the loop.
// @ts-check

const ITEMS = 5_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'select over two channels, cases made at the call ÷ made once', unit: '×', atMost: 2 },
  pair: ({ shipped }) => ({ measured: () => selects(shipped, true), compared: () => selects(shipped, false) }),
};

/**
 * @param {import('../types.d.ts').Builds['shipped']} build
 * @param {boolean} anew
 */
async function selects({ Channel, receiving, select }, anew) {
  /** @type {import('../../src/index.js').Channel<number>} */
  const left = new Channel(1);
  /** @type {import('../../src/index.js').Channel<number>} */
  const right = new Channel(1);
  const cases = { left: receiving(left), right: receiving(right) };
  let sum = 0;
  const started = performance.now();
  for (let item = 1; item <= ITEMS; item++) {
    (item % 2 === 0 ? left : right).trySend(item);
    const picked = await select(anew ? { left: receiving(left), right: receiving(right) } : cases);
    sum += picked.value ?? 0;
  }
  const ns = ((performance.now() - started) * 1e6) / ITEMS;
  if (sum !== (ITEMS * (ITEMS + 1)) / 2) throw new Error(`the sum of ${ITEMS} items is ${sum}`);
  return ns;
}
