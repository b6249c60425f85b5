// No hidden buffer: how many items are taken from the source, or held between, in each way in which streams are read and
// written. The numbers are the promise.

import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Channel } from 'sluice';
import { fromReadable, fromWritable, toDuplex, toReadable, toTransform, toWritable } from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { macrotask } from '../support.js';

/** A channel that is always full of 1, 2, …, and how many were taken from it. */
function endless(): { channel: Channel<number>; taken: () => number } {
  const channel = Channel.from(
    (function* () {
      for (let i = 1; ; i++) yield i;
    })(),
    2,
  );
  return { channel, taken: () => channel.stats().received };
}

const stuck = (highWaterMark = 1): Writable => new Writable({ objectMode: true, highWaterMark, write() {} });

async function settle(turns = 6): Promise<void> {
  for (let i = 0; i < turns; i++) await macrotask();
}

type Use = (stream: Readable) => unknown;

const uses: [string, Use, number][] = [
  ['nobody reads', () => {}, 0],
  ['it is read once, which finds nothing yet', (stream) => stream.read(), 1],
  [
    'it is read once and again when it is readable',
    async (stream) => {
      stream.read();
      await settle();
      stream.read();
    },
    1,
  ],
  ['`readable` is listened for', (stream) => stream.on('readable', () => {}), 1],
  [
    'an iterator was asked once',
    async (stream) => {
      await stream[Symbol.asyncIterator]().next();
    },
    1,
  ],
  [
    'an iterator was asked three times',
    async (stream) => {
      const items = stream[Symbol.asyncIterator]();
      for (let i = 0; i < 3; i++) await items.next();
    },
    3,
  ],
  [
    '`for await` is in its second round',
    async (stream) => {
      let round = 0;
      for await (const _ of stream) if (++round === 2) await new Promise(() => {});
    },
    2,
  ],
  [
    '`for await` has left it after two, open, and another is in its first round',
    async (stream) => {
      let round = 0;
      for await (const _ of stream.iterator({ destroyOnReturn: false })) if (++round === 2) break;
      await settle();
      for await (const _ of stream) await new Promise(() => {});
    },
    3,
  ],
  ['a listener for `data` pauses it at once', (stream) => stream.on('data', () => stream.pause()), 1],
  ['it is piped to a sink that is stuck', (stream) => stream.pipe(stuck()), 1],
  ['it is piped to a sink that is stuck and buffers 3', (stream) => stream.pipe(stuck(3)), 3],
  ['a pipeline ends in a sink that is stuck', (stream) => void pipeline(stream, stuck()).catch(() => {}), 1],
  [
    'it is received from three times',
    async (stream) => {
      const receiver = fromReadable<number>(stream);
      for (let i = 0; i < 3; i++) await receiver.receive();
    },
    3,
  ],
  [
    'a receiver over it waited, and gave up',
    async (stream) => {
      await fromReadable<number>(stream)
        .receive({ timeout: 0 })
        .catch(() => {});
    },
    1, // the stream was asked, and holds it
  ],
];

describe('what a Readable over a channel takes from it, when', () => {
  it.each(uses)('%s', async (_when, use, expected) => {
    const { channel, taken } = endless();
    const stream = toReadable(channel);
    void use(stream);
    await settle(20);
    expect(taken()).toBe(expected);
    stream.destroy();
    await settle();
    expect(taken()).toBe(expected);
  });

  it.each(uses)('%s, of a Duplex', async (_when, use, expected) => {
    const { channel, taken } = endless();
    const stream = toDuplex({ sender: new Channel<number>(1), receiver: channel }).on('error', () => {});
    void use(stream);
    await settle(20);
    expect(taken()).toBe(expected);
    stream.destroy();
  });

  it('there is nothing, and the reader goes: nothing, also of what comes then', async () => {
    const channel = new Channel<number>(0);
    const stream = toReadable(channel, { cancel: false });
    void stream[Symbol.asyncIterator]()
      .next()
      .catch(() => {});
    await settle();
    const sending = channel.send(1);
    stream.destroy();
    await settle();
    expect(await channel.receive()).toBe(1);
    await sending;
  });
});

describe('what a Writable over a channel that nobody receives from holds', () => {
  const pulling = (): { source: AsyncGenerator<number>; pulled: () => number } => {
    let count = 0;
    return {
      source: (async function* () {
        for (;;) yield ++count;
      })(),
      pulled: () => count,
    };
  };

  it.each([
    [0, 1],
    [1, 2],
    [3, 4],
  ])('at capacity %i: a pipeline has pulled %i', async (capacity, expected) => {
    const channel = new Channel<number>(capacity);
    const { source, pulled } = pulling();
    const stream = toWritable(channel);
    const piping = pipeline(source, stream).catch(() => {});
    await settle();
    expect([pulled(), channel.size, stream.writableLength]).toEqual([expected, capacity, 1]);
    channel.cancel();
    await piping;
  });

  it('`write` says at once that it wants no more', () => {
    expect(toWritable(new Channel<number>(8)).write(1)).toBe(false);
  });
});

describe('what a sender over a Writable puts into it', () => {
  it.each([0, 1, 2, 16])('with highWaterMark %i: no more than the stream wants', async (highWaterMark) => {
    const sink = stuck(highWaterMark);
    const sender = fromWritable<number>(sink);
    let accepted = 0;
    for (let i = 0; i < 40; i++)
      void sender.send(i).then(
        () => accepted++,
        () => {},
      );
    await settle();
    expect([accepted, sink.writableLength]).toEqual([Math.max(1, highWaterMark), Math.max(1, highWaterMark)]);
    sink.destroy();
  });
});

describe('what a receiver over a Readable makes it read', () => {
  it.each([0, 1, 4])(
    'with highWaterMark %i: its own buffer, and nothing before the first receive',
    async (highWaterMark) => {
      let pushed = 0;
      const stream = new Readable({ objectMode: true, highWaterMark, read: () => void stream.push(++pushed) });
      const receiver = fromReadable<number>(stream);
      await settle();
      expect(pushed).toBe(0);
      for (let got = 1; got <= 10; got++) {
        expect(await receiver.receive()).toBe(got);
        await settle();
        expect(pushed - got).toBeLessThanOrEqual(highWaterMark);
      }
    },
  );
});

describe('what is inside of a transform, when nobody reads', () => {
  const doubling = () =>
    toTransform<number, number>(async function* (source) {
      for await (const item of source) yield 2 * item;
    });
  const counted = (): { source: Readable; pulled: () => number } => {
    let count = 0;
    const source = new Readable({ objectMode: true, highWaterMark: 0, read: () => void source.push(++count) });
    return { source, pulled: () => count };
  };

  it('1 is being written', async () => {
    const { source, pulled } = counted();
    source.pipe(doubling());
    await settle();
    expect(pulled()).toBe(1);
  });

  it('2 after one read: one is read, one is being written', async () => {
    const { source, pulled } = counted();
    const items = source.pipe(doubling())[Symbol.asyncIterator]();
    expect((await items.next()).value).toBe(2);
    await settle();
    expect(pulled()).toBe(2);
  });

  it('2 where its sink is stuck with one: that, and one that is being written', async () => {
    const { source, pulled } = counted();
    source.pipe(doubling()).pipe(stuck());
    await settle();
    expect(pulled()).toBe(2);
  });

  it("where Node's own `compose` holds more than ten", async () => {
    const { source, pulled } = counted();
    source
      .compose(async function* (items: AsyncIterable<number>) {
        for await (const item of items) yield 2 * item;
      })
      .pipe(stuck());
    await settle();
    expect(pulled()).toBeGreaterThan(10);
  });
});
