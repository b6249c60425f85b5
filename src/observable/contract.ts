// What an Observable is to this bridge, as types alone: whatever has `subscribe`, in any of the forms that are in use.
//
// `subscribe` is a method here, and so bivariant: the implementations differ in what else they accept.

import type { NativeSignal } from '../contract.js';

/**
 * What an Observable tells. Each method may be left out.
 *
 * @example
 * ```ts
 * import type { ObserverLike } from 'sluice/observable';
 *
 * const seen: string[] = [];
 * const observer: ObserverLike<string> = { next: (item) => seen.push(item) };
 * observer.next?.('a');
 * seen; // ['a']
 * ```
 */
export interface ObserverLike<T> {
  /** The subscription, before the first item: called only by implementations of the older proposal. */
  start?(subscription: { unsubscribe(): void }): void;
  /** An item. */
  next?(value: T): void;
  /** It failed. Nothing comes after this. */
  error?(error: unknown): void;
  /** It is over. Nothing comes after this. */
  complete?(): void;
}

/**
 * An Observable, by its one method: that of RxJS, of the web platform and its polyfills, of zen-observable.
 *
 * @example
 * ```ts
 * import { fromObservable, type ObservableLike } from 'sluice/observable';
 *
 * const three: ObservableLike<number> = {
 *   subscribe(observer) {
 *     for (let item = 1; item <= 3; item++) observer.next?.(item);
 *     observer.complete?.();
 *   },
 * };
 * for await (const item of fromObservable(three, 8, { overflow: 'error' })) console.log(item); // 1 2 3
 * ```
 */
export interface ObservableLike<T> {
  /** Begins. What it returns may have `unsubscribe`; an abort of the signal is the same. */
  subscribe(observer: ObserverLike<T>, options?: { signal?: NativeSignal }): unknown;
}

/**
 * What gives an Observable when it is asked by `Symbol.observable`, or by `'@@observable'` where there is no such symbol.
 *
 * @example
 * ```ts
 * import { fromObservable, toObservable, type InteropObservable } from 'sluice/observable';
 *
 * const channel = Channel.from(['a', 'b'], 2);
 * const store: InteropObservable<string> = { ['@@observable' as never]: () => toObservable(channel) };
 * for await (const item of fromObservable(store, 8, { overflow: 'error' })) console.log(item); // a b
 * ```
 */
export interface InteropObservable<T> {
  /** Gives the Observable. */
  readonly [key: symbol]: () => ObservableLike<T>;
}
