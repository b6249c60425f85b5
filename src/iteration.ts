// Iterators over a channel: `for await`, `batches`, `consume`.
//
// Guarantees: `next()` calls are served in order, among all other receives; `return()` settles those of this iterator that
// still wait as done, and they consumed nothing. An iterator of the sole consumer cancels the channel when it is left.
//
// Invariant: `waiting` holds this iterator's waits in order of arrival, decided ones only at its head; they are decided in
// that order, since `next()` has no limits of its own.

import { FOREVER } from './arguments.js';
import type { Core } from './channel.js';
import type { ChannelIterator } from './contract.js';
import { Ring } from './ring.js';
import type { Shape } from './shapes.js';
import type { Waiter } from './waiters.js';

const AsyncIteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype));

/** One iterator. */
export class Iteration<T, R> implements ChannelIterator<R> {
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
    const waiting = this.#waiting;
    if (this.#left) return Promise.resolve({ value: undefined, done: true });
    const now = core.receiveNow(shape);
    if (now !== undefined) return now;
    const waiter = core.waitToReceive(shape, FOREVER);
    while (waiting.size > 0 && waiting.first?.list === undefined) waiting.shift();
    waiting.push(waiter);
    return waiter.promise as Promise<IteratorResult<R, undefined>>;
  }

  return(): Promise<IteratorResult<R, undefined>> {
    const { core, shape } = this;
    const waiting = this.#waiting;
    if (!this.#left) {
      this.#left = true;
      while (waiting.size > 0) {
        const waiter = waiting.shift();
        if (waiter.list === undefined) continue;
        waiter.leave();
        waiter.resolve(shape.end());
      }
      if (this.sole) core.cancel(undefined);
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

Object.setPrototypeOf(Iteration.prototype, AsyncIteratorPrototype);
