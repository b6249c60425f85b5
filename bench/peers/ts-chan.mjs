// ts-chan as it comes: every waiting operation lets the event loop run, unless another did meanwhile.
import { Chan } from 'ts-chan';

/**
 * @param {boolean} unsafe - leave that out, as the package's own option does
 * @returns {import('../types.d.ts').Contestant<Chan<number>>}
 */
export function tsChan(unsafe) {
  return {
    title: unsafe ? 'ts-chan, unsafe' : 'ts-chan',
    kind: 'peer',
    package: 'ts-chan',
    note: unsafe ? 'with `setUnsafe(true)`: never lets the event loop run' : undefined,
    open: ({ capacity }) => new Chan(capacity).setUnsafe(unsafe),
    async produce(chan, first, count) {
      for (let i = 0; i < count; i++) await chan.send(first + i);
    },
    async produceTrying(chan, first, count) {
      for (let i = 0; i < count; i++) if (!chan.trySend(first + i)) await chan.send(first + i);
    },
    async consume(chan) {
      let count = 0;
      let sum = 0;
      for await (const item of chan) {
        count++;
        sum += item;
      }
      return { count, sum };
    },
    async consumeBatches(chan) {
      let count = 0;
      let sum = 0;
      for (;;) {
        let result = await chan.recv();
        for (let taken = 1; result !== undefined; taken++) {
          if (result.done) return { count, sum };
          count++;
          sum += result.value;
          result = taken < 256 ? chan.tryRecv() : undefined;
        }
      }
    },
    close: (chan) => chan.close(),
  };
}

export default tsChan(false);
