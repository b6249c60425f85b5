// The Web's TransformStream: wait until the writer is ready, then write. With capacity 0, wait for each write itself.
// @ts-check
import { CountQueuingStrategy, TransformStream } from 'node:stream/web';

/**
 * @typedef {object} Handle
 * @property {import('node:stream/web').ReadableStream<number>} readable
 * @property {import('node:stream/web').WritableStreamDefaultWriter<number>} writer
 * @property {boolean} rendezvous
 */

/** @type {import('../types.d.ts').Contestant<Handle>} */
export default {
  title: 'Web TransformStream',
  kind: 'platform',
  note: 'waits for `writer.ready`; at capacity 0 for `write` itself',
  cannot: ({ consumers }) => (consumers > 1 ? 'one reader only' : undefined),
  open({ capacity }) {
    const strategy = new CountQueuingStrategy({ highWaterMark: Math.max(1, capacity) });
    const { readable, writable } = new TransformStream({}, strategy, new CountQueuingStrategy({ highWaterMark: 0 }));
    return { readable, writer: writable.getWriter(), rendezvous: capacity === 0 };
  },
  async produce({ writer, rendezvous }, first, count) {
    for (let i = 0; i < count; i++) {
      if (rendezvous) {
        await writer.write(first + i);
      } else {
        await writer.ready;
        void writer.write(first + i);
      }
    }
  },
  async produceTrying({ writer }, first, count) {
    for (let i = 0; i < count; i++) {
      if (/** @type {number} */ (writer.desiredSize) <= 0) await writer.ready;
      void writer.write(first + i);
    }
  },
  async consume({ readable }) {
    let count = 0;
    let sum = 0;
    for await (const item of readable) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  close: ({ writer }) => writer.close(),
};
