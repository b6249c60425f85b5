// p-queue: a job an item, added where fewer than so many wait.
import PQueue from 'p-queue';
import { AT_ONCE, integers, macrotask } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'p-queue',
  kind: 'peer',
  package: 'p-queue',
  note: 'waits for `onSizeLessThan`; its jobs are the consumer, out of order',
  async concurrent(items) {
    const queue = new PQueue({ concurrency: AT_ONCE });
    const tally = { count: 0, sum: 0 };
    for await (const item of integers(items)) {
      await queue.onSizeLessThan(AT_ONCE);
      void queue.add(async () => {
        const result = await macrotask(item);
        tally.count++;
        tally.sum += result;
      });
    }
    await queue.onIdle();
    return tally;
  },
};
