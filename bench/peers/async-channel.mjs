// async-channel: `push` waits for room, the channel iterates.
import { Channel } from 'async-channel';

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'async-channel',
  kind: 'peer',
  package: 'async-channel',
  open: ({ capacity }) => new Channel(capacity),
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
  close: (channel) => channel.close(),
};
