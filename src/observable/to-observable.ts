// A receiver, seen as an Observable.
//
// Guarantees: nothing is taken before somebody subscribes, and nothing is handed out inside of `subscribe`. Of our own
// channels nothing is taken for a subscription that is closed; of other receivers what comes too late goes to `onDrop`.

import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import type { NativeSignal, Receiver } from '../contract.js';
import { dispose } from '../host.js';
import type { ObservableLike, ObserverLike } from './contract.js';
import { interopKeys } from './interop.js';
import { Outlet } from './outlet.js';

/**
 * An Observable over a receiver. It is cold: items are taken only while somebody is subscribed. Several subscribers share
 * the items, each item goes to one of them. Whoever leaves early cancels the receiver, unless `cancel` is false.
 *
 * Observers are synchronous, so back-pressure ends here: items come as fast as the observer returns. What must be slow is
 * done before, in the channel or a flow.
 *
 * It is what RxJS's `from` takes, and `Observable.from` of the platform and of zen-observable. `subscribe` takes an observer
 * or a function, and `{ signal }`; it gives a subscription with `unsubscribe`. It can be iterated by `for await` as well.
 *
 * @param options - an abort of `signal` cancels the receiver, and is the error that every subscriber gets
 * @throws TypeError for something that is no receiver, or a bad option
 *
 * @example
 * ```ts
 * import { toObservable } from 'sluice/observable';
 *
 * const channel = Channel.from(['a', 'b'], 2);
 * toObservable(channel).subscribe({
 *   next: (item) => console.log(item), // a b
 *   complete: () => console.log('over'), // over
 * });
 * await channel.completion;
 * ```
 */
export function toObservable<T>(
  source: Receiver<T>,
  options?: Common<T> & {
    /** Whether a subscriber that leaves cancels the receiver: true unless said otherwise. */
    readonly cancel?: boolean | undefined;
  },
): {
  // First, so that it is what a call finds: it takes more, and says what it returns.
  subscribe(
    observer: ObserverLike<T> | ((value: T) => void),
    options?: { signal?: NativeSignal },
  ): Disposable & { unsubscribe(): void; readonly closed: boolean };
} & ObservableLike<T> &
  AsyncIterable<T> & { [key: symbol]: () => unknown } {
  const given = checkOptions(options, ['cancel']);
  const outlet = new Outlet(source, given.cancel ?? true, dropping(given), given.signal);
  const observable = {
    subscribe(observer: ObserverLike<T> | ((value: T) => void), within?: { signal?: NativeSignal }) {
      const told = typeof observer === 'function' ? { next: observer } : (observer ?? {});
      const subscription = outlet.subscribe(told, within?.signal);
      const handle = {
        get closed(): boolean {
          return subscription.closed;
        },
        unsubscribe: () => subscription.leave(undefined),
        [dispose]: () => subscription.leave(undefined),
      };
      subscription.tell(() => told.start?.(handle));
      outlet.start(subscription);
      return handle;
    },
    [Symbol.asyncIterator]: () => outlet.iterate(),
  };
  for (const key of interopKeys()) Object.defineProperty(observable, key, { value: () => observable });
  return observable;
}
