// sluice, as its own documentation tells to use it.
// @ts-check
import { builds } from '../plan.mjs';
import {
  AT_ONCE,
  BATCH,
  counting,
  integers,
  integersAtOnce,
  macrotask,
  plusOne,
  READERS,
  tallied,
  together,
  turn,
} from '../steps.mjs';

const {
  shipped: { Channel, flow, receiving, select },
} = await builds();

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'sluice',
  kind: 'sluice',
  async select(items, channels) {
    /** @type {import('../../src/index.js').Channel<number>[]} */
    const all = Array.from({ length: channels }, () => new Channel(1));
    const cases = Object.fromEntries(all.map((channel, index) => [`case${index}`, receiving(channel)]));
    let count = 0;
    let sum = 0;
    for (let item = 1; item <= items; item++) {
      all[turn(item, channels)].trySend(item);
      const picked = await select(cases);
      if (picked.done) break;
      count++;
      sum += picked.value;
    }
    return { count, sum };
  },
  map: (items) => tallied(flow(integers(items)).map(plusOne)),
  concurrent: (items) => tallied(flow(integers(items)).map(macrotask, { concurrency: AT_ONCE })),
  five: (items) => tallied(flow(integers(items)).map(plusOne).map(plusOne).map(plusOne).map(plusOne).map(plusOne)),
  async batch(items) {
    const { tally, many } = counting();
    await flow(integersAtOnce(items)).batch(BATCH).forEach(many);
    return tally;
  },
  broadcast: async (items) => together(await Promise.all(flow(integers(items)).broadcast(READERS).map(tallied))),
};
