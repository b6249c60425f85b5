// @thi.ng/csp: `select` of several channels, to receive.
import { channel, select } from '@thi.ng/csp';
import { turn } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: '@thi.ng/csp',
  kind: 'peer',
  package: '@thi.ng/csp',
  async select(items, channels) {
    const all = Array.from({ length: channels }, () => channel(1));
    let count = 0;
    let sum = 0;
    for (let item = 1; item <= items; item++) {
      all[turn(item, channels)].offer(item);
      const [value] = await select(...all);
      if (value === undefined) break;
      count++;
      sum += value;
    }
    return { count, sum };
  },
};
