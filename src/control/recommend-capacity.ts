// recommendCapacity: what was measured of a stage, read and checked, and what queueing.ts and replay.ts make of it.

import { checkCapacity, checkInteger, wrong } from '../arguments.js';
import { type Stage, type Times, utilisation, waits } from './queueing.js';
import { replay } from './replay.js';

/** More would take seconds to compute, and is a mistake. */
const MOST_SERVERS = 1_000_000;

/** The 99th percentile of the standard normal distribution. */
const Z99 = 2.326347874040841;

/**
 * What is known of a stage: what comes, how long it takes, how many serve.
 *
 * @example
 * ```ts
 * import type { Load } from 'sluice/control';
 *
 * const load: Load = { arrivals: 80, service: { mean: 10, p99: 40 } };
 * recommendCapacity(load).utilisation; // 0.8
 * ```
 */
export interface Load {
  /**
   * Items a second, which come at random (a Poisson process); or the times at which items came, in milliseconds, ascending,
   * at least two, of which the rate and the unevenness are taken.
   */
  readonly arrivals: number | readonly number[];
  /** Service times in milliseconds, as measured; or their mean and 99th percentile, for a lognormal distribution. */
  readonly service:
    | readonly number[]
    | {
        /** Milliseconds. */
        readonly mean: number;
        /** Milliseconds: the time that one of a hundred exceeds. */
        readonly p99: number;
      };
  /** The chance that a send finds room, above 0 and below 1; 0.99 by default. */
  readonly p?: number | undefined;
  /** How many receive and work side by side: an integer from 1, the default, to 1,000,000. */
  readonly servers?: number | undefined;
}

/**
 * The capacity for the channel before a stage: the smallest at which a send finds room with the chance `p`, at least 1.
 *
 * It is an estimate by queueing theory, within a quarter of simulated queues at loads from 0.3 to 0.95, or within one item,
 * where gaps and service times do not depend on each other. Where the times of arrivals are given, and those very items
 * would have needed more than twice as much, since they came in bursts, it is what they would have needed. A larger
 * buffer does not help a stage that is too slow on average: a load of 1 or more is refused.
 *
 * @returns the capacity, and what else is known of the stage
 * @throws RangeError for a load at or above 1, and for a number out of its range; TypeError for a thing of the wrong kind
 *
 * @example
 * ```ts
 * import { recommendCapacity } from 'sluice/control';
 *
 * const { capacity, utilisation, wait } = recommendCapacity({
 *   arrivals: 80, // items a second
 *   service: { mean: 10, p99: 46 }, // milliseconds
 * });
 * capacity; // 20
 * utilisation; // 0.8
 * Math.round(wait); // 37
 * ```
 */
export function recommendCapacity(load: Load): {
  /** In items, at least 1. */
  readonly capacity: number;
  /** What part of the servers' time is taken: above 0, below 1. */
  readonly utilisation: number;
  /** The mean time in milliseconds that an item waits to be served, those that need not wait included. */
  readonly wait: number;
} {
  if (typeof load !== 'object' || load === null) throw wrong('load', 'an object', load);
  const { arrivals, service, p = 0.99, servers = 1 } = load;
  if (typeof p !== 'number') throw wrong('load.p', 'a number', p);
  if (!(p > 0 && p < 1)) throw new RangeError(`load.p must be above 0 and below 1, got ${p}`);
  checkInteger('load.servers', servers, 1, MOST_SERVERS);
  const stage: Stage = { gaps: readArrivals(arrivals), services: readService(service), servers };
  const used = utilisation(stage);
  if (used >= 1) {
    throw new RangeError(
      `the load is ${Number(used.toPrecision(4))}: at 1 or more no capacity is enough; it needs more servers, faster ones or fewer arrivals`,
    );
  }
  const waiting = waits(stage);
  if (!Number.isFinite(waiting.mean)) {
    throw new RangeError(
      `the load is ${Number(used.toPrecision(4))}, and the wait is too far from any number that can be computed: check that arrivals are by the second and service times in milliseconds`,
    );
  }
  const capacity = Math.max(1, waiting.places(1 - p));
  checkCapacity(capacity, 1);
  if (typeof arrivals !== 'number') {
    const measured = replay(arrivals, stage.services.mean, servers);
    const needed = measured.places(1 - p);
    // Items whose gaps are independent hardly ever need so much more: these came in bursts.
    const inBursts = needed > 2 * capacity + 1;
    if (inBursts) return { capacity: needed, utilisation: used, wait: Math.max(waiting.mean, measured.mean) };
  }
  return { capacity, utilisation: used, wait: waiting.mean };
}

function readArrivals(arrivals: unknown): Times {
  if (Array.isArray(arrivals)) return momentsOf(gapsOf(arrivals as readonly unknown[]));
  if (typeof arrivals !== 'number') throw wrong('load.arrivals', 'a number or an array of times', arrivals);
  checkTime('load.arrivals', arrivals);
  if (arrivals === 0) throw new RangeError('load.arrivals must be above 0');
  return { mean: 1_000 / arrivals, scv: 1, third: 6 };
}

function gapsOf(times: readonly unknown[]): number[] {
  if (times.length < 2) throw new RangeError(`load.arrivals must have at least 2 times, got ${times.length}`);
  const gaps = times.map((time, i) => {
    if (typeof time !== 'number' || !Number.isFinite(time)) throw wrong(`load.arrivals[${i}]`, 'a finite number', time);
    return i === 0 ? 0 : time - (times[i - 1] as number);
  });
  const falls = gaps.findIndex((gap) => gap < 0);
  if (falls > 0) throw new RangeError(`load.arrivals must ascend: they are times, not gaps; [${falls}] does not`);
  if (times.at(-1) === times[0]) throw new RangeError('load.arrivals must not all be the same time');
  return gaps.slice(1);
}

function readService(service: unknown): Times {
  if (Array.isArray(service)) {
    if (service.length === 0) throw new RangeError('load.service must have at least 1 time');
    for (const [i, time] of service.entries()) checkTime(`load.service[${i}]`, time);
    const times = momentsOf(service as readonly number[]);
    if (times.mean === 0) throw new RangeError('load.service must not be all 0');
    return times;
  }
  if (typeof service !== 'object' || service === null)
    throw wrong('load.service', 'an array of times or { mean, p99 }', service);
  const { mean, p99 } = service as { mean?: unknown; p99?: unknown };
  checkTime('load.service.mean', mean);
  checkTime('load.service.p99', p99);
  return lognormal(mean as number, p99 as number);
}

/** The lognormal distribution of that mean and 99th percentile. */
function lognormal(mean: number, p99: number): Times {
  if (mean === 0) throw new RangeError('load.service.mean must be above 0');
  if (p99 < mean || p99 > 100 * mean) {
    throw new RangeError(
      `load.service.p99 must be from the mean to 100 times the mean, got ${p99} at ${mean}: give the times themselves`,
    );
  }
  // ln(p99 / mean) = z·σ − σ²/2. No lognormal has a percentile of more than exp(z²/2), 15 times the mean: the widest then.
  const sigma = Z99 - Math.sqrt(Math.max(0, Z99 ** 2 - 2 * Math.log(p99 / mean)));
  return { mean, scv: Math.expm1(sigma ** 2), third: Math.exp(3 * sigma ** 2) };
}

function momentsOf(values: readonly number[]): Times {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  let cubes = 0;
  for (const value of values) {
    squares += (value / mean - 1) ** 2;
    cubes += (value / mean) ** 3;
  }
  return { mean, scv: squares / values.length, third: cubes / values.length };
}

function checkTime(what: string, value: unknown): void {
  if (typeof value !== 'number') throw wrong(what, 'a number', value);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${what} must be 0 or more, and finite, got ${value}`);
  }
}
