// Checks of what the user passes. Each throws at once and says which argument, what it was, and what is allowed.
// A number out of its range is a RangeError; a thing of the wrong kind a TypeError.

import type { AbortSignalLike, ChannelOptions, Coalesce, WaitOptions } from './contract.js';
import type { Packing } from './parcels.js';
import type { Pressure } from './pressure.js';

const MOST_CAPACITY = 2 ** 32 - 1;
const MAX_WAITERS = 65_536;
const POLICIES: readonly Policy[] = ['wait', 'drop-oldest', 'drop-newest', 'reject'];

/** The overflow policies that a name is enough for. */
export type Policy = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject';

/** A TypeError about an argument. */
export function wrong(what: string, allowed: string, value: unknown): TypeError {
  return new TypeError(`${what} must be ${allowed}, got ${show(value)}`);
}

/** A value, for a message. */
export function show(value: unknown): string {
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

/** Throws unless it is an object. */
export function checkObject(what: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw wrong(what, 'an object', options);
}

/** Throws unless it is a signal, or left out. */
export function checkSignal(signal: Partial<AbortSignalLike> | null | undefined): void {
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

/** The options of a channel, checked, and read once. */
export interface CheckedOptions<T> {
  readonly name: string | undefined;
  readonly policy: Policy;
  readonly coalesce: Coalesce<T> | undefined;
  readonly onDrop: ChannelOptions<T>['onDrop'];
  readonly maxWaiters: number;
  readonly signal: AbortSignalLike | undefined;
  readonly weigh: ChannelOptions<T>['weigh'];
  readonly watermarks: { readonly high: number; readonly low: number };
  readonly onPressure: ChannelOptions<T>['onPressure'];
  /** Whether anybody may want to know of the watermarks. */
  readonly watched: boolean;
}

/** What a channel is set to for its whole life. */
export interface Settings<T> {
  readonly overflow: Policy;
  readonly onDrop: ChannelOptions<T>['onDrop'];
  readonly maxWaiters: number;
  readonly packing: Packing<T> | undefined;
  readonly pressure: Pressure<T> | undefined;
}

/** Checks the options of a channel of that capacity, or of a queue, which always waits; throws at bad ones. */
export function readOptions<T>(options: ChannelOptions<T>, capacity: number, isQueue: boolean): CheckedOptions<T> {
  checkObject('options', options);
  const { name, overflow = 'wait', onDrop, maxWaiters = MAX_WAITERS, signal, weigh, watermarks, onPressure } = options;
  if (isQueue)
    refuseChannelOptions({ overflow: overflow === 'wait' ? undefined : overflow, weigh, watermarks, onPressure });
  if (name !== undefined && typeof name !== 'string') throw wrong('options.name', 'a string', name);
  const coalesce = typeof overflow === 'object' ? checkCoalesce(overflow) : undefined;
  const policy = typeof overflow === 'object' ? 'wait' : overflow;
  if (!POLICIES.includes(policy)) {
    throw wrong('options.overflow', `one of ${POLICIES.join(', ')}, or { key, coalesce }`, overflow);
  }
  checkFunction('options.onDrop', onDrop);
  checkFunction('options.weigh', weigh);
  checkFunction('options.onPressure', onPressure);
  checkInteger('options.maxWaiters', maxWaiters, 0);
  checkSignal(signal);
  const marks = readWatermarks(watermarks);
  if (weigh !== undefined && (capacity === 0 || coalesce !== undefined)) {
    throw new TypeError('options.weigh needs a capacity of at least 1 and goes with no coalescing');
  }
  if (capacity === 0) {
    const what = Object.entries({
      "overflow 'drop-oldest'": policy === 'drop-oldest' || undefined,
      'overflow { key, coalesce }': coalesce,
      watermarks,
      onPressure,
    }).find(([, value]) => value !== undefined);
    if (what !== undefined) {
      throw new RangeError(`options.${what[0]} needs a capacity of at least 1: at 0 nothing is buffered`);
    }
  }
  const watched = onPressure !== undefined || watermarks !== undefined;
  return { name, policy, coalesce, onDrop, maxWaiters, signal, weigh, watermarks: marks, onPressure, watched };
}

function refuseChannelOptions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw wrong(`options.${name} of a BoundedQueue (a Channel has it)`, 'left out', value);
  }
}

/** Throws unless it is a function, or left out. */
export function checkFunction(what: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw wrong(what, 'a function', value);
}

function checkCoalesce<T>(overflow: Coalesce<T> | null): Coalesce<T> {
  const { key, coalesce } = overflow ?? ({} as Partial<Coalesce<T>>);
  if (typeof key !== 'function' || typeof coalesce !== 'function') {
    throw wrong('options.overflow', 'a policy, or an object with the functions key and coalesce', overflow);
  }
  return { key, coalesce };
}

function readWatermarks(watermarks: ChannelOptions<unknown>['watermarks'] = {}): { high: number; low: number } {
  checkObject('options.watermarks', watermarks);
  const { high = 0.8, low = 0.5 } = watermarks;
  for (const mark of [high, low]) {
    if (typeof mark !== 'number') throw wrong('options.watermarks', 'two fractions of the capacity', mark);
  }
  if (!(0 <= low && low < high && high <= 1)) {
    throw new RangeError(`options.watermarks must be 0 ≤ low < high ≤ 1, got low ${low}, high ${high}`);
  }
  return { high, low };
}

/** Throws where a channel cannot promise a place: it has none, or each item may take another number of them. */
export function checkReserving(capacity: number, weighs: boolean): void {
  if (capacity === 0) throw new RangeError('a channel of capacity 0 has no place to reserve');
  if (weighs) throw new TypeError('a channel that weighs cannot reserve: the weight of the item is not known yet');
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
  checkObject('options', options);
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
