// A step as a processor: both contracts, and what passes between the two sides.

import { Channel } from 'sluice';
import { flow } from 'sluice/flow';
import { fromPublisher, toProcessor, toPublisher, toSubscriber } from 'sluice/reactive';
import { describe, expect, it } from 'vitest';
import { collect, macrotask, microtasks, rejection, thrown } from '../support.js';
import { counting, Probe, Source } from './sides.js';

const double = async function* (source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const item of source) yield item * 2;
};

function processed<O = number>(
  step: (source: AsyncIterable<number>) => AsyncIterable<O> = double as never,
  capacity = 4,
) {
  const processor = toProcessor(step, capacity);
  const source = new Source<number>();
  const probe = new Probe<O>();
  source.subscribe(processor);
  processor.subscribe(probe);
  return { processor, source, probe };
}

describe('a processor', () => {
  it('requests its capacity, runs the step as results are requested, and completes (§4.1)', async () => {
    const { source, probe } = processed();
    expect(source.requests).toEqual([4]);
    source.next(1, 2, 3);
    await macrotask();
    expect(probe.log).toEqual([]);
    probe.request(2);
    await macrotask();
    expect([probe.log, source.requests]).toEqual([
      [2, 4],
      [4, 2],
    ]);
    source.complete();
    probe.request(5);
    await macrotask();
    expect([probe.log, probe.broken, source.broken]).toEqual([[2, 4, 6, 'complete'], [], []]);
  });

  it('carries everything between two of our own, at any capacity, with any step', async () => {
    const items = Array.from({ length: 500 }, (_, i) => i);
    for (const capacity of [1, 2, 7, 64]) {
      const processor = toProcessor(
        (source: AsyncIterable<number>) => flow(source).map(async (n) => n + 1, { concurrency: 3 }),
        capacity,
      );
      toPublisher(Channel.from(items, 8)).subscribe(processor);
      expect(await collect(fromPublisher(processor, capacity))).toEqual(items.map((n) => n + 1));
    }
  });

  it('requests of its upstream for what was requested of it long ago', async () => {
    const { source, probe } = processed(double, 2);
    probe.request(20);
    for (let i = 1; i <= 10; i++) {
      expect(source.demand).toBeGreaterThan(0);
      source.next(i);
      await macrotask();
      expect(probe.items).toHaveLength(i);
    }
    expect(source.broken).toEqual([]);
  });

  it('never has more requested and buffered than its capacity', async () => {
    const source = counting(200);
    const processor = toProcessor(double, 8);
    source.subscribe(processor);
    await macrotask();
    expect(source.emitted).toBe(8);
    const probe = new Probe<number>();
    processor.subscribe(probe);
    for (let i = 1; i <= 150; i++) {
      probe.request(1);
      await macrotask();
      expect(source.requested - probe.items.length).toBeLessThanOrEqual(8);
    }
    probe.cancel();
    expect(source.cancelled).toBe(1);
  });

  it('passes an error at once, also with nothing requested (§4.2)', async () => {
    for (const request of [0, 3]) {
      const { source, probe } = processed();
      if (request > 0) probe.request(request);
      await macrotask();
      source.error('upstream');
      await microtasks();
      expect([probe.log, probe.broken, source.broken]).toEqual([[['error', 'upstream']], [], []]);
    }
  });

  it('passes an error after the items before it, with no request more than for these', async () => {
    const { source, probe } = processed();
    source.next(1, 2);
    source.error('upstream');
    await macrotask();
    expect(probe.log).toEqual([]);
    probe.request(2);
    await macrotask();
    expect([probe.log, probe.broken]).toEqual([[2, 4, ['error', 'upstream']], []]);
  });

  it('completes at once, also with nothing requested', async () => {
    const { source, probe } = processed();
    source.next(1);
    probe.request(1);
    await macrotask();
    source.complete();
    await microtasks();
    expect([probe.log, probe.broken]).toEqual([[2, 'complete'], []]);
  });

  it('whose step recovers gives what it makes of the error, as it is requested (§4.2)', async () => {
    const { source, probe } = processed(async function* (items) {
      try {
        yield* double(items);
      } catch (error) {
        yield `recovered from ${String(error)}`;
        yield 'and goes on';
      }
    });
    source.error('upstream');
    await macrotask();
    expect(probe.log).toEqual([]);
    probe.request(1);
    await macrotask();
    expect(probe.log).toEqual(['recovered from upstream']);
    probe.request(1);
    await macrotask();
    expect([probe.log.slice(1), probe.broken]).toEqual([['and goes on', 'complete'], []]);
  });

  it('whose step fails, or returns early, cancels its upstream and ends', async () => {
    for (const fails of [true, false]) {
      const { source, probe } = processed(async function* (items) {
        for await (const item of items) {
          yield item;
          if (!fails) return;
          throw new Error('step');
        }
      });
      source.next(1, 2);
      probe.request(5);
      await macrotask();
      expect(probe.log).toEqual([1, fails ? ['error', new Error('step')] : 'complete']);
      expect([source.cancelled, probe.broken, source.broken]).toEqual([1, [], []]);
    }
  });

  it.each([
    ['throws', () => thrown(() => {}) as never],
    ['gives nothing iterable', () => undefined as never],
    ['never looks at its items', async function* () {}],
    [
      'gives a result that is no object',
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(1) }) }),
    ],
  ])('whose step %s ends, and cancels its upstream', async (_what, step) => {
    const { source, probe } = processed(step as never);
    probe.request(1);
    await macrotask();
    expect([probe.log.length, probe.over, source.cancelled, probe.broken]).toEqual([1, true, 1, []]);
  });

  it.each([undefined, null])(
    'whose step throws %s says the same with something requested and without',
    async (what) => {
      const step = async function* (items: AsyncIterable<number>): AsyncGenerator<number> {
        yield* double(items);
        throw what;
      };
      const logs: unknown[] = [];
      for (const request of [0, 1]) {
        const { source, probe } = processed(step);
        if (request > 0) probe.request(request);
        source.complete();
        await macrotask();
        logs.push(probe.log);
      }
      expect(logs[0]).toEqual([['error', expect.any(Error)]]);
      expect(logs[0]).toEqual(logs[1]);
    },
  );

  it('cancels its upstream when its subscriber leaves: before it began, while it waits, and in between', async () => {
    let returned = 0;
    const step = async function* (items: AsyncIterable<number>): AsyncGenerator<number> {
      try {
        yield* double(items);
      } finally {
        returned++;
      }
    };
    for (const [request, send] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 3],
      [2, 1],
    ] as const) {
      const before = returned;
      const { source, probe } = processed(step);
      if (request > 0) probe.request(request);
      for (let i = 0; i < send; i++) source.next(i);
      await macrotask();
      const log = [...probe.log];
      probe.cancel();
      expect(source.cancelled).toBe(1);
      await macrotask();
      expect([probe.log, returned - before, source.broken]).toEqual([log, request > 0 ? 1 : 0, []]);
    }
  });

  it('that nobody has subscribed to keeps the end for who comes', async () => {
    const processor = toProcessor(double, 2);
    const source = new Source<number>();
    source.subscribe(processor);
    source.error('early');
    await macrotask();
    const probe = new Probe<number>();
    processor.subscribe(probe);
    expect([probe.log, probe.broken]).toEqual([[['error', 'early']], []]);
  });

  it('that was subscribed to before it subscribes itself waits for it', async () => {
    const processor = toProcessor(double, 2);
    const out = fromPublisher(processor, 2);
    toPublisher(Channel.from([1, 2, 3], 1)).subscribe(processor);
    expect(await collect(out)).toEqual([2, 4, 6]);
  });

  it('keeps the rules of both sides as to null, second subscriptions and second subscribers', () => {
    const { processor, source } = processed();
    expect(thrown(() => processor.subscribe(null as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => processor.onSubscribe(null as never))).toBeInstanceOf(TypeError);
    const second = new Probe<number>();
    processor.subscribe(second);
    expect(second.log).toEqual([['error', expect.any(TypeError)]]);
    const other = new Source<number>();
    other.subscribe(processor);
    expect([other.cancelled, source.cancelled]).toEqual([1, 0]);
    expect(thrown(() => processor.onNext(null as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => processor.onError(null))).toBeInstanceOf(TypeError);
  });

  it('chains', async () => {
    const [first, second] = [toProcessor(double, 3), toProcessor(double, 1)];
    const out = new Channel<number>(2);
    second.subscribe(toSubscriber(out, { window: 2 }));
    first.subscribe(second);
    toPublisher(Channel.from([1, 2, 3, 4, 5], 2)).subscribe(first);
    expect(await collect(out)).toEqual([4, 8, 12, 16, 20]);
  });

  it('chains errors, downwards', async () => {
    const first = toProcessor(double, 3);
    const out = new Channel<number>(2);
    first.subscribe(toSubscriber(out));
    const source = new Channel<number>(1);
    source.close('from the top');
    toPublisher(source).subscribe(first);
    expect(await rejection(out.receive())).toBe('from the top');
  });

  it('checks its arguments', () => {
    for (const step of [undefined, null, 1]) {
      expect(thrown(() => toProcessor(step as never, 1))).toBeInstanceOf(TypeError);
    }
    for (const capacity of [0, 1.5, undefined]) {
      expect(thrown(() => toProcessor(double, capacity as never))).toBeInstanceOf(RangeError);
    }
  });
});
