// Every step, ended in every way: each source that did not end by itself is returned once, every item that was pulled is
// delivered, dropped or used up by its step, once, and nothing is left.

import { getEventListeners } from 'node:events';
import { Channel } from 'sluice';
import { type Flow, flow } from 'sluice/flow';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { macrotask, watch } from '../support.js';
import { asynchronous, iterate, type Log, type Plan, type Recorded, slow, sync, wasLetGo } from './sources.js';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  process.on('unhandledRejection', note);
});
afterAll(() => {
  vi.useRealTimers();
  process.off('unhandledRejection', note);
});

const turns = async (n = 8): Promise<void> => {
  for (let i = 0; i < n; i++) await macrotask();
};

/** One run: what the step of the table may use. */
interface World {
  readonly make: (plan?: Plan) => Recorded;
  readonly logs: Log[];
  /** Items that the step used up: it threw on them, or filtered them out. */
  readonly used: number[];
  /** The item on which the step's function throws. */
  readonly throwsOn: number | undefined;
  /** The flow has ended: calls that run never settle. */
  ended: boolean;
}

/** A function of a step that gives `value(item)`. */
const fn =
  <R>(world: World, how: 'sync' | 'async', value: (item: number) => R) =>
  (item: number): R | Promise<R> => {
    const check = (): R => {
      if (item === world.throwsOn) {
        world.used.push(item);
        throw new Error('the step threw');
      }
      return value(item);
    };
    if (how === 'sync') return check();
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (world.ended) return;
        try {
          resolve(check());
        } catch (error) {
          reject(error);
        }
      });
    });
  };

/** A second source for a step. */
function another(world: World, plan: Plan): Recorded['source'] {
  const { source, log } = world.make(plan);
  world.logs.push(log);
  return source;
}

class FakeBucket {
  take = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
}

interface Step {
  readonly name: string;
  readonly apply: (above: Flow<number>, world: World) => Flow<unknown>;
  /** Whether it has a function that may throw. */
  readonly throws?: boolean;
}

const both = (name: string, apply: (how: 'sync' | 'async') => Step['apply']): Step[] =>
  (['sync', 'async'] as const).map((how) => ({ name: `${name}, ${how}`, apply: apply(how), throws: true }));
const same = (item: number): number => item;

const STEPS: Step[] = [
  { name: 'no step', apply: (above) => above },
  ...both('map', (how) => (above, world) => above.map(fn(world, how, same))),
  ...both('map of 3, ordered', (how) => (above, world) => above.map(fn(world, how, same), { concurrency: 3 })),
  ...both(
    'map of 3, unordered',
    (how) => (above, world) => above.map(fn(world, how, same), { concurrency: 3, ordered: false }),
  ),
  ...both('flatMap', (how) => (above, world) => above.flatMap(fn(world, how, (item) => [item]))),
  ...both(
    'flatMap of 3, ordered',
    (how) => (above, world) =>
      above.flatMap(
        fn(world, how, (item) => [item]),
        { concurrency: 3 },
      ),
  ),
  ...both(
    'flatMap of 3, unordered',
    (how) => (above, world) =>
      above.flatMap(
        fn(world, how, (item) => [item]),
        { concurrency: 3, ordered: false },
      ),
  ),
  ...both('filter', (how) => (above, world) => {
    const test = fn(world, how, (item) => {
      if (item % 2 === 0) world.used.push(item);
      return item % 2 === 1;
    });
    return above.filter(test);
  }),
  ...both('scan', (how) => (above, world) => {
    const next = fn(world, how, same);
    return above.scan((_: number, item: number) => next(item), 0);
  }),
  ...both('tap', (how) => (above, world) => above.tap(fn(world, how, same))),
  { name: 'take', apply: (above) => above.take(4) },
  {
    name: 'drop',
    apply: (above, world) => above.tap((item) => item === 1 && world.used.push(item)).drop(1),
  },
  { name: 'batch', apply: (above) => above.batch(2) },
  { name: 'batch within', apply: (above) => above.batch(2, { within: 10 }) },
  {
    name: 'batch by weight',
    apply: (above, world) => above.batch(3, { weigh: (item) => fn(world, 'sync', () => 2)(item) as number }),
    throws: true,
  },
  { name: 'buffer of 0', apply: (above) => above.buffer(0) },
  { name: 'buffer of 2', apply: (above) => above.buffer(2) },
  { name: 'throttle', apply: (above) => above.throttle(new FakeBucket()) },
  { name: 'timeout', apply: (above) => above.timeout(10) },
  { name: 'merge', apply: (above, world) => above.merge(another(world, { from: 101, length: 5 })) },
  { name: 'merge with an endless one', apply: (above, world) => above.merge(another(world, { from: 101 })).take(12) },
  { name: 'zip', apply: (above, world) => above.zip(another(world, { from: 101 })) },
  { name: 'zip with a short one', apply: (above, world) => above.zip(another(world, { from: 101, length: 1 })) },
  { name: 'a branch of broadcast', apply: (above) => above.broadcast(1, { capacity: 2 })[0] as Flow<number> },
  { name: 'a branch of broadcast of 0', apply: (above) => above.broadcast(1, { capacity: 0 })[0] as Flow<number> },
  { name: 'a branch of partition', apply: (above) => above.partition(1, (item) => item)[0] as Flow<number> },
  {
    name: 'many steps',
    apply: (above, world) =>
      above
        .tap(fn(world, 'async', same))
        .map(fn(world, 'async', same), { concurrency: 2 })
        .flatMap((item) => [item], { concurrency: 2 })
        .buffer(1)
        .batch(2)
        .filter(() => true)
        .take(100),
  },
];

interface Way {
  readonly name: string;
  readonly plan: Plan;
  readonly throwsOn?: number;
  /** Consumes; gives what it saw. */
  readonly consume: (
    items: Flow<unknown>,
    seen: unknown[],
    controller: AbortController,
    world: World,
  ) => Promise<unknown>;
}

const all: Way['consume'] = async (items, seen) => {
  for await (const item of items) seen.push(item);
};
const first =
  (leave: (controller: AbortController) => unknown): Way['consume'] =>
  async (items, seen, controller) => {
    for await (const item of items) {
      seen.push(item);
      if (leave(controller) === 'break') break;
    }
  };

const WAYS: Way[] = [
  { name: 'the source ends', plan: { length: 5 }, consume: all },
  { name: 'an empty source ends', plan: { length: 0 }, consume: all },
  { name: 'the source throws', plan: { length: 5, error: new Error('the source threw') }, consume: all },
  { name: 'the step throws', plan: { length: 9 }, throwsOn: 3, consume: all },
  { name: 'the step throws on the first item', plan: {}, throwsOn: 1, consume: all },
  { name: 'break', plan: {}, consume: first(() => 'break') },
  {
    name: 'a throw in the consumer',
    plan: {},
    consume: first(() => {
      throw new Error('the consumer threw');
    }),
  },
  { name: 'an abort in the consumer', plan: {}, consume: first((controller) => controller.abort('aborted')) },
  {
    name: 'an abort while next() waits',
    plan: {},
    consume: async (items, _seen, controller) => {
      const next = items[Symbol.asyncIterator]().next();
      controller.abort('aborted');
      return await next.then((result) => _seen.push(result.value));
    },
  },
  {
    name: 'an abort between two next()',
    plan: {},
    consume: async (items, seen, controller, world) => {
      const iterator = iterate(items);
      seen.push((await iterator.next()).value);
      await turns(2);
      controller.abort('aborted');
      for (const { opened, returned, over } of world.logs) expect(opened === 0 || over ? 1 : returned).toBe(1); // at once
      world.ended = true;
      await turns(1);
      await expect(iterator.next()).rejects.toBe('aborted');
      expect(await iterator.next()).toEqual({ value: undefined, done: true });
    },
  },
  {
    name: 'return() while next() waits',
    plan: {},
    consume: async (items, seen) => {
      const iterator = iterate(items);
      const next = iterator.next();
      expect(await iterator.return()).toEqual({ value: undefined, done: true });
      const { done, value } = await next;
      if (!done) seen.push(value);
    },
  },
  {
    name: 'return() after a while',
    plan: {},
    consume: async (items, seen) => {
      const iterator = iterate(items);
      seen.push((await iterator.next()).value);
      await turns();
      expect(await iterator.return()).toEqual({ value: undefined, done: true });
      expect(await iterator.next()).toEqual({ value: undefined, done: true });
    },
  },
  {
    name: 'return() before the first next()',
    plan: {},
    consume: async (items) => {
      const iterator = iterate(items);
      expect(await iterator.return()).toEqual({ value: undefined, done: true });
      expect(await iterator.next()).toEqual({ value: undefined, done: true });
    },
  },
  {
    name: 'an abort before the first next()',
    plan: {},
    consume: async (items, _seen, controller) => {
      controller.abort('aborted');
      await items[Symbol.asyncIterator]().next();
    },
  },
  ...(['throws', 'rejects', 'hangs', 'is missing'] as const).map((onReturn) => ({
    name: `break, where return() ${onReturn}`,
    plan: { onReturn },
    consume: first(() => 'break'),
  })),
  {
    name: 'a step below that takes one',
    plan: {},
    consume: async (items, seen) => {
      for await (const item of items.take(1)) seen.push(item);
    },
  },
  {
    name: 'a step below that throws',
    plan: {},
    consume: async (items, seen) => {
      const throwing = items.map((item) => {
        seen.push(item);
        throw new Error('below');
      });
      await throwing.run();
    },
  },
];

const KINDS: [string, (plan?: Plan) => Recorded][] = [
  ['a sync source', sync],
  ['an async source', asynchronous],
  ['a slow source', slow],
];

async function run({ apply }: Step, way: Way, make: (plan?: Plan) => Recorded): Promise<void> {
  const { source, log } = make(way.plan);
  const world: World = { make, logs: [log], used: [], throwsOn: way.throwsOn, ended: false };
  const dropped: unknown[] = [];
  const controller = new AbortController();
  const items = apply(flow(source, { signal: controller.signal, onDrop: (item) => dropped.push(item) }), world);
  const seen: unknown[] = [];
  const ended = (): void => {
    world.ended = true;
  };
  const outcome = watch(way.consume(items, seen, controller, world).finally(ended));
  for (let i = 0; outcome.state === 'pending' && i < 200; i++) await macrotask();
  expect(outcome.state).not.toBe('pending');
  await turns();

  expect(log.opened).toBe(1);
  for (const each of world.logs.filter(({ opened }) => opened > 0)) {
    expect(each.opened).toBe(1);
    expect(each.pulled.length).toBeLessThan(30);
    if (way.plan.onReturn !== 'is missing') expect([each, wasLetGo(each)]).toEqual([each, true]);
  }
  const pulled = world.logs.flatMap((each) => each.pulled);
  const used = world.used.filter((item) => pulled.includes(item));
  const numbers = [...seen.flat(), ...dropped, ...used] as number[];
  expect(numbers.sort((a, b) => a - b)).toEqual(pulled.sort((a, b) => a - b));
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(unhandled.splice(0)).toEqual([]);
}

describe.each(KINDS)('over %s', (_kind, make) => {
  describe.each(STEPS)('$name', (step) => {
    it('is torn down whatever way it ends', async () => {
      for (const way of WAYS) {
        if (way.throwsOn !== undefined && !step.throws) continue;
        await run(step, way, make).catch((error: unknown) => {
          throw new Error(`when it ends by ${way.name}: ${(error as Error).message}`, { cause: error });
        });
      }
    });
  });
});

describe('a flow that ends inside of a take, which lets go of its source before its last item goes on', () => {
  /** Ends the flow that reads it while it is returned, by whatever `ending` does then. */
  const ending = (end: () => void): AsyncIterable<number> => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ value: 1, done: false }),
      return: () => {
        end();
        return Promise.resolve({ value: undefined, done: true });
      },
    }),
  });

  const BELOW: ((items: Flow<number>, call: (n: number) => number) => Flow<number>)[] = [
    (items) => items,
    (items, call) => items.map(call),
    (items, call) => items.map(call, { concurrency: 2 }),
  ];

  it.each([
    ['by a signal', false],
    ['by return()', true],
  ])('%s drops that item, and calls no function below any more', async (_, returns) => {
    for (const below of BELOW) {
      const controller = new AbortController();
      const dropped: unknown[] = [];
      const called: number[] = [];
      const source = ending(() => void (returns ? iterator.return() : controller.abort('reason')));
      const items = flow(source, { signal: controller.signal, onDrop: (item) => dropped.push(item) }).take(1);
      const iterator = iterate(below(items, (n) => called.push(n)));
      const next = await iterator.next().catch((error: unknown) => error);
      expect(next).toEqual(returns ? { value: undefined, done: true } : 'reason');
      await macrotask();
      expect([called, dropped]).toEqual([[], [1]]);
    }
  });
});

describe('a channel as the source', () => {
  it('stays open at an early end, and another consumer goes on', async () => {
    const channel = Channel.from([1, 2, 3, 4], 4);
    for await (const item of flow(channel).map((n) => n)) if (item === 2) break;
    expect(channel.ended).toBe(false);
    expect(await channel.receive()).toBe(3);
    channel.cancel();
  });

  it.each(['break', 'return() before the first next()', 'return() while next() waits'])(
    'is cancelled by %s, where it is consumed',
    async (way) => {
      const channel = new Channel<number>(4);
      if (way === 'break') channel.trySend(1);
      const items = flow(channel.consume()).map((n) => n);
      if (way === 'break') {
        for await (const _ of items) break;
      } else {
        const iterator = iterate(items);
        const next = way.includes('waits') ? iterator.next() : undefined;
        await iterator.return();
        expect((await next)?.done ?? true).toBe(true);
      }
      expect(channel.ended).toBe(true);
    },
  );

  it('loses nothing by a next() that waits at the end', async () => {
    const channel = new Channel<number>(4);
    const iterator = iterate(flow(channel).map((n) => n));
    const next = iterator.next();
    await iterator.return();
    channel.trySend(1);
    expect(await next).toEqual({ value: undefined, done: true });
    expect(channel.drain()).toEqual([1]);
  });
});
