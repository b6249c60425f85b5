// What the messages of the controls say, word by word.

import { Credits, Gate, type Load, recommendCapacity, TokenBucket } from 'sluice/control';
import { describe, expect, it } from 'vitest';
import { rejection, thrown } from '../support.js';

const messageOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;
const integer = 'must be an integer from';
const most = Number.MAX_SAFE_INTEGER;

describe('the message of', () => {
  it('credits', async () => {
    const credits = new Credits(1);
    expect(messageOf(thrown(() => new Credits(-1)))).toBe(
      `RangeError: initial ${integer} 0 to ${most}, got -1 (number)`,
    );
    expect(messageOf(thrown(() => credits.grant(0)))).toBe(`RangeError: n ${integer} 1 to ${most}, got 0 (number)`);
    expect(messageOf(thrown(() => credits.tryTake(0.5)))).toBe(
      `RangeError: n ${integer} 1 to ${most}, got 0.5 (number)`,
    );
    expect(messageOf(await rejection(credits.take(0)))).toBe(`RangeError: n ${integer} 1 to ${most}, got 0 (number)`);
  });

  it('a gate', () => {
    const made = (options: unknown): string => messageOf(thrown(() => new Gate(options as never)));
    for (const options of [null, 5, 'open'])
      expect(made(options)).toMatch(/^TypeError: options must be an object, got /);
    expect(made({ paused: 1 })).toBe('TypeError: options.paused must be a boolean, got 1 (number)');
  });

  it('a token bucket', async () => {
    const made = (options: unknown): string => messageOf(thrown(() => new TokenBucket(options as never)));
    for (const options of [null, 5, undefined]) {
      expect(made(options)).toMatch(/^TypeError: options must be an object, got /);
    }
    expect(made({ rate: '5' })).toBe('TypeError: options.rate must be a number, got "5"');
    expect(made({ rate: 0 })).toBe('RangeError: options.rate must be a finite number above 0, got 0');
    expect(made({ rate: 1, per: -1 })).toBe('RangeError: options.per must be a finite number above 0, got -1');
    expect(made({ rate: 1, burst: Number.NaN })).toBe(
      'RangeError: options.burst must be a finite number above 0, got NaN',
    );
    const slow = new TokenBucket({ rate: 0.5 });
    const advice = 'give a burst of 1 or more, or a rate of 1 or more and a longer per';
    for (const error of [await rejection(slow.take()), thrown(() => slow.tryTake())]) {
      expect(messageOf(error)).toBe(`RangeError: a bucket with a burst of 0.5 never holds a token: ${advice}`);
    }
    expect(new TokenBucket({ rate: 0.5, burst: 1 }).tryTake()).toBe(true);
  });

  it('a load', () => {
    const good: Load = { arrivals: 1, service: [1] };
    const said = (load: unknown): string => messageOf(thrown(() => recommendCapacity(load as Load)));
    for (const load of [null, 5, undefined]) expect(said(load)).toMatch(/^TypeError: load must be an object, got /);
    expect(said({ ...good, p: '1' })).toBe('TypeError: load.p must be a number, got "1"');
    for (const p of [0, 1, 1.5]) {
      expect(said({ ...good, p })).toBe(`RangeError: load.p must be above 0 and below 1, got ${p}`);
    }
    expect(said({ ...good, servers: 0 })).toMatch(/^RangeError: load\.servers must be an integer from 1 to /);
    expect(said({ ...good, arrivals: '5' })).toBe(
      'TypeError: load.arrivals must be a number or an array of times, got "5"',
    );
    expect(said({ ...good, arrivals: 0 })).toBe('RangeError: load.arrivals must be above 0');
    expect(said({ ...good, arrivals: Number.POSITIVE_INFINITY })).toBe(
      'RangeError: load.arrivals must be 0 or more, and finite, got Infinity',
    );
    expect(said({ ...good, arrivals: [1] })).toBe('RangeError: load.arrivals must have at least 2 times, got 1');
    expect(said({ ...good, arrivals: [1, '2'] })).toBe('TypeError: load.arrivals[1] must be a finite number, got "2"');
    expect(said({ ...good, arrivals: [3, 1, 2] })).toBe(
      'RangeError: load.arrivals must ascend: they are times, not gaps; [1] does not',
    );
    expect(said({ ...good, arrivals: [3, 3] })).toBe('RangeError: load.arrivals must not all be the same time');
    expect(said({ ...good, service: [] })).toBe('RangeError: load.service must have at least 1 time');
    expect(said({ ...good, service: [1, '2'] })).toBe('TypeError: load.service[1] must be a number, got "2"');
    expect(said({ ...good, service: [0, 0] })).toBe('RangeError: load.service must not be all 0');
    for (const service of [null, 5]) {
      expect(said({ ...good, service })).toMatch(
        /^TypeError: load\.service must be an array of times or \{ mean, p99 \}, got /,
      );
    }
    expect(said({ ...good, service: { mean: '1', p99: 1 } })).toBe(
      'TypeError: load.service.mean must be a number, got "1"',
    );
    expect(said({ ...good, service: { mean: 1, p99: -1 } })).toBe(
      'RangeError: load.service.p99 must be 0 or more, and finite, got -1',
    );
    expect(said({ ...good, service: { mean: 0, p99: 1 } })).toBe('RangeError: load.service.mean must be above 0');
    for (const p99 of [1, 201]) {
      expect(said({ ...good, service: { mean: 2, p99 } })).toBe(
        `RangeError: load.service.p99 must be from the mean to 100 times the mean, got ${p99} at 2: give the times themselves`,
      );
    }
    expect(recommendCapacity({ ...good, service: { mean: 2, p99: 200 } }).capacity).toBeGreaterThan(0);
  });
});
