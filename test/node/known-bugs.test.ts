// What bridges to Node's streams are known to get wrong, Node's own among them. Each test is named after what it prevents.

import { createInterface } from 'node:readline';
import { Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Channel } from 'sluice';
import { fromDuplex, fromEmitter, fromReadable, fromWritable, toReadable, toTransform, toWritable } from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { collect, macrotask, rejection, watch } from '../support.js';

const boom = new Error('boom');
const PREMATURE = { code: 'ERR_STREAM_PREMATURE_CLOSE' };
const settle = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) await macrotask();
};

describe('a reader', () => {
  it('is not told of a quiet end where the stream was closed before its end', async () => {
    const stream = new Readable({ objectMode: true, read() {} });
    stream.push(1);
    const receiver = fromReadable(stream);
    expect(await receiver.receive()).toBe(1);
    const waiting = watch(receiver.receive());
    stream.destroy();
    await settle();
    expect(waiting.result).toMatchObject(PREMATURE);
  });

  it('does not hang on a stream that has ended, failed or closed before', async () => {
    const ended = Readable.from([]);
    await collect(ended);
    const failed = new PassThrough().on('error', () => {});
    failed.destroy(boom);
    const closed = new PassThrough();
    closed.destroy();
    await settle();
    expect(await fromReadable(ended).receive()).toBeUndefined();
    expect(await rejection(fromReadable(failed).receive())).toBe(boom);
    expect(await rejection(fromReadable(closed).receive())).toMatchObject(PREMATURE);
  });

  it('that breaks out of its loop has not consumed more than it has seen', async () => {
    let pushed = 0;
    const stream: Readable = new Readable({
      objectMode: true,
      highWaterMark: 0,
      read: () => void stream.push(++pushed),
    });
    for await (const item of fromReadable<number>(stream)) if (item === 3) break;
    await settle();
    expect([pushed, stream.destroyed]).toEqual([3, false]);
    expect(await fromReadable<number>(stream).receive()).toBe(4);
  });

  it('that leaves while it waits is not kept waiting for the item it does not want', async () => {
    const items = fromReadable(new PassThrough())[Symbol.asyncIterator]();
    const next = items.next();
    await items.return?.();
    expect(await next).toEqual({ value: undefined, done: true });
    const channel = new Channel<number>(0);
    const stream = toReadable(channel);
    const theirs = watch(stream[Symbol.asyncIterator]().next());
    await settle();
    stream.destroy();
    await settle();
    expect([theirs.state, channel.stats().waitingReceivers]).toEqual(['rejected', 0]);
  });

  it('of a borrowed channel that goes takes nothing along that is buffered there', async () => {
    const channel = Channel.from([1, 2, 3, 4], 4);
    for await (const item of toReadable(channel, { cancel: false })) if (item === 1) break;
    await settle();
    expect(await collect(channel)).toEqual([2, 3, 4]);
  });

  it('does not crash the process by an error that comes when nobody waits any more', async () => {
    const stream = new Readable({ objectMode: true, read() {} });
    stream.push(1);
    const receiver = fromReadable(stream);
    await receiver.receive();
    stream.destroy(boom);
    await settle();
    expect(await rejection(receiver.receive())).toBe(boom);
  });

  it('does not stall at a highWaterMark of 0', async () => {
    const transform = new Transform({
      objectMode: true,
      readableHighWaterMark: 0,
      writableHighWaterMark: 0,
      transform: (item: number, _encoding, done) => done(null, 2 * item),
    });
    const { sender, receiver } = fromDuplex<number, number>(transform);
    const [items] = await Promise.all([
      collect(receiver),
      (async () => {
        for (let i = 1; i <= 5; i++) await sender.send(i);
        await sender.close();
      })(),
    ]);
    expect(items).toEqual([2, 4, 6, 8, 10]);
  });

  it('gets each chunk as large as it is, and no file at once', async () => {
    let taken = 0;
    const chunks = Channel.from(
      (function* () {
        for (; taken < 1_000; taken++) yield Buffer.alloc(65_536);
      })(),
      1,
    );
    const stream = toReadable(chunks, { objectMode: false });
    const chunk = (await stream[Symbol.asyncIterator]().next()).value as Buffer;
    await settle();
    expect([chunk.length, chunks.stats().received]).toEqual([65_536, 1]);
    stream.destroy();
  });
});

describe('a writer', () => {
  it('is not left waiting for a drain that never comes, where the stream is destroyed', async () => {
    const stuck = new Writable({ objectMode: true, highWaterMark: 1, write() {} });
    const dropped: unknown[] = [];
    const sender = fromWritable<number>(stuck, { onDrop: (item) => dropped.push(item) });
    await sender.send(1);
    const sends = [2, 3].map((item) => watch(sender.send(item)));
    stuck.destroy();
    await settle();
    expect(sends.map(({ result }) => (result as { value: unknown }).value)).toEqual([2, 3]);
    expect(dropped).toEqual([1]);
  });

  it('makes no `error` event of a write after the end', async () => {
    const sink = new Writable({ objectMode: true, write: (_item, _encoding, done) => done() });
    const errors: unknown[] = [];
    sink.on('error', (error) => errors.push(error));
    const sender = fromWritable(sink);
    sink.end();
    expect(await rejection(sender.send(1))).toMatchObject({ code: 'ERR_SLUICE_CLOSED' });
    await sender.close();
    expect(await rejection(sender.send(2))).toMatchObject({ code: 'ERR_SLUICE_CLOSED' });
    await settle();
    expect(errors).toEqual([]);
  });

  it('that vanishes is not taken for one that has ended', async () => {
    const channel = new Channel<number>(4);
    const source = new Readable({ objectMode: true, read() {} });
    source.push(1);
    const piping = watch(pipeline(source, toWritable(channel)));
    await settle();
    source.destroy();
    await settle();
    expect(piping.result).toMatchObject(PREMATURE);
    expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toMatchObject(PREMATURE);
  });

  it('is not left hanging by a step that returns before its input ends', async () => {
    let pulled = 0;
    const endless = new Readable({ objectMode: true, highWaterMark: 1, read: () => void endless.push(++pulled) });
    const got: unknown[] = [];
    const piping = pipeline(
      endless,
      toTransform<number, number>(async function* (source) {
        for await (const item of source) {
          yield item;
          if (item === 3) return;
        }
      }),
      new Writable({ objectMode: true, write: (item, _encoding, done) => (got.push(item), done()) }),
    );
    expect(await piping.catch((error: unknown) => error)).toMatchObject(PREMATURE);
    expect([got, endless.destroyed]).toEqual([[1, 2, 3], true]);
  });

  it('hears of it where a step has returned that takes nothing at all', async () => {
    const step = toTransform<number, number>(async function* () {
      yield 1;
    }).on('error', () => {});
    const written = new Promise((resolve) => void step.write(1, resolve));
    step.resume();
    expect(await written).toMatchObject(PREMATURE);
  });

  it('of a Duplex whose reading side has ended can still write', async () => {
    const written: unknown[] = [];
    const duplex = new Duplex({
      objectMode: true,
      read() {},
      write: (item, _encoding, done) => (written.push(item), done()),
    });
    const { sender, receiver } = fromDuplex<number, number>(duplex);
    duplex.push(null);
    expect(await receiver.receive()).toBeUndefined();
    await sender.send(1);
    await sender.close();
    expect(written).toEqual([1]);
  });
});

describe('events', () => {
  it('that come before the first receive are not lost', async () => {
    const input = new PassThrough();
    const lines = fromEmitter<string>(createInterface({ input }), { item: 'line', end: 'close' }, 100);
    input.end('a\nb\nc\n');
    await settle();
    expect(await collect(lines)).toEqual(['a', 'b', 'c']);
  });

  it('of a readline whose input fails end the loop', async () => {
    const input = new PassThrough();
    const reader = createInterface({ input });
    input.on('error', (error) => reader.emit('error', error));
    const lines = fromEmitter<string>(reader, { item: 'line', end: 'close' }, 100);
    input.write('a\n');
    await settle();
    input.destroy(boom);
    await expect(collect(lines)).rejects.toBe(boom);
    reader.close();
  });
});

describe('an adapter', () => {
  it('leaves no rejection unhandled, whoever goes first', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    for (const error of [undefined, boom]) {
      const readable = toReadable(new Channel<number>(1)).on('error', () => {});
      readable.read();
      readable.destroy(error);
      const writable = toWritable(new Channel<number>(0)).on('error', () => {});
      writable.write(1);
      writable.destroy(error);
      const sink = new Writable({ objectMode: true, write() {} }).on('error', () => {});
      const sender = fromWritable(sink);
      void sender.send(1);
      void sender.close();
      sink.destroy(error);
      const source = new PassThrough().on('error', () => {});
      void fromReadable(source).cancel(error);
      const step = toTransform<number, number>((items) => items).on('error', () => {});
      step.write(1);
      step.read();
      step.destroy(error);
    }
    await settle();
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });
});
