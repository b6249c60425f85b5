// What all three verifications promise: when results come, what is left out, what is refused, and that nothing is left.

import { verifyProcessor, verifyPublisher, verifySubscriber } from 'sluice/reactive/verify';
import { describe, expect, it, vi } from 'vitest';
import { macrotask, thrown } from '../../support.js';
import { atOnce, publisherOf, soon, subscriberOf } from './peers.js';
import { allBut, failures, resultsOf, rulesThat } from './rules.js';

describe('a verification', () => {
  it('runs nothing before it is iterated, and no check before the result of the one before was taken', async () => {
    const made: number[] = [];
    const make = (elements: number) => {
      made.push(elements);
      return publisherOf(elements);
    };
    const results = verifyPublisher(make, { timeout: 20 })[Symbol.asyncIterator]();
    await macrotask();
    expect(made).toEqual([]);
    expect((await results.next()).value).toEqual({
      rule: '1.1',
      name: 'gives no more items than were requested',
      outcome: 'passed',
    });
    expect(made).toEqual([10]);
    await macrotask();
    expect(made).toEqual([10]);
    await results.return?.();
  });

  it('tries anew each time it is iterated', async () => {
    const results = verifyPublisher((n) => publisherOf(n), { timeout: 20, skip: allBut('1.2') });
    expect(await resultsOf(results)).toEqual(await resultsOf(results));
  });

  it('leaves no subscription behind: in the end, or left early', async () => {
    let [open, subscriptions] = [0, 0];
    const make = (elements: number) => {
      const inner = publisherOf(elements, soon);
      return {
        subscribe(subscriber: Parameters<typeof inner.subscribe>[0]) {
          if (subscriber !== null) [open, subscriptions] = [open + 1, subscriptions + 1];
          let over = false;
          const end = () => {
            if (!over) open--;
            over = true;
          };
          inner.subscribe(
            subscriber && {
              onSubscribe: (subscription) =>
                subscriber.onSubscribe({
                  request: (n) => subscription.request(n),
                  cancel() {
                    end();
                    subscription.cancel();
                  },
                }),
              onNext: (item) => subscriber.onNext(item),
              onError(error) {
                end();
                subscriber.onError(error);
              },
              onComplete() {
                end();
                subscriber.onComplete();
              },
            },
          );
        },
      };
    };
    for await (const { rule } of verifyPublisher(make, { timeout: 20, skip: ['3.3'] })) if (rule === '3.8') break;
    expect(subscriptions).toBeGreaterThan(10);
    expect(open).toBe(0);
    const results = await resultsOf(verifyPublisher(make, { timeout: 20, skip: ['3.3'] }));
    expect(failures(results)).toEqual([]);
    expect(open).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const running = new Set<unknown>();
    let set = 0;
    const { setTimeout, clearTimeout } = globalThis;
    vi.stubGlobal('setTimeout', (callback: () => void, ms: number) => {
      const timer = setTimeout(() => {
        running.delete(timer);
        callback();
      }, ms);
      set++;
      running.add(timer);
      return timer;
    });
    vi.stubGlobal('clearTimeout', (timer: NodeJS.Timeout) => {
      running.delete(timer);
      clearTimeout(timer);
    });
    vi.resetModules(); // it takes its timers when it is loaded
    const kit = await import('sluice/reactive/verify');
    vi.unstubAllGlobals();
    const make = vi.fn((elements: number) =>
      elements === 10 ? new Promise<never>(() => {}) : publisherOf(elements, soon),
    );
    for await (const result of kit.verifyPublisher(make, { timeout: 10, skip: ['3.3'] }))
      expect([result, running.size]).toEqual([result, 0]);
    for await (const result of kit.verifySubscriber(
      () => subscriberOf(),
      (i) => i,
      { timeout: 10 },
    ))
      expect([result, running.size]).toEqual([result, 0]);
    expect(set).toBeGreaterThan(100);
  });

  it('gives a subscriber an end, in each check', async () => {
    let [subscribed, ended] = [0, 0];
    const make = () => {
      const { subscriber, probe } = subscriberOf();
      let first = true;
      return {
        subscriber: {
          ...subscriber,
          onSubscribe(subscription: Parameters<typeof subscriber.onSubscribe>[0]) {
            subscriber.onSubscribe(subscription);
            if (first) subscribed++;
            first = false;
          },
          onComplete: () => void ended++,
          onError: (error: unknown) => {
            subscriber.onError(error);
            ended++;
          },
        },
        probe,
      };
    };
    expect(failures(await resultsOf(verifySubscriber(make, (i) => i, { timeout: 20 })))).toEqual([]);
    expect(subscribed).toBeGreaterThan(10);
    expect(ended).toBe(subscribed);
  });

  it('needs no more than maxElements, and skips what does', async () => {
    const most = (maxElements: number) => {
      const make = (elements: number) => {
        if (elements > maxElements) throw new Error(`${elements} items`);
        return publisherOf(elements);
      };
      return resultsOf(verifyPublisher(make, { maxElements, timeout: 20, multicast: true }));
    };
    const [none, one, many] = [await most(0), await most(1), await most(20)];
    expect([failures(none), failures(one), failures(many)]).toEqual([[], [], []]);
    expect(rulesThat('passed', none)).toEqual(['1.5']);
    expect(one.find(({ rule }) => rule === '3.8')).toMatchObject({
      outcome: 'skipped',
      message: 'needs 3 items, and maxElements is 1; needs 6 items, and maxElements is 1',
    });
    expect(rulesThat('passed', one)).toContain('3.9');
    expect(many.find(({ rule }) => rule === '3.3')).toMatchObject({
      outcome: 'passed',
      message: 'in part: seen over 20 items',
    });
  });

  it('skips what needs a publisher that fails, or several subscribers, where none are to be had', async () => {
    const skip = allBut('1.4', '1.7', '1.9', '1.11');
    const results = await resultsOf(verifyPublisher((n) => publisherOf(n), { timeout: 20, skip }));
    const tried = results.filter(({ rule }) => !skip.includes(rule));
    expect(tried.map(({ rule, outcome }) => [rule, outcome])).toEqual([
      ['1.4', 'skipped'],
      ['1.7', 'passed'],
      ['1.9', 'passed'],
      ['1.11', 'skipped'],
    ]);
    expect(tried.map(({ message }) => message)).toEqual([
      'needs options.failed',
      'in part: needs options.failed',
      'in part: needs options.failed',
      'needs options.multicast',
    ]);
  });

  it('skips §3.13 without a garbage collector to call', async () => {
    const { gc } = globalThis;
    globalThis.gc = undefined;
    const skip = allBut('3.13');
    const results = await resultsOf(verifyPublisher((n) => publisherOf(n), { timeout: 20, skip }));
    globalThis.gc = gc;
    expect(results.find(({ rule }) => rule === '3.13')?.message).toBe('needs a run with --expose-gc');
  });

  it('leaves out what skip names, and says so', async () => {
    const make = vi.fn(() => publisherOf(3, atOnce));
    const results = await resultsOf(verifyPublisher(make, { timeout: 20, skip: allBut() }));
    expect(make).not.toHaveBeenCalled();
    expect(rulesThat('skipped', results)).toEqual(results.map(({ rule }) => rule));
    expect(results[0]?.message).toBe('left out by options.skip');
  });

  it('does not hang under fake timers', async () => {
    vi.useFakeTimers();
    const results = await resultsOf(
      verifyPublisher((n) => publisherOf(n), { timeout: 20, skip: allBut('1.1', '3.6') }),
    );
    vi.useRealTimers();
    expect(rulesThat('passed', results)).toEqual(['1.1', '3.6']);
  });
});

describe('bad arguments', () => {
  const make = (() => publisherOf(1)) as never;
  const item = (i: number) => i;

  it.each([
    [
      'a maker that is no function',
      TypeError,
      'make must be a function, got undefined',
      () => verifyPublisher(undefined as never),
    ],
    [
      'one of a subscriber',
      TypeError,
      'make must be a function, got 3 (number)',
      () => verifySubscriber(3 as never, item),
    ],
    ['one of items', TypeError, 'item must be a function, got "a"', () => verifySubscriber(make, 'a' as never)],
    ['one of a processor', TypeError, 'make must be a function, got null', () => verifyProcessor(null as never, item)],
    [
      'options that are none',
      TypeError,
      'options must be an object, got 7 (number)',
      () => verifyPublisher(make, 7 as never),
    ],
    [
      'a timeout that is no number',
      TypeError,
      'options.timeout must be',
      () => verifyPublisher(make, { timeout: '5' as never }),
    ],
    ['no time at all', RangeError, 'options.timeout must be', () => verifyPublisher(make, { timeout: 0 })],
    [
      'all the time',
      RangeError,
      'options.timeout must be',
      () => verifySubscriber(make, item, { timeout: Number.POSITIVE_INFINITY }),
    ],
    ['no number', RangeError, 'options.timeout must be', () => verifyProcessor(make, item, { timeout: Number.NaN })],
    ['half an item', RangeError, 'options.maxElements must be', () => verifyPublisher(make, { maxElements: 1.5 })],
    [
      'items of another kind',
      TypeError,
      'options.maxElements must be',
      () => verifyProcessor(make, item, { maxElements: 5n as never }),
    ],
    [
      'a skip that is no array',
      TypeError,
      'options.skip must be',
      () => verifyPublisher(make, { skip: '1.1' as never }),
    ],
    [
      'a rule that is none',
      RangeError,
      'options.skip must be rules from 1.1 to 4.2, got "5.1"',
      () => verifyPublisher(make, { skip: ['5.1'] }),
    ],
    [
      'a rule that is a number',
      TypeError,
      'options.skip must be rules from 1.1 to 4.2, got 1.1 (number)',
      () => verifyPublisher(make, { skip: [1.1 as never] }),
    ],
    [
      'a failed that is no function',
      TypeError,
      'options.failed must be',
      () => verifyPublisher(make, { failed: {} as never }),
    ],
    [
      'a multicast that is no boolean',
      TypeError,
      'options.multicast must be',
      () => verifyPublisher(make, { multicast: 1 as never }),
    ],
  ])('throw at once: %s', (_, type, message, call) => {
    const error = thrown(call);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toContain(message);
  });
});
