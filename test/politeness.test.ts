// A saturated channel never starves the event loop: timers fire while tasks exchange items that are always ready.

import { BoundedQueue, Channel } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full, letsTimersFire, macrotask, microtasks, passSlice, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

describe('a timer fires while', () => {
  it.each([0, 1, 2, 64, 1_024])('two tasks exchange items at capacity %i', async (capacity) => {
    const channel = new Channel<number>(capacity);
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await channel.send(1);
      })(),
      (async () => {
        while (going()) await channel.receive();
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('a consumer iterates and a producer uses trySend before it waits', async () => {
    const channel = new Channel<number>(16);
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) if (!channel.trySend(1)) await channel.send(1);
        channel.close();
      })(),
      (async () => {
        for await (const _ of channel) if (!going()) break;
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('two tasks wake each other by trySend', async () => {
    const [ping, pong] = [new Channel<number>(1), new Channel<number>(1)];
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) {
          ping.trySend(1);
          await pong.receive();
        }
      })(),
      (async () => {
        while (going()) {
          await ping.receive();
          pong.trySend(1);
        }
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it.each([
    ['tryReceive', (channel: Channel<number>) => void channel.tryReceive()],
    ['drain', (channel: Channel<number>) => void channel.drain()],
  ])('two tasks wake each other by %s', async (_how, take) => {
    const [ping, pong] = [new Channel<number>(0), new Channel<number>(0)];
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) {
          await ping.send(1);
          take(pong);
        }
      })(),
      (async () => {
        while (going()) {
          take(ping);
          await pong.send(1);
        }
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('two tasks wake each other by taskDone', async () => {
    const [ping, pong] = [new BoundedQueue<number>(1), new BoundedQueue<number>(1)];
    const again = (queue: BoundedQueue<number>): void => {
      queue.tryPut(1);
      queue.tryTake();
    };
    again(ping);
    again(pong);
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) {
          await ping.join();
          again(ping);
          pong.taskDone();
        }
      })(),
      (async () => {
        ping.taskDone();
        while (going()) {
          await pong.join();
          again(pong);
          ping.taskDone();
        }
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it.each(['drop-oldest', 'drop-newest'] as const)("a producer floods a channel that does '%s'", async (overflow) => {
    const channel = new Channel<number>(4, { overflow });
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await channel.send(1);
      })(),
    ]);
    expect(fired).toBe(true);
  });

  const refusals: [string, () => () => Promise<unknown>][] = [
    [
      "a full channel that does 'reject'",
      () => {
        const channel = full(1, { overflow: 'reject' });
        return () => channel.send(2);
      },
    ],
    [
      'a full channel with timeout 0',
      () => {
        const channel = full(1);
        return () => channel.send(2, { timeout: 0 });
      },
    ],
    [
      'a full channel where nobody may wait',
      () => {
        const channel = full(1, { maxWaiters: 0 });
        return () => channel.send(2);
      },
    ],
    [
      'an empty channel with timeout 0',
      () => {
        const channel = new Channel(1);
        return () => channel.receive({ timeout: 0 });
      },
    ],
    [
      'an empty channel in batches',
      () => {
        const channel = new Channel(1);
        return () => channel.receiveMany(3, { timeout: 0 });
      },
    ],
    [
      'a closed channel',
      () => {
        const channel = full(0);
        channel.close();
        return () => channel.send(1);
      },
    ],
    [
      'a closed handle',
      () => {
        const handle = new Channel<number>(1).sender();
        handle.close();
        return () => handle.send(1);
      },
    ],
    [
      'a failed end',
      () => {
        const channel = new Channel(1);
        channel.close('error');
        return () => channel.receive();
      },
    ],
    [
      'a failed end, by an iterator',
      () => {
        const channel = new Channel(1);
        channel.close('error');
        const items = channel[Symbol.asyncIterator]();
        return () => items.next();
      },
    ],
    [
      'a quiet end',
      () => {
        const channel = new Channel(1);
        channel.close();
        return () => channel.receive();
      },
    ],
    [
      'an aborted signal',
      () => {
        const channel = full(1);
        const signal = AbortSignal.abort();
        return () => channel.receive({ signal });
      },
    ],
    [
      'bad options',
      () => {
        const channel = full(1);
        return () => channel.receive({ timeout: -1 });
      },
    ],
    [
      'a bad max',
      () => {
        const channel = full(1);
        return () => channel.receiveMany(0);
      },
    ],
    [
      'a closed channel, with sendAll',
      () => {
        const channel = full(0);
        channel.close();
        return () => channel.sendAll([1]);
      },
    ],
    [
      'a full channel, with sendAll',
      () => {
        const channel = full(0);
        return () => channel.sendAll([1], { timeout: 0 });
      },
    ],
    [
      'an empty source, with sendAll',
      () => {
        const channel = full(0);
        return () => channel.sendAll([]);
      },
    ],
    [
      'an empty queue',
      () => {
        const queue = new BoundedQueue(1);
        return () => queue.take({ timeout: 0 });
      },
    ],
    [
      'a queue with nothing to join',
      () => {
        const queue = new BoundedQueue(1);
        return () => queue.join();
      },
    ],
    [
      'a queue to join that is not done',
      () => {
        const queue = new BoundedQueue<number>(1);
        queue.tryPut(1);
        return () => queue.join({ timeout: 0 });
      },
    ],
  ];
  it.each(refusals)('a loop tries again and again at %s', async (_where, make) => {
    const attempt = make();
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await attempt().catch(() => {});
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it.each(['drop-oldest', 'drop-newest'] as const)(
    "sendAll pours an endless sync source into a channel that does '%s'",
    async (overflow) => {
      const channel = new Channel<number>(4, { overflow });
      const fired = await letsTimersFire((going) => [
        channel.sendAll(
          (function* () {
            while (going()) yield 1;
          })(),
        ),
      ]);
      expect(fired).toBe(true);
    },
  );

  it('from pours an endless sync source and somebody iterates', async () => {
    const fired = await letsTimersFire((going) => [
      (async () => {
        const items = (function* () {
          while (going()) yield 1;
        })();
        for await (const _ of Channel.from(items, 16));
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('several tasks pass items through a chain of channels', async () => {
    const channels = [new Channel<number>(8), new Channel<number>(8), new Channel<number>(8)] as const;
    const pump = async (going: () => boolean, from: Channel<number>, to: Channel<number>): Promise<void> => {
      while (going()) await to.send((await from.receive()) as number);
    };
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await channels[0].send(1);
      })(),
      pump(going, channels[0], channels[1]),
      pump(going, channels[1], channels[2]),
      (async () => {
        while (going()) await channels[2].receiveMany(4);
      })(),
    ]);
    expect(fired).toBe(true);
  });
});

describe('the operation that spends the budget', () => {
  /** The first of a row of receives that does not settle in microtasks. */
  async function firstPutOff(channel: Channel<number>): Promise<void> {
    for (const until = performance.now() + 1_000; performance.now() < until; ) {
      channel.trySend(1);
      const receive = watch(channel.receive());
      await microtasks();
      if (receive.state === 'pending') return;
    }
    throw new Error('the budget is never spent');
  }

  it('comes after 1,024 that complete at once, where they took long enough', async () => {
    const channel = new Channel<number>(1);
    await firstPutOff(channel);
    await macrotask();
    passSlice();
    let operations = 0;
    for (let put = false; !put; ) {
      channel.trySend(1);
      const receive = watch(channel.receive());
      operations++;
      await microtasks();
      put = receive.state === 'pending';
    }
    expect(operations).toBe(1_024);
  });

  it('has its effect now and settles in the next macrotask, later ones of that channel behind it', async () => {
    const channel = new Channel<number>(4);
    await firstPutOff(channel);
    const order: string[] = [];
    const send = channel.send(1).then(() => order.push('send'));
    expect(channel.size).toBe(1);
    const receive = channel.receive().then((item) => order.push(`receive ${item}`));
    expect(channel.size).toBe(0);
    const refused = channel.receive({ timeout: 0 }).catch(() => order.push('refused'));
    await microtasks();
    expect(order).toEqual([]);
    await Promise.all([send, receive, refused]);
    expect(order).toEqual(['send', 'receive 1', 'refused']);
  });

  it('puts off, in order, whoever is woken by a synchronous call meanwhile', async () => {
    const channel = new Channel<number>(1);
    await firstPutOff(channel);
    const order: unknown[] = [];
    const late = channel.send(1).then(() => order.push('send'));
    channel.drain();
    const receives = [1, 2].map(() => channel.receive().then((item) => order.push(item)));
    channel.trySend(2);
    channel.trySend(3);
    channel.trySend(4);
    const blocked = channel.send(5).then(() => order.push('blocked'));
    expect(channel.tryReceive()).toBe(4);
    await microtasks();
    expect(order).toEqual([]);
    await Promise.all([late, ...receives, blocked]);
    expect(order).toEqual(['send', 2, 3, 'blocked']);
  });

  it.each(['close', 'cancel'] as const)('stays put off at a %s, which comes behind it, in order', async (end) => {
    const channel = new Channel<number>(2);
    await firstPutOff(channel);
    const order: string[] = [];
    const calls = [
      channel.send(1).then(() => order.push('send')),
      channel.receive().then((item) => order.push(`receive ${item}`)),
      channel.receive().then((item) => order.push(`receive ${item}`)),
    ];
    channel[end]();
    await microtasks();
    expect(order).toEqual([]);
    await Promise.all(calls);
    expect(order).toEqual(['send', 'receive 1', 'receive undefined']);
  });

  it.each([0, 1, 4])(
    'lets timers fire where each request closes a reply channel of its own, capacity %i',
    async (capacity) => {
      const requests = new Channel<{ reply: Channel<number> }>(capacity);
      const fired = await letsTimersFire((going) => [
        (async () => {
          for await (const { reply } of requests) {
            reply.trySend(1);
            reply.close();
          }
        })(),
        (async () => {
          while (going()) {
            const reply = new Channel<number>(1);
            const replied = reply.receive();
            await requests.send({ reply });
            await replied;
          }
          requests.close();
        })(),
      ]);
      expect(fired).toBe(true);
    },
  );

  it('of a feed settles with the outcome of the feed', async () => {
    const channel = new Channel<number>(8);
    await firstPutOff(channel);
    const feeding = channel.sendAll([1, 2]);
    const failing = channel.sendAll([3], { signal: AbortSignal.abort('aborted') }).catch((reason: unknown) => reason);
    expect(await Promise.all([feeding, failing])).toEqual([2, 'aborted']);
    expect(channel.drain()).toEqual([1, 2]);
  });

  it('puts off nothing of another channel', async () => {
    await firstPutOff(new Channel<number>(1));
    const other = new Channel<number>(1);
    const send = watch(other.send(1));
    await microtasks();
    expect(send.state).toBe('fulfilled');
    await macrotask();
  });

  it('is not the one that waited and was woken by a partner', async () => {
    const channel = new Channel<number>(0);
    await macrotask();
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    // Each round is one wait, and one operation that completes at once.
    const receiver = (async () => {
      for (let i = 0; i < 10_240; i++) await channel.receive();
    })();
    for (let i = 0; i < 10_240; i++) await channel.send(i);
    await receiver;
    running = false;
    expect(turns).toBeLessThan(20);
  });
});

describe('the macrotask', () => {
  it('is taken at module load: fake timers cannot hang a channel', async () => {
    passSlice();
    vi.useFakeTimers();
    const channel = new Channel<number>(4);
    const consumer = (async () => {
      let sum = 0;
      for await (const item of channel) sum += item;
      return sum;
    })();
    for (let i = 0; i < 5_000; i++) await channel.send(1);
    channel.close();
    expect(await consumer).toBe(5_000);
    const burst = full(8);
    const blocked = burst.send(9);
    burst.tryReceive();
    await blocked;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is none of fake timers that are there before the module is loaded', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'setInterval', 'performance', 'Date'] });
    vi.resetModules();
    const fresh = await import('../src/index.js');
    const channel = new fresh.Channel<number>(4);
    const received = (async () => {
      let count = 0;
      for await (const _ of channel) count++;
      return count;
    })();
    for (let i = 0; i < 5_000; i++) await channel.send(i);
    channel.close();
    expect(await received).toBe(5_000);
    const burst = new fresh.Channel<number>(8);
    for (let i = 0; i < 8; i++) burst.trySend(i);
    const blocked = burst.send(9);
    burst.tryReceive();
    await blocked;
    expect(vi.getTimerCount()).toBe(0);
  });
});
