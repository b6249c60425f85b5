// The contract of the core, as declarations alone: what the package must declare, no more and no less. The type tests
// compare the two in both directions. `send` and `receive` are properties, since methods would be bivariant.

/** What is used of an AbortSignal: no DOM or Node types are needed to compile against this package. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
type NativeSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : AbortSignalLike;

export interface WaitOptions {
  readonly signal?: AbortSignalLike | undefined;
  readonly timeout?: number | undefined;
}

export interface Sender<in T> {
  readonly send: (value: T, options?: WaitOptions) => Promise<void>;
  readonly close: (error?: unknown) => void | Promise<void>;
}
export interface Receiver<out T> extends AsyncIterable<T> {
  readonly receive: (options?: WaitOptions) => Promise<T | undefined>;
  readonly cancel: (reason?: unknown) => void | Promise<void>;
}

export type DropReason = 'drop-oldest' | 'drop-newest' | 'cancel';
export type Overflow<T> = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject' | Coalesce<T>;
export interface Coalesce<T> {
  readonly key: (item: T) => unknown;
  readonly coalesce: (queued: T, incoming: T) => T;
}
export interface ChannelOptions<T> {
  readonly name?: string | undefined;
  readonly overflow?: Overflow<T> | undefined;
  readonly onDrop?: ((value: T, why: DropReason) => void) | undefined;
  readonly maxWaiters?: number | undefined;
  readonly signal?: AbortSignalLike | undefined;
  readonly weigh?: ((item: T) => number) | undefined;
  readonly watermarks?: { readonly high?: number | undefined; readonly low?: number | undefined } | undefined;
  readonly onPressure?: ((level: 'high' | 'low', stats: ChannelStats) => void) | undefined;
}
export interface ChannelStats {
  readonly name: string | undefined;
  readonly capacity: number;
  readonly size: number;
  readonly peakSize: number;
  readonly weight: number;
  readonly reserved: number;
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
  readonly coalesced: number;
  readonly waitingSenders: number;
  readonly waitingReceivers: number;
}
export interface ChannelIterator<out T> extends AsyncIterableIterator<T> {
  next(): Promise<IteratorResult<T, undefined>>;
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): this;
}
export interface SenderHandle<in T> extends Sender<T>, Disposable {
  readonly trySend: (value: T) => boolean;
  readonly close: (error?: unknown) => void;
  readonly closed: boolean;
}

export declare class Channel<in out T> implements Sender<T>, Receiver<T>, Disposable, AsyncDisposable {
  constructor(capacity: number, options?: ChannelOptions<T>);
  static from<T>(source: Iterable<T> | AsyncIterable<T>, capacity: number, options?: ChannelOptions<T>): Channel<T>;
  readonly capacity: number;
  get size(): number;
  get closed(): boolean;
  get ended(): boolean;
  get completion(): Promise<void>;
  get signal(): NativeSignal;
  send(value: T, options?: WaitOptions): Promise<void>;
  trySend(value: T): boolean;
  sendAll(source: Iterable<T> | AsyncIterable<T>, options?: WaitOptions): Promise<number>;
  sender(): SenderHandle<T>;
  reserve(options?: WaitOptions): Promise<Permit<T>>;
  tryReserve(): Permit<T> | undefined;
  receive(options?: WaitOptions): Promise<T | undefined>;
  tryReceive(): T | undefined;
  tryReceive<F>(fallback: F): T | F;
  receiveMany(max: number, options?: WaitOptions): Promise<T[]>;
  drain(): T[];
  batches(max: number): ChannelIterator<T[]>;
  consume(): ChannelIterator<T>;
  [Symbol.asyncIterator](): ChannelIterator<T>;
  close(error?: unknown): void;
  cancel(reason?: unknown): void;
  stats(): ChannelStats;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}
export interface Permit<in T> extends Disposable {
  readonly send: (value: T) => void;
  release(): void;
}

export declare class BoundedQueue<in out T> implements AsyncIterable<T>, Disposable, AsyncDisposable {
  constructor(capacity: number, options?: Pick<ChannelOptions<T>, 'name' | 'onDrop' | 'maxWaiters' | 'signal'>);
  readonly capacity: number;
  get size(): number;
  get remaining(): number;
  get closed(): boolean;
  get unfinished(): number;
  put(item: T, options?: WaitOptions): Promise<void>;
  tryPut(item: T): boolean;
  take(options?: WaitOptions): Promise<T>;
  tryTake(): T | undefined;
  tryTake<F>(fallback: F): T | F;
  takeMany(max: number, options?: WaitOptions): Promise<T[]>;
  taskDone(): void;
  join(options?: WaitOptions): Promise<void>;
  close(): void;
  cancel(reason?: unknown): T[];
  stats(): ChannelStats;
  [Symbol.asyncIterator](): ChannelIterator<T>;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export declare class ChannelClosedError extends Error {
  readonly name: 'ChannelClosedError';
  readonly code: 'ERR_SLUICE_CLOSED';
  readonly value?: unknown;
  readonly cause?: unknown;
}
export declare class TimeoutError extends Error {
  readonly name: 'TimeoutError';
  readonly code: 'ERR_SLUICE_TIMEOUT';
  readonly value?: unknown;
}
export declare class OverflowError extends Error {
  readonly name: 'OverflowError';
  readonly code: 'ERR_SLUICE_OVERFLOW';
  readonly value: unknown;
}
export declare class TooManyWaitersError extends Error {
  readonly name: 'TooManyWaitersError';
  readonly code: 'ERR_SLUICE_TOO_MANY_WAITERS';
  readonly value?: unknown;
}

declare const outcome: unique symbol;
/** A case of select; `O` is what it adds to the outcome. */
export interface Case<out O extends object> {
  readonly [outcome]: O;
}
export type Received<T> =
  | { readonly done: false; readonly value: T }
  | { readonly done: true; readonly value: undefined };
export declare function receiving<T>(channel: Channel<T>): Case<Received<T>>;
export declare function sending<T>(channel: Channel<T>, value: NoInfer_<T>): Case<{}>;
export declare function after(ms: number): Case<{}>;
type NoInfer_<T> = [T][T extends unknown ? 0 : never];
export type Cases = { readonly [name: string]: Case<object> | false | null | undefined };
type Flat<O> = O extends unknown ? { [P in keyof O]: O[P] } : never;
export type Picked<C extends Cases> = {
  [K in keyof C & string]: C[K] extends infer X
    ? X extends Case<infer O>
      ? Flat<{ readonly case: K } & O>
      : never
    : never;
}[keyof C & string];
export interface SelectOptions extends WaitOptions {
  readonly order?: 'fair' | 'priority' | undefined;
}
export declare function select<const C extends Cases>(cases: C, options?: SelectOptions): Promise<Picked<C>>;
export declare function trySelect<const C extends Cases>(
  cases: C,
  options?: Pick<SelectOptions, 'order'>,
): Picked<C> | undefined;
