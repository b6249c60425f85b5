// ts-chan's Select as it comes: every `wait` lets the event loop run, unless another operation did meanwhile.
import { Chan, recv, Select } from 'ts-chan';
import { turn } from '../steps.mjs';

/**
 * @param {boolean} unsafe - leave that out, as the package's own option does
 * @returns {import('../types.d.ts').Composer}
 */
export function tsChan(unsafe) {
  return {
    title: unsafe ? 'ts-chan, unsafe' : 'ts-chan',
    kind: 'peer',
    package: 'ts-chan',
    note: unsafe ? 'with `setUnsafe(true)`: never lets the event loop run' : undefined,
    async select(items, channels) {
      const all = Array.from({ length: channels }, () => new Chan(1).setUnsafe(unsafe));
      const select = new Select(all.map((chan) => recv(chan))).setUnsafe(unsafe);
      let count = 0;
      let sum = 0;
      for (let item = 1; item <= items; item++) {
        all[turn(item, channels)].trySend(item);
        const index = await select.wait();
        const { done, value } = select.recv(select.cases[index]);
        if (done) break;
        count++;
        sum += value;
      }
      return { count, sum };
    },
  };
}

export default tsChan(false);
