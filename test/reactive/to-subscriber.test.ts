// A sender as a subscriber: the rules of §2, what it requests, and both ends.

import { getEventListeners } from 'node:events';
import { Channel, ChannelClosedError, type ChannelOptions, type DropReason, type Sender } from 'sluice';
import { type SubscriberOptions, toSubscriber } from 'sluice/reactive';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CORE } from '../../src/open.js';
import { collect, macrotask, microtasks, PlainSignal, rejection, thrown } from '../support.js';
import { counting, Source } from './sides.js';

afterEach(() => void vi.unstubAllGlobals());

function into(capacity: number, options: SubscriberOptions<number> = {}, channelOptions: ChannelOptions<number> = {}) {
  const drops: [number, DropReason][] = [];
  const channel = new Channel<number>(capacity, channelOptions);
  const source = new Source<number>();
  source.subscribe(toSubscriber(channel, { ...options, onDrop: (...drop) => drops.push(drop) }));
  return { channel, source, drops };
}

/** A sender that is no channel of ours. */
function foreign(channel: Channel<number>): Sender<number> {
  return { send: (value, options) => channel.send(value, options), close: (error) => channel.close(error) };
}

describe('a subscriber', () => {
  it('requests one item, and the next when that was accepted (§2.1)', async () => {
    const { channel, source } = into(1);
    expect(source.requests).toEqual([1]);
    source.next(1);
    await microtasks();
    expect([source.requests, channel.size]).toEqual([[1, 1], 1]);
    source.next(2); // there is no room: a send that waits
    await macrotask();
    expect([source.requests, channel.stats().waitingSenders]).toEqual([[1, 1], 1]);
    expect(channel.tryReceive()).toBe(1);
    await macrotask();
    expect([source.requests, channel.size]).toEqual([[1, 1, 1], 1]);
  });

  it('with a window requests in halves, over a sender that can only wait', async () => {
    const channel = new Channel<number>(1);
    const source = new Source<number>();
    source.subscribe(toSubscriber(foreign(channel), { window: 4 }));
    source.next(1, 2, 3, 4);
    await macrotask();
    expect([source.requests, channel.size, channel.stats().waitingSenders]).toEqual([[4], 1, 3]);
    channel.tryReceive();
    await macrotask();
    expect(source.requests).toEqual([4, 2]);
    channel.drain();
    await macrotask();
    expect(source.requests).toEqual([4, 2, 2]);
  });

  it('never has more than its window requested or waiting', async () => {
    for (const window of [1, 2, 5]) {
      for (const sender of [(channel: Channel<number>) => channel, foreign]) {
        const channel = new Channel<number>(3);
        const source = counting(300);
        const { onRequest } = source;
        source.onRequest = (n) => {
          expect(source.demand + channel.stats().waitingSenders).toBeLessThanOrEqual(window);
          onRequest(n);
        };
        source.subscribe(toSubscriber(sender(channel), { window }));
        expect(await collect(channel)).toEqual(Array.from({ length: 300 }, (_, i) => i));
        expect(source.broken).toEqual([]);
      }
    }
  });

  it('over a channel, with a window, reserves the places before it requests: no send ever waits', async () => {
    const { channel, source } = into(4, { window: 8 });
    expect([source.requests, channel.stats().reserved]).toEqual([[4], 4]);
    source.next(1, 2, 3, 4);
    await macrotask();
    expect([source.requests, source.demand, channel.size]).toEqual([[4], 0, 4]);
    expect(channel.tryReceive()).toBe(1);
    await macrotask();
    expect([source.demand, channel.stats().reserved]).toEqual([1, 1]);
    channel.drain();
    await macrotask();
    expect([source.demand, channel.stats().reserved]).toEqual([4, 4]);
    source.next(5, 6);
    expect(channel.drain()).toEqual([5, 6]);
  });

  it('with a window above the capacity goes on over a channel in which nobody may wait, while items are to come', async () => {
    const { channel, source } = into(4, { window: 8 }, { maxWaiters: 0 });
    await macrotask();
    expect([source.requests, source.cancelled, channel.closed]).toEqual([[4], 0, false]);
    for (const item of [1, 2, 3]) {
      source.next(item);
      expect(await channel.receive()).toBe(item);
      await macrotask();
    }
    source.next(4);
    expect([source.requests, source.cancelled]).toEqual([[4, 1, 1, 1], 0]); // each for the place of the item before
    source.next(5, 6, 7);
    await macrotask(); // full, and nothing is to come that would say when there is room
    expect([source.cancelled, channel.drain()]).toEqual([1, [4, 5, 6, 7]]);
    expect(await rejection(channel.receive())).toMatchObject({ code: 'ERR_SLUICE_TOO_MANY_WAITERS' });
  });

  it('holds no more places than its window, and asks again at half of it', () => {
    const { channel, source } = into(100, { window: 10 });
    source.next(1, 2, 3, 4);
    expect([source.requests, channel.stats().reserved]).toEqual([[10], 6]);
    source.next(5);
    expect([source.requests, channel.stats().reserved]).toEqual([[10, 5], 10]);
  });

  it('shares the channel with other senders, each in turn', async () => {
    const { channel, source } = into(2, { window: 2 });
    source.next(1, 2);
    const other = channel.send(9);
    await macrotask();
    expect(channel.tryReceive()).toBe(1);
    expect(channel.tryReceive()).toBe(2);
    await other;
    await macrotask();
    expect(channel.tryReceive()).toBe(9);
    expect(source.demand).toBeGreaterThan(0);
  });

  it.each([
    ['a rendezvous', 0, {}],
    ['a channel that weighs', 4, { weigh: () => 2 }],
  ])('over %s sends, since nothing can be reserved', async (_what, capacity, options) => {
    const { channel, source } = into(capacity, { window: 3 }, options);
    expect(source.requests).toEqual([3]);
    source.next(1, 2, 3);
    source.complete();
    expect(await collect(channel)).toEqual([1, 2, 3]);
  });

  it('calls its subscription from within nothing that ends it (§2.3), and forgets it then (§2.4)', async () => {
    for (const window of [1, 4]) {
      for (const error of [undefined, 'upstream']) {
        const { channel, source } = into(4, { window });
        source.next(1);
        if (error === undefined) source.complete();
        else source.error(error);
        expect([channel.closed, channel.stats().reserved]).toEqual([true, 0]);
        expect(await channel.receive()).toBe(1);
        if (error === undefined) expect(await channel.receive()).toBe(undefined);
        else expect(await rejection(channel.receive())).toBe(error);
        await macrotask();
        expect([source.broken, source.cancelled]).toEqual([[], 0]);
      }
    }
  });

  it('takes an end with nothing requested, or while sends wait: these are still accepted (§2.9, §2.10)', async () => {
    const { channel, source, drops } = into(1, { window: 3 });
    source.next(1);
    source.complete();
    expect(await collect(channel)).toEqual([1]);
    const waiting = new Channel<number>(0);
    const other = new Source<number>();
    other.subscribe(toSubscriber(foreign(waiting), { window: 3 }));
    other.next(1, 2, 3);
    other.complete();
    expect(await collect(waiting)).toEqual([1, 2, 3]);
    expect([drops, other.broken]).toEqual([[], []]);
  });

  it('cancels a second subscription, and goes on with the first (§2.5)', async () => {
    const { channel, source } = into(4);
    const second = new Source<number>();
    source.subscriber.onSubscribe(second.subscription);
    expect([second.cancelled, second.requests]).toEqual([1, []]);
    source.next(1);
    source.complete();
    expect(await collect(channel)).toEqual([1]);
    const third = new Source<number>();
    source.subscriber.onSubscribe(third.subscription);
    expect(third.cancelled).toBe(1);
  });

  it.each([1, 4])('cancels at once when its channel is cancelled or closed, by window %i (§2.6)', async (window) => {
    for (const end of ['cancel', 'close'] as const) {
      const { channel, source, drops } = into(4, { window });
      source.next(1);
      await microtasks();
      const { demand } = source;
      channel[end]();
      expect(source.cancelled).toBe(1);
      expect(channel.stats()).toMatchObject({ reserved: 0, waitingSenders: 0 });
      if (demand > 0) source.subscriber.onNext(2); // on its way already (§2.8)
      source.subscriber.onComplete();
      await macrotask();
      expect([source.cancelled, source.broken, drops]).toEqual([1, [], demand > 0 ? [[2, 'cancel']] : []]);
      expect(channel.drain()).toEqual(end === 'close' ? [1] : []);
      expect(channel.ended).toBe(true);
    }
  });

  it('cancels at once when the channel of a handle is cancelled (§2.6)', () => {
    const channel = new Channel<number>(1);
    const source = new Source<number>();
    source.subscribe(toSubscriber(channel.sender()));
    channel.cancel();
    expect(source.cancelled).toBe(1);
  });

  it('cancels at once when another sender has a signal, and else when a send is refused (§2.6)', async () => {
    const controller = new AbortController();
    const channel = new Channel<number>(1);
    const signalling = new Source<number>();
    signalling.subscribe(toSubscriber(Object.assign(foreign(channel), { signal: controller.signal })));
    controller.abort();
    expect(signalling.cancelled).toBe(1);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);

    const drops: unknown[] = [];
    const refused = new Source<number>();
    refused.subscribe(toSubscriber(foreign(channel), { onDrop: (item) => drops.push(item) }));
    channel.cancel();
    expect(refused.cancelled).toBe(0);
    refused.next(7);
    await microtasks();
    expect([refused.cancelled, drops]).toEqual([1, [7]]);
  });

  it('cancels, and closes its sender by the error, when a send fails for another reason', async () => {
    const { channel, source, drops } = into(2, {}, { overflow: 'reject' });
    channel.trySend(8);
    channel.trySend(9);
    source.next(1);
    await microtasks();
    expect([source.cancelled, drops, channel.drain()]).toEqual([1, [[1, 'cancel']], [8, 9]]);
    expect(await rejection(channel.receive())).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 1 });
    for (const send of [() => Promise.reject(undefined), () => thrown(() => {}) as never]) {
      const errors: unknown[] = [];
      const other = new Source<number>();
      other.subscribe(toSubscriber({ send, close: (error) => void errors.push(error) }));
      other.next(1);
      await microtasks();
      expect([other.cancelled, errors]).toEqual([1, [expect.any(Error)]]);
    }
  });

  it('cancels when the key of an item cannot be told, and gives the place back', async () => {
    const overflow = {
      key: (): never => {
        throw new Error('no key');
      },
      coalesce: (queued: number) => queued,
    };
    const { channel, source, drops } = into(4, { window: 2 }, { overflow });
    source.next(1);
    expect([source.cancelled, drops, channel.ended]).toEqual([1, [[1, 'cancel']], true]);
    expect(await rejection(channel.receive())).toEqual(new Error('no key'));
  });

  it('fails by an item that was not requested, with the item in the error (§1.1)', async () => {
    for (const window of [1, 2]) {
      const { channel, source } = into(2, { window });
      source.next(...(window === 1 ? [1] : [1, 2]));
      source.subscriber.onNext(3);
      expect(source.cancelled).toBe(1);
      channel.drain();
      expect(await rejection(channel.receive())).toMatchObject({ value: 3, message: expect.stringContaining('§1.1') });
    }
  });

  it('drops that item where nobody gets the error', async () => {
    const lent = into(2, { close: false });
    lent.source.next(1);
    lent.source.subscriber.onNext(2);
    expect([lent.drops, lent.channel.drain(), lent.channel.closed]).toEqual([[[2, 'cancel']], [1], false]);
    const owned = into(2);
    owned.source.next(3);
    owned.source.subscriber.onNext(4);
    expect(owned.drops).toEqual([]); // it rides on the error
    owned.channel.cancel('enough');
    expect([owned.drops, await rejection(owned.channel.receive())]).toEqual([[[4, 'cancel']], 'enough']);
  });

  it.each([
    ['onSubscribe', null],
    ['onSubscribe', {}],
    ['onNext', null],
    ['onNext', undefined],
    ['onError', null],
    ['onError', undefined],
  ] as const)('throws a TypeError at %s(%s) (§2.13)', (signal, value) => {
    const { channel, source } = into(2, { window: 2 });
    expect(thrown(() => source.subscriber[signal](value as never))).toBeInstanceOf(TypeError);
    expect([source.cancelled, channel.closed]).toEqual(signal === 'onSubscribe' ? [0, false] : [1, true]);
    expect(thrown(() => source.subscriber[signal](value as never))).toBeInstanceOf(TypeError);
  });

  it('has methods that need no object, and throws nothing that a subscription throws', async () => {
    const errors: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => errors.push(error));
    const fails = (): never => {
      throw new Error('thrown');
    };
    const channel = new Channel<number>(1);
    const { onSubscribe } = toSubscriber(channel);
    onSubscribe({ request: fails, cancel: fails });
    expect(await rejection(channel.receive())).toEqual(new Error('thrown'));
    expect(errors).toEqual([new Error('thrown')]);
  });

  it('does not recurse with a publisher that signals in the call of request', async () => {
    let item = 0;
    let [depth, deepest] = [0, 0];
    const channel = new Channel<number>(64);
    const count = channel.completion.then(() => item);
    const subscriber = toSubscriber(channel, { window: 16 });
    subscriber.onSubscribe({
      request(n) {
        deepest = Math.max(deepest, ++depth);
        for (let i = 0; i < n && item < 20_000; i++) subscriber.onNext(item++);
        depth--;
        if (item === 20_000) subscriber.onComplete();
      },
      cancel() {},
    });
    for await (const _ of channel);
    expect(await count).toBe(20_000);
    expect(deepest).toBeLessThan(64);
  });
});

describe('its options', () => {
  it('close: false leaves the sender open at every end, and nothing on it', async () => {
    const signal = new PlainSignal();
    const ends: ((source: Source<number>) => void)[] = [
      (source) => source.complete(),
      (source) => source.error('upstream'),
      (source) => signal.abort(source),
      (source) => source.subscriber.onNext(0),
    ];
    for (const window of [1, 2]) {
      for (const end of ends) {
        const { channel, source } = into(2, { close: false, window, signal });
        while (source.demand > 0) source.next(1);
        end(source);
        await macrotask();
        channel.drain();
        expect(channel.closed).toBe(false);
        expect(channel.stats()).toMatchObject({ reserved: 0, waitingSenders: 0, size: 0 });
        expect([channel[CORE].followers.size, signal.listeners.size, source.broken]).toEqual([0, 0, []]);
        signal.aborted = false;
      }
    }
  });

  it('signal cancels the subscription, closes the sender by its reason and takes back what waits', async () => {
    for (const window of [1, 3]) {
      const signal = new PlainSignal();
      const { channel, source, drops } = into(1, { signal, window });
      channel.drain();
      while (source.demand > 0 && source.emitted < 3) {
        source.next(source.emitted);
        await microtasks();
      }
      signal.abort('shutdown');
      await microtasks();
      expect([source.cancelled, signal.listeners.size]).toEqual([1, 0]);
      expect(channel.stats().waitingSenders).toBe(0);
      expect([...channel.drain(), ...drops.map(([item]) => item)]).toEqual(window === 1 ? [0, 1] : [0]);
      expect(await rejection(channel.receive())).toBe('shutdown');
    }
  });

  it('signal that has aborted already closes the sender at once', async () => {
    const channel = new Channel<number>(1);
    const source = new Source<number>();
    source.subscribe(toSubscriber(channel, { signal: AbortSignal.abort('early') }));
    expect([source.cancelled, source.requests, await rejection(channel.receive())]).toEqual([1, [], 'early']);
  });

  it('over a channel that is closed already cancels at once', () => {
    const channel = new Channel<number>(1);
    channel.close();
    const source = new Source<number>();
    source.subscribe(toSubscriber(channel));
    expect([source.cancelled, source.requests]).toEqual([1, []]);
  });

  it('are checked', () => {
    const channel = new Channel<number>(1);
    for (const window of [0, -1, 1.5, Number.NaN, '1']) {
      expect(thrown(() => toSubscriber(channel, { window: window as number }))).toBeInstanceOf(RangeError);
    }
    for (const options of [null, { close: 1 }, { signal: 1 }, { onDrop: 1 }]) {
      expect(thrown(() => toSubscriber(channel, options as never))).toBeInstanceOf(TypeError);
    }
    for (const sender of [null, undefined, {}, { send() {} }]) {
      expect(thrown(() => toSubscriber(sender as never))).toBeInstanceOf(TypeError);
    }
  });
});

describe('a sender that cannot be closed', () => {
  it('is reported where the end was quiet, and where it failed or had died already is not', async () => {
    const errors: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => errors.push(error));
    const closing = (failure: unknown, how: 'throws' | 'rejects') => {
      const source = new Source<number>();
      const close = (): Promise<void> => {
        if (how === 'rejects') return Promise.reject(failure);
        throw failure;
      };
      source.subscribe(toSubscriber<number>({ send: async () => {}, close }));
      return source;
    };
    closing('flush', 'rejects').complete();
    closing('flush', 'throws').complete();
    closing('flush', 'rejects').error('upstream');
    closing(new ChannelClosedError('dead'), 'rejects').complete();
    await macrotask();
    expect(errors).toEqual(['flush', 'flush']);
  });
});
