// Node's PassThrough in object mode: `write`, and wait for `drain` where it says false. It buffers up to the high-water
// mark on each of its two sides.
// @ts-check
import { PassThrough } from 'node:stream';

/** @type {import('../types.d.ts').Contestant<PassThrough>['produce']} */
const produce = async (stream, first, count) => {
  for (let i = 0; i < count; i++) {
    if (!stream.write(first + i)) await new Promise((resolve) => stream.once('drain', resolve));
  }
};

/** @type {import('../types.d.ts').Contestant<PassThrough>} */
export default {
  title: 'Node PassThrough, object mode',
  kind: 'platform',
  note: 'waits for `drain` where `write` says false; buffers up to its capacity on each side',
  cannot: ({ capacity }) => (capacity === 0 ? 'no capacity 0' : undefined),
  open: ({ capacity }) => new PassThrough({ objectMode: true, highWaterMark: capacity }).setMaxListeners(20),
  produce,
  produceTrying: produce,
  async consume(stream) {
    let count = 0;
    let sum = 0;
    for await (const item of stream) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  close: (stream) => void stream.end(),
};
