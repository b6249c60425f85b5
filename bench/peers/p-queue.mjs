// p-queue: a queue of functions, no channel: its jobs are the consumer, as many at once as there are consumers.
import PQueue from 'p-queue';

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'p-queue',
  kind: 'peer',
  package: 'p-queue',
  note: 'waits for `onSizeLessThan`, at capacity 0 for the job',
  apart: () => 'no channel: its jobs are the consumer',
  open({ capacity, consumers }) {
    const handle = {
      queue: new PQueue({ concurrency: consumers }),
      capacity,
      tally: { count: 0, sum: 0 },
      consumers: 0,
    };
    handle.ended = new Promise((end) => {
      handle.end = end;
    });
    return handle;
  },
  async produce({ queue, capacity, tally }, first, count) {
    for (let i = 0; i < count; i++) {
      const job = async () => {
        tally.count++;
        tally.sum += first + i;
      };
      if (capacity === 0) {
        await queue.add(job);
      } else {
        await queue.onSizeLessThan(capacity);
        void queue.add(job);
      }
    }
  },
  async consume(handle) {
    const isFirst = handle.consumers++ === 0;
    await handle.ended;
    return isFirst ? handle.tally : { count: 0, sum: 0 };
  },
  async close({ queue, end }) {
    await queue.onIdle();
    end();
  },
};
