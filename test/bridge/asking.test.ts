// How a bridge takes items out of a source, for a side that may be gone by then: of a channel of ours nothing is lost, of
// another receiver and of an async iterable what comes too late is dropped, and told; what comes too early is kept.

import { Channel, type Receiver, receiving, select } from 'sluice';
import { describe, expect, it, vi } from 'vitest';
import { type Asking, asking, NOTHING, type Taker } from '../../src/bridge/asking.js';
import { full, letsTimersFire, macrotask, microtasks, rejection, thrown, watch } from '../support.js';

/** The other side of a bridge: writes down what it is told, and asks again while it wants more. */
class Side implements Taker<number> {
  readonly log: unknown[] = [];
  readonly late: unknown[] = [];
  readonly asking: Asking<number>;
  alive = true;
  asked = 0;

  constructor(
    source: Receiver<number> | AsyncIterable<number>,
    private readonly greedy: boolean = true,
  ) {
    this.asking = asking(source, this, (item) => void this.late.push(item));
  }

  ask(): this {
    this.asking.ask();
    return this;
  }

  wants(): boolean {
    this.asked++;
    return this.alive;
  }

  take(item: number): void {
    this.log.push(item);
    if (this.greedy) this.asking.ask();
  }

  end(reason: unknown): void {
    this.log.push(['end', reason]);
  }
}

/** A receiver without the seam: that of a channel, seen from outside. */
function foreign<T>(channel: Channel<T>): Receiver<T> {
  return {
    receive: (options) => channel.receive(options),
    cancel: (reason) => channel.cancel(reason),
    [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
  };
}

/** An async iterable over a channel, which counts what is done to it. */
function iterated(channel: Channel<number>) {
  const seen = { opened: 0, pulled: 0, returned: 0 };
  const iterable: AsyncIterable<number> = {
    [Symbol.asyncIterator]() {
      seen.opened++;
      const iterator = channel[Symbol.asyncIterator]();
      return {
        next: () => (seen.pulled++, iterator.next()),
        return: () => (seen.returned++, iterator.return()),
      };
    },
  };
  return { iterable, seen };
}

type Kind = 'a channel' | 'another receiver' | 'an async iterable';
const KINDS: Kind[] = ['a channel', 'another receiver', 'an async iterable'];

function sourceOf(kind: Kind, channel: Channel<number>): Receiver<number> | AsyncIterable<number> {
  if (kind === 'a channel') return channel;
  return kind === 'another receiver' ? foreign(channel) : iterated(channel).iterable;
}

describe.each(KINDS)('asking %s', (kind) => {
  it('takes nothing before it is asked, and one item for each time', async () => {
    const channel = full(3);
    const side = new Side(sourceOf(kind, channel), false);
    await macrotask();
    expect([side.log, channel.size]).toEqual([[], 3]);
    side.ask().ask().ask();
    expect(side.log).toEqual([]);
    await macrotask();
    expect([side.log, channel.size]).toEqual([[1], 2]);
    side.ask();
    await macrotask();
    expect([side.log, channel.size]).toEqual([[1, 2], 1]);
  });

  it('gives all items in order, then the quiet end', async () => {
    const channel = full(3);
    const side = new Side(sourceOf(kind, channel)).ask();
    await macrotask();
    await channel.send(4);
    channel.close();
    await macrotask();
    expect(side.log).toEqual([1, 2, 3, 4, ['end', undefined]]);
    expect(side.late).toEqual([]);
  });

  it.each([[new Error('broken')], ['a reason'], [null], [0]])('tells of the failed end with %o', async (reason) => {
    const channel = full(1);
    channel.close(reason);
    const side = new Side(sourceOf(kind, channel)).ask();
    await macrotask();
    expect(side.log).toEqual([1, ['end', reason]]);
  });

  it('tells of an end once, and asks no more after it', async () => {
    const channel = new Channel<number>(1);
    const side = new Side(sourceOf(kind, channel)).ask();
    channel.close();
    await macrotask();
    side.ask();
    side.asking.leave();
    side.ask();
    expect(side.asking.now()).toBe(NOTHING);
    await macrotask();
    expect(side.log).toEqual([['end', undefined]]);
  });

  it('tells a side that has left nothing, not of the end either', async () => {
    for (const end of ['close', 'cancel'] as const) {
      const channel = new Channel<number>(1);
      const side = new Side(sourceOf(kind, channel)).ask();
      channel[end](new Error('broken'));
      side.asking.leave();
      await macrotask();
      expect(side.log).toEqual([]);
    }
  });

  it('may be left without being asked, or twice; then nothing is taken any more, however it is asked', async () => {
    const channel = new Channel<number>(2);
    const side = new Side(sourceOf(kind, channel));
    side.asking.leave();
    side.ask();
    side.asking.leave();
    side.asking.leave();
    await macrotask();
    side.ask();
    channel.trySend(1);
    channel.trySend(2);
    await macrotask();
    expect([side.asking.now(), side.log, channel.size + side.late.length]).toEqual([NOTHING, [], 2]);
  });

  it('cancels the source, with the first reason, and is over then', async () => {
    const channel = full(2);
    const cancel = vi.spyOn(channel, 'cancel');
    const side = new Side(sourceOf(kind, channel));
    if (kind === 'an async iterable') side.ask();
    side.asking.cancel('enough');
    side.asking.cancel('again');
    side.ask();
    await macrotask();
    expect(side.log).toEqual([]);
    if (kind === 'another receiver') expect(cancel.mock.calls).toEqual([['enough']]);
    if (kind === 'a channel') expect(await rejection(channel.receive())).toBe('enough');
  });

  it('loses nothing without a word, whenever it is left: sent = taken + late + still there', async () => {
    for (let race = 0; race < 60; race++) {
      const channel = new Channel<number>(race % 3);
      const side = new Side(sourceOf(kind, channel)).ask();
      const sends = [1, 2, 3, 4].map((item) => watch(channel.send(item)));
      for (let i = 0; i < race % 10; i++) await undefined;
      side.asking.leave();
      side.alive = false;
      await macrotask();
      const left = channel.drain();
      await macrotask();
      expect([...side.log, ...side.late, ...left]).toEqual([1, 2, 3, 4]);
      expect(side.late.length).toBeLessThanOrEqual(kind === 'a channel' ? 0 : 1);
      expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
    }
  });

  it('lets timers fire, however busy the source is', async () => {
    const channel = full(1_000);
    const refill = (): void => {
      while (channel.trySend(0));
    };
    const fired = await letsTimersFire((going) => {
      const done = new Promise<void>((resolve) => {
        const taker: Taker<number> = {
          wants: () => true,
          take(item) {
            for (let next: number | typeof NOTHING = item; next !== NOTHING; next = pump.now()) {
              if (channel.size < 10) refill();
              if (!going()) return resolve();
            }
            pump.ask();
          },
          end() {},
        };
        const pump = asking(sourceOf(kind, channel), taker, () => {});
        pump.ask();
      });
      return [done];
    });
    expect(fired).toBe(true);
  });
});

describe('asking a channel', () => {
  it('takes nothing from it that is not handed on in the same stretch', async () => {
    const channel = full(2);
    const side = new Side(channel).ask();
    side.alive = false;
    await macrotask();
    expect([side.log, side.asked, channel.size]).toEqual([[], 1, 2]);
    expect(channel.stats()).toMatchObject({ received: 0, waitingReceivers: 0 });
    side.alive = true;
    side.ask();
    await macrotask();
    expect(side.log).toEqual([1, 2]);
    expect(side.late).toEqual([]);
  });

  it('waits in one line with whoever else receives', async () => {
    const channel = new Channel<number>(4);
    const got: unknown[] = [];
    const note = (who: string) => (item: unknown) => void got.push(`${who} ${item}`);
    const side = new Side(channel, false);
    const taken = vi.spyOn(side.log, 'push').mockImplementation((item) => got.push(`side ${item}`));
    void channel.receive().then(note('receive'));
    side.ask();
    void channel.receive().then(note('receive'));
    void select({ item: receiving(channel) }).then(({ value }) => note('select')(value));
    for (const item of [1, 2, 3, 4]) channel.trySend(item);
    await macrotask();
    expect(got).toEqual(['receive 1', 'side 2', 'receive 3', 'select 4']);
    expect(taken).toHaveBeenCalledOnce();
  });

  it('has at once what is there, but not past others who wait, nor past its own question', async () => {
    const channel = full(3);
    const side = new Side(channel, false);
    expect([side.asking.now(), channel.size]).toEqual([1, 2]);
    side.ask();
    expect(side.asking.now()).toBe(NOTHING);
    await macrotask();
    expect(side.log).toEqual([2]);
    expect(side.asking.now()).toBe(3);
    expect(side.asking.now()).toBe(NOTHING);
    const other = new Side(channel, false).ask();
    const receive = channel.receive();
    channel.trySend(4);
    expect(side.asking.now()).toBe(NOTHING);
    channel.trySend(5);
    await macrotask();
    expect([other.log, await receive]).toEqual([[4], 5]);
  });

  it('finds an item that is undefined, and tells it from nothing', async () => {
    const channel = new Channel<undefined>(1);
    const log: unknown[] = [];
    const ask = asking(channel, { wants: () => true, take: (item) => log.push(item), end() {} }, () => {});
    channel.trySend(undefined);
    expect(ask.now()).toBeUndefined();
    expect(ask.now()).toBe(NOTHING);
    ask.ask();
    channel.trySend(undefined);
    await macrotask();
    expect(log).toEqual([undefined]);
  });

  it('rests where the budget is spent: left meanwhile, it takes nothing', async () => {
    const channel = full(1);
    const side = new Side(channel, false);
    const rest = (): void => {
      do channel.trySend(1);
      while (side.asking.now() !== NOTHING);
    };
    rest();
    channel.trySend(1);
    side.ask();
    side.asking.leave();
    await macrotask();
    expect([side.log, channel.size]).toEqual([[], 1]);
    rest();
    channel.trySend(1);
    side.ask();
    side.asking.cancel(undefined);
    await macrotask();
    expect(side.log).toEqual([]);
  });

  it('foresees the end, although nobody asks: the quiet one, the failed one', async () => {
    for (const reason of [undefined, new Error('broken')]) {
      const channel = full(1);
      const side = new Side(channel);
      const told: unknown[] = [];
      side.asking.foresee((end) => told.push(end));
      channel.close(reason);
      await macrotask();
      expect(told).toEqual([]); // there is an item yet
      channel.drain();
      await macrotask();
      expect(told).toEqual([reason]);
      side.ask();
      await macrotask();
      expect(side.log).toEqual([]);
    }
  });

  it('tells of an end once, by the question or by what was foreseen', async () => {
    const channel = new Channel<number>(1);
    const side = new Side(channel).ask();
    const told: unknown[] = [];
    side.asking.foresee(() => told.push('foreseen'));
    channel.close();
    await macrotask();
    expect([...told, ...side.log]).toHaveLength(1);
  });

  it('foresees nothing after a cancel of its own', async () => {
    const channel = new Channel<number>(1);
    const side = new Side(channel);
    const told: unknown[] = [];
    side.asking.foresee((end) => told.push(end));
    side.asking.cancel('enough');
    await macrotask();
    expect([told, channel.ended]).toEqual([[], true]);
  });
});

describe.each(['another receiver', 'an async iterable'] as const)(
  'asking %s, for a side that wants nothing just then',
  (kind) => {
    /** An item has come, and was not wanted. */
    async function kept(channel: Channel<number>): Promise<Side> {
      const side = new Side(sourceOf(kind, channel)).ask();
      side.alive = false;
      await macrotask();
      expect([side.log, side.late, side.asked, channel.size]).toEqual([[], [], 1, 2]);
      return side;
    }

    it('keeps the item for the next ask, takes no other meanwhile, and tells of the end behind it', async () => {
      const channel = full(3);
      const side = await kept(channel);
      expect(side.asking.now()).toBe(NOTHING);
      side.ask().ask();
      await macrotask();
      expect([side.asked, channel.size]).toEqual([2, 2]); // not yet
      side.alive = true;
      side.ask().ask();
      channel.close();
      await macrotask();
      expect(side.log).toEqual([1, 2, 3, ['end', undefined]]);
      expect(side.late).toEqual([]);
    });

    it('drops the item, told, where it leaves or cancels after all, and once', async () => {
      for (const end of ['leave', 'cancel'] as const) {
        for (const asksAgain of [false, true]) {
          const side = await kept(full(3));
          if (asksAgain) side.ask();
          side.alive = true;
          side.asking[end]('enough');
          side.asking[end]('again');
          await macrotask();
          expect([side.log, side.late]).toEqual([[], [1]]);
        }
      }
    });
  },
);

describe('asking another receiver', () => {
  it('gives up its wait, so that the item stays there', async () => {
    const channel = new Channel<number>(1);
    const side = new Side(foreign(channel)).ask();
    expect(channel.stats().waitingReceivers).toBe(1);
    side.asking.leave();
    expect(channel.stats().waitingReceivers).toBe(0);
    channel.trySend(1);
    await macrotask();
    expect([side.log, side.late, channel.size]).toEqual([[], [], 1]);
  });

  it('drops what comes too late: taken, when the side has gone', async () => {
    const channel = new Channel<number>(1);
    const side = new Side(foreign(channel)).ask();
    channel.trySend(1); // handed to the wait
    side.asking.leave();
    await macrotask();
    expect([side.log, side.late, side.asked, channel.size]).toEqual([[], [1], 0, 0]);
  });

  it('has nothing at once, and foresees nothing', async () => {
    const channel = full(1);
    const side = new Side(foreign(channel));
    const told = vi.fn();
    side.asking.foresee(told);
    expect([side.asking.now(), channel.size]).toEqual([NOTHING, 1]);
    channel.close();
    channel.drain();
    await macrotask();
    expect(told).not.toHaveBeenCalled();
  });

  it('takes undefined for the end, and what throws for a failed one', async () => {
    const error = new Error('no line');
    const throwing = { ...foreign(full(1)), receive: () => fails(error) };
    const rejecting = { ...foreign(full(1)), receive: () => Promise.reject(error) };
    const silent = { ...foreign(full(1)), receive: () => Promise.reject(undefined) };
    const ends = await Promise.all(
      [throwing, rejecting, silent, foreign(new Channel<undefined>(1))].map(async (source) => {
        const side = new Side(source as Receiver<number>).ask();
        if (source !== throwing && source !== rejecting && source !== silent) void source.cancel();
        await macrotask();
        return side.log;
      }),
    );
    expect(ends.slice(0, 2)).toEqual([[['end', error]], [['end', error]]]);
    expect(String(ends[2])).toBe('end,Error: the source failed, and did not say why');
    expect(ends[3]).toEqual([['end', undefined]]);
  });

  it('does not mind a cancel that throws, or rejects', async () => {
    for (const cancel of [() => fails(new Error('no')), () => Promise.reject(new Error('no'))]) {
      const side = new Side({ ...foreign(full(1)), cancel }).ask();
      expect(() => side.asking.cancel('enough')).not.toThrow();
      await macrotask();
      expect(side.log).toEqual([]);
    }
  });
});

describe('asking an async iterable', () => {
  it('opens it at the first question, once', async () => {
    const { iterable, seen } = iterated(full(2));
    const side = new Side(iterable);
    expect(seen.opened).toBe(0);
    side.ask();
    await macrotask();
    expect([seen.opened, side.log]).toEqual([1, [1, 2]]);
  });

  it('returns it once at a cancel: before it was opened, while it is asked, and between', async () => {
    for (const questions of [0, 1, 2]) {
      const channel = new Channel<number>(1);
      const { iterable, seen } = iterated(channel);
      const side = new Side(iterable, false);
      for (let i = 0; i < questions; i++) {
        side.ask();
        if (i > 0) continue;
        channel.trySend(1);
        await macrotask();
      }
      side.asking.cancel('enough');
      side.asking.cancel('again');
      await macrotask();
      expect(seen).toMatchObject({ opened: 1, returned: 1 });
      expect(side.late).toEqual([]);
    }
  });

  it('does not return one that has ended, or failed, by itself', async () => {
    for (const reason of [undefined, new Error('broken')]) {
      const channel = new Channel<number>(1);
      const { iterable, seen } = iterated(channel);
      const side = new Side(iterable).ask();
      channel.close(reason);
      await macrotask();
      side.asking.cancel('enough');
      await macrotask();
      expect(seen.returned).toBe(0);
    }
  });

  it('cannot take a question back: what comes is dropped, and told', async () => {
    const channel = new Channel<number>(1);
    const side = new Side(iterated(channel).iterable).ask();
    side.asking.leave();
    channel.trySend(1);
    await macrotask();
    expect([side.log, side.late]).toEqual([[], [1]]);
  });

  it('ends with the error of one that cannot be opened, that throws, or whose iterator is none', async () => {
    const error = new Error('cannot');
    const broken: (() => unknown)[] = [
      () => fails(error),
      () => ({ next: () => fails(error) }),
      () => ({ next: async () => fails(error) }),
    ];
    for (const open of broken) {
      const side = new Side({ [Symbol.asyncIterator]: open } as AsyncIterable<number>).ask();
      await microtasks();
      expect(side.log).toEqual([['end', error]]);
      expect(() => side.asking.cancel(undefined)).not.toThrow();
    }
    const side = new Side({ [Symbol.asyncIterator]: () => ({ next: async () => undefined }) } as never).ask();
    await microtasks();
    expect(String(side.log)).toContain('the result of next() must be an object, got undefined');
  });

  it('does not mind a return that throws, rejects, or is not there', async () => {
    const returns: object[] = [
      { return: () => fails(new Error('no')) },
      { return: async () => fails(new Error('no')) },
      {},
    ];
    for (const end of returns) {
      const iterator = { next: () => new Promise<never>(() => {}), ...end };
      const side = new Side({ [Symbol.asyncIterator]: () => iterator }).ask();
      expect(() => side.asking.cancel(undefined)).not.toThrow();
    }
    await macrotask();
  });
});

describe('asking a source that always answers at once', () => {
  const sources: [string, Receiver<number> | AsyncIterable<number>][] = [
    ['a receiver', { ...foreign(full(1)), receive: async () => 1 }],
    ['an iterable', { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) }],
  ];
  it.each(sources)('lets timers fire: %s', async (_, source) => {
    const fired = await letsTimersFire((going) => {
      const done = new Promise<void>((resolve) => {
        const take = (): void => (going() ? pump.ask() : resolve());
        const pump = asking(source, { wants: () => true, take, end() {} }, () => {});
        pump.ask();
      });
      return [done];
    });
    expect(fired).toBe(true);
  });

  it('leaves it alone when it was left while the event loop runs', async () => {
    let asked = 0;
    const counted: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: async () => (asked++, step) }) };
    const step = { done: false, value: 1 };
    let taken = 0;
    const take = (): void => {
      if (++taken < 1_000_000) pump.ask(); // else it never rests
    };
    const pump = asking(counted, { wants: () => true, take, end() {} }, () => {});
    pump.ask();
    await macrotask(); // all microtasks have run: it rests now
    const before = asked;
    pump.leave();
    await macrotask();
    expect([asked, taken]).toEqual([before, before]);
  });
});

describe('asking anything else', () => {
  it.each([[undefined], [null], [1], ['text'], [{}], [[1]], [{ receive() {} }]])('throws a TypeError: %o', (source) => {
    const error = thrown(() => asking(source as never, { wants: () => true, take() {}, end() {} }, () => {}));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain('source must be a Receiver');
  });
});

function fails(error: Error): never {
  throw error;
}
