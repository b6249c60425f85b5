// BoundedQueue: the blocking queue of the thread world, a second face of the machine in channel.ts.
//
// Invariant: unfinished = accepted − finished − dropped by a cancel; whoever joins waits while it is above 0.

import { type Limits, readLimits } from './arguments.js';
import type { Core } from './channel.js';
import type { ChannelIterator, ChannelOptions, ChannelStats, WaitOptions } from './contract.js';
import { timeoutError, NO_ITEM } from './errors.js';
import { asyncDispose, dispose } from './host.js';
import { describe, INSPECT } from './inspect.js';
import { Iteration } from './iteration.js';
import { CORE, openCore } from './open.js';
import { payAll } from './payroll.js';
import { NEXT, TAKEN } from './shapes.js';
import { type Owner, Waiter, WaiterList } from './waiters.js';

const JOINS: unique symbol = Symbol('sluice.joins');

/** Who waits in `join`, and how much is done. */
class Joins<T> implements Owner {
  finished = 0;
  readonly #waiting: WaiterList = new WaiterList();

  constructor(private readonly core: Core<T>) {
    core.onEnd(() => this.#settle());
  }

  /** Items accepted of which nobody said that they are done; taken ones only, once the queue was cancelled. */
  get unfinished(): number {
    return Math.max(0, this.core.sent - this.core.dropped - this.finished);
  }

  done(): void {
    if (this.unfinished === 0) {
      throw new RangeError(`taskDone() was called more often than items were put into ${describe(this.core)}`);
    }
    this.finished++;
    if (this.#waiting.first !== undefined) this.core.settler.aboutToWake();
    this.#settle();
  }

  join(options: WaitOptions | undefined): Promise<void> {
    const { settler } = this.core;
    let limits: Limits;
    try {
      limits = readLimits(options);
    } catch (error) {
      return settler.refused(error);
    }
    if (this.unfinished === 0) return settler.accepted();
    if (limits.timeout === 0) return settler.refused(this.expired(undefined, 0));
    payAll();
    const waiter = new Waiter(this, undefined);
    this.#waiting.push(waiter);
    waiter.watch(limits);
    return waiter.promise as Promise<void>;
  }

  expired(_waiter: Waiter | undefined, timeout: number): Error {
    return timeoutError(this.core.place, 'join', timeout, NO_ITEM);
  }

  goOn(): void {}

  #settle(): void {
    if (this.unfinished > 0) return;
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift())
      this.core.settler.settle(waiter.resolve, undefined);
  }
}

/**
 * A bounded blocking queue, as Java's `BlockingQueue` and Python's `queue.Queue`: `put` waits while it is full, `take`
 * while it is empty, and `join` until everything taken is done. It never drops an item by itself, and its end is an error
 * to whoever still takes: for jobs and workers. For a stream of items with an end, take {@link Channel}.
 *
 * @typeParam T - the items
 *
 * @example
 * ```ts
 * import { BoundedQueue } from 'sluice';
 *
 * const jobs = new BoundedQueue<number>(10, { name: 'jobs' });
 * const worker = async () => {
 *   for await (const job of jobs) {
 *     console.log('did', job);
 *     jobs.taskDone();
 *   }
 * };
 * const workers = [worker(), worker()];
 * for (let job = 1; job <= 5; job++) await jobs.put(job, { timeout: 1_000 });
 * await jobs.join(); // all five are done
 * jobs.close();
 * await Promise.all(workers);
 * ```
 */
export class BoundedQueue<in out T> implements AsyncIterable<T>, Disposable, AsyncDisposable {
  /** @internal */
  readonly [CORE]: Core<T>;
  /** @internal */
  readonly [JOINS]: Joins<T>;

  /**
   * How many items may be queued.
   *
   * @example
   * ```ts
   * new BoundedQueue(100).capacity; // 100
   * ```
   */
  readonly capacity: number;

  /**
   * @param capacity - items, an integer from 1 to 2^32 - 1
   * @param options - `name`, `onDrop`, `maxWaiters` and `signal` of {@link ChannelOptions}
   * @throws RangeError for a number out of its range; TypeError for an option of the wrong kind
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(10, { name: 'jobs' });
   * ```
   */
  constructor(capacity: number, options: Pick<ChannelOptions<T>, 'name' | 'onDrop' | 'maxWaiters' | 'signal'> = {}) {
    this[CORE] = openCore('BoundedQueue', capacity, options);
    this[JOINS] = new Joins(this[CORE]);
    this.capacity = capacity;
  }

  /**
   * How many items are queued.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(2);
   * jobs.tryPut('a');
   * jobs.size; // 1
   * ```
   */
  get size(): number {
    return this[CORE].buffer.size;
  }

  /**
   * How many more items fit: `capacity - size`.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(2);
   * jobs.tryPut('a');
   * jobs.remaining; // 1
   * ```
   */
  get remaining(): number {
    return this.capacity - this.size;
  }

  /**
   * Whether `close` or `cancel` was called: nothing is accepted any more.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(2);
   * jobs.close();
   * jobs.closed; // true
   * ```
   */
  get closed(): boolean {
    return this[CORE].closed;
  }

  /**
   * How many items were accepted and not reported as done: what `join` waits for.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(2);
   * jobs.tryPut('a');
   * jobs.unfinished; // 1
   * ```
   */
  get unfinished(): number {
    return this[JOINS].unfinished;
  }

  /**
   * Puts one item in: fulfils when it was accepted, and waits while the queue is full, behind all others.
   *
   * @returns rejects with `ChannelClosedError` when the queue is closed, or cancelled meanwhile; `TimeoutError` after
   * `timeout` milliseconds; `TooManyWaitersError` where `maxWaiters` wait already: each has the item as `value`. With the
   * signal's own reason when that aborts. A put that rejected had no effect.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs.put('a');
   * await jobs.put('b', { timeout: 10 }).catch((error) => error.value); // 'b'
   * ```
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this[CORE].send(item, options);
  }

  /**
   * Puts one item in without waiting: false when the queue is full or closed.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * jobs.tryPut('a'); // true
   * jobs.tryPut('b'); // false
   * ```
   */
  tryPut(item: T): boolean {
    return this[CORE].trySend(item);
  }

  /**
   * Takes one item; waits while there is none, behind all others.
   *
   * @returns rejects with `ChannelClosedError` once the queue is closed and drained, or cancelled; `TimeoutError` after
   * `timeout` milliseconds; the signal's own reason when that aborts. A take that rejected had no effect.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs.put('a');
   * await jobs.take({ timeout: 1_000 }); // 'a'
   * jobs.close();
   * await jobs.take().catch((error) => error.code); // 'ERR_SLUICE_CLOSED'
   * ```
   */
  take(options?: WaitOptions): Promise<T> {
    return this[CORE].receive(TAKEN, options);
  }

  /**
   * Takes one item without waiting; `fallback` where there is none. Never throws.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * jobs.tryTake(); // undefined
   * jobs.tryTake('nothing'); // 'nothing'
   * ```
   */
  tryTake(): T | undefined;
  tryTake<F>(fallback: F): T | F;
  tryTake<F>(fallback?: F): T | F | undefined {
    return this[CORE].tryReceive(fallback);
  }

  /**
   * Takes a batch: waits for an item as `take` does, then takes what else is there, `max` at the most. A call that had to
   * wait gives exactly one item.
   *
   * @param max - an integer from 1, else a RangeError
   * @returns rejects as `take` does
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<number>(8);
   * for (const job of [1, 2, 3]) jobs.tryPut(job);
   * await jobs.takeMany(2); // [1, 2]
   * ```
   */
  takeMany(max: number, options?: WaitOptions): Promise<T[]> {
    return this[CORE].receiveMany(max, options, true);
  }

  /**
   * One item that was taken is done.
   *
   * @throws RangeError when it is called more often than items were put in
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs.put('a');
   * await jobs.take();
   * jobs.taskDone();
   * jobs.unfinished; // 0
   * ```
   */
  taskDone(): void {
    this[JOINS].done();
  }

  /**
   * Fulfils when every item that was put in is done; after a cancel, when every one that was taken is.
   *
   * @returns rejects with `TimeoutError` after `timeout` milliseconds, or with the signal's own reason when that aborts
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs.put('a');
   * await jobs.join({ timeout: 10 }).catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
   * ```
   */
  join(options?: WaitOptions): Promise<void> {
    return this[JOINS].join(options);
  }

  /**
   * Nothing more is put in; what was, by blocked puts too, can still be taken. Then takers are refused and iterators end.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs.put('last');
   * jobs.close();
   * await jobs.take(); // 'last'
   * ```
   */
  close(): void {
    this[CORE].close(undefined);
  }

  /**
   * Ends at once and gives back what was queued, the oldest first. Waiting puts and takes reject with
   * `ChannelClosedError`, whose `cause` is `reason`; iterators end quietly, or reject with `reason` where one is given.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(2);
   * await jobs.put('a');
   * jobs.cancel(); // ['a']
   * ```
   */
  cancel(reason?: unknown): T[] {
    return this[CORE].cancel(reason, true);
  }

  /**
   * A snapshot of counters and lines. `sent = received + dropped + size`, always.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(8, { name: 'jobs' });
   * jobs.tryPut('a');
   * jobs.stats().waitingSenders; // 0
   * ```
   */
  stats(): ChannelStats {
    return this[CORE].stats();
  }

  /**
   * Iterates the items until the queue is closed and drained; rejects with the reason of a cancel. It does not call
   * `taskDone`: the worker does, when the work is done.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs.put('a');
   * jobs.close();
   * for await (const job of jobs) console.log(job); // a
   * ```
   */
  [Symbol.asyncIterator](): ChannelIterator<T> {
    return new Iteration(this[CORE], NEXT, false);
  }

  /**
   * Cancels; what was queued goes to `onDrop`.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * jobs[Symbol.dispose](); // what `using jobs = …` does at the end of its block
   * jobs.closed; // true
   * ```
   */
  [dispose](): void {
    this[CORE].cancel(undefined);
  }

  /**
   * As `Symbol.dispose`.
   *
   * @example
   * ```ts
   * const jobs = new BoundedQueue<string>(1);
   * await jobs[Symbol.asyncDispose](); // what `await using jobs = …` does at the end of its block
   * jobs.closed; // true
   * ```
   */
  [asyncDispose](): Promise<void> {
    this[CORE].cancel(undefined);
    return Promise.resolve();
  }

  /** @internal */
  [INSPECT](): string {
    return describe(this[CORE]);
  }
}
