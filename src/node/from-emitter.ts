// A channel that an emitter of events fills.
//
// Guarantees: it listens from within the call, since what an emitter emits before that is lost, and lets go in the call in
// which the channel ends. An emitter that was listened to for `error` never throws for one that comes later: a listener that
// does nothing stays, one an emitter.

import { wrong } from '../arguments.js';
import { type Intake, intake, type Pausing } from '../bridge/intake.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { Channel } from '../channel-api.js';
import type { Coalesce } from '../contract.js';

type Name = string | symbol;
type Listener = Parameters<EmitterLike['on']>[1];
type Mapping<T> = NonNullable<EmitterEvents<T>['map']>;

/**
 * What emits events, as far as this package knows it: Node's `EventEmitter`, and most others.
 *
 * @example
 * ```ts
 * import { EventEmitter } from 'node:events';
 * import type { EmitterLike } from 'sluice/node';
 *
 * const emitter: EmitterLike = new EventEmitter();
 * ```
 */
export interface EmitterLike {
  /** Begins to listen. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as emitters declare it
  on(event: string | symbol, listener: (...args: any[]) => void): unknown;
  /** Stops listening. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as emitters declare it
  off?(event: string | symbol, listener: (...args: any[]) => void): unknown;
  /** The same, where there is no `off`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as emitters declare it
  removeListener?(event: string | symbol, listener: (...args: any[]) => void): unknown;
}

/**
 * Which events carry items, and which end.
 *
 * @example
 * ```ts
 * import type { EmitterEvents } from 'sluice/node';
 *
 * const chunks: EmitterEvents<Uint8Array> = { item: 'data', end: ['end', 'close'] };
 * ```
 */
export interface EmitterEvents<T> {
  /** The event of an item. */
  readonly item: string | symbol;
  /** The event, or events, that end the channel quietly; without it only `error` does. */
  readonly end?: string | symbol | readonly (string | symbol)[] | undefined;
  /** The event that ends it with an error, its first argument; `'error'` unless said otherwise. */
  readonly error?: string | symbol | undefined;
  /** Makes the item of the event's arguments; it is the first of them unless said otherwise. If it throws, that is the end. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what an event carries is known to its user alone
  readonly map?: ((...args: any[]) => T) | undefined;
}

/**
 * Options of `fromEmitter`.
 *
 * @example
 * ```ts
 * import type { EmitterOptions } from 'sluice/node';
 *
 * const latest: EmitterOptions<string> = { overflow: 'drop-oldest', pausing: false };
 * ```
 */
export interface EmitterOptions<T> extends Common<T> {
  /** Names the channel, as its own option does. */
  readonly name?: string | undefined;
  /**
   * What becomes of an item that comes while the channel is full. `'error'`, unless said otherwise: the channel closes with
   * `OverflowError`, the item as its `value`. An emitter cannot wait.
   */
  readonly overflow?: 'error' | 'drop-oldest' | 'drop-newest' | Coalesce<T> | undefined;
  /** What is paused while the channel is full: the emitter itself where it has both methods; `false` pauses nothing. */
  readonly pausing?: Pausing | false | undefined;
  /** How many events may still come after `pause()`, 0 unless said otherwise: that many places are kept for them. */
  readonly slack?: number | undefined;
}

/**
 * A channel that an emitter fills, from this call on. It is bounded: an emitter that can be paused is paused at `capacity - slack`
 * buffered items and resumed when half of that is left; what comes nevertheless while the channel is full ends it with
 * `OverflowError`, unless a policy that drops or merges was named.
 *
 * The `error` event closes the channel with its error, after what is buffered. An event named as `end` closes it quietly;
 * none is by default, so a name alone has no quiet end. The first decides. The listeners are gone when the channel has ended
 * or closed, by whomever, but for one on `error` that does nothing, so that a late error does not end the process. What comes
 * later goes to `onDrop`.
 *
 * @param events - the event whose first argument is an item, or that and the events that end: see {@link EmitterEvents}
 * @param capacity - an integer from 1
 * @returns the channel; a `signal` cancels it
 * @throws TypeError or RangeError for a bad argument
 *
 * @example
 * ```ts
 * import { EventEmitter } from 'node:events';
 * import { fromEmitter } from 'sluice/node';
 *
 * const sensor = new EventEmitter();
 * const readings = fromEmitter<number>(sensor, { item: 'reading', end: 'off' }, 100);
 * for (const reading of [20.5, 21]) sensor.emit('reading', reading);
 * sensor.emit('off');
 * for await (const reading of readings) console.log(reading); // 20.5 21
 * ```
 */
export function fromEmitter<T>(
  emitter: EmitterLike,
  events: string | symbol | EmitterEvents<T>,
  capacity: number,
  options: EmitterOptions<T> = {},
): Channel<T> {
  checkEmitter(emitter);
  const { item, ends, error, map } = readEvents(events);
  const { pausing = pausingOf(emitter) } = checkOptions<EmitterOptions<T>>(options);
  return intake<T>(capacity, { ...options, pausing }, (into) => {
    const listening: [Name, Listener][] = [];
    const letGo = (): void => {
      if (error === 'error') guard(emitter);
      for (const [name, listener] of listening.splice(0)) {
        if (emitter.off !== undefined) emitter.off(name, listener);
        else emitter.removeListener?.(name, listener);
      }
    };
    const listen = (name: Name, listener: Listener): void => {
      listening.push([name, listener]);
      emitter.on(name, listener);
    };
    try {
      listen(error, (reason: unknown) => into.end(reason ?? new Error(`the emitter emitted ${String(error)}`)));
      for (const end of ends) listen(end, () => into.end());
      listen(item, itemListener(into, map)); // last: it may set the emitter going
    } catch (failure) {
      letGo();
      throw failure;
    }
    return letGo;
  });
}

function checkEmitter(emitter: EmitterLike): void {
  const { on, off, removeListener } = Object(emitter) as Record<keyof EmitterLike, unknown>;
  if (typeof on === 'function' && (typeof off === 'function' || typeof removeListener === 'function')) return;
  throw wrong('emitter', 'an object with on and off', emitter);
}

function itemListener<T>(into: Intake<T>, map: Mapping<T> | undefined): Listener {
  if (map === undefined) return (item: T) => into.item(item);
  return (...args) => {
    let item: T;
    try {
      item = map(...args);
    } catch (error) {
      return into.fail(error);
    }
    into.item(item);
  };
}

interface Read<T> {
  readonly item: Name;
  readonly ends: readonly Name[];
  readonly error: Name;
  readonly map: Mapping<T> | undefined;
}

function readEvents<T>(events: Name | EmitterEvents<T>): Read<T> {
  if (isName(events)) return { item: events, ends: [], error: 'error', map: undefined };
  const { item, end = [], error = 'error', map } = events ?? ({} as Partial<EmitterEvents<T>>);
  const ends = isName(end) ? [end] : end;
  if (!isName(item)) throw wrong('events', 'the name of an event, or an object with it as item', events);
  if (!Array.isArray(ends) || !ends.every(isName)) throw wrong('events.end', 'one or several names of events', end);
  if (!isName(error)) throw wrong('events.error', 'the name of an event', error);
  if (map !== undefined && typeof map !== 'function') throw wrong('events.map', 'a function', map);
  return { item, ends, error, map };
}

function isName(value: unknown): value is Name {
  return typeof value === 'string' || typeof value === 'symbol';
}

function pausingOf(emitter: EmitterLike & Partial<Pausing>): Pausing | false {
  return typeof emitter.pause === 'function' && typeof emitter.resume === 'function' ? (emitter as Pausing) : false;
}

/** An `error` that nobody listens for would be thrown at whoever emits it. */
function ignore(): void {}

const guarded = new WeakSet<EmitterLike>();

function guard(emitter: EmitterLike & { listeners?(event: string): unknown }): void {
  const listeners: unknown = emitter.listeners?.('error');
  if (Array.isArray(listeners) ? listeners.includes(ignore) : guarded.has(emitter)) return;
  guarded.add(emitter);
  emitter.on('error', ignore);
}
