// The public face of a flow: arguments are checked here, at the call, and each step and end is one line to its stage.
//
// A flow is a recipe: `open` makes the stages of one run, and does nothing else. The two exceptions are the branches of a
// fan-out, which share one run of what is above.

import { checkCapacity, checkInteger, readOptions, wrong } from '../arguments.js';
import type { ChannelIterator, ChannelOptions, Sender, WaitOptions } from '../contract.js';
import { openerOf } from '../feed.js';
import { Batch } from './batch.js';
import { Buffer } from './buffer.js';
import { checkFunction, checkMilliseconds, checkOptions, readConcurrency } from './checks.js';
import type { BranchOptions, ConcurrencyOptions, Flow, FlowOptions, ItemOf, Source, StepContext } from './contract.js';
import { Drain } from './drain.js';
import { Each, type Operation } from './each.js';
import { type Choose, FanIn, inTurn, oneOfEach } from './fan-in.js';
import { FlatMap } from './flat-map.js';
import { branchOf, Hub, type Route, spent } from './hub.js';
import { Iteration } from './iteration.js';
import * as operations from './operations.js';
import { Pool } from './pool.js';
import { Scope } from './scope.js';
import { Source as Opened } from './source.js';
import type { Stage } from './stage.js';
import { Take } from './take.js';
import { Timeout } from './timeout.js';
import { deliver } from './to.js';

const OVERFLOWS: readonly unknown[] = ['wait', 'drop-oldest', 'drop-newest'];
/** How many items a branch may buffer, where nothing else was said. */
const BRANCH_CAPACITY = 16;

/**
 * A lazy chain of steps over any iterable, async iterable, `Channel` or other `Receiver`. Leaving it early returns the
 * source, and leaves a channel open: a sole consumer passes `channel.consume()`. Promises in an array are awaited.
 *
 * @throws TypeError where the source is not iterable, or for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { flow } from 'sluice/flow';
 *
 * const squares = flow([1, 2, 3, 4])
 *   .filter((n) => n % 2 === 0)
 *   .map((n) => n * n);
 * await squares.toArray(); // [4, 16]
 * ```
 */
export function flow<T>(source: Source<T>, options: FlowOptions = {}): Flow<T> {
  const scope = new Scope(options);
  const opener = openerOf(source);
  return pipeline<T>(() => new Opened(opener, scope), scope);
}

class Pipeline<T> implements Flow<T> {
  constructor(
    private readonly open: () => Stage<T>,
    private readonly scope: Scope,
  ) {}

  [Symbol.asyncIterator](): ChannelIterator<T> {
    return new Iteration(this.open(), this.scope, true);
  }

  // ── Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

  map<U>(fn: (item: T, context: StepContext) => U | PromiseLike<U>, options: ConcurrencyOptions = {}): Flow<U> {
    checkFunction('the function of map', fn);
    const { concurrency, ordered } = readConcurrency(options);
    return this.#step((above, scope) => calling(above, operations.mapping(fn), concurrency, ordered, scope));
  }

  flatMap<U>(
    fn: (item: T, context: StepContext) => Source<U> | PromiseLike<Source<U>>,
    options: ConcurrencyOptions = {},
  ): Flow<U> {
    checkFunction('the function of flatMap', fn);
    const { concurrency, ordered } = readConcurrency(options);
    return this.#step((above, scope) => new FlatMap(above, fn, concurrency, ordered, scope));
  }

  filter<U extends T>(test: (item: T) => item is U): Flow<U>;
  filter(test: (item: T) => boolean | PromiseLike<boolean>): Flow<T>;
  filter(test: (item: T) => boolean | PromiseLike<boolean>): Flow<T> {
    checkFunction('the test of filter', test);
    return this.#each(() => operations.filtering(test));
  }

  take(n: number): Flow<T> {
    checkInteger('n of take(n)', n, 0);
    return this.#step((above, scope) => new Take(above, n, scope));
  }

  drop(n: number): Flow<T> {
    checkInteger('n of drop(n)', n, 0);
    return this.#each(() => operations.dropping(n));
  }

  scan<A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Flow<A> {
    checkFunction('the function of scan', fn);
    return this.#each(() => operations.scanning(fn, initial));
  }

  tap(fn: (item: T) => unknown): Flow<T> {
    checkFunction('the function of tap', fn);
    return this.#each(() => operations.tapping(fn));
  }

  batch(
    size: number,
    options: { readonly within?: number | undefined; readonly weigh?: ((item: T) => number) | undefined } = {},
  ): Flow<T[]> {
    checkInteger('the size of a batch', size, 1);
    checkOptions(options);
    const { within = Number.POSITIVE_INFINITY, weigh } = options;
    checkMilliseconds('options.within', within);
    if (weigh !== undefined) checkFunction('options.weigh', weigh);
    return this.#step((above, scope) => new Batch(above, size, within, weigh, scope));
  }

  buffer<U>(this: Flow<U>, capacity: number, options: ChannelOptions<U> = {}): Flow<U> {
    checkCapacity(capacity, 0); // throws now what the channel would throw at the first pull
    readOptions(options, capacity, false);
    return (this as Pipeline<U>).#step((above, scope) => new Buffer(above, capacity, options, scope));
  }

  throttle(
    bucket: { take(n?: number, options?: WaitOptions): Promise<void> },
    cost: (item: T) => number = () => 1,
  ): Flow<T> {
    if (typeof (bucket as Partial<typeof bucket> | null | undefined)?.take !== 'function') {
      throw wrong('the bucket of throttle', 'a TokenBucket', bucket);
    }
    checkFunction('the cost of throttle', cost);
    return this.#each(() => operations.throttling(bucket, cost));
  }

  timeout(ms: number): Flow<T> {
    checkMilliseconds('ms of timeout(ms)', ms);
    return this.#step((above) => new Timeout(above, ms));
  }

  merge<S extends readonly Source<unknown>[]>(...others: S): Flow<T | ItemOf<S[number]>> {
    return this.#fanIn(others, inTurn) as Flow<T | ItemOf<S[number]>>;
  }

  zip<S extends readonly Source<unknown>[]>(...others: S): Flow<[T, ...{ [K in keyof S]: ItemOf<S[K]> }]> {
    return this.#fanIn(others, () => oneOfEach) as Flow<unknown> as Flow<[T, ...{ [K in keyof S]: ItemOf<S[K]> }]>;
  }

  partition(n: number, key: (item: T) => string | number): Flow<T>[] {
    checkInteger('n of partition(n)', n, 1);
    checkFunction('the key of partition', key);
    return this.#fanOut(n, (item) => branchOf(key(item), n), BRANCH_CAPACITY, 'wait');
  }

  broadcast(n: number, options: BranchOptions = {}): Flow<T>[] {
    checkInteger('n of broadcast(n)', n, 1);
    checkOptions(options);
    const { capacity = BRANCH_CAPACITY, overflow = 'wait' } = options;
    checkCapacity(capacity, overflow === 'drop-oldest' ? 1 : 0);
    if (!OVERFLOWS.includes(overflow)) throw wrong('options.overflow', `one of ${OVERFLOWS.join(', ')}`, overflow);
    return this.#fanOut(n, undefined, capacity, overflow);
  }

  // ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

  run(): Promise<void> {
    return this.#drain(this.open(), () => {});
  }

  async forEach(
    fn: (item: T, context: StepContext) => unknown,
    options: { readonly concurrency?: number | undefined } = {},
  ): Promise<void> {
    checkFunction('the function of forEach', fn);
    const { concurrency } = readConcurrency(options);
    return this.#drain(calling(this.open(), operations.consuming(fn), concurrency, false, this.scope), () => {});
  }

  async to(sender: Sender<T>, options: { readonly close?: boolean | undefined } = {}): Promise<number> {
    checkOptions(options);
    const { send, close } = (sender ?? {}) as Partial<Sender<T>>;
    if (typeof send !== 'function' || typeof close !== 'function') throw wrong('sender', 'a Sender', sender);
    return deliver(this.open(), this.scope, sender, options.close ?? true);
  }

  async toArray(): Promise<T[]> {
    const items: T[] = [];
    await this.#drain(this.open(), (item) => items.push(item));
    return items;
  }

  async reduce<A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Promise<A> {
    checkFunction('the function of reduce', fn);
    let last = initial;
    await this.#drain(new Each(this.open(), operations.folding(fn, initial), this.scope), (state) => {
      last = state;
    });
    return last;
  }

  // ── What they are made of ───────────────────────────────────────────────────────────────────────────────────────

  #step<U>(make: (above: Stage<T>, scope: Scope) => Stage<U>): Flow<U> {
    return pipeline(() => make(this.open(), this.scope), this.scope);
  }

  #each<R, U>(make: () => Operation<T, R, U>): Flow<U> {
    return this.#step((above, scope) => new Each(above, make(), scope));
  }

  #fanIn<U>(others: readonly Source<unknown>[], choice: () => Choose<U>): Flow<U> {
    const openers = others.map((source) => openerOf(source));
    return this.#step<U>((above, scope) => {
      const sources = openers.map((opener) => new Opened<unknown>(opener, scope));
      return new FanIn<U>([above as Stage<unknown>, ...sources], choice(), scope);
    });
  }

  #fanOut(n: number, route: Route<T>, capacity: number, policy: 'wait' | 'drop-oldest' | 'drop-newest'): Flow<T>[] {
    const { branches } = new Hub(this.open(), this.scope, route, n, capacity, policy);
    return branches.map((branch) => {
      let taken = false;
      const open = (): Stage<T> => {
        if (taken) return spent(branch);
        taken = true;
        return branch;
      };
      return pipeline(open, this.scope);
    });
  }

  #drain<U>(stage: Stage<U>, each: (item: U) => void): Promise<void> {
    return new Drain(stage, this.scope, each).start();
  }
}

/** Outside of the class: a bundler renames one that is named in its own body, and stacks would say `_Pipeline`. */
function pipeline<T>(open: () => Stage<T>, scope: Scope): Flow<T> {
  return new Pipeline(open, scope);
}

/** A step that calls a function: one call after the other, or several at once. */
function calling<In, Result, Out>(
  above: Stage<In>,
  operation: Operation<In, Result, Out>,
  concurrency: number,
  ordered: boolean,
  scope: Scope,
): Stage<Out> {
  return concurrency === 1
    ? new Each(above, operation, scope)
    : new Pool(above, operation, concurrency, ordered, scope);
}
