// Bugs that adapters of web streams have had elsewhere, one test each, named after what it prevents. The numbers are those
// of the issues in which they were reported.

import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { Channel, ChannelClosedError } from 'sluice';
import { flow } from 'sluice/flow';
import {
  fromReadableStream,
  fromWritableStream,
  toReadableStream,
  toTransformStream,
  toWritableStream,
} from 'sluice/web';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect, macrotask, microtasks, rejection, settled, watch } from '../support.js';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await macrotask();
  process.off('unhandledRejection', note);
  if (unhandled.length > 0) throw new Error('a rejection was not handled', { cause: unhandled[0] });
});

/** Numbers without end, or up to `count`, from a native stream without a buffer. */
function numbers(count = Number.POSITIVE_INFINITY): ReadableStream<number> {
  let next = 0;
  return new ReadableStream<number>(
    {
      pull(controller) {
        if (next === count) controller.close();
        else controller.enqueue(next++);
      },
    },
    { highWaterMark: 0 },
  );
}

describe('a stream over a channel', () => {
  it('does not load a whole file: it counts what is read, not chunks of a strategy (node 46347, 47128)', async () => {
    const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url));
    expect(statSync(file).size).toBeGreaterThan(50_000);
    let read = 0;
    async function* chunks(): AsyncGenerator<Buffer> {
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 })) {
        read++;
        yield chunk as Buffer;
      }
    }
    const reader = toReadableStream(Channel.from(chunks(), 1)).getReader();
    await reader.read();
    for (let i = 0; i < 10; i++) await macrotask();
    expect(read).toBeLessThanOrEqual(4); // read, buffered, in hand
    await reader.cancel();
  });

  it('does not buffer a second time what the channel buffers (node 48636)', async () => {
    const channel = new Channel<number>(3);
    for (let i = 0; i < 3; i++) channel.trySend(i);
    toReadableStream(channel);
    await macrotask();
    expect([channel.size, channel.trySend(3)]).toEqual([3, false]);
  });

  it('does not crash where the source closes or fails after a cancel (node 54205, 64529)', async () => {
    for (const end of [undefined, new Error('late')]) {
      const channel = new Channel<number>(1);
      const stream = toReadableStream(channel, { cancel: false });
      const reader = stream.getReader();
      const read = reader.read();
      await reader.cancel('enough');
      expect(await read).toMatchObject({ done: true });
      channel.trySend(1);
      channel.close(end);
      await macrotask();
      expect(channel.drain()).toEqual([1]);
    }
  });

  it('reaches its cancel while a pull waits, and settles it (node 23890)', async () => {
    const channel = new Channel<number>(1);
    const reader = toReadableStream(channel).getReader();
    const read = watch(reader.read());
    expect((await settled(reader.cancel('enough'))).state).toBe('fulfilled');
    expect(read).toMatchObject({ state: 'fulfilled', result: { done: true } });
    expect(await rejection(channel.completion)).toBe('enough');
  });

  it('loses no item that came in the moment of the cancel', async () => {
    for (let ticks = 0; ticks < 6; ticks++) {
      const channel = new Channel<number>(1);
      const reader = toReadableStream(channel, { cancel: false }).getReader();
      const read = reader.read();
      channel.trySend(1);
      for (let i = 0; i < ticks; i++) await undefined;
      await reader.cancel();
      const { done } = await read;
      expect(channel.size).toBe(done ? 1 : 0);
    }
  });

  it('keeps the item in the channel where its reader let go of the lock with a read pending (whatwg/streams 1103)', async () => {
    const channel = new Channel<number>(1);
    const stream = toReadableStream(channel);
    const reader = stream.getReader();
    const read = reader.read();
    reader.releaseLock();
    await rejection(read);
    channel.trySend(1);
    await macrotask();
    expect(channel.size).toBe(1);
    expect(await stream.getReader().read()).toEqual({ done: false, value: 1 });
  });

  it('answers a waiting request of bytes at the end (whatwg/streams 1129)', async () => {
    const channel = new Channel<Uint8Array>(1);
    const reader = toReadableStream(channel, { type: 'bytes' }).getReader({ mode: 'byob' });
    const read = reader.read(new Uint8Array(4));
    await macrotask();
    channel.close();
    expect(await read).toMatchObject({ done: true });
  });

  it('does not detach the buffers of its items', async () => {
    const all = new Uint8Array([1, 2, 3, 4]);
    const channel = new Channel<Uint8Array>(2);
    channel.trySend(all.subarray(0, 2));
    channel.trySend(all.subarray(2));
    channel.close();
    const chunks = await collect(toReadableStream(channel, { type: 'bytes' }));
    expect(chunks.map((chunk) => [...chunk])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(all.byteLength).toBe(4);
  });

  it('gives bytes of a pooled Buffer', async () => {
    const channel = new Channel<Uint8Array>(1);
    channel.trySend(Buffer.from('pooled'));
    channel.close();
    expect(await new Response(toReadableStream(channel, { type: 'bytes' })).text()).toBe('pooled');
  });
});

describe('a receiver over a stream', () => {
  it('reads nothing beyond what was received when a loop is left, and leaves the rest (node 30794, 23730)', async () => {
    const stream = numbers();
    for await (const n of fromReadableStream(stream)) if (n === 2) break;
    expect(stream.locked).toBe(false);
    expect((await stream.getReader().read()).value).toBe(3);
  });

  it('never loses the chunk of a read that was given up (whatwg/streams 1103)', async () => {
    for (let ticks = 0; ticks < 8; ticks++) {
      let give: (n: number) => void = () => {};
      const stream = new ReadableStream<number>(
        { start: (controller) => void (give = (n) => controller.enqueue(n)) },
        { highWaterMark: 0 },
      );
      const receiver = fromReadableStream(stream);
      const controller = new AbortController();
      const received = watch(receiver.receive({ signal: controller.signal }));
      await microtasks();
      give(1);
      for (let i = 0; i < ticks; i++) await undefined;
      controller.abort('given up');
      await macrotask();
      if (received.state === 'rejected') expect(await receiver.receive()).toBe(1);
      else expect(received.result).toBe(1);
    }
  });

  it('leaves at once where others wait, and the read serves the next', async () => {
    let give: (n: number) => void = () => {};
    const stream = new ReadableStream<number>({ start: (controller) => void (give = (n) => controller.enqueue(n)) });
    const receiver = fromReadableStream(stream);
    const controller = new AbortController();
    const first = watch(receiver.receive({ signal: controller.signal }));
    const second = watch(receiver.receive());
    controller.abort('given up');
    await microtasks();
    expect(first).toEqual({ state: 'rejected', result: 'given up' });
    give(1);
    await macrotask();
    expect(second).toEqual({ state: 'fulfilled', result: 1 });
  });

  it('is not held up by a next() that waits when it is left (whatwg/streams 1255)', async () => {
    const stream = new ReadableStream<number>();
    const items = fromReadableStream(stream)[Symbol.asyncIterator]();
    const next = watch(items.next());
    const left = await settled(items.return?.() ?? Promise.resolve());
    expect(left).toMatchObject({ state: 'fulfilled', result: { done: true } });
    expect(next).toMatchObject({ state: 'fulfilled', result: { done: true } });
    expect(stream.locked).toBe(false);
  });

  it('recognises a stream that had ended or failed before (node 31508, 34035)', async () => {
    const ended = numbers(0);
    await ended.getReader().read();
    const failed = new ReadableStream<number>({ start: (controller) => controller.error(new Error('before')) });
    const endedUnlocked = new ReadableStream<number>({ start: (controller) => controller.close() });
    expect(await fromReadableStream(endedUnlocked).receive()).toBeUndefined();
    expect(await rejection(fromReadableStream(failed).receive())).toMatchObject({ message: 'before' });
  });

  it('does not end quietly where the source broke off (node 28994, 39086)', async () => {
    const readable = Readable.toWeb(new Readable({ read() {} })) as NodeStream<Uint8Array>;
    const broken = new Readable({
      read() {
        this.destroy();
      },
    });
    const receiver = fromReadableStream(Readable.toWeb(broken) as NodeStream<Uint8Array>);
    expect(await rejection(receiver.receive())).toBeInstanceOf(Error);
    await readable.cancel();
  });

  it('keeps what is buffered where others cancel only their loop (bun 32997)', async () => {
    const stream = new ReadableStream<number>(
      {
        start(controller) {
          for (const n of [1, 2, 3]) controller.enqueue(n);
          controller.close();
        },
      },
      { highWaterMark: 3 },
    );
    const receiver = fromReadableStream(stream);
    for await (const _ of receiver) break;
    expect(await collect(receiver)).toEqual([2, 3]);
  });

  it('does not leave unhandled rejections behind when its stream fails or is cancelled (node 46390, 50707, 62199)', async () => {
    const failing = new ReadableStream<number>({ pull: (controller) => controller.error(new Error('broke')) });
    await fromReadableStream(failing)
      .receive()
      .catch(() => {});
    const refuses = new ReadableStream<number>({ cancel: () => Promise.reject(new Error('will not')) });
    void fromReadableStream(refuses).cancel('enough');
    const locked = new ReadableStream<number>();
    locked.getReader();
    void fromReadableStream(locked).cancel('enough');
    await macrotask();
    expect(unhandled).toEqual([]);
  });
});

describe('a stream over a sender', () => {
  it('moves under a pipe: a high water mark of 0 never would (whatwg/streams 1158, 1190, 1354)', async () => {
    const to = new Channel<number>(1);
    void numbers(3).pipeTo(toWritableStream(to));
    expect(await collect(to)).toEqual([0, 1, 2]);
  });

  it('ends the write under way when it is aborted (whatwg/streams 611, 619, 1132)', async () => {
    const dropped: number[] = [];
    const channel = new Channel<number>(0);
    const writer = toWritableStream(channel, { onDrop: (item) => dropped.push(item) }).getWriter();
    writer.closed.catch(() => {});
    const written = watch(writer.write(1));
    await macrotask();
    expect(channel.stats().waitingSenders).toBe(1);
    expect((await settled(writer.abort('enough'))).state).toBe('fulfilled');
    expect([written.state, dropped]).toEqual(['rejected', [1]]);
    expect(await rejection(channel.receive())).toBe('enough');
  });

  it('makes no clean end of a writer that vanished (whatwg/streams 550, 808)', async () => {
    const channel = new Channel<number>(1);
    const writer = toWritableStream(channel).getWriter();
    await writer.write(1);
    await writer.abort();
    expect(await channel.receive()).toBe(1); // what was sent is delivered
    expect(await rejection(channel.receive())).toBeInstanceOf(Error);
  });

  it('tells a pipe at once that the receiver has left, not at its next chunk', async () => {
    const channel = new Channel<number>(8);
    let cancelled: unknown;
    const silent = new ReadableStream<number>({ cancel: (reason) => void (cancelled = reason) });
    const piping = watch(silent.pipeTo(toWritableStream(channel)));
    await macrotask();
    channel.cancel('nobody');
    await macrotask();
    expect(piping.state).toBe('rejected');
    expect(cancelled).toBeInstanceOf(ChannelClosedError);
    expect(cancelled).toMatchObject({ cause: 'nobody' });
  });

  it('tells it also where the cancel comes while an accepted send has yet to be told so', async () => {
    const channel = new Channel<number>(4);
    let cancelled: unknown;
    let next = 0;
    const silent = new ReadableStream<number>(
      {
        pull: (controller) => (next < 5 ? controller.enqueue(next++) : new Promise(() => {})),
        cancel: (reason) => void (cancelled = reason),
      },
      { highWaterMark: 0 },
    );
    const piping = watch(silent.pipeTo(toWritableStream(channel)));
    await macrotask();
    expect(channel.stats().waitingSenders).toBe(1);
    for await (const _ of channel.consume()) break;
    await macrotask();
    expect(piping.state).toBe('rejected');
    expect(cancelled).toBeInstanceOf(ChannelClosedError);
  });
});

describe('a sender over a stream', () => {
  it('does not hang on a stream that never wants anything (whatwg/streams 1158)', async () => {
    const written: number[] = [];
    const sender = fromWritableStream(
      new WritableStream<number>({ write: (n) => void written.push(n) }, { highWaterMark: 0 }),
    );
    for (let i = 0; i < 5; i++) await sender.send(i);
    await sender.close();
    expect(written).toEqual([0, 1, 2, 3, 4]);
  });

  it('does not wait for ever where the stream fails while it waits (node 31365)', async () => {
    const dropped: number[] = [];
    let fail: (error: Error) => void = () => {};
    const sender = fromWritableStream(
      new WritableStream<number>({ write: () => new Promise((_, reject) => void (fail = reject)) }),
      { onDrop: (item) => dropped.push(item) },
    );
    await sender.send(1);
    const waiting = [2, 3].map((n) => watch(sender.send(n)));
    await macrotask();
    fail(new Error('disk full'));
    await macrotask();
    for (const [i, { result }] of waiting.entries()) {
      expect(result).toBeInstanceOf(ChannelClosedError);
      expect(result).toMatchObject({ value: i + 2, cause: { message: 'disk full' } });
    }
    expect(dropped).toEqual([1]);
    expect(await rejection(sender.send(4))).toMatchObject({ value: 4 });
    expect(await rejection(Promise.resolve(sender.close()))).toMatchObject({ cause: { message: 'disk full' } });
  });

  it('does not spin where the stream is being closed by somebody else', async () => {
    let finish = (): void => {};
    const stream = new WritableStream<number>({ close: () => new Promise((resolve) => void (finish = resolve)) });
    const sender = fromWritableStream(stream);
    const closing = stream.close();
    const sent = watch(sender.send(1));
    await macrotask();
    finish();
    await closing;
    await macrotask();
    expect(sent.state).not.toBe('pending');
  });
});

describe('a step as a pair of streams', () => {
  it('unblocks what is piped into it when it returns early (node 55077, 62953)', async () => {
    let cancelled = false;
    const source = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel: () => void (cancelled = true),
    });
    async function* one(items: AsyncIterable<number>): AsyncGenerator<number> {
      for await (const item of items) {
        yield item;
        return;
      }
    }
    expect(await collect(source.pipeThrough(toTransformStream(one)))).toEqual([1]);
    await macrotask();
    expect(cancelled).toBe(true);
  });

  it('takes nothing while nobody reads, but for the chunk that waits (node 40377, 42457)', async () => {
    let stepped = 0;
    const stream = numbers().pipeThrough(
      toTransformStream(async function* count(items: AsyncIterable<number>) {
        for await (const item of items) {
          stepped++;
          yield item;
        }
      }),
    );
    await macrotask();
    expect(stepped).toBe(0);
    const reader = stream.getReader();
    await reader.read();
    await macrotask();
    expect(stepped).toBe(1);
    await reader.cancel();
  });
});

describe('a pipe with a signal (whatwg/streams 1207, 1208)', () => {
  const PIPES = 200;

  async function* fast(channel: Channel<number>, made: { count: number }): AsyncGenerator<number> {
    for (;;) {
      await undefined;
      yield made.count++;
      if (channel.closed) return;
    }
  }

  it('as the engine does it may lose a chunk at the abort, never more than one', async () => {
    let worst = 0;
    for (let i = 0; i < PIPES; i++) {
      let pulled = 0;
      let written = 0;
      const controller = new AbortController();
      const source = new ReadableStream<number>(
        {
          async pull(pulling) {
            await undefined;
            pulling.enqueue(pulled++);
          },
        },
        { highWaterMark: 0 },
      );
      const piping = source.pipeTo(new WritableStream({ write: () => void written++ }), {
        signal: controller.signal,
        preventCancel: true,
      });
      for (let ticks = 0; ticks < 20 + (i % 40); ticks++) await undefined;
      controller.abort();
      await piping.catch(() => {});
      await macrotask();
      worst = Math.max(worst, pulled - written);
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('as a flow loses nothing', async () => {
    for (let i = 0; i < PIPES; i++) {
      const made = { count: 0 };
      const dropped: number[] = [];
      const written: number[] = [];
      const channel = new Channel<number>(1, { onDrop: (item) => dropped.push(item) });
      const controller = new AbortController();
      const producing = channel.sendAll(fast(channel, made)).catch(() => {});
      const running = flow(channel, { signal: controller.signal, onDrop: (item) => dropped.push(item as number) }).to(
        fromWritableStream(new WritableStream<number>({ write: (n) => void written.push(n) }), {
          onDrop: (item) => dropped.push(item),
        }),
      );
      for (let ticks = 0; ticks < 20 + (i % 40); ticks++) await undefined;
      controller.abort();
      await running.catch(() => {});
      const left = channel.drain();
      const { sent } = channel.stats();
      channel.cancel();
      await producing;
      expect([...written, ...dropped, ...left].sort((a, b) => a - b).slice(0, sent)).toEqual(
        Array.from({ length: sent }, (_, n) => n),
      );
    }
  });
});
