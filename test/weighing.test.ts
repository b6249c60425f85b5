// `weigh`: a capacity that is a sum of weights. What has room, who waits, and for whom; what a weight may be.

import { inspect } from 'node:util';
import fc from 'fast-check';
import { BoundedQueue, Channel, type ChannelOptions } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  collect,
  letsTimersFire,
  macrotask,
  microtasks,
  PlainSignal,
  rejection,
  settled,
  thrown,
  watch,
} from './support.js';

afterEach(() => void vi.useRealTimers());

/** A channel of numbers, each its own weight. */
function weighed(capacity: number, options: ChannelOptions<number> = {}): Channel<number> {
  return new Channel<number>(capacity, { weigh: (item) => item, ...options });
}

describe('a channel that weighs', () => {
  it('has room as long as the sum of weights is at most its capacity', () => {
    const channel = weighed(10);
    expect([4, 5, 2, 1, 1].map((item) => channel.trySend(item))).toEqual([true, true, false, true, false]);
    expect(channel.drain()).toEqual([4, 5, 1]);
  });

  it('counts items in size, and weights in its statistics', () => {
    const channel = weighed(10);
    for (const item of [4, 5]) channel.trySend(item);
    expect(channel.size).toBe(2);
    expect(channel.stats()).toMatchObject({ size: 2, peakSize: 2, weight: 9, reserved: 0, capacity: 10, sent: 2 });
    channel.tryReceive();
    expect(channel.stats()).toMatchObject({ size: 1, peakSize: 2, weight: 5, received: 1 });
    channel.cancel();
    expect(channel.stats()).toMatchObject({ size: 0, weight: 0, dropped: 1 });
  });

  it('shows its weight in the line about it', () => {
    const channel = weighed(10, { name: 'bytes' });
    for (const item of [4, 5]) channel.trySend(item);
    void channel.send(7);
    expect(inspect(channel)).toBe('Channel(bytes 9/10, 1 sender waiting)');
  });

  it('counts items, and not weights, in batches', async () => {
    const channel = weighed(10);
    for (const item of [2, 3, 5]) channel.trySend(item);
    expect(await channel.receiveMany(2)).toEqual([2, 3]);
    for await (const batch of channel.batches(9)) {
      expect(batch).toEqual([5]);
      break;
    }
  });

  it('takes an item of the weight of the whole capacity once it is empty', async () => {
    const channel = weighed(10);
    channel.trySend(1);
    const send = watch(channel.send(10));
    await microtasks();
    expect(send.state).toBe('pending');
    expect(channel.drain()).toEqual([1, 10]);
  });

  it('hands to a receiver that waits, whatever the weight', async () => {
    const channel = weighed(10);
    const receives = [channel.receive(), channel.receive()];
    await channel.send(10);
    await channel.send(9);
    expect(await Promise.all(receives)).toEqual([10, 9]);
    expect(channel.stats()).toMatchObject({ weight: 0, peakSize: 0 });
  });
});

describe('who waits for room', () => {
  it('blocks the lighter ones behind, and lighter newcomers', async () => {
    const channel = weighed(10);
    channel.trySend(8);
    const sends = [5, 1, 2].map((item) => watch(channel.send(item)));
    expect(channel.trySend(1)).toBe(false);
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
    expect(channel.stats()).toMatchObject({ weight: 8, waitingSenders: 3 });
  });

  it('is let in by a take, as many as there is room for', async () => {
    const channel = weighed(10);
    channel.trySend(8);
    const sends = [5, 1, 2, 3, 1].map((item) => watch(channel.send(item)));
    expect(channel.tryReceive()).toBe(8);
    expect(channel.stats()).toMatchObject({ weight: 8, size: 3, waitingSenders: 2 });
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'pending', 'pending']);
    expect(channel.drain()).toEqual([5, 1, 2, 3, 1]);
  });

  it('is let in by none where a take was too light', () => {
    const channel = weighed(10);
    for (const item of [1, 9]) channel.trySend(item);
    void channel.send(2);
    expect(channel.tryReceive()).toBe(1);
    expect(channel.stats()).toMatchObject({ weight: 9, waitingSenders: 1 });
    expect(channel.trySend(1)).toBe(false);
  });

  it.each(['an abort', 'a timeout'])('and leaves by %s lets in those behind: several', async (way) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const channel = weighed(10);
    channel.trySend(7);
    const first = watch(channel.send(5, { signal: controller.signal, timeout: 1_000 }));
    const rest = [1, 2, 1].map((item) => watch(channel.send(item)));
    if (way === 'an abort') controller.abort('aborted');
    else vi.advanceTimersByTime(1_000);
    expect(channel.stats()).toMatchObject({ weight: 10, size: 3, waitingSenders: 1 });
    await macrotask();
    expect([first, ...rest].map(({ state }) => state)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'pending']);
    if (way === 'a timeout') expect(first.result).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT', value: 5 });
    else expect(first.result).toBe('aborted');
  });

  it('and leaves lets in none where the next is too heavy as well', async () => {
    const controller = new AbortController();
    const channel = weighed(10);
    channel.trySend(7);
    const first = watch(channel.send(5, { signal: controller.signal }));
    for (const item of [4, 1]) void channel.send(item);
    controller.abort();
    await macrotask();
    expect(first.state).toBe('rejected');
    expect(channel.stats()).toMatchObject({ weight: 7, waitingSenders: 2 });
    expect(channel.drain()).toEqual([7, 4, 1]);
  });

  it('and leaves from the middle of the line changes nothing', () => {
    const controller = new AbortController();
    const channel = weighed(10);
    channel.trySend(7);
    void channel.send(5);
    channel.send(4, { signal: controller.signal }).catch(() => {});
    void channel.send(1);
    controller.abort();
    expect(channel.stats()).toMatchObject({ weight: 7, waitingSenders: 2 });
  });

  it('lets nobody in through a callback: the signal of one that was let in, which tries to send', () => {
    const channel = weighed(10);
    channel.trySend(10);
    const signal = new PlainSignal();
    const seen: unknown[] = [];
    signal.removeEventListener = () => void seen.push(channel.trySend(1));
    void channel.send(3, { signal });
    for (const item of [3, 5]) void channel.send(item);
    channel.tryReceive();
    expect(channel.drain()).toEqual([3, 3, 5]);
    expect(seen.every((sent) => sent === false)).toBe(true);
  });

  it('is delivered at a close, in order', async () => {
    const channel = weighed(10);
    const sends = [8, 10, 1, 9, 9].map((item) => channel.send(item));
    channel.close();
    expect(await collect(channel)).toEqual([8, 10, 1, 9, 9]);
    await Promise.all(sends);
    expect(channel.ended).toBe(true);
  });

  it('is refused at a cancel, with the item', async () => {
    const channel = weighed(10);
    channel.trySend(8);
    const send = rejection(channel.send(5));
    channel.cancel();
    expect(await send).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 5 });
  });

  it('is one of at most maxWaiters, and tries once with a timeout of 0', async () => {
    const channel = weighed(10, { maxWaiters: 1 });
    channel.trySend(8);
    expect(await rejection(channel.send(5, { timeout: 0 }))).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT', value: 5 });
    void channel.send(5);
    expect(await rejection(channel.send(1))).toMatchObject({ code: 'ERR_SLUICE_TOO_MANY_WAITERS', value: 1 });
  });

  it('is told once half the capacity has been taken since: half of the weights', async () => {
    const channel = weighed(1_000);
    for (const item of [100, 400, 500]) channel.trySend(item);
    const send = watch(channel.send(50));
    expect(channel.tryReceive()).toBe(100); // the send is accepted here
    expect(channel.stats().waitingSenders).toBe(0);
    await microtasks();
    expect(send.state).toBe('pending');
    expect(channel.tryReceive()).toBe(400);
    await microtasks();
    expect(send.state).toBe('fulfilled');
  });
});

describe('an overflow policy beside weights', () => {
  it("'drop-oldest' drops as many as needed, and no more", () => {
    const dropped: number[] = [];
    const channel = weighed(10, { overflow: 'drop-oldest', onDrop: (item) => dropped.push(item) });
    for (const item of [2, 3, 4, 1]) channel.trySend(item);
    expect(dropped).toEqual([]);
    expect(channel.trySend(4)).toBe(true);
    expect(dropped).toEqual([2, 3]);
    expect(channel.stats()).toMatchObject({ size: 3, weight: 9, dropped: 2 });
    channel.trySend(10);
    expect(dropped).toEqual([2, 3, 4, 1, 4]);
    expect(channel.drain()).toEqual([10]);
  });

  it("'drop-oldest' tells of several drops once the newer item is there", () => {
    const seen: number[] = [];
    const channel: Channel<number> = weighed(3, {
      overflow: 'drop-oldest',
      onDrop: (item) => seen.push(item, channel.stats().weight),
    });
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(seen).toEqual([1, 3, 2, 3]);
  });

  it("'drop-newest' drops what has no room, and takes a lighter one after it", () => {
    const dropped: number[] = [];
    const channel = weighed(10, { overflow: 'drop-newest', onDrop: (item) => dropped.push(item) });
    for (const item of [8, 3, 2]) expect(channel.trySend(item)).toBe(true);
    expect(dropped).toEqual([3]);
    expect(channel.drain()).toEqual([8, 2]);
  });

  it("'reject' rejects what has no room, and takes a lighter one after it", async () => {
    const channel = weighed(10, { overflow: 'reject' });
    await channel.send(8);
    expect(await rejection(channel.send(3))).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 3 });
    await channel.send(2);
    expect(channel.drain()).toEqual([8, 2]);
  });
});

describe('a weight', () => {
  const wrong: [unknown, string][] = [
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['3', '"3"'],
    [3n, '3'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [11, '11'],
  ];
  it.each(wrong)('of %s is a RangeError, also of trySend, and changes nothing', async (weight, shown) => {
    for (const overflow of ['wait', 'drop-oldest', 'drop-newest', 'reject'] as const) {
      const channel = new Channel<string>(10, { overflow, weigh: (item) => (item === 'bad' ? weight : 6) as number });
      channel.trySend('good');
      const before = channel.stats();
      for (const error of [await rejection(channel.send('bad')), thrown(() => channel.trySend('bad'))]) {
        expect(error).toBeInstanceOf(RangeError);
        expect((error as Error).message).toContain('weight');
        expect((error as Error).message).toContain('from 1 to 10');
        expect((error as Error).message).toContain(shown);
      }
      expect(channel.stats()).toEqual(before);
    }
  });

  it('that is wrong is refused where a receiver waits, too', async () => {
    const channel = weighed(10);
    const receive = watch(channel.receive());
    expect(await rejection(channel.send(11))).toBeInstanceOf(RangeError);
    expect(receive.state).toBe('pending');
    expect(channel.trySend(1)).toBe(true);
  });

  it('is taken once an item, at the call', async () => {
    const weigh = vi.fn((item: { bytes: number }) => item.bytes);
    const channel = new Channel<{ bytes: number }>(10, { weigh });
    const [first, second] = [{ bytes: 6 }, { bytes: 6 }];
    channel.trySend(first);
    const send = channel.send(second);
    first.bytes = second.bytes = 1;
    expect(channel.trySend({ bytes: 1 })).toBe(false);
    expect(channel.stats()).toMatchObject({ weight: 6, waitingSenders: 1 });
    channel.tryReceive();
    expect(channel.stats().weight).toBe(6);
    channel.tryReceive();
    await send;
    expect(channel.stats().weight).toBe(0);
    expect(weigh).toHaveBeenCalledTimes(3);
  });

  it('is not asked for by a closed channel, nor with bad options, nor with an aborted signal', async () => {
    const weigh = vi.fn(() => 1);
    const open = weighed(10, { weigh });
    await rejection(open.send(1, { timeout: -1 }));
    await rejection(open.send(1, { signal: AbortSignal.abort() }));
    const [closed, cancelled] = [weighed(10, { weigh }), weighed(10, { weigh })];
    closed.close();
    cancelled.cancel();
    for (const channel of [closed, cancelled]) {
      expect(await rejection(channel.send(100))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 100 });
      expect(channel.trySend(100)).toBe(false);
      expect(await rejection(channel.sendAll([100]))).toMatchObject({ code: 'ERR_SLUICE_CLOSED' });
      const handle = channel.sender();
      expect(handle.trySend(100)).toBe(false);
    }
    expect(weigh).not.toHaveBeenCalled();
  });

  it('that could not be taken, since weigh threw, rejects that send alone', async () => {
    const error = new Error('weigh');
    const channel = weighed(10, {
      weigh: (item) => {
        if (item === 3) throw error;
        return item;
      },
    });
    expect(await rejection(channel.send(3))).toBe(error);
    expect(thrown(() => channel.trySend(3))).toBe(error);
    expect(channel.stats()).toMatchObject({ sent: 0, size: 0 });
    await channel.send(4);
    expect(channel.drain()).toEqual([4]);
  });
});

describe('a weigh that calls its own channel', () => {
  it('may send: that comes first, and the room that it took is taken', async () => {
    const channel: Channel<number> = weighed(10, {
      weigh: (item) => {
        if (item === 6) channel.trySend(5);
        return item;
      },
    });
    const send = watch(channel.send(6));
    expect(channel.stats()).toMatchObject({ weight: 5, waitingSenders: 1 });
    expect(channel.drain()).toEqual([5, 6]);
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('may receive', () => {
    const taken: unknown[] = [];
    const channel: Channel<number> = weighed(10, { weigh: (item) => (taken.push(channel.tryReceive()), item) });
    for (const item of [6, 7, 8]) expect(channel.trySend(item)).toBe(true);
    expect(taken).toEqual([undefined, 6, 7]);
  });

  it.each(['close', 'cancel'] as const)('may %s: its own item is refused', async (end) => {
    const channel: Channel<number> = weighed(10, { weigh: (item) => (channel[end](), item) });
    expect(await rejection(channel.send(1))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 1 });
    expect(channel.stats().sent).toBe(0);
  });

  it('may abort the signal of its own send: that ends the wait', async () => {
    const controller = new AbortController();
    const channel = weighed(10, { weigh: (item) => (item === 6 && controller.abort('aborted'), item) });
    channel.trySend(5);
    expect(await rejection(channel.send(6, { signal: controller.signal }))).toBe('aborted');
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, weight: 5 });
  });
});

describe('a source poured into a channel that weighs', () => {
  it('waits with one item in hand, and pulls nothing meanwhile', async () => {
    const pulled: number[] = [];
    function* source(): Generator<number> {
      for (const item of [4, 5, 6, 1]) {
        pulled.push(item);
        yield item;
      }
    }
    const channel = weighed(10);
    const sending = channel.sendAll(source());
    await macrotask();
    expect(pulled).toEqual([4, 5, 6]);
    expect(channel.trySend(1)).toBe(false); // what is in hand stands before it
    expect(channel.drain()).toEqual([4, 5, 6]);
    expect(await sending).toBe(4);
  });

  it('by from ends with what weigh said, and its item goes to onDrop', async () => {
    const dropped: number[] = [];
    const channel = Channel.from([1, 11, 2], 10, { weigh: (item) => item, onDrop: (item) => dropped.push(item) });
    expect(await settled(channel.receive())).toMatchObject({ state: 'fulfilled', result: 1 });
    expect(await rejection(channel.receive())).toBeInstanceOf(RangeError);
    expect(dropped).toEqual([11]);
    expect(channel.stats()).toMatchObject({ sent: 2, received: 1, dropped: 1 });
  });

  it('by sendAll rejects with it, the source returned', async () => {
    const returned = vi.fn();
    function* source(): Generator<number> {
      try {
        yield* [1, 0, 2];
      } finally {
        returned();
      }
    }
    const channel = weighed(10);
    expect(await rejection(channel.sendAll(source()))).toBeInstanceOf(RangeError);
    expect(returned).toHaveBeenCalledOnce();
    expect(channel.drain()).toEqual([1]);
  });

  it('at an abort drops what is in hand, and lets in who stood behind it', async () => {
    const controller = new AbortController();
    const dropped: number[] = [];
    const channel = weighed(10, { onDrop: (item) => dropped.push(item) });
    const sending = rejection(channel.sendAll([8, 7], { signal: controller.signal }));
    await microtasks();
    const send = channel.send(2);
    controller.abort('aborted');
    expect(await sending).toBe('aborted');
    await send;
    expect(dropped).toEqual([7]);
    expect(channel.drain()).toEqual([8, 2]);
  });

  it('through a handle is weighed, too', () => {
    const channel = weighed(10);
    const handle = channel.sender();
    expect([handle.trySend(6), handle.trySend(5)]).toEqual([true, false]);
    expect(() => handle.trySend(11)).toThrow(RangeError);
  });
});

describe('the option', () => {
  const weigh = (): number => 1;
  it('at capacity 0, or beside coalescing, is a TypeError that names it', () => {
    for (const make of [
      () => new Channel(0, { weigh }),
      () => new Channel(1, { weigh, overflow: { key: () => 0, coalesce: (queued) => queued } }),
      () => Channel.from([], 0, { weigh }),
    ]) {
      const error = thrown(make);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain('options.weigh');
    }
  });

  it.each([
    ['a string', 'bytes'],
    ['null', null],
    ['an object', {}],
    ['a number', 1],
  ])('that is %s is a TypeError', (_what, value) => {
    const error = thrown(() => new Channel(1, { weigh: value as never }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('options.weigh');
  });

  it('has no place in a queue', () => {
    const error = thrown(() => new BoundedQueue(1, { weigh } as never));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('weigh');
  });

  it('goes with no permit: reserve rejects, tryReserve throws, a TypeError', async () => {
    const channel = weighed(10);
    const errors = [await rejection(channel.reserve()), thrown(() => channel.tryReserve())];
    channel.close();
    errors.push(
      await rejection(channel.reserve()),
      thrown(() => channel.tryReserve()),
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain('weighs cannot reserve');
    }
    expect(channel.stats()).toMatchObject({ reserved: 0, waitingSenders: 0 });
  });
});

describe('the law', () => {
  it('what comes out is what went in, in order, and never more than the capacity is there at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 40 }), // 0: a take
        async (capacity, steps) => {
          const channel = weighed(capacity);
          const [sent, fulfilled, received]: [number[], number[], number[]] = [[], [], []];
          for (const step of steps) {
            const item = Math.min(step, capacity);
            if (item === 0) received.push(...[channel.tryReceive()].filter((each) => each !== undefined));
            else {
              const number = sent.push(item);
              void channel.send(item).then(() => fulfilled.push(number));
            }
            const { weight, size, waitingSenders } = channel.stats();
            expect(weight).toBeLessThanOrEqual(capacity);
            // Whoever waits first would not fit.
            const first = sent[received.length + size];
            expect(waitingSenders === 0 || weight + (first as number) > capacity).toBe(true);
          }
          received.push(...channel.drain());
          await macrotask();
          expect(received).toEqual(sent);
          expect(fulfilled).toEqual(sent.map((_, n) => n + 1));
        },
      ),
    );
  });

  it('a timer fires while two tasks exchange items of any weight', async () => {
    const channel = weighed(5);
    const fired = await letsTimersFire((going) => [
      (async () => {
        for (let n = 0; going(); n++) await channel.send(1 + (n % 5));
        channel.close();
      })(),
      (async () => {
        for await (const _ of channel) if (!going()) break;
      })(),
    ]);
    expect(fired).toBe(true);
  });
});
