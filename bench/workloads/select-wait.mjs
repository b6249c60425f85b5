// A select over two channels that waits and is woken by a send, against two plain receives that wait and are woken.
// @ts-check

const ROUNDS = 5_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'a select over two channels that waits ÷ two receives that wait', unit: '×', atMost: 2 },
  pair: ({ shipped }) => ({ measured: () => selects(shipped), compared: () => receives(shipped) }),
};

/** @param {import('../types.d.ts').Builds['shipped']} build */
async function selects({ Channel, receiving, select }) {
  /** @type {import('../../src/index.js').Channel<number>} */
  const left = new Channel(1);
  /** @type {import('../../src/index.js').Channel<number>} */
  const right = new Channel(1);
  const cases = { left: receiving(left), right: receiving(right) };
  let sum = 0;
  const started = performance.now();
  for (let round = 1; round <= ROUNDS; round++) {
    const waiting = select(cases);
    (round % 2 === 0 ? left : right).trySend(round);
    const picked = await waiting;
    sum += picked.value ?? 0;
  }
  return checked(started, sum, ROUNDS);
}

/** @param {import('../types.d.ts').Builds['shipped']} build */
async function receives({ Channel }) {
  /** @type {import('../../src/index.js').Channel<number>} */
  const left = new Channel(1);
  /** @type {import('../../src/index.js').Channel<number>} */
  const right = new Channel(1);
  let sum = 0;
  const started = performance.now();
  for (let item = 1; item < 2 * ROUNDS; item += 2) {
    const one = left.receive();
    const other = right.receive();
    left.trySend(item);
    right.trySend(item + 1);
    sum += ((await one) ?? 0) + ((await other) ?? 0);
  }
  return checked(started, sum, 2 * ROUNDS);
}

/**
 * Nanoseconds a round.
 *
 * @param {number} started
 * @param {number} sum
 * @param {number} items
 */
function checked(started, sum, items) {
  const ns = ((performance.now() - started) * 1e6) / ROUNDS;
  if (sum !== (items * (items + 1)) / 2) throw new Error(`the sum of ${items} items is ${sum}`);
  return ns;
}
