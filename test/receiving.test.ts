// receive, tryReceive, receiveMany and drain: which items come when, and what a wait that was given up leaves behind.

import { Channel, TimeoutError } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, full, macrotask, microtasks, rejection, settled, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

const fakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

describe('receive', () => {
  it('fulfils with the oldest item', async () => {
    const channel = full(3);
    expect([await channel.receive(), await channel.receive(), await channel.receive()]).toEqual([1, 2, 3]);
  });

  it('has taken its item before it returns', () => {
    const channel = full(1);
    void channel.receive();
    expect(channel.size).toBe(0);
  });

  it('waits while the channel is empty, and is counted as waiting', async () => {
    const channel = new Channel<number>(1);
    const receive = watch(channel.receive());
    await macrotask();
    expect(receive.state).toBe('pending');
    expect(channel.stats().waitingReceivers).toBe(1);
    channel.trySend(1);
    expect(channel.stats()).toMatchObject({ waitingReceivers: 0, received: 1 });
    await microtasks();
    expect(receive.result).toBe(1);
  });

  it.each([0, 1, 2, 5])('that waits is served first come, first served, at capacity %i', async (capacity) => {
    const channel = new Channel<number>(capacity);
    const order: number[] = [];
    const receives = Array.from({ length: 20 }, (_, i) => channel.receive().then((item) => order.push(i) && item));
    for (let i = 0; i < 20; i++) await channel.send(i);
    expect(await Promise.all(receives)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('of a lockstep pair settles in the order of the items, however far the producer gets ahead', async () => {
    const channel = new Channel<number>(4);
    const order: unknown[] = [];
    const consumer = (async () => {
      for (let i = 0; i < 50; i++) order.push(await channel.receive());
    })();
    const late: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i++) {
      await channel.send(i);
      if (i === 30) late.push(channel.receiveMany(1).then((items) => order.push(...items)));
    }
    await Promise.race([consumer, macrotask()]);
    channel.close();
    await Promise.all([consumer, ...late]);
    const items = order.filter((item) => item !== undefined);
    expect(items).toEqual([...items].sort((a, b) => Number(a) - Number(b)));
    expect(items).toHaveLength(50);
  });

  it('that is aborted rejects with the reason itself, and the next item goes to the next receiver', async () => {
    const channel = new Channel<string>(1);
    const controller = new AbortController();
    const aborted = channel.receive({ signal: controller.signal });
    const next = channel.receive();
    controller.abort('enough');
    expect(await rejection(aborted)).toBe('enough');
    channel.trySend('a');
    expect(await next).toBe('a');
    expect(channel.stats()).toMatchObject({
      sent: 1,
      received: 1,
      waitingReceivers: 0,
    });
  });

  it('with an aborted signal rejects even where an item is ready, and takes nothing', async () => {
    const channel = full(1);
    expect(await rejection(channel.receive({ signal: AbortSignal.abort('no') }))).toBe('no');
    expect(channel.size).toBe(1);
  });

  it('that times out rejects with TimeoutError, without a value, and takes nothing', async () => {
    fakeTimers();
    const channel = new Channel<number>(1);
    const receive = watch(channel.receive({ timeout: 100 }));
    vi.advanceTimersByTime(99);
    await microtasks();
    expect(receive.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(receive.result).toBeInstanceOf(TimeoutError);
    expect(Object.hasOwn(receive.result as object, 'value')).toBe(false);
    channel.trySend(1);
    expect(channel.size).toBe(1);
  });

  it('with timeout 0 takes what is there, the item of a blocked sender too, and otherwise rejects at once', async () => {
    const channel = new Channel<number>(0);
    void channel.send(1);
    expect(await channel.receive({ timeout: 0 })).toBe(1);
    fakeTimers();
    expect(await rejection(channel.receive({ timeout: 0 }))).toBeInstanceOf(TimeoutError);
    expect(channel.stats().waitingReceivers).toBe(0);
  });

  it('that was handed an item is not aborted any more', async () => {
    const channel = new Channel<number>(1);
    const controller = new AbortController();
    const receive = watch(channel.receive({ signal: controller.signal }));
    channel.trySend(1);
    controller.abort();
    await macrotask();
    expect(receive).toEqual({ state: 'fulfilled', result: 1 });
  });

  it('says undefined at the end, again and again', async () => {
    const channel = full(1);
    channel.close();
    expect([await channel.receive(), await channel.receive(), await channel.receive()]).toEqual([
      1,
      undefined,
      undefined,
    ]);
    expect(channel.stats().received).toBe(1);
  });

  it('awaits an item that is a promise, as any promise does', async () => {
    const channel = new Channel<Promise<number>>(3);
    channel.trySend(Promise.resolve(1));
    expect(await channel.receive()).toBe(1);
    const failing = Promise.reject(new Error('item'));
    failing.catch(() => {});
    channel.trySend(failing);
    expect(await rejection(channel.receive())).toEqual(new Error('item'));
    const waiting = channel.receive();
    channel.trySend(Promise.resolve(2));
    expect(await waiting).toBe(2);
  });

  it('survives an item whose then uses the channel while it is handed over', async () => {
    const channel = new Channel<object>(2);
    const item = {
      get then(): undefined {
        channel.trySend({});
        channel.drain();
        channel.close();
        return undefined;
      },
    };
    const [first, second] = [watch(channel.receive()), watch(channel.receive())];
    channel.trySend(item);
    await macrotask();
    expect(first.result).toBe(item);
    expect(second.state).toBe('fulfilled');
    expect(channel.ended).toBe(true);
  });
});

describe('tryReceive', () => {
  it('gives the oldest item, or undefined where there is none', () => {
    const channel = full(2);
    expect([channel.tryReceive(), channel.tryReceive(), channel.tryReceive()]).toEqual([1, 2, undefined]);
  });

  it('gives the fallback where there is none, so that undefined can be an item', () => {
    const none = Symbol('none');
    const channel = new Channel<number | undefined>(1);
    channel.trySend(undefined);
    expect(channel.tryReceive(none)).toBeUndefined();
    expect(channel.tryReceive(none)).toBe(none);
  });

  it('takes the item of a blocked sender, in a rendezvous too', async () => {
    for (const capacity of [0, 1, 3]) {
      const channel = full(capacity);
      const send = watch(channel.send(capacity + 1));
      for (let i = 1; i <= capacity + 1; i++) expect(channel.tryReceive()).toBe(i);
      await macrotask();
      expect(send.state).toBe('fulfilled');
    }
  });

  it('never throws: at a failed end it gives the fallback', () => {
    const channel = full(1);
    channel.close(new Error('end'));
    expect([channel.tryReceive('none'), channel.tryReceive('none')]).toEqual([1, 'none']);
    const cancelled = full(1);
    cancelled.cancel('reason');
    expect(cancelled.tryReceive('none')).toBe('none');
  });

  it('gives a promise as it is', () => {
    const channel = new Channel<Promise<number>>(1);
    const item = Promise.resolve(1);
    channel.trySend(item);
    expect(channel.tryReceive()).toBe(item);
  });
});

describe('receiveMany', () => {
  it('gives what is there, max at the most, the oldest first', async () => {
    const channel = full(5);
    expect(await channel.receiveMany(3)).toEqual([1, 2, 3]);
    expect(await channel.receiveMany(3)).toEqual([4, 5]);
  });

  it('takes the items of blocked senders too, up to max', async () => {
    const channel = full(2);
    const sends = [3, 4, 5].map((item) => watch(channel.send(item)));
    expect(await channel.receiveMany(4)).toEqual([1, 2, 3, 4]);
    expect(channel.stats()).toMatchObject({ size: 1, waitingSenders: 0 });
    await macrotask();
    expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
  });

  it('takes from a rendezvous as many as wait', async () => {
    const channel = new Channel<number>(0);
    for (const item of [1, 2, 3]) void channel.send(item);
    expect(await channel.receiveMany(10)).toEqual([1, 2, 3]);
  });

  it('that had to wait gives exactly one item, whatever came with it', async () => {
    const channel = new Channel<number>(4);
    const batch = channel.receiveMany(10);
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(await batch).toEqual([1]);
    expect(channel.drain()).toEqual([2, 3]);
  });

  it('says [] at a quiet end, and what is left before it', async () => {
    const channel = full(2);
    channel.close();
    expect(await channel.receiveMany(10)).toEqual([1, 2]);
    expect(await channel.receiveMany(10)).toEqual([]);
    const waiting = new Channel(1);
    const batch = waiting.receiveMany(2);
    waiting.close();
    expect(await batch).toEqual([]);
  });

  it('rejects at a failed end, but only after what is left', async () => {
    const channel = full(2);
    const error = new Error('end');
    channel.close(error);
    expect(await channel.receiveMany(10)).toEqual([1, 2]);
    expect(await rejection(channel.receiveMany(10))).toBe(error);
  });

  it('heeds signal and timeout as receive does', async () => {
    const channel = full(1);
    expect(await rejection(channel.receiveMany(2, { signal: AbortSignal.abort('no') }))).toBe('no');
    expect(await channel.receiveMany(2, { timeout: 0 })).toEqual([1]);
    expect(await rejection(channel.receiveMany(2, { timeout: 0 }))).toBeInstanceOf(TimeoutError);
    const controller = new AbortController();
    const batch = channel.receiveMany(2, { signal: controller.signal });
    controller.abort('later');
    expect(await rejection(batch)).toBe('later');
  });

  it('keeps promises and undefined as they are', async () => {
    const channel = new Channel<unknown>(3);
    const item = Promise.resolve(1);
    for (const each of [item, undefined, null]) channel.trySend(each);
    const batch = await channel.receiveMany(3);
    expect(batch[0]).toBe(item);
    expect(batch.slice(1)).toEqual([undefined, null]);
    const waiting = channel.receiveMany(3);
    channel.trySend(item);
    expect((await waiting)[0]).toBe(item);
  });

  it('waits in the same line as receive', async () => {
    const channel = new Channel<number>(1);
    const calls = [channel.receive(), channel.receiveMany(5), channel.receive()];
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(await Promise.all(calls)).toEqual([1, [2], 3]);
  });
});

describe('drain', () => {
  it('gives all that is buffered and all that blocked senders hold', async () => {
    for (const capacity of [0, 1, 3]) {
      const channel = full(capacity);
      const sends = [1, 2, 3].map((more) => watch(channel.send(capacity + more)));
      expect(channel.drain()).toEqual(Array.from({ length: capacity + 3 }, (_, i) => i + 1));
      expect(channel.stats()).toMatchObject({
        size: 0,
        waitingSenders: 0,
        sent: capacity + 3,
        received: capacity + 3,
      });
      await macrotask();
      expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
    }
  });

  it('gives [] where there is nothing, and never throws at a failed end', () => {
    const channel = full(1);
    channel.close(new Error('end'));
    expect([channel.drain(), channel.drain()]).toEqual([[1], []]);
    const cancelled = full(1);
    cancelled.cancel('reason');
    expect(cancelled.drain()).toEqual([]);
  });

  it('of a closed channel brings its end', async () => {
    const channel = full(2);
    const send = watch(channel.send(3));
    channel.close();
    expect(channel.drain()).toEqual([1, 2, 3]);
    expect(channel.ended).toBe(true);
    expect((await settled(channel.completion)).state).toBe('fulfilled');
    expect(send.state).toBe('fulfilled');
  });

  it('keeps promises as they are', () => {
    const channel = new Channel<unknown>(1);
    const item = Promise.resolve(1);
    channel.trySend(item);
    expect(channel.drain()[0]).toBe(item);
  });
});

describe('undefined as an item', () => {
  it('is carried by iteration, and does not end it', async () => {
    const channel = new Channel<number | undefined>(3);
    for (const item of [undefined, 1, undefined]) channel.trySend(item);
    channel.close();
    expect(await collect(channel)).toEqual([undefined, 1, undefined]);
  });

  it('is handed to a waiting next as an item, not as the end', async () => {
    const channel = new Channel<undefined>(1);
    const next = channel[Symbol.asyncIterator]().next();
    channel.trySend(undefined);
    expect(await next).toEqual({ value: undefined, done: false });
  });

  it('is delivered by a blocked send, too', async () => {
    const channel = new Channel<undefined>(0);
    const send = watch(channel.send(undefined));
    expect(channel.drain()).toEqual([undefined]);
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });
});
