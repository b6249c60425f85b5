// The contract of the core, as declarations alone: what the package must declare, no more and no less. The type tests
// compare the two in both directions. `send` and `receive` are properties, since methods would be bivariant.

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
export type Overflow<_T> = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject';
export interface ChannelOptions<T> {
  readonly name?: string | undefined;
  readonly overflow?: Overflow<T> | undefined;
  readonly onDrop?: ((value: T, why: DropReason) => void) | undefined;
  readonly maxWaiters?: number | undefined;
  readonly signal?: AbortSignalLike | undefined;
}
export interface ChannelStats {
  readonly name: string | undefined;
  readonly capacity: number;
  readonly size: number;
  readonly peakSize: number;
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
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
