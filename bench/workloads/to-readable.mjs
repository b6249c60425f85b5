// A channel as a Node stream in `for await`, against a Readable written by hand over the same channel: `receive` in `_read`,
// and a buffer of 16 items, which is the platform's habit.
// @ts-check
import { Readable } from 'node:stream';
import { carry } from '../carry.mjs';
import { sluiceOf } from '../peers/sluice.mjs';
import { tallied } from '../steps.mjs';
import tried from './tried.mjs';

const ITEMS = 10_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'toReadable in for await ÷ a Readable by hand', unit: '×', atMost: 1.1 },
  pair({ shipped }) {
    const plain = sluiceOf(shipped);
    const read = (
      /** @type {(channel: import('../../src/index.js').Channel<number>) => AsyncIterable<number>} */ as,
    ) => {
      const contestant = { ...plain, consume: (/** @type {any} */ channel) => tallied(as(channel)) };
      return () => carry(contestant, tried.load, ITEMS);
    };
    return {
      measured: read((channel) => shipped.toReadable(channel)),
      compared: read(
        (channel) =>
          new Readable({
            objectMode: true,
            highWaterMark: 16,
            read() {
              channel.receive().then(
                (item) => this.push(item ?? null),
                (error) => this.destroy(error),
              );
            },
          }),
      ),
    };
  },
};
