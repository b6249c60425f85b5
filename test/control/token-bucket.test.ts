// TokenBucket: never more than burst + rate × time, and under saturation all of that.

import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { TimeoutError } from 'sluice';
import { TokenBucket } from 'sluice/control';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { macrotask, microtasks, rejection, watch } from '../support.js';

const LONG = process.env['LONG'] !== undefined;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Takes from a bucket all that it is said to hold. */
function drain(bucket: TokenBucket): number {
  let taken = 0;
  while (bucket.tryTake()) taken++;
  return taken;
}

describe('TokenBucket', () => {
  it('is full at first: burst, which is rate where nothing is said', () => {
    expect(drain(new TokenBucket({ rate: 5 }))).toBe(5);
    expect(drain(new TokenBucket({ rate: 5, burst: 3 }))).toBe(3);
    expect(drain(new TokenBucket({ rate: 5, burst: 9, per: undefined }))).toBe(9);
  });

  it.each([
    [10, 1_000, 100],
    [10, undefined, 100],
    [3, 60_000, 20_000],
    [0.5, 1_000, 2_000],
    [2.5, 1_000, 400],
  ])('gives back %j every %j ms: one each %j', (rate, per, each) => {
    const bucket = new TokenBucket({ rate, per, burst: 2 });
    drain(bucket);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(each - 1);
      expect(bucket.tryTake()).toBe(false);
      vi.advanceTimersByTime(1);
      expect(drain(bucket)).toBe(1);
    }
  });

  it('never holds more than burst', () => {
    const bucket = new TokenBucket({ rate: 10, burst: 4 });
    vi.advanceTimersByTime(3_600_000);
    expect(drain(bucket)).toBe(4);
    vi.advanceTimersByTime(3_600_000);
    expect(drain(bucket)).toBe(4);
  });

  it('refuses numbers out of their range, and things of the wrong kind', () => {
    for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new TokenBucket({ rate: wrong })).toThrow(RangeError);
      expect(() => new TokenBucket({ rate: 1, per: wrong })).toThrow(RangeError);
      expect(() => new TokenBucket({ rate: 1, burst: wrong })).toThrow(RangeError);
    }
    for (const wrong of [undefined, null, 5, {}, { rate: '5' }, { rate: 5, per: null }, { rate: 5, burst: 1n }])
      expect(() => new TokenBucket(wrong as never)).toThrow(TypeError);
  });

  it('refuses to take what is no integer from 1, and more than burst', async () => {
    const bucket = new TokenBucket({ rate: 5 });
    for (const wrong of [0, -1, 1.5, Number.NaN, 6, '1']) {
      expect(() => bucket.tryTake(wrong as number)).toThrow(RangeError);
      expect(await rejection(bucket.take(wrong as number))).toBeInstanceOf(RangeError);
    }
    expect(() => bucket.tryTake(6)).toThrow('at most the burst, 5');
    expect(bucket.tryTake(5)).toBe(true);
    expect(() => new TokenBucket({ rate: 0.5 }).tryTake()).toThrow(RangeError);
  });

  it('serves a take as soon as there is enough, all of it at once', async () => {
    const bucket = new TokenBucket({ rate: 10, burst: 5 });
    drain(bucket);
    const take = watch(bucket.take(3));
    vi.advanceTimersByTime(299);
    await microtasks();
    expect(take.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(take.state).toBe('fulfilled');
    expect(drain(bucket)).toBe(0);
  });

  it('lets no newcomer pass one that waits for many, and lets those behind it pass when it leaves', async () => {
    const bucket = new TokenBucket({ rate: 10, burst: 10 });
    drain(bucket);
    const controller = new AbortController();
    void bucket.take(10, { signal: controller.signal }).catch(() => {});
    const behind = [watch(bucket.take(2)), watch(bucket.take(2))];
    vi.advanceTimersByTime(300);
    expect(bucket.tryTake()).toBe(false);
    await microtasks();
    expect(behind.map(({ state }) => state)).toEqual(['pending', 'pending']);
    controller.abort();
    await microtasks();
    expect(behind.map(({ state }) => state)).toEqual(['fulfilled', 'pending']);
    vi.advanceTimersByTime(100);
    await microtasks();
    expect(behind[1]?.state).toBe('fulfilled');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sets its timer again where the new head needs less, and lets it be where that needs more', async () => {
    const bucket = new TokenBucket({ rate: 10, burst: 10 });
    drain(bucket);
    const [big, small] = [new AbortController(), new AbortController()];
    void bucket.take(10, { signal: big.signal }).catch(() => {});
    const quick = watch(bucket.take(1));
    vi.advanceTimersByTime(50);
    big.abort();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(50);
    await microtasks();
    expect(quick.state).toBe('fulfilled');

    void bucket.take(1, { signal: small.signal }).catch(() => {});
    const slow = watch(bucket.take(10));
    small.abort();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(999);
    await microtasks();
    expect(slow.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(slow.state).toBe('fulfilled');
  });

  it('has one timer, only while somebody waits', async () => {
    const bucket = new TokenBucket({ rate: 10, burst: 2 });
    const { signal } = new AbortController();
    await bucket.take(2, { signal });
    expect(vi.getTimerCount()).toBe(0);
    const takes = Array.from({ length: 50 }, () => watch(bucket.take(1, { signal })));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(4_900);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    await macrotask();
    expect(takes.every(({ state }) => state === 'fulfilled')).toBe(true);
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  it('keeps a take waiting until its timeout, also where there cannot be enough by then', async () => {
    const bucket = new TokenBucket({ rate: 1, per: 60_000 });
    drain(bucket);
    const take = watch(bucket.take(1, { timeout: 100 }));
    vi.advanceTimersByTime(99);
    await microtasks();
    expect(take.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(take.result).toBeInstanceOf(TimeoutError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits longer than the longest timer where it must', async () => {
    const bucket = new TokenBucket({ rate: 1, per: 2 ** 32 });
    drain(bucket);
    const take = watch(bucket.take());
    vi.advanceTimersByTime(2 ** 32 - 1);
    await microtasks();
    expect(take.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    expect(take.state).toBe('fulfilled');
  });

  it('shows in console.log what it holds', () => {
    const bucket = new TokenBucket({ rate: 10, burst: 4 });
    bucket.tryTake();
    expect(inspect(bucket)).toBe('TokenBucket(3/4 tokens, 10 per 1000 ms)');
  });
});

describe('the clock of a TokenBucket', () => {
  it('is not the date', () => {
    const bucket = new TokenBucket({ rate: 10 });
    drain(bucket);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(bucket.tryTake()).toBe(false);
    vi.setSystemTime(0);
    vi.advanceTimersByTime(100);
    expect(drain(bucket)).toBe(1);
  });

  it('may be ahead of the timer: a timer that fires early is set again', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const bucket = new TokenBucket({ rate: 10 });
    drain(bucket);
    const take = watch(bucket.take());
    now = 99.2;
    vi.advanceTimersByTime(100);
    await microtasks();
    expect([take.state, vi.getTimerCount()]).toEqual(['pending', 1]);
    now = 100.2;
    vi.advanceTimersByTime(1);
    await microtasks();
    expect([take.state, vi.getTimerCount()]).toEqual(['fulfilled', 0]);
  });

  it('may leap, as when a computer slept: the bucket is full, and no more', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const bucket = new TokenBucket({ rate: 10 });
    drain(bucket);
    const takes = Array.from({ length: 12 }, () => watch(bucket.take()));
    now = 1e9;
    vi.advanceTimersByTime(100);
    await macrotask();
    expect(takes.filter(({ state }) => state === 'fulfilled')).toHaveLength(10);
  });

  it('may be set back: that counts as no time', () => {
    let now = 10_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const bucket = new TokenBucket({ rate: 10 });
    drain(bucket);
    now = 10_050;
    expect(bucket.tryTake()).toBe(false);
    now = 0;
    expect(bucket.tryTake()).toBe(false);
    now = 50;
    expect(drain(bucket)).toBe(1);
  });

  it('is the date where there is nothing else', () => {
    vi.stubGlobal('performance', undefined);
    try {
      const bucket = new TokenBucket({ rate: 10 });
      drain(bucket);
      vi.advanceTimersByTime(200);
      expect(drain(bucket)).toBe(2);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('makes up for timers that are late', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const bucket = new TokenBucket({ rate: 100, burst: 20 });
    let taken = 0;
    const saturate = async (): Promise<void> => {
      for (;;) {
        await bucket.take();
        taken++;
      }
    };
    void saturate();
    await macrotask();
    for (let i = 0; i < 1_000; i++) {
      now += 10 + ((i * 7) % 13); // late by up to 12 ms, each time
      vi.advanceTimersToNextTimer();
      await macrotask();
    }
    expect(taken).toBe(20 + Math.floor(now / 10));
  });
});

describe('the bound of a TokenBucket', () => {
  it('holds in every span of time, whatever is called and given up', async () => {
    const n = fc.integer({ min: 1, max: 6 });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 25 }) }),
      fc.record({ kind: fc.constant('take' as const), n }),
      fc.record({ kind: fc.constant('tryTake' as const), n }),
      fc.record({ kind: fc.constant('timeout' as const), n }),
      fc.record({ kind: fc.constant('abort' as const), n: fc.nat(30) }),
    );
    const positive = (max: number) => fc.double({ min: 0.01, max, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 200 }), positive(200)),
        fc.oneof(fc.constant(100), positive(1_000)),
        fc.oneof(fc.integer({ min: 6, max: 20 }), fc.double({ min: 6, max: 20, noNaN: true })),
        fc.array(step, { maxLength: 40 }),
        async (rate, per, burst, steps) => {
          vi.useFakeTimers();
          const others = vi.getTimerCount(); // fast-check's
          const bucket = new TokenBucket({ rate, per, burst });
          const given: { at: number; n: number }[] = [];
          const order: number[] = [];
          const controllers: AbortController[] = [];
          const note = (amount: number): void => void given.push({ at: performance.now(), n: amount });
          for (const { kind, n: amount } of steps) {
            if (kind === 'wait') {
              for (let ms = 0; ms < amount; ms++) {
                vi.advanceTimersByTime(1);
                await macrotask();
              }
            } else if (kind === 'tryTake') {
              if (bucket.tryTake(amount)) note(amount);
            } else if (kind === 'abort') {
              controllers[amount]?.abort();
            } else {
              const controller = new AbortController();
              const id = controllers.push(controller);
              const options = { signal: controller.signal, timeout: kind === 'timeout' ? amount * 5 : undefined };
              void bucket.take(amount, options).then(
                () => (note(amount), order.push(id)),
                () => {},
              );
            }
            await macrotask();
          }
          for (let first = 0; first < given.length; first++) {
            let sum = 0;
            for (let last = first; last < given.length; last++) {
              sum += given[last]?.n as number;
              const span = (given[last]?.at as number) - (given[first]?.at as number);
              expect(sum).toBeLessThanOrEqual(burst + (rate * span) / per + 1e-6);
            }
          }
          expect(order).toEqual([...order].sort((a, b) => a - b));
          for (const controller of controllers) controller.abort();
          expect(vi.getTimerCount()).toBe(others);
        },
      ),
      { numRuns: LONG ? 1_000 : 100 },
    );
  });

  it.each([
    [100, 1_000, 100],
    [100, 1_000, 2],
    [333, 1_000, 5],
    [7, 1_000, 7],
    [20_000, 1_000, 500],
    [1, 33, 3],
  ])('is reached in ten seconds of saturation: %j in %j ms, burst %j', async (rate, per, burst) => {
    const bucket = new TokenBucket({ rate, per, burst });
    let taken = 0;
    const saturate = async (): Promise<void> => {
      for (;;) {
        await bucket.take();
        taken++;
      }
    };
    for (let i = 0; i < 3; i++) void saturate();
    for (let ms = 0; ms < 10_000; ms++) {
      vi.advanceTimersByTime(1);
      await macrotask();
    }
    const most = burst + (rate * 10_000) / per;
    expect(taken).toBeLessThanOrEqual(most);
    expect(taken).toBeGreaterThan(0.99 * most - 1);
  });

  it(`is reached in real time, ${LONG ? 'for ten seconds' : 'for a second'}`, async () => {
    vi.useRealTimers();
    const rate = 1_000;
    const start = performance.now();
    const bucket = new TokenBucket({ rate });
    let taken = 0;
    const saturate = async (): Promise<void> => {
      while (performance.now() - start < (LONG ? 10_000 : 1_000)) {
        await bucket.take();
        taken++;
      }
    };
    await Promise.all([saturate(), saturate(), saturate()]);
    taken += drain(bucket);
    const most = rate + (rate * (performance.now() - start)) / 1_000;
    expect(taken).toBeLessThanOrEqual(most);
    expect(taken).toBeGreaterThan(0.99 * most);
  });
});
