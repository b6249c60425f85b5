// Checks of what the user passes. Each throws at once and says which argument, what it was, and what is allowed.
// A number out of its range is a RangeError; a thing of the wrong kind a TypeError.

import type { AbortSignalLike, ChannelOptions, Overflow, WaitOptions } from './contract.js';

const MOST_CAPACITY = 2 ** 32 - 1;
const MAX_WAITERS = 65_536;
const OVERFLOWS: readonly Overflow<unknown>[] = ['wait', 'drop-oldest', 'drop-newest', 'reject'];

/** A TypeError about an argument. */
export function wrong(what: string, allowed: string, value: unknown): TypeError {
  return new TypeError(`${what} must be ${allowed}, got ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'object' || typeof value === 'function') return Object.prototype.toString.call(value);
  const primitive = value as boolean | number | bigint | symbol;
  return `${String(primitive)} (${typeof primitive})`;
}

/** Throws unless `value` is an integer from `least` to `most`. */
export function checkInteger(
  what: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new RangeError(`${what} must be an integer from ${least} to ${most}, got ${show(value)}`);
  }
}

/** Throws unless a channel may hold so many items. */
export function checkCapacity(capacity: unknown, least: number): void {
  const what = capacity === Number.POSITIVE_INFINITY ? 'capacity (there is no unbounded channel)' : 'capacity';
  checkInteger(what, capacity, least, MOST_CAPACITY);
}

function checkObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
}

function checkSignal(signal: Partial<AbortSignalLike> | null | undefined): void {
  if (signal === undefined) return;
  const { aborted, addEventListener, removeEventListener } = signal ?? {};
  if (
    typeof aborted !== 'boolean' ||
    typeof addEventListener !== 'function' ||
    typeof removeEventListener !== 'function'
  ) {
    throw wrong('options.signal', 'an AbortSignal', signal);
  }
}

/** The options of a channel, read once and complete. */
export interface Settings<T> {
  readonly name: string | undefined;
  readonly overflow: Overflow<T>;
  readonly onDrop: ChannelOptions<T>['onDrop'];
  readonly maxWaiters: number;
  readonly signal: AbortSignalLike | undefined;
}

/** Reads the options of a channel of that capacity, or of a queue, which always waits; throws at bad ones. */
export function readOptions<T>(options: ChannelOptions<T>, capacity: number, always: boolean): Settings<T> {
  checkObject(options);
  const { name, overflow = 'wait', onDrop, maxWaiters = MAX_WAITERS, signal } = options;
  const allowed = always ? ['wait'] : OVERFLOWS;
  if (name !== undefined && typeof name !== 'string') throw wrong('options.name', 'a string', name);
  if (!allowed.includes(overflow)) {
    const what = always ? 'options.overflow of a BoundedQueue (a Channel has policies)' : 'options.overflow';
    throw wrong(what, `one of ${allowed.join(', ')}`, overflow);
  }
  if (overflow === 'drop-oldest' && capacity === 0) {
    throw new RangeError("options.overflow 'drop-oldest' needs a capacity of at least 1: at 0 nothing is buffered");
  }
  if (onDrop !== undefined && typeof onDrop !== 'function') throw wrong('options.onDrop', 'a function', onDrop);
  checkInteger('options.maxWaiters', maxWaiters, 0);
  checkSignal(signal);
  return { name, overflow, onDrop, maxWaiters, signal };
}

/** How long a wait may last: until `signal` aborts, `timeout` milliseconds. */
export interface Limits {
  readonly signal: AbortSignalLike | undefined;
  readonly timeout: number;
}

/** A wait without limits. */
export const FOREVER: Limits = { signal: undefined, timeout: Number.POSITIVE_INFINITY };

/** Reads the limits of one call; throws at bad options. */
export function checkLimits(options: WaitOptions | undefined): Limits {
  if (options === undefined) return FOREVER;
  checkObject(options);
  const { signal, timeout = Number.POSITIVE_INFINITY } = options;
  if (typeof timeout !== 'number') throw wrong('options.timeout', 'a number of milliseconds', timeout);
  if (!(timeout >= 0)) throw new RangeError(`options.timeout must be 0 or more milliseconds, got ${timeout}`);
  checkSignal(signal);
  return signal === undefined && timeout === FOREVER.timeout ? FOREVER : { signal, timeout };
}

/** The same; throws the reason of an aborted signal, too. */
export function readLimits(options: WaitOptions | undefined): Limits {
  const limits = checkLimits(options);
  if (limits.signal?.aborted) throw limits.signal.reason;
  return limits;
}
