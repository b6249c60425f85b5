// What watermarks cost: the same load on a channel that reports its pressure, and on one that does not. The channel goes
// from full to half full and back all the time, so both marks are crossed in every burst.
// @ts-check
import { carry } from '../carry.mjs';
import { sluiceOf } from '../peers/sluice.mjs';
import tried from './tried.mjs';

const ITEMS = 40_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'watermarks ÷ without, trySend || await send, capacity 1,024', unit: '×', atMost: 1.15 },
  pair({ shipped }) {
    let crossed = 0;
    const watched = sluiceOf(shipped, { watermarks: { high: 0.8, low: 0.5 }, onPressure: () => void crossed++ });
    const plain = sluiceOf(shipped);
    return {
      async measured() {
        crossed = 0;
        const ns = await carry(watched, tried.load, ITEMS);
        if (crossed === 0) throw new Error('no mark was crossed');
        return ns;
      },
      compared: () => carry(plain, tried.load, ITEMS),
    };
  },
};
