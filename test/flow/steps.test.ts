// What each step gives, what it refuses, and what becomes of items in the cases that are its own.

import { Channel, TimeoutError } from 'sluice';
import { type Flow, flow, type StepContext } from 'sluice/flow';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { watch as observe } from '../../src/observers.js';
import {
  collect,
  letsTimersFire,
  macrotask,
  microtasks,
  passSlice,
  rejection,
  settled,
  thrown,
  watch,
  type Watched,
} from '../support.js';
import { asynchronous, calls, iterate, manual, sync } from './sources.js';

afterEach(() => void vi.useRealTimers());

/** A flow that writes down what it drops. */
function noting<T>(source: Iterable<T> | AsyncIterable<T>, signal?: AbortSignal) {
  const dropped: unknown[] = [];
  return { items: flow(source, { signal, onDrop: (item) => dropped.push(item) }), dropped };
}

async function* numbers(n: number): AsyncGenerator<number> {
  for (let i = 1; i <= n; i++) yield i;
}

describe('flow', () => {
  it('takes iterables, async iterables, channels, strings, and receivers', async () => {
    expect(await flow(new Set([1, 2])).toArray()).toEqual([1, 2]);
    expect(await flow('ab').toArray()).toEqual(['a', 'b']);
    expect(await flow(numbers(2)).toArray()).toEqual([1, 2]);
    expect(await flow(Channel.from([1, 2], 1)).toArray()).toEqual([1, 2]);
    expect(await flow(flow([1, 2])).toArray()).toEqual([1, 2]);
  });

  it('refuses at the call what is not iterable, and options of the wrong kind', () => {
    expect(thrown(() => flow(5 as never))).toMatchObject({ name: 'TypeError', message: /source must be iterable/ });
    expect(thrown(() => flow([], 1 as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([], { signal: {} as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([], { onDrop: 1 as never }))).toBeInstanceOf(TypeError);
  });

  it('awaits promises in a sync source, and lets those of an async one through', async () => {
    expect(await flow([Promise.resolve(1), 2]).toArray()).toEqual([1, 2]);
    const promise = Promise.resolve(1);
    const channel = new Channel<Promise<number>>(1);
    channel.trySend(promise);
    channel.close();
    const { value } = (await flow(channel).drop(0).take(1)[Symbol.asyncIterator]().next()) as { value: unknown };
    expect(value).toBe(promise);
  });

  it('fails with the rejection of a promise in a sync source, which is returned', async () => {
    let returned = 0;
    function* source(): Generator<Promise<number>> {
      try {
        yield Promise.reject(new Error('bad item'));
      } finally {
        returned++;
      }
    }
    expect(await rejection(flow(source()).toArray())).toMatchObject({ message: 'bad item' });
    expect(returned).toBe(1);
  });

  it('carries undefined', async () => {
    expect(
      await flow([undefined, 1])
        .map((item) => item)
        .buffer(1)
        .toArray(),
    ).toEqual([undefined, 1]);
    expect(await flow([undefined, undefined]).broadcast(1)[0]?.toArray()).toEqual([undefined, undefined]);
  });

  it('fails where next() gives no object, and where opening throws', async () => {
    const bad = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(1) }) } as never;
    expect(await rejection(flow(bad).toArray())).toBeInstanceOf(TypeError);
    const worse = {
      [Symbol.iterator]: () => {
        throw new Error('cannot open');
      },
    } as never;
    expect(await rejection(flow(worse).toArray())).toMatchObject({ message: 'cannot open' });
    expect(await rejection(flow({ [Symbol.iterator]: () => 1 } as never).run())).toBeInstanceOf(TypeError);
  });

  it('can be iterated again, which opens the source again, with the state of each step anew', async () => {
    const items = flow([1, 2, 3])
      .scan((sum, n) => sum + n, 0)
      .drop(1)
      .take(2);
    expect(await items.toArray()).toEqual([3, 6]);
    expect(await items.toArray()).toEqual([3, 6]);
    const [a, b] = [items[Symbol.asyncIterator](), items[Symbol.asyncIterator]()];
    expect([(await a.next()).value, (await b.next()).value, (await a.next()).value]).toEqual([3, 3, 6]);
  });

  it('leaves the flow that a step was made of as it was', async () => {
    const base = flow([1, 2, 3]);
    base.map((n) => n * 2);
    expect(await base.toArray()).toEqual([1, 2, 3]);
  });

  it('fails by a signal that cannot be listened to', async () => {
    const signal = { aborted: false, addEventListener: () => failed(), removeEventListener() {} };
    const failed = (): never => {
      throw new Error('no listener');
    };
    await expect(flow([1], { signal: signal as unknown as AbortSignal }).toArray()).rejects.toThrow('no listener');
  });

  it('that is left before its first pull says nothing of a source that cannot be opened', async () => {
    const source = {
      [Symbol.iterator](): Iterator<number> {
        throw new Error('cannot be opened');
      },
    };
    expect(await iterate(flow(source)).return()).toEqual({ value: undefined, done: true });
    await macrotask();
  });
});

describe('its iterator', () => {
  it('inherits from the prototype of async iterators, and is its own iterable', () => {
    const iterator = iterate(flow([1]));
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    const prototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype));
    expect(Object.prototype.isPrototypeOf.call(prototype, iterator)).toBe(true);
  });

  it('serves calls of next() that overlap in order, one ask at a time', async () => {
    const { source, log, yields, ends } = manual();
    const iterator = iterate(flow(source));
    const nexts = [iterator.next(), iterator.next(), iterator.next()].map(watch);
    expect(log.asked).toBe(1);
    yields(1);
    await microtasks();
    expect(log.asked).toBe(2);
    yields(2);
    await microtasks();
    ends();
    await microtasks();
    expect(nexts.map(({ result }) => result)).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      { value: undefined, done: true },
    ]);
  });

  it('serves a call of next() from inside a step after the one that runs', async () => {
    const inner: Promise<unknown>[] = [];
    const iterator: AsyncIterator<number> = iterate(
      flow([1, 2, 3]).tap((n) => void (n === 1 && inner.push(iterator.next()))),
    );
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    expect(await Promise.all(inner)).toEqual([{ value: 2, done: false }]);
  });

  it('serves it so too where the one that runs must wait, or comes to the end or an error', async () => {
    const late = (n: number): Promise<number> => Promise.resolve(n);
    const throwing = (): never => {
      throw new Error('bad');
    };
    const value = (n: number) => ({ state: 'fulfilled', result: { value: n, done: false } });
    const done = { state: 'fulfilled', result: { value: undefined, done: true } };
    const bad = { state: 'rejected', result: { message: 'bad' } };
    const outcomes = async (end: (n: number) => unknown): Promise<Watched[]> => {
      const nexts: Watched[] = [];
      const running = flow([1, 2, 3]).map((n) => {
        if (n === 1) for (let i = 0; i < 2; i++) nexts.push(watch(iterator.next()));
        return end(n);
      });
      const iterator: AsyncIterator<unknown> = iterate(running.filter((n) => n !== 0));
      nexts.unshift(watch(iterator.next()));
      await macrotask();
      return nexts;
    };
    expect(await outcomes(late)).toEqual([value(1), value(2), value(3)]);
    expect(await outcomes(throwing)).toMatchObject([bad, done, done]);
    expect(await outcomes(() => 0)).toEqual([done, done, done]);
  });

  it('tells an error once, to the first that waits, and is done for the others and ever after', async () => {
    const { source, fails } = manual();
    const iterator = iterate(flow(source));
    const nexts = [iterator.next(), iterator.next()].map(watch);
    fails('error');
    await microtasks();
    expect(nexts).toEqual([
      { state: 'rejected', result: 'error' },
      { state: 'fulfilled', result: { value: undefined, done: true } },
    ]);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(await iterator.return()).toEqual({ value: undefined, done: true });
  });

  it('ended from inside a step settles as done, and the item is dropped', async () => {
    const { items, dropped } = noting([1, 2]);
    const iterator: AsyncIterator<number> = iterate(items.tap(() => void iterator.return?.()));
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(dropped).toEqual([1]);
  });

  it('ended from inside onDrop drops the item that was on its way down, whatever the end', async () => {
    for (const end of ['iterator', 'drain']) {
      const controller = new AbortController();
      const dropped: unknown[] = [];
      const onDrop = (item: unknown): void => {
        dropped.push(item);
        controller.abort('reason');
      };
      const hang = (n: number): number | Promise<number> => (n === 1 ? n : new Promise(() => {}));
      const items = flow([1, 2, 3], { signal: controller.signal, onDrop }).map(hang, { concurrency: 3 }).take(1);
      expect(await rejection(end === 'drain' ? items.run() : iterate(items).next())).toBe('reason');
      expect(dropped).toEqual([2, 3, 1]);
    }
  });

  it('ended from inside a source waits with return() until the code of that has left the stack', async () => {
    for (const kind of ['item', 'promise', 'async', 'async that hangs']) {
      const isAsync = kind.startsWith('async');
      let returned = 0;
      const { items, dropped } = noting<number>({
        [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => ({
          running: false,
          next() {
            this.running = true;
            void iterator.return();
            this.running = false;
            const result = { value: kind === 'promise' ? Promise.resolve(1) : 1, done: false };
            if (kind === 'async that hangs') return new Promise(() => {});
            return isAsync ? Promise.resolve(result) : result;
          },
          return() {
            if (!this.running) returned++;
            return { value: undefined, done: true };
          },
        }),
      } as never);
      const iterator: AsyncIterator<number> & { return(): Promise<unknown> } = iterate(items);
      expect(await iterator.next()).toEqual({ value: undefined, done: true });
      await microtasks();
      expect([returned, dropped]).toEqual([1, kind === 'async that hangs' ? [] : [1]]);
    }
  });

  it('aborted from inside a step rejects with the reason', async () => {
    const controller = new AbortController();
    const { items, dropped } = noting(asynchronous().source, controller.signal);
    const mapped = items.map((n) => {
      controller.abort('reason');
      return `made of ${n}`;
    });
    expect(await rejection(mapped.toArray())).toBe('reason');
    expect(dropped).toEqual([1, 'made of 1']);
  });
});

describe('map', () => {
  it('gives the results, of promises too', async () => {
    expect(
      await flow([1, 2])
        .map((n) => n * 2)
        .toArray(),
    ).toEqual([2, 4]);
    expect(
      await flow([1, 2])
        .map(async (n) => n * 2)
        .toArray(),
    ).toEqual([2, 4]);
    const thenable = { then: (resolve: (value: string) => void) => resolve('resolved') };
    expect(
      await flow([1])
        .map(() => thenable as PromiseLike<string>)
        .toArray(),
    ).toEqual(['resolved']);
  });

  it('runs one call at a time by default, and pulls nothing meanwhile', async () => {
    const { source, log } = asynchronous();
    const { call, started, fulfil } = calls();
    const iterator = iterate(flow(source).map(call));
    void iterator.next();
    void iterator.next();
    await macrotask();
    expect([started, log.pulled]).toEqual([[1], [1]]);
    fulfil(1);
    await macrotask();
    expect([started, log.pulled]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await iterator.return();
  });

  it('keeps the order with a concurrency', async () => {
    const { call, fulfil } = calls();
    const all = flow([1, 2, 3]).map(call, { concurrency: 3 }).toArray();
    await macrotask();
    for (const item of [3, 1, 2]) {
      fulfil(item);
      await macrotask();
    }
    expect(await all).toEqual([1, 2, 3]);
  });

  it('unordered, is not held back by the slowest', async () => {
    const { call, fulfil, started } = calls();
    const seen: number[] = [];
    const done = flow([1, 2, 3, 4])
      .map(call, { concurrency: 2, ordered: false })
      .tap((n) => seen.push(n))
      .run();
    for (const item of [2, 3, 4]) {
      await macrotask();
      fulfil(item);
    }
    await macrotask();
    expect(seen).toEqual([2, 3, 4]);
    expect(started).toEqual([1, 2, 3, 4]);
    fulfil(1);
    await done;
    expect(seen).toEqual([2, 3, 4, 1]);
  });

  it('gives its function a signal, aborted at an early end with what ended it', async () => {
    for (const options of [{}, { concurrency: 2 }]) {
      const controller = new AbortController();
      const signals: AbortSignal[] = [];
      const hang = (_: number, { signal }: StepContext): Promise<never> => (
        signals.push(signal), new Promise(() => {})
      );
      const running = flow([1, 2], { signal: controller.signal }).map(hang, options).run();
      await macrotask();
      expect(signals[0]?.aborted).toBe(false);
      controller.abort('reason');
      expect(signals.map(({ aborted, reason }) => [aborted, reason])).toEqual(signals.map(() => [true, 'reason']));
      expect(await rejection(running)).toBe('reason');
    }
  });

  it('gives a signal that is aborted already to one who looks at it after the end', async () => {
    let context: StepContext | undefined;
    for await (const _ of flow([1, 2]).map((n, given) => ((context = given), n))) break;
    expect(context?.signal.aborted).toBe(true);
  });

  it('leaves its signal alone at the end of the items', async () => {
    const signals: AbortSignal[] = [];
    await flow([1])
      .map((_, { signal }) => signals.push(signal))
      .run();
    expect(signals[0]?.aborted).toBe(false);
  });

  it('hands to onDrop the input while the call runs on it, the result once it is there, not the item that threw', async () => {
    const { items, dropped } = noting([1, 2, 3]);
    const { call, fulfil, reject } = calls<number | string>();
    const all = items.map(call, { concurrency: 3 }).toArray();
    await macrotask();
    fulfil(2, 'result of 2');
    await macrotask();
    reject(3, 'error');
    expect(await rejection(all)).toBe('error');
    expect(dropped).toEqual([1, 'result of 2']);
  });

  it.each([{}, { concurrency: 2 }, { concurrency: 2, ordered: false }])(
    'with %o ends without waiting for a call, and hands its late result to onDrop',
    async (options) => {
      const { items, dropped } = noting([1, 2]);
      const { call, fulfil } = calls<number | string>();
      const iterator = iterate(items.map(call, options).take(1));
      const next = watch(iterator.next());
      await macrotask();
      await iterator.return();
      expect(next.result).toEqual({ value: undefined, done: true });
      const running = 'concurrency' in options ? [1, 2] : [1];
      expect(dropped).toEqual(running);
      fulfil(1, 'late');
      await macrotask();
      expect(dropped).toEqual([...running, 'late']);
    },
  );

  it('ends at once by an error from above, past the calls that run', async () => {
    const { source, yields, fails, log } = manual();
    const { items, dropped } = noting(source);
    const running = watch(items.map(() => new Promise(() => {}), { concurrency: 2 }).run());
    yields(1);
    await macrotask();
    fails('error');
    await macrotask();
    expect(running).toEqual({ state: 'rejected', result: 'error' });
    expect(dropped).toEqual([1]);
    expect(log.returned).toBe(0);
  });

  it('that fails while nobody asks has stopped by then, and tells it at the next next()', async () => {
    for (const ordered of [true, false]) {
      const { source, log } = sync();
      const { items, dropped } = noting(source);
      const { call, fulfil, reject } = calls();
      const iterator = iterate(items.map(call, { concurrency: 3, ordered }));
      const next = iterator.next();
      fulfil(1);
      expect((await next).value).toBe(1);
      reject(2, 'error');
      await macrotask();
      expect(log.returned).toBe(1);
      expect(dropped).toEqual([3]);
      expect(await rejection(iterator.next())).toBe('error');
      expect((await iterator.next()).done).toBe(true);
    }
  });

  it('refuses a bad concurrency and what is no function, at the call', () => {
    for (const concurrency of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => flow([1]).map((n) => n, { concurrency }))).toBeInstanceOf(RangeError);
      expect(thrown(() => flow([1]).flatMap((n) => [n], { concurrency }))).toBeInstanceOf(RangeError);
    }
    expect(thrown(() => flow([1]).map(1 as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).map((n) => n, { ordered: 1 as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).map((n) => n, null as never))).toBeInstanceOf(TypeError);
  });
});

describe('flatMap', () => {
  it('gives the items of each source in turn, sync, async and promised', async () => {
    expect(
      await flow([2, 0, 1])
        .flatMap((n) => numbers(n))
        .toArray(),
    ).toEqual([1, 2, 1]);
    expect(
      await flow([1, 2])
        .flatMap(async (n) => [n, n])
        .toArray(),
    ).toEqual([1, 1, 2, 2]);
    expect(
      await flow(['ab', 'c'])
        .flatMap((word) => word)
        .toArray(),
    ).toEqual(['a', 'b', 'c']);
  });

  it('has one source open at a time by default, and asks it for nothing ahead', async () => {
    const inner = sync();
    const outer = sync();
    const iterator = iterate(flow(outer.source).flatMap(() => inner.source));
    expect((await iterator.next()).value).toBe(1);
    await macrotask();
    expect([outer.log.pulled, inner.log.pulled]).toEqual([[1], [1]]);
    await iterator.return();
    expect([outer.log.returned, inner.log.returned]).toEqual([1, 1]);
  });

  it('with a concurrency keeps the order, each source one item ahead', async () => {
    const logs = [1, 2, 3].map((n) => sync({ from: n * 10, length: 3 }));
    const items = flow([0, 1, 2]).flatMap((i) => logs[i]?.source ?? [], { concurrency: 2 });
    const iterator = iterate(items);
    expect((await iterator.next()).value).toBe(10);
    await macrotask();
    expect(logs.map(({ log }) => log.pulled)).toEqual([[10], [20], []]);
    expect(await collect(iterator)).toEqual([11, 12, 20, 21, 22, 30, 31, 32]);
  });

  it('unordered, serves the sources that are ready', async () => {
    const slow = manual<number | string>();
    const items = flow([0, 1]).flatMap((i) => (i === 0 ? slow.source : ['a', 'b']), { concurrency: 2, ordered: false });
    const iterator = iterate(items);
    expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual(['a', 'b']);
    const last = iterator.next();
    slow.yields(7);
    expect((await last).value).toBe(7);
    const end = iterator.next();
    await macrotask();
    slow.ends();
    expect((await end).done).toBe(true);
  });

  it('drops the input while the call runs; a source that comes late is opened and returned', async () => {
    const { items, dropped } = noting([1]);
    const inner = sync();
    let give: (source: Iterable<number>) => void = () => {};
    const source = new Promise<Iterable<number>>((resolve) => (give = resolve));
    const iterator = iterate(items.flatMap(() => source));
    const next = watch(iterator.next());
    await iterator.return();
    expect(dropped).toEqual([1]);
    give(inner.source as Iterable<number>);
    await macrotask();
    expect(next.result).toEqual({ value: undefined, done: true });
    expect(inner.log).toMatchObject({ opened: 1, asked: 0, returned: 1 });
    expect(dropped).toEqual([1]);
  });

  it('fails where the function gives nothing iterable, at once or late', async () => {
    expect(
      await rejection(
        flow([1])
          .flatMap(() => 1 as never)
          .run(),
      ),
    ).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(/the function of flatMap gives must be iterable/),
    });
    const { source, log } = sync();
    expect(
      await rejection(
        flow(source)
          .flatMap(async () => 1 as never)
          .run(),
      ),
    ).toBeInstanceOf(TypeError);
    expect(log.returned).toBe(1);
  });

  it('of a branch of a flow, whose function gives another branch of it, gives all items of both', async () => {
    const all = Array.from({ length: 40 }, (_, i) => i + 1);
    for (const capacity of [0, 1, 16]) {
      const [a, b] = flow(all).broadcast(2, { capacity }) as [Flow<number>, Flow<number>];
      const late = b.map((n) => (n % 3 === 0 ? macrotask().then(() => -n) : -n));
      const both = a.flatMap((n) => (n === 1 ? late : [n]), { concurrency: 2, ordered: false });
      const items = await collect(iterate(both));
      expect(items.filter((n) => n > 0)).toEqual(all.slice(1));
      expect(items.filter((n) => n < 0)).toEqual(all.map((n) => -n));
    }
  });

  it('answers a next() that its function makes while it works ahead', async () => {
    const nexts: Promise<unknown>[] = [];
    const works = flow([1, Promise.resolve(2), 3] as number[]).flatMap(
      (n) => {
        if (n === 3) nexts.push(iterator.next());
        return n === 2 ? [] : [n];
      },
      { concurrency: 4 },
    );
    const iterator: AsyncIterator<number> = iterate(works);
    nexts.push(iterator.next());
    await macrotask();
    expect(await settled(Promise.all(nexts))).toMatchObject({ result: [{ value: 1 }, { value: 3 }] });
  });

  it('fails at once with the error of any of its sources, and returns the others', async () => {
    const first = sync();
    const hanging = manual();
    const { items, dropped } = noting([0, 1, 2]);
    const all = items.flatMap(
      (i) => (i === 0 ? hanging.source : i === 1 ? first.source : sync({ length: 0, error: 'inner' }).source),
      { concurrency: 3 },
    );
    expect(await rejection(all.run())).toBe('inner');
    expect([hanging.log.returned, first.log.returned]).toEqual([1, 1]);
    expect(dropped).toEqual([1]);
  });

  it('fails by a source that fails later', async () => {
    const failing = manual();
    const all = flow([1])
      .flatMap(() => failing.source)
      .toArray();
    await microtasks();
    failing.fails('failed');
    await expect(all).rejects.toBe('failed');
  });
});

describe('filter', () => {
  it('keeps the items for which the test holds, or promises to', async () => {
    expect(
      await flow([1, 2, 3])
        .filter((n) => n !== 2)
        .toArray(),
    ).toEqual([1, 3]);
    expect(
      await flow(numbers(3))
        .filter(async (n) => n !== 2)
        .toArray(),
    ).toEqual([1, 3]);
  });

  it('goes on over any number of items that it leaves out', async () => {
    expect(
      await flow(Array.from({ length: 50_000 }, (_, i) => i))
        .filter((n) => n === 49_999)
        .toArray(),
    ).toEqual([49_999]);
  });
});

describe('take and drop', () => {
  it('take the first n, and the others', async () => {
    expect(await flow(numbers(3)).take(2).toArray()).toEqual([1, 2]);
    expect(await flow(numbers(3)).take(5).toArray()).toEqual([1, 2, 3]);
    expect(await flow(numbers(3)).drop(2).toArray()).toEqual([3]);
    expect(await flow(numbers(3)).drop(5).toArray()).toEqual([]);
    expect(await flow(numbers(3)).drop(0).toArray()).toEqual([1, 2, 3]);
  });

  it('take returns the source with its last item, and pulls no more', async () => {
    const { source, log } = sync();
    const iterator = iterate(flow(source).take(2));
    await iterator.next();
    expect(log.returned).toBe(0);
    expect((await iterator.next()).value).toBe(2);
    expect(log).toMatchObject({ asked: 2, returned: 1 });
    expect((await iterator.next()).done).toBe(true);
  });

  it('take(0) pulls nothing, and returns the source', async () => {
    const { source, log } = sync();
    expect(await flow(source).take(0).toArray()).toEqual([]);
    expect(log).toMatchObject({ opened: 1, asked: 0, returned: 1 });
  });

  it('take drops what a step above had in flight', async () => {
    const { items, dropped } = noting([1, 2, 3, 4]);
    const hang = (n: number): number | Promise<number> => (n === 1 ? n : new Promise(() => {}));
    expect(await items.map(hang, { concurrency: 3 }).take(1).toArray()).toEqual([1]);
    expect(dropped).toEqual([2, 3]);
  });

  it('refuse bad numbers at the call', () => {
    for (const n of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => flow([1]).take(n))).toBeInstanceOf(RangeError);
      expect(thrown(() => flow([1]).drop(n))).toBeInstanceOf(RangeError);
    }
  });
});

describe('scan and tap', () => {
  it('scan gives each state but the initial one', async () => {
    expect(
      await flow([1, 2, 3])
        .scan((sum, n) => sum + n, 10)
        .toArray(),
    ).toEqual([11, 13, 16]);
    expect(
      await flow([1, 2])
        .scan(async (sum, n) => sum + n, 0)
        .toArray(),
    ).toEqual([1, 3]);
    expect(
      await flow<number>([])
        .scan((sum, n) => sum + n, 0)
        .toArray(),
    ).toEqual([]);
  });

  it('tap is awaited, and whatever it gives is of no account', async () => {
    const { call, fulfil } = calls();
    const { source, log } = sync();
    const iterator = iterate(flow(source).tap(call));
    const next = watch(iterator.next());
    await macrotask();
    expect([next.state, log.asked]).toEqual(['pending', 1]);
    fulfil(1, 99);
    await macrotask();
    expect(next.result).toEqual({ value: 1, done: false });
    await iterator.return();
  });
});

describe('batch', () => {
  it('gives arrays of the size, the last one shorter', async () => {
    expect(await flow(numbers(5)).batch(2).toArray()).toEqual([[1, 2], [3, 4], [5]]);
    expect(await flow(numbers(4)).batch(2).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await flow([]).batch(2).toArray()).toEqual([]);
    expect(await flow([1, 2]).batch(1).toArray()).toEqual([[1], [2]]);
  });

  it('by weight: the sum is the size at the most, and a heavier item is alone', async () => {
    const batches = (weights: number[]) =>
      flow(weights)
        .batch(5, { weigh: (n) => n })
        .toArray();
    expect(await batches([2, 3, 1])).toEqual([[2, 3], [1]]);
    expect(await batches([2, 2, 2])).toEqual([[2, 2], [2]]);
    expect(await batches([1, 9, 1])).toEqual([[1], [9], [1]]);
    expect(await batches([9, 9])).toEqual([[9], [9]]);
    expect(await batches([5, 0, 5])).toEqual([[5], [0, 5]]);
  });

  it('by weight: pulls nothing for a batch that is complete already', async () => {
    const { source, log } = sync();
    const iterator = iterate(flow(source).batch(4, { weigh: (n) => (n === 2 ? 9 : 1) }));
    expect((await iterator.next()).value).toEqual([1]);
    expect((await iterator.next()).value).toEqual([2]);
    expect(log.asked).toBe(2);
    await iterator.return();
  });

  it('fails with a RangeError by a bad weight; the batch so far is dropped, not the item', async () => {
    for (const weight of [-1, Number.NaN, 'heavy' as never, Object.create(null) as never]) {
      const { items, dropped } = noting([1, 2]);
      const all = items.batch(5, { weigh: (n) => (n === 1 ? 1 : weight) });
      expect(await rejection(all.toArray())).toBeInstanceOf(RangeError);
      expect(dropped).toEqual([1]);
    }
  });

  it('within: goes on so many milliseconds after its first item', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { source, yields, log } = manual();
    const iterator = iterate(flow(source).batch(3, { within: 100 }));
    const first = watch(iterator.next());
    await vi.advanceTimersByTimeAsync(1_000);
    expect([first.state, vi.getTimerCount()]).toEqual(['pending', 0]);
    yields(1);
    await microtasks();
    await vi.advanceTimersByTimeAsync(60);
    yields(2);
    await microtasks();
    await vi.advanceTimersByTimeAsync(39);
    expect(first.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(first.result).toEqual({ value: [1, 2], done: false });
    expect(vi.getTimerCount()).toBe(0);

    yields(3); // was asked for by the first batch: its time runs from now
    await microtasks();
    await vi.advanceTimersByTimeAsync(100);
    const asked = log.asked;
    expect((await iterator.next()).value).toEqual([3]);
    expect(log.asked).toBe(asked);
    await iterator.return();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('within: a full batch does not wait, and its timer is gone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const iterator = iterate(flow([1, 2, 3]).batch(2, { within: 100 }));
    expect((await iterator.next()).value).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
    expect((await iterator.next()).value).toEqual([3]);
    expect((await iterator.next()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('within: an error that comes while nobody asks is told by the next next()', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { source, yields, fails } = manual();
    const iterator = iterate(flow(source).batch(3, { within: 10 }));
    const first = watch(iterator.next());
    yields(1);
    await microtasks();
    await vi.advanceTimersByTimeAsync(10);
    expect(first.result).toEqual({ value: [1], done: false });
    fails('error');
    await microtasks();
    expect(await rejection(iterator.next())).toBe('error');
    expect((await iterator.next()).done).toBe(true);
  });

  it('drops the partial batch at an error, and batches anywhere item by item', async () => {
    const failing = sync({ length: 3, error: 'error' });
    const { items, dropped } = noting(failing.source);
    expect(await rejection(items.batch(5).toArray())).toBe('error');
    expect(dropped).toEqual([1, 2, 3]);

    const other = noting(sync().source);
    const nested = other.items.batch(2).batch(2).buffer(1);
    const iterator = iterate(nested);
    await iterator.next();
    await macrotask();
    await iterator.return();
    expect(other.dropped).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('is no array of the user, which is dropped as it is', async () => {
    const { items, dropped } = noting([[1], [2]]);
    const iterator = iterate(items.buffer(2));
    await iterator.next();
    await macrotask();
    await iterator.return();
    expect(dropped).toEqual([[2]]);
  });

  it('refuses bad options at the call', () => {
    for (const size of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => flow([1]).batch(size))).toBeInstanceOf(RangeError);
    }
    for (const within of [-1, Number.NaN]) {
      expect(thrown(() => flow([1]).batch(1, { within }))).toBeInstanceOf(RangeError);
    }
    expect(thrown(() => flow([1]).batch(1, { within: '1' as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).batch(1, { weigh: 1 as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).batch(1, null as never))).toBeInstanceOf(TypeError);
  });
});

describe('buffer', () => {
  it('delivers what is buffered before an error from above', async () => {
    const { source } = sync({ length: 2, error: 'error' });
    const seen: number[] = [];
    const all = flow(source)
      .buffer(8)
      .forEach(async (n) => {
        await macrotask();
        seen.push(n);
      });
    await expect(all).rejects.toBe('error');
    expect(seen).toEqual([1, 2]);
  });

  it('takes the options of a channel', async () => {
    const dropped: unknown[] = [];
    const { items, dropped: notHere } = noting([1, 2, 3, 4]);
    const iterator = iterate(
      items.buffer(1, { overflow: 'drop-oldest', onDrop: (item, why) => dropped.push([item, why]) }),
    );
    expect((await iterator.next()).value).toBe(1);
    await macrotask();
    expect(await collect(iterator)).toEqual([4]);
    expect(dropped).toEqual([
      [2, 'drop-oldest'],
      [3, 'drop-oldest'],
    ]);
    expect(notHere).toEqual([]);
  });

  it('that rejects fails the flow with OverflowError, which has the item, behind what is buffered', async () => {
    const { source, log } = sync();
    const { items, dropped } = noting(source);
    const iterator = iterate(items.buffer(1, { overflow: 'reject', name: 'small' }));
    expect((await iterator.next()).value).toBe(1);
    await macrotask();
    expect((await iterator.next()).value).toBe(2);
    expect(await rejection(iterator.next())).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 3 });
    expect(log.returned).toBe(1);
    expect(dropped).toEqual([]);
  });

  it('tells the steps above why the flow has ended', async () => {
    const controller = new AbortController();
    const { items } = noting([1, 2], controller.signal);
    const reasons: unknown[] = [];
    const hanging = items.map(
      (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => reasons.push(signal.reason));
        }),
    );
    const running = hanging.buffer(2).run();
    await macrotask();
    controller.abort('reason');
    expect(await rejection(running)).toBe('reason');
    expect(reasons).toEqual(['reason']);
  });

  it('opens no channel before its first pull, and closes each that it opens', async () => {
    const told: string[] = [];
    const leave = observe({ opened: () => void told.push('open'), closed: () => void told.push('close') });
    const buffered = flow([1]).buffer(4, { name: 'buffer' });
    expect(told).toEqual([]);
    await buffered.run();
    expect(told).toEqual(['open', 'close']);
    leave();
  });

  it('ends with the reason of its own signal', async () => {
    const controller = new AbortController();
    const { source, log } = asynchronous();
    const iterator = iterate(flow(source).buffer(1, { signal: controller.signal }));
    await iterator.next();
    controller.abort('reason');
    await macrotask();
    expect(log.returned).toBe(1);
    expect(await rejection(iterator.next())).toBe('reason');
  });

  it('refuses what a channel refuses, at the call', () => {
    for (const capacity of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => flow([1]).buffer(capacity))).toBeInstanceOf(RangeError);
    }
    expect(thrown(() => flow([1]).buffer(1, { overflow: 'block' as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).buffer(0, { overflow: 'drop-oldest' }))).toBeInstanceOf(RangeError);
    expect(thrown(() => flow([1]).buffer(1, { signal: 1 as never }))).toBeInstanceOf(TypeError);
  });
});

/** Of the shape of a TokenBucket, for a test that gives each token itself. */
class FakeBucket {
  readonly takes: { n: number; give: () => void; refuse: (error: unknown) => void; signal: unknown }[] = [];

  take(n = 1, { signal }: { signal?: unknown } = {}): Promise<void> {
    return new Promise((give, refuse) => this.takes.push({ n, give, refuse, signal }));
  }
}

describe('throttle', () => {
  it('takes what an item costs before it lets the item pass; 1 by default, 0 at once', async () => {
    const bucket = new FakeBucket();
    const iterator = iterate(flow([2, 0, 5]).throttle(bucket, (n) => n));
    const first = watch(iterator.next());
    await macrotask();
    expect([first.state, bucket.takes.map(({ n }) => n)]).toEqual(['pending', [2]]);
    bucket.takes[0]?.give();
    await macrotask();
    expect(first.result).toEqual({ value: 2, done: false });
    expect((await iterator.next()).value).toBe(0);
    const last = watch(iterator.next());
    expect(bucket.takes.map(({ n }) => n)).toEqual([2, 5]);
    await iterator.return();
    expect(last.result).toEqual({ value: undefined, done: true });

    const other = new FakeBucket();
    void flow(['a']).throttle(other).run();
    expect(other.takes.map(({ n }) => n)).toEqual([1]);
  });

  it('tells the bucket of an early end by its signal, and drops the item that waits', async () => {
    const controller = new AbortController();
    const bucket = new FakeBucket();
    const { items, dropped } = noting([1], controller.signal);
    const running = watch(items.throttle(bucket).run());
    controller.abort('reason');
    expect(bucket.takes[0]?.signal).toMatchObject({ aborted: true });
    bucket.takes[0]?.refuse('reason');
    await macrotask();
    expect(running).toEqual({ state: 'rejected', result: 'reason' });
    expect(dropped).toEqual([1]);
  });

  it('fails with what the bucket, or the cost, says of an item', async () => {
    const bucket = new FakeBucket();
    const running = watch(flow([1]).throttle(bucket).run());
    bucket.takes[0]?.refuse('too much');
    await macrotask();
    expect(running.result).toBe('too much');
    const cost = () => {
      throw new Error('no price');
    };
    expect(await rejection(flow([1]).throttle(bucket, cost).run())).toMatchObject({ message: 'no price' });
  });

  it('refuses what is no bucket', () => {
    expect(thrown(() => flow([1]).throttle({} as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).throttle(undefined as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => flow([1]).throttle(new FakeBucket(), 1 as never))).toBeInstanceOf(TypeError);
  });
});

describe('timeout', () => {
  it('fails when an item that was asked for takes longer, and returns the source', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { source, yields, log } = manual();
    const iterator = iterate(flow(source).timeout(100));
    const first = iterator.next();
    await vi.advanceTimersByTimeAsync(99);
    yields(1);
    expect((await first).value).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000); // nobody asks
    const second = watch(iterator.next());
    await vi.advanceTimersByTimeAsync(100);
    expect(second.result).toBeInstanceOf(TimeoutError);
    expect((second.result as Error).message).toContain('100 ms');
    expect(log.returned).toBe(1);
    expect((await iterator.next()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts no timer where the flow is ended from inside the pull', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const { items } = noting([1, 2], controller.signal);
    const stopping = items.map((n) => {
      if (n === 2) controller.abort('reason');
      return n;
    });
    expect(await rejection(stopping.timeout(100).toArray())).toBe('reason');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts what the steps above take', async () => {
    const { items, dropped } = noting([1]);
    await expect(
      items
        .tap(() => new Promise(() => {}))
        .timeout(1)
        .run(),
    ).rejects.toBeInstanceOf(TimeoutError);
    expect(dropped).toEqual([1]);
  });

  it('of Infinity has no timer; a late item goes to onDrop', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    void flow(manual().source).timeout(Number.POSITIVE_INFINITY).run();
    expect(vi.getTimerCount()).toBe(0);
    const { source, yields } = manual();
    const { items, dropped } = noting(source);
    const running = watch(items.timeout(5).run());
    await vi.advanceTimersByTimeAsync(5);
    expect(running.result).toBeInstanceOf(TimeoutError);
    yields(1);
    await microtasks();
    expect(dropped).toEqual([1]);
  });

  it('refuses bad numbers at the call', () => {
    for (const ms of [-1, Number.NaN]) expect(thrown(() => flow([1]).timeout(ms))).toBeInstanceOf(RangeError);
    expect(thrown(() => flow([1]).timeout('1' as never))).toBeInstanceOf(TypeError);
  });
});

describe('a busy flow', () => {
  it('lets timers fire, whatever its source and its end', async () => {
    function* endless(going: () => boolean): Generator<number> {
      for (let i = 0; going(); i++) yield i;
    }
    async function* endlessAsync(going: () => boolean): AsyncGenerator<number> {
      for (let i = 0; going(); i++) yield i;
    }
    expect(await letsTimersFire((going) => [flow(endless(going)).run()])).toBe(true);
    expect(await letsTimersFire((going) => [flow(endlessAsync(going)).run()])).toBe(true);
    expect(
      await letsTimersFire((going) => [
        flow(endless(going))
          .filter(() => false)
          .run(),
      ]),
    ).toBe(true);
    expect(
      await letsTimersFire((going) => [
        flow(endless(going))
          .flatMap(() => [])
          .run(),
      ]),
    ).toBe(true);
    expect(
      await letsTimersFire((going) => [
        (async () => {
          for await (const _ of flow(endless(going)).map((n) => n)) continue;
        })(),
      ]),
    ).toBe(true);
    expect(
      await letsTimersFire((going) =>
        flow(endless(going))
          .broadcast(2)
          .map((branch) => branch.run()),
      ),
    ).toBe(true);
  });

  it('holds an item over a turn at the most, and drops that too at an early end', async () => {
    const { source, log } = sync();
    const { items, dropped } = noting(source);
    const iterator = iterate(items);
    let seen = 0;
    passSlice();
    for (let i = 0; i < 3_000; i++) {
      const next = watch(iterator.next());
      await undefined;
      await undefined;
      if (next.state === 'pending') {
        await iterator.return();
        break;
      }
      seen++;
    }
    await macrotask();
    expect(log.pulled.length).toBe(seen + 1);
    expect(dropped).toEqual([seen + 1]);
  });
});

describe('an error', () => {
  it('thrown by onDrop breaks nothing, and is reported', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const items = flow(sync().source, {
      onDrop: () => {
        throw new Error('in onDrop');
      },
    });
    for await (const _ of items.buffer(2)) {
      await macrotask();
      break;
    }
    await macrotask();
    vi.unstubAllGlobals();
    expect(reported).toHaveLength(3);
  });

  it('of any kind is told as it is', async () => {
    for (const error of [null, 0, '', 'text']) {
      const failing = flow([1]).map(() => {
        throw error;
      });
      expect(await settled(failing.run())).toEqual({ state: 'rejected', result: error });
    }
  });
});
