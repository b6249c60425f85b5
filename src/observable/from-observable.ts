// An Observable, poured into a channel.
//
// Guarantees: it is subscribed to once, in the call; and let go of once, in the very call in which the channel closes or
// ends, also while `subscribe` has not returned. One that has completed or failed by itself is not touched any more.
//
// Letting go is an abort of the signal and `unsubscribe()` of the subscription: each implementation knows one of the two,
// and to those that know both, the second is nothing new.

import { wrong } from '../arguments.js';
import { type Intake, intake } from '../bridge/intake.js';
import type { Common } from '../bridge/options.js';
import { reportUncaught } from '../callbacks.js';
import type { Channel } from '../channel-api.js';
import type { Coalesce } from '../contract.js';
import { host } from '../host.js';
import type { InteropObservable, ObservableLike, ObserverLike } from './contract.js';
import { interopOf } from './interop.js';

/**
 * A channel that an Observable is poured into: subscribed to in this call, let go of when the channel is closed, cancelled,
 * or its signal aborts. An Observable cannot slow down, so what happens to an item that finds the channel full must be
 * said: `overflow` has no default.
 *
 * | `overflow` | an item that finds the channel full |
 * |---|---|
 * | `'error'` | ends the channel with `OverflowError`, behind what is buffered, and lets go of the Observable |
 * | `'drop-oldest'`, `'drop-newest'` | the oldest one, or this one, goes to `onDrop` |
 * | `{ key, coalesce }` | is merged into the one of its key that is buffered; one of a new key is as with `'error'` |
 *
 * The Observable's `error` and `complete` close the channel, behind what is buffered. What it gives after it was let go of
 * goes to `onDrop`. An error that `subscribe` throws is the channel's end.
 *
 * @param capacity - items, an integer from 1
 * @throws TypeError for something that is no Observable, or a bad option; RangeError for a bad capacity
 *
 * @example
 * ```ts
 * import { fromObservable } from 'sluice/observable';
 *
 * const ticks = {
 *   subscribe(observer: { next?(tick: number): void }, { signal }: { signal?: AbortSignal } = {}) {
 *     let tick = 0;
 *     const timer = setInterval(() => observer.next?.(++tick), 1);
 *     signal?.addEventListener('abort', () => clearInterval(timer));
 *   },
 * };
 * const channel = fromObservable(ticks, 16, { overflow: 'drop-oldest' });
 * for await (const tick of channel.consume()) {
 *   console.log(tick); // 1 2 3
 *   if (tick === 3) break; // cancels the channel, which lets go of the timer
 * }
 * ```
 */
export function fromObservable<T>(
  // The last kind is one of the first; `forEach` is where the item's type can be inferred from classes that overload `subscribe`.
  source:
    | ObservableLike<T>
    | InteropObservable<T>
    | (ObservableLike<T> & { forEach(next: (value: T) => void): unknown }),
  capacity: number,
  options: Common<T> & {
    /** Names the channel, as its own option does. */
    readonly name?: string | undefined;
    /** What happens to an item that finds the channel full. */
    readonly overflow: 'error' | 'drop-oldest' | 'drop-newest' | Coalesce<T>;
  },
): Channel<T> {
  const given = Object(source) as Partial<ObservableLike<T>>;
  const interop = given === source ? interopOf(given) : undefined;
  if (interop === undefined && typeof given.subscribe !== 'function') throw wrong('source', 'an Observable', source);
  if (options?.overflow === undefined) {
    const allowed =
      'named, since an Observable cannot slow down: error, drop-oldest, drop-newest, or { key, coalesce }';
    throw wrong('options.overflow', allowed, undefined);
  }
  const { signal, onDrop, name, overflow } = options;
  return intake<T>(capacity, { signal, onDrop, name, overflow }, (into) => {
    const observable = (interop === undefined ? given : interop()) as ObservableLike<T>;
    if (typeof observable?.subscribe !== 'function') {
      throw wrong('what the source gave as its Observable', 'an Observable', observable);
    }
    return subscribe(observable, into);
  });
}

function subscribe<T>(observable: ObservableLike<T>, into: Intake<T>): () => void {
  const controller = new host.AbortController();
  let subscription: unknown;
  /** Let go of, or over by itself. */
  let done = false;
  /** The subscription came before the first item. */
  let started = false;
  const unsubscribe = (): void => {
    const held = subscription;
    subscription = undefined;
    guarded(() => endOf(held)?.());
  };
  const stop = (): void => {
    if (done) return;
    done = true;
    guarded(() => controller.abort());
    unsubscribe();
  };
  into.endedBy(stop);
  const observer: Required<ObserverLike<T>> = {
    start(early) {
      started = true;
      subscription = early;
    },
    next: (item) => into.item(item),
    error(error) {
      done = true;
      into.fail(error);
    },
    complete() {
      done = true;
      into.end();
    },
  };
  const returned = observable.subscribe(observer, { signal: controller.signal });
  if (started) return stop;
  subscription = returned;
  // It gave items in `subscribe`, and was let go of there, when there was nothing to unsubscribe yet.
  if (controller.signal.aborted) unsubscribe();
  return stop;
}

/** What ends a subscription: its method, or what some give in place of one, a function. */
function endOf(subscription: unknown): (() => unknown) | undefined {
  const { unsubscribe } = Object(subscription) as { unsubscribe?: unknown };
  if (typeof unsubscribe === 'function') return () => unsubscribe.call(subscription) as unknown;
  return typeof subscription === 'function' ? () => subscription() as unknown : undefined;
}

/** Whoever lets go does not stumble over how the other side takes it. */
function guarded(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    reportUncaught(error);
  }
}
