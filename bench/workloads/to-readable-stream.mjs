// Reading a Web stream over a channel that is full, against reading a native stream that has no buffer and whose `pull`
// counts. The channel is filled before the clock runs.
// @ts-check
import { timed } from '../bridged.mjs';

const ITEMS = 5_000;

async function readAll(/** @type {import('node:stream/web').ReadableStream<number>} */ stream) {
  const reader = stream.getReader();
  let count = 0;
  let sum = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return { count, sum };
    count++;
    sum += value;
  }
}

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'toReadableStream, read ÷ a native stream without a buffer', unit: '×', atMost: 1.1 },
  pair: ({ shipped }) => ({
    measured() {
      /** @type {import('../../src/index.js').Channel<number>} */
      const channel = new shipped.Channel(ITEMS);
      for (let item = 1; item <= ITEMS; item++) channel.trySend(item);
      channel.close();
      return timed(ITEMS, () => readAll(/** @type {any} */ (shipped.toReadableStream(channel))));
    },
    compared() {
      let item = 0;
      /** @type {{ pull(controller: ReadableStreamDefaultController<number>): void }} */
      const counting = {
        pull(controller) {
          if (item < ITEMS) controller.enqueue(++item);
          else controller.close();
        },
      };
      return timed(ITEMS, () => readAll(new ReadableStream(counting, { highWaterMark: 0 })));
    },
  }),
};
