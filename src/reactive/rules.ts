// What the rules say of arguments. Each message begins with the rule that was broken, so that its author can look it up.
//
// Guarantee: only for `null` and `undefined` (and what is none of the four interfaces at all) is anything thrown to a
// caller: §1.9, §2.13. Everything else is signalled.

import { show, wrong } from '../arguments.js';
import type { Publisher, Subscriber, Subscription } from './contract.js';

/** So much demand counts as unbounded, and is not counted down: §3.17. */
export const UNBOUNDED: number = Number.MAX_SAFE_INTEGER;

/** How many items a `request` asks for; undefined where it is illegal: §3.9. */
export function demandOf(n: unknown): number | undefined {
  if (typeof n === 'bigint') return n < 1n ? undefined : Math.min(Number(n), UNBOUNDED);
  if (typeof n !== 'number' || !(n >= 1)) return undefined;
  if (n === Number.POSITIVE_INFINITY) return UNBOUNDED;
  return Number.isInteger(n) ? Math.min(n, UNBOUNDED) : undefined;
}

/** The error of an illegal `request`. */
export function illegalRequest(n: unknown): RangeError {
  return new RangeError(`§3.9: request(n) takes an integer from 1, or Infinity, got ${show(n)}`);
}

/** The error of an item that was not asked for, which it carries as `value`. */
export function unrequested(item: unknown): TypeError {
  const error = new TypeError(
    '§1.1: the publisher signalled an item that was not requested; it is the value of this error',
  );
  return Object.assign(error, { value: item });
}

/** The error of an item that cannot be signalled. */
export function missingItem(item: unknown): TypeError {
  return new TypeError(`§2.13: ${String(item)} cannot be an item of a publisher: wrap it`);
}

/** The error of an end that has no error. */
export function missingError(error: unknown): TypeError {
  return new TypeError(`§2.13: onError must be given an error, got ${String(error)}`);
}

/** An error as it may be signalled: something. */
export function something(error: unknown): unknown {
  return error ?? new Error(`it failed, and the error was ${String(error)}`);
}

export function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function has(thing: unknown, methods: readonly string[]): boolean {
  const given = Object(thing) as Readonly<Record<string, unknown>>;
  return methods.every((method) => typeof given[method] === 'function');
}

export function checkPublisher(publisher: Publisher<unknown>): void {
  if (!has(publisher, ['subscribe'])) throw wrong('publisher', 'a Publisher', publisher);
}

export function checkSubscriber(subscriber: Subscriber<never>): void {
  if (!has(subscriber, ['onSubscribe', 'onNext', 'onError', 'onComplete'])) {
    throw wrong('§1.9: subscriber', 'a Subscriber', subscriber);
  }
}

export function checkSubscription(subscription: Subscription): void {
  if (!has(subscription, ['request', 'cancel'])) throw wrong('§2.13: subscription', 'a Subscription', subscription);
}
