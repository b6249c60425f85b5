// When accepted senders that had waited are told: together, at the first of six occasions; and never out of order.

import { BoundedQueue, Channel } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full, macrotask, microtasks, type Watched, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

const CAPACITY = 8;

/** A full channel with sends that wait. */
function saturated(waiting: number, capacity = CAPACITY): { channel: Channel<number>; sends: Watched[] } {
  const channel = full(capacity);
  const sends = Array.from({ length: waiting }, (_, i) => watch(channel.send(capacity + i + 1)));
  return { channel, sends };
}

const states = (sends: Watched[]): string => sends.map(({ state }) => state[0]).join('');

describe('sends that waited and were accepted', () => {
  it('are not told while less than half the capacity has been taken', async () => {
    const { channel, sends } = saturated(4);
    for (let i = 0; i < CAPACITY / 2 - 1; i++) channel.tryReceive();
    await microtasks();
    expect(channel.stats().waitingSenders).toBe(1);
    expect(states(sends)).toBe('pppp');
  });

  it.each([
    ['tryReceive', (channel: Channel<number>) => void channel.tryReceive()],
    ['receive', (channel: Channel<number>) => void channel.receive()],
    ['next', (channel: Channel<number>) => void channel[Symbol.asyncIterator]().next()],
  ])('are told together when half the capacity has been taken since the first of them (%s)', async (_how, take) => {
    const { channel, sends } = saturated(10);
    for (let i = 0; i < CAPACITY / 2 - 1; i++) take(channel);
    await microtasks();
    expect(states(sends)).toBe('pppppppppp');
    // Whether the take that let the first one in counts is not said: so one more.
    take(channel);
    take(channel);
    await microtasks();
    expect(states(sends)).toMatch(/^ffff/);
  });

  it('are told by a batch that takes half, and by a drain', async () => {
    const batch = saturated(10);
    await batch.channel.receiveMany(CAPACITY / 2 + 1);
    await microtasks();
    expect(states(batch.sends)).toMatch(/^ffff/);
    const drained = saturated(10);
    drained.channel.drain();
    await microtasks();
    expect(states(drained.sends)).toBe('ffffffffff');
  });

  describe('are told when any operation of the module is about to wait:', () => {
    const waits: [string, () => unknown][] = [
      ['receive', () => new Channel(1).receive()],
      ['receiveMany', () => new Channel(1).receiveMany(2)],
      ['next', () => new Channel(1)[Symbol.asyncIterator]().next()],
      ['batches', () => new Channel(1).batches(2).next()],
      ['send', () => full(1).send(2)],
      ['send of a handle', () => full(1).sender().send(2)],
      ['sendAll', () => full(1).sendAll([2])],
      ['from', () => Channel.from([1, 2], 1)],
      ['put', () => new BoundedQueue<number>(1).put(1).then(() => {})],
      ['take', () => new BoundedQueue(1).take()],
      ['takeMany', () => new BoundedQueue(1).takeMany(2)],
      [
        'join',
        () => {
          const queue = new BoundedQueue<number>(1);
          queue.tryPut(1);
          return queue.join();
        },
      ],
    ];
    it.each(waits.filter(([name]) => name !== 'put'))('%s', async (_name, wait) => {
      const { channel, sends } = saturated(2);
      channel.tryReceive();
      await microtasks();
      expect(states(sends)).toBe('pp');
      wait();
      await microtasks();
      expect(states(sends)).toBe('fp');
    });

    it('put', async () => {
      const queue = new BoundedQueue<number>(1);
      queue.tryPut(1);
      const { channel, sends } = saturated(2);
      channel.tryReceive();
      void queue.put(2);
      await microtasks();
      expect(states(sends)).toBe('fp');
    });
  });

  it('are not told by an operation elsewhere that does not wait', async () => {
    const { channel, sends } = saturated(1);
    channel.tryReceive();
    const other = full(2);
    void other.receive();
    void other.send(1);
    other.trySend(1);
    other.drain();
    await microtasks();
    expect(states(sends)).toBe('p');
  });

  it.each(['close', 'cancel'] as const)('are told at %s', async (end) => {
    const { channel, sends } = saturated(1);
    channel.tryReceive();
    channel[end]();
    await microtasks();
    expect(states(sends)).toBe('f');
  });

  it('are told before a newer send that is accepted at once', async () => {
    const { channel, sends } = saturated(1);
    channel.tryReceive();
    channel.tryReceive();
    await microtasks();
    expect(states(sends)).toBe('p');
    const before: string[] = [];
    await channel.send(100).then(() => before.push(states(sends)));
    expect(before).toEqual(['f']);
  });

  it('are told at a newer trySend that is accepted at once', async () => {
    const { channel, sends } = saturated(1);
    channel.tryReceive();
    channel.tryReceive();
    expect(channel.trySend(100)).toBe(true);
    await microtasks();
    expect(states(sends)).toBe('f');
  });

  it('are told in the next macrotask, where nothing else happens', async () => {
    const { channel, sends } = saturated(2);
    channel.tryReceive();
    await microtasks();
    expect(states(sends)).toBe('pp');
    await macrotask();
    expect(states(sends)).toBe('fp');
  });

  it('of several channels are all told in one macrotask', async () => {
    const all = Array.from({ length: 5 }, () => saturated(1));
    for (const { channel } of all) channel.tryReceive();
    await microtasks();
    expect(all.map(({ sends }) => states(sends))).toEqual(['p', 'p', 'p', 'p', 'p']);
    await macrotask();
    expect(all.map(({ sends }) => states(sends))).toEqual(['f', 'f', 'f', 'f', 'f']);
  });

  it.each([0, 1])('at capacity %i are told at once', async (capacity) => {
    const { channel, sends } = saturated(3, capacity);
    channel.tryReceive();
    await microtasks();
    expect(states(sends)).toBe('fpp');
    channel.tryReceive();
    await microtasks();
    expect(states(sends)).toBe('ffp');
  });

  it('are told again and again: bursts follow one another', async () => {
    const { channel, sends } = saturated(20);
    for (let taken = 1; taken <= 20; taken++) {
      channel.tryReceive();
      if (taken % 5 === 0) await macrotask();
    }
    expect(states(sends)).toBe('f'.repeat(20));
  });

  it.each([2, 3, 8, 64])('are fulfilled in the order in which they were accepted, at capacity %i', async (capacity) => {
    const channel = full(capacity);
    const order: number[] = [];
    let count = 0;
    const send = (): void => {
      const mine = count++;
      void channel.send(mine).then(() => order.push(mine));
    };
    for (let i = 0; i < 20; i++) send();
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < (round * 7) % (capacity + 3); i++) channel.tryReceive();
      for (let i = 0; i < (round * 5) % 4; i++) send();
      if (round % 3 === 0) await microtasks();
      if (round % 11 === 0) await macrotask();
    }
    channel.drain();
    await macrotask();
    expect(order).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  it('are disarmed: their timers are gone, and an abort or a timeout comes too late', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const channel = full(CAPACITY);
    const controller = new AbortController();
    const sends = [watch(channel.send(9, { timeout: 10 })), watch(channel.send(10, { signal: controller.signal }))];
    channel.tryReceive();
    channel.tryReceive();
    expect(vi.getTimerCount()).toBe(0);
    controller.abort();
    vi.advanceTimersByTime(100);
    await microtasks();
    expect(states(sends)).toBe('pp');
    await macrotask();
    expect(states(sends)).toBe('ff');
    expect(channel.drain()).toContain(10);
  });
});

describe('a saturated cycle of two full channels', () => {
  it('goes on without waiting for macrotasks', async () => {
    const [there, back] = [full(64), full(64)];
    const rounds = 20_000;
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    // One item is taken out, so that the cycle can turn.
    there.tryReceive();
    const pump = async (from: Channel<number>, to: Channel<number>): Promise<void> => {
      for (let i = 0; i < rounds; i++) await to.send((await from.receive()) as number);
    };
    await Promise.race([pump(there, back), pump(back, there)]);
    running = false;
    // Politeness costs one a 1,024 operations: that is 20,000 × 4 / 1,024.
    expect(turns).toBeLessThan(200);
  });
});

describe('a receive', () => {
  it('settles a few microtasks after its item was handed over, at the latest', async () => {
    const channel = new Channel<number>(4);
    for (let i = 0; i < 40; i++) {
      const receive = watch(channel.receive());
      await channel.send(i);
      await microtasks();
      expect(receive.result).toBe(i);
    }
  });

  describe('that is told late, after a row of hand-offs, is told before', () => {
    type Rival = [string, (channel: Channel<number>, note: (what: unknown) => void) => Promise<unknown>];
    const rivals: Rival[] = [
      ['a receive that completes at once', (channel, note) => channel.receive().then(note)],
      ['a batch that completes at once', (channel, note) => channel.receiveMany(2).then(note)],
      ['a next that completes at once', (channel, note) => channel[Symbol.asyncIterator]().next().then(note)],
      [
        'a receive that is handed the next item',
        (channel, note) => {
          channel.drain();
          const receive = channel.receive().then(note);
          channel.trySend(3);
          return receive;
        },
      ],
      [
        'the end by close',
        (channel, note) => {
          channel.drain();
          const waiting = channel.receive().then(note);
          channel.close();
          return waiting;
        },
      ],
      [
        'the end by cancel',
        (channel, note) => {
          channel.cancel();
          return channel.receive().then(note);
        },
      ],
    ];
    it.each(rivals)('%s', async (_what, rival) => {
      for (let row = 0; row < 20; row++) {
        const channel = new Channel<number>(4);
        for (let i = 0; i < row; i++) {
          const receive = channel.receive();
          channel.trySend(0);
          await receive;
        }
        const order: unknown[] = [];
        const first = channel.receive().then((item) => order.push(item));
        channel.trySend(1);
        channel.trySend(2);
        await Promise.all([first, rival(channel, (what) => order.push(what))]);
        expect(order).toHaveLength(2);
        expect(order[0]).toBe(1);
      }
    });
  });

  it('that is told late has been handed its item: no abort and no return takes it back', async () => {
    for (let row = 0; row < 20; row++) {
      const channel = new Channel<number>(4);
      for (let i = 0; i < row; i++) {
        const receive = channel.receive();
        channel.trySend(0);
        await receive;
      }
      const controller = new AbortController();
      const receive = watch(channel.receive({ signal: controller.signal }));
      channel.trySend(1);
      controller.abort();
      await microtasks();
      expect(receive).toEqual({ state: 'fulfilled', result: 1 });
      const iterator = channel[Symbol.asyncIterator]();
      const next = iterator.next();
      channel.trySend(2);
      await iterator.return();
      expect(await next).toEqual({ value: 2, done: false });
    }
  });
});
