// Permits: what a held place promises, who waits for one and in which line, and every way in which one ends.

import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { Channel, ChannelClosedError, type ChannelOptions, type DropReason, type Permit, TimeoutError } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  full,
  letsTimersFire,
  macrotask,
  microtasks,
  PlainSignal,
  rejection,
  settled,
  thrown,
  watch,
} from './support.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A channel of which so many places are held. */
function held(capacity: number, count: number, options: ChannelOptions<number> = {}) {
  const channel = new Channel<number>(capacity, options);
  const permits = Array.from({ length: count }, () => channel.tryReserve() as Permit<number>);
  const [permit] = permits as [Permit<number>];
  return { channel, permits, permit };
}

describe('a permit', () => {
  it('counts against the capacity, and is no item', () => {
    const { channel } = held(3, 1);
    expect(channel.stats()).toMatchObject({ reserved: 1, size: 0, weight: 0, sent: 0, peakSize: 0 });
    expect([channel.trySend(1), channel.trySend(2), channel.trySend(3)]).toEqual([true, true, false]);
    expect(channel.size).toBe(2);
  });

  it('sends into its place, whatever the channel was filled with meanwhile', () => {
    const { channel, permit } = held(2, 1);
    channel.trySend(1);
    expect(channel.trySend(9)).toBe(false);
    permit.send(2);
    expect(channel.stats()).toMatchObject({ reserved: 0, size: 2, sent: 2 });
    expect(channel.drain()).toEqual([1, 2]);
  });

  it('puts its item where the order of the sends has it, not where the place was reserved', () => {
    const { channel, permits } = held(4, 2);
    channel.trySend(1);
    permits[1]?.send(2);
    channel.trySend(3);
    permits[0]?.send(4);
    expect(channel.drain()).toEqual([1, 2, 3, 4]);
  });

  it('sends past senders that wait for a place: it has its own', async () => {
    const { channel, permit } = held(1, 1);
    const send = watch(channel.send(2));
    permit.send(1);
    expect(channel.drain()).toEqual([1, 2]);
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('hands its item to a receiver that waits, and its place to a sender that waits', async () => {
    const { channel, permits } = held(2, 2);
    const receive = channel.receive();
    permits[0]?.send(1);
    expect(await receive).toBe(1);
    expect(channel.stats()).toMatchObject({ reserved: 1, size: 0, sent: 1, received: 1 });
    permits[1]?.send(2);
    expect(channel.stats()).toMatchObject({ reserved: 0, size: 1 });
  });

  it('that handed its item over gives its place to a reserve that waits', async () => {
    const { channel, permit } = held(1, 1);
    const receive = channel.receive();
    const reserve = watch(channel.reserve());
    permit.send(1);
    expect(channel.stats().reserved).toBe(1);
    await microtasks();
    expect(reserve.state).toBe('fulfilled');
    expect(await receive).toBe(1);
  });

  it('sends undefined as any item', () => {
    const channel = new Channel<undefined>(1);
    channel.tryReserve()?.send(undefined);
    expect(channel.drain()).toEqual([undefined]);
  });

  it('that is released gives its place back: to whoever tries', () => {
    const { channel, permit } = held(1, 1);
    permit.release();
    expect(channel.stats().reserved).toBe(0);
    expect(channel.trySend(1)).toBe(true);
  });

  it('that is released lets in the sender that waits', async () => {
    const { channel, permit } = held(1, 1);
    const send = watch(channel.send(1));
    permit.release();
    expect(channel.stats()).toMatchObject({ size: 1, reserved: 0, waitingSenders: 0 });
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('that is disposed of is released', () => {
    const { channel, permit } = held(1, 1);
    permit[Symbol.dispose]();
    expect(channel.stats().reserved).toBe(0);
    expect(permit.send.bind(permit, 1)).toThrow(TypeError);
  });

  it('may be released, or disposed of, after it has sent, and more than once: that does nothing', () => {
    const { channel, permits } = held(3, 2);
    permits[0]?.send(1);
    for (const permit of permits) {
      permit.release();
      permit.release();
      permit[Symbol.dispose]();
    }
    expect(channel.stats()).toMatchObject({ reserved: 0, size: 1 });
  });

  it.each([
    ['sent', (permit: Permit<number>) => permit.send(1)],
    ['was released', (permit: Permit<number>) => permit.release()],
  ])('that has %s refuses another item with a TypeError that names the channel, without effect', (_how, end) => {
    const { channel, permit } = held(2, 1, { name: 'orders' });
    end(permit);
    const before = channel.stats();
    const error = thrown(() => permit.send(2));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/permit.*orders.*already/);
    expect(channel.stats()).toEqual(before);
  });

  it('shows in the line about its channel', () => {
    expect(inspect(held(3, 2, { name: 'orders' }).channel)).toBe('Channel(orders 0/3, 2 reserved)');
    const { channel } = held(2, 1);
    channel.trySend(1);
    channel.reserve().catch(() => {});
    expect(inspect(channel)).toBe('Channel(1/2, 1 reserved, 1 sender waiting)');
    channel.close();
    expect(inspect(channel)).toBe('Channel(1/2, 1 reserved, closed)');
  });
});

describe('tryReserve', () => {
  it('gives as many permits as there are places, and then undefined', () => {
    const channel = new Channel<number>(3);
    channel.trySend(1);
    const permits = [channel.tryReserve(), channel.tryReserve(), channel.tryReserve()];
    expect(permits.map((permit) => permit !== undefined)).toEqual([true, true, false]);
  });

  it('gives none on a channel that is closed, or cancelled', () => {
    const closed = new Channel<number>(1);
    closed.close();
    const cancelled = new Channel<number>(1);
    cancelled.cancel();
    expect([closed.tryReserve(), cancelled.tryReserve()]).toEqual([undefined, undefined]);
  });

  it.each(['wait', 'reject', 'drop-newest', 'drop-oldest'] as const)(
    'gives none where all is full, and nothing is dropped for it (%s)',
    (overflow) => {
      const channel = full(2, { overflow });
      expect(channel.tryReserve()).toBeUndefined();
      expect(channel.drain()).toEqual([1, 2]);
    },
  );

  it('leaves the place that a receive made to the one who waits for it', () => {
    const channel = full(1);
    void channel.reserve();
    channel.tryReceive();
    expect(channel.tryReserve()).toBeUndefined();
    expect(channel.stats()).toMatchObject({ reserved: 1, waitingSenders: 0 });
  });

  it('throws a RangeError at capacity 0, also once that is closed', () => {
    const channel = new Channel<number>(0);
    expect(() => channel.tryReserve()).toThrow(RangeError);
    channel.close();
    expect(() => channel.tryReserve()).toThrow(/capacity 0/);
  });
});

describe('reserve', () => {
  it('fulfils at once where there is a place', async () => {
    const channel = new Channel<number>(1);
    const permit = await channel.reserve();
    expect(channel.stats().reserved).toBe(1);
    permit.send(1);
    expect(channel.drain()).toEqual([1]);
  });

  it('waits where there is none, and is given the place that a receive makes', async () => {
    const channel = full(1);
    const reserve = watch(channel.reserve());
    await microtasks();
    expect(reserve.state).toBe('pending');
    expect(channel.stats()).toMatchObject({ waitingSenders: 1, reserved: 0 });
    expect(channel.tryReceive()).toBe(1);
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, reserved: 1 });
    await microtasks();
    expect(reserve.state).toBe('fulfilled');
  });

  it('is told at once, where a sender may be told with others', async () => {
    const channel = full(64);
    const send = watch(channel.send(65));
    const reserve = watch(channel.reserve());
    channel.tryReceive();
    channel.tryReceive();
    await microtasks();
    expect([send.state, reserve.state]).toEqual(['pending', 'fulfilled']);
  });

  it.each(['wait', 'reject', 'drop-newest', 'drop-oldest'] as const)('waits under the policy %s', async (overflow) => {
    const channel = full(1, { overflow });
    const reserve = watch(channel.reserve());
    await microtasks();
    expect(reserve.state).toBe('pending');
    expect(channel.stats()).toMatchObject({ size: 1, dropped: 0 });
    channel.tryReceive();
    await microtasks();
    expect(reserve.state).toBe('fulfilled');
  });

  it('stands in one line with the senders: first come, first served', async () => {
    const channel = full(1);
    const order: string[] = [];
    const note = (name: string) => (): number => order.push(name);
    void channel.send(2).then(note('send 2'));
    const first = channel.reserve();
    void first.then(note('reserve 1'));
    void channel.send(3).then(note('send 3'));
    const second = channel.reserve();
    void second.then(note('reserve 2'));
    expect(channel.stats().waitingSenders).toBe(4);

    expect(channel.tryReceive()).toBe(1);
    expect(channel.tryReceive()).toBe(2);
    await macrotask();
    expect(order).toEqual(['send 2', 'reserve 1']);
    (await first).release();
    await macrotask();
    expect(channel.tryReceive()).toBe(3);
    await macrotask();
    expect(order).toEqual(['send 2', 'reserve 1', 'send 3', 'reserve 2']);
    (await second).release();
  });

  it('is overtaken by no newcomer', () => {
    const { channel, permit } = held(1, 1);
    void channel.reserve();
    permit.release();
    expect([channel.trySend(1), channel.tryReserve()]).toEqual([false, undefined]);
  });

  it('takes its options in the order that is the rule for all', async () => {
    const aborted = { signal: AbortSignal.abort('aborted') };
    const closed = new Channel<number>(1);
    closed.close('the end');
    expect(await rejection(closed.reserve({ ...aborted, timeout: -1 }))).toBeInstanceOf(RangeError);
    expect(await rejection(closed.reserve(aborted))).toBe('aborted');
    expect(await rejection(closed.reserve({ timeout: 0 }))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      cause: 'the end',
    });
    const crowded = full(1, { maxWaiters: 0, overflow: 'reject' });
    expect(await rejection(crowded.reserve({ timeout: 0 }))).toBeInstanceOf(TimeoutError);
    expect(await rejection(crowded.reserve())).toMatchObject({ code: 'ERR_SLUICE_TOO_MANY_WAITERS' });
    crowded.drain();
    expect(await settled(crowded.reserve({ timeout: 0 }))).toMatchObject({ state: 'fulfilled' });
    expect(await rejection(new Channel<number>(1).reserve(aborted))).toBe('aborted');
  });

  it('rejects with a RangeError at capacity 0, also once that is closed', async () => {
    const channel = new Channel<number>(0);
    expect(await rejection(channel.reserve())).toBeInstanceOf(RangeError);
    channel.close();
    expect(await rejection(channel.reserve())).toBeInstanceOf(RangeError);
  });

  it('carries no item on any error', async () => {
    const closed = new Channel<number>(1);
    closed.close();
    const crowded = full(1, { maxWaiters: 0 });
    const cancelled = full(1);
    const waiting = rejection(cancelled.reserve());
    cancelled.cancel();
    for (const error of await Promise.all([
      rejection(closed.reserve()),
      rejection(crowded.reserve({ timeout: 0 })),
      rejection(crowded.reserve()),
      waiting,
    ])) {
      expect(error).not.toHaveProperty('value');
    }
  });

  it('says in its timeout what timed out, where, and for how long', async () => {
    const channel = full(1, { name: 'orders' });
    const error = (await rejection(channel.reserve({ timeout: 0 }))) as Error;
    expect(error.message).toMatch(/a reserve .*'orders' \(capacity 1\).* 0 ms/);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const waiting = rejection(channel.reserve({ timeout: 70 }));
    vi.advanceTimersByTime(70);
    expect(((await waiting) as Error).message).toMatch(/a reserve .* 70 ms/);
  });

  it('counts among those who wait: for maxWaiters it is one of the senders', async () => {
    const channel = full(1, { maxWaiters: 2 });
    void channel.reserve();
    void channel.send(2);
    expect(channel.stats().waitingSenders).toBe(2);
    expect(await rejection(channel.send(3))).toMatchObject({ code: 'ERR_SLUICE_TOO_MANY_WAITERS', value: 3 });
    expect(await rejection(channel.reserve())).toMatchObject({ code: 'ERR_SLUICE_TOO_MANY_WAITERS' });
  });

  it('that was aborted or timed out had no effect, and those behind it go on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const channel = full(1);
    const first = watch(channel.reserve({ signal: controller.signal }));
    const second = watch(channel.reserve({ timeout: 10 }));
    const third = watch(channel.send(2));
    controller.abort('aborted');
    vi.advanceTimersByTime(10);
    expect(channel.stats()).toMatchObject({ waitingSenders: 1, reserved: 0 });
    expect(channel.drain()).toEqual([1, 2]);
    await macrotask();
    expect(first).toMatchObject({ state: 'rejected', result: 'aborted' });
    expect(second).toMatchObject({ state: 'rejected', result: { code: 'ERR_SLUICE_TIMEOUT' } });
    expect(third.state).toBe('fulfilled');
  });

  it('that has its place keeps it, whatever its signal does then', async () => {
    const controller = new AbortController();
    const channel = full(1);
    const reserve = channel.reserve({ signal: controller.signal });
    channel.tryReceive();
    controller.abort('too late');
    (await reserve).send(2);
    expect(channel.drain()).toEqual([2]);
  });

  it('rejects and never throws, whatever its options are', async () => {
    const channel = new Channel<number>(1);
    for (const [options, type, named] of [
      [null, TypeError, 'options'],
      [{ timeout: Number.NaN }, RangeError, 'timeout'],
      [{ timeout: '5' }, TypeError, 'timeout'],
      [{ signal: {} }, TypeError, 'signal'],
    ] as const) {
      const error = await rejection(channel.reserve(options as never));
      expect(error).toBeInstanceOf(type);
      expect((error as Error).message).toContain(named);
    }
    expect(channel.stats().reserved).toBe(0);
  });
});

describe('a reserved place under an overflow policy', () => {
  it('is evicted by none: what is buffered goes first, and then the incoming item is dropped', () => {
    const dropped: [number, DropReason][] = [];
    const onDrop = (item: number, why: DropReason): number => dropped.push([item, why]);
    const { channel, permits } = held(3, 2, { overflow: 'drop-oldest', onDrop });
    expect([channel.trySend(1), channel.trySend(2)]).toEqual([true, true]);
    expect(dropped).toEqual([[1, 'drop-oldest']]);
    channel.drain();
    const last = channel.tryReserve();
    expect(channel.trySend(3)).toBe(true);
    expect(dropped.map(([item]) => item)).toEqual([1, 3]);
    expect(channel.stats()).toMatchObject({ reserved: 3, size: 0, sent: 3, dropped: 2, received: 1 });
    for (const permit of [...permits, last]) permit?.send(4);
    expect(channel.drain()).toEqual([4, 4, 4]);
  });

  it("makes 'drop-newest' drop, and 'reject' refuse, what would need it", async () => {
    const dropped: number[] = [];
    const drops = held(1, 1, { overflow: 'drop-newest', onDrop: (item) => dropped.push(item) });
    await drops.channel.send(1);
    expect(dropped).toEqual([1]);
    const rejects = held(1, 1, { overflow: 'reject' });
    expect(await rejection(rejects.channel.send(1))).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 1 });
    expect(rejects.channel.trySend(2)).toBe(false);
  });

  it('is used past a policy that drops: nothing is dropped for its item', () => {
    const dropped: number[] = [];
    const { channel, permit } = held(2, 1, { overflow: 'drop-oldest', onDrop: (item) => dropped.push(item) });
    channel.trySend(1);
    permit.send(2);
    expect(dropped).toEqual([]);
    expect(channel.drain()).toEqual([1, 2]);
  });

  it('is waited for while sends go on dropping', async () => {
    const channel = full(1, { overflow: 'drop-oldest' });
    const reserve = watch(channel.reserve());
    for (const item of [2, 3, 4]) channel.trySend(item);
    await microtasks();
    expect(reserve.state).toBe('pending');
    expect(channel.drain()).toEqual([4]);
    expect(channel.trySend(5)).toBe(true); // dropped: the place is reserved now
    expect(channel.stats()).toMatchObject({ reserved: 1, size: 0, dropped: 4 });
  });
});

describe('where all places are reserved, a hand-off needs none:', () => {
  it('a send that finds a waiting receiver hands over', async () => {
    const { channel } = held(1, 1);
    const receives = [channel.receive(), channel.receive()];
    await channel.send(1);
    expect(channel.trySend(2)).toBe(true);
    expect(await Promise.all(receives)).toEqual([1, 2]);
    expect(channel.stats().reserved).toBe(1);
  });

  it.each(['reject', 'drop-newest', 'drop-oldest'] as const)('also under %s', async (overflow) => {
    const { channel } = held(2, 2, { overflow });
    const receive = channel.receive();
    await channel.send(1);
    expect(await receive).toBe(1);
    expect(channel.stats().dropped).toBe(0);
  });

  it('a receive takes from the first blocked sender', async () => {
    const { channel } = held(1, 1);
    const sends = [watch(channel.send(1)), watch(channel.send(2)), watch(channel.send(3))];
    expect(await channel.receive()).toBe(1);
    expect(channel.tryReceive()).toBe(2);
    expect(await channel.receiveMany(5)).toEqual([3]);
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(channel.stats()).toMatchObject({ reserved: 1, received: 3, waitingSenders: 0 });
  });

  it('and takes it past a reserve that waits longer: that one wants a place', async () => {
    const { channel, permit } = held(1, 1);
    const reserve = watch(channel.reserve());
    const send = watch(channel.send(1));
    expect(channel.drain()).toEqual([1]);
    await macrotask();
    expect([send.state, reserve.state]).toEqual(['fulfilled', 'pending']);
    permit.release();
    await microtasks();
    expect(reserve.state).toBe('fulfilled');
  });

  it('what is buffered is taken first, in order', () => {
    const { channel } = held(2, 1);
    channel.trySend(1);
    void channel.send(2);
    void channel.send(3);
    expect(channel.drain()).toEqual([1, 2, 3]);
  });

  it('a source is poured through', async () => {
    const { channel } = held(1, 1);
    const sending = channel.sendAll([1, 2, 3]);
    const items = [await channel.receive(), await channel.receive(), await channel.receive()];
    expect(items).toEqual([1, 2, 3]);
    expect(await sending).toBe(3);
  });
});

describe('a close', () => {
  it('honours the permits that were granted: they still send, and what they send is received', async () => {
    const { channel, permits } = held(2, 2);
    channel.close();
    expect([channel.closed, channel.ended]).toEqual([true, false]);
    permits[0]?.send(1);
    permits[1]?.send(2);
    expect(channel.ended).toBe(false);
    expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
    expect(channel.ended).toBe(true);
    expect(await channel.receive()).toBeUndefined();
  });

  it.each([
    ['used', (permit: Permit<number>) => permit.send(1), [1]],
    ['released', (permit: Permit<number>) => permit.release(), []],
  ])('is followed by the end once the last permit is %s', async (_how, end, items) => {
    const { channel, permit } = held(1, 1);
    const completion = watch(channel.completion);
    const all = (async () => {
      const seen: number[] = [];
      for await (const item of channel) seen.push(item);
      return seen;
    })();
    channel.close();
    await macrotask();
    expect(completion.state).toBe('pending');
    end(permit);
    expect(channel.ended).toBe(true);
    expect(await all).toEqual(items);
    expect(completion.state).toBe('fulfilled');
  });

  it('with an error ends with it, once the last permit is gone', async () => {
    const { channel, permit } = held(1, 1);
    const receive = watch(channel.receive());
    channel.close('the error');
    await macrotask();
    expect(receive.state).toBe('pending');
    permit.release();
    await macrotask();
    expect(receive).toMatchObject({ state: 'rejected', result: 'the error' });
  });

  it('leaves receivers waiting for what permits may send, within their limits', async () => {
    const { channel } = held(1, 1);
    channel.close();
    expect(await rejection(channel.receive({ timeout: 0 }))).toBeInstanceOf(TimeoutError);
    expect(await rejection(channel.receive({ signal: AbortSignal.abort('aborted') }))).toBe('aborted');
    expect(channel.tryReceive('nothing')).toBe('nothing');
    expect(channel.drain()).toEqual([]);
  });

  it('refuses the reserves that wait, at once, and delivers the senders that wait', async () => {
    const channel = full(1);
    const send = watch(channel.send(2));
    const reserves = [channel.reserve(), channel.reserve()].map(rejection);
    channel.close('the end');
    expect(channel.stats().waitingSenders).toBe(1);
    for (const error of await Promise.all(reserves)) {
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect(error).toMatchObject({ cause: 'the end' });
    }
    expect(channel.drain()).toEqual([1, 2]);
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('grants nothing any more, to nobody', async () => {
    const { channel, permit } = held(1, 1);
    channel.close();
    permit.release();
    expect(channel.tryReserve()).toBeUndefined();
    expect(await rejection(channel.reserve())).toBeInstanceOf(ChannelClosedError);
  });

  it('lets a sender that was blocked by a permit in, when that is released', async () => {
    const { channel, permit } = held(1, 1);
    const send = watch(channel.send(1));
    channel.close();
    permit.release();
    expect(channel.drain()).toEqual([1]);
    await macrotask();
    expect(send.state).toBe('fulfilled');
    expect(channel.ended).toBe(true);
  });

  it('by the last handle honours permits, too', () => {
    const { channel, permit } = held(1, 1);
    channel.sender().close();
    permit.send(1);
    expect(channel.drain()).toEqual([1]);
    expect(channel.ended).toBe(true);
  });

  it('of a source that ended honours permits, too', async () => {
    const channel = Channel.from([1], 3);
    const permit = channel.tryReserve();
    await macrotask();
    expect([channel.closed, channel.ended]).toEqual([true, false]);
    permit?.send(2);
    expect(channel.drain()).toEqual([1, 2]);
    expect(channel.ended).toBe(true);
  });
});

describe('a cancel', () => {
  it.each(['open', 'closed'])('of an %s channel revokes permits: send throws and gives the item back', (state) => {
    const { channel, permits } = held(3, 2);
    if (state === 'closed') channel.close();
    channel.cancel('the reason');
    expect(channel.ended).toBe(true);
    expect(channel.stats()).toMatchObject({ reserved: 0, sent: 0 });
    for (const permit of permits) {
      for (const item of [7, 8]) {
        const error = thrown(() => permit.send(item));
        expect(error).toBeInstanceOf(ChannelClosedError);
        expect(error).toMatchObject({ value: item, cause: 'the reason' });
      }
      permit.release();
      permit[Symbol.dispose]();
    }
    expect(channel.stats()).toMatchObject({ reserved: 0, sent: 0, dropped: 0 });
  });

  it('ends receivers at once, whatever is reserved', async () => {
    const { channel } = held(1, 1);
    const receive = channel.receive();
    channel.cancel();
    expect(await receive).toBeUndefined();
  });

  it('refuses the reserves that wait, without stacks where they are many', async () => {
    const channel = full(1);
    const reserves = Array.from({ length: 100 }, () => rejection(channel.reserve()));
    channel.cancel('the reason');
    const errors = (await Promise.all(reserves)) as Error[];
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'the reason' });
    expect(errors[0]?.stack?.split('\n')).toHaveLength(1);
    expect(channel.stats().waitingSenders).toBe(0);
  });

  it('by disposal, and by the signal that is an option, revokes, too', () => {
    const controller = new AbortController();
    const [disposed, aborted] = [held(1, 1), held(1, 1, { signal: controller.signal })];
    disposed.channel[Symbol.dispose]();
    controller.abort('the reason');
    for (const { permit } of [disposed, aborted]) expect(() => permit.send(1)).toThrow(ChannelClosedError);
  });

  it('comes before a permit that was granted and not yet told', async () => {
    const channel = full(1);
    const reserve = channel.reserve();
    channel.tryReceive();
    channel.cancel();
    const permit = await reserve;
    expect(() => permit.send(1)).toThrow(ChannelClosedError);
  });
});

describe('foreign code that a permit runs finds a consistent channel:', () => {
  it("an item's own `then`, read when it is handed over, while its place is still held", async () => {
    const channel = new Channel<object>(1);
    const permit = channel.tryReserve();
    const receive = channel.receive();
    const reserve = watch(channel.reserve());
    const seen: unknown[] = [];
    permit?.send({
      get then(): undefined {
        seen.push(channel.stats().reserved, channel.trySend({}), channel.tryReserve());
        return undefined;
      },
    });
    expect(seen).toEqual([1, false, undefined]);
    await receive;
    expect(reserve.state).toBe('fulfilled');
    expect(channel.stats()).toMatchObject({ reserved: 1, size: 0 });
  });

  it("an item's own `then` that cancels", async () => {
    const channel = new Channel<object>(2);
    const [permit, other] = [channel.tryReserve(), channel.tryReserve()];
    const receive = channel.receive();
    permit?.send({
      get then(): undefined {
        channel.cancel();
        return undefined;
      },
    });
    await receive;
    other?.release();
    expect(channel.stats()).toMatchObject({ reserved: 0, sent: 1, received: 1 });
  });

  it('an onPressure that cancels what was just reserved', () => {
    const channel: Channel<number> = new Channel<number>(1, { onPressure: () => channel.cancel() });
    const permit = channel.tryReserve();
    expect(channel.stats().reserved).toBe(0);
    expect(() => permit?.send(1)).toThrow(ChannelClosedError);
  });

  it('an onDrop that releases', () => {
    const { channel, permit } = held(1, 1, { overflow: 'drop-newest', onDrop: () => permit.release() });
    expect([channel.trySend(1), channel.trySend(2)]).toEqual([true, true]);
    expect(channel.drain()).toEqual([2]);
  });

  it('the signal of a reserve that lets go of its listener', async () => {
    const { channel, permit } = held(1, 1);
    const signal = new PlainSignal();
    const seen: unknown[] = [];
    signal.removeEventListener = (type, listener) => {
      PlainSignal.prototype.removeEventListener.call(signal, type, listener);
      seen.push(channel.stats().reserved, channel.trySend(9));
    };
    const reserve = channel.reserve({ signal });
    permit.release();
    expect(seen).toEqual([1, false]);
    (await reserve).send(1);
    expect(channel.drain()).toEqual([1]);
  });
});

describe('after a reserve', () => {
  const ways: [string, (channel: Channel<number>, controller: AbortController) => void][] = [
    ['it was served', (channel) => channel.tryReceive()],
    ['an abort', (_channel, controller) => controller.abort('aborted')],
    ['a timeout', () => vi.advanceTimersByTime(1_000)],
    ['a close', (channel) => channel.close()],
    ['a close with an error', (channel) => channel.close('error')],
    ['a cancel', (channel) => channel.cancel()],
    ['disposal', (channel) => channel[Symbol.dispose]()],
  ];
  it.each(ways)('that ended by %s, no waiter, listener or timer is left', async (_way, end) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const channel = full(1);
    const reserve = watch(channel.reserve({ signal: controller.signal, timeout: 1_000 }));
    await microtasks();
    expect(reserve.state).toBe('pending');
    expect([getEventListeners(controller.signal, 'abort').length, vi.getTimerCount()]).toEqual([1, 1]);
    end(channel, controller);
    await microtasks();
    expect(reserve.state).not.toBe('pending');
    expect(channel.stats().waitingSenders).toBe(0);
    expect([getEventListeners(controller.signal, 'abort').length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it.each([
    ['had a place at once', new Channel<number>(1), {}],
    ['had to try once', full(1), { timeout: 0 }],
    ['was one too many', full(1, { maxWaiters: 0 }), {}],
  ])('that %s, none was ever there', async (_why, channel, options) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const signal = new PlainSignal();
    await settled(channel.reserve({ timeout: 1_000, ...options, signal }));
    expect([signal.added, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('of ten thousand on one signal there was one listener', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    const reserves = Array.from({ length: 10_000 }, () => channel.reserve({ signal }).catch(() => {}));
    expect(signal.listeners.size).toBe(1);
    signal.abort('aborted');
    await Promise.all(reserves);
    expect([signal.listeners.size, channel.stats().waitingSenders]).toEqual([0, 0]);
  });
});

describe('a timer fires while', () => {
  it('two tasks reserve places that are always there', async () => {
    const channel = new Channel<number>(4);
    const reserveAndRelease = async (going: () => boolean): Promise<void> => {
      while (going()) (await channel.reserve()).release();
    };
    expect(await letsTimersFire((going) => [reserveAndRelease(going), reserveAndRelease(going)])).toBe(true);
  });

  it('a task asks for places that are never there', async () => {
    const channel = full(1);
    const insist = async (going: () => boolean): Promise<void> => {
      while (going()) await channel.reserve({ timeout: 0 }).catch(() => {});
    };
    expect(await letsTimersFire((going) => [insist(going)])).toBe(true);
  });

  it.each([
    ['release', (permit: Permit<number>) => permit.release()],
    ['send and take', (permit: Permit<number>, channel: Channel<number>) => (permit.send(1), channel.tryReceive())],
    ['send and drain', (permit: Permit<number>, channel: Channel<number>) => (permit.send(1), channel.drain())],
  ])('two tasks pass one place to each other: they %s', async (_how, pass) => {
    const channel = new Channel<number>(1);
    const task = async (going: () => boolean): Promise<void> => {
      while (going()) pass(await channel.reserve(), channel);
    };
    expect(await letsTimersFire((going) => [task(going), task(going)])).toBe(true);
  });

  it('a producer sends by permits and a consumer iterates', async () => {
    const channel = new Channel<number>(2);
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) (await channel.reserve()).send(1);
        channel.close();
      })(),
      (async () => {
        for await (const _ of channel) if (!going()) break;
      })(),
    ]);
    expect(fired).toBe(true);
  });
});
