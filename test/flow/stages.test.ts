// The protocol of stages (P1 to P6 of src/flow/stage.ts), kept by each kind of stage, between a stage above that does as it
// is told and a root that only listens: in a whole flow the root would hide what a stage says that has been stopped.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { openerOf } from '../../src/feed.js';
import { Batch } from '../../src/flow/batch.js';
import { Buffer } from '../../src/flow/buffer.js';
import { Context } from '../../src/flow/context.js';
import { Each } from '../../src/flow/each.js';
import { FanIn, inTurn, oneOfEach } from '../../src/flow/fan-in.js';
import { FlatMap } from '../../src/flow/flat-map.js';
import { consuming, mapping, scanning } from '../../src/flow/operations.js';
import { Pool } from '../../src/flow/pool.js';
import { Scope } from '../../src/flow/scope.js';
import { Source } from '../../src/flow/source.js';
import { type Answer, END, isThenable, NOBODY, PENDING, type Sink, type Stage } from '../../src/flow/stage.js';
import { Timeout } from '../../src/flow/timeout.js';
import { microtasks, thrown } from '../support.js';
import { calls, manual } from './sources.js';

afterEach(() => void vi.useRealTimers());

/** A stage whose answers the test gives. */
class Above<T = number> implements Stage<T> {
  sink: Sink<T> = NOBODY;
  pulls = 0;
  readonly stops: unknown[] = [];
  /** What the next pulls do; PENDING when there are none. */
  readonly answers: (() => Answer<T>)[];

  constructor(...answers: (Answer<T> | (() => Answer<T>))[]) {
    this.answers = answers.map((answer) => (typeof answer === 'function' ? (answer as () => Answer<T>) : () => answer));
  }

  pull(): Answer<T> {
    this.pulls++;
    return this.answers.shift()?.() ?? PENDING;
  }

  stop(reason: unknown): void {
    this.stops.push(reason);
  }
}

/** A stage of whatever items. */
interface Any {
  sink: Sink<never>;
  pull(): unknown;
  stop(reason: unknown): void;
}

/** A root that listens, and what it hears. */
function heard(stage: Any): unknown[] {
  const log: unknown[] = [];
  stage.sink = { answer: (item) => log.push(item), fail: (error) => log.push({ error }) };
  return log;
}

function noting(): { scope: Scope; dropped: unknown[] } {
  const dropped: unknown[] = [];
  return { scope: new Scope({ onDrop: (item) => dropped.push(item) }), dropped };
}

type Manual = ReturnType<typeof manual<number>>;

type Make = (above: Stage<number>, scope: Scope, fn: (item: number) => unknown) => Any;

/** Those that call a function of the user. */
const calling: [string, Make][] = [
  ['map', (above, scope, fn) => new Each(above, mapping(fn), scope)],
  ['map with a concurrency', (above, scope, fn) => new Pool(above, mapping(fn), 2, true, scope)],
  ['map with a concurrency, unordered', (above, scope, fn) => new Pool(above, mapping(fn), 2, false, scope)],
  ['batch', (above, scope, fn) => new Batch(above, 3, 1_000, (item) => (fn(item), 1), scope)],
  ['flatMap', (above, scope, fn) => new FlatMap(above, (item) => (fn(item), [item]), 1, true, scope)],
  ['flatMap, unordered', (above, scope, fn) => new FlatMap(above, (item) => (fn(item), [item]), 2, false, scope)],
];

const stopping: [string, Make][] = [
  ...calling,
  ['merge', (above, scope) => new FanIn([above as Stage<unknown>, new Above<unknown>()], inTurn(), scope)],
  ['zip', (above, scope) => new FanIn([above as Stage<unknown>, new Above<unknown>()], oneOfEach, scope)],
  ['buffer', (above, scope) => new Buffer(above, 2, {}, scope)],
];

describe('a stop', () => {
  it.each(stopping)('of %s that is said again is nothing', (_name, make) => {
    vi.useFakeTimers();
    const above = new Above();
    const stage = make(above, noting().scope, (item) => item);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    stage.stop('first');
    const stops = [...above.stops];
    expect(stops[0]).toBe('first');
    stage.stop('second');
    expect([above.stops, log]).toEqual([stops, []]);
  });

  it.each(calling)('of %s from inside of its function, which then throws, silences it', (_name, make) => {
    vi.useFakeTimers();
    const above = new Above();
    const stage: Any = make(above, noting().scope, () => {
      stage.stop('by the function');
      throw new Error('of no interest');
    });
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    above.sink.answer(1);
    expect([above.stops, log]).toEqual([['by the function'], []]);
  });

  it.each([false, true])('of a pool silences a call that fails later; ordered: %s', async (ordered) => {
    const { call, reject } = calls();
    const { scope, dropped } = noting();
    const stage = new Pool(new Above(1), mapping(call), 2, ordered, scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    stage.stop('stopped');
    reject(1, new Error('of no interest'));
    await microtasks();
    scope.tell();
    expect([log, dropped]).toEqual([[], [1]]);
  });

  it.each([
    ['ends', ({ ends }: Manual) => ends()],
    ['fails', ({ fails }: Manual) => fails(new Error('of no interest'))],
  ])('silences a source that %s later', async (_how, go) => {
    const source = manual();
    const stage = new Source(openerOf(source.source), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    stage.stop();
    go(source);
    await microtasks();
    expect(log).toEqual([]);
  });

  it('silences a synchronous source whose promised item is rejected later', async () => {
    const stage = new Source(openerOf([Promise.reject(new Error('of no interest'))]), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    stage.stop();
    await microtasks();
    expect(log).toEqual([]);
  });

  it('leaves a lane alone that has ended', () => {
    const [ended, open] = [new Above<unknown>(END), new Above<unknown>()];
    const stage = new FanIn<unknown>([ended, open], inTurn(), noting().scope);
    expect(stage.pull()).toBe(PENDING);
    stage.stop('stopped');
    expect([ended.stops, open.stops]).toEqual([[], ['stopped']]);
  });

  it.each([
    ['merge', inTurn()],
    ['zip', oneOfEach],
  ])('of a %s from inside of a pull drops the item that this brings', (_name, choose) => {
    const { scope, dropped } = noting();
    const above = new Above<unknown>(() => {
      stage.stop('from inside');
      return 1;
    });
    const stage: Any = new FanIn<unknown>([above, new Above<unknown>()], choose, scope);
    const log = heard(stage);
    expect(stage.pull()).not.toBe(1);
    expect([dropped, log]).toEqual([[1], []]);
  });

  it('of a timeout from inside of a pull starts no timer', () => {
    vi.useFakeTimers();
    const above = new Above(() => {
      stage.stop('from inside');
      return PENDING;
    });
    const stage = new Timeout(above, 1_000);
    expect(stage.pull()).toBe(PENDING);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is told to functions with the reason of the first', () => {
    const context = new Context();
    context.stop('first');
    context.stop('second');
    expect(context.signal.reason).toBe('first');
  });

  it('drops what runs in a pool in the order in which it was pulled', async () => {
    const { call, fulfil } = calls();
    const { scope, dropped } = noting();
    const stage = new Pool(new Above(1, 2, 3, 4), mapping(call), 3, false, scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    fulfil(1);
    await microtasks();
    expect([log, stage.pull()]).toEqual([[1], PENDING]); // 4 runs now, where 1 did
    stage.stop('stopped');
    scope.tell();
    expect(dropped).toEqual([2, 3, 4]);
  });

  it.each<[string, Make]>([
    ['forEach', (above, scope, fn) => new Each(above, consuming(fn), scope)],
    ['forEach with a concurrency', (above, scope, fn) => new Pool(above, consuming(fn), 2, false, scope)],
  ])('of %s drops the item that its function runs on, and not what that gives later', async (_name, make) => {
    const { call, fulfil } = calls();
    const { scope, dropped } = noting();
    const stage = make(new Above(1), scope, call);
    expect(stage.pull()).toBe(PENDING);
    stage.stop('stopped');
    fulfil(1, 100);
    await microtasks();
    scope.tell();
    expect(dropped).toEqual([1]);
  });

  it('of scan drops the item that its function runs on, and the state that comes later', async () => {
    const { call, fulfil } = calls();
    const { scope, dropped } = noting();
    const scan = scanning((_state: number, item: number) => call(item), 0);
    const stage = new Each(new Above(1), scan, scope);
    expect(stage.pull()).toBe(PENDING);
    stage.stop('stopped');
    fulfil(1, 100);
    await microtasks();
    scope.tell();
    expect(dropped).toEqual([1, 100]);
  });
});

describe('an error while nobody asks stops the stage, and is told at the next pull', () => {
  const error = new Error('nobody asked');

  it.each([false, true])('of map with a concurrency; ordered: %s', async (ordered) => {
    const { call, fulfil, reject } = calls();
    const above = new Above(1, 2);
    const stage = new Pool(above, mapping(call), 2, ordered, noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    fulfil(1);
    await microtasks();
    reject(2, error);
    await microtasks();
    expect([log, above.stops]).toEqual([[1], [error]]);
    expect(thrown(() => stage.pull())).toBe(error);
  });

  it.each([false, true])('of a flatMap, by one of its sources; ordered: %s', async (ordered) => {
    const above = new Above(1, 2);
    const second = manual();
    const open = (item: number) => (item === 1 ? ['a'] : (second.source as AsyncIterable<unknown>));
    const stage = new FlatMap<number, unknown>(above, open, 2, ordered, noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe('a');
    second.fails(error);
    await microtasks();
    expect([log, above.stops]).toEqual([[], [error]]);
    expect(thrown(() => stage.pull())).toBe(error);
  });

  it('of a merge', () => {
    const [a, b] = [new Above<unknown>(), new Above<unknown>()];
    const stage = new FanIn<unknown>([a, b], inTurn(), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    a.sink.answer(1);
    b.sink.fail(error);
    expect([log, a.stops]).toEqual([[1], [error]]);
    expect(thrown(() => stage.pull())).toBe(error);
  });

  it('of a batch that went down since its time was over', () => {
    vi.useFakeTimers();
    const above = new Above(1);
    const stage = new Batch(above, 3, 1_000, undefined, noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    vi.advanceTimersByTime(1_000);
    above.sink.fail(error);
    expect([log, above.stops]).toEqual([[[1]], [error]]);
    expect(thrown(() => stage.pull())).toBe(error);
  });
});

describe('what comes on the stack of an ask', () => {
  const error = new Error('on the same stack');

  it('to another lane of a merge is found by that ask', () => {
    const b = new Above<unknown>();
    const a = new Above<unknown>(PENDING, () => (b.sink.answer(2), PENDING));
    const stage = new FanIn<unknown>([a, b], inTurn(), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    a.sink.answer(1);
    expect(stage.pull()).toBe(2);
    expect(log).toEqual([1]);
  });

  it('to another lane of a merge, beside an item of its own, is kept for the next', () => {
    const b = new Above<unknown>();
    const a = new Above<unknown>(PENDING, () => (b.sink.answer(2), 3));
    const stage = new FanIn<unknown>([a, b], inTurn(), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    a.sink.answer(1);
    expect([stage.pull(), stage.pull()]).toEqual([3, 2]);
    expect(log).toEqual([1]);
  });

  it('as the error of another lane of a merge fails that ask, once', () => {
    const b = new Above<unknown>();
    const a = new Above<unknown>(PENDING, () => (b.sink.fail(error), PENDING));
    const stage = new FanIn<unknown>([a, b], inTurn(), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    a.sink.answer(1);
    expect(thrown(() => stage.pull())).toBe(error);
    expect(log).toEqual([1]);
  });

  /** A source whose second `next()` does something, on the stack of an ask. */
  function doing(something: () => unknown): Iterable<unknown> {
    const steps = [(): unknown => 'first', something];
    return { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: steps.shift()?.() }) }) };
  }

  it.each([false, true])('from above to a flatMap is found by that ask; ordered: %s', (ordered) => {
    const above = new Above(1);
    const never = new Promise(() => {});
    const first = doing(() => (above.sink.answer(2), ordered ? 'second' : never));
    const open = (item: number): Iterable<unknown> => (item === 1 ? first : ['of 2']);
    const stage = new FlatMap<number, unknown>(above, open, 2, ordered, noting().scope);
    const log = heard(stage);
    expect([stage.pull(), stage.pull()]).toEqual(['first', ordered ? 'second' : 'of 2']);
    expect(log).toEqual([]);
  });

  it.each([false, true])('from above to a flatMap, as an error, fails that ask, once; ordered: %s', (ordered) => {
    const above = new Above(1);
    const first = doing(() => (above.sink.fail(error), 'second'));
    const stage = new FlatMap<number, unknown>(above, () => first, 2, ordered, noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe('first');
    expect(thrown(() => stage.pull())).toBe(error);
    expect(log).toEqual([]);
  });
});

describe('a merge', () => {
  it('that has an item somewhere asks nobody, also not whose turn it is', () => {
    const lanes = [new Above<unknown>(), new Above<unknown>(), new Above<unknown>()] as const;
    const stage = new FanIn<unknown>(lanes, inTurn(), noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toBe(PENDING);
    lanes[1].sink.answer(1);
    lanes[0].sink.answer(2);
    expect(stage.pull()).toBe(2);
    lanes[2].sink.answer(3);
    expect(stage.pull()).toBe(3);
    expect([log, lanes.map(({ pulls }) => pulls)]).toEqual([[1], [1, 1, 1]]);
  });
});

describe('a batch', () => {
  it('whose time is over while nobody asks goes down at the next pull', () => {
    vi.useFakeTimers();
    const stage = new Batch(new Above(2, 2), 3, 1_000, (item) => item, noting().scope);
    const log = heard(stage);
    expect(stage.pull()).toEqual([2]); // the second was too heavy to join it
    vi.advanceTimersByTime(1_000);
    expect(log).toEqual([]);
    expect(stage.pull()).toEqual([2]);
  });
});

describe('a promise, to a stage,', () => {
  it.each([
    [Promise.resolve(), true],
    [{ then() {} }, true],
    [Object.assign(() => {}, { then() {} }), true],
    [() => {}, false],
    [{ then: 1 }, false],
    [{}, false],
    [null, false],
    [undefined, false],
    ['then', false],
  ])('is what has a function named then: %o', (value, is) => expect(isThenable(value)).toBe(is));
});
