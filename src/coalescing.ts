// The overflow policy that merges: of each key at most one item is buffered, and a newer one is merged into it.
//
// Invariants: `#buffered` has exactly the parcels that are buffered, by their keys; a merge keeps the place and the key of
// the first. Every operation is O(1), however many keys there are.
//
// The user's `coalesce` runs before anything changes. Where it changed, itself, what it was merging into, its result would
// lose an item or double one: then the send is refused, as where it throws.

import type { Coalesce } from './contract.js';
import type { Packing, Parcel } from './parcels.js';

/** The packing of `overflow: { key, coalesce }`. */
export class Coalescing<T> implements Packing<T> {
  readonly #buffered: Map<unknown, Parcel<T>> = new Map();

  constructor(private readonly policy: Coalesce<T>) {}

  get weight(): number {
    return this.#buffered.size;
  }

  pack(item: T): Parcel<T> {
    return { item, weight: 1, key: this.policy.key(item) };
  }

  added(parcel: Parcel<T>): void {
    this.#buffered.set(parcel.key, parcel);
  }

  removed(parcel: Parcel<T>): void {
    this.#buffered.delete(parcel.key);
  }

  merges(parcel: Parcel<T>): boolean {
    return this.#buffered.has(parcel.key);
  }

  merge({ item, key }: Parcel<T>): void {
    const buffered = this.#buffered.get(key) as Parcel<T>;
    const queued = buffered.item;
    const merged = this.policy.coalesce(queued, item);
    if (this.#buffered.get(key) !== buffered || !Object.is(buffered.item, queued)) {
      throw new Error('coalesce changed its own channel while it merged: it must only compute');
    }
    buffered.item = merged;
  }
}
