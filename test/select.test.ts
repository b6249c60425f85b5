// select and trySelect: which case is taken, that no other has any effect, and that nothing of the others is left.

import { getEventListeners } from 'node:events';
import {
  after,
  BoundedQueue,
  type Case,
  type Cases,
  Channel,
  ChannelClosedError,
  OverflowError,
  type Received,
  receiving,
  select,
  type SelectOptions,
  sending,
  TimeoutError,
  TooManyWaitersError,
  trySelect,
} from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ITEM } from '../src/calls.js';
import {
  collect,
  full,
  letsTimersFire,
  macrotask,
  microtasks,
  MUTATING,
  passSlice,
  PlainSignal,
  rejection,
  settled,
  thrown,
  watch,
} from './support.js';

afterEach(() => void vi.useRealTimers());

const fakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
const empty = (capacity = 1): Channel<number> => new Channel<number>(capacity);

/** What a case is taken for, whatever the types say. */
const anyCase = (value: unknown): Case<object> => value as Case<object>;

describe('a select whose cases are not ready', () => {
  it('waits in every line, and takes the first case that becomes possible', async () => {
    const [words, numbers, out] = [empty(), empty(0), full(1)];
    const picked = watch(select({ word: receiving(words), number: receiving(numbers), out: sending(out, 2) }));
    await macrotask();
    expect(picked.state).toBe('pending');
    expect([words, numbers].map((channel) => channel.stats().waitingReceivers)).toEqual([1, 1]);
    expect(out.stats().waitingSenders).toBe(1);
    expect(numbers.trySend(7)).toBe(true);
    await microtasks();
    expect(picked.result).toEqual({ case: 'number', done: false, value: 7 });
    expect([words, numbers].map((channel) => channel.stats().waitingReceivers)).toEqual([0, 0]);
    expect(out.stats()).toMatchObject({ waitingSenders: 0, sent: 1, size: 1 });
  });

  it('sends when room comes, and nothing it could have received is taken', async () => {
    const [words, out] = [empty(), full(1)];
    const picked = watch(select({ word: receiving(words), out: sending(out, 2) }));
    expect(out.tryReceive()).toBe(1);
    words.trySend(5);
    await microtasks();
    expect(picked.result).toEqual({ case: 'out' });
    expect([words.drain(), out.drain()]).toEqual([[5], [2]]);
  });

  it.each([0, 1, 2, 5])('has given its item to a receiver before that returns, at capacity %i', async (capacity) => {
    const out = full(capacity);
    const picked = watch(select({ out: sending(out, 9), never: receiving(empty()) }));
    expect(out.drain()).toEqual([...Array.from({ length: capacity }, (_, i) => i + 1), 9]);
    await microtasks();
    expect(picked.result).toEqual({ case: 'out' });
  });

  it('is served in its turn among sends and receives, first come, first served', async () => {
    const channel = empty(0);
    const order: string[] = [];
    const first = channel.receive().then((item) => order.push(`receive ${item}`));
    const second = select({ item: receiving(channel) }).then(({ value }) => order.push(`select ${value}`));
    const third = channel.receive().then((item) => order.push(`receive ${item}`));
    for (const item of [1, 2, 3]) channel.trySend(item);
    await Promise.all([first, second, third]);
    expect(order).toEqual(['receive 1', 'select 2', 'receive 3']);
    const sends = [
      channel.send(4),
      select({ out: sending(channel, 5), never: receiving(empty()) }),
      channel.send(6),
    ] as const;
    expect(channel.drain()).toEqual([4, 5, 6]);
    await Promise.all(sends);
  });

  it('hands over in a rendezvous, a select to a select', async () => {
    const channel = empty(0);
    const taking = watch(select({ item: receiving(channel), never: receiving(empty()) }));
    const giving = watch(select({ never: receiving(empty()), out: sending(channel, 1) }));
    await microtasks();
    expect([taking.result, giving.result]).toEqual([{ case: 'item', done: false, value: 1 }, { case: 'out' }]);
    expect(channel.stats()).toMatchObject({ sent: 1, received: 1, waitingSenders: 0, waitingReceivers: 0 });
  });

  it('may name one channel in several cases, and takes one of them', async () => {
    const channel = empty();
    const receives = watch(select({ a: receiving(channel), b: receiving(channel), c: receiving(channel) }));
    expect(channel.stats().waitingReceivers).toBe(3);
    channel.trySend(1);
    channel.trySend(2);
    await microtasks();
    expect(receives.result).toMatchObject({ done: false, value: 1 });
    expect(channel.stats()).toMatchObject({ size: 1, waitingReceivers: 0 });
    const sends = watch(select({ a: sending(channel, 3), b: sending(channel, 4) }));
    const [, item, none] = [channel.tryReceive(), channel.tryReceive(), channel.tryReceive()];
    await microtasks();
    expect(sends.result).toEqual({ case: item === 3 ? 'a' : 'b' });
    expect(none).toBeUndefined();
    expect(channel.stats()).toMatchObject({ sent: 3, received: 3, waitingSenders: 0 });
  });

  it('carries undefined, promises and thenables as they are', async () => {
    const thenable = { then: () => expect.unreachable() };
    for (const item of [undefined, Promise.resolve(1), thenable]) {
      const channel = new Channel<unknown>(1);
      channel.trySend(item);
      expect((await select({ item: receiving(channel) })).value).toBe(item);
      const waiting = select({ item: receiving(channel) });
      channel.trySend(item);
      expect((await waiting).value).toBe(item);
    }
  });
});

describe('of several ready cases', () => {
  const ROUNDS = 10_000;
  const counts = async (cases: () => Cases, pick: (cases: Cases) => unknown): Promise<number[]> => {
    const taken = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const { case: name } = (await pick(cases())) as { case: string };
      taken.set(name, (taken.get(name) ?? 0) + 1);
    }
    return [...taken.values()];
  };

  it.each([
    ['select', (cases: Cases) => select(cases)],
    ['trySelect', (cases: Cases) => trySelect(cases, { order: 'fair' })],
  ])('%s takes each as often as any other, receiving or sending', async (_name, pick) => {
    const others = { never: receiving(empty()), full: sending(full(1), 1), end: receiving(ended()), later: after(0) };
    const three = (): Cases => ({ in: receiving(full(1)), ...others, out: sending(empty(), 1) });
    const each = await counts(three, pick);
    expect(each).toHaveLength(3);
    // A tenth of a third is 7 standard deviations.
    for (const count of each) expect(Math.abs(count - ROUNDS / 3)).toBeLessThan(ROUNDS / 30);
  });

  it('the first written is taken with order priority, whatever else is ready', async () => {
    const [first, second] = [full(2), full(2)];
    const cases = { never: receiving(empty()), b: receiving(second), a: receiving(first) };
    expect(await select(cases, { order: 'priority' })).toMatchObject({ case: 'b' });
    expect(trySelect(cases, { order: 'priority' })).toMatchObject({ case: 'b' });
    expect(await select(cases, { order: 'priority' })).toMatchObject({ case: 'a' });
    expect([first.size, second.size]).toEqual([1, 0]);
  });

  it('those that are not taken have no effect', async () => {
    for (let round = 0; round < 50; round++) {
      const [words, out, rendezvous] = [full(2), empty(2), empty(0)];
      const giving = watch(rendezvous.send(5));
      const { case: name } = await select({
        word: receiving(words),
        out: sending(out, 1),
        item: receiving(rendezvous),
      });
      await macrotask();
      expect(words.stats()).toMatchObject({ received: name === 'word' ? 1 : 0, waitingReceivers: 0 });
      expect(out.stats()).toMatchObject({ sent: name === 'out' ? 1 : 0, waitingSenders: 0 });
      expect(giving.state).toBe(name === 'item' ? 'fulfilled' : 'pending');
    }
  });

  it('an item that is there beats after(0), always', async () => {
    for (let round = 0; round < 100; round++) {
      const picked = await select({ tick: after(0), item: receiving(full(1)) });
      expect(picked.case).toBe('item');
    }
  });
});

function ended(): Channel<number> {
  const channel = new Channel<number>(1);
  channel.close();
  return channel;
}

describe('a signal', () => {
  it('ends a select with its own reason, and without effect', async () => {
    const [words, out] = [empty(), full(1)];
    const controller = new AbortController();
    const picked = select({ word: receiving(words), out: sending(out, 2) }, { signal: controller.signal });
    controller.abort('enough');
    expect(await rejection(picked)).toBe('enough');
    expect([words.stats().waitingReceivers, out.stats().waitingSenders]).toEqual([0, 0]);
    expect([words.trySend(1), words.size, out.drain()]).toEqual([true, 1, [1]]);
  });

  it('that is already aborted rejects even where a case is ready, and takes nothing', async () => {
    const [words, out] = [full(1), empty()];
    const signal = AbortSignal.abort('no');
    expect(await rejection(select({ word: receiving(words), out: sending(out, 2) }, { signal }))).toBe('no');
    expect([words.size, out.size]).toEqual([1, 0]);
  });

  it('gets no listener where a case is ready', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    await select({ word: receiving(full(1)) }, { signal });
    await rejection(select({ word: receiving(empty()) }, { signal, timeout: 0 }));
    expect(add).not.toHaveBeenCalled();
  });

  it('that 1,000 selects share gets one listener', async () => {
    const controller = new AbortController();
    const channel = empty();
    const { signal } = controller;
    const selects = Array.from({ length: 1_000 }, () => select({ item: receiving(channel) }, { signal }));
    const rejections = selects.map(rejection);
    expect(listeners(signal)).toBe(1);
    controller.abort('all');
    expect(new Set(await Promise.all(rejections))).toEqual(new Set(['all']));
    expect([listeners(signal), channel.stats().waitingReceivers]).toEqual([0, 0]);
  });

  it('that comes after the item does not undo it, and one that comes first leaves the item', async () => {
    const channel = empty();
    const late = new AbortController();
    const won = watch(select({ item: receiving(channel) }, { signal: late.signal }));
    channel.trySend(1);
    late.abort();
    const early = new AbortController();
    const lost = watch(select({ item: receiving(channel) }, { signal: early.signal }));
    early.abort('first');
    channel.trySend(2);
    await macrotask();
    expect(won).toEqual({ state: 'fulfilled', result: { case: 'item', done: false, value: 1 } });
    expect(lost).toEqual({ state: 'rejected', result: 'first' });
    expect(channel.drain()).toEqual([2]);
  });

  it('that cannot be listened to rejects, and leaves every line', async () => {
    const signal = new PlainSignal();
    signal.addEventListener = () => {
      throw new Error('no listeners');
    };
    const channel = empty();
    const picked = select({ item: receiving(channel), tick: after(1_000_000) }, { signal });
    expect(await rejection(picked)).toEqual(new Error('no listeners'));
    expect(channel.stats().waitingReceivers).toBe(0);
  });

  it('that a user function of the select aborts is heard', async () => {
    const controller = new AbortController();
    const channel = full(1, { weigh: (item) => (item === 2 && controller.abort('while weighing'), 1) });
    expect(await rejection(select({ out: sending(channel, 2) }, { signal: controller.signal }))).toBe('while weighing');
    expect(channel.stats().waitingSenders).toBe(0);
  });

  it('alone is waited for, with no case at all', async () => {
    const controller = new AbortController();
    const picked = watch(select({ none: null }, { signal: controller.signal }));
    await macrotask();
    expect(picked.state).toBe('pending');
    controller.abort('done');
    await microtasks();
    expect(picked.result).toBe('done');
  });
});

describe('a timeout', () => {
  it('rejects with TimeoutError without a value, and without effect', async () => {
    fakeTimers();
    const [words, out] = [empty(), full(1)];
    const picked = watch(select({ word: receiving(words), out: sending(out, 2) }, { timeout: 100 }));
    vi.advanceTimersByTime(99);
    await microtasks();
    expect(picked.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(picked.result).toBeInstanceOf(TimeoutError);
    expect(Object.hasOwn(picked.result as object, 'value')).toBe(false);
    expect([words.stats().waitingReceivers, out.stats().waitingSenders, out.drain()]).toEqual([0, 0, [1]]);
  });

  it('of 0 tries every case once, and rejects at once, setting no timer', async () => {
    fakeTimers();
    const cases = (item: Channel<number>): Cases => ({
      tick: after(0),
      out: sending(full(1), 1),
      item: receiving(item),
    });
    expect(await select(cases(full(1)), { timeout: 0 })).toEqual({ case: 'item', done: false, value: 1 });
    const channel = empty();
    const picked = watch(select(cases(channel), { timeout: 0 }));
    expect([vi.getTimerCount(), channel.stats().waitingReceivers]).toEqual([0, 0]);
    await microtasks();
    expect(picked.result).toBeInstanceOf(TimeoutError);
    expect(await rejection(select({}, { timeout: 0 }))).toBeInstanceOf(TimeoutError);
  });

  it('of Infinity waits for ever, one past 2^31 - 1 does not fire at once', async () => {
    fakeTimers();
    const picked = [Number.POSITIVE_INFINITY, 2 ** 31 + 5].map((timeout) =>
      watch(select({ item: receiving(empty()) }, { timeout })),
    );
    vi.advanceTimersByTime(2 ** 31 + 4);
    await microtasks();
    expect(picked.map(({ state }) => state)).toEqual(['pending', 'pending']);
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(picked.map(({ state }) => state)).toEqual(['pending', 'rejected']);
  });

  it('and after both at hand, the earlier decides', async () => {
    fakeTimers();
    const [tick, timeout] = [
      watch(select({ tick: after(10) }, { timeout: 20 })),
      watch(select({ tick: after(20) }, { timeout: 10 })),
    ];
    vi.advanceTimersByTime(30);
    await microtasks();
    expect(tick.result).toEqual({ case: 'tick' });
    expect(timeout.result).toBeInstanceOf(TimeoutError);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('after', () => {
  it('for ever is nothing to wait for, alone', async () => {
    expect(await rejection(select({ never: after(Number.POSITIVE_INFINITY) }))).toBeInstanceOf(TypeError);
    const channel = new Channel<number>(1);
    const picked = watch(select({ never: after(Number.POSITIVE_INFINITY), in: receiving(channel) }));
    channel.trySend(1);
    await macrotask();
    expect(picked.result).toMatchObject({ case: 'in', value: 1 });
  });

  it('is taken once its time has passed, by the clock that is there at the call', async () => {
    fakeTimers();
    const channel = empty();
    const picked = watch(select({ item: receiving(channel), tick: after(100), late: after(101) }));
    expect(vi.getTimerCount()).toBe(2);
    vi.advanceTimersByTime(99);
    await microtasks();
    expect(picked.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(picked.result).toEqual({ case: 'tick' });
    expect([vi.getTimerCount(), channel.stats().waitingReceivers]).toEqual([0, 0]);
  });

  it('of 0 is not ready at the call, but in a turn of the event loop', async () => {
    const picked = watch(select({ tick: after(0) }));
    await microtasks();
    expect(picked.state).toBe('pending');
    await vi.waitFor(() => expect(picked.result).toEqual({ case: 'tick' }));
  });

  it('of Infinity is a case that never comes', async () => {
    fakeTimers();
    const channel = empty();
    const picked = watch(select({ item: receiving(channel), never: after(Number.POSITIVE_INFINITY) }));
    expect(vi.getTimerCount()).toBe(0);
    channel.trySend(1);
    await microtasks();
    expect(picked.result).toMatchObject({ case: 'item' });
  });

  it('may be used again: each select starts its own', async () => {
    fakeTimers();
    const tick = after(10);
    for (let i = 0; i < 3; i++) {
      const picked = watch(select({ tick }));
      vi.advanceTimersByTime(10);
      await microtasks();
      expect(picked.state).toBe('fulfilled');
    }
  });

  it.each([Number.NaN, -1, Number.NEGATIVE_INFINITY])('of %d is a RangeError, as a timeout is', (ms) => {
    expect(thrown(() => after(ms))).toBeInstanceOf(RangeError);
  });

  it.each(['1', null, {}, undefined])('of %o is a TypeError', (ms) => {
    expect(thrown(() => after(ms as never))).toBeInstanceOf(TypeError);
  });
});

describe('whichever way a select ends', () => {
  interface World {
    readonly words: Channel<number>;
    readonly out: Channel<number>;
    readonly controller: AbortController;
  }
  const ways: [string, unknown, (world: World) => unknown][] = [
    ['an item', { case: 'word', done: false, value: 7 }, ({ words }) => words.trySend(7)],
    ['an item by send', { case: 'word', done: false, value: 7 }, ({ words }) => void words.send(7)],
    ['an item by select', { case: 'word', done: false, value: 7 }, ({ words }) => trySelect({ x: sending(words, 7) })],
    ['room', { case: 'out' }, ({ out }) => out.tryReceive()],
    ['room by receive', { case: 'out' }, ({ out }) => void out.receive()],
    ['room by drain', { case: 'out' }, ({ out }) => out.drain()],
    ['room by select', { case: 'out' }, ({ out }) => trySelect({ x: receiving(out) })],
    ['after', { case: 'tick' }, () => vi.advanceTimersByTime(1_000)],
    ['an abort', 'aborted', ({ controller }) => controller.abort('aborted')],
    ['a close', { case: 'word', done: true, value: undefined }, ({ words }) => words.close()],
    ['a failed close', 'failed', ({ words }) => words.close('failed')],
    ['a cancel', { case: 'word', done: true, value: undefined }, ({ words }) => words.cancel()],
    ['a cancel with a reason', 'reason', ({ words }) => words.cancel('reason')],
    ['disposal', { case: 'word', done: true, value: undefined }, ({ words }) => words[Symbol.dispose]()],
    ['a cancel where it would send', expect.any(ChannelClosedError), ({ out }) => out.cancel()],
  ];

  it.each(ways)('by %s, no waiter, timer or listener is left', async (_way, outcome, end) => {
    fakeTimers();
    const world: World = { words: empty(), out: full(1), controller: new AbortController() };
    const { words, out, controller } = world;
    const other = empty(0);
    const picked = watch(
      select(
        { word: receiving(words), out: sending(out, 2), more: receiving(other), tick: after(1_000) },
        { signal: controller.signal, timeout: 2_000 },
      ),
    );
    expect([listeners(controller.signal), vi.getTimerCount()]).toEqual([1, 2]);
    end(world);
    expect([listeners(controller.signal), vi.getTimerCount()]).toEqual([0, 0]);
    for (const channel of [words, out, other]) {
      expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
    }
    await microtasks();
    expect(picked.result).toEqual(outcome);
    expect(other.stats()).toMatchObject({ sent: 0, received: 0 });
  });

  it('those behind it in the lines of its other cases are served as if it had not been there', async () => {
    const [words, out, other] = [empty(0), full(1), empty()];
    const picked = watch(select({ word: receiving(words), out: sending(out, 2), item: receiving(other) }));
    const [receive, send] = [watch(words.receive()), watch(out.send(3))];
    other.trySend(1);
    expect(words.trySend(5)).toBe(true);
    expect(out.drain()).toEqual([1, 3]);
    await macrotask();
    expect(picked.result).toEqual({ case: 'item', done: false, value: 1 });
    expect([receive.result, send.state]).toEqual([5, 'fulfilled']);
  });

  it.each([
    ['another case', (item: Channel<number>) => item.trySend(1)],
    ['an abort', (_item: Channel<number>, controller: AbortController) => controller.abort('aborted')],
  ])('a closed channel whose last blocked sender it was ends at once, by %s', async (_way, end) => {
    const [item, out] = [empty(), empty(0)];
    const controller = new AbortController();
    watch(select({ item: receiving(item), out: sending(out, 1) }, { signal: controller.signal }));
    out.close();
    expect([out.closed, out.ended]).toEqual([true, false]);
    const completion = watch(out.completion);
    const taking = watch(out[Symbol.asyncIterator]().next());
    expect(taking.state).toBe('pending'); // it has taken the item of the select: see below
    await microtasks();
    expect(taking.result).toEqual({ done: false, value: 1 });

    const last = empty(0);
    const losing = watch(select({ item: receiving(item), out: sending(last, 1) }, { signal: controller.signal }));
    last.close();
    const waiting = watch(last.completion);
    end(item, controller);
    expect(last.ended).toBe(true);
    await microtasks();
    expect(waiting.state).toBe('fulfilled');
    expect([losing.state, completion.state]).not.toContain('pending');
    expect(last.stats()).toMatchObject({ sent: 0, received: 0, dropped: 0 });
  });

  it.each([
    ['another case', (item: Channel<number>) => item.trySend(1)],
    ['an abort', (_item: Channel<number>, controller: AbortController) => controller.abort('aborted')],
    ['after', () => vi.advanceTimersByTime(5)],
  ])('lighter ones behind a heavy send of it are let in, by %s', async (_way, end) => {
    fakeTimers();
    const item = empty();
    const bytes = new Channel<number>(10, { weigh: (weight) => weight });
    bytes.trySend(5);
    const controller = new AbortController();
    watch(select({ heavy: sending(bytes, 8), item: receiving(item), tick: after(5) }, { signal: controller.signal }));
    const sends = [2, 3, 4].map((weight) => watch(bytes.send(weight)));
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
    end(item, controller);
    expect(bytes.stats()).toMatchObject({ weight: 10, size: 3, waitingSenders: 1 });
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending']);
  });

  it('the channels of the losing cases are consistent when a callback of the deciding one runs', () => {
    const bytes = new Channel<number>(10, { weigh: (weight) => weight });
    bytes.trySend(5);
    const closing = empty(0);
    const seen: unknown[] = [];
    const deciding = new Channel<number>(1, {
      onDrop: () => seen.push(bytes.stats().waitingSenders, bytes.trySend(3), closing.ended),
    });
    deciding.trySend(1);
    watch(select({ out: sending(deciding, 2), heavy: sending(bytes, 8), last: sending(closing, 1) }));
    watch(bytes.send(2));
    closing.close();
    deciding.cancel();
    expect(seen).toEqual([0, true, true]);
  });

  it('the channels of the losing cases are consistent when the source of the deciding one is returned', async () => {
    const closing = empty(0);
    const seen: boolean[] = [];
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: async () => {
          seen.push(closing.ended);
          return { done: true, value: undefined } as const;
        },
      }),
    };
    const deciding = Channel.from(source, 1);
    watch(select({ item: receiving(deciding), last: sending(closing, 1) }));
    closing.close();
    deciding.cancel();
    expect(seen).toEqual([true]);
  });

  it('the channels of the losing cases are consistent after a call inside a callback, too', () => {
    const closing = empty(0);
    const item = new Channel<number>(1, {
      overflow: 'drop-newest',
      onDrop: () => {
        item.tryReceive();
        watch(select({ item: receiving(item), last: sending(closing, 1) }));
        closing.close();
        item.trySend(3);
        seen.push(closing.ended);
      },
    });
    const seen: boolean[] = [];
    item.trySend(1);
    item.trySend(2);
    expect(seen).toEqual([true]);
  });

  it('nothing is left of 10,000 selects on one long-lived channel and signal', async () => {
    fakeTimers();
    const { signal } = new AbortController();
    const [quiet, busy] = [empty(), empty()];
    for (let i = 0; i < 10_000; i++) {
      const picked = select({ quiet: receiving(quiet), busy: receiving(busy), tick: after(10) }, { signal });
      busy.trySend(i);
      await picked;
    }
    expect([listeners(signal), vi.getTimerCount(), quiet.stats().waitingReceivers]).toEqual([0, 0, 0]);
  });
});

describe('a select never matches itself', () => {
  /** Channels on which one can wait to send and to receive at once. */
  const bothSides: [string, () => Channel<number>][] = [
    ['a rendezvous', () => empty(0)],
    [
      'a channel whose places are all reserved',
      () => {
        const channel = empty(2);
        void [channel.tryReserve(), channel.tryReserve()];
        return channel;
      },
    ],
  ];

  describe.each(bothSides)('on %s', (_name, open) => {
    const both = (channel: Channel<number>, item = 1, options?: SelectOptions) =>
      watch(select({ out: sending(channel, item), in: receiving(channel) }, options));

    it('but waits on both sides', async () => {
      const channel = open();
      const picked = both(channel);
      const reversed = open();
      const picked2 = watch(select({ in: receiving(reversed), out: sending(reversed, 1) }));
      await macrotask();
      expect([picked.state, picked2.state]).toEqual(['pending', 'pending']);
      for (const each of [channel, reversed]) {
        expect(each.stats()).toMatchObject({ waitingSenders: 1, waitingReceivers: 1, sent: 0, received: 0 });
      }
      expect(trySelect({ out: sending(open(), 1), in: receiving(open()) })).toBeUndefined();
    });

    it('a receiver gets its item, and its own receive is gone', async () => {
      const channel = open();
      const picked = both(channel);
      expect(await channel.receive()).toBe(1);
      expect(picked.result).toEqual({ case: 'out' });
      expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
    });

    it('a sender gives it an item, and its own send is gone', async () => {
      const channel = open();
      const picked = both(channel);
      expect(channel.trySend(5)).toBe(true);
      await microtasks();
      expect(picked.result).toEqual({ case: 'in', done: false, value: 5 });
      expect(channel.stats()).toMatchObject({ sent: 1, received: 1, waitingSenders: 0, waitingReceivers: 0 });
    });

    it('another such select meets it, one giving and one taking', async () => {
      const seen = new Set<string>();
      for (let round = 0; round < 40; round++) {
        const channel = open();
        const [a, b] = [both(channel, 1), both(channel, 2)];
        await microtasks();
        const [first, second] = [a.result, b.result] as { case: string; value?: number }[];
        seen.add(first?.case as string);
        if (first?.case === 'out') expect(second).toEqual({ case: 'in', done: false, value: 1 });
        else expect([first, second]).toEqual([{ case: 'in', done: false, value: 2 }, { case: 'out' }]);
        expect(channel.stats()).toMatchObject({ sent: 1, received: 1, waitingSenders: 0, waitingReceivers: 0 });
      }
      expect(seen).toEqual(new Set(['in', 'out']));
    });

    it('an abort takes back both sides', async () => {
      const channel = open();
      const controller = new AbortController();
      const picked = both(channel, 1, { signal: controller.signal });
      controller.abort('enough');
      await microtasks();
      expect(picked.result).toBe('enough');
      expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
    });

    it('a close leaves both sides waiting: the item is still to be delivered', async () => {
      const channel = open();
      const picked = both(channel);
      channel.close();
      await macrotask();
      expect([picked.state, channel.ended]).toEqual(['pending', false]);
      expect(channel.tryReceive()).toBe(1);
      await microtasks();
      expect(picked.result).toEqual({ case: 'out' });
    });

    it('a cancel ends it', async () => {
      const channel = open();
      const picked = both(channel);
      channel.cancel();
      await microtasks();
      expect(picked.state).not.toBe('pending');
      expect(channel.stats()).toMatchObject({ sent: 0, received: 0, waitingSenders: 0, waitingReceivers: 0 });
    });
  });

  it('a place that is given back is for its send', async () => {
    const channel = empty(1);
    const permit = channel.tryReserve();
    const picked = watch(select({ in: receiving(channel), out: sending(channel, 1) }));
    permit?.release();
    await microtasks();
    expect(picked.result).toEqual({ case: 'out' });
    expect(channel.drain()).toEqual([1]);
  });

  it('what is sent with a permit is for its receive', async () => {
    const channel = empty(1);
    const permit = channel.tryReserve();
    const picked = watch(select({ in: receiving(channel), out: sending(channel, 1) }));
    permit?.send(5);
    await microtasks();
    expect(picked.result).toEqual({ case: 'in', done: false, value: 5 });
    expect(channel.stats()).toMatchObject({ size: 0, reserved: 0, waitingSenders: 0 });
  });

  it('with several cases on both sides of one channel, nor', async () => {
    const channel = empty(0);
    const cases = { a: sending(channel, 1), b: receiving(channel), c: sending(channel, 3), d: receiving(channel) };
    const picked = watch(select(cases));
    expect(channel.stats()).toMatchObject({ waitingSenders: 2, waitingReceivers: 2 });
    expect(channel.trySend(9)).toBe(true);
    await microtasks();
    expect(picked.result).toMatchObject({ done: false, value: 9 });
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
  });
});

describe('two selects', () => {
  it.each([0, 1])('that meet on two channels in opposite orders both go on, at capacity %i', async (capacity) => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [full(capacity), full(capacity)];
      const one = watch(select({ a: sending(a, 8), b: sending(b, 8) }));
      const two = watch(select({ b: receiving(b), a: receiving(a) }));
      await microtasks();
      expect([one.state, two.state]).toEqual(['fulfilled', 'fulfilled']);
      const [{ case: sent }, { case: received }] = [one.result, two.result] as [{ case: string }, { case: string }];
      expect(sent).toBe(received);
      const stats = [a.stats(), b.stats()];
      expect(stats.map((each) => each.waitingSenders + each.waitingReceivers)).toEqual([0, 0]);
      expect(stats[0]?.received).toBe(1 - (stats[1]?.received as number));
    }
  });

  it('that wait for each other crosswise are both served, by one exchange', async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [empty(0), empty(0)];
      const one = watch(select({ give: sending(a, 1), take: receiving(b) }));
      const two = watch(select({ give: sending(b, 2), take: receiving(a) }));
      await microtasks();
      const results = [one.result, two.result] as { case: string }[];
      expect(results.map((result) => result.case).sort()).toEqual(['give', 'take']);
      expect(a.stats().received + b.stats().received).toBe(1);
    }
  });

  it('that stand in the lines of each other in turns are served in the order of each line', async () => {
    const [a, b] = [empty(), empty()];
    const first = watch(select({ a: receiving(a), b: receiving(b) }));
    const second = watch(select({ b: receiving(b), a: receiving(a) }));
    b.trySend(1);
    b.trySend(2);
    a.trySend(3);
    await microtasks();
    expect(first.result).toEqual({ case: 'b', done: false, value: 1 });
    expect(second.result).toEqual({ case: 'b', done: false, value: 2 });
    expect(a.size).toBe(1);
  });
});

describe('at the end of a channel', () => {
  it.each([
    ['weighs', { weigh: () => 1 }],
    ['merges', { overflow: { key: (item: unknown) => item, coalesce: () => undefined } }],
  ] as const)('that %s a send is refused, whatever the item', async (_, options) => {
    const channel = new Channel<undefined | null>(2, options);
    channel.close();
    expect(await rejection(select({ out: sending(channel, undefined) }))).toBeInstanceOf(ChannelClosedError);
    expect(thrown(() => trySelect({ out: sending(channel, null) }))).toBeInstanceOf(ChannelClosedError);
  });

  it('a receiving case is ready with done: true, before and while it waits', async () => {
    const channel = full(1);
    channel.close();
    expect(await select({ item: receiving(channel) })).toEqual({ case: 'item', done: false, value: 1 });
    expect(await select({ item: receiving(channel) })).toEqual({ case: 'item', done: true, value: undefined });
    expect(trySelect({ item: receiving(channel) })).toEqual({ case: 'item', done: true, value: undefined });
    const closing = empty();
    const picked = watch(select({ item: receiving(closing), never: receiving(empty()) }));
    closing.close();
    await microtasks();
    expect(picked.result).toEqual({ case: 'item', done: true, value: undefined });
  });

  it.each([null, 0, '', new Error('end')])('that failed with %o, the select rejects with that', async (error) => {
    const channel = full(1);
    channel.close(error);
    await select({ item: receiving(channel) });
    expect(await rejection(select({ item: receiving(channel) }))).toBe(error);
    expect(thrown(() => trySelect({ item: receiving(channel) }))).toBe(error);
    for (const end of ['close', 'cancel'] as const) {
      const waiting = empty();
      const picked = select({ item: receiving(waiting), tick: after(1_000_000) });
      waiting[end](error);
      expect(await rejection(picked)).toBe(error);
    }
  });

  it('a sending case rejects with ChannelClosedError, the item its value, the reason its cause', async () => {
    const channel = full(1);
    const reason = new Error('shut');
    channel.close(reason);
    for (const error of [
      await rejection(select({ out: sending(channel, 2) })),
      thrown(() => trySelect({ out: sending(channel, 2) })),
    ]) {
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect(error).toMatchObject({ value: 2, cause: reason });
    }
    expect(channel.stats().waitingSenders).toBe(0);
  });

  it('a sending case that waits at close stays a blocked send, and is delivered', async () => {
    const channel = full(1);
    const picked = watch(select({ out: sending(channel, 2), never: receiving(empty()) }));
    channel.close();
    await macrotask();
    expect(picked.state).toBe('pending');
    expect(await collect(channel)).toEqual([1, 2]);
    expect(picked.result).toEqual({ case: 'out' });
  });

  it('a sending case that waits at cancel rejects with ChannelClosedError, and the item is not dropped', async () => {
    const dropped: number[] = [];
    const channel = full(1, { onDrop: (item) => dropped.push(item) });
    const picked = select({ out: sending(channel, 2), never: receiving(empty()) });
    channel.cancel('reason');
    expect(await rejection(picked)).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2, cause: 'reason' });
    expect(dropped).toEqual([1]);
  });

  it('a closed case is one of the ready ones: with priority the first decides', async () => {
    const closed = ended();
    const cases = { item: receiving(full(1)), out: sending(closed, 1) };
    expect(await select(cases, { order: 'priority' })).toMatchObject({ case: 'item' });
    const reversed = { out: sending(closed, 1), item: receiving(full(1)) };
    expect(await rejection(select(reversed, { order: 'priority' }))).toBeInstanceOf(ChannelClosedError);
  });

  it('a failed select consumed nothing of the others', async () => {
    for (let round = 0; round < 30; round++) {
      const [item, failed] = [full(1), empty()];
      failed.close('failed');
      const { state } = await settled(select({ item: receiving(item), end: receiving(failed) }));
      expect(item.size).toBe(state === 'rejected' ? 1 : 0);
    }
  });
});

describe('an item whose `then` decides the select that is entering', () => {
  it('leaves nothing of the case that was being entered', async () => {
    const [first, second] = [new Channel<unknown>(1), new Channel<string>(1)];
    const permit = await first.reserve(); // so that items are handed over, and the bridge below waits behind them
    for (let i = 0; i < 9; i++) void first.receive();
    const bridged: unknown[] = [];
    first[ITEM]({ wants: () => true, take: (item) => void bridged.push(item), end() {} });
    let armed = false;
    const trap = Object.defineProperty({}, 'then', {
      get() {
        if (armed) second.trySend('decided');
        armed = false;
        return undefined;
      },
    });
    for (let i = 0; i < 9; i++) first.trySend(i === 8 ? trap : i);
    armed = true;
    const picked = await select({ in: receiving(second), out: sending(first, 'lost') });
    expect(picked).toEqual({ case: 'in', value: 'decided', done: false });
    await macrotask();
    expect([bridged, first.stats().waitingSenders, first.size]).toEqual([[], 0, 0]);
    permit.release();
  });
});

describe('cases', () => {
  it('that are false, null or undefined are absent', async () => {
    const channel = full(1);
    expect(await select({ a: false, b: null, c: undefined, d: receiving(channel) })).toMatchObject({ case: 'd' });
    expect(trySelect({ a: false, b: null, c: undefined, d: receiving(channel) })).toBeUndefined();
  });

  it.each([{}, { a: false, b: null, c: undefined }] as Cases[])(
    'none of which is live are a TypeError, without signal and timeout',
    async (cases) => {
      expect(await rejection(select(cases))).toBeInstanceOf(TypeError);
      expect(await rejection(select(cases, { timeout: Number.POSITIVE_INFINITY }))).toBeInstanceOf(TypeError);
      expect(thrown(() => trySelect(cases))).toBeInstanceOf(TypeError);
      await expect(select(cases, { timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
    },
  );

  it.each([true, 0, 1, '', 'word', Number.NaN, {}, [], () => {}, new Channel(1), Symbol('case'), Object.freeze({})])(
    'one that is %o is a TypeError that names it',
    async (value) => {
      const cases = { item: receiving(full(1)), odd: anyCase(value) };
      for (const error of [await rejection(select(cases)), thrown(() => trySelect(cases))]) {
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).toContain("'odd'");
      }
    },
  );

  it.each([undefined, null, 1, 'cases', () => {}])('that are %o and no object are a TypeError', async (cases) => {
    expect(await rejection(select(cases as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => trySelect(cases as never))).toBeInstanceOf(TypeError);
  });

  it.each(['0', '1', '42', '4294967294'])(
    'named %s have no written order: a TypeError under priority, fine otherwise',
    async (name) => {
      const cases = (): Cases => ({ [name]: receiving(full(1)) });
      expect(await rejection(select(cases(), { order: 'priority' }))).toBeInstanceOf(TypeError);
      expect(thrown(() => trySelect(cases(), { order: 'priority' }))).toBeInstanceOf(TypeError);
      expect(await select(cases())).toEqual({ case: name, done: false, value: 1 });
      expect(trySelect(cases(), { order: 'fair' })).toMatchObject({ case: name });
    },
  );

  it.each(['01', '-1', '1.5', 'a', ''])('named %o keep their written order, under priority too', async (name) => {
    const cases = { [name]: receiving(full(1)), z: receiving(full(1)) };
    expect(await select(cases, { order: 'priority' })).toMatchObject({ case: name });
  });

  it('in an array are named by their index', async () => {
    const cases = [receiving(empty()), receiving(full(1))] as unknown as Cases;
    expect(await select(cases)).toMatchObject({ case: '1', value: 1 });
  });

  it('may be kept and used again, also by several selects at once', async () => {
    const channel = empty();
    const cases = { item: receiving(channel), out: sending(full(1), 9) };
    const selects = [select(cases), select(cases)];
    channel.trySend(1);
    channel.trySend(2);
    expect(await Promise.all(selects)).toMatchObject([{ value: 1 }, { value: 2 }]);
  });

  it('take a Channel alone', () => {
    const foreign = { receive: async () => 1, cancel() {}, async *[Symbol.asyncIterator]() {} };
    for (const place of [foreign, new BoundedQueue<number>(1), undefined, null, 1, {}]) {
      expect(thrown(() => receiving(place as never))).toBeInstanceOf(TypeError);
      expect(thrown(() => sending(place as never, 1))).toBeInstanceOf(TypeError);
    }
  });
});

describe('cases that are inherited', () => {
  it('are none', () => {
    const inherited = full(1);
    const cases = Object.create({ inherited: receiving(inherited) }) as { own?: Case<Received<number>> };
    expect(() => trySelect(cases)).toThrow(TypeError);
    cases.own = receiving(empty());
    expect(trySelect(cases)).toBeUndefined();
    expect(inherited.size).toBe(1);
  });
});

describe('options', () => {
  it.each(['', 'random', null, 1, {}])('with the order %o are a TypeError', async (order) => {
    const options = { order } as never;
    expect(await rejection(select({ item: receiving(full(1)) }, options))).toBeInstanceOf(TypeError);
    expect(thrown(() => trySelect({ item: receiving(full(1)) }, options))).toBeInstanceOf(TypeError);
  });

  it('with order undefined are fair', async () => {
    expect(
      await select({ 0: receiving(full(1)) }, { order: undefined, signal: undefined, timeout: undefined }),
    ).toEqual({ case: '0', done: false, value: 1 });
  });

  it.each([
    [null, TypeError],
    [1, TypeError],
    [{ timeout: '1' }, TypeError],
    [{ timeout: Number.NaN }, RangeError],
    [{ timeout: -1 }, RangeError],
    [{ signal: {} }, TypeError],
    [{ signal: null }, TypeError],
  ])('that are %o reject and take nothing', async (options, type) => {
    const channel = full(1);
    expect(await rejection(select({ item: receiving(channel) }, options as never))).toBeInstanceOf(type);
    expect(channel.size).toBe(1);
  });

  it('and cases that are bad win over an aborted signal', async () => {
    const signal = AbortSignal.abort('aborted');
    expect(await rejection(select({ odd: anyCase('odd') }, { signal }))).toBeInstanceOf(TypeError);
    const name = { 1: receiving(empty()) };
    expect(await rejection(select(name, { signal, order: 'priority' }))).toBeInstanceOf(TypeError);
  });

  it('a signal that is aborted wins over what the weighing of an item says', async () => {
    const weigh = vi.fn(() => 0);
    const channel = new Channel<number>(1, { weigh });
    const signal = AbortSignal.abort('aborted');
    expect(await rejection(select({ out: sending(channel, 1) }, { signal }))).toBe('aborted');
    expect(weigh).not.toHaveBeenCalled();
  });
});

describe('trySelect', () => {
  it('takes what is ready, now', () => {
    const [words, out] = [full(1), empty()];
    expect(trySelect({ word: receiving(words), never: receiving(empty()) })).toEqual({
      case: 'word',
      done: false,
      value: 1,
    });
    expect(trySelect({ out: sending(out, 2), never: receiving(empty()) })).toEqual({ case: 'out' });
    expect([words.size, out.drain()]).toEqual([0, [2]]);
  });

  it('gives undefined where nothing is, and leaves nothing behind', () => {
    fakeTimers();
    const [words, out] = [empty(), full(1)];
    expect(trySelect({ word: receiving(words), out: sending(out, 2), tick: after(0) })).toBeUndefined();
    expect(trySelect({ tick: after(0) })).toBeUndefined();
    expect([words.stats().waitingReceivers, out.stats().waitingSenders, vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  it('meets whoever waits, on either side of a rendezvous', async () => {
    const channel = empty(0);
    const receive = channel.receive();
    expect(trySelect({ out: sending(channel, 1) })).toEqual({ case: 'out' });
    expect(await receive).toBe(1);
    const send = channel.send(2);
    expect(trySelect({ item: receiving(channel) })).toEqual({ case: 'item', done: false, value: 2 });
    await send;
  });

  it('throws what select would reject with', () => {
    const rejecting = full(1, { overflow: 'reject' });
    expect(thrown(() => trySelect({ out: sending(rejecting, 2) }))).toBeInstanceOf(OverflowError);
  });
});

describe('a case that becomes ready because a later one is asked about', () => {
  const cases = () => {
    const log = empty();
    const weigh = (item: number): number => {
      log.trySend(item);
      return 1;
    };
    const out = full(1, { weigh });
    log.drain();
    return { word: receiving(log), put: sending(out, 7) };
  };

  it.each(['fair', 'priority'] as const)('is taken by select, order %s', async (order) => {
    expect(await select(cases(), { order, timeout: 50 })).toEqual({ case: 'word', value: 7, done: false });
  });

  it('is taken by trySelect', () => {
    expect(trySelect(cases())).toEqual({ case: 'word', value: 7, done: false });
  });
});

describe('a case that was ready and is not any more, since asking about a later one took its item', () => {
  const cases = () => {
    const words = full(1);
    const out = new Channel<number>(9, {
      weigh: () => {
        words.drain();
        return 1;
      },
    });
    return { words, out, word: receiving(words), put: sending(out, 7) };
  };

  it.each(['fair', 'priority'] as const)('is not taken by select, order %s', async (order) => {
    const { words, out, word, put } = cases();
    expect(await select({ word, put }, { order })).toEqual({ case: 'put' });
    expect([words.size, out.size]).toEqual([0, 1]);
  });

  it('is not taken by trySelect', () => {
    const { words, out, word, put } = cases();
    expect(trySelect({ word, put }, { order: 'priority' })).toEqual({ case: 'put' });
    expect([words.size, out.size]).toEqual([0, 1]);
  });
});

describe('the overflow policies', () => {
  it('drop-newest and drop-oldest make a sending case ready, and the policy acts', async () => {
    for (const [overflow, left, gone] of [
      ['drop-newest', [1, 2], 3],
      ['drop-oldest', [2, 3], 1],
    ] as const) {
      const dropped: unknown[] = [];
      const channel = full(2, { overflow, onDrop: (item, why) => dropped.push(item, why) });
      expect(await select({ out: sending(channel, 3), never: receiving(empty()) })).toEqual({ case: 'out' });
      expect([channel.drain(), dropped]).toEqual([left, [gone, overflow]]);
    }
  });

  it('reject rejects where it is full, the item the value of the error', async () => {
    const channel = full(1, { overflow: 'reject' });
    const error = await rejection(select({ out: sending(channel, 2), tick: after(1_000_000) }));
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ value: 2 });
    channel.drain();
    expect(await select({ out: sending(channel, 2) }, { timeout: 0 })).toEqual({ case: 'out' });
    expect(await rejection(select({ out: sending(channel, 3) }, { timeout: 0 }))).toBeInstanceOf(OverflowError);
  });

  it('coalesce merges what is sent by a select, at once and at its turn', async () => {
    const add = { key: (item: number) => item % 10, coalesce: (queued: number, item: number) => queued + item };
    const channel = new Channel<number>(1, { overflow: add });
    channel.trySend(11);
    expect(await select({ out: sending(channel, 1) })).toEqual({ case: 'out' });
    expect(channel.stats()).toMatchObject({ size: 1, coalesced: 1 });
    const waiting = watch(select({ out: sending(channel, 2), never: receiving(empty()) }));
    const behind = watch(channel.send(22));
    expect(channel.drain()).toEqual([12, 24]);
    await macrotask();
    expect([waiting.result, behind.state]).toEqual([{ case: 'out' }, 'fulfilled']);
  });

  it('what weigh, key and coalesce throw rejects the select and changes nothing', async () => {
    const fails = (): never => {
      throw new Error('mine');
    };
    const [weighing, keying] = [
      new Channel<number>(1, { weigh: fails }),
      new Channel<number>(1, { overflow: { key: fails, coalesce: fails } }),
    ];
    const merging = new Channel<number>(1, { overflow: { key: () => 0, coalesce: fails } });
    merging.trySend(1);
    for (const channel of [weighing, keying, merging]) {
      const cases = { out: sending(channel, 2), never: receiving(empty()) };
      expect(await rejection(select(cases))).toEqual(new Error('mine'));
      expect(thrown(() => trySelect(cases))).toEqual(new Error('mine'));
      expect(channel.stats()).toMatchObject({ sent: channel === merging ? 1 : 0, waitingSenders: 0 });
    }
  });

  it('what coalesce throws at the turn of a waiting select rejects it, and the line goes on', async () => {
    const channel = new Channel<number>(1, {
      overflow: {
        key: (item) => item % 10,
        coalesce: () => {
          throw new Error('mine');
        },
      },
    });
    channel.trySend(1);
    const sends = [watch(channel.send(2)), watch(select({ out: sending(channel, 12), never: receiving(empty()) }))];
    const last = watch(channel.send(3));
    expect(channel.drain()).toEqual([1, 2, 3]);
    await macrotask();
    expect([sends[0]?.state, sends[1]?.result, last.state]).toEqual(['fulfilled', new Error('mine'), 'fulfilled']);
  });

  it('a weight that could never fit is a RangeError, and on a closed channel nothing is weighed', async () => {
    const weigh = vi.fn((weight: number) => weight);
    const channel = new Channel<number>(10, { weigh });
    expect(await rejection(select({ out: sending(channel, 11) }))).toBeInstanceOf(RangeError);
    expect(thrown(() => trySelect({ out: sending(channel, 11) }))).toBeInstanceOf(RangeError);
    channel.close();
    weigh.mockClear();
    expect(await rejection(select({ out: sending(channel, 11) }))).toBeInstanceOf(ChannelClosedError);
    expect(weigh).not.toHaveBeenCalled();
  });
});

describe('maxWaiters', () => {
  it('is kept by a select: where it would be one too many it rejects, and waits nowhere', async () => {
    const crowded = full(1, { maxWaiters: 1 });
    watch(crowded.send(2));
    const item = empty();
    const picked = select({ item: receiving(item), out: sending(crowded, 3) });
    expect(await rejection(picked)).toBeInstanceOf(TooManyWaitersError);
    expect(await rejection(select({ out: sending(crowded, 3) }))).toMatchObject({ value: 3 });
    expect([item.stats().waitingReceivers, crowded.stats().waitingSenders]).toEqual([0, 1]);
  });

  it('counts a select that waits as one of them', async () => {
    const channel = full(1, { maxWaiters: 1 });
    watch(select({ out: sending(channel, 2), never: receiving(empty()) }));
    expect(await rejection(channel.send(3))).toBeInstanceOf(TooManyWaitersError);
  });

  it('counts each send of a select, of several on one channel too', async () => {
    const channel = full(1, { maxWaiters: 2 });
    const sends = (n: number) => Array.from({ length: n }, (_, i) => [`out${i}`, sending(channel, i)] as const);
    const picked = select(Object.fromEntries(sends(3)));
    expect(await rejection(picked)).toMatchObject({ code: 'ERR_SLUICE_TOO_MANY_WAITERS', value: 2 });
    watch(select(Object.fromEntries(sends(2))));
    expect(channel.stats().waitingSenders).toBe(2);
  });

  it('stands in the way of no ready case, since only who waits is counted', async () => {
    for (let round = 0; round < 30; round++) {
      const crowded = full(1, { maxWaiters: 0 });
      expect(await select({ out: sending(crowded, 2), item: receiving(full(1)) })).toMatchObject({ case: 'item' });
    }
    const crowded = full(1, { maxWaiters: 0 });
    expect(trySelect({ out: sending(crowded, 2) })).toBeUndefined();
    expect(await rejection(select({ out: sending(crowded, 2) }, { timeout: 0 }))).toBeInstanceOf(TimeoutError);
  });
});

describe('promises settle in order:', () => {
  it('a send accepted at once by a select fulfils after the senders that were owed', async () => {
    const channel = full(8);
    const order: string[] = [];
    const sends = [9, 10].map((item) => channel.send(item).then(() => order.push(`send ${item}`)));
    channel.tryReceive();
    channel.tryReceive();
    channel.tryReceive(); // the two are accepted, and owed
    const picked = select({ out: sending(channel, 11) }).then(() => order.push('select'));
    const last = channel.send(12); // full again: it waits, and whoever waits has all told
    await Promise.all([...sends, picked]);
    expect(order).toEqual(['send 9', 'send 10', 'select']);
    channel.drain();
    await last;
  });

  it('one that waited fulfils at once, after the senders before it and before those behind', async () => {
    const channel = full(64);
    const order: string[] = [];
    const before = channel.send(65).then(() => order.push('before'));
    const picked = select({ out: sending(channel, 66), never: receiving(empty()) }).then(() => order.push('select'));
    const behind = channel.send(67).then(() => order.push('behind'));
    channel.tryReceive();
    channel.tryReceive();
    channel.tryReceive();
    await microtasks();
    expect(order).toEqual(['before', 'select']);
    await Promise.all([before, picked, behind]);
    expect(order).toEqual(['before', 'select', 'behind']);
  });

  it('receives and selects in one line settle in the order of the items, far into a row of hand-offs', async () => {
    const channel = empty(4);
    const order: unknown[] = [];
    const waits = Array.from({ length: 40 }, (_, i) =>
      i % 3 === 0
        ? select({ item: receiving(channel) }).then(({ value }) => order.push(value))
        : channel.receive().then((item) => order.push(item)),
    );
    for (let item = 0; item < 40; item++) channel.trySend(item);
    await Promise.all(waits);
    expect(order).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it('one that receives at once settles behind those that are told of their items a microtask later', async () => {
    const channel = empty(4);
    const order: unknown[] = [];
    for (let i = 0; i < 12; i++) void channel.receive().then((item) => order.push(item));
    for (let item = 0; item < 13; item++) channel.trySend(item);
    const { value } = await select({ item: receiving(channel) });
    order.push(value);
    expect(order).toEqual(Array.from({ length: 13 }, (_, i) => i));
  });

  it('one that is about to wait, if only for a time, has those told who are owed', async () => {
    fakeTimers();
    for (const cases of [{ tick: after(1_000) }, { item: receiving(empty()) }, { out: sending(full(1), 1) }]) {
      const channel = full(64);
      const owed = watch(channel.send(65));
      channel.tryReceive();
      await microtasks();
      expect(owed.state).toBe('pending');
      watch(select(cases));
      await microtasks();
      expect(owed.state).toBe('fulfilled');
    }
  });

  it('one that completes at once settles behind those that politeness put off', async () => {
    const channel = empty(4_096);
    const order: number[] = [];
    const all: Promise<unknown>[] = [];
    passSlice();
    for (let i = 0; i < 3_000; i++) {
      all.push((i % 2 === 0 ? channel.send(i) : select({ out: sending(channel, i) })).then(() => order.push(i)));
    }
    await Promise.all(all);
    const received: unknown[] = [];
    passSlice();
    const takes = Array.from({ length: 3_000 }, (_, i) =>
      i % 2 === 0
        ? channel.receive().then((item) => received.push(item))
        : select({ item: receiving(channel) }).then(({ value }) => received.push(value)),
    );
    await Promise.all(takes);
    expect(order).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
    expect(received).toEqual(order);
  });
});

describe('a timer fires while', () => {
  const loops: [string, (going: () => boolean) => Promise<unknown>[]][] = [
    [
      'a loop selects what is always ready',
      (going) => [
        (async () => {
          const channel = full(1);
          while (going()) await select({ in: receiving(channel), out: sending(channel, 1) });
        })(),
      ],
    ],
    [
      'two loops select on both sides of a rendezvous',
      (going) => {
        const channel = empty(0);
        const loop = async (): Promise<void> => {
          while (going()) await select({ out: sending(channel, 1), in: receiving(channel) }, { timeout: 2_000 });
        };
        return [loop(), loop()];
      },
    ],
    [
      'two tasks wake each other by trySelect',
      (going) => {
        const [ping, pong] = [empty(0), empty(0)];
        return [
          (async () => {
            while (going()) {
              await ping.send(1);
              trySelect({ item: receiving(pong) });
            }
          })(),
          (async () => {
            while (going()) {
              trySelect({ item: receiving(ping) });
              await pong.send(1);
            }
          })(),
        ];
      },
    ],
    [
      'a loop selects at the quiet end of a channel',
      (going) => [
        (async () => {
          while (going()) await select({ item: receiving(ended()) });
        })(),
      ],
    ],
    ...(['sending on a closed channel', 'with timeout 0', 'with an aborted signal'] as const).map(
      (how): [string, (going: () => boolean) => Promise<unknown>[]] => [
        `a loop of selects is refused at once ${how}`,
        (going) => [
          (async () => {
            const closed = ended();
            const waiting = empty();
            while (going()) {
              const refused =
                how === 'sending on a closed channel'
                  ? select({ out: sending(closed, 1) })
                  : select(
                      { item: receiving(waiting) },
                      how === 'with timeout 0' ? { timeout: 0 } : { signal: AbortSignal.abort() },
                    );
              await refused.catch(() => {});
            }
          })(),
        ],
      ],
    ),
  ];
  it.each(loops)('%s', async (_name, tasks) => {
    expect(await letsTimersFire(tasks)).toBe(true);
  });
});

describe.skipIf(MUTATING)('what a select costs', () => {
  it('does not depend on how many wait on its channels', async () => {
    const WAITING = 100_000;
    const ways = [0, WAITING].map((waiting) => {
      const options = { maxWaiters: 2 * WAITING };
      const [receivers, senders, trigger] = [new Channel<number>(1, options), full(1, options), empty()];
      for (let i = 0; i < waiting / 2; i++) {
        watch(receivers.receive());
        watch(senders.send(i));
      }
      return async (): Promise<number> => {
        const start = performance.now();
        for (let i = 0; i < 500; i++) {
          const picked = select({ a: receiving(receivers), b: sending(senders, i), c: receiving(trigger) });
          trigger.trySend(i);
          await picked;
        }
        return performance.now() - start;
      };
    });
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 7; round++) {
      for (const [i, run] of ways.entries()) best[i] = Math.min(best[i] as number, await run());
    }
    // O(waiters) would make it some hundred times as long.
    expect(best[1] as number).toBeLessThan((best[0] as number) * 10 + 5);
  });
});
