// What a send does on a full channel: every policy at every kind of capacity, which error goes first, and what onDrop is told.

import { BoundedQueue, Channel, type DropReason, OverflowError } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full, macrotask, microtasks, rejection, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A channel that is full, and what it has dropped. */
function dropping(capacity: number, overflow: 'drop-oldest' | 'drop-newest') {
  const dropped: [number, DropReason][] = [];
  const channel = full(capacity, {
    overflow,
    onDrop: (item, why) => dropped.push([item, why]),
  });
  dropped.length = 0;
  return { channel, dropped };
}

/** The errors that nobody caught, of what is run and of the two turns after it; none while it runs. */
async function uncaughtDuring(run: () => void): Promise<unknown[]> {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught: unknown[] = [];
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    run();
    expect(uncaught).toEqual([]);
    await macrotask();
    await macrotask();
    return uncaught;
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  }
}

describe("'drop-newest'", () => {
  it.each([1, 3])('drops the incoming item at capacity %i, and the send fulfils', async (capacity) => {
    const { channel, dropped } = dropping(capacity, 'drop-newest');
    await channel.send(100);
    expect(channel.trySend(101)).toBe(true);
    expect(dropped).toEqual([
      [100, 'drop-newest'],
      [101, 'drop-newest'],
    ]);
    expect(channel.stats()).toMatchObject({
      sent: capacity + 2,
      dropped: 2,
      size: capacity,
    });
    expect(channel.drain()).toEqual(Array.from({ length: capacity }, (_, i) => i + 1));
  });

  it('drops at capacity 0 whatever no receiver waits for', async () => {
    const { channel, dropped } = dropping(0, 'drop-newest');
    await channel.send(1);
    expect(channel.trySend(2)).toBe(true);
    const receive = channel.receive();
    await channel.send(3);
    expect(await receive).toBe(3);
    expect(dropped.map(([item]) => item)).toEqual([1, 2]);
    expect(channel.stats()).toMatchObject({ sent: 3, dropped: 2, received: 1 });
  });
});

describe("'drop-oldest'", () => {
  it.each([1, 3])('drops the oldest buffered item at capacity %i and keeps the order of the rest', async (capacity) => {
    const { channel, dropped } = dropping(capacity, 'drop-oldest');
    await channel.send(100);
    expect(channel.trySend(101)).toBe(true);
    const all = [...Array.from({ length: capacity }, (_, i) => i + 1), 100, 101];
    expect(dropped).toEqual(all.slice(0, 2).map((item) => [item, 'drop-oldest']));
    expect(channel.stats()).toMatchObject({
      sent: capacity + 2,
      dropped: 2,
      size: capacity,
      peakSize: capacity,
    });
    expect(channel.drain()).toEqual(all.slice(2));
  });

  it('at capacity 1 keeps the latest', async () => {
    const { channel } = dropping(1, 'drop-oldest');
    for (let i = 2; i <= 100; i++) channel.trySend(i);
    expect(channel.drain()).toEqual([100]);
  });
});

describe('a policy that drops', () => {
  it.each(['drop-oldest', 'drop-newest'] as const)('never makes a send wait (%s)', async (overflow) => {
    const { channel } = dropping(1, overflow);
    for (let i = 0; i < 5; i++) void channel.send(i);
    expect(channel.stats().waitingSenders).toBe(0);
  });

  it.each(['drop-oldest', 'drop-newest'] as const)(
    'drops nothing while there is room or a receiver (%s)',
    async (overflow) => {
      const dropped: number[] = [];
      const channel = new Channel<number>(1, {
        overflow,
        onDrop: (item) => dropped.push(item),
      });
      const receive = channel.receive();
      await channel.send(1);
      await channel.send(2);
      expect(await receive).toBe(1);
      expect(dropped).toEqual([]);
    },
  );

  it.each(['drop-oldest', 'drop-newest'] as const)('counts what it drops without an onDrop, too (%s)', (overflow) => {
    const channel = new Channel<number>(1, { overflow });
    channel.trySend(1);
    channel.trySend(2);
    expect(channel.stats()).toMatchObject({ sent: 2, dropped: 1, size: 1 });
  });
});

describe("'reject'", () => {
  it.each([0, 1, 3])('rejects at capacity %i with OverflowError, which gives the item back', async (capacity) => {
    const channel = full(capacity, { overflow: 'reject' });
    const error = await rejection(channel.send(100));
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 100 });
    expect(channel.trySend(101)).toBe(false);
    expect(channel.stats()).toMatchObject({
      sent: capacity,
      dropped: 0,
      size: capacity,
    });
  });

  it('accepts while there is room or a receiver', async () => {
    const channel = new Channel<number>(0, { overflow: 'reject' });
    const receive = channel.receive();
    await channel.send(1);
    expect(await receive).toBe(1);
  });
});

describe('of two reasons to refuse a send, this one goes first:', () => {
  const aborted = { signal: AbortSignal.abort('aborted') };

  it('an aborted signal before a closed channel', async () => {
    const channel = new Channel<number>(1);
    channel.close();
    expect(await rejection(channel.send(1, aborted))).toBe('aborted');
    expect(await rejection(channel.receive(aborted))).toBe('aborted');
    expect(await rejection(channel.sendAll([1], aborted))).toBe('aborted');
  });

  it('an aborted signal before timeout 0', async () => {
    expect(await rejection(new Channel(0).send(1, { ...aborted, timeout: 0 }))).toBe('aborted');
    expect(await rejection(new Channel(0).receive({ ...aborted, timeout: 0 }))).toBe('aborted');
  });

  it('an aborted signal before a policy: nothing is dropped', async () => {
    const { channel, dropped } = dropping(1, 'drop-oldest');
    expect(await rejection(channel.send(2, aborted))).toBe('aborted');
    expect(dropped).toEqual([]);
  });

  it('a closed channel before every policy', async () => {
    for (const overflow of ['reject', 'drop-newest', 'drop-oldest'] as const) {
      const channel = full(1, { overflow });
      channel.close();
      expect(await rejection(channel.send(2))).toMatchObject({
        code: 'ERR_SLUICE_CLOSED',
        value: 2,
      });
      expect(channel.stats()).toMatchObject({ sent: 1, dropped: 0 });
    }
  });

  it('a closed channel before timeout 0', async () => {
    const channel = full(1);
    channel.close();
    expect(await rejection(channel.send(2, { timeout: 0 }))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
    });
  });

  it('the end before timeout 0 of a receive', async () => {
    const channel = new Channel<number>(1);
    channel.close();
    expect(await channel.receive({ timeout: 0 })).toBeUndefined();
  });

  it('the policy before timeout 0', async () => {
    const channel = full(1, { overflow: 'reject' });
    expect(await rejection(channel.send(2, { timeout: 0 }))).toBeInstanceOf(OverflowError);
    const { channel: drops } = dropping(1, 'drop-newest');
    await drops.send(2, { timeout: 0 });
    expect(drops.stats().dropped).toBe(1);
  });

  it('the policy before maxWaiters', async () => {
    const channel = full(1, { overflow: 'reject', maxWaiters: 0 });
    expect(await rejection(channel.send(2))).toBeInstanceOf(OverflowError);
  });

  it('timeout 0 before maxWaiters', async () => {
    const channel = full(1, { maxWaiters: 0 });
    expect(await rejection(channel.send(2, { timeout: 0 }))).toMatchObject({
      code: 'ERR_SLUICE_TIMEOUT',
    });
  });

  it('none, where it succeeds', async () => {
    const channel = new Channel<number>(1, {
      overflow: 'reject',
      maxWaiters: 0,
    });
    await channel.send(1, { timeout: 0 });
    expect(channel.size).toBe(1);
  });
});

describe('onDrop', () => {
  it('is told before the call that dropped returns', () => {
    const { channel, dropped } = dropping(1, 'drop-newest');
    void channel.send(2);
    expect(dropped).toHaveLength(1);
    channel.trySend(3);
    expect(dropped).toHaveLength(2);
    channel.cancel();
    expect(dropped).toHaveLength(3);
  });

  it('sees a consistent channel', () => {
    const seen: unknown[] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      overflow: 'drop-oldest',
      onDrop: () => {
        const { sent, received, dropped, size } = channel.stats();
        seen.push(size, sent - received - dropped - size);
      },
    });
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(seen).toEqual([2, 0]);
  });

  it('sees at a cancel a channel that has ended', () => {
    const seen: unknown[] = [];
    const channel: Channel<number> = full(2, {
      onDrop: (item) => seen.push(item, channel.ended, channel.size, channel.stats().dropped, channel.trySend(9)),
    });
    channel.cancel();
    expect(seen).toEqual([1, true, 0, 2, false, 2, true, 0, 2, false]);
  });

  it('is never nested: drops that it causes are told after it has returned, in order', () => {
    const log: string[] = [];
    const channel: Channel<number> = new Channel<number>(1, {
      overflow: 'drop-newest',
      onDrop: (item) => {
        log.push(`in ${item}`);
        if (item < 4) channel.trySend(item + 1);
        if (item === 2) channel.trySend(20);
        log.push(`out ${item}`);
      },
    });
    channel.trySend(0);
    channel.trySend(1);
    expect(log).toEqual(['in 1', 'out 1', 'in 2', 'out 2', 'in 3', 'out 3', 'in 20', 'out 20', 'in 4', 'out 4']);
  });

  it('may cancel its own channel, and is told of the rest after it has returned', () => {
    const log: unknown[] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      overflow: 'drop-newest',
      onDrop: (item, why) => {
        log.push([item, why]);
        channel.cancel();
        log.push('out');
      },
    });
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(log).toEqual([[3, 'drop-newest'], 'out', [1, 'cancel'], 'out', [2, 'cancel'], 'out']);
  });

  it('may send to its own channel, whose send fulfils', async () => {
    const results: unknown[] = [];
    const channel: Channel<number> = new Channel<number>(1, {
      overflow: 'drop-oldest',
      onDrop: (item) => {
        if (item === 1) results.push(watch(channel.send(3)));
      },
    });
    channel.trySend(1);
    channel.trySend(2);
    expect(channel.drain()).toEqual([3]);
    await macrotask();
    expect(results).toMatchObject([{ state: 'fulfilled' }]);
  });

  it('may receive from its own channel', () => {
    const received: unknown[] = [];
    const channel: Channel<number> = new Channel<number>(2, {
      overflow: 'drop-oldest',
      onDrop: () => received.push(channel.tryReceive()),
    });
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect(received).toEqual([2]);
    expect(channel.drain()).toEqual([3]);
  });

  it('that throws breaks nothing: the error goes to reportError, and the other drops are told', async () => {
    const reportError = vi.fn();
    vi.stubGlobal('reportError', reportError);
    const told: number[] = [];
    const channel = full(3, {
      onDrop: (item) => {
        told.push(item);
        throw new Error(`drop ${item}`);
      },
    });
    const send = watch(channel.send(4));
    channel.cancel();
    expect(told).toEqual([1, 2, 3]);
    expect(reportError.mock.calls).toEqual([[new Error('drop 1')], [new Error('drop 2')], [new Error('drop 3')]]);
    await microtasks();
    expect(send.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 4 });
  });

  it('that throws does not reject the send whose item was dropped', async () => {
    vi.stubGlobal('reportError', () => {});
    const channel = new Channel<number>(0, {
      overflow: 'drop-newest',
      onDrop: () => {
        throw new Error('drop');
      },
    });
    await channel.send(1);
    expect(channel.trySend(2)).toBe(true);
    expect(channel.stats().dropped).toBe(2);
  });

  it('that throws is told of later drops, even where reportError throws as well', async () => {
    vi.stubGlobal('reportError', () => {
      throw new Error('report');
    });
    let told = 0;
    await uncaughtDuring(() => {
      const channel = new Channel<number>(0, {
        overflow: 'drop-newest',
        onDrop: () => {
          told++;
          throw new Error('drop');
        },
      });
      expect([channel.trySend(1), channel.trySend(2)]).toEqual([true, true]);
    });
    expect(told).toBe(2);
  });

  it('that throws where there is no reportError throws from a macrotask of its own', async () => {
    vi.stubGlobal('reportError', undefined);
    const uncaught = await uncaughtDuring(() => {
      full(2, {
        onDrop: (item) => {
          throw new Error(`drop ${item}`);
        },
      }).cancel();
    });
    expect(uncaught).toEqual([new Error('drop 1'), new Error('drop 2')]);
  });

  it('is not told of an item whose send rejected', async () => {
    const told: unknown[] = [];
    const channel = full(1, { onDrop: (item) => told.push(item) });
    const controller = new AbortController();
    const sends = [
      channel.send(2, { signal: controller.signal }),
      channel.send(3, { timeout: 0 }),
      channel.send(4),
    ].map(rejection);
    controller.abort();
    channel.cancel();
    await Promise.all(sends);
    expect(told).toEqual([1]);
  });

  it('is told the oldest first at a cancel', () => {
    const { channel, dropped } = dropping(3, 'drop-newest');
    channel.cancel();
    expect(dropped).toEqual([
      [1, 'cancel'],
      [2, 'cancel'],
      [3, 'cancel'],
    ]);
  });

  it('is told of undefined, too', () => {
    const onDrop = vi.fn();
    const channel = new Channel<undefined>(1, { onDrop });
    channel.trySend(undefined);
    channel.cancel();
    expect(onDrop.mock.calls).toEqual([[undefined, 'cancel']]);
  });

  it('of one channel may run inside that of another', () => {
    const log: string[] = [];
    const inner = new Channel<number>(0, {
      overflow: 'drop-newest',
      onDrop: () => log.push('inner'),
    });
    const outer = new Channel<number>(0, {
      overflow: 'drop-newest',
      onDrop: (item) => {
        inner.trySend(item);
        log.push('outer');
      },
    });
    outer.trySend(1);
    expect(log).toEqual(['inner', 'outer']);
  });

  it('of a queue is not told by cancel, which returns the items instead', () => {
    const onDrop = vi.fn();
    const queue = new BoundedQueue<number>(2, { onDrop });
    queue.tryPut(1);
    expect(queue.cancel()).toEqual([1]);
    expect(onDrop).not.toHaveBeenCalled();
  });
});
