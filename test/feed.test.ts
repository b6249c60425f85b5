// sendAll and from: the loop one would write, `for (const item of source) await send(item)`, and every way to stop it.

import { Channel, type ChannelOptions, type DropReason, type WaitOptions } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, full, macrotask, microtasks, rejection, settled, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

interface Log {
  opened: number;
  pulled: number;
  returned: number;
}

/** A source of 1, 2, … that writes down what is done to it. */
type MakeSource = (length?: number) => {
  source: Iterable<number> | AsyncIterable<number>;
  log: Log;
};

const sync: MakeSource = (length = Number.POSITIVE_INFINITY) => {
  const log: Log = { opened: 0, pulled: 0, returned: 0 };
  const iterator: Iterator<number> = {
    next: () => (log.pulled++ < length ? { value: log.pulled, done: false } : { value: undefined, done: true }),
    return: () => {
      log.returned++;
      return { value: undefined, done: true };
    },
  };
  return { source: { [Symbol.iterator]: () => (log.opened++, iterator) }, log };
};

const asynchronous: MakeSource = (length = Number.POSITIVE_INFINITY) => {
  const { source, log } = sync(length);
  const iterator = (source as Iterable<number>)[Symbol.iterator]();
  log.opened = 0;
  const later: AsyncIterator<number> = {
    next: () => Promise.resolve(iterator.next()),
    return: () => Promise.resolve(iterator.return?.() ?? { value: undefined, done: true }),
  };
  return {
    source: { [Symbol.asyncIterator]: () => (log.opened++, later) },
    log,
  };
};

/** An async source whose every answer is given by the test. */
function manual() {
  const log: Log = { opened: 0, pulled: 0, returned: 0 };
  let answer: (result: IteratorResult<number>) => void = () => {};
  let refuse: (error: unknown) => void = () => {};
  let finish: () => void = () => {};
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]() {
      log.opened++;
      return {
        next() {
          log.pulled++;
          return new Promise((resolve, reject) => {
            answer = resolve;
            refuse = reject;
          });
        },
        return() {
          log.returned++;
          return new Promise((resolve) => {
            finish = () => resolve({ value: undefined, done: true });
          });
        },
      };
    },
  };
  return {
    source,
    log,
    yields: (value: number) => answer({ value, done: false }),
    ends: () => answer({ value: undefined, done: true }),
    fails: (error: unknown) => refuse(error),
    finishesReturn: () => finish(),
  };
}

/** A channel, and what it has dropped. */
function channelWithDrops(capacity: number, options: ChannelOptions<number> = {}) {
  const dropped: [number, DropReason][] = [];
  const channel = new Channel<number>(capacity, {
    ...options,
    onDrop: (item, why) => dropped.push([item, why]),
  });
  return { channel, dropped };
}

const KINDS: [string, MakeSource][] = [
  ['a sync source', sync],
  ['an async source', asynchronous],
];

describe.each(KINDS)('sendAll of %s', (_kind, make) => {
  it('sends all items in order, fulfils with how many, and leaves the channel open', async () => {
    const channel = new Channel<number>(3);
    const { source, log } = make(3);
    expect(await channel.sendAll(source)).toBe(3);
    expect(channel.drain()).toEqual([1, 2, 3]);
    expect(channel.closed).toBe(false);
    expect(log).toEqual({ opened: 1, pulled: 4, returned: 0 });
  });

  it('that is empty fulfils with 0', async () => {
    expect(await new Channel<number>(0).sendAll(make(0).source)).toBe(0);
  });

  it('has one item in hand at the most, as a blocked send, and pulls nothing meanwhile', async () => {
    for (const capacity of [0, 1, 3]) {
      const channel = new Channel<number>(capacity);
      const { source, log } = make();
      void channel.sendAll(source);
      await macrotask();
      expect(log.pulled).toBe(capacity + 1);
      expect(channel.stats()).toMatchObject({
        size: capacity,
        waitingSenders: 1,
        sent: capacity,
      });
      channel.tryReceive();
      await macrotask();
      expect(log.pulled).toBe(capacity + 2);
    }
  });

  it('takes its turn among the other senders', async () => {
    const channel = full(1);
    const { source } = make(2);
    const feeding = watch(channel.sendAll(source));
    await macrotask();
    const other = watch(channel.send(100));
    const items = [];
    for (let i = 0; i < 4; i++) items.push(await channel.receive());
    expect(items).toEqual([1, 1, 100, 2]);
    await macrotask();
    expect([feeding.result, other.state]).toEqual([2, 'fulfilled']);
  });

  it.each(['drop-oldest', 'drop-newest'] as const)(
    "under '%s' sends all, and counts what was dropped as sent",
    async (overflow) => {
      const { channel, dropped } = channelWithDrops(2, { overflow });
      expect(await channel.sendAll(make(5).source)).toBe(5);
      expect(channel.drain()).toEqual(overflow === 'drop-oldest' ? [4, 5] : [1, 2]);
      expect(dropped.map(([item]) => item)).toEqual(overflow === 'drop-oldest' ? [1, 2, 3] : [3, 4, 5]);
    },
  );

  it("under 'reject' stops with OverflowError, which gives the item back, and returns the source once", async () => {
    const { channel, dropped } = channelWithDrops(2, { overflow: 'reject' });
    const { source, log } = make();
    expect(await rejection(channel.sendAll(source))).toMatchObject({
      code: 'ERR_SLUICE_OVERFLOW',
      value: 3,
    });
    await macrotask();
    expect(log).toEqual({ opened: 1, pulled: 3, returned: 1 });
    expect(dropped).toEqual([]);
    expect(channel.closed).toBe(false);
    expect(channel.drain()).toEqual([1, 2]);
  });

  it('stops with TooManyWaitersError where no more may wait', async () => {
    const channel = full(1, { maxWaiters: 0 });
    const { source, log } = make();
    expect(await rejection(channel.sendAll(source))).toMatchObject({
      code: 'ERR_SLUICE_TOO_MANY_WAITERS',
      value: 1,
    });
    expect(log.returned).toBe(1);
  });

  it('stopped by an abort rejects with the reason itself; the item in hand is sent and dropped', async () => {
    const { channel, dropped } = channelWithDrops(1);
    const { source, log } = make();
    const controller = new AbortController();
    const feeding = watch(channel.sendAll(source, { signal: controller.signal }));
    await macrotask();
    controller.abort('reason');
    expect(dropped).toEqual([[2, 'cancel']]);
    await macrotask();
    expect(feeding).toEqual({ state: 'rejected', result: 'reason' });
    expect(log).toEqual({ opened: 1, pulled: 2, returned: 1 });
    expect(channel.stats()).toMatchObject({
      sent: 2,
      dropped: 1,
      size: 1,
      waitingSenders: 0,
    });
    expect(channel.drain()).toEqual([1]);
  });

  it('stopped by its timeout rejects with TimeoutError, which gives the item in hand back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { channel, dropped } = channelWithDrops(1);
    const { source, log } = make();
    const feeding = watch(channel.sendAll(source, { timeout: 100 }));
    await macrotask();
    vi.advanceTimersByTime(60);
    channel.tryReceive();
    await macrotask();
    vi.advanceTimersByTime(39);
    await macrotask();
    expect(feeding.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await macrotask();
    expect(feeding.result).toMatchObject({
      code: 'ERR_SLUICE_TIMEOUT',
      value: 3,
    });
    expect(log.returned).toBe(1);
    expect(dropped).toEqual([]);
    expect(channel.stats()).toMatchObject({ sent: 2, waitingSenders: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('with timeout 0 sends what goes at once, then rejects with TimeoutError and the item', async () => {
    const channel = new Channel<number>(2);
    const { source, log } = make();
    const error = await rejection(channel.sendAll(source, { timeout: 0 }));
    expect(error).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT', value: 3 });
    expect(log.returned).toBe(1);
    expect(channel.drain()).toEqual([1, 2]);
  });

  it('stopped by close: the item in hand is delivered, then it rejects without a value, the source returned', async () => {
    for (const reason of [undefined, 'error']) {
      const { channel, dropped } = channelWithDrops(1);
      const { source, log } = make();
      const feeding = watch(channel.sendAll(source));
      await macrotask();
      channel.close(reason);
      await macrotask();
      expect(log.returned).toBe(1);
      expect(feeding.state).toBe('pending');
      expect(channel.drain()).toEqual([1, 2]);
      await macrotask();
      expect(feeding.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED' });
      expect(Object.hasOwn(feeding.result as object, 'value')).toBe(false);
      expect((feeding.result as Error).cause).toBe(reason);
      expect(log).toEqual({ opened: 1, pulled: 2, returned: 1 });
      expect(dropped).toEqual([]);
      expect(channel.ended).toBe(true);
    }
  });

  it('stopped by cancel rejects at once with the item in hand as value; nothing of it is dropped', async () => {
    const { channel, dropped } = channelWithDrops(1);
    const { source, log } = make();
    const feeding = watch(channel.sendAll(source));
    await macrotask();
    channel.cancel('reason');
    await microtasks();
    expect(feeding.result).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 2,
      cause: 'reason',
    });
    expect(dropped).toEqual([[1, 'cancel']]);
    expect(log).toEqual({ opened: 1, pulled: 2, returned: 1 });
    expect(channel.stats()).toMatchObject({ sent: 1, dropped: 1 });
  });

  it('stopped by close, then cancelled before the item in hand was delivered, has it as value', async () => {
    const { channel, dropped } = channelWithDrops(1);
    const { source, log } = make();
    const feeding = watch(channel.sendAll(source));
    await macrotask();
    channel.close('error');
    channel.cancel('reason');
    await microtasks();
    expect(feeding.result).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 2,
      cause: 'reason',
    });
    expect(dropped).toEqual([[1, 'cancel']]);
    expect(log.returned).toBe(1);
  });

  it('stopped by close, then aborted before the item in hand was delivered, drops it', async () => {
    const { channel, dropped } = channelWithDrops(1);
    const { source, log } = make();
    const controller = new AbortController();
    const feeding = watch(channel.sendAll(source, { signal: controller.signal }));
    await macrotask();
    channel.close();
    controller.abort('reason');
    await microtasks();
    expect(feeding.result).toBe('reason');
    expect(dropped).toEqual([[2, 'cancel']]);
    expect(log.returned).toBe(1);
    expect(await collect(channel)).toEqual([1]);
  });

  it("stopped by a cancel that also aborts its own signal, the channel's, loses no item", async () => {
    const { channel, dropped } = channelWithDrops(1);
    const { source } = make();
    const feeding = watch(channel.sendAll(source, { signal: channel.signal }));
    await macrotask();
    channel.cancel('reason');
    await microtasks();
    const onError = feeding.result === 'reason' ? [] : [(feeding.result as { value: number }).value];
    expect([...dropped.map(([item]) => item), ...onError]).toEqual([1, 2]);
  });

  it('into a closed channel pulls nothing, rejects and returns the source', async () => {
    const channel = new Channel<number>(1);
    channel.close('error');
    const { source, log } = make();
    const error = await rejection(channel.sendAll(source));
    expect(error).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'error' });
    expect(Object.hasOwn(error as object, 'value')).toBe(false);
    expect(log).toMatchObject({ pulled: 0 });
    expect(log.returned).toBe(log.opened);
  });

  it('with an aborted signal pulls nothing, rejects with its reason and returns the source', async () => {
    const channel = new Channel<number>(1);
    const { source, log } = make();
    expect(await rejection(channel.sendAll(source, { signal: AbortSignal.abort('no') }))).toBe('no');
    expect(log.pulled).toBe(0);
    expect(log.returned).toBe(log.opened);
  });

  it('runs beside others: all items arrive, each source in its order', async () => {
    const channel = new Channel<number>(2);
    const feeds = [make(50), make(50), make(50)].map(({ source }) => channel.sendAll(source));
    void Promise.all(feeds).then(() => channel.close());
    const items = await collect(channel);
    expect(items).toHaveLength(150);
    expect(items.slice().sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => Math.floor(i / 3) + 1));
    expect(await Promise.all(feeds)).toEqual([50, 50, 50]);
  });
});

describe.each(KINDS)('from %s', (_kind, make) => {
  it('gives all items, and closes with the end of the source', async () => {
    const { source, log } = make(5);
    expect(await collect(Channel.from(source, 2))).toEqual([1, 2, 3, 4, 5]);
    expect(log).toEqual({ opened: 1, pulled: 6, returned: 0 });
  });

  it('pulls one item more than the capacity at the most', async () => {
    for (const capacity of [0, 1, 4]) {
      const { source, log } = make();
      const channel = Channel.from(source, capacity);
      await macrotask();
      expect(log.pulled).toBe(capacity + 1);
      expect(channel.size).toBe(capacity);
    }
  });

  it('cancelled returns the source once; the item in hand is sent and dropped, after what was buffered', async () => {
    const { source, log } = make();
    const dropped: [number, DropReason][] = [];
    const channel = Channel.from(source, 2, {
      onDrop: (item, why) => dropped.push([item, why]),
    });
    await macrotask();
    channel.cancel('reason');
    expect(dropped).toEqual([
      [1, 'cancel'],
      [2, 'cancel'],
      [3, 'cancel'],
    ]);
    await macrotask();
    expect(log).toEqual({ opened: 1, pulled: 3, returned: 1 });
    expect(channel.stats()).toMatchObject({
      sent: 3,
      dropped: 3,
      size: 0,
      waitingSenders: 0,
    });
    expect(await rejection(channel.receive())).toBe('reason');
  });

  it('closed from outside delivers the item in hand, then ends, and returns the source once', async () => {
    const { source, log } = make();
    const channel = Channel.from(source, 1);
    await macrotask();
    channel.close();
    expect(await collect(channel)).toEqual([1, 2]);
    await macrotask();
    expect(log).toEqual({ opened: 1, pulled: 2, returned: 1 });
  });

  it("under 'reject' closes with the OverflowError that stopped it, after what was buffered", async () => {
    const { source, log } = make();
    const channel = Channel.from(source, 2, { overflow: 'reject' });
    await macrotask();
    expect(log).toEqual({ opened: 1, pulled: 3, returned: 1 });
    expect(channel.drain()).toEqual([1, 2]);
    expect(await rejection(channel.receive())).toMatchObject({
      code: 'ERR_SLUICE_OVERFLOW',
    });
    expect(channel.closed).toBe(true);
  });

  it('with an aborted option signal pulls nothing and returns the source', async () => {
    const { source, log } = make();
    const channel = Channel.from(source, 2, {
      signal: AbortSignal.abort('reason'),
    });
    expect(channel.ended).toBe(true);
    expect(log.pulled).toBe(0);
    expect(log.returned).toBe(log.opened);
    expect(await rejection(channel.receive())).toBe('reason');
  });

  it('stopped by the option signal drops the item in hand', async () => {
    const { source, log } = make();
    const controller = new AbortController();
    const dropped: number[] = [];
    Channel.from(source, 1, {
      signal: controller.signal,
      onDrop: (item) => dropped.push(item),
    });
    await macrotask();
    controller.abort();
    expect(dropped).toEqual([1, 2]);
    expect(log.returned).toBe(1);
  });
});

describe('a source that fails', () => {
  const error = new Error('source');
  function* failing() {
    yield 1;
    throw error;
  }
  async function* failingLater() {
    yield 1;
    throw error;
  }
  const failures: [string, () => Iterable<number> | AsyncIterable<number>][] = [
    ['in next of a generator', failing],
    ['in next of an async generator', failingLater],
    ['in next by a throw where a promise is due', () => ({ [Symbol.asyncIterator]: () => throwingIterator(1) })],
    ['in next by a throw', () => ({ [Symbol.iterator]: () => throwingIterator(0) as never })],
  ];
  const throwingIterator = (kind: 0 | 1): AsyncIterator<number> => {
    let pulls = 0;
    return {
      next: () => {
        if (pulls++ > 0) throw error;
        const result = { value: 1, done: false };
        return kind === 0 ? (result as never) : Promise.resolve(result);
      },
      return: () => {
        throw new Error('a source that failed is not returned');
      },
    };
  };

  it.each(failures)('%s makes sendAll reject with its error, and is left alone', async (_how, make) => {
    const channel = new Channel<number>(2);
    expect(await rejection(channel.sendAll(make()))).toBe(error);
    expect(channel.drain()).toEqual([1]);
    expect(channel.closed).toBe(false);
  });

  it.each(failures)('%s is the error that from closes with, after what it gave', async (_how, make) => {
    const channel = Channel.from(make(), 2);
    expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toBe(error);
    await channel[Symbol.asyncDispose]();
  });

  it('when it is opened makes sendAll reject and from close with its error', async () => {
    const source = {
      [Symbol.iterator](): Iterator<number> {
        throw error;
      },
    };
    expect(await rejection(new Channel<number>(1).sendAll(source))).toBe(error);
    expect(await rejection(Channel.from(source, 1).receive())).toBe(error);
  });

  it.each([undefined, null, 5, 'done'])('by a result of next that is %o, no object, is a TypeError', async (result) => {
    const syncSource = {
      [Symbol.iterator]: () => ({ next: () => result as never }),
    };
    const asyncSource = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve(result as never),
      }),
    };
    for (const source of [syncSource, asyncSource]) {
      expect(await rejection(new Channel<number>(1).sendAll(source))).toBeInstanceOf(TypeError);
      expect(await rejection(Channel.from(source, 1).receive())).toBeInstanceOf(TypeError);
    }
  });

  it.each([undefined, null, 5])('by an iterator that is %o, no object, is a TypeError', async (iterator) => {
    for (const source of [
      { [Symbol.iterator]: () => iterator as never },
      { [Symbol.asyncIterator]: () => iterator as never },
    ]) {
      expect(await rejection(new Channel<number>(1).sendAll(source))).toBeInstanceOf(TypeError);
    }
  });

  it('by a getter of its result makes sendAll reject with its error', async () => {
    for (const key of ['done', 'value'] as const) {
      const result = Object.defineProperty({ done: false, value: 1 }, key, {
        get() {
          throw error;
        },
      });
      const source = { [Symbol.iterator]: () => ({ next: () => result }) };
      expect(await rejection(new Channel<number>(1).sendAll(source))).toBe(error);
    }
  });
});

describe('the return of a source', () => {
  const never = () => new Promise<never>(() => {});
  const returns: [string, (() => unknown) | undefined | null][] = [
    [
      'throws',
      () => {
        throw new Error('return');
      },
    ],
    ['rejects', () => Promise.reject(new Error('return'))],
    ['never settles', never],
    ['gives no object', () => 5],
    ['is missing', undefined],
    ['is null', null],
  ];
  const stops: [string, (channel: Channel<number>, controller: AbortController) => void][] = [
    ['close', (channel) => (channel.close(), void channel.drain())],
    ['cancel', (channel) => channel.cancel()],
    ['abort', (_channel, controller) => controller.abort('aborted')],
  ];
  for (const [how, giveBack] of returns) {
    it.each(stops)(`that ${how} does not keep sendAll from settling at %s, and is silent`, async (_stop, stop) => {
      const sources = [
        {
          [Symbol.iterator]: () => ({
            next: () => ({ value: 1, done: false }),
            return: giveBack as never,
          }),
        },
        {
          [Symbol.asyncIterator]: () => ({
            next: () => Promise.resolve({ value: 1, done: false }),
            return: giveBack as never,
          }),
        },
        {
          [Symbol.asyncIterator]: () => ({
            next: never,
            return: giveBack as never,
          }),
        },
      ];
      for (const source of sources) {
        const channel = new Channel<number>(1);
        const controller = new AbortController();
        const feeding = watch(channel.sendAll(source, { signal: controller.signal }));
        await macrotask();
        stop(channel, controller);
        await macrotask();
        expect(feeding.state).toBe('rejected');
      }
    });

    it(`that ${how} does not keep from ending, and is silent`, async () => {
      const source = {
        [Symbol.iterator]: () => ({
          next: () => ({ value: 1, done: false }),
          return: giveBack as never,
        }),
      };
      const channel = Channel.from(source, 1);
      await macrotask();
      channel.cancel();
      expect((await settled(channel.completion)).state).toBe('fulfilled');
    });
  }

  it('may use the channel that it is returned by', async () => {
    const log: unknown[] = [];
    const channel = new Channel<number>(1);
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: 1, done: false }),
        return: () => {
          log.push(channel.trySend(9), channel.drain());
          channel.cancel();
          return { value: undefined, done: true as const };
        },
      }),
    };
    const controller = new AbortController();
    const feeding = watch(channel.sendAll(source, { signal: controller.signal }));
    await macrotask();
    controller.abort('aborted');
    await macrotask();
    expect(feeding.result).toBe('aborted');
    expect(channel.ended).toBe(true);
  });
});

describe('a source whose next is pending when the feed stops', () => {
  const stops: [string, (channel: Channel<number>, controller: AbortController) => void][] = [
    ['close', (channel) => channel.close()],
    ['cancel', (channel) => channel.cancel()],
    ['abort', (_channel, controller) => controller.abort('aborted')],
  ];
  const start = (options: WaitOptions = {}) => {
    const controller = new AbortController();
    const { channel, dropped } = channelWithDrops(1);
    const source = manual();
    const feeding = watch(channel.sendAll(source.source, { signal: controller.signal, ...options }));
    return { controller, channel, dropped, source, feeding };
  };

  it.each(stops)('by %s is returned at once, and once; the feed settles at once', async (_how, stop) => {
    const { controller, channel, source, feeding } = start();
    stop(channel, controller);
    await microtasks();
    expect(source.log).toEqual({ opened: 1, pulled: 1, returned: 1 });
    expect(feeding.state).toBe('rejected');
    if (typeof feeding.result === 'object') expect(Object.hasOwn(feeding.result as object, 'value')).toBe(false);
  });

  it.each(stops)('by %s and yields later: that item is sent and dropped', async (_how, stop) => {
    const { controller, channel, dropped, source } = start();
    stop(channel, controller);
    await macrotask();
    source.yields(7);
    await microtasks();
    expect(dropped).toEqual([[7, 'cancel']]);
    expect(channel.stats()).toMatchObject({
      sent: 1,
      dropped: 1,
      received: 0,
      size: 0,
    });
    expect(source.log).toEqual({ opened: 1, pulled: 1, returned: 1 });
  });

  it.each(stops)('by %s and ends or fails later changes nothing', async (_how, stop) => {
    for (const late of ['ends', 'fails'] as const) {
      const { controller, channel, dropped, source } = start();
      stop(channel, controller);
      await macrotask();
      if (late === 'ends') source.ends();
      else source.fails(new Error('late'));
      source.finishesReturn();
      await macrotask();
      expect(dropped).toEqual([]);
      expect(source.log.returned).toBe(1);
    }
  });

  it('by its timeout is returned at once, and the error has no value', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { source, feeding, dropped } = start({ timeout: 50 });
    vi.advanceTimersByTime(50);
    await microtasks();
    expect(feeding.result).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
    expect(Object.hasOwn(feeding.result as object, 'value')).toBe(false);
    expect(source.log.returned).toBe(1);
    source.yields(7);
    await microtasks();
    expect(dropped).toEqual([[7, 'cancel']]);
  });

  it('of from, cancelled: what it yields later is sent and dropped', async () => {
    const source = manual();
    const dropped: [number, DropReason][] = [];
    const channel = Channel.from(source.source, 1, {
      onDrop: (item, why) => dropped.push([item, why]),
    });
    channel.cancel();
    await macrotask();
    expect(source.log).toEqual({ opened: 1, pulled: 1, returned: 1 });
    source.yields(7);
    await macrotask();
    expect(dropped).toEqual([[7, 'cancel']]);
    expect(channel.stats()).toMatchObject({ sent: 1, dropped: 1 });
  });

  it('of an async generator is returned when its code lets it', async () => {
    let finished = false;
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    async function* numbers() {
      try {
        await gate;
        yield 1;
      } finally {
        finished = true;
      }
    }
    const { channel, dropped } = channelWithDrops(1);
    const feeding = watch(channel.sendAll(numbers()));
    channel.cancel();
    await microtasks();
    expect(feeding.state).toBe('rejected');
    open();
    await macrotask();
    expect(finished).toBe(true);
    expect(dropped).toEqual([[1, 'cancel']]);
  });
});

describe('a running generator', () => {
  const acts: [string, (channel: Channel<number>, controller: AbortController) => void][] = [
    ['closes its own channel', (channel) => channel.close()],
    ['cancels its own channel', (channel) => channel.cancel()],
    ['aborts its own feed', (_channel, controller) => controller.abort('aborted')],
  ];
  it.each(acts)('that %s is returned once it has yielded, and what it yields is dropped', async (_how, act) => {
    const { channel, dropped } = channelWithDrops(4);
    const controller = new AbortController();
    const log: string[] = [];
    function* numbers() {
      try {
        yield 1;
        act(channel, controller);
        yield 2;
        log.push('went on');
        yield 3;
      } finally {
        log.push('returned');
      }
    }
    const feeding = watch(channel.sendAll(numbers(), { signal: controller.signal }));
    await macrotask();
    expect(feeding.state).toBe('rejected');
    expect(log).toEqual(['returned']);
    expect(dropped.filter(([item]) => item !== 1)).toEqual([[2, 'cancel']]);
    const { sent, received, dropped: count, size } = channel.stats();
    expect(sent).toBe(received + count + size);
  });

  it.each(acts)('that %s and then ends is not returned again', async (_how, act) => {
    const channel = new Channel<number>(4);
    const controller = new AbortController();
    function* numbers() {
      yield 1;
      act(channel, controller);
    }
    expect((await settled(channel.sendAll(numbers(), { signal: controller.signal }))).state).toBe('rejected');
  });

  it.each(acts)('that %s and then throws leaves no error unhandled', async (_how, act) => {
    const channel = new Channel<number>(4);
    const controller = new AbortController();
    function* numbers() {
      yield 1;
      act(channel, controller);
      throw new Error('generator');
    }
    expect((await settled(channel.sendAll(numbers(), { signal: controller.signal }))).state).toBe('rejected');
  });

  it('that receives from its own channel feeds on', async () => {
    const channel = new Channel<number>(1);
    const taken: unknown[] = [];
    function* numbers() {
      for (let i = 1; i <= 3; i++) {
        taken.push(channel.tryReceive());
        yield i;
      }
    }
    expect(await channel.sendAll(numbers())).toBe(3);
    expect(taken).toEqual([undefined, 1, 2]);
  });

  it('that sends to its own channel keeps the order of acceptance', async () => {
    const channel = new Channel<number>(10);
    function* numbers() {
      channel.trySend(100);
      yield 1;
      channel.trySend(200);
      yield 2;
    }
    await channel.sendAll(numbers());
    expect(channel.drain()).toEqual([100, 1, 200, 2]);
  });
});

describe('an item of a source', () => {
  it('that is a promise travels intact from a sync source', async () => {
    const channel = new Channel<Promise<number>>(2);
    const items = [Promise.resolve(1), new Promise<number>(() => {})];
    expect(await channel.sendAll(items)).toBe(2);
    const drained = channel.drain();
    expect(drained[0]).toBe(items[0]);
    expect(drained[1]).toBe(items[1]);
  });

  it('that is undefined is an item, and no sign of the end', async () => {
    const channel = new Channel<number | undefined>(3);
    expect(await channel.sendAll([undefined, 1, undefined])).toBe(3);
    expect(channel.drain()).toEqual([undefined, 1, undefined]);
  });

  it('that is undefined and in hand at a cancel is the value of the error', async () => {
    const channel = new Channel<undefined>(0);
    const feeding = channel.sendAll([undefined]);
    channel.cancel();
    expect(Object.hasOwn((await rejection(feeding)) as object, 'value')).toBe(true);
  });

  it('handed over already is not taken back by an abort of its feed', async () => {
    const { channel, dropped } = channelWithDrops(0);
    const controller = new AbortController();
    const feeding = watch(channel.sendAll([1, 2], { signal: controller.signal }));
    expect(channel.tryReceive()).toBe(1);
    controller.abort('aborted');
    await macrotask();
    expect(feeding.result).toBe('aborted');
    expect(dropped).toEqual([]);
    expect(channel.stats()).toMatchObject({
      sent: 1,
      received: 1,
      waitingSenders: 0,
    });
  });

  it('of an object that is iterable both ways is read the asynchronous way', async () => {
    const source = {
      *[Symbol.iterator]() {
        yield 'sync';
      },
      async *[Symbol.asyncIterator]() {
        yield 'async';
      },
    };
    expect(await collect(Channel.from(source, 1))).toEqual(['async']);
  });

  it('comes from another channel, which is left open where the feed stops', async () => {
    const upstream = full(3);
    const downstream = new Channel<number>(1);
    const feeding = watch(downstream.sendAll(upstream));
    await macrotask();
    downstream.cancel();
    await macrotask();
    expect(feeding.result).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 2,
    });
    expect(upstream.closed).toBe(false);
    expect(upstream.drain()).toEqual([3]);
  });

  it('comes from another channel by consume, which is cancelled where the feed stops', async () => {
    const upstream = full(3);
    const channel = Channel.from(upstream.consume(), 1);
    await macrotask();
    channel.cancel();
    expect(upstream.ended).toBe(true);
    expect(upstream.stats().dropped).toBe(1);
  });
});

describe('a feed that nobody looks at', () => {
  it('causes no unhandled rejection where it is that of from', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    for (const end of ['close', 'cancel'] as const) {
      const channel = Channel.from(asynchronous().source, 1);
      await macrotask();
      channel[end](new Error('end'));
    }
    Channel.from(
      (async function* () {
        yield 1;
        throw new Error('source');
      })(),
      1,
    );
    await macrotask();
    await macrotask();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('two feeds of one channel that is cancelled', () => {
  it('lose nothing where the return of one aborts the other', async () => {
    const { channel, dropped } = channelWithDrops(0);
    const controller = new AbortController();
    const first = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: 1, done: false }),
        return: () => {
          controller.abort('aborted');
          return { value: undefined, done: true as const };
        },
      }),
    };
    const feeds = [watch(channel.sendAll(first)), watch(channel.sendAll([2], { signal: controller.signal }))];
    await macrotask();
    channel.cancel();
    await macrotask();
    const onErrors = feeds.flatMap(({ result }) =>
      result instanceof Error && 'value' in result ? [result.value] : [],
    );
    expect([...onErrors, ...dropped.map(([item]) => item)]).toEqual([1, 2]);
  });
});

describe('a feed and its source, as the language does it', () => {
  it('looks up next once, and reads no value of the last result', async () => {
    let lookups = 0;
    let count = 0;
    const iterator = {
      get next() {
        lookups++;
        return () =>
          ++count < 4
            ? { value: count, done: false }
            : {
                done: true,
                get value(): never {
                  throw new Error('nobody asks for it');
                },
              };
      },
    };
    const channel = new Channel<number>(8);
    expect(await channel.sendAll({ [Symbol.iterator]: () => iterator } as Iterable<number>)).toBe(3);
    expect(lookups).toBe(1);
  });

  it('makes one error, without a stack, for each of very many feeds that a cancel stops', async () => {
    const channel = new Channel<number>(1);
    const feeds = Array.from({ length: 1_000 }, (_, n) => channel.sendAll([n]).catch((error: unknown) => error));
    await macrotask();
    channel.cancel();
    const errors = (await Promise.all(feeds)).filter((each): each is Error => each instanceof Error);
    expect(errors).toHaveLength(999);
    for (const { stack } of errors) expect(stack).not.toContain('\n');
  });
});

describe('the item that from was refused', () => {
  it('rides on the end, or goes to onDrop where a cancel replaces that', async () => {
    for (const cancels of [false, true]) {
      const dropped: number[] = [];
      const channel = Channel.from([1, 2, 3, 4], 2, { overflow: 'reject', onDrop: (item) => dropped.push(item) });
      await macrotask();
      if (cancels) channel.cancel();
      expect(channel.drain()).toEqual(cancels ? [] : [1, 2]);
      expect(await settled(channel.completion)).toMatchObject(
        cancels ? { state: 'fulfilled' } : { result: { code: 'ERR_SLUICE_OVERFLOW', value: 3 } },
      );
      expect(dropped).toEqual(cancels ? [1, 2, 3] : []);
      const { sent, received, dropped: lost } = channel.stats();
      expect(sent).toBe(received + lost);
    }
  });
});
