// What a receiving operation fulfils with: an item, a result of `next()`, a batch. The channel takes and hands over
// items; these four shapes wrap them.

import type { Wrap } from './waiters.js';

/** Where items are taken from: there must be one when either is called. */
export interface Items<T> {
  take(): T;
  takeMany(max: number): T[];
}

/** How one kind of receive wraps what it gets. */
export interface Shape<T, R> extends Wrap {
  /** Something is there: takes it. */
  now(items: Items<T>): R;
  /** The operation had to wait: it gets exactly one item. */
  one(item: T): R;
  /** The end, where it is no error. */
  end(): R;
  /** Whether even a quiet end is refused with `ChannelClosedError`. */
  readonly refusesEnd: boolean;
}

/** `receive()` and `take()`: the item itself. */
class Item<T> implements Shape<T, T | undefined> {
  constructor(readonly refusesEnd: boolean) {}
  now(items: Items<T>): T {
    return items.take();
  }
  one(item: T): T {
    return item;
  }
  end(): undefined {
    return undefined;
  }
}

/** `receiveMany(max)` and `takeMany(max)`: a batch; none at the end. */
export class Batch<T> implements Shape<T, T[]> {
  constructor(
    private readonly max: number,
    readonly refusesEnd: boolean,
  ) {}
  now(items: Items<T>): T[] {
    return items.takeMany(this.max);
  }
  one(item: T): T[] {
    return [item];
  }
  end(): T[] {
    return [];
  }
}

/** `next()` over any of these: their result as an iterator gives it. */
export class Step<T, R> implements Shape<T, IteratorResult<R, undefined>> {
  readonly refusesEnd = false;
  constructor(private readonly inner: Shape<T, R | undefined>) {}
  now(items: Items<T>): IteratorResult<R, undefined> {
    return { value: this.inner.now(items) as R, done: false };
  }
  one(item: T): IteratorResult<R, undefined> {
    return { value: this.inner.one(item) as R, done: false };
  }
  end(): IteratorResult<R, undefined> {
    return { value: undefined, done: true };
  }
}

const RECEIVE: unknown = new Item(false);
const TAKE: unknown = new Item(true);
const NEXT: unknown = new Step(new Item(false));

/** The shape of `receive()`. */
export function receiveShape<T>(): Shape<T, T | undefined> {
  return RECEIVE as Shape<T, T | undefined>;
}

/** The shape of a queue's `take()`. */
export function takeShape<T>(): Shape<T, T> {
  return TAKE as Shape<T, T>;
}

/** The shape of `next()` over items. */
export function nextShape<T>(): Shape<T, IteratorResult<T, undefined>> {
  return NEXT as Shape<T, IteratorResult<T, undefined>>;
}
