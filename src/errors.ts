// The errors of this library, each with a stable `code`; four classes without a common base.
//
// Guarantee: a message says what happened, to which channel, and what to do. An item that was refused rides on the error
// as `value`, a reason that was given as `cause`; each is an own property only then. `instanceof` holds between two
// loaded copies of this package: a brand from the global symbol registry stands behind it.

/**
 * A send on a closed channel, or a wait that the end of the channel cut short.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(1);
 * channel.close(new Error('shutting down'));
 * const error = await channel.send('late').catch((reason) => reason);
 * error instanceof ChannelClosedError; // true
 * error.value; // 'late'
 * error.cause.message; // 'shutting down'
 * ```
 */
export class ChannelClosedError extends Error {
  /** Names the class, where `instanceof` is not to be had. */
  declare readonly name: 'ChannelClosedError';
  /** Stable, for code that cannot use `instanceof`. */
  declare readonly code: 'ERR_SLUICE_CLOSED';
  /** The item that was refused, where the call carried one. */
  declare readonly value?: unknown;
  /** What `close` or `cancel` was given, where it was given something. */
  declare readonly cause?: unknown;
}

/**
 * A wait that took longer than its `timeout`. It had no effect.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(1);
 * const error = await channel.receive({ timeout: 10 }).catch((reason) => reason);
 * error instanceof TimeoutError; // true
 * error.code; // 'ERR_SLUICE_TIMEOUT'
 * ```
 */
export class TimeoutError extends Error {
  /** Names the class, where `instanceof` is not to be had. */
  declare readonly name: 'TimeoutError';
  /** Stable, for code that cannot use `instanceof`. */
  declare readonly code: 'ERR_SLUICE_TIMEOUT';
  /** The item that was not sent, where the call carried one. */
  declare readonly value?: unknown;
}

/**
 * A send on a full channel whose overflow policy is `'reject'`.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(1, { overflow: 'reject' });
 * await channel.send('first');
 * const error = await channel.send('second').catch((reason) => reason);
 * error instanceof OverflowError; // true
 * error.value; // 'second'
 * ```
 */
export class OverflowError extends Error {
  /** Names the class, where `instanceof` is not to be had. */
  declare readonly name: 'OverflowError';
  /** Stable, for code that cannot use `instanceof`. */
  declare readonly code: 'ERR_SLUICE_OVERFLOW';
  /** The item that found no room. */
  declare readonly value: unknown;
}

/**
 * A send that would have been one more than `maxWaiters`: most likely nobody awaits them.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(0, { maxWaiters: 1 });
 * const waiting = channel.send('first');
 * const error = await channel.send('second').catch((reason) => reason);
 * error instanceof TooManyWaitersError; // true
 * await channel.receive(); // 'first'
 * await waiting;
 * ```
 */
export class TooManyWaitersError extends Error {
  /** Names the class, where `instanceof` is not to be had. */
  declare readonly name: 'TooManyWaitersError';
  /** Stable, for code that cannot use `instanceof`. */
  declare readonly code: 'ERR_SLUICE_TOO_MANY_WAITERS';
  /** The item that was not sent. */
  declare readonly value?: unknown;
}

const BRAND = Symbol.for('sluice.error');

/** Puts name and code on the prototype, where `stack` finds the one, and the brand behind `instanceof`; a subclass keeps the ordinary meaning. */
function brand(type: { readonly prototype: Error }, name: string, code: string): void {
  Object.defineProperties(type.prototype, {
    name: { value: name, writable: true },
    code: { value: code, writable: true, enumerable: true },
    [BRAND]: { value: name },
  });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, other: unknown): boolean {
      if (this === type) return (other as Record<symbol, unknown> | null | undefined)?.[BRAND] === name;
      return Function.prototype[Symbol.hasInstance].call(this as () => void, other);
    },
  });
}

brand(ChannelClosedError, 'ChannelClosedError', 'ERR_SLUICE_CLOSED');
brand(TimeoutError, 'TimeoutError', 'ERR_SLUICE_TIMEOUT');
brand(OverflowError, 'OverflowError', 'ERR_SLUICE_OVERFLOW');
brand(TooManyWaitersError, 'TooManyWaitersError', 'ERR_SLUICE_TOO_MANY_WAITERS');

/** What an error says of the place it happened to. */
export interface Place {
  readonly kind: 'Channel' | 'BoundedQueue';
  readonly name: string | undefined;
  readonly capacity: number;
}

/** That, in words. */
export const where = ({ kind, name, capacity }: Place): string =>
  `${kind} ${name === undefined ? '' : `'${name}' `}(capacity ${capacity})`;

/** Marks an error that carries no item: `undefined` is a legal one. */
export const NO_ITEM: unique symbol = Symbol('no item');

function carry<E extends { value?: unknown }>(error: E, value: unknown): E {
  if (value !== NO_ITEM) error.value = value;
  return error;
}

/** What its errors say of a place that is closed. */
export interface Closed {
  readonly place: Place;
  readonly cancelled: boolean;
  /** As given to `close` or `cancel`; undefined where nothing was. */
  readonly reason: unknown;
  /** Whether only a handle of it is. */
  readonly ofHandle?: boolean;
}

/** Makes the errors of a closed place. */
export function closedErrors({
  place,
  cancelled,
  reason,
  ofHandle = false,
}: Closed): (value: unknown) => ChannelClosedError {
  const closed = `${ofHandle ? 'this handle of ' : ''}${where(place)} ${cancelled ? 'was cancelled' : 'is closed'}: `;
  const options = reason === undefined ? undefined : { cause: reason };
  return (value) => {
    const advice =
      value === NO_ITEM ? 'there is nothing more to wait for' : "stop sending; the item is this error's value";
    return carry(new ChannelClosedError(closed + advice, options), value);
  };
}

/** One of them. */
export function closedError(closed: Closed, value: unknown): ChannelClosedError {
  return closedErrors(closed)(value);
}

/** A wait took its `timeout`, in milliseconds. */
export function timeoutError(
  place: Place,
  what: string,
  timeout: number,
  value: unknown,
  advice = 'without effect: retry, wait longer or shed load',
): TimeoutError {
  return carry(new TimeoutError(`${what} on ${where(place)} timed out after ${timeout} ms, ${advice}`), value);
}

/** The place is full and its policy is `'reject'`. */
export function overflowError(place: Place, value: unknown): OverflowError {
  return carry(
    new OverflowError(`${where(place)} is full: retry or shed the item, which is this error's value`),
    value,
  );
}

/** As many sends wait as may. */
export function tooManyWaitersError(place: Place, maxWaiters: number, value: unknown): TooManyWaitersError {
  return carry(
    new TooManyWaitersError(`${where(place)} has ${maxWaiters} sends waiting: await each send, or raise maxWaiters`),
    value,
  );
}

/** So many refusals are made with a stack trace each; more would stall the loop, and their stacks say nothing new. */
export const FEW = 64;

/** Runs `make`, without stack traces where `many` errors are made, whose stacks would cost more than all the rest. */
export function withoutStacks(many: boolean, make: () => void): void {
  const { stackTraceLimit } = Error as { stackTraceLimit?: number };
  // Only some engines have the limit, and a hardened platform may have frozen it: then the errors are merely slower.
  const limited = many && stackTraceLimit !== undefined && Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    make();
  } finally {
    if (limited) Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
