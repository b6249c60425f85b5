// What weighing costs: the same load on a channel whose items weigh one each, and on one that does not weigh.
// @ts-check
import { carry } from '../carry.mjs';
import { sluiceOf } from '../peers/sluice.mjs';
import tried from './tried.mjs';

const ITEMS = 40_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'weigh ÷ without, trySend || await send, capacity 1,024', unit: '×', atMost: 1.15 },
  pair({ shipped }) {
    const weighed = sluiceOf(shipped, { weigh: () => 1 });
    const plain = sluiceOf(shipped);
    return { measured: () => carry(weighed, tried.load, ITEMS), compared: () => carry(plain, tried.load, ITEMS) };
  },
};
