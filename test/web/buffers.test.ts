// No hidden buffers: how many items each way of reading takes from a channel that always has more, and how many each way
// of writing puts into a sink that is stuck. The numbers are those of the guide.

import { Channel, type Receiver } from 'sluice';
import {
  fromReadableStream,
  fromWritableStream,
  toReadableStream,
  toTransformStream,
  toWritableStream,
} from 'sluice/web';
import { describe, expect, it } from 'vitest';
import { macrotask } from '../support.js';

/** A channel that always has more, and how many items were taken of it. */
function plenty(): { channel: Channel<number>; taken: () => number } {
  const channel = new Channel<number>(100);
  for (let i = 0; i < 100; i++) channel.trySend(i);
  return { channel, taken: () => channel.stats().received };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await macrotask();
}

/** A native stream that always has more, with no buffer of its own; and how often it was pulled. */
function pulled(): { stream: ReadableStream<number>; pulls: () => number } {
  let pulls = 0;
  const stream = new ReadableStream<number>(
    { pull: (controller) => controller.enqueue(pulls++) },
    { highWaterMark: 0 },
  );
  return { stream, pulls: () => pulls };
}

const stuck = (): WritableStream<unknown> => new WritableStream({ write: () => new Promise(() => {}) });

describe('a stream over a channel takes', () => {
  const cases: [string, number, (stream: ReadableStream<number>) => unknown][] = [
    ['nothing while nobody reads', 0, () => {}],
    ['nothing for a reader that does not read', 0, (stream) => stream.getReader()],
    ['one for a read', 1, (stream) => stream.getReader().read()],
    [
      'two for two reads',
      2,
      (stream) => {
        const reader = stream.getReader();
        return Promise.all([reader.read(), reader.read()]);
      },
    ],
    ['one for a step of an iteration', 1, (stream) => stream[Symbol.asyncIterator]().next()],
    [
      'as many as a loop has gone round',
      3,
      async (stream) => {
        let round = 0;
        for await (const _ of stream) if (++round === 3) await new Promise(() => {});
      },
    ],
    ['one for a pipe into a sink that is stuck', 1, (stream) => void stream.pipeTo(stuck())],
    ['one for a pipe through a native transform', 1, (stream) => stream.pipeThrough(new TransformStream())],
    ['one for a pipe through a step', 1, (stream) => stream.pipeThrough(toTransformStream((items) => items))],
    ['one for a tee, by its branches', 1, (stream) => stream.tee()],
    ['two for a tee of which one branch is read once', 2, (stream) => stream.tee()[0].getReader().read()],
  ];
  it.each(cases)('%s: %i', async (_, count, read) => {
    const { channel, taken } = plenty();
    void read(toReadableStream(channel));
    await settle();
    expect(taken()).toBe(count);
  });

  it('nothing beyond what a sink over a channel takes: capacity, and the one that waits', async () => {
    const { channel, taken } = plenty();
    const to = new Channel<number>(4);
    void toReadableStream(channel).pipeTo(toWritableStream(to));
    await settle();
    expect([taken(), to.size, to.stats().waitingSenders]).toEqual([5, 4, 1]);
  });

  it('one for each read of bytes', async () => {
    const channel = new Channel<Uint8Array>(10);
    for (let i = 0; i < 10; i++) channel.trySend(new Uint8Array(8));
    const stream = toReadableStream(channel, { type: 'bytes' });
    await settle();
    expect(channel.size).toBe(10);
    await stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    await settle();
    expect(channel.size).toBe(9);
  });
});

describe('a receiver over a stream pulls', () => {
  const cases: [string, number, (receiver: Receiver<number>) => unknown][] = [
    ['nothing while nobody receives', 0, () => {}],
    ['one for a receive', 1, (receiver) => receiver.receive()],
    ['three for three receives at once', 3, (receiver) => Array.from({ length: 3 }, () => receiver.receive())],
    ['nothing for an iterator', 0, (receiver) => receiver[Symbol.asyncIterator]()],
    ['one for a step of an iteration', 1, (receiver) => receiver[Symbol.asyncIterator]().next()],
    [
      'as many as a loop has gone round, when it is left',
      3,
      async (receiver) => {
        let round = 0;
        for await (const _ of receiver) if (++round === 3) break;
      },
    ],
  ];
  it.each(cases)('%s: %i', async (_, count, receive) => {
    const { stream, pulls } = pulled();
    void receive(fromReadableStream(stream));
    await settle();
    expect(pulls()).toBe(count);
  });
});

describe('a sender over a stream with a stuck sink', () => {
  it.each([
    [0, 1],
    [1, 1],
    [3, 3],
  ])('whose high water mark is %i has accepted %i', async (highWaterMark, accepted) => {
    const sender = fromWritableStream(
      new WritableStream<number>({ write: () => new Promise(() => {}) }, { highWaterMark }),
    );
    let sent = 0;
    for (let i = 0; i < 10; i++) void sender.send(i).then(() => sent++);
    await settle();
    expect(sent).toBe(accepted);
  });
});

describe('a stream over a sender', () => {
  it('wants one chunk, and none while a send waits', async () => {
    const writer = toWritableStream(new Channel<number>(0)).getWriter();
    expect(writer.desiredSize).toBe(1);
    void writer.write(1);
    expect(writer.desiredSize).toBe(0);
  });

  it('has accepted the capacity when a pipe comes to rest, and holds the one that waits', async () => {
    const { stream, pulls } = pulled();
    const to = new Channel<number>(2);
    void stream.pipeTo(toWritableStream(to));
    await settle();
    expect([pulls(), to.size, to.stats().waitingSenders]).toEqual([3, 2, 1]);
  });
});
