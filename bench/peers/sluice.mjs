// sluice, as its own documentation tells to use it.
// @ts-check
import { builds } from '../plan.mjs';

/**
 * The contestant of one build.
 *
 * @param {import('../types.d.ts').Builds['shipped']} build
 * @param {import('../../src/index.js').ChannelOptions<number>} [options]
 * @returns {import('../types.d.ts').Contestant<import('../../src/index.js').Channel<number>>}
 */
export function sluiceOf({ Channel }, options) {
  return {
    title: 'sluice',
    kind: 'sluice',
    open: ({ capacity }) => new Channel(capacity, options),
    async produce(channel, first, count) {
      for (let i = 0; i < count; i++) await channel.send(first + i);
    },
    async produceTrying(channel, first, count) {
      // The idiom, as the documentation has it.
      // oxlint-disable-next-line no-unused-expressions
      for (let i = 0; i < count; i++) channel.trySend(first + i) || (await channel.send(first + i));
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
    async consumeBatches(channel) {
      let count = 0;
      let sum = 0;
      for (;;) {
        const batch = await channel.receiveMany(256);
        if (batch.length === 0) return { count, sum };
        for (const item of batch) {
          count++;
          sum += item;
        }
      }
    },
    close: (channel) => channel.close(),
  };
}

export default sluiceOf((await builds()).shipped);
