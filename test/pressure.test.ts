// Watermarks: when `onPressure` is told, of what, and what it may do.

import { BoundedQueue, Channel, type ChannelOptions, type ChannelStats, type Permit } from 'sluice';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full, macrotask, microtasks, rejection, thrown, watch } from './support.js';

afterEach(() => void vi.unstubAllGlobals());

/** A channel, and what its watermarks said: the level, and how much was taken then. */
function watched(capacity: number, options: ChannelOptions<number> = {}) {
  const told: string[] = [];
  const onPressure = (level: 'high' | 'low', { weight, reserved }: ChannelStats): number =>
    told.push(`${level} ${weight + reserved}`);
  return { channel: new Channel<number>(capacity, { onPressure, ...options }), told };
}

function fill(channel: Channel<number>, count: number): void {
  for (let item = 1; item <= count; item++) channel.trySend(item);
}

describe('onPressure', () => {
  it('is told of the high mark and the low one in turn, beginning with high', () => {
    const { channel, told } = watched(10);
    expect(told).toEqual([]);
    fill(channel, 7);
    expect(told).toEqual([]);
    channel.trySend(8);
    expect(told).toEqual(['high 8']);
    fill(channel, 9);
    for (let n = 0; n < 4; n++) channel.tryReceive();
    expect(told).toEqual(['high 8']);
    channel.tryReceive();
    expect(told).toEqual(['high 8', 'low 5']);
    channel.drain();
    fill(channel, 8);
    expect(told).toEqual(['high 8', 'low 5', 'high 8']);
  });

  it('says nothing of a level that swings around one mark', () => {
    const { channel, told } = watched(10);
    fill(channel, 8);
    for (let n = 0; n < 5; n++) {
      channel.tryReceive();
      channel.trySend(1);
    }
    expect(told).toEqual(['high 8']);
    while (channel.size > 5) channel.tryReceive();
    for (let n = 0; n < 5; n++) {
      channel.trySend(1);
      channel.tryReceive();
    }
    expect(told).toEqual(['high 8', 'low 5']);
  });

  it('says nothing of a channel that only ever was low', () => {
    const { channel, told } = watched(10);
    for (let n = 0; n < 5; n++) {
      fill(channel, 7);
      channel.drain();
    }
    expect(told).toEqual([]);
  });

  it('gets the statistics of that moment, and sees a channel that is consistent with them', () => {
    const seen: [string, ChannelStats, ChannelStats][] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      name: 'orders',
      onPressure: (level, stats) => void seen.push([level, stats, channel.stats()]),
    });
    fill(channel, 2);
    channel.drain();
    expect(seen.map(([level, stats]) => [level, stats])).toMatchObject([
      ['high', { name: 'orders', capacity: 2, size: 2, weight: 2, sent: 2, received: 0 }],
      ['low', { name: 'orders', capacity: 2, size: 0, weight: 0, sent: 2, received: 2 }],
    ]);
    for (const [, stats, current] of seen) expect(stats).toEqual(current);
  });

  it('counts what is reserved as taken', () => {
    const { channel, told } = watched(4, { watermarks: { high: 0.75, low: 0.25 } });
    const permits = [channel.tryReserve(), channel.tryReserve()];
    channel.trySend(1);
    expect(told).toEqual(['high 3']);
    permits[0]?.send(2);
    channel.tryReceive();
    expect(told).toEqual(['high 3']);
    permits[1]?.release();
    expect(told).toEqual(['high 3', 'low 1']);
  });

  it('counts weights, and not items', () => {
    const { channel, told } = watched(100, { weigh: (item) => item });
    fill(channel, 10); // 55
    expect(told).toEqual([]);
    channel.trySend(30);
    expect(told).toEqual(['high 85']);
    for (let n = 0; n < 9; n++) channel.tryReceive(); // 45 less
    expect(told).toEqual(['high 85', 'low 49']);
  });

  it('counts one for a key, however often it is sent', () => {
    const { channel, told } = watched(2, { overflow: { key: (item) => item % 2, coalesce: (queued) => queued } });
    for (const item of [1, 3, 5, 7]) channel.trySend(item);
    expect(told).toEqual([]);
    channel.trySend(2);
    expect(told).toEqual(['high 2']);
  });
});

describe('the marks', () => {
  it.each([
    [10, {}, 8, 5],
    [3, {}, 3, 1],
    [1, {}, 1, 0],
    [7, {}, 6, 3],
    [10, { high: 0.9 }, 9, 5],
    [10, { low: 0.2 }, 8, 2],
    [10, { high: undefined, low: undefined }, 8, 5],
    [10, { high: 1, low: 0 }, 10, 0],
    [10, { high: 0.01, low: 0 }, 1, 0],
    [3, { high: 0.5, low: 0.4 }, 2, 1],
    [100, { high: 0.07, low: 0.06 }, 7, 6],
    [100, { high: 0.57, low: 0.29 }, 57, 29],
    [2 ** 32 - 1, { high: 0.8, low: 0.5 }, 3_435_973_836, 2_147_483_647],
    [10, { high: 0.5000000000000001, low: 0.5 }, 6, 5],
  ])('of a capacity of %i and %o are %i and %i', (capacity, watermarks, high, low) => {
    const weigh = (item: number): number => item;
    const { channel, told } = watched(capacity, { watermarks, weigh });
    if (low > 0) channel.trySend(low);
    if (high - low > 1) channel.trySend(high - low - 1);
    expect(told).toEqual([]);
    channel.trySend(1);
    expect(told).toEqual([`high ${high}`]);
    channel.drain();
    expect(told).toEqual([`high ${high}`, 'low 0']);

    const down = watched(capacity, { watermarks, weigh });
    for (const item of [1, low + 1 < high ? high - low - 1 : 0, low]) if (item > 0) down.channel.trySend(item);
    expect(down.told).toEqual([`high ${high}`]);
    if (low + 1 < high) down.channel.tryReceive();
    expect(down.told).toEqual([`high ${high}`]);
    down.channel.tryReceive();
    expect(down.told).toEqual([`high ${high}`, `low ${low}`]);
  });

  it('of whole hundredths are exact, whatever binary fractions make of them', () => {
    for (const capacity of [100, 300, 1_000]) {
      for (let hundredths = 1; hundredths <= 100; hundredths++) {
        const { channel, told } = watched(capacity, {
          watermarks: { high: hundredths / 100, low: 0 },
          weigh: (item) => item,
        });
        const mark = (hundredths * capacity) / 100;
        if (mark > 1) channel.trySend(mark - 1);
        expect(told).toEqual([]);
        channel.trySend(1);
        expect(told).toEqual([`high ${mark}`]);
      }
    }
  });

  it('may be given without a callback', () => {
    const channel = new Channel<number>(2, { watermarks: { high: 1, low: 0 } });
    fill(channel, 2);
    expect(channel.drain()).toEqual([1, 2]);
  });
});

describe('it is told before the call returns, whatever the call:', () => {
  const fillers: [string, (channel: Channel<number>) => unknown][] = [
    ['trySend', (channel) => channel.trySend(1)],
    ['send', (channel) => channel.send(1)],
    ['tryReserve', (channel) => channel.tryReserve()],
    ['reserve', (channel) => channel.reserve()],
    ['a handle', (channel) => channel.sender().trySend(1)],
    ['sendAll', (channel) => channel.sendAll([1])],
  ];
  it.each(fillers)('high by %s', (_how, call) => {
    const { channel, told } = watched(1);
    call(channel);
    expect(told).toEqual(['high 1']);
  });

  const drainers: [string, (channel: Channel<number>) => unknown][] = [
    ['tryReceive', (channel) => channel.tryReceive()],
    ['receive', (channel) => channel.receive()],
    ['receiveMany', (channel) => channel.receiveMany(1)],
    ['drain', (channel) => channel.drain()],
    ['next', (channel) => channel[Symbol.asyncIterator]().next()],
    ['a batch', (channel) => channel.batches(1).next()],
  ];
  it.each(drainers)('low by %s', (_how, call) => {
    const { channel, told } = watched(1);
    channel.trySend(1);
    call(channel);
    expect(told).toEqual(['high 1', 'low 0']);
  });

  it.each([
    ['release', (permit: Permit<number>) => permit.release()],
    ['disposal', (permit: Permit<number>) => permit[Symbol.dispose]()],
  ])('low by the %s of a permit', (_how, end) => {
    const { channel, told } = watched(1);
    end(channel.tryReserve() as Permit<number>);
    expect(told).toEqual(['high 1', 'low 0']);
  });

  it('low by a permit whose item is handed over, or merged', () => {
    const handing = watched(1);
    const permit = handing.channel.tryReserve();
    void handing.channel.receive();
    permit?.send(1);
    expect(handing.told).toEqual(['high 1', 'low 0']);
    const merging = watched(4, { overflow: { key: () => 0, coalesce: (queued) => queued } });
    merging.channel.trySend(1);
    const permits = [merging.channel.tryReserve(), merging.channel.tryReserve(), merging.channel.tryReserve()];
    for (const each of permits) each?.send(2);
    expect(merging.told).toEqual(['high 4', 'low 2']);
  });

  it('high by an abort, or a timeout, that lets in those behind', async () => {
    const controller = new AbortController();
    const { channel, told } = watched(10, { weigh: (item) => item });
    channel.trySend(6);
    const first = rejection(channel.send(5, { signal: controller.signal }));
    void channel.send(3);
    expect(told).toEqual([]);
    controller.abort();
    expect(told).toEqual(['high 9']);
    await first;
  });

  it("low by a 'drop-oldest' that makes way for something lighter", () => {
    const { channel, told } = watched(10, { weigh: (item) => item, overflow: 'drop-oldest' });
    channel.trySend(9);
    channel.trySend(2);
    expect(told).toEqual(['high 9', 'low 2']);
  });

  it('and not at all by a hand-off, a refusal, or a wait', async () => {
    const { channel, told } = watched(1);
    const receive = channel.receive();
    channel.trySend(1);
    await receive;
    expect(told).toEqual([]);
    channel.trySend(2);
    channel.trySend(3);
    void channel.send(4);
    expect(channel.tryReceive()).toBe(2); // the one that waits takes its place
    expect(told).toEqual(['high 1']);
  });
});

describe('where one call takes many', () => {
  it('a drain is told of as a whole: the statistics are those at its end', () => {
    const { channel, told } = watched(4);
    fill(channel, 4);
    const sends = [5, 6, 7].map((item) => channel.send(item));
    expect(channel.drain()).toHaveLength(7);
    expect(told).toEqual(['high 4', 'low 0']);
    return Promise.all(sends);
  });

  it('a batch is told of as a whole', async () => {
    const { channel, told } = watched(10);
    fill(channel, 10);
    expect(await channel.receiveMany(8)).toHaveLength(8);
    expect(told).toEqual(['high 8', 'low 2']);
  });

  it('a batch that leaves the channel full, since blocked senders filled it, is not told of', async () => {
    const { channel, told } = watched(2);
    fill(channel, 2);
    const sends = [3, 4].map((item) => channel.send(item));
    await channel.receiveMany(2);
    expect(told).toEqual(['high 2']);
    expect(channel.size).toBe(2);
    await Promise.all(sends);
  });
});

describe('at the end', () => {
  it('a cancel tells of no low, nor does anything after it', () => {
    const { channel, told } = watched(2);
    fill(channel, 1);
    const permit = channel.tryReserve();
    channel.cancel();
    permit?.release();
    expect(told).toEqual(['high 2']);
  });

  it('disposal tells of none either', () => {
    const { channel, told } = watched(1);
    channel.trySend(1);
    channel[Symbol.dispose]();
    expect(told).toEqual(['high 1']);
  });

  it('a closed channel that is drained past the mark tells of it, and of the last item', async () => {
    const { channel, told } = watched(4, { watermarks: { high: 1, low: 0 } });
    fill(channel, 4);
    channel.close();
    expect(told).toEqual(['high 4']);
    for await (const _ of channel) expect(told.length).toBe(channel.size === 0 ? 2 : 1);
    expect(told).toEqual(['high 4', 'low 0']);
  });

  it('a closed channel whose permit is used, or released, tells of it', () => {
    const { channel, told } = watched(2);
    const permits = [channel.tryReserve(), channel.tryReserve()];
    channel.close();
    permits[0]?.release();
    expect(told).toEqual(['high 2', 'low 1']);
    permits[1]?.release();
    expect(channel.ended).toBe(true);
    expect(told).toEqual(['high 2', 'low 1']);
  });

  it('a close tells of nothing by itself', () => {
    const { channel, told } = watched(2);
    fill(channel, 2);
    channel.close();
    expect(told).toEqual(['high 2']);
  });
});

describe('a callback that calls its own channel', () => {
  it('is never nested: what it causes is told after it has returned', () => {
    const log: string[] = [];
    const channel: Channel<number> = new Channel<number>(4, {
      onPressure: (level) => {
        log.push(`in ${level}`);
        if (level === 'high') channel.drain();
        log.push(`out ${level}`);
      },
    });
    fill(channel, 4);
    expect(log).toEqual(['in high', 'out high', 'in low', 'out low']);
    expect(channel.size).toBe(0);
  });

  it('may send, also what goes on being told of', () => {
    const told: string[] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      onPressure: (level) => {
        told.push(level);
        if (told.length < 6) {
          if (level === 'high') channel.drain();
          else fill(channel, 2);
        }
      },
    });
    fill(channel, 2);
    expect(told).toEqual(['high', 'low', 'high', 'low', 'high', 'low']);
  });

  it('gets statistics of the moment that it is told of, not of when it runs', () => {
    const sizes: number[] = [];
    const channel: Channel<number> = new Channel<number>(4, {
      onPressure: (level, { size }) => {
        sizes.push(size);
        if (level === 'high') {
          while (channel.size > 2) channel.tryReceive(); // low is told of 2
          channel.drain();
        }
      },
    });
    fill(channel, 4);
    expect(sizes).toEqual([4, 2]);
  });

  it.each(['close', 'cancel'] as const)('may %s', async (end) => {
    const { channel, told } = watched(2, {
      onPressure: (level) => {
        told.push(level);
        channel[end]();
      },
    });
    fill(channel, 2);
    expect(told).toEqual(['high']);
    expect([channel.closed, channel.ended]).toEqual([true, end === 'cancel']);
    expect(channel.drain()).toEqual(end === 'cancel' ? [] : [1, 2]);
    expect(told).toEqual(end === 'cancel' ? ['high'] : ['high', 'low']);
  });

  it('may use and release permits', () => {
    const permits: (Permit<number> | undefined)[] = [];
    const { channel, told } = watched(2, {
      onPressure: (level) => {
        told.push(level);
        for (const permit of permits) permit?.release();
      },
    });
    permits.push(channel.tryReserve());
    channel.trySend(1);
    expect(told).toEqual(['high', 'low']);
    expect(channel.stats()).toMatchObject({ reserved: 0, size: 1 });
  });

  it('comes in the order of what happened beside onDrop, and neither inside the other', () => {
    const log: string[] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      overflow: 'drop-oldest',
      onDrop: (item, why) => log.push(`drop ${item} ${why}`),
      onPressure: (level) => {
        log.push(`in ${level}`);
        if (level === 'high') {
          channel.trySend(3);
          channel.cancel();
        }
        log.push(`out ${level}`);
      },
    });
    fill(channel, 2);
    expect(log).toEqual(['in high', 'out high', 'drop 1 drop-oldest', 'drop 2 cancel', 'drop 3 cancel']);
  });

  it('from onDrop, which makes room, is told after that has returned', () => {
    const log: string[] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      overflow: 'drop-newest',
      onPressure: (level) => log.push(level),
      onDrop: () => {
        channel.drain();
        log.push('dropped');
      },
    });
    fill(channel, 3);
    expect(log).toEqual(['high', 'dropped', 'low']);
  });
});

describe('a callback that throws', () => {
  it('breaks nothing: the call succeeds, the error goes to reportError, and the next change is told', async () => {
    const reportError = vi.fn();
    vi.stubGlobal('reportError', reportError);
    const channel = new Channel<number>(1, {
      onPressure: (level) => {
        throw new Error(level);
      },
    });
    const send = watch(channel.send(1));
    expect(channel.trySend(2)).toBe(false);
    expect(channel.drain()).toEqual([1]);
    const permit = channel.tryReserve();
    expect(permit).toBeDefined();
    permit?.release();
    expect(reportError.mock.calls.map(([error]) => (error as Error).message)).toEqual(['high', 'low', 'high', 'low']);
    await microtasks();
    expect(send.state).toBe('fulfilled');
  });
});

describe('a source poured in', () => {
  it('makes pressure, and stops it', async () => {
    const told: string[] = [];
    const channel = Channel.from([1, 2, 3, 4, 5], 2, {
      onPressure: (level, { size }) => told.push(`${level} ${size}`),
    });
    await macrotask();
    expect(told).toEqual(['high 2']);
    for await (const _ of channel);
    expect(told.at(-1)).toMatch(/^low/);
    told.forEach((each, n) => expect(each).toMatch(n % 2 === 0 ? /^high/ : /^low/));
  });
});

describe('the options', () => {
  const onPressure = (): void => {};
  it.each([
    [{ high: 1.1 }],
    [{ high: 0 }],
    [{ high: -1 }],
    [{ low: -0.1 }],
    [{ low: 0.8 }],
    [{ low: 0.9 }],
    [{ high: 0.5 }],
    [{ high: 0.4 }],
    [{ high: Number.NaN }],
    [{ low: Number.NaN }],
    [{ high: Number.POSITIVE_INFINITY }],
  ])(
    'that are no 0 ≤ low < high ≤ 1 are a RangeError that names them, with or without a callback: %o',
    (watermarks) => {
      for (const options of [{ watermarks }, { watermarks, onPressure }]) {
        const error = thrown(() => new Channel(10, options));
        expect(error).toBeInstanceOf(RangeError);
        expect((error as Error).message).toContain('options.watermarks');
      }
    },
  );

  it.each([
    [{ watermarks: null }],
    [{ watermarks: 0.5 }],
    [{ watermarks: { high: '0.8' } }],
    [{ watermarks: { low: null } }],
  ])('that are of the wrong kind are a TypeError that names them: %o', (options) => {
    const error = thrown(() => new Channel(10, options as never));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('options.watermarks');
  });

  it.each([
    ['a string', 'log'],
    ['null', null],
    ['an object', {}],
  ])('of which the callback is %s are a TypeError', (_what, value) => {
    const error = thrown(() => new Channel(10, { onPressure: value as never }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('options.onPressure');
  });

  it.each([
    ['watermarks', { watermarks: {} }],
    ['onPressure', { onPressure }],
    ['watermarks', { watermarks: { high: 1 }, onPressure }],
  ])('at capacity 0 are a RangeError that names %s', (named, options) => {
    const error = thrown(() => new Channel(0, options));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain(named);
  });

  it('that are undefined count as left out, at capacity 0 too', () => {
    for (const capacity of [0, 1]) new Channel(capacity, { watermarks: undefined, onPressure: undefined });
  });

  it('have no place in a queue', () => {
    for (const options of [{ watermarks: {} }, { onPressure }]) {
      const error = thrown(() => new BoundedQueue(1, options as never));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain(Object.keys(options)[0]);
    }
  });

  it('cost a channel without them nothing', () => {
    expect(full(3).drain()).toEqual([1, 2, 3]);
  });
});

describe('the law', () => {
  it('high and low come in turn, each at its mark, whatever happens between', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.constantFrom('send', 'take', 'drain', 'reserve', 'release', 'use'), { maxLength: 60 }),
        (capacity, tenths, more, steps) => {
          const [low, high] = [tenths / 10, Math.min(10, tenths + more) / 10];
          const { channel, told } = watched(capacity, { watermarks: { low, high } });
          const permits: Permit<number>[] = [];
          const expected: string[] = [];
          for (const step of steps) {
            if (step === 'send') channel.trySend(1);
            else if (step === 'take') channel.tryReceive();
            else if (step === 'drain') channel.drain();
            else if (step === 'release') permits.pop()?.release();
            else if (step === 'use') permits.pop()?.send(1);
            else {
              const permit = channel.tryReserve();
              if (permit !== undefined) permits.push(permit);
            }
            const { weight, reserved } = channel.stats();
            const taken = weight + reserved;
            // In tenths, where all is a whole number.
            const isHigh = expected.length % 2 === 1;
            if (!isHigh && taken * 10 >= Math.round(high * 10) * capacity) expected.push(`high ${taken}`);
            else if (isHigh && taken * 10 <= tenths * capacity) expected.push(`low ${taken}`);
          }
          expect(told).toEqual(expected);
        },
      ),
    );
  });
});
