// @thi.ng/csp: the promise of a write settles when its item is read, so that every awaited write is a rendezvous. `offer`
// does not wait where there is room.
import { channel } from '@thi.ng/csp';

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: '@thi.ng/csp',
  kind: 'peer',
  package: '@thi.ng/csp',
  note: 'an awaited `write` waits until its item is read, whatever the capacity',
  open: ({ capacity }) => channel(Math.max(1, capacity)),
  async produce(chan, first, count) {
    for (let i = 0; i < count; i++) await chan.write(first + i);
  },
  async produceTrying(chan, first, count) {
    for (let i = 0; i < count; i++) if (!chan.offer(first + i)) await chan.write(first + i);
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
      let item = await chan.read();
      if (item === undefined) return { count, sum };
      for (let taken = 1; item !== undefined; taken++) {
        count++;
        sum += item;
        item = taken < 256 ? chan.poll() : undefined;
      }
    }
  },
  close: (chan) => chan.close(),
};
