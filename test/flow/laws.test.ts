// The laws of a flow as properties: what a chain gives is what the same chain gives over arrays; it runs ahead by what its
// steps say and no further; what is pulled is delivered or dropped, wherever it is left; and it costs no memory.

import fc from 'fast-check';
import { type Flow, flow } from 'sluice/flow';
import { describe, expect, it } from 'vitest';
import { collectGarbage, MUTATING, macrotask } from '../support.js';
import { asynchronous, type Plan, type Recorded, slow, sync, wasLetGo } from './sources.js';

const RUNS = process.env['LONG'] === undefined ? 200 : 2_000;

/** A step, and the same over an array. */
interface Step {
  readonly name: string;
  readonly flow: (items: Flow<number>) => Flow<number>;
  readonly array: (items: number[]) => number[];
}

/** A value at once, soon, or in a later turn. */
type When = 'now' | 'soon' | 'later';
const when = fc.constantFrom<When>('now', 'soon', 'later');
function give<T>(how: When, value: T): T | Promise<T> {
  if (how === 'now') return value;
  return how === 'soon' ? Promise.resolve(value) : new Promise((resolve) => setImmediate(resolve, value));
}
/** A value after so many turns. */
async function lasting<T>(turns: number, value: T): Promise<T> {
  for (let i = 0; i < turns; i++) await macrotask();
  return value;
}
/** Now and then late. */
const at = (how: When, item: number): When => (how === 'later' && item % 3 !== 0 ? 'now' : how);

const chunks = <T>(items: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

const concurrency = fc.integer({ min: 1, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(when, concurrency).map(([how, n]) => ({
    name: `map(${how}, ${n})`,
    flow: (items: Flow<number>) => items.map((x) => give(at(how, x), x * 2 + 1), { concurrency: n }),
    array: (items: number[]) => items.map((x) => x * 2 + 1),
  })),
  fc.tuple(when, concurrency, fc.integer({ min: 0, max: 3 })).map(([how, n, count]) => ({
    name: `flatMap(${how}, ${n}, ${count})`,
    flow: (items: Flow<number>) =>
      items.flatMap(
        (x) => {
          const inner = { from: x, length: count };
          return give(at(how, x), how === 'later' ? slow(inner).source : sync(inner).source);
        },
        { concurrency: n },
      ),
    array: (items: number[]) => items.flatMap((x) => Array.from({ length: count }, (_, i) => x + i)),
  })),
  when.map((how) => ({
    name: `filter(${how})`,
    flow: (items: Flow<number>) => items.filter((x) => give(at(how, x), x % 3 !== 0)),
    array: (items: number[]) => items.filter((x) => x % 3 !== 0),
  })),
  fc.nat(6).map((n) => ({
    name: `take(${n})`,
    flow: (items: Flow<number>) => items.take(n),
    array: (items: number[]) => items.slice(0, n),
  })),
  fc.nat(4).map((n) => ({
    name: `drop(${n})`,
    flow: (items: Flow<number>) => items.drop(n),
    array: (items: number[]) => items.slice(n),
  })),
  when.map((how) => ({
    name: `scan(${how})`,
    flow: (items: Flow<number>) => items.scan((sum: number, x) => give(at(how, x), (sum + x) % 1_000), 0),
    array: (items: number[]) => {
      let sum = 0;
      return items.map((x) => (sum = (sum + x) % 1_000));
    },
  })),
  when.map((how) => ({
    name: `tap(${how})`,
    flow: (items: Flow<number>) => items.tap((x) => give(at(how, x), undefined)),
    array: (items: number[]) => items,
  })),
  fc.integer({ min: 1, max: 4 }).map((n) => ({
    name: `batch(${n})`,
    flow: (items: Flow<number>) =>
      items.batch(n, { within: 60_000 }).map((batch) => batch.length * 100 + (batch[0] ?? 0)),
    array: (items: number[]) => chunks(items, n).map((batch) => batch.length * 100 + (batch[0] ?? 0)),
  })),
  fc.nat(3).map((n) => ({
    name: `buffer(${n})`,
    flow: (items: Flow<number>) => items.buffer(n),
    array: (items: number[]) => items,
  })),
  fc.nat(5).map((n) => ({
    name: `zip(${n})`,
    flow: (items: Flow<number>) => items.zip(asynchronous({ length: n }).source).map(([a, b]) => a + b),
    array: (items: number[]) => items.slice(0, n).map((a, i) => a + i + 1),
  })),
  fc.constant({
    name: 'timeout',
    flow: (items: Flow<number>) => items.timeout(60_000),
    array: (items: number[]) => items,
  }),
  fc.nat(3).map((capacity) => ({
    name: `broadcast(1, ${capacity})`,
    flow: (items: Flow<number>) => items.broadcast(1, { capacity })[0] as Flow<number>,
    array: (items: number[]) => items,
  })),
);
const chain = fc.array(step, { maxLength: 5 });
const source = fc.constantFrom<[string, (plan?: Plan) => Recorded]>(
  ['sync', sync],
  ['async', asynchronous],
  ['slow', slow],
);

const all = (steps: Step[], items: Flow<number>): Flow<number> =>
  steps.reduce((above, each) => each.flow(above), items);
const overArray = (steps: Step[], length: number): number[] =>
  steps.reduce(
    (items, each) => each.array(items),
    Array.from({ length }, (_, i) => i + 1),
  );

/** The same source; `tell` is called while it is returned. */
function whenReturned(items: Recorded['source'], tell: () => void): Recorded['source'] {
  const wrap = <I extends Iterator<number> | AsyncIterator<number>>(inner: I): I =>
    ({
      next: () => inner.next(),
      return: () => {
        tell();
        return inner.return?.();
      },
    }) as I;
  return Symbol.iterator in items
    ? { [Symbol.iterator]: () => wrap(items[Symbol.iterator]()) }
    : { [Symbol.asyncIterator]: () => wrap(items[Symbol.asyncIterator]()) };
}

describe('a random chain over a random source', () => {
  it('gives what the same chain gives over arrays, by any end', async () => {
    await fc.assert(
      fc.asyncProperty(chain, source, fc.nat(12), async (steps, [, make], length) => {
        const expected = overArray(steps, length);
        const { source: items, log } = make({ length });
        expect(await all(steps, flow(items)).toArray()).toEqual(expected);
        expect(log.opened).toBe(1);
        expect([log, wasLetGo(log)]).toEqual([log, true]);

        const iterated: number[] = [];
        for await (const item of all(steps, flow(make({ length }).source))) iterated.push(item);
        expect(iterated).toEqual(expected);

        const consumed: number[] = [];
        await all(steps, flow(make({ length }).source)).forEach((item) => consumed.push(item));
        expect(consumed).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('gives a part of that, in order, where it is left early, and returns its source once', async () => {
    await fc.assert(
      fc.asyncProperty(chain, source, fc.nat(12), fc.nat(6), async (steps, [, make], length, count) => {
        const { source: items, log } = make({ length });
        const iterator = all(steps, flow(items))[Symbol.asyncIterator]();
        const seen: number[] = [];
        for (let i = 0; i < count; i++) {
          const { done, value } = await iterator.next();
          if (done) break;
          seen.push(value);
        }
        await iterator.return();
        expect((await iterator.next()).done).toBe(true);
        const pulled = log.pulled.length;
        await macrotask();
        await macrotask();
        expect(seen).toEqual(overArray(steps, length).slice(0, count));
        expect(log.opened).toBe(1);
        expect([log, wasLetGo(log)]).toEqual([log, true]);
        expect(log.pulled.length - pulled).toBeLessThan(2); // what was on its way
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a random chain of steps that run ahead', () => {
  interface Ahead {
    readonly name: string;
    readonly flow: (items: Flow<number>) => Flow<number>;
    /** By how many items it runs ahead of what is asked of it. */
    readonly by: number;
    /** Whether it fills by itself all that it may, once it was asked. */
  }
  const ahead: fc.Arbitrary<Ahead> = fc.oneof(
    fc.tuple(when, fc.integer({ min: 1, max: 4 }), fc.boolean()).map(([how, n, ordered]) => ({
      name: `map(${n}, ${how}, ${ordered})`,
      flow: (items: Flow<number>) => items.map((x) => give(how, x), { concurrency: n, ordered }),
      by: n - 1,
    })),
    fc.tuple(when, fc.integer({ min: 1, max: 4 }), fc.boolean()).map(([how, n, ordered]) => ({
      name: `flatMap(${n}, ${how}, ${ordered})`,
      flow: (items: Flow<number>) => items.flatMap((x) => give(how, [x]), { concurrency: n, ordered }),
      by: n - 1,
    })),
    fc.nat(4).map((n) => ({
      name: `buffer(${n})`,
      flow: (items: Flow<number>) => items.buffer(n),
      by: n + 1,
    })),
    fc.nat(4).map((n) => ({
      name: `broadcast(${n})`,
      flow: (items: Flow<number>) => items.broadcast(1, { capacity: n })[0] as Flow<number>,
      by: n + 1,
    })),
    fc.constantFrom<Ahead>(
      { name: 'map', flow: (items) => items.map((x) => x), by: 0 },
      { name: 'filter', flow: (items) => items.filter(async () => true), by: 0 },
      { name: 'scan', flow: (items) => items.scan((_: number, x) => x, 0), by: 0 },
      { name: 'take', flow: (items) => items.take(1_000), by: 0 },
      { name: 'tap', flow: (items) => items.tap(() => {}), by: 0 },
      { name: 'batch', flow: (items) => items.batch(1, { within: 60_000 }).flatMap((batch) => batch), by: 0 },
      { name: 'merge', flow: (items) => items.merge([]), by: 0 },
      { name: 'zip', flow: (items) => items.zip(sync().source).map(([item]) => item), by: 0 },
      { name: 'timeout', flow: (items) => items.timeout(60_000), by: 0 },
    ),
  );

  it('never pulls more than is asked for and they say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ahead, { maxLength: 4 }), source, fc.nat(6), async (steps, [, make], count) => {
        const { source: items, log } = make();
        const most = steps.reduce((sum, { by }) => sum + by, 0);
        const iterator = steps.reduce((above, each) => each.flow(above), flow(items))[Symbol.asyncIterator]();
        expect(log.opened).toBe(0);
        for (let asked = 1; asked <= count; asked++) {
          await iterator.next();
          for (let i = 0; i < 3; i++) await macrotask();
          expect(log.asked).toBeGreaterThanOrEqual(asked);
          expect(log.asked).toBeLessThanOrEqual(asked + most);
        }
        await iterator.return();
      }),
      { numRuns: RUNS },
    );
  });

  it('pulls exactly what one such step says, once it was asked', async () => {
    // That a source of flatMap has ended is known only once it was asked again.
    const exact = ahead.filter(({ name }) => !name.startsWith('flatMap'));
    await fc.assert(
      fc.asyncProperty(exact, source, fc.integer({ min: 1, max: 5 }), async ({ flow: apply, by }, [, make], count) => {
        const { source: items, log } = make();
        const iterator = apply(flow(items))[Symbol.asyncIterator]();
        for (let asked = 1; asked <= count; asked++) {
          await iterator.next();
          for (let i = 0; i < 12; i++) await macrotask();
          expect(log.asked).toBe(asked + by);
        }
        await iterator.return();
      }),
      { numRuns: RUNS },
    );
  });
});

describe('conservation', () => {
  const holding = fc.oneof(
    fc.tuple(when, fc.integer({ min: 1, max: 4 }), fc.boolean()).map(
      ([how, n, ordered]) =>
        (items: Flow<unknown>) =>
          items.map((x) => (how === 'later' ? give('soon', x) : give(how, x)), { concurrency: n, ordered }),
    ),
    fc.nat(3).map((n) => (items: Flow<unknown>) => items.buffer(n)),
    fc.integer({ min: 1, max: 3 }).map((n) => (items: Flow<unknown>) => items.batch(n)),
    fc.constantFrom(
      (items: Flow<unknown>) => items.tap(() => macrotask()),
      (items: Flow<unknown>) => items.filter(() => give('soon', true)),
      (items: Flow<unknown>) => items.broadcast(1, { capacity: 1 })[0] as Flow<unknown>,
      (items: Flow<unknown>) => items.flatMap((x) => [x], { concurrency: 2 }),
    ),
  );
  const ways = fc.constantFrom('return', 'abort', 'error' as const);

  it('every item that was pulled is delivered or dropped, once, wherever a chain is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(holding, { maxLength: 4 }),
        source,
        fc.integer({ min: 0, max: 4 }),
        fc.nat(3),
        ways,
        async (steps, [, make], count, turns, way) => {
          const controller = new AbortController();
          const dropped: unknown[] = [];
          const { source: items, log } = make(way === 'error' ? { length: 7, error: 'error' } : {});
          const onDrop = (item: unknown): void => void dropped.push(item);
          const base: Flow<unknown> = flow(items, { signal: controller.signal, onDrop });
          const iterator = steps.reduce((above, apply) => apply(above), base)[Symbol.asyncIterator]();
          const seen: unknown[] = [];
          try {
            for (let i = 0; i < count || way === 'error'; i++) {
              const { done, value } = await iterator.next();
              if (done) break;
              seen.push(value);
            }
          } catch {
            // The source's own error.
          }
          for (let i = 0; i < turns; i++) await macrotask();
          if (way === 'abort') controller.abort();
          await iterator.return();
          for (let i = 0; i < 4; i++) await macrotask();
          // A call that was running has handed in its input, and then its result too: count both as one.
          const flat = [...seen, ...dropped].flat(5) as number[];
          expect(new Set(flat)).toEqual(new Set(log.pulled));
          expect((seen.flat(5) as number[]).filter((item) => dropped.flat(5).includes(item))).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('and where its own functions, its drops or its source end it, while they run', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            holding,
            fc.integer({ min: 1, max: 4 }).map((n) => (items: Flow<unknown>) => items.take(n)),
          ),
          {
            maxLength: 4,
          },
        ),
        source,
        fc.constantFrom('return', 'abort'),
        fc.constantFrom('function', 'drop', 'source'),
        fc.nat(4),
        fc.integer({ min: 1, max: 3 }),
        async (steps, [, make], way, who, place, last) => {
          const controller = new AbortController();
          const dropped: unknown[] = [];
          const { source: items, log } = make({ length: 12 });
          const end = (): void => void (way === 'abort' ? controller.abort() : iterator.return());
          const onDrop = (item: unknown): void => {
            dropped.push(item);
            if (who === 'drop') end();
          };
          const base: Flow<unknown> = flow(who === 'source' ? whenReturned(items, end) : items, {
            signal: controller.signal,
            onDrop,
          });
          const ending = (above: Flow<unknown>): Flow<unknown> =>
            above.tap((item) => who === 'function' && [item].flat(5).includes(last) && end());
          const chained = steps.reduce((above, apply, i) => apply(i === place ? ending(above) : above), base);
          const iterator = (steps.length <= place ? ending(chained) : chained)[Symbol.asyncIterator]();
          const seen: unknown[] = [];
          try {
            for (;;) {
              const { done, value } = await iterator.next();
              if (done) break;
              seen.push(value);
              if (seen.length === 3) await iterator.return();
            }
          } catch (error) {
            expect(error).toBe(controller.signal.reason);
          }
          for (let i = 0; i < 4; i++) await macrotask();
          const [given, left] = [seen.flat(5), dropped.flat(5)] as [number[], number[]];
          expect(new Set([...given, ...left])).toEqual(new Set(log.pulled));
          expect(given.filter((item) => left.includes(item))).toEqual([]);
        },
      ),
      { numRuns: 2 * RUNS },
    );
  });
});

describe.skipIf(MUTATING)('memory', () => {
  it('stays flat over many items, whatever the chain', async () => {
    function* count(n: number): Generator<number> {
      for (let i = 0; i < n; i++) yield i;
    }
    const run = (n: number): Promise<void> =>
      flow(count(n))
        .map(async (x) => x, { concurrency: 16 })
        .batch(10)
        .flatMap((batch) => batch)
        .filter((x) => x % 2 === 0)
        .run();
    await run(20_000);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await run(100_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  });
});

describe('branches that are joined again', () => {
  const kinds = fc.constantFrom<(plan: Plan) => Recorded>(sync, asynchronous, slow);
  /** How the three branches are read: two of them together or apart, the third more slowly. */
  const graph = fc.record({
    make: kinds,
    capacity: fc.nat(3),
    length: fc.nat(12),
    order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    ahead: fc.nat(4),
    join: fc.constantFrom<'zip' | 'merge' | 'apart'>('zip', 'merge', 'apart'),
    pace: when,
    turns: fc.nat(5), // of the event loop, that the third takes for an item
  });

  it('give every item to every branch, in order', async () => {
    await fc.assert(
      fc.asyncProperty(graph, async ({ make, capacity, length, order, ahead, join, pace, turns }) => {
        const branches = flow(make({ length }).source).broadcast(3, { capacity });
        const got: number[][] = [[], [], []];
        const noting = branches.map((branch, i) =>
          branch.map((item) => {
            got[i]?.push(item);
            return i === order[2] ? lasting(turns, item) : give(at(pace, item), item);
          }),
        );
        const [a, b, c] = order.map((i) => noting[i]) as [Flow<number>, Flow<number>, Flow<number>];
        // Zipped to one that is further ahead than a branch may be, they would wait for each other for ever.
        const dropped = Math.min(ahead, capacity + 1);
        const joined =
          join === 'apart' ? [a.run(), b.run()] : [join === 'zip' ? a.drop(dropped).zip(b).run() : a.merge(b).run()];
        await Promise.all([...joined, c.run()]);
        const items = Array.from({ length }, (_, i) => i + 1);
        const [first, second, third] = order.map((i) => got[i]);
        expect(third).toEqual(items);
        expect(first).toEqual(items);
        // A zip ends with the shorter side, which has been asked for no more than it takes.
        expect(second).toEqual(join === 'zip' ? items.slice(0, second?.length) : items);
      }),
      { numRuns: RUNS },
    );
  });
});
