// Iterators over a channel: `for await`, `batches`, `consume`.
//
// Guarantees: `next()` calls are served in order, among all other receives; `return()` settles those of this iterator that
// still wait as done, and they consumed nothing. An iterator of the sole consumer cancels the channel when it is left.
//
// Invariant: `#waiting` holds exactly the undecided waits of this iterator, in order of arrival; they are decided in that
// order, since `next()` has no limits of its own.

import { FOREVER } from './arguments.js';
import type { Core } from './channel.js';
import type { ChannelIterator } from './contract.js';
import { Ring } from './ring.js';
import type { Shape } from './shapes.js';
import type { Tracker, Waiter } from './waiters.js';

const AsyncIteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype));

/** One iterator. */
export class Iteration<T, R> implements ChannelIterator<R>, Tracker {
  #left = false;
  readonly #waiting: Ring<Waiter> = new Ring<Waiter>();

  constructor(
    private readonly core: Core<T>,
    private readonly shape: Shape<T, IteratorResult<R, undefined>>,
    /** Whether leaving cancels the channel. */
    private readonly sole: boolean,
  ) {}

  next(): Promise<IteratorResult<R, undefined>> {
    const { core, shape } = this;
    if (this.#left) return core.settler.completed(shape.end());
    const now = core.receiveNow(shape);
    if (now !== undefined) return now;
    const waiter = core.waitToReceive(shape, FOREVER, this);
    this.#waiting.push(waiter);
    return waiter.promise as Promise<IteratorResult<R, undefined>>;
  }

  return(): Promise<IteratorResult<R, undefined>> {
    if (!this.#left) {
      this.#left = true;
      this.core.settler.flush(); // a `next()` that has its item settles before those that end
      for (let waiter = this.#waiting.first; waiter !== undefined; waiter = this.#waiting.first) {
        waiter.leave();
        this.core.settler.settle(waiter.resolve, this.shape.end());
      }
      if (this.sole) this.core.cancel(undefined);
      else this.core.finish();
    }
    return this.core.settler.completed(this.shape.end());
  }

  decided(): void {
    this.#waiting.shift();
  }

  /** Inherited. */
  declare [Symbol.asyncIterator]: () => this;
}

Object.setPrototypeOf(Iteration.prototype, AsyncIteratorPrototype);
