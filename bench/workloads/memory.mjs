// What a blocked sender keeps in memory: the heap that is still used after a collection, with many blocked and without,
// divided by how many. Nothing but the channel is held: the promise, its functions and the waiter are the channel's.
// @ts-check

const SENDERS = 200_000;

/** @type {import('../types.d.ts').FigureWorkload} */
export default {
  mark: { title: 'memory of a blocked sender', unit: 'bytes', atMost: 400 },
  flags: ['--expose-gc'],
  async figure({ shipped }) {
    await used();
    /** @type {import('../../src/index.js').Channel<number>} */
    const channel = new shipped.Channel(1, { maxWaiters: SENDERS });
    channel.trySend(0);
    const before = await used();
    for (let item = 1; item <= SENDERS; item++) void channel.send(item);
    const after = await used();
    const waiting = channel.stats().waitingSenders;
    if (waiting !== SENDERS) throw new Error(`${waiting} of ${SENDERS} senders are blocked`);
    return (after - before) / SENDERS;
  },
};

async function used() {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
