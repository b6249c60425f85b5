// js-csp: `yield alts` in a process.
import csp from 'js-csp';
import { turn } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'js-csp',
  kind: 'peer',
  package: 'js-csp',
  note: 'tasks are generators that `yield` its operations',
  select(items, channels) {
    const all = Array.from({ length: channels }, () => csp.chan(1));
    const process = csp.go(function* () {
      let count = 0;
      let sum = 0;
      for (let item = 1; item <= items; item++) {
        csp.offer(all[turn(item, channels)], item);
        const { value } = yield csp.alts(all);
        if (value === csp.CLOSED) break;
        count++;
        sum += value;
      }
      return { count, sum };
    });
    return new Promise((resolve) => csp.takeAsync(process, resolve));
  },
};
