// The four adapters of web streams: their options, ends and errors.

import { Channel, ChannelClosedError, type Receiver, type Sender, TimeoutError, type WaitOptions } from 'sluice';
import { flow } from 'sluice/flow';
import {
  fromReadableStream,
  fromTransformStream,
  fromWritableStream,
  toReadableStream,
  toTransformStream,
  toWritableStream,
} from 'sluice/web';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  collect,
  collectGarbage,
  full,
  letsTimersFire,
  macrotask,
  microtasks,
  passSlice,
  PlainSignal,
  rejection,
  settled,
  thrown,
  type Watched,
  watch,
} from '../support.js';

afterEach(() => void vi.unstubAllGlobals());

/** A native stream that is fed by hand. */
function fed(): {
  stream: ReadableStream<number>;
  controller: ReadableStreamDefaultController<number>;
  cancelled: unknown[];
} {
  let controller!: ReadableStreamDefaultController<number>;
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<number>(
    { start: (own) => void (controller = own), cancel: (reason) => void cancelled.push(reason) },
    { highWaterMark: 0 },
  );
  return { stream, controller, cancelled };
}

/** A receiver that is no channel of ours: it only promises items. */
class Foreign implements Receiver<number> {
  readonly cancelled: unknown[] = [];
  give: (item: number | undefined) => void = () => {};

  receive(_options?: WaitOptions): Promise<number | undefined> {
    return new Promise((resolve) => void (this.give = resolve));
  }

  cancel(reason?: unknown): void {
    this.cancelled.push(reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<number> {
    throw new Error('not used');
  }
}

describe('fromReadableStream', () => {
  it('serves receives and iterations in one line, first come, first served', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const items = receiver[Symbol.asyncIterator]();
    const waits = [receiver.receive(), items.next(), receiver.receive()].map((wait) => watch(wait as Promise<unknown>));
    for (const n of [1, 2, 3]) {
      controller.enqueue(n);
      await macrotask();
    }
    expect(waits.map(({ result }) => result)).toEqual([1, { value: 2, done: false }, 3]);
  });

  it('is unlocked for whoever goes on after a receive', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    expect(stream.locked).toBe(false);
    const received = receiver.receive();
    expect(stream.locked).toBe(true);
    controller.enqueue(1);
    await received;
    expect(stream.locked).toBe(false);
  });

  it('stays locked for a loop that asks on, and is unlocked where its body waits for something else', async () => {
    const { stream, controller } = fed();
    for (const n of [1, 2]) controller.enqueue(n);
    const locked: boolean[] = [];
    for await (const n of fromReadableStream(stream)) {
      locked.push(stream.locked);
      await macrotask();
      locked.push(stream.locked);
      if (n === 2) break;
    }
    expect(locked).toEqual([true, false, true, false]);
  });

  it('is unlocked by a loop that is left, unless somebody else waits', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const items = receiver[Symbol.asyncIterator]();
    const [next, received] = [items.next(), watch(receiver.receive())];
    controller.enqueue(1);
    expect(await next).toEqual({ value: 1, done: false });
    expect(await items.return?.()).toEqual({ value: undefined, done: true });
    expect([stream.locked, received.state]).toEqual([true, 'pending']);
    controller.enqueue(2);
    await macrotask();
    expect([received.result, stream.locked]).toEqual([2, false]);
    expect(await items.next()).toEqual({ value: undefined, done: true });
    expect(await items.return?.()).toEqual({ value: undefined, done: true });
    controller.enqueue(3);
    expect(await receiver.receive()).toBe(3); // nothing was taken for what has been left

    const alone = receiver[Symbol.asyncIterator]();
    controller.enqueue(4);
    await alone.next();
    void alone.return?.();
    expect(stream.locked).toBe(false); // in that very call
  });

  it('keeps reading for those who go on waiting when one of them leaves', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const signal = new PlainSignal();
    const waits = [watch(receiver.receive({ signal })), watch(receiver.receive())];
    await macrotask();
    signal.abort('given up');
    await microtasks();
    expect([waits.map(({ state }) => state), stream.locked]).toEqual([['rejected', 'pending'], true]);
    controller.enqueue(1);
    await macrotask();
    expect([waits.map(({ result }) => result), stream.locked]).toEqual([['given up', 1], false]);
  });

  it('has taken nothing for several who leave one after the other', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const signals = [new PlainSignal(), new PlainSignal(), new PlainSignal()];
    const [first, ...others] = signals;
    const waits = [watch(receiver.receive({ signal: first as PlainSignal }))];
    await macrotask();
    first?.abort('given up'); // lets go of the lock; by when the engine says so, others have come and gone
    for (const signal of others) waits.push(watch(receiver.receive({ signal })));
    for (const signal of others) signal.abort('given up');
    await macrotask();
    expect(waits.map(({ result }) => result)).toEqual(signals.map(() => 'given up'));
    expect(stream.locked).toBe(false);
    controller.enqueue(1);
    expect(await receiver.receive()).toBe(1);
  });

  it('lets the event loop run although there is always something to read', async () => {
    const stream = new ReadableStream<number>({ pull: (controller) => controller.enqueue(1) });
    const receiver = fromReadableStream(stream);
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await receiver.receive();
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('lets it run, too, for one who goes on asking what has been left', async () => {
    const items = fromReadableStream(new ReadableStream<number>())[Symbol.asyncIterator]();
    await items.return?.();
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await items.next();
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('unlocks where all have left while the event loop is let run', async () => {
    const stream = new ReadableStream<number>({ pull: (controller) => controller.enqueue(1) });
    const receiver = fromReadableStream(stream);
    const items = receiver[Symbol.asyncIterator]();
    for (let i = 0; i < 200; i++) {
      await items.next();
      passSlice(); // the next read waits for its turn
      const signal = new PlainSignal();
      const given = watch(receiver.receive({ signal }));
      signal.abort('given up');
      await macrotask();
      expect([given.state, stream.locked]).toEqual([given.result === 1 ? 'fulfilled' : 'rejected', false]);
      if (given.state === 'rejected') break;
    }
  });

  it('cancels once: the second cancel is the first', async () => {
    const cancels: unknown[] = [];
    let cancelled = (): void => {};
    const stream = new ReadableStream<number>({
      cancel(reason) {
        cancels.push(reason);
        return new Promise<void>((resolve) => void (cancelled = resolve));
      },
    });
    const receiver = fromReadableStream(stream);
    const both = ['first', 'second'].map((reason) => watch(Promise.resolve(receiver.cancel(reason))));
    await macrotask();
    expect([cancels, both.map(({ state }) => state)]).toEqual([['first'], ['pending', 'pending']]);
    cancelled();
    await macrotask();
    expect(both.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('keeps `undefined` and `null` as items of a loop', async () => {
    const stream = new ReadableStream<unknown>({
      start(controller) {
        for (const item of [undefined, null, 0]) controller.enqueue(item);
        controller.close();
      },
    });
    expect(await collect(fromReadableStream(stream))).toEqual([undefined, null, 0]);
  });

  it('tells all who wait of the end, and everybody after it', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const waits = [watch(receiver.receive()), watch(receiver.receive())];
    controller.close();
    await macrotask();
    expect(waits.map(({ state, result }) => [state, result])).toEqual(waits.map(() => ['fulfilled', undefined]));
    expect(await receiver.receive()).toBeUndefined();
    expect(await collect(receiver)).toEqual([]);
  });

  it('fails with the stream’s own error, each time; one without a reason is given one', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const error = new Error('broke');
    controller.error(error);
    expect(await rejection(receiver.receive())).toBe(error);
    expect(await rejection(receiver[Symbol.asyncIterator]().next())).toBe(error);
    const silent = fed();
    silent.controller.error();
    expect(await rejection(fromReadableStream(silent.stream).receive())).toMatchObject({
      message: 'the ReadableStream failed, and did not say why',
    });
  });

  it('takes with no time to wait what the stream can give at once, and else nothing', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    expect(await rejection(receiver.receive({ timeout: 0 }))).toBeInstanceOf(TimeoutError);
    controller.enqueue(1);
    expect(await receiver.receive({ timeout: 0 })).toBe(1);
    expect(stream.locked).toBe(false);
  });

  it('gives up after its timeout, and has read nothing', async () => {
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream);
    const error = await receiver.receive({ timeout: 5 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining('a receive on a ReadableStream timed out after 5 ms'),
    });
    expect(stream.locked).toBe(false);
    controller.enqueue(1);
    expect(await receiver.receive()).toBe(1);
  });

  it('cancels the stream with its reason, and ends those who wait with it', async () => {
    const { stream, cancelled } = fed();
    const receiver = fromReadableStream(stream);
    const waiting = watch(receiver.receive());
    await receiver.cancel('enough');
    expect([waiting.result, cancelled, stream.locked]).toEqual(['enough', ['enough'], false]);
    expect(await rejection(receiver.receive())).toBe('enough');
    await receiver.cancel('again');
    expect(cancelled).toEqual(['enough']);
  });

  it('ends quietly where it is cancelled without a reason', async () => {
    const { stream } = fed();
    const receiver = fromReadableStream(stream);
    const waiting = watch(receiver.receive());
    await receiver.cancel();
    await macrotask();
    expect(waiting).toEqual({ state: 'fulfilled', result: undefined });
  });

  it('hands a chunk to onDrop that the stream had given in the moment of the cancel', async () => {
    const dropped: unknown[] = [];
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream, { onDrop: (...drop) => dropped.push(drop) });
    const waiting = watch(receiver.receive());
    controller.enqueue(1);
    void receiver.cancel('enough');
    await macrotask();
    expect([waiting.result, dropped]).toEqual(['enough', [[1, 'cancel']]]);
  });

  it('is cancelled by its signal, also by one that had aborted', async () => {
    const signal = new PlainSignal();
    const { stream, cancelled } = fed();
    const receiver = fromReadableStream(stream, { signal });
    signal.abort('stop');
    expect(await rejection(receiver.receive())).toBe('stop');
    const other = fed();
    expect(await rejection(fromReadableStream(other.stream, { signal }).receive())).toBe('stop');
    expect([cancelled, other.cancelled, signal.listeners.size]).toEqual([['stop'], ['stop'], 0]);
  });

  it('lets go of its signal at the end', async () => {
    const signal = new PlainSignal();
    const { stream, controller } = fed();
    const receiver = fromReadableStream(stream, { signal });
    expect(signal.listeners.size).toBe(1);
    controller.close();
    await receiver.receive();
    expect(signal.listeners.size).toBe(0);
  });

  it('refuses a receive while another reader has the stream, and works again after', async () => {
    const { stream, controller } = fed();
    const reader = stream.getReader();
    const receiver = fromReadableStream(stream);
    expect(await rejection(receiver.receive())).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining('locked by another reader'),
    });
    reader.releaseLock();
    controller.enqueue(1);
    expect(await receiver.receive()).toBe(1);
  });

  it('fails with what a read throws, which is no lock of somebody else, and lets go', async () => {
    const { stream } = fed();
    const broken = new Error('broken');
    const throwing = {
      locked: false,
      cancel: (reason: unknown) => stream.cancel(reason),
      getReader: () =>
        Object.assign(stream.getReader(), {
          read() {
            throw broken;
          },
        }),
    };
    const receiver = fromReadableStream<number>(throwing);
    const receives = [watch(receiver.receive()), watch(receiver.receive())];
    await macrotask();
    expect([receives.map(({ result }) => result), stream.locked]).toEqual([[broken, broken], false]);
  });

  it('keeps the lock, and the chunk for the next receive, where an engine cannot let go of it', async () => {
    const { stream, controller } = fed();
    const dropped: number[] = [];
    const old = {
      get locked() {
        return stream.locked;
      },
      cancel: (reason: unknown) => stream.cancel(reason),
      getReader() {
        const reader = stream.getReader();
        let reads = 0;
        return {
          cancel: (reason: unknown) => reader.cancel(reason),
          async read() {
            reads++;
            const read = await reader.read();
            reads--;
            return read;
          },
          releaseLock() {
            if (reads > 0) throw new TypeError('reads are pending');
            reader.releaseLock();
          },
        };
      },
    };
    const receiver = fromReadableStream<number>(old, { onDrop: (item) => dropped.push(item) });
    const signal = new PlainSignal();
    const waiting = watch(receiver.receive({ signal }));
    signal.abort('given up');
    await microtasks();
    expect([waiting.result, stream.locked]).toEqual(['given up', true]);
    controller.enqueue(1);
    await macrotask();
    expect(stream.locked).toBe(false);
    expect(await receiver.receive()).toBe(1);

    const again = new PlainSignal();
    const other = watch(receiver.receive({ signal: again }));
    again.abort('given up');
    controller.enqueue(2);
    await macrotask();
    await receiver.cancel();
    expect([other.result, dropped]).toEqual(['given up', [2]]);
  });

  it('refuses what it cannot work with', async () => {
    for (const wrong of [undefined, null, {}, [], 'stream']) {
      expect(thrown(() => fromReadableStream(wrong as never))).toMatchObject({ name: 'TypeError' });
    }
    expect(thrown(() => fromReadableStream(fed().stream, { onDrop: 1 } as never))).toMatchObject({ name: 'TypeError' });
    const receiver = fromReadableStream(fed().stream);
    expect(await rejection(receiver.receive({ timeout: -1 }))).toMatchObject({ name: 'RangeError' });
    const aborted = Object.assign(new PlainSignal(), { aborted: true, reason: 'before' });
    expect(await rejection(receiver.receive({ signal: aborted }))).toBe('before');
  });
});

describe('toReadableStream', () => {
  it('gives the items in order, then the end; `undefined` and `null` are items', async () => {
    const channel = new Channel<unknown>(3);
    for (const item of [undefined, null, 0]) channel.trySend(item);
    channel.close();
    expect(await collect(toReadableStream(channel))).toEqual([undefined, null, 0]);
  });

  it('closes or fails at once, also while nobody reads', async () => {
    const quiet = new Channel<number>(1);
    const reader = toReadableStream(quiet).getReader();
    quiet.close();
    expect((await settled(reader.closed)).state).toBe('fulfilled');
    const failing = new Channel<number>(1);
    const other = toReadableStream(failing).getReader();
    failing.close(new Error('failed'));
    expect(await rejection(other.closed)).toMatchObject({ message: 'failed' });
  });

  it('fails behind what is buffered', async () => {
    const channel = full(2);
    channel.close(new Error('failed'));
    const reader = toReadableStream(channel).getReader();
    expect([await reader.read(), await reader.read()]).toEqual([1, 2].map((value) => ({ done: false, value })));
    expect(await rejection(reader.read())).toMatchObject({ message: 'failed' });
  });

  it('cancels the source with the reason, or leaves it alone where it is borrowed', async () => {
    const owned = full(2);
    await toReadableStream(owned).cancel('enough');
    expect(await rejection(owned.completion)).toBe('enough');
    const borrowed = full(2);
    const reader = toReadableStream(borrowed, { cancel: false }).getReader();
    await reader.read();
    await reader.cancel();
    expect([borrowed.closed, borrowed.drain()]).toEqual([false, [2]]);
  });

  it('is kept by nothing of a borrowed source once it has been cancelled', async () => {
    const channel = new Channel<number>(1);
    const refs = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const stream = toReadableStream(channel, { cancel: false });
        await stream.cancel();
        return new WeakRef<object>(stream);
      }),
    );
    const left = (): number => refs.filter((ref) => ref.deref() !== undefined).length;
    for (let i = 0; i < 10 && left() > 0; i++) {
      await macrotask();
      collectGarbage();
    }
    expect([left(), channel.closed]).toEqual([0, false]);
  });

  it('shares the channel fairly with another receiver', async () => {
    const channel = new Channel<number>(10);
    const reader = toReadableStream(channel, { cancel: false }).getReader();
    const reads = [reader.read(), reader.read()];
    await macrotask();
    const received = channel.receive();
    for (let i = 0; i < 3; i++) channel.trySend(i);
    expect([await Promise.all(reads), await received]).toEqual([
      [
        { done: false, value: 0 },
        { done: false, value: 2 },
      ],
      1,
    ]);
  });

  describe('whose reader lets go with a read pending, and another that has the lock has not read yet', () => {
    async function handedOver(options?: Parameters<typeof toReadableStream<number>>[1]) {
      const channel = new Channel<number>(2);
      const stream = toReadableStream<number>(channel, options);
      const first = stream.getReader();
      const left = watch(first.read());
      await macrotask();
      first.releaseLock();
      const reader = stream.getReader();
      channel.trySend(1);
      await macrotask();
      expect([left.state, channel.size]).toEqual(['rejected', 0]); // it is in the stream's own queue
      return { channel, reader };
    }

    it('gives the item to that one, before a failed end', async () => {
      const { channel, reader } = await handedOver();
      channel.trySend(2);
      channel.close('failed');
      await macrotask();
      expect(await reader.read()).toEqual({ value: 1, done: false });
      expect(await reader.read()).toEqual({ value: 2, done: false });
      expect(await rejection(reader.read())).toBe('failed');
    });

    it('gives the item to that one, before a failed end that comes behind it at once', async () => {
      const { channel, reader } = await handedOver();
      channel.close('failed');
      await macrotask();
      expect(await reader.read()).toEqual({ value: 1, done: false });
      expect(await rejection(reader.read())).toBe('failed');
    });

    it('gives the item to that one, before a quiet end, and reports nothing', async () => {
      const dropped: number[] = [];
      const { channel, reader } = await handedOver({ onDrop: (item) => dropped.push(item) });
      channel.close();
      await macrotask();
      expect(await reader.read()).toEqual({ value: 1, done: false });
      expect([await reader.read(), dropped]).toEqual([{ value: undefined, done: true }, []]);
    });

    it('drops the item, told, when it is aborted', async () => {
      const controller = new AbortController();
      const dropped: number[] = [];
      const { reader } = await handedOver({ signal: controller.signal, onDrop: (item) => dropped.push(item) });
      controller.abort('stop');
      expect([await rejection(reader.read()), dropped]).toEqual(['stop', [1]]);
    });

    it('does not report the item when it was read before the abort', async () => {
      const controller = new AbortController();
      const dropped: number[] = [];
      const { reader } = await handedOver({ signal: controller.signal, onDrop: (item) => dropped.push(item) });
      expect(await reader.read()).toEqual({ value: 1, done: false });
      controller.abort('stop');
      expect([await rejection(reader.read()), dropped]).toEqual(['stop', []]);
    });
  });

  it('is failed by its signal, and the source cancelled', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    const reader = toReadableStream(channel, { signal }).getReader();
    signal.abort('stop');
    expect(await rejection(reader.read())).toBe('stop');
    expect(await rejection(channel.completion)).toBe('stop');
    expect(signal.listeners.size).toBe(0);
    expect(await rejection(toReadableStream(full(1), { signal }).getReader().read())).toBe('stop');
  });

  it('hands to onDrop what a foreign receiver had promised when the stream was cancelled', async () => {
    const dropped: unknown[] = [];
    const foreign = new Foreign();
    const reader = toReadableStream(foreign, { onDrop: (...drop) => dropped.push(drop) }).getReader();
    const read = reader.read();
    await microtasks();
    foreign.give(1);
    await reader.cancel('enough');
    expect(await read).toMatchObject({ done: true });
    await macrotask();
    expect([dropped, foreign.cancelled]).toEqual([[[1, 'cancel']], ['enough']]);
  });

  it('keeps what a foreign receiver gives after a reader has let go, for the next read; and drops it, told, at a cancel', async () => {
    for (const way of ['read', 'cancel', 'abort'] as const) {
      const foreign = new Foreign();
      const dropped: number[] = [];
      const abort = new AbortController();
      const stream = toReadableStream(foreign, { onDrop: (item) => void dropped.push(item), signal: abort.signal });
      const reader = stream.getReader();
      const read = rejection(reader.read());
      await microtasks();
      reader.releaseLock();
      await read;
      foreign.give(1);
      await macrotask();
      expect(dropped).toEqual([]);
      if (way === 'read') expect(await stream.getReader().read()).toEqual({ value: 1, done: false });
      else if (way === 'cancel') await stream.cancel('enough');
      else abort.abort('stop');
      expect(dropped).toEqual(way === 'read' ? [] : [1]);
    }
  });

  it('gives the item to the next receive, where one of promised items timed out', async () => {
    const lines = new Channel<number>(4);
    const promised = fromReadableStream(toReadableStream(lines));
    const items = fromReadableStream(toReadableStream(promised));
    await expect(items.receive({ timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
    await lines.send(1);
    await lines.send(2);
    lines.close();
    await macrotask();
    expect(await collect(items)).toEqual([1, 2]);
  });

  it('reads a foreign receiver to its end', async () => {
    const foreign = new Foreign();
    const reader = toReadableStream(foreign).getReader();
    const reads = [watch(reader.read()), watch(reader.read())];
    await microtasks();
    foreign.give(1);
    await macrotask();
    foreign.give(undefined);
    await macrotask();
    expect(reads.map(({ result }) => result)).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
  });

  it('fails a stream of bytes at an item that is none, which is named and dropped', async () => {
    const dropped: unknown[] = [];
    const channel = new Channel<unknown>(3);
    channel.trySend(new Uint8Array([1]));
    channel.trySend('text');
    const reader = toReadableStream(channel, { type: 'bytes', onDrop: (item) => dropped.push(item) }).getReader();
    await reader.read();
    expect(await rejection(reader.read())).toMatchObject({
      message: 'item 1 of a stream of bytes must be a view of a buffer, got "text"',
    });
    expect([dropped, channel.ended]).toEqual([['text'], true]);
  });

  it('skips empty views in a stream of bytes', async () => {
    const channel = new Channel<Uint8Array>(3);
    for (const length of [0, 0, 2]) channel.trySend(new Uint8Array(length));
    channel.close();
    const chunks = await collect(toReadableStream(channel, { type: 'bytes' }));
    expect(chunks.map(({ byteLength }) => byteLength)).toEqual([2]);
  });

  it('gives what comes to the next reader, where one with a buffer has let go of a read', async () => {
    for (const mode of ['byob', undefined] as const) {
      for (const comesUnlocked of [true, false]) {
        const dropped: unknown[] = [];
        const channel = new Channel<Uint8Array>(4);
        const stream = toReadableStream(channel, { type: 'bytes', onDrop: (item) => void dropped.push(item) });
        const first = stream.getReader({ mode: 'byob' });
        const given = watch(first.read(new Uint8Array(2)));
        await macrotask();
        first.releaseLock();
        await macrotask();
        expect(given.state).toBe('rejected');
        if (comesUnlocked) channel.trySend(Uint8Array.of(1, 2, 3));
        await macrotask();
        const reads: Watched[] = [];
        const read = (): void => {
          if (mode === 'byob') {
            const reader = stream.getReader({ mode });
            reads.push(watch(reader.read(new Uint8Array(4)).finally(() => reader.releaseLock())));
          } else {
            const reader = stream.getReader();
            reads.push(watch(reader.read().finally(() => reader.releaseLock())));
          }
        };
        read();
        await macrotask();
        if (!comesUnlocked) channel.trySend(Uint8Array.of(1, 2, 3));
        for (let i = 0; i < 3; i++) await macrotask();
        if (reads[0]?.state === 'pending') continue; // Node 24 answers such a read only with the next
        read();
        for (let i = 0; i < 3; i++) await macrotask();
        const bytes = reads.flatMap(({ result }) => [...(result as { value: Uint8Array }).value]);
        expect([bytes, dropped, channel.size]).toEqual([[1, 2, 3], [], 0]);
      }
    }
  });

  it('hands to onDrop what is left of an item that did not fit into the reader’s buffer', async () => {
    const dropped: Uint8Array[] = [];
    const channel = new Channel<Uint8Array>(1);
    channel.trySend(new Uint8Array([1, 2, 3, 4, 5]));
    const stream = toReadableStream(channel, { type: 'bytes', onDrop: (item) => dropped.push(item) });
    const reader = stream.getReader({ mode: 'byob' });
    expect((await reader.read(new Uint8Array(2))).value).toEqual(new Uint8Array([1, 2]));
    await reader.cancel();
    expect(dropped).toEqual([new Uint8Array([3, 4, 5])]);
  });

  it('lets a reader of chunks go on where one with buffers has let go', async () => {
    const channel = new Channel<Uint8Array>(1);
    channel.trySend(new Uint8Array([1, 2, 3]));
    const stream = toReadableStream(channel, { type: 'bytes' });
    const byob = stream.getReader({ mode: 'byob' });
    await byob.read(new Uint8Array(1));
    byob.releaseLock();
    expect((await stream.getReader().read()).value).toEqual(new Uint8Array([2, 3]));
  });

  it('refuses what it cannot work with, and says what the platform lacks', () => {
    expect(thrown(() => toReadableStream({} as never))).toMatchObject({ message: /source must be a Receiver/ });
    expect(thrown(() => toReadableStream(full(1), { cancel: 1 } as never))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => toReadableStream(full(1), { type: 'text' } as never))).toMatchObject({
      message: 'options.type must be \'bytes\', got "text"',
    });
    vi.stubGlobal('ReadableStream', undefined);
    expect(thrown(() => toReadableStream(full(1)))).toMatchObject({
      message: 'toReadableStream needs a global ReadableStream, and this platform has none: load a polyfill first',
    });
    vi.stubGlobal('WritableStream', undefined);
    expect(thrown(() => toWritableStream(full(1)))).toMatchObject({ message: /needs a global WritableStream/ });
  });
});

describe('fromWritableStream', () => {
  /** A sink whose writes are answered by hand. */
  function sink(highWaterMark = 1): {
    stream: WritableStream<number>;
    written: number[];
    answer: (error?: Error) => void;
    log: unknown[];
  } {
    const written: number[] = [];
    const log: unknown[] = [];
    const answers: ((error?: Error) => void)[] = [];
    const stream = new WritableStream<number>(
      {
        write: (item) =>
          new Promise<void>((resolve, reject) => {
            answers.push((error) => {
              if (error !== undefined) return reject(error);
              written.push(item);
              resolve();
            });
          }),
        close: () => void log.push('closed'),
        abort: (reason) => void log.push(['aborted', reason]),
      },
      { highWaterMark },
    );
    return { stream, written, log, answer: (error) => answers.shift()?.(error) };
  }

  it('waits until the stream wants more, and keeps the order', async () => {
    const { stream, written, answer } = sink();
    const sender = fromWritableStream(stream);
    const sends = [1, 2, 3].map((n) => watch(sender.send(n)));
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'pending', 'pending']);
    answer();
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending']);
    answer();
    await macrotask();
    answer();
    await macrotask();
    expect(written).toEqual([1, 2, 3]);
  });

  it('is locked only while somebody waits', async () => {
    const { stream, answer } = sink();
    const sender = fromWritableStream(stream);
    await sender.send(1);
    expect(stream.locked).toBe(false);
    const second = sender.send(2);
    expect(stream.locked).toBe(true);
    await macrotask();
    answer();
    await second;
    expect(stream.locked).toBe(false);
  });

  it('has written nothing where a send gave up, and is unlocked then', async () => {
    const { stream, written, answer } = sink();
    const sender = fromWritableStream(stream);
    await sender.send(1);
    const signal = new PlainSignal();
    const given = watch(sender.send(2, { signal }));
    signal.abort('given up');
    await macrotask();
    expect([given.result, stream.locked]).toEqual(['given up', false]);
    expect(await rejection(sender.send(3, { timeout: 0 }))).toMatchObject({ name: 'TimeoutError', value: 3 });
    answer();
    await macrotask();
    expect(written).toEqual([1]);
  });

  it('is unlocked after a send that had no time to wait; a stream that is over says so, not that it is late', async () => {
    const { stream, answer } = sink();
    const sender = fromWritableStream(stream);
    await sender.send(1);
    expect(await rejection(sender.send(2, { timeout: 0 }))).toMatchObject({ name: 'TimeoutError', value: 2 });
    expect(stream.locked).toBe(false);
    const waiting = watch(sender.send(3));
    expect(await rejection(sender.send(4, { timeout: 0 }))).toMatchObject({ name: 'TimeoutError', value: 4 });
    answer();
    await macrotask();
    expect([waiting.state, stream.locked]).toEqual(['fulfilled', false]);
    const failed = new WritableStream<number>();
    await failed.abort('dead');
    const closed = new WritableStream<number>();
    await closed.close();
    for (const [over, cause] of [
      [failed, 'dead'],
      [closed, undefined],
    ] as const) {
      const error = await rejection(fromWritableStream(over).send(5, { timeout: 0 }));
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect([(error as ChannelClosedError).value, (error as Error).cause, over.locked]).toEqual([5, cause, false]);
    }
  });

  it('closes after those who wait, and fulfils when the sink has finished', async () => {
    const { stream, written, answer, log } = sink();
    const sender = fromWritableStream(stream);
    const sends = [1, 2].map((n) => watch(sender.send(n)));
    const closing = watch(Promise.resolve(sender.close()));
    expect(await rejection(sender.send(3))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 3 });
    answer();
    await macrotask();
    expect([closing.state, log]).toEqual(['pending', []]);
    answer();
    await macrotask();
    expect([closing.state, written, log, stream.locked]).toEqual(['fulfilled', [1, 2], ['closed'], false]);
    expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
    await sender.close(new Error('the first close decides'));
  });

  it('aborts with the error of a close, behind what was written', async () => {
    const { stream, written, answer, log } = sink(2);
    const sender = fromWritableStream(stream);
    await sender.send(1);
    await sender.send(2);
    const error = new Error('failed');
    const closing = watch(Promise.resolve(sender.close(error)));
    await macrotask();
    answer();
    await macrotask();
    expect(log).toEqual([]);
    answer();
    await macrotask();
    expect([closing.state, written, log]).toEqual(['fulfilled', [1, 2], [['aborted', error]]]);
  });

  it('hands to onDrop what was written and the sink did not take', async () => {
    const dropped: unknown[] = [];
    const { stream, answer } = sink(3);
    const sender = fromWritableStream(stream, { onDrop: (...drop) => dropped.push(drop) });
    for (const n of [1, 2, 3]) await sender.send(n);
    answer();
    await macrotask();
    answer(new Error('disk full'));
    await macrotask();
    expect(dropped).toEqual([
      [2, 'cancel'],
      [3, 'cancel'],
    ]);
  });

  it('is aborted by its signal: those who wait are refused', async () => {
    const signal = new PlainSignal();
    const { stream, log, answer } = sink();
    const sender = fromWritableStream(stream, { signal });
    await sender.send(1);
    const waiting = watch(sender.send(2));
    signal.abort('stop');
    answer();
    await macrotask();
    expect(waiting.result).toBeInstanceOf(ChannelClosedError);
    expect(waiting.result).toMatchObject({ value: 2, cause: 'stop' });
    expect([log, signal.listeners.size, stream.locked]).toEqual([[['aborted', 'stop']], 0, false]);
    expect(await rejection(fromWritableStream(sink().stream, { signal }).send(1))).toMatchObject({ cause: 'stop' });
  });

  it('refuses at once what waits, what comes and a close, when the stream fails with a write under way', async () => {
    for (const highWaterMark of [0, 1]) {
      const error = new Error('disk full');
      const own: { controller?: WritableStreamDefaultController } = {};
      const stream = new WritableStream<number>(
        { start: (controller) => void (own.controller = controller), write: () => new Promise<void>(() => {}) },
        { highWaterMark },
      );
      const [sender, other, third] = [
        fromWritableStream(stream),
        fromWritableStream(stream),
        fromWritableStream(stream),
      ];
      await sender.send(1);
      const waiting = watch(sender.send(2));
      await macrotask();
      own.controller?.error(error);
      await microtasks();
      expect(waiting.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2, cause: error });
      for (const options of [undefined, { timeout: 0 }]) {
        const late = watch(other.send(3, options));
        await microtasks();
        expect(late.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 3, cause: error });
      }
      const closing = watch(Promise.resolve(third.close()));
      await microtasks();
      expect(closing.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: error });
      expect(stream.locked).toBe(false);
    }
  });

  it('refuses a close of a stream that is over, with or without an error, and says why that is', async () => {
    const reason = new Error('dead');
    const failed = new WritableStream<number>();
    await failed.abort(reason);
    const closed = new WritableStream<number>();
    await closed.close();
    for (const [over, cause] of [
      [failed, reason],
      [closed, undefined],
    ] as const) {
      for (const error of [undefined, new Error('mine')]) {
        const refusal = await rejection(Promise.resolve(fromWritableStream(over).close(error)));
        expect(refusal).toBeInstanceOf(ChannelClosedError);
        expect([(refusal as Error).cause, over.locked]).toEqual([cause, false]);
      }
    }
  });

  it('refuses what waits, and what comes, once somebody else is closing the stream', async () => {
    for (const highWaterMark of [0, 1]) {
      for (const waits of [false, true]) {
        const dropped: number[] = [];
        let written = (): void => {};
        let closed = (): void => {};
        const stream = new WritableStream<number>(
          {
            write: () => new Promise<void>((resolve) => void (written = resolve)),
            close: () => new Promise<void>((resolve) => void (closed = resolve)),
          },
          { highWaterMark },
        );
        const sender = fromWritableStream(stream, { onDrop: (item) => void dropped.push(item) });
        await macrotask();
        if (waits) await sender.send(1);
        await macrotask();
        const closing = stream.close();
        await macrotask();
        const sent = watch(sender.send(2));
        written();
        await macrotask();
        closed();
        await closing;
        await macrotask();
        // An engine may let it in, and then refuse it.
        if (sent.state === 'fulfilled') expect(dropped).toEqual([2]);
        else expect(sent.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2 });
        expect(stream.locked).toBe(false);
      }
    }
  });

  it('writes to a stream that never wants anything while no write is under way, one at a time', async () => {
    const { stream, written, answer } = sink(0);
    const sender = fromWritableStream(stream);
    const sends = [1, 2, 3].map((n) => watch(sender.send(n)));
    await macrotask();
    for (const n of [1, 2, 3]) {
      expect([written.length, sends.filter(({ state }) => state === 'fulfilled').length]).toEqual([n - 1, n]);
      answer();
      await macrotask();
    }
    expect(stream.locked).toBe(false);
  });

  it('waits for the room that somebody else has taken, and asks for no more than there is', async () => {
    const { stream, written, answer } = sink(1);
    const writer = stream.getWriter();
    for (const n of [1, 2, 3]) void writer.write(n); // more than it wants
    writer.releaseLock();
    const sender = fromWritableStream(stream);
    const sends = [4, 5].map((n) => watch(sender.send(n)));
    for (let taken = 1; taken <= 3; taken++) {
      await macrotask();
      expect([written.length, sends.map(({ state }) => state)]).toEqual([taken - 1, ['pending', 'pending']]);
      answer();
    }
    await macrotask();
    expect([written, sends.map(({ state }) => state)]).toEqual([
      [1, 2, 3],
      ['fulfilled', 'pending'],
    ]);
    for (let more = 0; more < 2; more++) {
      answer();
      await macrotask();
    }
    expect([written, stream.locked]).toEqual([[1, 2, 3, 4, 5], false]);
  });

  it('closes behind those who still wait when one before them has given up', async () => {
    const { stream, written, answer, log } = sink();
    const sender = fromWritableStream(stream);
    await sender.send(1);
    const signal = new PlainSignal();
    const given = watch(sender.send(2, { signal }));
    const sent = watch(sender.send(3));
    const closing = watch(Promise.resolve(sender.close()));
    signal.abort('given up');
    await macrotask();
    expect([given.result, sent.state, log]).toEqual(['given up', 'pending', []]);
    answer();
    await macrotask();
    answer();
    await macrotask();
    expect([sent.state, closing.state, written, log]).toEqual(['fulfilled', 'fulfilled', [1, 3], ['closed']]);
  });

  it('closes when the last who waited has given up', async () => {
    const { stream, answer, log } = sink();
    const sender = fromWritableStream(stream);
    await sender.send(1);
    const signal = new PlainSignal();
    const given = watch(sender.send(2, { signal }));
    const closing = watch(Promise.resolve(sender.close()));
    await macrotask();
    signal.abort('given up');
    answer();
    await macrotask();
    expect([given.result, closing.state, log, stream.locked]).toEqual(['given up', 'fulfilled', ['closed'], false]);
  });

  it('lets go of its signal at every end', async () => {
    const ends: ((sender: Sender<number>, stream: WritableStream<number>) => unknown)[] = [
      (sender) => sender.close(),
      (sender) => sender.close(new Error('failed')),
      async (sender, stream) => {
        await stream.abort('dead');
        await rejection(sender.send(1));
      },
    ];
    for (const end of ends) {
      const signal = new PlainSignal();
      const stream = new WritableStream<number>();
      const sender = fromWritableStream(stream, { signal });
      expect(signal.listeners.size).toBe(1);
      await end(sender, stream);
      expect(signal.listeners.size).toBe(0);
    }
  });

  it('says why the stream failed where it does so in the turn of a close', async () => {
    const own: { controller?: WritableStreamDefaultController } = {};
    const stream = new WritableStream<number>({ start: (controller) => void (own.controller = controller) });
    await macrotask();
    const closing = watch(Promise.resolve(fromWritableStream(stream).close()));
    const error = new Error('disk full');
    own.controller?.error(error);
    await macrotask();
    expect(closing.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: error });
    expect(stream.locked).toBe(false);
  });

  it('refuses to close while somebody else is closing the stream, as it does after that', async () => {
    let finish = (): void => {};
    const stream = new WritableStream<number>({ close: () => new Promise<void>((resolve) => (finish = resolve)) });
    const closing = stream.close();
    const sender = fromWritableStream(stream);
    expect(await rejection(Promise.resolve(sender.close()))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      message: 'the WritableStream is closed: nothing more goes in',
    });
    expect(stream.locked).toBe(false);
    finish();
    await closing;
  });

  it('refuses while another writer has the stream, and once somebody else has closed it', async () => {
    const { stream } = sink();
    const sender = fromWritableStream(stream);
    const writer = stream.getWriter();
    expect(await rejection(sender.send(1))).toMatchObject({ name: 'TypeError', message: /locked by another writer/ });
    expect(await rejection(Promise.resolve(sender.close()))).toMatchObject({ name: 'TypeError' });
    await writer.close();
    writer.releaseLock();
    expect(await rejection(sender.send(1))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 1 });
  });

  it('refuses what it cannot work with', async () => {
    for (const wrong of [undefined, {}, new ReadableStream()]) {
      expect(thrown(() => fromWritableStream(wrong as never))).toMatchObject({ name: 'TypeError' });
    }
    expect(await rejection(fromWritableStream(sink().stream).send(1, { timeout: -1 }))).toMatchObject({
      name: 'RangeError',
    });
  });
});

describe('toWritableStream', () => {
  it('closes the sender, or leaves it open where it is borrowed', async () => {
    const owned = new Channel<number>(1);
    await toWritableStream(owned).close();
    expect(owned.ended).toBe(true);
    const borrowed = new Channel<number>(1);
    await toWritableStream(borrowed, { close: false }).close();
    await toWritableStream(borrowed, { close: false }).abort('enough');
    expect(borrowed.closed).toBe(false);
  });

  it('waits for the close of a foreign sender', async () => {
    let closed = (): void => {};
    const sender: Sender<number> = {
      send: () => Promise.resolve(),
      close: () => new Promise<void>((resolve) => void (closed = resolve)),
    };
    const closing = watch(toWritableStream(sender).close());
    await macrotask();
    expect(closing.state).toBe('pending');
    closed();
    await macrotask();
    expect(closing.state).toBe('fulfilled');
  });

  it('fails with what a send is refused with, which is then the sender’s end', async () => {
    const channel = new Channel<number>(1, { weigh: (n) => n });
    const writer = toWritableStream(channel).getWriter();
    expect(await rejection(writer.write(5))).toMatchObject({ name: 'RangeError' });
    await writer.closed.catch(() => {});
    expect(await rejection(channel.receive())).toMatchObject({ name: 'RangeError' });
  });

  it('fails at once where the channel had been cancelled', async () => {
    const channel = new Channel<number>(1);
    channel.cancel('nobody');
    expect(await rejection(toWritableStream(channel).getWriter().closed)).toMatchObject({ cause: 'nobody' });
  });

  it('is failed by its signal, and withdraws the send under way', async () => {
    const dropped: number[] = [];
    const signal = new PlainSignal();
    const channel = new Channel<number>(0);
    const writer = toWritableStream(channel, { signal, onDrop: (item) => dropped.push(item) }).getWriter();
    const closed = watch(writer.closed);
    const written = watch(writer.write(1));
    await macrotask();
    signal.abort('stop');
    await macrotask();
    expect([closed.result, written.state, dropped]).toEqual(['stop', 'rejected', [1]]);
    expect(await rejection(channel.receive())).toBe('stop');
    expect(signal.listeners.size).toBe(0);
  });

  it('lets go of both signals, its own and that of the receiver, at every end', async () => {
    const ends: ((stream: WritableStream<number>, signal: PlainSignal, receiver: PlainSignal) => unknown)[] = [
      (stream) => stream.close(),
      (stream) => stream.abort('enough'),
      (_stream, signal) => signal.abort('stop'),
      (_stream, _signal, receiver) => receiver.abort('nobody'),
    ];
    for (const end of ends) {
      const [signal, receiver] = [new PlainSignal(), new PlainSignal()];
      const closes: unknown[] = [];
      const sender = {
        signal: receiver,
        send: () => Promise.resolve(),
        close: (error?: unknown) => Promise.resolve(void closes.push(error)),
      };
      const stream = toWritableStream<number>(sender, { signal });
      expect([signal.listeners.size, receiver.listeners.size]).toEqual([1, 1]);
      await end(stream, signal, receiver);
      await macrotask();
      expect([signal.listeners.size, receiver.listeners.size]).toEqual([0, 0]);
      expect(closes.length).toBe(receiver.aborted ? 0 : 1);
    }
  });

  it('fails when the receiver has left: by the send under way, or at once where there is none', async () => {
    const receiver = new PlainSignal();
    const refusal = new Error('the send was refused');
    let refuse = (): void => {};
    const dropped: number[] = [];
    const sender = {
      signal: receiver,
      send: () => new Promise<void>((_, reject) => void (refuse = () => reject(refusal))),
      close: () => Promise.resolve(),
    };
    const writer = toWritableStream<number>(sender, { onDrop: (item) => void dropped.push(item) }).getWriter();
    const [closed, written] = [watch(writer.closed), watch(writer.write(1))];
    await macrotask();
    receiver.abort('nobody');
    await macrotask();
    expect([closed.state, written.state]).toEqual(['pending', 'pending']); // the send says it
    refuse();
    await macrotask();
    expect([closed.result, written.result, dropped]).toEqual([refusal, refusal, [1]]);

    const idle = watch(toWritableStream<number>(sender).getWriter().closed);
    await macrotask();
    expect(idle.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'nobody' });
  });

  it('fails, too, when a send was accepted and the receiver has left meanwhile', async () => {
    const receiver = new PlainSignal();
    let accept = (): void => {};
    const sender = {
      signal: receiver,
      send: () => new Promise<void>((resolve) => void (accept = resolve)),
      close: () => Promise.resolve(),
    };
    const writer = toWritableStream<number>(sender).getWriter();
    const [closed, written] = [watch(writer.closed), watch(writer.write(1))];
    await macrotask();
    receiver.abort('nobody');
    accept();
    await macrotask();
    expect([closed.state, written.state]).toEqual(['rejected', 'fulfilled']);
    expect(closed.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'nobody' });
  });

  it('rejects a write with the error of its send, whatever becomes of the close', async () => {
    const refused = new Error('the send was refused');
    for (const close of [() => Promise.reject(new Error('so was the close')), () => new Promise<void>(() => {})]) {
      const writer = toWritableStream<number>({ send: () => Promise.reject(refused), close }).getWriter();
      const [closed, written] = [watch(writer.closed), watch(writer.write(1))];
      await macrotask();
      expect([written.result, closed.result]).toEqual([refused, refused]);
    }
    const signal = new PlainSignal();
    const sender = { send: () => Promise.resolve(), close: () => Promise.reject(new Error('no close')) };
    const closed = watch(toWritableStream<number>(sender, { signal }).getWriter().closed);
    signal.abort('stop'); // an unhandled rejection would fail this test
    await macrotask();
    expect(closed.result).toBe('stop');
  });

  it('takes a sender whose `signal` is something else', async () => {
    const sent: number[] = [];
    const sender = {
      signal: { aborted: 'no signal' },
      send: (item: number) => Promise.resolve(void sent.push(item)),
      close: () => Promise.resolve(),
    };
    const writer = toWritableStream<number>(sender).getWriter();
    await writer.write(1);
    await writer.close();
    expect(sent).toEqual([1]);
  });

  it('refuses what it cannot work with', () => {
    expect(thrown(() => toWritableStream({} as never))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => toWritableStream(null as never))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => toWritableStream(full(1), { close: 'no' } as never))).toMatchObject({ name: 'TypeError' });
  });
});

describe('transforms', () => {
  it('gives the item to the next receive, where one of what a step makes timed out', async () => {
    const { readable, writable } = toTransformStream<number, number>((items) => flow(items).map((n) => 10 * n));
    const [sender, receiver] = [fromWritableStream(writable), fromReadableStream(readable)];
    await expect(receiver.receive({ timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
    const sent = sender
      .send(1)
      .then(() => sender.send(2))
      .then(() => sender.close());
    await macrotask();
    expect(await collect(receiver)).toEqual([10, 20]);
    await sent;
  });

  it('fails both sides where the step does', async () => {
    async function* broken(items: AsyncIterable<number>): AsyncGenerator<number> {
      for await (const item of items) {
        if (item > 0) throw new Error('the step broke');
        yield item;
      }
    }
    const { sender, receiver } = fromTransformStream(toTransformStream(broken));
    const received = watch(receiver.receive());
    await sender.send(1).catch(() => {});
    await macrotask();
    expect(received.result).toMatchObject({ message: 'the step broke' });
    expect(await rejection(sender.send(2))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2 });
  });

  it('returns the step, and fails the writable side, where the readable one is cancelled', async () => {
    let returned = false;
    const pair = toTransformStream(async function* step(items: AsyncIterable<number>) {
      try {
        yield* items;
      } finally {
        returned = true;
      }
    });
    const writer = pair.writable.getWriter();
    const closed = watch(writer.closed);
    const reader = pair.readable.getReader();
    const read = reader.read();
    await writer.write(1);
    await read;
    await reader.cancel('enough');
    await macrotask();
    expect([returned, closed.state]).toEqual([true, 'rejected']);
    expect(closed.result).toMatchObject({ cause: 'enough' });
  });

  it('begins nothing where one of a pair is no stream', () => {
    const signal = new PlainSignal();
    const pairs = [
      { writable: new WritableStream(), readable: {} },
      { writable: {}, readable: new ReadableStream() },
    ];
    for (const pair of pairs) {
      expect(thrown(() => fromTransformStream(pair as never, { signal }))).toMatchObject({ name: 'TypeError' });
      expect(signal.listeners.size).toBe(0);
    }
  });

  it('calls no step that was never read from, whichever side leaves', async () => {
    const step = vi.fn((items: AsyncIterable<number>) => items);
    const cancelled = toTransformStream(step);
    const closed = watch(cancelled.writable.getWriter().closed);
    await cancelled.readable.cancel('enough');
    await toTransformStream(step).writable.abort('gave up');
    await macrotask();
    expect(step).not.toHaveBeenCalled();
    expect(closed.result).toMatchObject({ cause: 'enough' });
  });

  it('fails the readable side at once where the writable one is aborted', async () => {
    const pair = toTransformStream((items: AsyncIterable<number>) => items);
    const closed = watch(pair.readable.getReader().closed);
    await pair.writable.abort('gave up');
    await macrotask();
    expect(closed).toEqual({ state: 'rejected', result: 'gave up' });
  });

  it('fails where the step cannot be begun', async () => {
    const pair = toTransformStream((): AsyncIterable<number> => {
      throw new Error('no step today');
    });
    expect(await rejection(pair.readable.getReader().read())).toMatchObject({ message: 'no step today' });
    expect(thrown(() => toTransformStream(undefined as never))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => fromTransformStream(null as never))).toMatchObject({ name: 'TypeError' });
  });
});
