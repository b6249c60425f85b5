// send and trySend: what is accepted when, in what order, and what a refusal leaves behind.

import { Channel, TimeoutError, TooManyWaitersError } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full, macrotask, microtasks, rejection, settled, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

const fakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

describe('send', () => {
  it('fulfils with undefined when there is room, and the item is buffered', async () => {
    const channel = new Channel<string>(1);
    expect(await channel.send('a')).toBeUndefined();
    expect(channel.size).toBe(1);
  });

  it('has put its item in the buffer before it returns', () => {
    const channel = new Channel<string>(1);
    void channel.send('a');
    expect(channel.tryReceive()).toBe('a');
  });

  it('waits while the channel is full, and is counted as waiting', async () => {
    const channel = full(1);
    const send = watch(channel.send(2));
    await macrotask();
    expect(send.state).toBe('pending');
    expect(channel.stats()).toMatchObject({
      size: 1,
      waitingSenders: 1,
      sent: 1,
    });
  });

  it('that waits is accepted the moment a place is free, and not before', async () => {
    const channel = full(1);
    const send = watch(channel.send(2));
    expect(channel.tryReceive()).toBe(1);
    expect(channel.stats()).toMatchObject({
      size: 1,
      sent: 2,
      waitingSenders: 0,
    });
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('waits in a rendezvous until a receiver takes the item', async () => {
    const channel = new Channel<string>(0);
    const send = watch(channel.send('a'));
    await macrotask();
    expect(send.state).toBe('pending');
    expect(channel.size).toBe(0);
    expect(await channel.receive()).toBe('a');
    await microtasks();
    expect(send.state).toBe('fulfilled');
  });

  it('hands its item to a waiting receiver, past the buffer', async () => {
    const channel = new Channel<string>(3);
    const receive = channel.receive();
    await channel.send('a');
    expect(channel.size).toBe(0);
    expect(await receive).toBe('a');
    expect(channel.stats()).toMatchObject({
      sent: 1,
      received: 1,
      peakSize: 0,
    });
  });

  it.each([0, 1, 2, 5])('that waits is served first come, first served, at capacity %i', async (capacity) => {
    const channel = full(capacity);
    const fulfilled: number[] = [];
    const sends = Array.from({ length: 10 }, (_, i) => channel.send(capacity + i + 1).then(() => fulfilled.push(i)));
    const received: (number | undefined)[] = [];
    for (let i = 0; i < capacity + 10; i++) received.push(await channel.receive());
    await Promise.all(sends);
    expect(received).toEqual(Array.from({ length: capacity + 10 }, (_, i) => i + 1));
    expect(fulfilled).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('that comes when there is room never overtakes one that was accepted before', async () => {
    const channel = full(8);
    const order: string[] = [];
    const blocked = channel.send(9).then(() => order.push('blocked'));
    channel.tryReceive();
    channel.tryReceive();
    const newcomer = channel.send(10).then(() => order.push('newcomer'));
    await Promise.all([blocked, newcomer]);
    expect(order).toEqual(['blocked', 'newcomer']);
    expect(channel.drain()).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('that gave up in the middle of the line leaves the others in their order', async () => {
    const channel = full(1);
    const controller = new AbortController();
    const sends = [2, 3, 4].map((item) => watch(channel.send(item, item === 3 ? { signal: controller.signal } : {})));
    controller.abort('enough');
    expect(channel.stats().waitingSenders).toBe(2);
    expect(channel.drain()).toEqual([1, 2, 4]);
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it.each(['first', 'last', 'only'])('that gave up as the %s in line leaves a line that works', async (which) => {
    const channel = full(1);
    const controller = new AbortController();
    const { signal } = controller;
    const items = which === 'only' ? [2] : [2, 3];
    const leaver = which === 'last' ? 3 : 2;
    const sends = items.map((item) => watch(channel.send(item, item === leaver ? { signal } : {})));
    controller.abort();
    void channel.send(4);
    expect(channel.drain()).toEqual([1, ...items.filter((item) => item !== leaver), 4]);
    await macrotask();
    expect(sends[items.indexOf(leaver)]?.state).toBe('rejected');
  });

  it('that is aborted rejects with the reason itself, and the item is nowhere', async () => {
    const channel = full(1);
    const controller = new AbortController();
    const send = channel.send(2, { signal: controller.signal });
    const reason = { why: 'because' };
    controller.abort(reason);
    expect(await rejection(send)).toBe(reason);
    expect(channel.stats()).toMatchObject({
      sent: 1,
      dropped: 0,
      coalesced: 0,
      waitingSenders: 0,
    });
    expect(channel.drain()).toEqual([1]);
  });

  it('with an aborted signal rejects even where there is room', async () => {
    const channel = new Channel<number>(1);
    expect(await rejection(channel.send(1, { signal: AbortSignal.abort('no') }))).toBe('no');
    expect(channel.stats()).toMatchObject({ size: 0, sent: 0 });
  });

  it('with an aborted signal rejects even where a receiver waits', async () => {
    const channel = new Channel<number>(1);
    const receive = watch(channel.receive());
    expect(await rejection(channel.send(1, { signal: AbortSignal.abort('no') }))).toBe('no');
    expect(receive.state).toBe('pending');
  });

  it('that times out rejects with TimeoutError, which gives the item back, and has no effect', async () => {
    fakeTimers();
    const channel = full(1);
    const send = watch(channel.send(2, { timeout: 100 }));
    vi.advanceTimersByTime(99);
    await microtasks();
    expect(send.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(send.result).toBeInstanceOf(TimeoutError);
    expect(send.result).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT', value: 2 });
    expect(channel.stats()).toMatchObject({
      size: 1,
      sent: 1,
      waitingSenders: 0,
    });
  });

  it('with timeout 0 is accepted where there is room or a receiver, and otherwise rejects at once', async () => {
    const channel = new Channel<number>(1);
    const receive = channel.receive();
    await channel.send(1, { timeout: 0 });
    expect(await receive).toBe(1);
    await channel.send(2, { timeout: 0 });
    fakeTimers();
    expect(await rejection(channel.send(3, { timeout: 0 }))).toMatchObject({
      code: 'ERR_SLUICE_TIMEOUT',
      value: 3,
    });
    expect(channel.drain()).toEqual([2]);
  });

  it('that lost to its abort is not received, and one that won is not aborted', async () => {
    const channel = full(1);
    const first = new AbortController();
    const second = new AbortController();
    const won = watch(channel.send(2, { signal: first.signal }));
    const lost = watch(channel.send(3, { signal: second.signal }));
    channel.tryReceive();
    first.abort();
    second.abort();
    expect(channel.drain()).toEqual([2]);
    await macrotask();
    expect([won.state, lost.state]).toEqual(['fulfilled', 'rejected']);
  });

  it('on a closed channel rejects with ChannelClosedError, which gives the item back', async () => {
    const channel = new Channel<number>(1);
    channel.close();
    expect(await rejection(channel.send(1))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 1,
    });
  });

  it('carries undefined like any other item', async () => {
    const channel = new Channel<undefined>(2);
    await channel.send(undefined);
    expect(channel.size).toBe(1);
    channel.close();
    const error = await rejection(channel.send(undefined));
    expect(Object.hasOwn(error as object, 'value')).toBe(true);
  });

  it('does not wait for an item that is a promise', async () => {
    const channel = new Channel<Promise<number>>(1);
    const never = new Promise<number>(() => {});
    await channel.send(never);
    expect(channel.tryReceive()).toBe(never);
  });
});

describe('maxWaiters', () => {
  it('is how many sends may wait: one more rejects with TooManyWaitersError, which gives the item back', async () => {
    const channel = full(1, { maxWaiters: 2 });
    void channel.send(2);
    void channel.send(3);
    const error = await rejection(channel.send(4));
    expect(error).toBeInstanceOf(TooManyWaitersError);
    expect(error).toMatchObject({
      code: 'ERR_SLUICE_TOO_MANY_WAITERS',
      value: 4,
    });
    expect(channel.drain()).toEqual([1, 2, 3]);
  });

  it('is 65,536 where nothing else is said', async () => {
    const channel = new Channel<number>(0);
    for (let i = 0; i < 65_536; i++) void channel.send(i);
    expect(await rejection(channel.send(65_536))).toBeInstanceOf(TooManyWaitersError);
    expect(channel.stats().waitingSenders).toBe(65_536);
  });

  it('of 0 lets no send wait, and one that finds room pass', async () => {
    const channel = new Channel<number>(1, { maxWaiters: 0 });
    await channel.send(1);
    expect(await rejection(channel.send(2))).toBeInstanceOf(TooManyWaitersError);
  });

  it('counts those who wait now: one that left makes room', async () => {
    const channel = full(1, { maxWaiters: 1 });
    const controller = new AbortController();
    const first = watch(channel.send(2, { signal: controller.signal }));
    controller.abort();
    const second = watch(channel.send(3));
    await macrotask();
    expect([first.state, second.state]).toEqual(['rejected', 'pending']);
  });

  it('does not limit receivers', async () => {
    const channel = new Channel<number>(1, { maxWaiters: 0 });
    const receives = [watch(channel.receive()), watch(channel.receive())];
    await macrotask();
    expect(receives.map(({ state }) => state)).toEqual(['pending', 'pending']);
  });

  it('counts the item in hand of sendAll as one', async () => {
    const channel = full(1, { maxWaiters: 1 });
    void channel.sendAll([2, 3]);
    expect(await rejection(channel.send(4))).toBeInstanceOf(TooManyWaitersError);
    expect(await rejection(channel.sendAll([5]))).toMatchObject({
      code: 'ERR_SLUICE_TOO_MANY_WAITERS',
      value: 5,
    });
  });
});

describe('trySend', () => {
  it('is true where there is room, and false where there is none', () => {
    const channel = new Channel<number>(1);
    expect(channel.trySend(1)).toBe(true);
    expect(channel.trySend(2)).toBe(false);
    expect(channel.drain()).toEqual([1]);
  });

  it('is true in a rendezvous only where a receiver waits', async () => {
    const channel = new Channel<number>(0);
    expect(channel.trySend(1)).toBe(false);
    const receive = channel.receive();
    expect(channel.trySend(2)).toBe(true);
    expect(channel.trySend(3)).toBe(false);
    expect(await receive).toBe(2);
  });

  it('is false on a closed channel, whatever the policy, and closed tells which', () => {
    for (const overflow of ['wait', 'reject', 'drop-newest', 'drop-oldest'] as const) {
      const channel = new Channel<number>(1, { overflow });
      channel.close();
      expect(channel.trySend(1)).toBe(false);
      expect(channel.closed).toBe(true);
      expect(channel.stats()).toMatchObject({ sent: 0, dropped: 0 });
    }
  });

  it('that is refused has no effect and makes nobody wait', () => {
    const channel = full(1);
    const before = channel.stats();
    channel.trySend(2);
    expect(channel.stats()).toEqual(before);
  });

  it('does not overtake a send that waits', async () => {
    const channel = full(1);
    void channel.send(2);
    expect(channel.trySend(3)).toBe(false);
    channel.tryReceive();
    expect(channel.trySend(3)).toBe(false);
    expect(channel.drain()).toEqual([2]);
  });

  it('serves the receiver that has waited longest', async () => {
    const channel = new Channel<string>(1);
    const receives = [channel.receive(), channel.receive()];
    channel.trySend('a');
    channel.trySend('b');
    expect(await Promise.all(receives)).toEqual(['a', 'b']);
  });
});

describe('stats', () => {
  it('are a snapshot with the name, the counters and the lines', async () => {
    const channel = new Channel<number>(2, { name: 'orders' });
    void channel.sendAll([1, 2, 3]);
    await macrotask();
    const before = channel.stats();
    await channel.receive();
    expect(before).toEqual({
      name: 'orders',
      capacity: 2,
      size: 2,
      peakSize: 2,
      weight: 2,
      reserved: 0,
      sent: 2,
      received: 0,
      dropped: 0,
      coalesced: 0,
      waitingSenders: 1,
      waitingReceivers: 0,
    });
    expect(channel.stats()).toMatchObject({
      size: 2,
      sent: 3,
      received: 1,
      waitingSenders: 0,
    });
  });

  it('count whoever waits to receive, by whatever method', async () => {
    const channel = new Channel<number>(2);
    void channel.receive();
    void channel.receiveMany(2);
    void channel[Symbol.asyncIterator]().next();
    void channel.batches(2).next();
    expect(channel.stats().waitingReceivers).toBe(4);
  });

  it('keep the peak of what was buffered', () => {
    const channel = new Channel<number>(5);
    for (const item of [1, 2, 3]) channel.trySend(item);
    channel.drain();
    channel.trySend(4);
    expect(channel.stats()).toMatchObject({ peakSize: 3, size: 1 });
  });
});

describe('a channel', () => {
  it('prints as one line', async () => {
    const { inspect } = await import('node:util');
    const channel = new Channel<number>(10, { name: 'orders' });
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(inspect(channel)).toBe('Channel(orders 3/10)');
    const busy = full(1);
    void busy.send(2);
    expect(inspect(busy)).toBe('Channel(1/1, 1 sender waiting)');
    void busy.send(3);
    expect(inspect(busy)).toBe('Channel(1/1, 2 senders waiting)');
    const idle = new Channel(3, { name: 'x' });
    void idle.receive();
    expect(inspect(idle)).toBe('Channel(x 0/3, 1 receiver waiting)');
    idle.close();
    expect(inspect(idle)).toBe('Channel(x 0/3, ended)');
    busy.close();
    expect(inspect(busy)).toBe('Channel(1/1, closed, 2 senders waiting)');
  });

  it('is no thenable: an async function can return it', async () => {
    const channel = new Channel<number>(1);
    expect('then' in channel).toBe(false);
    expect((await settled(Promise.resolve(channel))).result).toBe(channel);
  });
});
