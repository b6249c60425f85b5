// What it costs to let the event loop run now and then: the build that ships against one that never does.
// @ts-check
import { carry } from '../carry.mjs';
import { sluiceOf } from '../peers/sluice.mjs';
import awaited from './awaited.mjs';

const ITEMS = 40_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'politeness on ÷ off, await send, capacity 1,024', unit: '×', atMost: 1.05 },
  pair({ shipped, impolite }) {
    const polite = sluiceOf(shipped);
    const rude = sluiceOf(impolite);
    return { measured: () => carry(polite, awaited.load, ITEMS), compared: () => carry(rude, awaited.load, ITEMS) };
  },
};
