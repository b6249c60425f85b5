// What a channel that weighs or coalesces buffers in place of bare items: a parcel is an item, and what the user's
// function said of it, once, at the call that sent it. Every other channel buffers the items themselves and pays for none
// of this.

/** An item on its way through a channel that weighs or coalesces. */
export interface Parcel<T> {
  /** A merge replaces it while the parcel is buffered. */
  item: T;
  /** How much of the capacity it takes. */
  readonly weight: number;
  /** Items of one key are merged. */
  readonly key: unknown;
}

/** Packs the items of one channel, and keeps account of the parcels that are buffered. */
export interface Packing<T> {
  /** The sum of their weights. */
  readonly weight: number;
  /** Calls the user's function, which may throw; changes nothing. */
  pack(item: T): Parcel<T>;
  /** A parcel was buffered. */
  added(parcel: Parcel<T>): void;
  /** A parcel has left the buffer. */
  removed(parcel: Parcel<T>): void;
  /** Whether a parcel can be merged into one that is buffered. */
  merges(parcel: Parcel<T>): boolean;
  /** Merges it: calls the user's function. Where that throws, nothing has changed. */
  merge(parcel: Parcel<T>): void;
}
