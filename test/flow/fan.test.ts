// Many into one, merge and zip; one into many, broadcast and partition.

import { Channel } from 'sluice';
import { type BranchOptions, type Flow, flow } from 'sluice/flow';
import { describe, expect, it } from 'vitest';
import { collect, macrotask, microtasks, rejection, thrown, watch } from '../support.js';
import { asynchronous, iterate, manual, slow, sync } from './sources.js';

function noting<T>(source: Iterable<T> | AsyncIterable<T>, signal?: AbortSignal) {
  const dropped: unknown[] = [];
  return {
    items: flow(source, { signal, onDrop: (item, why) => dropped.push(why === 'cancel' ? item : [item, why]) }),
    dropped,
  };
}

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('merge', () => {
  it('gives all items of all sources, each source in order', async () => {
    const items = await flow([1, 2, 3])
      .merge(asynchronous({ from: 11, length: 4 }).source, 'ab')
      .toArray();
    expect(items.filter((item) => typeof item === 'string')).toEqual(['a', 'b']);
    expect(items.filter((item) => Number(item) < 10)).toEqual([1, 2, 3]);
    expect(items.filter((item) => Number(item) > 10)).toEqual([11, 12, 13, 14]);
  });

  it('serves those that are ready in turn', async () => {
    expect(await flow([1, 2, 3]).merge(['a', 'b'], ['x']).toArray()).toEqual([1, 'a', 'x', 2, 'b', 3]);
    const [a, b] = [Channel.from([1, 2, 3], 3), Channel.from([4, 5, 6], 3)];
    await macrotask();
    const items = await flow(a).merge(b).toArray();
    for (const at of [1, 2, 3]) expect(Math.abs(items.indexOf(at) - items.indexOf(at + 3))).toBe(1);
  });

  it('is not held back by a source that is slow', async () => {
    const { source, yields, ends } = manual();
    const iterator = iterate(flow(source).merge([1, 2]));
    expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual([1, 2]);
    const next = iterator.next();
    yields(9);
    expect((await next).value).toBe(9);
    const end = watch(iterator.next());
    await microtasks();
    expect(end.state).toBe('pending');
    ends();
    await microtasks();
    expect(end.result).toEqual({ value: undefined, done: true });
  });

  it('asks no source for more than one item ahead, and none while one is ready', async () => {
    const [a, b] = [asynchronous(), asynchronous({ from: 101 })];
    const iterator = iterate(flow(a.source).merge(b.source));
    await iterator.next();
    await macrotask();
    expect([a.log.asked, b.log.asked]).toEqual([1, 1]);
    await iterator.next();
    await macrotask();
    expect([a.log.asked, b.log.asked]).toEqual([1, 1]);
    await iterator.return();
  });

  it('fails at once with the error of one, also while nobody asks; the others are returned, what is ready dropped', async () => {
    const [a, b, failing] = [manual(), manual(), manual()];
    const { items, dropped } = noting(a.source);
    const iterator = iterate(items.merge(b.source, failing.source));
    const next = iterator.next();
    a.yields(1);
    expect((await next).value).toBe(1);
    b.yields(2);
    await microtasks();
    failing.fails('error');
    await microtasks();
    expect([a.log.returned, b.log.returned, failing.log.returned, dropped]).toEqual([1, 1, 0, [2]]);
    expect(await rejection(iterator.next())).toBe('error');
    expect((await iterator.next()).done).toBe(true);
  });

  it('of two branches of one flow, of which one is late now and then, gives all items of both, in order', async () => {
    for (const capacity of [1, 16]) {
      const [a, b] = flow(numbers(100)).broadcast(2, { capacity }) as [Flow<number>, Flow<number>];
      const late = b.map((n) => (n % 10 === 1 ? macrotask().then(() => -n) : -n));
      const iterator = iterate(a.merge(late));
      const items: number[] = [];
      for await (const item of iterator) items.push(item);
      expect(items.filter((n) => n > 0)).toEqual(numbers(100));
      expect(items.filter((n) => n < 0)).toEqual(numbers(100).map((n) => -n));
    }
  });

  it('of two branches of one flow fails once with its error, wherever that comes from', async () => {
    for (const capacity of [0, 1, 2]) {
      for (let length = 0; length < 8; length++) {
        const { source } = sync({ length, error: 'error' });
        const { items, dropped } = noting(source);
        const [a, b] = items.broadcast(2, { capacity }) as [Flow<number>, Flow<number>];
        const iterator = iterate(a.merge(b.map((n) => (n % 3 === 1 ? macrotask().then(() => n) : n))));
        const seen: number[] = [];
        let error: unknown;
        try {
          for await (const n of iterator) seen.push(n);
        } catch (reason) {
          error = reason;
        }
        expect([error, await iterator.next()]).toEqual(['error', { value: undefined, done: true }]);
        const all = numbers(length).flatMap((n) => [n, n]);
        expect([...seen, ...(dropped as number[])].sort((x, y) => x - y)).toEqual(all);
      }
    }
  });

  it('refuses at the call what is not iterable', () => {
    expect(thrown(() => flow([1]).merge(5 as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).zip(5 as never))).toBeInstanceOf(TypeError);
  });

  it('of nothing is the flow itself', async () => {
    expect(await flow([1, 2]).merge().toArray()).toEqual([1, 2]);
    expect(await flow([1, 2]).zip().toArray()).toEqual([[1], [2]]);
  });
});

describe('zip', () => {
  it('gives tuples as long as each source has an item', async () => {
    const items = flow([1, 2, 3]).zip('ab', asynchronous().source);
    expect(await items.toArray()).toEqual([
      [1, 'a', 1],
      [2, 'b', 2],
    ]);
  });

  it('drops what the others had given when one has ended, and returns them', async () => {
    const long = sync();
    const longest = asynchronous({ from: 101 });
    const { items, dropped } = noting(long.source);
    expect(await items.zip([1], longest.source).toArray()).toEqual([[1, 1, 101]]);
    expect(dropped).toEqual([2]);
    expect([long.log.returned, longest.log.returned]).toEqual([1, 1]);
    expect(longest.log.pulled).toEqual([101]); // it stands behind the one that ended
  });

  it('asks all at once', async () => {
    const [a, b] = [manual(), manual()];
    const next = watch(iterate(flow(a.source).zip(b.source)).next());
    expect([a.log.asked, b.log.asked]).toEqual([1, 1]);
    b.yields(2);
    await microtasks();
    expect(next.state).toBe('pending');
    a.yields(1);
    await microtasks();
    expect(next.result).toEqual({ value: [1, 2], done: false });
  });

  it('of two branches of one flow pairs the items of both, of which one may be late', async () => {
    const [a, b] = flow(numbers(40)).broadcast(2, { capacity: 1 }) as [Flow<number>, Flow<number>];
    const pairs = a.zip(b.map((n) => (n % 7 === 1 ? macrotask().then(() => n) : n)));
    expect(await collect(iterate(pairs))).toEqual(numbers(40).map((n) => [n, n]));
  });

  it('drops what is ready when one fails', async () => {
    const failing = manual();
    const { items, dropped } = noting([1]);
    const all = watch(items.zip(failing.source).toArray());
    failing.fails('error');
    await macrotask();
    expect([all.result, dropped]).toEqual(['error', [1]]);
  });
});

describe('broadcast', () => {
  it('gives every item to every branch, and the end', async () => {
    for (const make of [sync, asynchronous]) {
      for (const capacity of [0, 1, 16]) {
        const branches = flow(make({ length: 40 }).source).broadcast(3, { capacity });
        const all = await Promise.all(branches.map((branch) => branch.toArray()));
        for (const items of all) expect(items).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      }
    }
  });

  it('gives every item also to a branch that is slower than two whose chains pull each other', async () => {
    for (const capacity of [0, 1, 2]) {
      const [a, b, c] = flow(slow({ length: 9 }).source).broadcast(3, { capacity }) as [
        Flow<number>,
        Flow<number>,
        Flow<number>,
      ];
      const got: number[] = [];
      const tardy = c.forEach(async (n) => {
        got.push(n);
        for (let i = 0; i < 5; i++) await macrotask();
      });
      const pairs = await b
        .drop(capacity + 1)
        .zip(a)
        .toArray();
      await tardy;
      expect(pairs).toEqual(numbers(8 - capacity).map((n) => [n + capacity + 1, n]));
      expect(got).toEqual(numbers(9));
    }
  });

  it('drops, when it is aborted by the reader of one branch, what was to be offered to the others', async () => {
    const controller = new AbortController();
    const { items, dropped } = noting(asynchronous().source, controller.signal);
    const [a] = items.broadcast(2, { capacity: 2 });
    const reading = a?.tap((n) => n === 2 && controller.abort('reason')).run();
    expect(await rejection(reading as Promise<void>)).toBe('reason');
    await macrotask();
    expect(dropped).toEqual([2, 1, 2]); // in hand, buffered, and still to be offered
  });

  it('pulls nothing before a branch is pulled, then capacity + 1 ahead of the slowest', async () => {
    for (const capacity of [0, 1, 5]) {
      const { source, log } = asynchronous();
      const [a, b] = flow(source).broadcast(2, { capacity });
      await macrotask();
      expect(log.opened).toBe(0);
      const [first, second] = [iterate(a), iterate(b)];
      const next = first.next();
      await macrotask();
      expect((await next).value).toBe(1);
      expect(log.pulled.length).toBe(capacity + 1);
      await second.next();
      await macrotask();
      expect(log.pulled.length).toBe(capacity + 1 + 1);
      await first.return();
      await second.return();
    }
  });

  it('has 16 places a branch by default', async () => {
    const { source, log } = sync();
    const [a, b] = flow(source).broadcast(2);
    await iterate(a).next();
    await macrotask();
    expect(log.pulled.length).toBe(17);
    await iterate(b).return();
  });

  it('is held back by the slowest, also by one that nobody reads, until it is returned', async () => {
    const { items, dropped } = noting(asynchronous().source);
    const [a, b] = items.broadcast(2, { capacity: 2 });
    const reader = iterate(a);
    for (let i = 1; i <= 3; i++) expect((await reader.next()).value).toBe(i);
    const blocked = watch(reader.next());
    await macrotask();
    expect(blocked.state).toBe('pending');
    await iterate(b).return();
    await macrotask();
    expect(blocked.result).toEqual({ value: 4, done: false });
    expect(dropped).toEqual([1, 2, 3]);
    await reader.return();
  });

  it.each([
    ['drop-oldest', [1, 2, 3], [4, 5]],
    ['drop-newest', [3, 4, 5], [1, 2]],
  ] as const)('with %s is held back by nobody', async (overflow, gone, kept) => {
    const { items, dropped } = noting([1, 2, 3, 4, 5]);
    const [fast, tardy] = items.broadcast(2, { capacity: 2, overflow });
    const seen: number[] = [];
    for await (const item of iterate(fast)) seen.push(item);
    expect(await tardy?.toArray()).toEqual(kept);
    const own = overflow === 'drop-oldest' ? [2, 3] : [4, 5]; // the first was handed over, the rest came before the second ask
    expect(seen.length).toBe(5 - own.length);
    for (const item of gone) expect(dropped).toContainEqual([item, overflow]);
  });

  it('returns the source when the last branch has left, and drops what that had buffered', async () => {
    const { source, log } = asynchronous();
    const { items, dropped } = noting(source);
    const [a, b] = items.broadcast(2, { capacity: 1 });
    const [first, second] = [iterate(a), iterate(b)];
    expect([(await first.next()).value, (await second.next()).value]).toEqual([1, 1]);
    await macrotask();
    await first.return();
    expect(log.returned).toBe(0);
    await macrotask();
    await second.return();
    expect(log.returned).toBe(1);
    expect(log.pulled).toEqual([1, 2, 3]);
    expect(dropped).toEqual([2, 3, 2, 3]);
    expect((await second.next()).done).toBe(true);
  });

  it('opens and returns the source where all branches leave before the first pull', async () => {
    const { source, log } = sync();
    const branches = flow(source).broadcast(2);
    for (const branch of branches) await iterate(branch).return();
    expect(log).toMatchObject({ opened: 1, asked: 0, returned: 1 });
  });

  it('tells an error to every branch, behind what that has buffered', async () => {
    const [a, b] = flow(sync({ length: 2, error: 'error' }).source).broadcast(2);
    const seen: unknown[] = [];
    for (const branch of [a, b]) {
      await (branch as Flow<number>)
        .tap((n) => seen.push(n))
        .run()
        .catch((error: unknown) => seen.push(error));
    }
    expect(seen).toEqual([1, 2, 'error', 1, 2, 'error']);
  });

  it('aborted ends every branch, returns the source at once, and drops what is buffered and in hand', async () => {
    const controller = new AbortController();
    const { source, log } = asynchronous();
    const { items, dropped } = noting(source, controller.signal);
    const [a, b] = items.broadcast(2, { capacity: 1 });
    const reader = iterate(a);
    await reader.next();
    await macrotask();
    expect(log.pulled).toEqual([1, 2]);
    controller.abort('reason');
    expect(log.returned).toBe(1);
    expect((dropped as number[]).sort((x, y) => x - y)).toEqual([1, 2, 2]);
    expect(await rejection(reader.next())).toBe('reason');
    expect(await rejection(iterate(b).next())).toBe('reason');
  });

  it('has one reader a branch: a second at the same time is told so, one after the end is done', async () => {
    const [branch] = flow([1, 2]).broadcast(1);
    const reader = iterate(branch);
    expect(await rejection(iterate(branch).next())).toMatchObject({ message: /one reader/ });
    expect((await reader.next()).value).toBe(1);
    expect(await collect(reader)).toEqual([2]);
    expect(await branch?.toArray()).toEqual([]);
  });

  it('has branches that are flows, with steps of their own', async () => {
    const [evens, count] = flow([1, 2, 3, 4]).broadcast(2);
    const [two, four] = [evens?.filter((n) => n % 2 === 0).toArray(), count?.reduce((n) => n + 1, 0)];
    expect(await Promise.all([two, four])).toEqual([[2, 4], 4]);
  });

  it('refuses bad numbers at the call', () => {
    for (const n of [0, -1, 1.5, Number.NaN]) {
      expect(thrown(() => flow([1]).broadcast(n))).toBeInstanceOf(RangeError);
      expect(thrown(() => flow([1]).partition(n, (item) => item))).toBeInstanceOf(RangeError);
    }
    const refused: BranchOptions[] = [
      { capacity: -1 },
      { capacity: Number.POSITIVE_INFINITY },
      { capacity: 0, overflow: 'drop-oldest' },
    ];
    for (const options of refused) expect(thrown(() => flow([1]).broadcast(1, options))).toBeInstanceOf(RangeError);
    expect(thrown(() => flow([1]).broadcast(1, { overflow: 'reject' as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).partition(1, 1 as never))).toBeInstanceOf(TypeError);
  });
});

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

describe('partition', () => {
  it('divides the items by key, each key in order in one branch', async () => {
    const words = ['a', 'bb', 'a', 'c', 'bb', 'dd', 'c'];
    const branches = flow(words).partition(3, (word) => word);
    const all = await Promise.all(branches.map((branch) => branch.toArray()));
    expect(all.flat().sort(byName)).toEqual([...words].sort(byName));
    for (const word of words) expect(all.filter((items) => items.includes(word))).toHaveLength(1);
  });

  it('takes integers modulo n, negative ones too', async () => {
    const branches = flow([-1, 0, 1, 2, 3, 4]).partition(3, (n) => n);
    expect(await Promise.all(branches.map((branch) => branch.toArray()))).toEqual([
      [0, 3],
      [1, 4],
      [-1, 2],
    ]);
  });

  it('spreads strings and fractions', async () => {
    const keys = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? `user-${i}` : i + 0.5));
    const branches = flow(keys).partition(4, (key) => key);
    const sizes = await Promise.all(branches.map((branch) => branch.reduce((n) => n + 1, 0)));
    for (const size of sizes) expect(size).toBeGreaterThan(50);
  });

  it('is held back by a branch that is full, 16 and the one in hand', async () => {
    const { source, log } = sync();
    const [evens, odds] = flow(source).partition(2, (n) => n);
    const reader = iterate(odds);
    expect((await reader.next()).value).toBe(1);
    for (let i = 1; i <= 16; i++) await reader.next();
    const blocked = watch(reader.next());
    await macrotask();
    expect([blocked.state, log.pulled.length]).toEqual(['pending', 34]);
    await iterate(evens).next();
    await macrotask();
    expect(blocked.state).toBe('fulfilled');
    await reader.return();
  });

  it('drops the items of a branch that left; the last to leave returns the source', async () => {
    const { source, log } = asynchronous();
    const { items, dropped } = noting(source);
    const [evens, odds] = items.partition(2, (n) => n);
    await iterate(evens).return();
    const reader = iterate(odds);
    for (const expected of [1, 3, 5]) expect((await reader.next()).value).toBe(expected);
    expect(dropped.slice(0, 2)).toEqual([2, 4]);
    await reader.return();
    expect(log.returned).toBe(1);
    await macrotask();
    expect((dropped as number[]).sort((a, b) => a - b)).toEqual(log.pulled.filter((n) => ![1, 3, 5].includes(n)));
  });

  it('fails by a key that throws or is none, in every branch; that item is not dropped', async () => {
    const keys: ((n: number) => number)[] = [
      (n) => {
        if (n === 2) throw new Error('no key');
        return n;
      },
      (n) => (n === 2 ? (undefined as never) : n),
    ];
    for (const key of keys) {
      const { source, log } = sync();
      const { items, dropped } = noting(source);
      const [evens, odds] = items.partition(2, key);
      expect(await rejection((odds as Flow<number>).drop(1).run())).toBeInstanceOf(Error);
      expect(await rejection((evens as Flow<number>).run())).toBeInstanceOf(Error);
      expect([log.pulled, log.returned, dropped]).toEqual([[1, 2], 1, []]);
    }
  });
});
