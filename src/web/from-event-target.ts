// fromEventTarget: the events of a target, received.
//
// Guarantees: those of the intake (../bridge/intake.ts). It listens from within the call, and no longer than until the
// channel has closed: the listeners are gone before whoever closed it goes on.

import { checkFunction, checkObject, wrong } from '../arguments.js';
import { intake, type Pausing } from '../bridge/intake.js';
import type { Common } from '../bridge/options.js';
import type { Channel } from '../channel-api.js';
import type { Coalesce } from '../contract.js';
import type { EventTargetLike, NativeEvent } from './platform.js';

/** Which events are items, and which of them are the end. */
export interface TargetEvents<T> {
  /** The type of the events that are items. */
  readonly item: string;
  /** Types of events that are the end. */
  readonly end?: string | readonly string[] | undefined;
  /** The type of the event that is a failed end: its `error`, or else an Error with the event as `cause`. */
  readonly error?: string | undefined;
  /** Makes an item of an event; where it throws, that is the end. The event itself unless given. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what an event carries is known to its user alone
  readonly map?: ((event: any) => T) | undefined;
}

/** What must be said of a source that cannot be asked to wait. */
export interface TargetOptions<T> extends Common<T> {
  /**
   * What becomes of an item that comes while the channel is full. `'error'` ends the channel with `OverflowError`, behind
   * what is buffered.
   */
  readonly overflow: 'error' | 'drop-oldest' | 'drop-newest' | Coalesce<T>;
  /** How the source is slowed down, where it can be: paused when the channel is full, resumed at half. */
  readonly pausing?: Pausing | false | undefined;
  /** How many items may still come after `pause()`, for which room is kept; 0 unless said otherwise. */
  readonly slack?: number | undefined;
}

/**
 * A channel of the events of a target. Events cannot wait, so what becomes of one that finds the channel full must be said.
 * It listens from now on, until the channel closes, by whomever; `cancel()` ends it.
 *
 * @param capacity - events, an integer from 1
 * @throws TypeError or RangeError for a bad argument or option
 *
 * @example
 * ```ts
 * import { fromEventTarget } from 'sluice/web';
 *
 * const target = new EventTarget();
 * const events = fromEventTarget<string>(
 *   target,
 *   { item: 'tick', end: ['stop'], map: (event) => event.type },
 *   8,
 *   { overflow: 'drop-oldest' },
 * );
 * for (const type of ['tick', 'tick', 'stop', 'tick']) target.dispatchEvent(new Event(type));
 * for await (const tick of events) console.log(tick); // tick tick
 * ```
 */
export function fromEventTarget<T = NativeEvent>(
  target: EventTargetLike,
  type: string | TargetEvents<T>,
  capacity: number,
  options: TargetOptions<T>,
): Channel<T> {
  return listen('fromEventTarget', target, typeof type === 'string' ? { item: type } : type, capacity, options);
}

/** The same, for whoever knows what the events mean; `errorOf` is the end that an event is, undefined for a quiet one. */
export function listen<T>(
  who: string,
  target: EventTargetLike,
  events: TargetEvents<T>,
  capacity: number,
  options: TargetOptions<T>,
  errorOf: (event: EventWithError, isError: boolean) => unknown = (event, isError) =>
    isError ? failure(event) : undefined,
): Channel<T> {
  const { addEventListener, removeEventListener } = Object(target) as Partial<EventTargetLike>;
  if (typeof addEventListener !== 'function' || typeof removeEventListener !== 'function') {
    throw wrong('target', 'an EventTarget', target);
  }
  checkObject('options', options);
  if (options.overflow === undefined) {
    throw new TypeError(
      `${who} needs options.overflow, since events cannot wait: 'error', 'drop-oldest', 'drop-newest' or { key, coalesce }`,
    );
  }
  const { item, ends, error, map } = readEvents(events);
  return intake<T>(capacity, options, (into) => {
    const onItem = (event: unknown): void => {
      let mapped: T;
      try {
        mapped = map === undefined ? (event as T) : map(event);
      } catch (thrown) {
        return into.end(thrown ?? new Error('map threw, and did not say why'));
      }
      into.item(mapped);
    };
    const onEnd = (event: EventWithError): void => into.end(errorOf(event, false));
    const onError = (event: EventWithError): void => into.end(errorOf(event, true));
    const listeners: (readonly [string, (event: EventWithError) => void])[] = [[item, onItem]];
    for (const end of ends) listeners.push([end, onEnd]);
    if (error !== undefined) listeners.push([error, onError]);
    const detach = (): void => {
      for (const [type, listener] of listeners) target.removeEventListener(type, listener);
    };
    try {
      for (const [type, listener] of listeners) target.addEventListener(type, listener);
    } catch (thrown) {
      detach();
      throw thrown;
    }
    return detach;
  });
}

/** What is looked for in an event that is an end. */
export interface EventWithError {
  readonly error?: unknown;
  readonly message?: unknown;
}

/** The error that an event tells of. */
export function failure(event: EventWithError): unknown {
  const { error, message } = Object(event) as EventWithError;
  if (error !== undefined && error !== null) return error;
  return new Error(typeof message === 'string' && message !== '' ? message : 'the source told of an error', {
    cause: event,
  });
}

function readEvents<T>(events: TargetEvents<T>): {
  item: string;
  ends: readonly string[];
  error: string | undefined;
  map: ((event: unknown) => T) | undefined;
} {
  checkObject('type', events);
  const { item, end = [], error, map } = events;
  const ends = typeof end === 'string' ? [end] : end;
  if (typeof item !== 'string') throw wrong('type.item', 'the type of an event', item);
  if (!Array.isArray(ends) || ends.some((each) => typeof each !== 'string')) {
    throw wrong('type.end', 'types of events', end);
  }
  if (error !== undefined && typeof error !== 'string') throw wrong('type.error', 'the type of an event', error);
  checkFunction('type.map', map);
  return { item, ends, error, map };
}
