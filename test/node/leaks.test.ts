// What the adapters leave behind: nothing that grows.

import { PassThrough, Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { Channel } from 'sluice';
import { fromReadable, fromWritable, toDuplex, toReadable, toTransform, toWritable } from 'sluice/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { macrotask, PlainSignal } from '../support.js';

const BREAKS = 2_000;
const noticed: unknown[] = [];
const note = (what: unknown): void => void noticed.push(what);
beforeAll(() => void process.on('warning', note).on('unhandledRejection', note));
afterAll(() => void process.off('warning', note).off('unhandledRejection', note));

const listeners = (stream: NodeJS.EventEmitter): number =>
  stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0);

const endless = (): Readable => {
  let count = 0;
  const stream: Readable = new Readable({
    objectMode: true,
    read: () => setImmediate(() => void stream.push(++count)),
  });
  return stream;
};

describe('listeners', () => {
  it.each([
    ['one receiver', (stream: Readable, one: AsyncIterable<number>) => (void stream, one)],
    ['a receiver each', (stream: Readable) => fromReadable<number>(stream)],
  ])('do not add up over many breaks out of one stream, by %s', async (_whose, receiver) => {
    const stream = endless();
    const one = fromReadable<number>(stream);
    let most = 0;
    let seen = 0;
    for (let i = 0; i < BREAKS; i++) {
      for await (const item of receiver(stream, one)) {
        expect(item).toBe(++seen);
        break;
      }
      most = Math.max(most, listeners(stream));
    }
    expect(most).toBe(2);
    stream.destroy();
  });

  it('do not add up over receives that give up, at the stream or at the signal', async () => {
    const stream = new PassThrough();
    const before = listeners(stream);
    const signal = new PlainSignal();
    const receiver = fromReadable(stream, { signal });
    const each = new PlainSignal();
    const waits = Array.from({ length: BREAKS }, () => receiver.receive({ signal: each }).catch(() => {}));
    expect([each.listeners.size, stream.listenerCount('readable')]).toEqual([1, 1]);
    each.abort('enough');
    await Promise.all(waits);
    expect([each.listeners.size, stream.listenerCount('readable'), signal.listeners.size]).toEqual([0, 0, 1]);
    stream.destroy();
    await macrotask();
    expect([signal.listeners.size, listeners(stream)]).toEqual([0, before]);
  });

  it('do not add up over senders, one for each item', async () => {
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 2,
      write: (_item, _encoding, done) => setImmediate(done),
    });
    let most = 0;
    for (let i = 0; i < BREAKS; i++) {
      await fromWritable<number>(sink).send(i);
      most = Math.max(most, listeners(sink));
    }
    expect(most).toBeLessThanOrEqual(4);
  });

  it('do not stay at a signal that outlives many streams over channels', async () => {
    const signal = new PlainSignal();
    for (let i = 0; i < 200; i++) {
      const channel = new Channel<number>(1);
      toReadable(channel, { signal }).destroy();
      toWritable(new Channel<number>(1), { signal, close: false }).destroy();
      toDuplex({ sender: channel, receiver: channel }, { signal })
        .on('error', () => {})
        .destroy();
    }
    await macrotask();
    expect(signal.listeners.size).toBe(0);
  });
});

describe('`finished` and `pipeline` settle', () => {
  const boom = new Error('boom');
  const channel = (): Channel<number> => Channel.from([1, 2, 3], 1);
  const make = {
    toReadable: () => toReadable(channel()).resume(),
    toWritable: () => toWritable(new Channel<number>(8)),
    toDuplex: () => toDuplex({ sender: new Channel<number>(8), receiver: channel() }).resume(),
    toTransform: () => toTransform<number, number>((items) => items).resume(),
  };

  it.each(Object.entries(make))('for %s: at its end, its error, its destruction', async (_name, open) => {
    const quiet = open();
    if ('end' in quiet) quiet.end();
    await finished(quiet);
    for (const error of [boom, undefined]) {
      const stream = open();
      const end = finished(stream).catch((reason: { code?: string }) => reason);
      stream.destroy(error);
      expect(await end).toMatchObject(error ?? { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    }
  });

  it('through all of them in a row', async () => {
    const out = new Channel<number>(1);
    const got: number[] = [];
    const receiving = (async () => {
      for await (const item of out) got.push(item);
    })();
    await pipeline(
      toReadable(channel()),
      toTransform<number, number>(async function* (items) {
        for await (const item of items) yield 10 * item;
      }),
      new PassThrough({ objectMode: true }),
      toWritable(out),
    );
    await receiving;
    expect(got).toEqual([10, 20, 30]);
  });

  it('when the signal of a pipeline aborts', async () => {
    const controller = new AbortController();
    const piping = pipeline(toReadable(new Channel<number>(1)), toWritable(new Channel<number>(1)), {
      signal: controller.signal,
    }).catch((error: { name: string }) => error.name);
    await macrotask();
    controller.abort();
    expect(await piping).toBe('AbortError');
  });
});

it('none of it has been warned of, or left a rejection unhandled', async () => {
  await macrotask();
  expect(noticed).toEqual([]);
});
