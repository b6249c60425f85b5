// A publisher over a channel into a channel, both bounded by 256, read in batches of up to 256, against the floor.
// @ts-check
import { talliedBatches } from '../bridged.mjs';
import { carry } from '../carry.mjs';
import floor from '../peers/floor.mjs';
import { sluiceOf } from '../peers/sluice.mjs';
import awaited from './awaited.mjs';
import batched from './batched.mjs';

const ITEMS = 40_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'toPublisher into fromPublisher, 256, batches ÷ floor', unit: '×', atMost: 0.6 },
  pair({ shipped }) {
    const plain = sluiceOf(shipped);
    const contestant = {
      ...plain,
      consumeBatches: (/** @type {import('../../src/index.js').Channel<number>} */ channel) =>
        talliedBatches(shipped.fromPublisher(shipped.toPublisher(channel), 256).batches(256)),
    };
    return {
      measured: () => carry(contestant, { ...batched.load, capacity: 256 }, ITEMS),
      compared: () => carry(floor, awaited.load, ITEMS),
    };
  },
};
