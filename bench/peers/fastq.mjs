// fastq: a queue for one async worker function, no channel: the worker is the consumer, as many at once as there are
// consumers. It has no bound: a producer that awaits its push waits until the item is worked on.
import fastq from 'fastq';

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'fastq',
  kind: 'peer',
  package: 'fastq',
  note: 'an awaited `push` waits until the item has been worked on',
  apart: () => 'no channel and unbounded: its worker is the consumer',
  open({ consumers }) {
    const handle = { tally: { count: 0, sum: 0 }, consumers: 0 };
    const worker = async (item) => {
      handle.tally.count++;
      handle.tally.sum += item;
    };
    handle.queue = fastq.promise(worker, consumers);
    handle.ended = new Promise((end) => {
      handle.end = end;
    });
    return handle;
  },
  async produce({ queue }, first, count) {
    for (let i = 0; i < count; i++) await queue.push(first + i);
  },
  async consume(handle) {
    const isFirst = handle.consumers++ === 0;
    await handle.ended;
    return isFirst ? handle.tally : { count: 0, sum: 0 };
  },
  async close({ queue, end }) {
    await queue.drained();
    end();
  },
};
