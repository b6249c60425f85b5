// recommendCapacity: against simulated queues, against what is known exactly, and against bad arguments.

import { type Load, recommendCapacity } from 'sluice/control';
import { describe, expect, it } from 'vitest';
import { MUTATING } from '../support.js';
import { constant, type Draw, exponential, lognormal, random, simulate } from './simulation.js';

const LONG = process.env['LONG'] === '1';

/** `count` times of a distribution, by their quantiles or as drawn. */
function drawn(draw: Draw, mean: number, count: number): number[] {
  const uniform = random(2);
  return Array.from({ length: count }, () => mean * draw(uniform));
}

/** Times of arrival, one second apart by `rate`. */
function arrivalsOf(draw: Draw, rate: number, count: number): number[] {
  let now = 0;
  return drawn(draw, 1_000 / rate, count).map((gap) => (now += gap));
}

/** Within a quarter, or within `close`. */
function expectClose(actual: number, wanted: number, close: number): void {
  expect(Math.abs(actual - wanted), `${actual}, simulated ${wanted}`).toBeLessThanOrEqual(
    Math.max(close, wanted * 0.25),
  );
}

describe('recommendCapacity', () => {
  const MEAN = 10;
  // The nearer the load is to 1, the more items it takes to see its waits: seconds of the long suite.
  const LOADS = LONG ? [0.3, 0.5, 0.8, 0.95] : [0.4, 0.85];
  const p99 = (scv: number): number => {
    const sigma = Math.sqrt(Math.log1p(scv));
    return MEAN * Math.exp(2.3263478740408408 * sigma - sigma ** 2 / 2);
  };
  // What is served as it is measured: from samples where the distribution is not one that mean and p99 say.
  const queues: [string, Draw, Draw, number, Load['service'], boolean][] = [
    ['M/M/1', exponential, exponential, 1, drawn(exponential, MEAN, 50_000), false],
    ['M/D/1', exponential, constant, 1, { mean: MEAN, p99: MEAN }, false],
    ['M/G/1, scv 0.5', exponential, lognormal(0.5), 1, { mean: MEAN, p99: p99(0.5) }, false],
    ['M/G/1, scv 2', exponential, lognormal(2), 1, { mean: MEAN, p99: p99(2) }, false],
    ['M/M/2', exponential, exponential, 2, drawn(exponential, MEAN, 50_000), false],
    ['M/M/8', exponential, exponential, 8, drawn(exponential, MEAN, 50_000), false],
    ['M/G/4, scv 2', exponential, lognormal(2), 4, { mean: MEAN, p99: p99(2) }, false],
    ['D/M/1', constant, exponential, 1, drawn(exponential, MEAN, 50_000), true],
    ['D/G/1, scv 0.3', constant, lognormal(0.3), 1, { mean: MEAN, p99: p99(0.3) }, true],
    ['D/G/1, scv 1', constant, lognormal(1), 1, { mean: MEAN, p99: p99(1) }, true],
    ['G/G/1, scv 2 and 1', lognormal(2), lognormal(1), 1, { mean: MEAN, p99: p99(1) }, true],
  ];
  const cases = queues.flatMap((queue) => LOADS.map((load) => ({ queue, load })));

  it.skipIf(MUTATING).each(cases)(
    'is as a simulated $queue.0 at the load $load',
    ({ queue: [, gaps, services, servers, service, measured], load }) => {
      const seen = simulate(load, servers, gaps, services, load > 0.9 ? 3_000_000 : 400_000);
      const rate = (load * servers * 1_000) / MEAN;
      const arrivals = measured ? arrivalsOf(gaps, rate, 50_000) : rate;
      for (const p of [0.9, 0.99]) {
        const { capacity, utilisation, wait } = recommendCapacity({ arrivals, service, servers, p });
        expect(utilisation).toBeCloseTo(load, 1);
        expectClose(wait, seen.wait * MEAN, 0.02 * MEAN);
        expectClose(capacity, seen.places(p), 1);
      }
    },
  );

  it('is what is known of M/M/1, of M/D/1 and of M/M/2', () => {
    const single = recommendCapacity({ arrivals: 80, service: { mean: 10, p99: 10 } });
    expect(single.utilisation).toBeCloseTo(0.8, 12);
    expect(single.wait).toBeCloseTo(20, 9); // ρ/(1 − ρ)/2 services
    const exponentials = Array.from({ length: 100_000 }, (_, i) => -10 * Math.log((i + 0.5) / 100_000));
    const markov = recommendCapacity({ arrivals: 90, service: exponentials });
    expect(markov.wait / 90).toBeCloseTo(1, 2); // ρ/(1 − ρ) services
    expect(Math.abs(markov.capacity - Math.log(0.01 / 0.9) / Math.log(0.9))).toBeLessThanOrEqual(1);
    const double = recommendCapacity({ arrivals: 100, service: exponentials, servers: 2 });
    expect(double.wait / (10 / 3)).toBeCloseTo(1, 2); // ρ²/(1 − ρ²) services
  });

  it('is 1 and no wait where everything comes and is served like clockwork', () => {
    const clock = Array.from({ length: 100 }, (_, i) => i * 20);
    expect(recommendCapacity({ arrivals: clock, service: [10, 10, 10] })).toEqual({
      capacity: 1,
      utilisation: 0.5,
      wait: 0,
    });
  });

  it('is no less than what a burst needed that was measured, item by item', () => {
    const bursts = (size: number, apart: number): number[] =>
      Array.from({ length: 100 * size }, (_, i) => 1_000 * Math.floor(i / size) + apart * (i % size));
    // The first is served at once; those behind it wait 1, 2, … 9 ms.
    expect(recommendCapacity({ arrivals: bursts(10, 0), service: [1] })).toMatchObject({ capacity: 9, wait: 4.5 });
    expect(recommendCapacity({ arrivals: bursts(10, 0), service: [1], servers: 2 })).toMatchObject({
      capacity: 8,
      wait: 2,
    });
    expect(recommendCapacity({ arrivals: bursts(10, 0), service: { mean: 1, p99: 1 }, p: 0.5 }).capacity).toBe(4);
    // When the last comes, after 4.5 ms, four have been served and a fifth is being served.
    expect(recommendCapacity({ arrivals: bursts(10, 0.5), service: [0.5, 1.5] }).capacity).toBe(5);
  });

  it('is what theory says where gaps are independent, whatever the order of the service times', () => {
    for (const mean of [4, 10]) {
      const arrivals = arrivalsOf(exponential, 80, 20_000);
      const service = drawn(exponential, mean, 20_000);
      const ascending = [...service].sort((a, b) => a - b);
      const said = recommendCapacity({ arrivals, service });
      expect(recommendCapacity({ arrivals, service: ascending }).capacity).toBe(said.capacity);
      expectClose(said.capacity, recommendCapacity({ arrivals: 80, service }).capacity, 1);
    }
  });

  it('grows with the load, with p, and with what varies; shrinks with servers at the same load', () => {
    const capacity = (load: Partial<Load>): number =>
      recommendCapacity({ arrivals: 80, service: { mean: 10, p99: 30 }, ...load }).capacity;
    const rising = [
      [capacity({ arrivals: 50 }), capacity({}), capacity({ arrivals: 95 }), capacity({ arrivals: 99 })],
      [capacity({ p: 0.5 }), capacity({ p: 0.9 }), capacity({}), capacity({ p: 0.9999 })],
      [capacity({ service: { mean: 10, p99: 10 } }), capacity({}), capacity({ service: { mean: 10, p99: 90 } })],
    ];
    for (const row of rising) expect(row).toEqual([...new Set(row)].sort((a, b) => a - b));
    const wait = (servers: number): number =>
      recommendCapacity({ arrivals: 80 * servers, service: { mean: 10, p99: 30 }, servers }).wait;
    expect(wait(4)).toBeLessThan(wait(1) / 4);
  });

  it('takes 0.99 and one server where nothing is said', () => {
    const load = { arrivals: 80, service: { mean: 10, p99: 30 } };
    expect(recommendCapacity({ ...load, p: undefined, servers: undefined })).toEqual(recommendCapacity(load));
    expect(recommendCapacity({ ...load, p: 0.99, servers: 1 })).toEqual(recommendCapacity(load));
  });

  it('is quick and finite next to a load of 1', () => {
    const { capacity, wait } = recommendCapacity({ arrivals: 99.9999, service: { mean: 10, p99: 30 } });
    expect(capacity).toBeGreaterThan(1_000_000);
    expect(wait).toBeLessThan(1e9);
    expect(() => recommendCapacity({ arrivals: 100 - 1e-9, service: { mean: 10, p99: 30 } })).toThrow(RangeError);
  });

  it('is done at once, with a number or an error, whatever the sizes', () => {
    for (const arrivals of [1e-300, 1e-12]) {
      const { capacity, wait } = recommendCapacity({ arrivals, service: { mean: 10, p99: 20 } });
      expect([capacity, Math.round(wait * 1e9)]).toEqual([1, 0]);
    }
    expect(() => recommendCapacity({ arrivals: 1e-306, service: { mean: 10, p99: 20 } })).toThrow(/the load is 0, and/);
    const usual = recommendCapacity({ arrivals: 80, service: { mean: 10, p99: 20 } });
    for (const arrivals of [1e-300, 1e-12, 1e12, 1e300]) {
      const mean = (80 * 10) / arrivals; // the same load
      const { capacity, utilisation } = recommendCapacity({ arrivals, service: { mean, p99: 2 * mean } });
      expect(capacity).toBe(usual.capacity);
      expect(utilisation).toBeCloseTo(usual.utilisation, 9);
    }
    expect(() => recommendCapacity({ arrivals: 1e-303, service: { mean: 0.999999e306, p99: 1e306 } })).toThrow(
      /too far from any number/,
    );
    expect(() => recommendCapacity({ arrivals: 1e12, service: { mean: 10, p99: 20 } })).toThrow(RangeError);
  });

  it.each([100, 100.001, 250])('refuses %j items a second at 10 ms each, and says why', (arrivals) => {
    const load = { arrivals, service: { mean: 10, p99: 30 } };
    expect(() => recommendCapacity(load)).toThrow(RangeError);
    expect(() => recommendCapacity(load)).toThrow(/the load is [\d.]+: at 1 or more no capacity is enough/);
    expect(recommendCapacity({ ...load, servers: 3 }).utilisation).toBeLessThan(1);
  });

  it('refuses numbers out of their range', () => {
    const wrong: unknown[] = [
      ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, [], [5], [5, 5], [3, 1, 2]].map((arrivals) => ({ arrivals })),
      ...[[], [-1], [Number.NaN], [0, 0]].map((service) => ({ service })),
      ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((mean) => ({ service: { mean, p99: 50 } })),
      ...[5, -1, 1_001, Number.NaN].map((p99_) => ({ service: { mean: 10, p99: p99_ } })),
      ...[0, 1, -0.5, 1.5, Number.NaN].map((p) => ({ p })),
      ...[0, 1.5, -1, 1e9, '2'].map((servers) => ({ servers })),
    ];
    for (const change of wrong) {
      const load = { arrivals: 10, service: { mean: 10, p99: 50 }, ...(change as object) };
      expect(() => recommendCapacity(load), JSON.stringify(change)).toThrow(RangeError);
    }
  });

  it('refuses things of the wrong kind', () => {
    const wrong: unknown[] = [
      ...['10', null, {}, [1, '2']].map((arrivals) => ({ arrivals })),
      ...[10, null, 'x', {}, { mean: 10 }, { mean: '1', p99: 2 }, [1, null]].map((service) => ({ service })),
      { p: '0.9' },
    ];
    for (const change of wrong) {
      const load = { arrivals: 10, service: { mean: 10, p99: 50 }, ...(change as object) };
      expect(() => recommendCapacity(load as Load), JSON.stringify(change)).toThrow(TypeError);
    }
    for (const load of [undefined, null, 5]) expect(() => recommendCapacity(load as never)).toThrow(TypeError);
  });

  it('takes a p99 wider than any lognormal one, and no item of the arrays', () => {
    const wide = recommendCapacity({ arrivals: 50, service: { mean: 10, p99: 900 } });
    expect(wide.capacity).toBeGreaterThan(
      recommendCapacity({ arrivals: 50, service: { mean: 10, p99: 100 } }).capacity,
    );
    const arrivals = Object.freeze([0, 30, 50]);
    expect(recommendCapacity({ arrivals, service: Object.freeze([10, 0, 20]) }).utilisation).toBeCloseTo(0.4, 12);
  });
});
