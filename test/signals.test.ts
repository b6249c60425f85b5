// AbortSignals and timeouts: one listener a signal, none left behind, no timer left behind, and who wins a race.

import { getEventListeners } from 'node:events';
import { BoundedQueue, Channel, type WaitOptions } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full, macrotask, microtasks, PlainSignal, rejection, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const fakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** Every method that waits, at a place where it must. */
const WAITS: [string, (options: WaitOptions) => Promise<unknown>][] = [
  ['send', (options) => full(1).send(2, options)],
  ['send of a handle', (options) => full(1).sender().send(2, options)],
  ['sendAll, at a full channel', (options) => full(1).sendAll([2], options)],
  ['sendAll, at a slow source', (options) => full(1).sendAll(slow(), options)],
  ['receive', (options) => new Channel(1).receive(options)],
  ['receiveMany', (options) => new Channel(1).receiveMany(2, options)],
  ['put', (options) => fullQueue().put(2, options)],
  ['take', (options) => new BoundedQueue(1).take(options)],
  ['takeMany', (options) => new BoundedQueue(1).takeMany(2, options)],
  ['join', (options) => fullQueue().join(options)],
];

function slow(): AsyncIterable<number> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<number>>(() => {}),
    }),
  };
}

function fullQueue(): BoundedQueue<number> {
  const queue = new BoundedQueue<number>(1);
  queue.tryPut(1);
  return queue;
}

describe('a signal', () => {
  it('that 10,000 waits share gets one listener, and raises no warning', async () => {
    const warning = vi.fn();
    process.on('warning', warning);
    const controller = new AbortController();
    const { signal } = controller;
    const add = vi.spyOn(signal, 'addEventListener');
    const [receiving, sending] = [new Channel<number>(1), full(1)];
    const waits: Promise<unknown>[] = [];
    for (let i = 0; i < 5_000; i++) waits.push(receiving.receive({ signal }), sending.send(i, { signal }));
    expect(add).toHaveBeenCalledTimes(1);
    expect(listeners(signal)).toBe(1);
    const rejections = waits.map(rejection);
    controller.abort('all');
    expect(listeners(signal)).toBe(0);
    expect(new Set(await Promise.all(rejections))).toEqual(new Set(['all']));
    await macrotask();
    process.off('warning', warning);
    expect(warning).not.toHaveBeenCalled();
  });

  it('that channels and waits of every kind share gets one listener', () => {
    const { signal } = new AbortController();
    for (const [, wait] of WAITS) wait({ signal }).catch(() => {});
    void new Channel(1, { signal });
    void new BoundedQueue(1, { signal });
    expect(listeners(signal)).toBe(1);
  });

  it('gets no listener where the operation completes at once', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const channel = new Channel<number>(1);
    await channel.send(1, { signal });
    await channel.receive({ signal });
    await rejection(channel.receive({ signal, timeout: 0 }));
    channel.close();
    await channel.receive({ signal });
    await rejection(channel.send(1, { signal }));
    expect(add).not.toHaveBeenCalled();
  });

  it('has no listener left once a wait is over, whichever way', async () => {
    fakeTimers();
    const ways: [string, (channel: Channel<number>) => void][] = [
      ['served', (channel) => channel.trySend(1)],
      ['closed', (channel) => channel.close()],
      ['failed', (channel) => channel.close('error')],
      ['cancelled', (channel) => channel.cancel('reason')],
      ['disposed', (channel) => channel[Symbol.dispose]()],
      ['timed out', () => vi.advanceTimersByTime(10)],
    ];
    for (const [way, leave] of ways) {
      const { signal } = new AbortController();
      const channel = new Channel<number>(1);
      watch(channel.receive({ signal, timeout: 10 }));
      expect(listeners(signal)).toBe(1);
      leave(channel);
      expect([way, listeners(signal), vi.getTimerCount()]).toEqual([way, 0, 0]);
      await microtasks();
    }
  });

  it.each(WAITS)(
    'that aborts rejects %s with its own reason, leaving neither listener nor timer',
    async (_name, wait) => {
      fakeTimers();
      const controller = new AbortController();
      const reason = { why: 'aborted' };
      const waiting = watch(wait({ signal: controller.signal, timeout: 1_000 }));
      await macrotask();
      expect([listeners(controller.signal), vi.getTimerCount()]).toEqual([1, 1]);
      controller.abort(reason);
      expect([listeners(controller.signal), vi.getTimerCount()]).toEqual([0, 0]);
      await microtasks();
      expect(waiting.state).toBe('rejected');
      expect(waiting.result).toBe(reason);
    },
  );

  it.each(WAITS)('of %s is left when the timeout comes first', async (_name, wait) => {
    fakeTimers();
    const { signal } = new AbortController();
    const waiting = watch(wait({ signal, timeout: 1_000 }));
    await macrotask();
    vi.advanceTimersByTime(1_000);
    expect([listeners(signal), vi.getTimerCount()]).toEqual([0, 0]);
    await microtasks();
    expect(waiting.result).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
  });

  it('aborted without a reason rejects with an AbortError', async () => {
    const controller = new AbortController();
    const receive = new Channel(1).receive({ signal: controller.signal });
    controller.abort();
    expect(await rejection(receive)).toMatchObject({ name: 'AbortError' });
  });

  it('may be any object that looks like one', async () => {
    const signal = new PlainSignal();
    const channel = new Channel<number>(1);
    const waits = [channel.receive({ signal }), channel.receive({ signal })].map(rejection);
    expect([signal.added, signal.listeners.size]).toEqual([1, 1]);
    signal.abort('plain');
    expect(await Promise.all(waits)).toEqual(['plain', 'plain']);
    expect(signal.listeners.size).toBe(0);
    expect(await rejection(channel.receive({ signal }))).toBe('plain');
  });

  it('without a reason rejects with undefined', async () => {
    const signal = new PlainSignal();
    const receive = watch(new Channel<number>(1).receive({ signal }));
    signal.abort(undefined);
    await microtasks();
    expect(receive).toEqual({ state: 'rejected', result: undefined });
  });

  it('tells those who wait in the order in which they came', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const order: number[] = [];
    const channel = new Channel<number>(1);
    const waits = [0, 1, 2].map((i) => channel.receive({ signal }).catch(() => order.push(i)));
    controller.abort();
    await Promise.all(waits);
    expect(order).toEqual([0, 1, 2]);
  });

  it('gets a listener again when somebody waits again', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = new Channel<number>(1);
    for (let i = 0; i < 3; i++) {
      const receive = channel.receive({ signal });
      channel.trySend(i);
      expect(await receive).toBe(i);
      expect(listeners(signal)).toBe(0);
    }
    const last = rejection(channel.receive({ signal }));
    controller.abort('last');
    expect(await last).toBe('last');
  });
});

describe('while a signal is being dispatched', () => {
  it('an item sent by an earlier listener goes to the receiver, which is not aborted then', async () => {
    const controller = new AbortController();
    const channel = new Channel<number>(1);
    controller.signal.addEventListener('abort', () => channel.trySend(1));
    const receive = watch(channel.receive({ signal: controller.signal }));
    controller.abort('late');
    await microtasks();
    expect(receive).toEqual({ state: 'fulfilled', result: 1 });
    expect(channel.stats()).toMatchObject({ received: 1, waitingReceivers: 0 });
  });

  it('an item sent by a later listener stays in the channel', async () => {
    const controller = new AbortController();
    const channel = new Channel<number>(1);
    const receive = watch(channel.receive({ signal: controller.signal }));
    controller.signal.addEventListener('abort', () => channel.trySend(1));
    controller.abort('first');
    await microtasks();
    expect(receive).toEqual({ state: 'rejected', result: 'first' });
    expect(channel.drain()).toEqual([1]);
  });

  it('an earlier listener that waits with the same signal is refused at once', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = new Channel<number>(1);
    const inner: ReturnType<typeof watch>[] = [];
    signal.addEventListener('abort', () => inner.push(watch(channel.receive({ signal }))));
    const outer = watch(channel.receive({ signal }));
    controller.abort('aborted');
    await microtasks();
    expect([outer, ...inner].map(({ result }) => result)).toEqual(['aborted', 'aborted']);
    expect(channel.stats().waitingReceivers).toBe(0);
  });

  it('a wait that another takes down by its own end is told once', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = new Channel<number>(1, { signal });
    const waits = [channel.receive({ signal }), channel.receive({ signal })].map((wait) => watch(wait));
    const other = watch(new Channel<number>(0).send(1, { signal }));
    controller.abort('aborted');
    await microtasks();
    expect([...waits, other].map(({ state }) => state)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(listeners(signal)).toBe(0);
  });

  it('an onDrop may make others of the same signal be served', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const other = new Channel<number>(1);
    const channel = new Channel<number>(1, {
      signal,
      onDrop: (item) => void other.trySend(item),
    });
    channel.trySend(1);
    const receive = watch(other.receive({ signal }));
    controller.abort('aborted');
    await microtasks();
    expect(receive).toEqual({ state: 'fulfilled', result: 1 });
    expect(other.stats()).toMatchObject({ sent: 1, received: 1, size: 0 });
  });

  it("the channel's own signal may be the signal of its waits", async () => {
    const channel = full(1);
    const { signal } = channel;
    const send = rejection(channel.send(2, { signal }));
    channel.cancel('reason');
    expect(await send).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2 });
    expect(listeners(signal)).toBe(0);
  });
});

describe('a timeout', () => {
  it('past 2^31 - 1 ms waits that long, and does not fire at once', async () => {
    fakeTimers();
    const most = 2 ** 31 - 1;
    for (const timeout of [most + 1, 3 * most + 5]) {
      const receive = watch(new Channel(1).receive({ timeout }));
      for (let left = timeout - 1; left > 0; left -= most) {
        vi.advanceTimersByTime(Math.min(left, most));
        expect(vi.getTimerCount()).toBe(1);
      }
      await microtasks();
      expect(receive.state).toBe('pending');
      vi.advanceTimersByTime(1);
      await microtasks();
      expect(receive.result).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('past 2^31 - 1 ms asks the platform for no more than that', () => {
    const set = vi.spyOn(globalThis, 'setTimeout').mockImplementation((() => 1) as never);
    watch(new Channel(1).receive({ timeout: Number.MAX_VALUE }));
    expect(set.mock.calls[0]?.[1]).toBe(2 ** 31 - 1);
  });

  it('past 2^31 - 1 ms is cleared in its second stage, too', () => {
    fakeTimers();
    const channel = new Channel<number>(1);
    void channel.receive({ timeout: 2 ** 31 + 1_000 });
    vi.advanceTimersByTime(2 ** 31 - 1);
    expect(vi.getTimerCount()).toBe(1);
    channel.trySend(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of Infinity sets no timer', () => {
    fakeTimers();
    void new Channel(1).receive({ timeout: Number.POSITIVE_INFINITY });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of 0 sets no timer', async () => {
    fakeTimers();
    const channel = new Channel<number>(0);
    await Promise.all([channel.receive({ timeout: 0 }), channel.send(1, { timeout: 0 })].map(rejection));
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(WAITS)('of %s rejects with TimeoutError, and names the milliseconds', async (_name, wait) => {
    fakeTimers();
    const waiting = watch(wait({ timeout: 250 }));
    await macrotask();
    vi.advanceTimersByTime(249);
    await microtasks();
    expect(waiting.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(waiting.result).toMatchObject({
      name: 'TimeoutError',
      message: expect.stringContaining('250 ms'),
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('looks up setTimeout at the call', () => {
    const before = new Channel(1);
    fakeTimers();
    void before.receive({ timeout: 5 });
    expect(vi.getTimerCount()).toBe(1);
  });

  it('needs no timer of its own where the operation completes at once', async () => {
    fakeTimers();
    const channel = new Channel<number>(1);
    await channel.send(1, { timeout: 50 });
    await channel.receive({ timeout: 50 });
    await channel.sendAll([1], { timeout: 50 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('and an abort in the same turn: the first of them decides', async () => {
    fakeTimers();
    const controller = new AbortController();
    const receive = watch(new Channel(1).receive({ timeout: 5, signal: controller.signal }));
    controller.abort('first');
    vi.advanceTimersByTime(5);
    await microtasks();
    expect(receive.result).toBe('first');
  });
});

describe('a signal that throws', () => {
  it('from addEventListener rejects the wait with what it throws, and the wait had no effect', async () => {
    const error = new Error('no listeners');
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener(): never {
        throw error;
      },
      removeEventListener() {},
    };
    const channel = new Channel<number>(0);
    expect(await rejection(channel.send(1, { signal, timeout: 1_000 }))).toBe(error);
    expect(await rejection(channel.receive({ signal }))).toBe(error);
    expect(await rejection(channel.sendAll([1], { signal }))).toBe(error);
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
  });

  it('from removeEventListener keeps nobody from being settled', async () => {
    const signals = Array.from({ length: 100 }, () => ({
      aborted: false,
      reason: undefined,
      addEventListener() {},
      removeEventListener(): never {
        throw new Error('no');
      },
    }));
    const channel = new Channel<number>(0);
    const receives = signals.map((signal) => channel.receive({ signal }));
    channel.close();
    expect(await Promise.all(receives)).toEqual(signals.map(() => undefined));
    expect(Error.stackTraceLimit).toBeGreaterThan(0);
  });
});
