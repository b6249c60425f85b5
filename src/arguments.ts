// Checks of what the user passes. Each throws at once and says which argument, what it was, and what is allowed.
// A number out of its range is a RangeError; a thing of the wrong kind a TypeError.

import type { AbortSignalLike, ChannelOptions, Overflow, WaitOptions } from './contract.js';

const MOST_CAPACITY = 2 ** 32 - 1;
const OVERFLOWS: readonly unknown[] = ['wait', 'drop-oldest', 'drop-newest', 'reject'] satisfies Overflow[];

/** How a wrong value is shown in a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === 'bigint') return `the bigint ${value}`;
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'an array' : `a${typeof value === 'object' ? 'n' : ''} ${typeof value}`;
}

/** An integer from `least` to `most`. */
export function checkInteger(what: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER, why = ''): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `an integer of at least ${least}` : `an integer from ${least} to ${most}`;
  throw new RangeError(`${what} must be ${range}${why}, got ${show(value)}`);
}

/** How many items a channel may hold. */
export function checkCapacity(value: unknown, least: number): void {
  checkInteger('capacity', value, least, MOST_CAPACITY, value === Number.POSITIVE_INFINITY ? ' (a queue without a bound is no back-pressure)' : '');
}

function checkObject(what: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${what} must be an object, got ${show(value)}`);
}

function checkSignal(value: unknown): void {
  const signal = value as Partial<AbortSignalLike> | null | undefined;
  if (signal === undefined) return;
  const fits =
    typeof signal === 'object' &&
    signal !== null &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function';
  if (!fits) throw new TypeError(`options.signal must be an AbortSignal, got ${show(value)}`);
}

/** The options of a channel, except what depends on the capacity. */
export function checkOptions<T>(options: ChannelOptions<T>): void {
  checkObject('options', options);
  const { name, overflow, onDrop, maxWaiters, signal } = options;
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`options.name must be a string, got ${show(name)}`);
  if (overflow !== undefined && !OVERFLOWS.includes(overflow)) {
    throw new TypeError(`options.overflow must be 'wait', 'drop-oldest', 'drop-newest' or 'reject', got ${show(overflow)}`);
  }
  if (onDrop !== undefined && typeof onDrop !== 'function') {
    throw new TypeError(`options.onDrop must be a function, got ${show(onDrop)}`);
  }
  if (maxWaiters !== undefined) checkInteger('options.maxWaiters', maxWaiters, 0);
  checkSignal(signal);
}

/** How long a wait may last: `signal` is not aborted, `timeout` is milliseconds. */
export interface Limits {
  readonly signal: AbortSignalLike | undefined;
  readonly timeout: number;
}

/** A wait without limits. */
export const FOREVER: Limits = { signal: undefined, timeout: Number.POSITIVE_INFINITY };

/** Reads the limits of one call; throws at bad options. */
export function checkLimits(options: WaitOptions): Limits {
  checkObject('options', options);
  const { signal, timeout = Number.POSITIVE_INFINITY } = options;
  if (typeof timeout !== 'number') throw new TypeError(`options.timeout must be a number of milliseconds, got ${show(timeout)}`);
  if (!(timeout >= 0)) {
    throw new RangeError(`options.timeout must be 0 or more milliseconds (Infinity waits for ever), got ${show(timeout)}`);
  }
  checkSignal(signal);
  return { signal, timeout };
}

/** The limits of one call. Throws what the call rejects with: bad options, then the reason of an aborted signal. */
export function readLimits(options: WaitOptions): Limits {
  const limits = checkLimits(options);
  if (limits.signal?.aborted === true) throw limits.signal.reason;
  return limits;
}

/** The largest batch of a receive. */
export function checkMax(max: unknown): void {
  checkInteger('max', max, 1);
}
