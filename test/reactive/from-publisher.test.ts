// A publisher as a channel: its bound, its demand, its ends.

import fc from 'fast-check';
import { Channel, type DropReason } from 'sluice';
import { fromPublisher, type Subscriber, toPublisher } from 'sluice/reactive';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, macrotask, microtasks, PlainSignal, rejection, settled, thrown, watch } from '../support.js';
import { counting, Source } from './sides.js';

afterEach(() => void vi.unstubAllGlobals());

const LONG = process.env['LONG'] === '1';

function opened(capacity: number) {
  const drops: [number, DropReason][] = [];
  const source = new Source<number>();
  const channel = fromPublisher(source, capacity, { onDrop: (...drop) => drops.push(drop) });
  return { source, channel, drops };
}

describe('a channel from a publisher', () => {
  it('is a Channel, subscribes in the call, and requests its capacity at once', () => {
    const { source, channel } = opened(8);
    expect(channel).toBeInstanceOf(Channel);
    expect([source.requests, channel.capacity, channel.stats().reserved]).toEqual([[8], 8, 8]);
  });

  it('requests more when half of the capacity was received, rounded up, and not before', () => {
    for (const [capacity, half] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
      [256, 128],
    ] as const) {
      const { source, channel } = opened(capacity);
      for (let i = 0; i < capacity; i++) source.next(i);
      for (let taken = 1; taken < half; taken++) channel.tryReceive();
      expect(source.requests).toEqual([capacity]);
      channel.tryReceive();
      expect(source.requests).toEqual([capacity, half]);
    }
  });

  it('does so while items are still to come, and while receivers wait for each', async () => {
    const { source, channel } = opened(4);
    source.next(1, 2);
    channel.drain();
    expect([source.requests, source.demand]).toEqual([[4, 2], 4]);
    for (let i = 3; i < 23; i++) {
      const receive = channel.receive();
      source.next(i);
      expect(await receive).toBe(i);
      expect(source.demand).toBeGreaterThan(2);
    }
    expect(Math.max(...source.requests.slice(1))).toBe(2);
  });

  it.each([
    ['receive', async (channel: Channel<number>) => [await channel.receive()]],
    ['receiveMany', (channel: Channel<number>) => channel.receiveMany(3)],
    ['tryReceive', async (channel: Channel<number>) => [channel.tryReceive()]],
    ['drain', async (channel: Channel<number>) => channel.drain()],
    ['next', async (channel: Channel<number>) => [(await channel[Symbol.asyncIterator]().next()).value]],
  ])('keeps a fast publisher to its bound, received by %s', async (_how, take) => {
    const source = counting(1_000);
    const channel = fromPublisher(source, 8);
    expect([channel.size, source.emitted]).toEqual([8, 8]);
    const all: unknown[] = [];
    while (!channel.ended) all.push(...(await take(channel)));
    expect(all.filter((item) => item !== undefined)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect([source.over, source.broken, channel.stats().peakSize]).toEqual([true, [], 8]);
  });

  it('never has more outstanding and buffered than its capacity, whatever is done in whatever order', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('next' as const), count: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ do: fc.constant('many' as const), count: fc.integer({ min: 1, max: 9 }) }),
      fc.record({
        do: fc.constantFrom('take', 'drain', 'receive', 'wait', 'send', 'reserve', 'release', 'abort'),
        count: fc.constant(1),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 60 }), async (capacity, steps) => {
        const { source, channel, drops } = opened(capacity);
        const half = Math.ceil(capacity / 2);
        const got: number[] = [];
        const permits = [];
        let [item, strangers] = [0, 0];
        let controller = new AbortController();
        for (const { do: act, count } of steps) {
          if (act === 'next') for (let i = 0; i < count && source.demand > 0; i++) source.next(item++);
          else if (act === 'take') got.push(...[channel.tryReceive()].filter((one) => one !== undefined));
          else if (act === 'drain') got.push(...channel.drain());
          else if (act === 'many' && channel.size > 0) got.push(...(await channel.receiveMany(count)));
          else if (act === 'receive' && channel.stats().waitingReceivers < 4) {
            void channel.receive({ signal: controller.signal }).then(
              (one) => got.push(one as number),
              () => {},
            );
          } else if (act === 'abort') {
            controller.abort();
            controller = new AbortController();
          } else if (act === 'send') {
            if (channel.trySend(-1)) strangers++;
          } else if (act === 'reserve') {
            const permit = channel.tryReserve();
            if (permit !== undefined) permits.push(permit);
          } else if (act === 'release') permits.pop()?.release();
          else await microtasks();
          const { size, reserved } = channel.stats();
          expect(source.demand + size + permits.length).toBeLessThanOrEqual(capacity);
          expect(source.demand).toBe(reserved - permits.length);
          expect(capacity - size - reserved).toBeLessThan(half); // it asks for more at half
        }
        controller.abort();
        for (const permit of permits) permit.release();
        source.complete();
        got.push(...(await collect(channel)));
        await macrotask();
        // A tryReceive is told before a receive that was handed an earlier item: in any order, then.
        got.sort((a, b) => a - b);
        expect(got.filter((one) => one !== -1)).toEqual(Array.from({ length: item }, (_, i) => i));
        expect(got.filter((one) => one === -1)).toHaveLength(strangers);
        expect([drops, source.broken]).toEqual([[], []]);
        expect(channel.stats()).toMatchObject({ reserved: 0, waitingReceivers: 0, waitingSenders: 0 });
      }),
      { seed: 1, numRuns: LONG ? 20_000 : 400 },
    );
  });

  it('keeps what it has requested from others who send: they get only the places that are left', () => {
    const { source, channel } = opened(4);
    expect(channel.trySend(9)).toBe(false);
    source.next(1, 2, 3, 4);
    expect(channel.drain()).toEqual([1, 2, 3, 4]);
    expect(channel.trySend(9)).toBe(false);
  });

  it('goes on after a stranger who waited got the places', async () => {
    const { source, channel } = opened(2);
    source.next(1, 2);
    const sends = [watch(channel.send(9)), watch(channel.send(9))];
    expect(channel.tryReceive()).toBe(1);
    expect(channel.tryReceive()).toBe(2);
    await macrotask();
    expect([source.demand, sends.map(({ state }) => state)]).toEqual([0, ['fulfilled', 'fulfilled']]);
    expect(channel.drain()).toEqual([9, 9]);
    expect(source.demand).toBe(2);
  });

  it('requests nothing more once it is closed', () => {
    const { source, channel } = opened(2);
    source.next(1, 2);
    source.complete();
    expect(channel.drain()).toEqual([1, 2]);
    expect([source.requests, source.broken, channel.ended]).toEqual([[2], [], true]);
  });
});

describe('its end', () => {
  it('is quiet or the error of the publisher, after what is buffered, with anything still outstanding', async () => {
    for (const error of [undefined, new Error('upstream')]) {
      const { source, channel } = opened(4);
      source.next(1, 2);
      if (error === undefined) source.complete();
      else source.error(error);
      expect([channel.closed, channel.ended, channel.stats().reserved]).toEqual([true, false, 0]);
      expect(channel.drain()).toEqual([1, 2]);
      expect(await settled(channel.completion)).toMatchObject(
        error === undefined ? { state: 'fulfilled' } : { state: 'rejected', result: error },
      );
      expect([source.cancelled, source.broken]).toEqual([0, []]);
    }
  });

  it('comes before anything was sent, and from within the first request', async () => {
    expect(await collect(fromPublisher(counting(0), 4))).toEqual([]);
    expect(await collect(fromPublisher(counting(3), 4))).toEqual([0, 1, 2]);
  });

  it.each(['cancel', 'close', 'dispose', 'consume'])(
    'by %s cancels the subscription, once and at once',
    async (way) => {
      const { source, channel, drops } = opened(4);
      source.next(1, 2);
      if (way === 'cancel') channel.cancel('enough');
      else if (way === 'close') channel.close();
      else if (way === 'dispose') channel[Symbol.dispose]();
      else await channel.consume().return();
      expect([source.cancelled, channel.stats().reserved]).toEqual([1, 0]);
      expect(drops).toEqual(
        way === 'close'
          ? []
          : [
              [1, 'cancel'],
              [2, 'cancel'],
            ],
      );
      if (way === 'close') expect([channel.drain(), channel.ended]).toEqual([[1, 2], true]);
      channel.cancel();
      expect(source.cancelled).toBe(1);
    },
  );

  it('drops, told, what comes after a cancel (§2.8), and hears no later end', async () => {
    const { source, channel, drops } = opened(4);
    channel.cancel();
    source.next(1);
    source.error(new Error('late'));
    source.subscriber.onComplete();
    expect(drops).toEqual([[1, 'cancel']]);
    expect(channel.stats()).toMatchObject({ sent: 1, dropped: 1 });
    await channel.completion;
  });

  it('drops the item that nobody has asked for where a cancel takes the place of its error', () => {
    const { source, channel, drops } = opened(1);
    source.next(1);
    source.subscriber.onNext(2);
    channel.cancel();
    expect(drops).toEqual([
      [1, 'cancel'],
      [2, 'cancel'],
    ]);
    expect(channel.stats()).toMatchObject({ sent: 2, dropped: 2 });
  });

  it('does not come by leaving an iteration: it stays subscribed', async () => {
    const { source, channel } = opened(2);
    source.next(1, 2);
    for await (const _ of channel) break;
    expect([source.cancelled, channel.size]).toEqual([0, 1]);
  });

  it('comes by its signal, which it lets go of at every end', async () => {
    const signal = new PlainSignal();
    const source = new Source<number>();
    const channel = fromPublisher(source, 2, { signal });
    signal.abort('stop');
    expect([source.cancelled, await rejection(channel.receive())]).toEqual([1, 'stop']);
    const other = new PlainSignal();
    const ending = new Source<number>();
    fromPublisher(ending, 2, { signal: other });
    expect(other.listeners.size).toBe(1);
    ending.complete();
    expect(other.listeners.size).toBe(0);
  });

  it('has come already where the signal had aborted: then nobody is subscribed to', async () => {
    const channel = fromPublisher({ subscribe: () => expect.unreachable() }, 2, { signal: AbortSignal.abort('never') });
    expect(await rejection(channel.receive())).toBe('never');
  });
});

describe('a publisher that breaks the rules', () => {
  it('by an item that was not requested is cancelled; the error has the item (§1.1)', async () => {
    const { source, channel } = opened(2);
    source.next(1, 2);
    source.subscriber.onNext(3);
    expect([source.cancelled, channel.drain()]).toEqual([1, [1, 2]]);
    const error = await rejection(channel.receive());
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ value: 3, message: expect.stringContaining('§1.1') });
  });

  it('by an item before onSubscribe is as well, and is cancelled when it subscribes', async () => {
    const source = new Source<number>();
    const channel = fromPublisher(
      {
        subscribe(subscriber: Subscriber<number>) {
          subscriber.onNext(1);
          source.subscribe(subscriber);
        },
      },
      2,
    );
    expect(await rejection(channel.receive())).toMatchObject({ value: 1 });
    expect([source.cancelled, source.requests]).toEqual([1, []]);
  });

  it('by a second onSubscribe has that one cancelled, and the first goes on (§2.5)', () => {
    const { source, channel } = opened(2);
    const second = new Source<number>();
    source.subscriber.onSubscribe(second.subscription);
    expect([second.cancelled, second.requests, source.cancelled]).toEqual([1, [], 0]);
    source.next(1);
    expect(channel.tryReceive()).toBe(1);
    source.complete();
    const third = new Source<number>();
    source.subscriber.onSubscribe(third.subscription);
    expect(third.cancelled).toBe(1);
  });

  it.each([
    ['onSubscribe', null],
    ['onSubscribe', undefined],
    ['onSubscribe', {}],
    ['onNext', null],
    ['onNext', undefined],
    ['onError', null],
    ['onError', undefined],
  ] as const)('by %s(%s) is thrown at (§2.13); in all others nothing is', async (signal, value) => {
    const { source, channel } = opened(2);
    const { subscriber } = source;
    expect(thrown(() => subscriber[signal](value as never))).toBeInstanceOf(TypeError);
    if (signal === 'onSubscribe') return expect(channel.closed).toBe(false);
    expect(source.cancelled).toBe(1); // it does not wait for ever for what else may come
    expect(await rejection(channel.receive())).toBeInstanceOf(TypeError);
    expect(thrown(() => subscriber[signal](value as never))).toBeInstanceOf(TypeError);
  });

  it('by throwing in subscribe, request or cancel fails the channel, or is reported', async () => {
    const error = new Error('thrown');
    const fails = (): never => {
      throw error;
    };
    expect(await rejection(fromPublisher({ subscribe: fails }, 1).receive())).toBe(error);
    let cancelled = 0;
    const requesting = fromPublisher(
      { subscribe: (subscriber) => subscriber.onSubscribe({ request: fails, cancel: () => void cancelled++ }) },
      1,
    );
    expect([await rejection(requesting.receive()), cancelled]).toEqual([error, 1]);
    const errors: unknown[] = [];
    vi.stubGlobal('reportError', (each: unknown) => errors.push(each));
    const cancelling = fromPublisher(
      { subscribe: (subscriber) => subscriber.onSubscribe({ request() {}, cancel: fails }) },
      1,
    );
    cancelling.cancel();
    expect(errors).toEqual([error]);
  });

  it('by recursion is not followed by one', async () => {
    // It signals in the very call of request, and keeps no account of being in one.
    let item = 0;
    const publisher = {
      subscribe(subscriber: Subscriber<number>) {
        subscriber.onSubscribe({
          request(n) {
            for (let i = 0; i < n && item < 100_000; i++) subscriber.onNext(item++);
            if (item === 100_000) subscriber.onComplete();
          },
          cancel() {},
        });
      },
    };
    let count = 0;
    for await (const batch of fromPublisher(publisher, 4).batches(64)) count += batch.length;
    expect(count).toBe(100_000);
  });
});

describe('its arguments', () => {
  it.each([0, -1, 1.5, Number.NaN, 2 ** 32, '8', undefined])('refuse the capacity %s', (capacity) => {
    expect(thrown(() => fromPublisher(new Source(), capacity as never))).toBeInstanceOf(RangeError);
  });

  it('refuse what is no publisher, and wrong options', () => {
    for (const publisher of [null, undefined, {}, 1, () => {}]) {
      expect(thrown(() => fromPublisher(publisher as never, 1))).toBeInstanceOf(TypeError);
    }
    for (const options of [null, { name: 1 }, { signal: 1 }, { onDrop: 1 }]) {
      expect(thrown(() => fromPublisher(new Source(), 1, options as never))).toBeInstanceOf(TypeError);
    }
  });

  it('name the channel', () => {
    expect(fromPublisher(new Source(), 1, { name: 'orders' }).stats().name).toBe('orders');
  });
});

describe('from a publisher that is one of ours', () => {
  it.each([1, 2, 3, 64])('carries all in order, at capacity %i', async (capacity) => {
    const channel = new Channel<number>(4);
    const items = Array.from({ length: 2_000 }, (_, i) => i);
    void channel.sendAll(items).then(() => channel.close());
    expect(await collect(fromPublisher(toPublisher(channel), capacity))).toEqual(items);
  });
});
