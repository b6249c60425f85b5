// Streams over channels: ends, errors, ownership, and what becomes of an item when the other side is gone.

import { PassThrough, Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { Channel, ChannelClosedError, type Receiver, type Sender } from 'sluice';
import { fromReadable, fromWritable, toDuplex, toReadable, toTransform, toWritable } from 'sluice/node';
import { fromReadableStream, fromWritableStream, toReadableStream } from 'sluice/web';
import { describe, expect, it } from 'vitest';
import { collect, full, macrotask, microtasks, PlainSignal, rejection, thrown, watch } from '../support.js';

const PREMATURE = { code: 'ERR_STREAM_PREMATURE_CLOSE' };
const boom = new Error('boom');

/** A receiver without anything of ours: a plain queue of promises. */
function foreign(items: unknown[], end: 'open' | 'end' | Error = 'end'): Receiver<unknown> & { cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  return {
    cancelled,
    async receive(options) {
      await macrotask();
      if (items.length > 0) return items.shift();
      if (end === 'end') return undefined;
      if (end !== 'open') throw end;
      return new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      });
    },
    cancel: (reason) => void cancelled.push(reason),
    [Symbol.asyncIterator]: () => expect.unreachable(),
  };
}

async function closed(stream: Readable | Writable): Promise<unknown> {
  let error: unknown;
  stream.on('error', (each) => {
    error = each;
  });
  await new Promise<void>((resolve) => void stream.once('close', resolve));
  return error;
}

describe('toReadable', () => {
  it('gives the items in order, and the end', async () => {
    expect(await collect(toReadable(Channel.from([1, 2, 3], 1)))).toEqual([1, 2, 3]);
    expect(await toReadable(Channel.from([1, 2, 3], 0)).toArray()).toEqual([1, 2, 3]);
  });

  it('carries undefined, and what is false', async () => {
    expect(await collect(toReadable(Channel.from([undefined, 0, '', false, Number.NaN], 1)))).toEqual([
      undefined,
      0,
      '',
      false,
      Number.NaN,
    ]);
  });

  it('carries undefined out of our other receivers too, as do the streams of the web', async () => {
    const ours = () => {
      const readable = new Readable({ objectMode: true, read() {} });
      for (const item of [1, undefined, 2, null]) readable.push(item);
      return [fromReadable<unknown>(readable), fromReadableStream<unknown>(ReadableStream.from([1, undefined, 2]))];
    };
    for (const source of ours()) expect(await collect(toReadable(source))).toEqual([1, undefined, 2]);
    for (const source of ours()) expect(await collect(toReadableStream(source))).toEqual([1, undefined, 2]);
    // One that a user makes of ours is asked as what it has become.
    for (const source of ours()) {
      const silent = { ...source, receive: async () => undefined, cancel() {} };
      expect(await collect(toReadable(silent))).toEqual([]);
    }
  });

  it('leaves to our other receivers what comes when it has been destroyed', async () => {
    const through = new PassThrough({ objectMode: true });
    const pair = new TransformStream<unknown, unknown>();
    for (const [source, sink] of [
      [fromReadable<unknown>(through), fromWritable<unknown>(through)],
      [fromReadableStream(pair.readable), fromWritableStream(pair.writable)],
    ] as const) {
      const stream = toReadable(source, { cancel: false });
      stream.on('readable', () => {});
      await macrotask();
      stream.destroy();
      await Promise.all([sink.send('later'), expect(source.receive()).resolves.toBe('later')]);
    }
  });

  it('fails with the error of the source, after the items before it', async () => {
    const channel = full(2);
    channel.close(boom);
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const item of toReadable(channel)) got.push(item);
    })();
    await expect(reading).rejects.toBe(boom);
    expect(got).toEqual([1, 2]);
  });

  it.each([
    ['a string', 'why'],
    ['zero', 0],
    ['null', null],
  ])('fails also where the reason is %s', async (_what, reason) => {
    const channel = new Channel<number>(1);
    channel.close(reason);
    const stream = toReadable(channel);
    stream.resume();
    const error = await closed(stream);
    expect(reason ? error : (error as Error).cause).toBe(reason);
  });

  it('fails with a TypeError at null, which is the end to a stream, and reports it', async () => {
    const channel = new Channel<number | null>(3);
    for (const item of [1, null, 2]) channel.trySend(item);
    const dropped: unknown[] = [];
    const stream = toReadable(channel, { cancel: false, onDrop: (...told) => dropped.push(told) });
    await expect(collect(stream)).rejects.toThrow(/^item 1 is null/);
    expect([dropped, channel.drain()]).toEqual([[[null, 'cancel']], [2]]);
  });

  it('carries strings and bytes where it is no stream of objects, and skips what is empty', async () => {
    const chunks = ['ab', '', Buffer.from('cd'), new Uint8Array(0), new Uint8Array([101])];
    const stream = toReadable(Channel.from(chunks, 1), { objectMode: false });
    expect(Buffer.concat(await collect(stream)).toString()).toBe('abcde');
    expect(
      await toReadable(Channel.from(['é'], 1), { objectMode: false })
        .setEncoding('utf8')
        .toArray(),
    ).toEqual(['é']);
  });

  it('fails with a TypeError at anything else then, and reports it', async () => {
    const dropped: unknown[] = [];
    const stream = toReadable(Channel.from<unknown>(['a', 1], 1), {
      objectMode: false,
      onDrop: (item) => dropped.push(item),
    });
    await expect(collect(stream)).rejects.toThrow('item 1 is neither a string nor bytes');
    expect(dropped).toEqual([1]);
  });

  it('leaves an item in the channel whose reader has gone right after it was sent: 100 of 100', async () => {
    for (let race = 0; race < 100; race++) {
      const channel = new Channel<number>(race % 3);
      const dropped: unknown[] = [];
      const stream = toReadable(channel, { cancel: false, onDrop: (item) => dropped.push(item) });
      const next = watch(stream[Symbol.asyncIterator]().next());
      await macrotask();
      const sending = watch(channel.send(race));
      stream.destroy();
      await macrotask();
      expect([dropped, channel.tryReceive('none')]).toEqual([[], race]);
      await macrotask();
      expect([sending.state, next.state]).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('reports an item that it holds when it is destroyed, in that call, and shows it to nobody', async () => {
    for (const error of [undefined, boom]) {
      const channel = full(2);
      const [seen, dropped]: unknown[][] = [[], []];
      const stream = toReadable(channel, { cancel: false, onDrop: (...told) => dropped?.push(told) });
      stream.on('error', () => {});
      stream.on('data', (item) => seen?.push(item));
      stream.pause();
      stream.read(0);
      await macrotask();
      expect(stream.readableLength).toBe(1);
      stream.destroy(error);
      expect(dropped).toEqual([[1, 'cancel']]);
      const ends = watch(finished(stream));
      await macrotask();
      expect([seen, channel.drain(), ends.state]).toEqual([[], [2], 'rejected']);
    }
  });

  it('reports the rest of a chunk of bytes of which a part was read', async () => {
    const dropped: unknown[] = [];
    const stream = toReadable(Channel.from(['abcdef'], 1), {
      objectMode: false,
      onDrop: (chunk: unknown) => dropped.push(String(chunk)),
    });
    await new Promise<void>((resolve) => void stream.once('readable', resolve));
    expect(String(stream.read(2))).toBe('ab');
    stream.destroy();
    expect(dropped).toEqual(['cdef']);
  });

  it('survives an onDrop that throws, which is reported as uncaught', async () => {
    const uncaught: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
    const channel = full(1);
    const stream = toReadable(channel, {
      onDrop: () => {
        throw boom;
      },
    });
    stream.read(0);
    await macrotask();
    stream.destroy();
    await macrotask();
    await macrotask();
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect([uncaught, channel.ended, stream.closed]).toEqual([[boom], true, true]);
  });

  it('cancels the source when it is destroyed, with its error, unless it was only borrowed', async () => {
    const [owned, failed, borrowed] = [full(1), full(1), full(1)];
    toReadable(owned).destroy();
    toReadable(failed)
      .on('error', () => {})
      .destroy(boom);
    toReadable(borrowed, { cancel: false }).destroy();
    expect([owned.ended, failed.ended, borrowed.closed]).toEqual([true, true, false]);
    expect(await owned.receive()).toBeUndefined();
    expect(await rejection(failed.receive())).toBe(boom);
  });

  it('shares a channel with another reader', async () => {
    const channel = Channel.from(
      Array.from({ length: 40 }, (_, i) => i),
      4,
    );
    const both = await Promise.all([collect(toReadable(channel, { cancel: false })), collect(channel)]);
    expect(both.flat().sort((a, b) => a - b)).toHaveLength(40);
    for (const part of both) expect(part.length).toBeGreaterThan(0);
  });

  it('is destroyed by a signal, with its reason, and lets go of it', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    const stream = toReadable(channel, { signal });
    expect(signal.listeners.size).toBe(1);
    signal.abort(boom);
    expect([stream.destroyed, channel.ended]).toEqual([true, true]);
    expect(await closed(stream)).toBe(boom);
    expect(signal.listeners.size).toBe(0);
    const other = new PlainSignal();
    await collect(toReadable(Channel.from([1], 1), { signal: other }));
    expect(other.listeners.size).toBe(0);
    const late = toReadable(full(1), { signal: AbortSignal.abort(boom) });
    expect(late.destroyed).toBe(true);
    expect(await closed(late)).toBe(boom);
  });

  it('reads a foreign receiver, item by item, and its ends', async () => {
    expect(await collect(toReadable(foreign([1, 2])))).toEqual([1, 2]);
    await expect(collect(toReadable(foreign([1], boom)))).rejects.toBe(boom);
  });

  it('gives up what a foreign receiver was asked for, and reports what comes nevertheless', async () => {
    const source = foreign(['late'], 'open');
    const dropped: unknown[] = [];
    const stream = toReadable(source, { onDrop: (item) => dropped.push(item) });
    stream.read();
    stream.destroy();
    await macrotask();
    await macrotask();
    expect([dropped, source.cancelled]).toEqual([['late'], [undefined]]);
  });

  it('refuses what is no receiver, and options that are none', () => {
    expect(thrown(() => toReadable({} as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => toReadable(full(1), { objectMode: 1 } as never))).toMatchObject({
      message: expect.stringContaining('options.objectMode must be a boolean') as string,
    });
    expect(thrown(() => toReadable(full(1), { onDrop: true } as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => toReadable(full(1), null as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => toReadable(full(1), { signal: {} as never }))).toBeInstanceOf(TypeError);
  });

  it('lets timers fire while everything is ready', async () => {
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    const deadline = performance.now() + 4_000;
    for await (const _ of toReadable(
      Channel.from(
        (function* () {
          for (;;) yield 1;
        })(),
        16,
      ),
    ))
      if (fired || performance.now() > deadline) break;
    expect(fired).toBe(true);
  });
});

describe('toWritable', () => {
  it('sends what is written, in order, and closes the channel', async () => {
    for (const capacity of [0, 1, 8]) {
      const channel = new Channel<number>(capacity);
      const [items] = await Promise.all([collect(channel), pipeline(Readable.from([1, 2, 3]), toWritable(channel))]);
      expect(items).toEqual([1, 2, 3]);
    }
  });

  it('carries undefined', async () => {
    const channel = new Channel<number | undefined>(1);
    const stream = toWritable(channel, { close: false });
    stream.write(undefined);
    await macrotask();
    expect(channel.drain()).toEqual([undefined]);
  });

  it('sends bytes where it is no stream of objects', async () => {
    const channel = new Channel<Buffer>(1);
    toWritable(channel, { objectMode: false }).write('ab');
    await macrotask();
    expect(await channel.receive()).toEqual(Buffer.from('ab'));
  });

  it('finishes when the sender has closed, and fails where that fails', async () => {
    let release = (): void => {};
    const sender: Sender<number> = {
      send: async () => {},
      close: () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    };
    const stream = toWritable(sender);
    stream.end(1);
    await macrotask();
    expect(stream.writableFinished).toBe(false);
    release();
    await finished(stream);
    const failing = toWritable<number>({ send: async () => {}, close: () => Promise.reject(boom) });
    failing.end();
    expect(await closed(failing)).toBe(boom);
  });

  it.each([
    ['without an error', undefined, PREMATURE],
    ['with an error', boom, boom],
  ])('destroyed %s, gives the pending send up and fails the channel', async (_how, error, expected) => {
    const channel = full(1);
    const dropped: unknown[] = [];
    const stream = toWritable(channel, { onDrop: (...told) => dropped.push(told) }).on('error', () => {});
    const written = new Promise((resolve) => void stream.write(2, resolve));
    stream.write(3);
    await macrotask();
    expect(channel.stats().waitingSenders).toBe(1);
    stream.destroy(error);
    expect([channel.stats().waitingSenders, channel.closed]).toEqual([0, true]);
    expect(await written).toMatchObject(expected);
    await closed(stream);
    expect(dropped).toEqual([
      [2, 'cancel'],
      [3, 'cancel'],
    ]);
    expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toMatchObject(expected);
  });

  it('closes nothing that it only borrowed', async () => {
    const channel = new Channel<number>(2);
    toWritable(channel, { close: false }).end(1);
    toWritable(channel, { close: false }).destroy();
    await macrotask();
    expect([channel.closed, channel.drain()]).toEqual([false, [1]]);
  });

  it('does not close a channel twice: what comes after the end is no failure', async () => {
    const channel = new Channel<number>(1);
    const stream = toWritable(channel);
    stream.end();
    await finished(stream);
    expect(stream.destroyed).toBe(true);
    expect(await channel.receive()).toBeUndefined();
  });

  it('is destroyed in the call that cancels the channel, and a pipeline sees it', async () => {
    const channel = new Channel<number>(0);
    const dropped: unknown[] = [];
    const stream = toWritable(channel, { onDrop: (item) => dropped.push(item) });
    const source = Readable.from([1, 2, 3]);
    const piping = watch(pipeline(source, stream));
    await macrotask();
    channel.cancel('enough');
    expect(stream.destroyed).toBe(true);
    await macrotask();
    await macrotask();
    expect([piping.state, source.destroyed, dropped]).toEqual(['rejected', true, [1]]);
    expect(piping.result).toBeInstanceOf(ChannelClosedError);
    expect((piping.result as Error).cause).toBe('enough');
  });

  it('over a handle, too, is destroyed in the call that cancels the channel', async () => {
    const channel = new Channel<number>(1);
    const stream = toWritable(channel.sender());
    const over = rejection(finished(stream));
    channel.cancel('enough');
    expect(stream.destroyed).toBe(true);
    expect(await over).toMatchObject({ cause: 'enough' });
  });

  it('is destroyed by a send that rejects, with its error; the item is reported', async () => {
    const channel = new Channel<number>(1);
    channel.close();
    const dropped: unknown[] = [];
    const stream = toWritable(channel, { onDrop: (item) => dropped.push(item) });
    stream.write(1);
    stream.write(2);
    expect(await closed(stream)).toBeInstanceOf(ChannelClosedError);
    expect(dropped).toEqual([1, 2]);
    const throwing = toWritable<number>({
      send: () => {
        throw boom;
      },
      close() {},
    });
    throwing.write(1);
    expect(await closed(throwing)).toBe(boom);
  });

  it.each([
    ['by a cancel of the channel', 'the channel', 'ERR_SLUICE_CLOSED'],
    ['by the user', 'the stream', 'EMINE'],
  ])('reports what was written behind an item whose send destroys it, %s', async (_how, who, code) => {
    const mine = Object.assign(new Error('mine'), { code: 'EMINE' });
    const channel: Channel<number> = new Channel<number>(4, {
      watermarks: { high: 0.5, low: 0 },
      onPressure() {
        if (who === 'the channel') channel.cancel(mine);
        else stream.destroy(mine);
      },
    });
    const dropped: unknown[] = [];
    const stream = toWritable(channel, { onDrop: (item) => dropped.push(item) });
    for (const item of [1, 2, 3, 4]) stream.write(item);
    expect(await closed(stream)).toMatchObject({ code });
    expect([dropped, channel.closed]).toEqual([[3, 4], true]);
  });

  it('closes although a foreign sender never answers', async () => {
    const dropped: unknown[] = [];
    const stream = toWritable<number>(
      { send: () => new Promise(() => {}), close() {} },
      { onDrop: (item) => dropped.push(item) },
    );
    stream.write(1);
    stream.write(2);
    stream.destroy();
    await closed(stream);
    expect(dropped).toEqual([2]); // of the first nobody knows
  });

  it('is destroyed by a signal, with its reason', async () => {
    const signal = new PlainSignal();
    const channel = new Channel<number>(1);
    const stream = toWritable(channel, { signal });
    signal.abort(boom);
    expect(await closed(stream)).toBe(boom);
    expect(await rejection(channel.receive())).toBe(boom);
    expect(signal.listeners.size).toBe(0);
  });

  it('refuses what is no sender', () => {
    expect(thrown(() => toWritable({} as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => toWritable(undefined as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => toWritable(full(1), { close: 'no' } as never))).toBeInstanceOf(TypeError);
  });
});

describe('toDuplex', () => {
  const pair = () => ({ sender: new Channel<number>(1), receiver: new Channel<string>(1) });

  it('ends each side on its own, and is gone after both', async () => {
    const ends = pair();
    const duplex = toDuplex(ends);
    duplex.end(1);
    expect([await ends.sender.receive(), await ends.sender.receive()]).toEqual([1, undefined]);
    expect(duplex.destroyed).toBe(false);
    await ends.receiver.send('a');
    ends.receiver.close();
    expect(await collect(duplex)).toEqual(['a']);
    await finished(duplex);
    expect(duplex.destroyed).toBe(true);
  });

  it('gives the replies to one whose requests were cancelled when all of them had been sent', async () => {
    for (const close of [true, false]) {
      const ends = pair();
      const duplex = toDuplex(ends, { close });
      duplex.end(1);
      await macrotask();
      ends.sender.cancel();
      await ends.receiver.send('a');
      ends.receiver.close();
      expect(await collect(duplex)).toEqual(['a']);
    }
  });

  it('fails both sides where one fails', async () => {
    const ends = pair();
    const duplex = toDuplex(ends);
    duplex.resume();
    ends.receiver.close(boom);
    expect(await closed(duplex)).toBe(boom);
    expect(await rejection(ends.sender.receive())).toBe(boom);
    const others = pair();
    const other = toDuplex(others);
    others.sender.cancel();
    expect(await closed(other)).toBeInstanceOf(ChannelClosedError);
    expect(others.receiver.ended).toBe(true);
  });

  it('owns neither end where it was told so', async () => {
    const ends = pair();
    toDuplex(ends, { close: false, cancel: false }).destroy();
    await macrotask();
    expect([ends.sender.closed, ends.receiver.closed]).toEqual([false, false]);
  });

  it('is destroyed by a signal', async () => {
    const controller = new AbortController();
    const ends = pair();
    const duplex = toDuplex(ends, { signal: controller.signal });
    controller.abort(boom);
    expect(await closed(duplex)).toBe(boom);
    expect([await rejection(ends.sender.receive()), await rejection(ends.receiver.receive())]).toEqual([boom, boom]);
  });

  it('leaves nothing at the signal of a sender where its own has aborted', () => {
    const [signal, stop] = [new PlainSignal(), new PlainSignal()];
    stop.abort(boom);
    const channel = new Channel<number>(1);
    const sender = { signal, send: () => Promise.resolve(), close: () => Promise.resolve() };
    const duplex = toDuplex<number, number>({ sender, receiver: channel }, { signal: stop }).on('error', () => {});
    expect([duplex.destroyed, signal.listeners.size]).toEqual([true, 0]);
  });

  it('refuses ends that are none', () => {
    for (const ends of [undefined, {}, { sender: full(1) }, { receiver: full(1) }]) {
      expect(thrown(() => toDuplex(ends as never))).toBeInstanceOf(TypeError);
    }
  });
});

describe('toTransform', () => {
  const numbers = () => Readable.from([1, 2, 3, 4, 5]);

  it('is a step of a pipeline', async () => {
    const got: number[] = [];
    await pipeline(
      numbers(),
      toTransform<number, number>(async function* (source) {
        for await (const n of source) if (n % 2 === 1) yield* [n, -n];
        yield 0; // after the end of the input
      }),
      async (items) => {
        for await (const n of items) got.push(n as number);
      },
    );
    expect(got).toEqual([1, -1, 3, -3, 5, -5, 0]);
  });

  it('fails as the step does, and destroys what is before it', async () => {
    const source = numbers();
    const step = toTransform<number, number>(async function* (items) {
      for await (const n of items) {
        if (n === 2) throw boom;
        yield n;
      }
    });
    const got: unknown[] = [];
    await expect(
      pipeline(source, step, async (items) => {
        for await (const n of items) got.push(n);
      }),
    ).rejects.toBe(boom);
    expect([got, source.destroyed]).toEqual([[1], true]);
  });

  it('throws the error of what is before it into the step, which is left', async () => {
    const told: unknown[] = [];
    const source = new Readable({ objectMode: true, read() {} });
    source.push(1);
    const step = toTransform<number, number>(async function* (items) {
      try {
        yield* items;
      } catch (error) {
        told.push(error);
        throw error;
      } finally {
        told.push('left');
      }
    });
    const piping = watch(pipeline(source, step, new Writable({ objectMode: true, write: (_item, _, done) => done() })));
    await macrotask();
    source.destroy(boom);
    await macrotask();
    await macrotask();
    expect([piping.result, told]).toEqual([boom, [boom, 'left']]);
  });

  it('leaves the step when what is behind it has gone', async () => {
    let left = false;
    const stream = numbers().pipe(
      toTransform<number, number>(async function* (items) {
        try {
          yield* items;
        } finally {
          left = true;
        }
      }),
    );
    stream.on('error', () => {});
    for await (const n of stream) if (n === 2) break;
    await macrotask();
    expect([left, stream.destroyed]).toEqual([true, true]);
  });

  it('carries bytes where it is no stream of objects', async () => {
    const upper = toTransform<Buffer, string>(
      async function* (chunks) {
        for await (const chunk of chunks) yield chunk.toString().toUpperCase();
      },
      { objectMode: false },
    );
    upper.end('abc');
    expect(String(Buffer.concat(await collect(upper)))).toBe('ABC');
  });

  it('refuses what is no step', () => {
    expect(thrown(() => toTransform(1 as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => toTransform((() => 1) as never))).toBeInstanceOf(TypeError);
    expect(
      thrown(() =>
        toTransform(() => {
          throw boom;
        }),
      ),
    ).toBe(boom);
  });
});

describe('a listener that throws', () => {
  it("is the user's: it is reported as uncaught, and the stream goes on", async () => {
    const uncaught: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
    const channel = new Channel<number>(1);
    const got: number[] = [];
    toReadable(channel).on('data', (item: number) => {
      got.push(item);
      if (item === 1) throw boom;
    });
    await macrotask();
    await channel.send(1);
    await microtasks();
    await channel.send(2);
    await macrotask();
    await macrotask();
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(uncaught).toEqual([boom]);
    expect(got[0]).toBe(1);
  });
});
