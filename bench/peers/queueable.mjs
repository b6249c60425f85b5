// queueable's Channel: without a limit it is unbounded (with one it drops the oldest), but the promise of a push settles
// when its item is pulled, so that a producer that awaits it is held back.
import { Channel } from 'queueable';

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'queueable',
  kind: 'peer',
  package: 'queueable',
  note: 'an awaited `push` waits until its item is pulled',
  apart: ({ capacity }) => (capacity > 0 ? 'has no capacity at which a push waits' : undefined),
  open: () => new Channel(),
  async produce(channel, first, count) {
    for (let i = 0; i < count; i++) await channel.push(first + i);
  },
  async consume(channel) {
    let count = 0;
    let sum = 0;
    for await (const item of channel) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  // A pushed end would reach one consumer only. Nothing is buffered any more: every push was awaited.
  close: (channel) => channel.close(),
};
