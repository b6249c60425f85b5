// Those who watch all channels of the module: what they are told, and that they are told when it is safe to run whatever
// they like.

import fc from 'fast-check';
import {
  after,
  BoundedQueue,
  Channel,
  type ChannelIterator,
  type ChannelOptions,
  type Permit,
  receiving,
  select,
  sending,
} from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { callFor } from '../src/calls.js';
import type { Core } from '../src/channel.js';
import { assertInvariants } from '../src/invariants.js';
import { noted, type Observer, observers, watch as watchAll } from '../src/observers.js';
import { CORE } from '../src/open.js';
import { full, macrotask, microtasks, watch } from './support.js';

const installed: (() => void)[] = [];
const observe = (observer: Observer): (() => void) => {
  const leave = watchAll(observer);
  installed.push(leave);
  return leave;
};

afterEach(() => {
  for (const leave of installed.splice(0)) leave();
  vi.useRealTimers();
});

/** Writes down what it is told of the channels that have a name. */
function scribe(): string[] {
  const told: string[] = [];
  const name = (core: Core<unknown>): string => core.place.name ?? '?';
  observe({
    opened: (core) => void told.push(`opened ${name(core)}`),
    closed: (core) => void told.push(`closed ${name(core)}`),
    dropped: (core, item, why) => void told.push(`dropped ${String(item)} of ${name(core)}: ${why}`),
    pressed: (core, level) => void told.push(`${name(core)} is ${level}`),
  });
  return told;
}

describe('whoever watches', () => {
  it('is one of a list that is undefined while it is empty', () => {
    expect(observers).toBeUndefined();
    const leave = [observe({}), observe({})];
    expect(observers).toHaveLength(2);
    leave[0]?.();
    leave[0]?.();
    expect(observers).toHaveLength(1);
    leave[1]?.();
    expect(observers).toBeUndefined();
  });

  it('is told of a channel and of a queue, by their names', () => {
    const told = scribe();
    new Channel(1, { name: 'orders' });
    new BoundedQueue(1, { name: 'jobs' });
    expect(told).toEqual(['opened orders', 'opened jobs']);
  });

  it('is told once that a channel takes no more, whether it is closed or cancelled', () => {
    const told = scribe();
    for (const end of ['close', 'cancel', 'both'] as const) {
      const channel = full(1, { name: end });
      if (end !== 'cancel') channel.close();
      if (end !== 'close') channel.cancel();
      channel.close();
    }
    expect(told.filter((line) => line.startsWith('closed'))).toEqual(['closed close', 'closed cancel', 'closed both']);
  });

  it('is told that a channel was opened before it is that a signal has cancelled it', () => {
    const told = scribe();
    new Channel(1, { name: 'late', signal: AbortSignal.abort() });
    expect(told).toEqual(['opened late', 'closed late']);
  });

  it('is told of every drop, with its reason, in the order of what happened', () => {
    const told = scribe();
    const oldest = full(1, { name: 'a', overflow: 'drop-oldest' });
    oldest.trySend(2);
    oldest.cancel();
    full(1, { name: 'b', overflow: 'drop-newest' }).trySend(9);
    expect(told.slice(1)).toEqual([
      'dropped 1 of a: drop-oldest',
      'closed a',
      'dropped 2 of a: cancel',
      'opened b',
      'dropped 9 of b: drop-newest',
    ]);
  });

  it('is told of no drop where a queue gives its items back', () => {
    const told = scribe();
    const queue = new BoundedQueue<number>(1, { name: 'jobs' });
    queue.tryPut(1);
    expect(queue.cancel()).toEqual([1]);
    expect(told).toEqual(['opened jobs', 'closed jobs']);
  });

  it('is told of the watermarks of a channel that has them, also where it has no callback', () => {
    const told = scribe();
    for (const [name, options] of [
      ['none', {}],
      ['marked', { watermarks: {} }],
      ['told', { onPressure: () => told.push('the user') }],
    ] as const) {
      full(10, { name, ...options }).drain();
    }
    expect(told).toEqual([
      'opened none',
      'opened marked',
      'marked is high',
      'marked is low',
      'opened told',
      'the user',
      'told is high',
      'the user',
      'told is low',
    ]);
  });

  it('sees counters that know how much no policy dropped', async () => {
    const channel = full(2, { overflow: 'drop-oldest' });
    channel.trySend(3);
    expect([channel[CORE].dropped, channel[CORE].discarded]).toEqual([1, 0]);
    channel.cancel();
    expect([channel[CORE].dropped, channel[CORE].discarded]).toEqual([3, 2]);
    const fed = new Channel<number>(1);
    const feeding = watch(fed.sendAll([1, 2], { timeout: 5 }));
    await vi.waitUntil(() => feeding.state === 'rejected');
    expect([fed[CORE].dropped, fed[CORE].discarded]).toEqual([0, 0]); // the item rides on the error
    const controller = new AbortController();
    const aborted = watch(fed.sendAll([3], { signal: controller.signal }));
    controller.abort();
    await microtasks();
    expect(aborted.state).toBe('rejected');
    expect([fed[CORE].dropped, fed[CORE].discarded]).toEqual([1, 1]);
  });
});

describe('a wait', () => {
  it('of which nothing was noted at its beginning ends untold', async () => {
    const channel = new Channel<number>(1);
    let told = 0;
    const receive = channel.receive();
    observe({ waited: () => void told++ });
    channel.trySend(1);
    await receive;
    expect(told).toBe(0);
  });

  type Wait = (channel: Channel<number>, signal: AbortSignal) => unknown;
  const waits: [string, number, Wait][] = [
    ['a send', 1, (channel, signal) => channel.send(9, { signal, timeout: 1_000 })],
    ['a sendAll', 1, (channel, signal) => channel.sendAll([9], { signal, timeout: 1_000 })],
    ['a reserve', 1, (channel, signal) => channel.reserve({ signal, timeout: 1_000 })],
    ['a receive', 0, (channel, signal) => channel.receive({ signal, timeout: 1_000 })],
    ['a batch', 0, (channel, signal) => channel.receiveMany(2, { signal, timeout: 1_000 })],
    ['a select', 0, (channel, signal) => select({ in: receiving(channel) }, { signal, timeout: 1_000 })],
    ['a select that sends', 1, (channel, signal) => select({ out: sending(channel, 9) }, { signal, timeout: 1_000 })],
  ];
  const ends: [string, (channel: Channel<number>, controller: AbortController) => void][] = [
    ['it was served', (channel) => (channel.size > 0 ? channel.tryReceive() : channel.trySend(1))],
    ['an abort', (_, controller) => controller.abort()],
    ['a timeout', () => vi.advanceTimersByTime(1_000)],
    ['a cancel', (channel) => channel.cancel()],
  ];
  for (const [name, size, wait] of waits) {
    it.each(ends)(`of ${name} begins and ends once where it ended by %s`, async (_, end) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const channel = full(1);
      if (size === 0) channel.drain();
      const { senders, receivers, reserves } = channel[CORE];
      const told: string[] = [];
      const lists = new Map([
        [senders, 'senders'],
        [receivers, 'receivers'],
        [reserves, 'reserves'],
      ]);
      observe({
        waits(waiter) {
          noted(waiter);
          told.push(`waits in ${lists.get(waiter.list as never)}`);
        },
        waited: (waiter, list) => {
          expect(waiter.list).toBeUndefined();
          told.push(`waited in ${lists.get(list)}`);
        },
      });
      const controller = new AbortController();
      watch(Promise.resolve(wait(channel, controller.signal)));
      await microtasks();
      const list = size === 0 ? 'receivers' : name === 'a reserve' ? 'reserves' : 'senders';
      expect(told).toEqual([`waits in ${list}`]);
      end(channel, controller);
      expect(told).toEqual([`waits in ${list}`, `waited in ${list}`]);
    });
  }
});

// ── The law ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What may happen to two channels; each takes one of them, the other, and a small number. */
const STEPS = {
  send: (world: World, i: number, n: number) => world.forget(world.at(i).send(n, world.limits(n))),
  trySend: (world: World, i: number, n: number) => void world.at(i).trySend(n),
  sendAll: (world: World, i: number, n: number) => world.forget(world.at(i).sendAll([n, n, n], world.limits(n))),
  receive: (world: World, i: number, n: number) => world.forget(world.at(i).receive(world.limits(n))),
  receiveMany: (world: World, i: number, n: number) => world.forget(world.at(i).receiveMany(3, world.limits(n))),
  tryReceive: (world: World, i: number) => void world.at(i).tryReceive(),
  drain: (world: World, i: number) => void world.at(i).drain(),
  reserve: (world: World, i: number, n: number) => {
    if (world.weighs) return;
    world.forget(
      world
        .at(i)
        .reserve(world.limits(n))
        .then((permit) => world.permits.push(permit)),
    );
  },
  use: (world: World, _: number, n: number) => {
    try {
      world.permits.pop()?.send(n);
    } catch {
      // It was revoked.
    }
  },
  release: (world: World) => world.permits.pop()?.release(),
  next: (world: World, i: number) => world.forget((world.iterators[i] as ChannelIterator<number>).next()),
  leave: (world: World, i: number) => world.forget((world.iterators[i] as ChannelIterator<number>).return()),
  consume: (world: World, i: number, n: number) => {
    if (n !== 0) return;
    const items = world.at(i).consume();
    world.forget(items.next());
    world.forget(items.return());
  },
  select: (world: World, i: number, n: number) => {
    const cases = { in: receiving(world.at(i)), out: sending(world.at(1 - i), n), tick: n === 3 && after(5) };
    world.forget(select(cases, world.limits(n)));
  },
  meet: (world: World, i: number, n: number) => {
    const channel = world.at(i);
    world.forget(select({ in: receiving(channel), out: sending(channel, n) }, world.limits(n)));
  },
  call: (world: World, i: number, n: number) => {
    world.calls.push(callFor(world.at(i)[CORE], { wants: () => n > 0, take: () => {}, end: () => {} }));
  },
  takeBack: (world: World) => world.calls.shift()?.(),
  abort: (world: World, i: number) => world.abort(i),
  pass: () => void vi.advanceTimersByTime(5),
  close: (world: World, i: number, n: number) => n === 0 && world.at(i).close(),
  cancel: (world: World, i: number, n: number) => n === 0 && world.at(i).cancel('enough'),
};

/** Two channels, and an observer that notes something to tell at the end of every wait. */
class World {
  readonly channels: readonly Channel<number>[];
  readonly iterators: readonly ChannelIterator<number>[];
  readonly permits: Permit<number>[] = [];
  readonly calls: (() => void)[] = [];
  readonly weighs: boolean;
  noted = 0;
  told = 0;
  broken: unknown = undefined;
  #controllers = [new AbortController(), new AbortController()];

  constructor(capacity: number, options: ChannelOptions<number>) {
    this.weighs = options.weigh !== undefined || capacity === 0;
    const note = (core: Core<unknown>): void => {
      this.noted++;
      core.callbacks.add(() => this.tell());
    };
    const noteOf = ({ owner }: { owner: unknown }): void => {
      if (this.cores.includes(owner as Core<unknown>)) note(owner as Core<unknown>);
    };
    const tell = (): void => this.tell(0);
    observe({ closed: tell, dropped: tell, pressed: tell, waits: noted, waited: noteOf });
    this.channels = [new Channel(capacity, options), new Channel(capacity, options)];
    this.iterators = this.channels.map((channel) => channel[Symbol.asyncIterator]());
  }

  get cores(): Core<unknown>[] {
    return (this.channels ?? []).map((channel) => channel[CORE] as Core<unknown>);
  }

  /** Foreign code runs: all channels must be consistent. */
  tell(counts = 1): void {
    this.told += counts;
    try {
      for (const core of this.cores) assertInvariants(core);
    } catch (error) {
      this.broken ??= error;
    }
  }

  at(i: number): Channel<number> {
    return this.channels[i] as Channel<number>;
  }

  limits(n: number) {
    return n < 2 ? { signal: this.#controllers[n]?.signal as AbortSignal } : n === 2 ? { timeout: 5 } : undefined;
  }

  abort(i: number): void {
    this.#controllers[i]?.abort();
    this.#controllers[i] = new AbortController();
  }

  forget(promise: Promise<unknown>): void {
    promise.catch(() => {});
  }

  check(where: string): void {
    if (this.broken !== undefined) throw this.broken;
    const due = this.cores.some((core) => core.callbacks.due);
    if (due || this.told !== this.noted) {
      throw new Error(`after ${where} ${this.told} of ${this.noted} are told${due ? ', and something is due' : ''}`);
    }
  }
}

describe('what an observer notes at the end of a wait, in the middle of an operation', () => {
  const kinds: [string, number, ChannelOptions<number>][] = [
    ['one place', 1, {}],
    ['three places', 3, { watermarks: {} }],
    ['no place', 0, {}],
    ['a policy that drops', 2, { overflow: 'drop-oldest', onDrop: () => {} }],
    ['weights', 4, { weigh: (n) => n + 1 }],
    ['a policy that merges', 2, { overflow: { key: (n) => n, coalesce: (_, n) => n } }],
  ];
  it.each(kinds)(
    'is told before that operation returns, and when all channels are consistent, with %s',
    async (_, capacity, options) => {
      const step = fc.tuple(
        fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
          const world = new World(capacity, options);
          for (const [name, i, n, rests] of steps) {
            STEPS[name](world, i, n);
            world.check(name);
            if (!rests) continue;
            await microtasks();
            world.check(`the microtasks after ${name}`);
          }
          for (const channel of world.channels) channel.cancel();
          world.check('the end');
          await macrotask();
          for (const leave of installed.splice(0)) leave();
        }),
        { seed: 7, numRuns: process.env['LONG'] === '1' ? 5_000 : 150 },
      );
    },
  );

  it('is told where an iterator is left that waits, although nothing else happens to the channel', () => {
    const channel = new Channel<number>(1);
    let told = 0;
    observe({ waits: noted, waited: ({ owner }) => (owner as Core<unknown>).callbacks.add(() => void told++) });
    const items = channel[Symbol.asyncIterator]();
    void items.next();
    void items.return();
    expect(told).toBe(1);
  });

  it('is told in another channel, which a select has left because this one served it', () => {
    const [left, served] = [new Channel<number>(1, { name: 'left' }), new Channel<number>(1, { name: 'served' })];
    const told: (string | undefined)[] = [];
    observe({
      waits: noted,
      waited: ({ owner }) => {
        const core = owner as Core<unknown>;
        core.callbacks.add(() => void told.push(core.place.name));
      },
    });
    void select({ left: receiving(left), served: receiving(served) });
    served.trySend(1);
    expect(new Set(told)).toEqual(new Set(['left', 'served']));
  });
});
