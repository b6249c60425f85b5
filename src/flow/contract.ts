// The contract of a flow, as types alone: what each step and each end promises.

import type {
  AbortSignalLike,
  ChannelIterator,
  ChannelOptions,
  DropReason,
  NativeSignal,
  Sender,
  WaitOptions,
} from '../contract.js';

/**
 * What a flow can be made of: an iterable, an async iterable, a `Channel` or any other `Receiver`.
 *
 * @example
 * ```ts
 * import { flow, type Source } from 'sluice/flow';
 *
 * const count = (items: Source<string>) => flow(items).reduce((n) => n + 1, 0);
 * await count(['a', 'b']); // 2
 * ```
 */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * The items of a source.
 *
 * @example
 * ```ts
 * import type { ItemOf } from 'sluice/flow';
 *
 * const item: ItemOf<Set<string>> = 'a';
 * item; // 'a'
 * ```
 */
export type ItemOf<S> = S extends Source<infer U> ? U : never;

/**
 * What the functions of `map`, `flatMap` and `forEach` get beside the item.
 *
 * @example
 * ```ts
 * import { setTimeout as sleep } from 'node:timers/promises';
 * import { flow, type StepContext } from 'sluice/flow';
 *
 * const load = (ms: number, { signal }: StepContext) => sleep(ms, `after ${ms} ms`, { signal });
 * await flow([1, 60_000]).map(load, { concurrency: 2 }).take(1).toArray(); // ['after 1 ms']
 * ```
 */
export interface StepContext {
  /** Aborted when the step is stopped before its end, with the error or the abort's reason, where there is one. */
  readonly signal: NativeSignal;
}

/**
 * How many calls of a step may run at once.
 *
 * @example
 * ```ts
 * import { type ConcurrencyOptions, flow } from 'sluice/flow';
 *
 * const options: ConcurrencyOptions = { concurrency: 4, ordered: false };
 * await flow([1, 2, 3]).map((n) => n * 2, options).toArray(); // [2, 4, 6]
 * ```
 */
export interface ConcurrencyOptions {
  /** How many items may be in flight, an integer from 1, which is the default: from the pull until the result is handed on. */
  readonly concurrency?: number | undefined;
  /** Whether results keep the order of the items, which is the default; else the slowest holds nobody back. */
  readonly ordered?: boolean | undefined;
}

/**
 * Options of the branches of `broadcast`.
 *
 * @example
 * ```ts
 * import { type BranchOptions, flow } from 'sluice/flow';
 *
 * const options: BranchOptions = { capacity: 1, overflow: 'drop-oldest' };
 * const [latest, ...rest] = flow([1, 2, 3]).broadcast(1, options);
 * rest.length; // 0
 * await latest?.toArray(); // [1, 3]
 * ```
 */
export interface BranchOptions {
  /** How many items a branch may buffer, an integer from 0 to 2^32 - 1; 16 by default. */
  readonly capacity?: number | undefined;
  /** What happens to an item when a branch is full: all wait for it, which is the default, or that branch drops one. */
  readonly overflow?: 'wait' | 'drop-oldest' | 'drop-newest' | undefined;
}

/**
 * Options of a flow: they hold for all its steps.
 *
 * @example
 * ```ts
 * import { flow, type FlowOptions } from 'sluice/flow';
 *
 * const unused: unknown[] = [];
 * const options: FlowOptions = { onDrop: (item) => unused.push(item) };
 * for await (const n of flow([1, 2, 3], options).map(async (item) => item, { concurrency: 3 })) {
 *   if (n === 1) break;
 * }
 * unused; // [2, 3]
 * ```
 */
export interface FlowOptions {
  /** Ends the flow when it aborts, at once and whether or not anybody asks, with `signal.reason` itself. */
  readonly signal?: AbortSignalLike | undefined;
  /**
   * Is given every item that was pulled and will not be delivered: at an early end all that is in flight, the input while
   * a call runs on it, the result once it is there; a batch item by item; what comes after the end; and what a branch
   * drops. Not the item whose function threw. If it throws, the error is reported as uncaught and nothing else breaks.
   */
  readonly onDrop?: ((value: unknown, why: DropReason) => void) | undefined;
}

/**
 * A lazy chain of steps over a source. Nothing runs before the first pull, and nothing is pulled that is not asked for: only
 * `concurrency`, `buffer`, `broadcast`, `partition`, and the need of `merge` and `zip` to ask each of their sources, run
 * ahead, each by a bounded number of items.
 *
 * However it ends (the end, an error, `break`, an abort): every step has stopped, every source that did not end by itself
 * was `return()`ed once, and what was in flight went to `onDrop`. The end waits for no call and no `return()` that is still
 * under way. An error ends the flow at once, past what is in flight; only what a `buffer` or a branch holds is
 * delivered before it.
 *
 * A step makes a new flow and leaves the old one as it is. Each iteration opens the source anew.
 *
 * @typeParam T - the items; `undefined` is a legal one
 *
 * @example
 * ```ts
 * import { type Flow, flow } from 'sluice/flow';
 *
 * const lengths = (words: Flow<string>): Flow<number> => words.map((word) => word.length);
 * await lengths(flow(['a', 'bc'])).toArray(); // [1, 2]
 * ```
 */
export interface Flow<out T> extends AsyncIterable<T> {
  /**
   * Iterates the items. `return()`, also by `break`, ends the flow and settles a `next()` that waits as done. An error is
   * told by one `next()`; then the iterator is done.
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * for await (const n of flow([1, 2, 3])) console.log(n); // 1 2 3
   * ```
   */
  [Symbol.asyncIterator](): ChannelIterator<T>;

  /**
   * The results of a function, one call after the other or, with a `concurrency`, that many at once. A promise is awaited.
   *
   * @throws RangeError for a bad `concurrency`; TypeError where `fn` is no function
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).map(async (n) => n * 10, { concurrency: 2 }).toArray(); // [10, 20, 30]
   * ```
   */
  map<U>(fn: (item: T, context: StepContext) => U | PromiseLike<U>, options?: ConcurrencyOptions): Flow<U>;

  /**
   * The items of a source for each item: one source after the other or, with a `concurrency`, that many at once. Ordered,
   * the items of one source come before those of the next, and those behind the first are asked for one item ahead.
   *
   * @throws RangeError for a bad `concurrency`; TypeError where `fn` is no function
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow(['a b', 'c']).flatMap((line) => line.split(' ')).toArray(); // ['a', 'b', 'c']
   * ```
   */
  flatMap<U>(
    fn: (item: T, context: StepContext) => Source<U> | PromiseLike<Source<U>>,
    options?: ConcurrencyOptions,
  ): Flow<U>;

  /**
   * The items for which a test holds: of the type that it tests for.
   *
   * @throws TypeError where `test` is no function
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * const numbers = flow([1, undefined, 2]).filter((n): n is number => n !== undefined);
   * await numbers.reduce((sum, n) => sum + n, 0); // 3
   * ```
   */
  filter<U extends T>(test: (item: T) => item is U): Flow<U>;
  /**
   * The items for which a test holds. A promise is awaited.
   *
   * @throws TypeError where `test` is no function
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3, 4]).filter((n) => n % 2 === 0).toArray(); // [2, 4]
   * ```
   */
  filter(test: (item: T) => boolean | PromiseLike<boolean>): Flow<T>;

  /**
   * The first `n` items. With the last of them all above is stopped and the source returned.
   *
   * @throws RangeError unless `n` is an integer from 0
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).take(2).toArray(); // [1, 2]
   * ```
   */
  take(n: number): Flow<T>;

  /**
   * All items but the first `n`. They do not count as dropped.
   *
   * @throws RangeError unless `n` is an integer from 0
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).drop(2).toArray(); // [3]
   * ```
   */
  drop(n: number): Flow<T>;

  /**
   * The states that a function makes of the state before and an item. The initial one is not among them.
   *
   * @throws TypeError where `fn` is no function
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).scan((sum, n) => sum + n, 0).toArray(); // [1, 3, 6]
   * ```
   */
  scan<A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Flow<A>;

  /**
   * The same items, after a function has seen each. A promise that it gives is awaited.
   *
   * @throws TypeError where `fn` is no function
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * const seen: number[] = [];
   * await flow([1, 2]).tap((n) => seen.push(n)).toArray(); // [1, 2]
   * seen; // [1, 2]
   * ```
   */
  tap(fn: (item: T) => unknown): Flow<T>;

  /**
   * Arrays of `size` items, the last one maybe shorter. `within`: a batch goes on so many milliseconds after its first item
   * at the latest, once it is asked for. `weigh`: the weights of a batch sum up to `size` at the most; an item that is
   * heavier is a batch of its own. At an error the batch that is not full is dropped.
   *
   * @throws RangeError unless `size` is an integer from 1 and `within` at least 0. A weight that is not a number from 0
   * fails the flow with a RangeError.
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3, 4, 5]).batch(2).toArray(); // [[1, 2], [3, 4], [5]]
   * await flow(['aa', 'b', 'ccc', 'd']).batch(3, { weigh: (s) => s.length }).toArray(); // [['aa', 'b'], ['ccc'], ['d']]
   * ```
   */
  batch(
    size: number,
    options?: { readonly within?: number | undefined; readonly weigh?: ((item: T) => number) | undefined },
  ): Flow<T[]>;

  /**
   * A channel of that capacity between the steps above and those below: both work at their own pace, the ones above at most
   * `capacity` + 1 items ahead. What is buffered is delivered before an error from above.
   *
   * @param options - those of a `Channel`: its overflow policy, and its `onDrop`, which wins over the flow's
   * @throws as the constructor of `Channel`
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).buffer(16).toArray(); // [1, 2, 3]
   * ```
   */
  buffer<U>(this: Flow<U>, capacity: number, options?: ChannelOptions<U>): Flow<U>;

  /**
   * Lets an item pass once what it costs, 1 by default, was taken from a token bucket. A cost of 0 passes at once; a cost that the
   * bucket refuses fails the flow.
   *
   * @param bucket - a `TokenBucket` of `sluice/control`
   * @throws TypeError for a bucket or a cost of the wrong kind
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * let left = 3; // a bucket is whatever has such a `take`
   * const bucket = { take: async (n = 1) => void (left -= n) };
   * await flow(['a', 'b']).throttle(bucket).toArray(); // ['a', 'b']
   * left; // 1
   * ```
   */
  throttle(bucket: { take(n?: number, options?: WaitOptions): Promise<void> }, cost?: (item: T) => number): Flow<T>;

  /**
   * Fails with `TimeoutError` when an item that was asked for takes more than `ms` milliseconds. Nothing is measured while
   * nobody asks.
   *
   * @throws RangeError unless `ms` is a number from 0
   *
   * @example
   * ```ts
   * import { Channel } from 'sluice';
   * import { flow } from 'sluice/flow';
   *
   * const silent = new Channel<string>(1);
   * await flow(silent).timeout(5).toArray().catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
   * ```
   */
  timeout(ms: number): Flow<T>;

  /**
   * The items of this flow and of other sources, as they come. Where several are ready they are served in turn. Each
   * source is asked for one item ahead at the most.
   *
   * @throws TypeError where one is not iterable
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).merge(['a', 'b']).toArray(); // [1, 'a', 2, 'b', 3]
   * ```
   */
  merge<S extends readonly Source<unknown>[]>(...others: S): Flow<T | ItemOf<S[number]>>;

  /**
   * Tuples of one item of each source, until one of them ends. What the others had given by then goes to `onDrop`.
   *
   * @throws TypeError where one is not iterable
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).zip(['a', 'b']).toArray(); // [[1, 'a'], [2, 'b']]
   * ```
   */
  zip<S extends readonly Source<unknown>[]>(...others: S): Flow<[T, ...{ [K in keyof S]: ItemOf<S[K]> }]>;

  /**
   * `n` branches that divide the items: those of one key go to one branch, in order. An integer key is taken modulo `n`.
   * A branch buffers 16 items; then all wait for it. Items for a branch that was left go to `onDrop`; the last one to
   * leave returns the source. A branch has one reader.
   *
   * @throws RangeError unless `n` is an integer from 1
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * const branches = flow([1, 2, 3, 4, 5]).partition(2, (n) => n % 2);
   * await Promise.all(branches.map((branch) => branch.toArray())); // [[2, 4], [1, 3, 5]]
   * ```
   */
  partition(n: number, key: (item: T) => string | number): Flow<T>[];

  /**
   * `n` branches that each get every item. A branch counts from now until it is left: the slowest holds the others back,
   * unless its `overflow` drops. The last one to leave returns the source. A branch has one reader.
   *
   * Branches that come together again, in a `zip` say, must not be further apart than `capacity` + 1 items: the one ahead
   * waits for room in the one behind, whose items wait for a partner, and nothing goes on.
   *
   * @throws RangeError unless `n` is an integer from 1, and for a bad capacity
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * const branches = flow([1, 2, 3]).broadcast(2);
   * await Promise.all(branches.map((branch) => branch.toArray())); // [[1, 2, 3], [1, 2, 3]]
   * ```
   */
  broadcast(n: number, options?: BranchOptions): Flow<T>[];

  /**
   * Runs the flow to its end for what its steps do.
   *
   * @returns rejects with the error of the flow
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * const seen: number[] = [];
   * await flow([1, 2]).tap((n) => seen.push(n)).run();
   * seen; // [1, 2]
   * ```
   */
  run(): Promise<void>;

  /**
   * Calls a function for each item, one call after the other or, with a `concurrency`, that many at once, in no order.
   *
   * @returns rejects with the error of the flow; RangeError for a bad `concurrency`
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * const seen: number[] = [];
   * await flow([1, 2]).forEach((n) => seen.push(n));
   * seen; // [1, 2]
   * ```
   */
  forEach(
    fn: (item: T, context: StepContext) => unknown,
    options?: { readonly concurrency?: number | undefined },
  ): Promise<void>;

  /**
   * Sends all items, one after the other, and closes the sender at the end of the flow, with its error where there is one,
   * unless `close` is false. It ends too when a channel that it sends to is cancelled. An item that was refused is the
   * error's `value`, else it goes to `onDrop`.
   *
   * @returns how many were sent; rejects with the error of the flow, or of the send that was refused
   *
   * @example
   * ```ts
   * import { Channel } from 'sluice';
   * import { flow } from 'sluice/flow';
   *
   * const channel = new Channel<number>(8);
   * await flow([1, 2, 3]).to(channel); // 3
   * channel.closed; // true
   * channel.drain(); // [1, 2, 3]
   * ```
   */
  to(sender: Sender<T>, options?: { readonly close?: boolean | undefined }): Promise<number>;

  /**
   * All items.
   *
   * @returns rejects with the error of the flow
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow(new Set(['a', 'b'])).toArray(); // ['a', 'b']
   * ```
   */
  toArray(): Promise<T[]>;

  /**
   * The last state that a function makes of the state before and an item; the initial one where there are no items.
   *
   * @returns rejects with the error of the flow
   *
   * @example
   * ```ts
   * import { flow } from 'sluice/flow';
   *
   * await flow([1, 2, 3]).reduce((sum, n) => sum + n, 0); // 6
   * ```
   */
  reduce<A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Promise<A>;
}
