// A channel whose capacity is a sum of weights: bytes, rows, cost.
//
// Invariant: `weight` is the sum of the weights of what is buffered. A weight is taken once, when the item is sent, and is
// an integer from 1 to the capacity: so whatever waits can be let in some day.

import { checkInteger } from './arguments.js';
import { type Place, where } from './errors.js';
import type { Packing, Parcel } from './parcels.js';

/** The packing of the option `weigh`. */
export class Weighing<T> implements Packing<T> {
  weight = 0;
  /** The highest weight, since peaks.ts began its last stretch. */
  peak = 0;
  private readonly what: string;

  constructor(
    private readonly weigh: (item: T) => number,
    private readonly place: Place,
  ) {
    this.what = `the weight of an item on ${where(place)} (split it, or cap its weight)`;
  }

  pack(item: T): Parcel<T> {
    const { weigh } = this;
    const weight = weigh(item);
    checkInteger(this.what, weight, 1, this.place.capacity);
    return { item, weight, key: undefined };
  }

  added(parcel: Parcel<T>): void {
    this.weight += parcel.weight;
    if (this.weight > this.peak) this.peak = this.weight;
  }

  removed(parcel: Parcel<T>): void {
    this.weight -= parcel.weight;
  }

  merges(): boolean {
    return false;
  }

  merge(): void {}
}
