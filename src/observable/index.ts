/**
 * Everything that `sluice/observable` exports: an Observable as a channel, and a receiver as an Observable.
 *
 * @module Observable
 */

export type { InteropObservable, ObservableLike, ObserverLike } from './contract.js';
export { fromObservable } from './from-observable.js';
export { toObservable } from './to-observable.js';
