// The contract of flows, as declarations alone: what `sluice/flow` must declare, no more and no less.

import type {
  AbortSignalLike,
  ChannelIterator,
  ChannelOptions,
  DropReason,
  Sender,
  WaitOptions,
} from '../../src/index.js';

type NativeSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : AbortSignalLike;

/** Of the bucket of `sluice/control`, what a flow uses. */
export declare class TokenBucket {
  constructor(options: {
    readonly rate: number;
    readonly per?: number | undefined;
    readonly burst?: number | undefined;
  });
  take(n?: number, options?: WaitOptions): Promise<void>;
  tryTake(n?: number): boolean;
}

export type Source<T> = Iterable<T> | AsyncIterable<T>;
export type ItemOf<S> = S extends Source<infer U> ? U : never;
export interface StepContext {
  readonly signal: NativeSignal;
}
export interface ConcurrencyOptions {
  readonly concurrency?: number | undefined;
  readonly ordered?: boolean | undefined;
}
export interface BranchOptions {
  readonly capacity?: number | undefined;
  readonly overflow?: 'wait' | 'drop-oldest' | 'drop-newest' | undefined;
}
export interface FlowOptions {
  readonly signal?: AbortSignalLike | undefined;
  readonly onDrop?: ((value: unknown, why: DropReason) => void) | undefined;
}
export declare function flow<T>(source: Source<T>, options?: FlowOptions): Flow<T>;
export interface Flow<out T> extends AsyncIterable<T> {
  [Symbol.asyncIterator](): ChannelIterator<T>;
  map<U>(fn: (item: T, context: StepContext) => U | PromiseLike<U>, options?: ConcurrencyOptions): Flow<U>;
  flatMap<U>(
    fn: (item: T, context: StepContext) => Source<U> | PromiseLike<Source<U>>,
    options?: ConcurrencyOptions,
  ): Flow<U>;
  filter<U extends T>(test: (item: T) => item is U): Flow<U>;
  filter(test: (item: T) => boolean | PromiseLike<boolean>): Flow<T>;
  take(n: number): Flow<T>;
  drop(n: number): Flow<T>;
  scan<A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Flow<A>;
  tap(fn: (item: T) => unknown): Flow<T>;
  batch(
    size: number,
    options?: { readonly within?: number | undefined; readonly weigh?: ((item: T) => number) | undefined },
  ): Flow<T[]>;
  buffer<U>(this: Flow<U>, capacity: number, options?: ChannelOptions<U>): Flow<U>;
  throttle(bucket: TokenBucket, cost?: (item: T) => number): Flow<T>;
  timeout(ms: number): Flow<T>;
  merge<S extends readonly Source<unknown>[]>(...others: S): Flow<T | ItemOf<S[number]>>;
  zip<S extends readonly Source<unknown>[]>(...others: S): Flow<[T, ...{ [K in keyof S]: ItemOf<S[K]> }]>;
  partition(n: number, key: (item: T) => string | number): Flow<T>[];
  broadcast(n: number, options?: BranchOptions): Flow<T>[];
  run(): Promise<void>;
  forEach(
    fn: (item: T, context: StepContext) => unknown,
    options?: { readonly concurrency?: number | undefined },
  ): Promise<void>;
  to(sender: Sender<T>, options?: { readonly close?: boolean | undefined }): Promise<number>;
  toArray(): Promise<T[]>;
  reduce<A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Promise<A>;
}
