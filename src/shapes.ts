// What a receiving operation fulfils with: an item, a batch, or either as a result of `next()`. The channel takes and
// hands over items; a shape wraps them.

import { checkInteger } from './arguments.js';

/** Where items are taken from: there must be one when either is called. */
export interface Items<T> {
  take(): T;
  takeMany(max: number): T[];
}

/** One kind of receive. */
export class Shape<T, R> {
  /** A sender may hand it an item: it is received then. */
  readonly committed = true;

  constructor(
    /** The largest batch; 0 where items come one by one. */
    readonly max: number,
    /** Whether it fulfils with an iterator's result. */
    private readonly result: boolean,
    /** Whether even a quiet end is refused with `ChannelClosedError`. */
    readonly refusesEnd: boolean,
    /** The case of a select that this is the outcome of. */
    private readonly name?: string,
  ) {}

  /** Something is there: takes it. */
  now(items: Items<T>): R {
    return this.wrap(this.max === 0 ? items.take() : items.takeMany(this.max));
  }

  /** The operation had to wait: it gets exactly one item. */
  one(item: T): R {
    return this.wrap(this.max === 0 ? item : [item]);
  }

  /** The end, where it is no error. */
  end(): R {
    if (this.name !== undefined) return { case: this.name, done: true, value: undefined } as R;
    return (this.result ? { value: undefined, done: true } : this.max === 0 ? undefined : []) as R;
  }

  private wrap(value: T | T[]): R {
    if (this.name !== undefined) return { case: this.name, done: false, value } as R;
    return (this.result ? { value, done: false } : value) as R;
  }
}

/** `receive()`. */
export const ONE: Shape<never, never> = new Shape(0, false, false);
/** A queue's `take()`. */
export const TAKEN: Shape<never, never> = new Shape(0, false, true);
/** `next()` over items. */
export const NEXT: Shape<never, never> = new Shape(0, true, false);

/** The shape of a batch of at most `max`, which it checks. */
export function batchOf<T, R>(max: number, result: boolean, refusesEnd: boolean): Shape<T, R> {
  checkInteger('max', max, 1);
  return new Shape(max, result, refusesEnd);
}
