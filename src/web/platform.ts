// What the web bridges know of the platform: the shapes of its objects, and where its constructors are.
//
// Nothing is imported. A parameter is the platform's own type where its types are loaded, and otherwise whatever has these
// methods; a result likewise. The constructors are read from the global object at the call, so that a polyfill may come late.

import type { AbortSignalLike } from '../contract.js';

declare global {
  // Empty, so that the names exist where neither the DOM's nor Node's types are loaded; where they are, these merge with
  // them and add nothing. The parameters must be those of the platform's declarations, letter by letter.
  // oxlint-disable-next-line typescript/no-explicit-any -- as targets declare it
  interface ReadableStream<R = any> {}
  // oxlint-disable-next-line typescript/no-explicit-any -- as targets declare it
  interface WritableStream<W = any> {}
}

/** What a read gives. */
export interface ReadLike<out T> {
  /** Whether the stream has ended. */
  readonly done: boolean;
  /** The chunk, unless it has. */
  readonly value?: T | undefined;
}

/** What is used of a reader of a `ReadableStream`. */
export interface ReaderLike<out T> {
  /** The next chunk, or the end. */
  read(): Promise<ReadLike<T>>;
  /** Nobody wants the rest. */
  cancel(reason?: unknown): Promise<void>;
  /** Others may read again. */
  releaseLock(): void;
}

/** What is used of a `ReadableStream`, whoever made it. */
export interface ReadableStreamLike<out T> {
  /** Whether somebody has a reader. */
  readonly locked: boolean;
  /** Locks it. */
  getReader(): ReaderLike<T>;
  /** Nobody wants the rest. */
  cancel(reason?: unknown): Promise<void>;
}

/** What is used of a writer of a `WritableStream`. */
export interface WriterLike<in T> {
  /** Settles when there is room. */
  readonly ready: Promise<unknown>;
  /** Settles at the end. */
  readonly closed: Promise<unknown>;
  /** How much more it wants; null where it has failed. */
  readonly desiredSize: number | null;
  /** Settles when the chunk was written. */
  write(chunk: T): Promise<void>;
  /** Settles when all was written. */
  close(): Promise<void>;
  /** Fails it at once. */
  abort(reason?: unknown): Promise<void>;
  /** Others may write again. */
  releaseLock(): void;
}

/** What is used of a `WritableStream`, whoever made it. */
export interface WritableStreamLike<in T> {
  /** Whether somebody has a writer. */
  readonly locked: boolean;
  /** Locks it. */
  getWriter(): WriterLike<T>;
  /** Fails it at once. */
  abort(reason?: unknown): Promise<void>;
}

// oxlint-disable typescript/no-generated-empty-object-type -- without the platform's types these names are empty

/** The platform's `ReadableStream` where its types are loaded, else what is used of one. */
export type NativeReadableStream<T> =
  ReadableStream<unknown> extends { getReader: unknown } ? ReadableStream<T> : ReadableStreamLike<T>;

/** The platform's `WritableStream` where its types are loaded, else what is used of one. */
export type NativeWritableStream<T> =
  WritableStream<unknown> extends { getWriter: unknown } ? WritableStream<T> : WritableStreamLike<T>;

// oxlint-enable typescript/no-generated-empty-object-type

// The platform's own type stands first: from that alone its items are inferred well. Here, without it, both are the same.

/** A `ReadableStream`, whoever made it. */
// oxlint-disable-next-line typescript/no-duplicate-type-constituents
export type AnyReadableStream<T> = NativeReadableStream<T> | ReadableStreamLike<T>;

/** A `WritableStream`, whoever made it. */
// oxlint-disable-next-line typescript/no-duplicate-type-constituents
export type AnyWritableStream<T> = NativeWritableStream<T> | WritableStreamLike<T>;

/** What is known of any event. */
export interface EventLike {
  /** Its name. */
  readonly type: string;
}

/** The platform's `Event` where its types are loaded. */
export type NativeEvent = typeof globalThis extends { Event: { prototype: infer E } } ? E : EventLike;

/** What is used of an `EventTarget`, whoever made it. */
export interface EventTargetLike {
  // Declarations of event targets differ in what a listener is given: `any` fits all of them.
  /** Begins to listen. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as targets declare it
  addEventListener(type: string, listener: (event: any) => void): void;
  /** Listens no more. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as targets declare it
  removeEventListener(type: string, listener: (event: any) => void): void;
}

/** What is used of a `WebSocket`: the platform's, or one of the package `ws`. */
export interface WebSocketLike extends EventTargetLike {
  /** Set to `'arraybuffer'` by `fromWebSocket`. */
  binaryType: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes that were sent and have not left the process. */
  readonly bufferedAmount: number;
  /** Strings and buffers; declarations differ in how they put it. */
  send(data: never): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
}

/** What this library hands to the constructor of a `ReadableStream`. */
export interface UnderlyingSource {
  readonly type?: 'bytes';
  start(controller: ReadableController): void;
  pull(): void | Promise<void>;
  cancel(reason: unknown): void;
}

/** The stream's other side, as its source sees it. */
export interface ReadableController {
  readonly byobRequest?: { readonly view: ArrayBufferView | null; respond(bytes: number): void } | null;
  readonly desiredSize: number | null;
  enqueue(chunk: unknown): void;
  close(): void;
  error(reason: unknown): void;
}

/** What this library hands to the constructor of a `WritableStream`. */
export interface UnderlyingSink<T> {
  start(controller: WritableController): void;
  write(chunk: T): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

/** The stream's other side, as its sink sees it; some engines have no signal. */
export interface WritableController {
  readonly signal?: AbortSignalLike;
  error(reason: unknown): void;
}

interface Platform {
  ReadableStream?: new (source: UnderlyingSource, strategy: { highWaterMark: number }) => unknown;
  WritableStream?: new (sink: UnderlyingSink<never>, strategy: { highWaterMark: number }) => unknown;
}

/** A constructor of the platform's; throws where it has none. */
export function platformHas<N extends keyof Platform>(name: N, who: string): NonNullable<Platform[N]> {
  const constructor = (globalThis as unknown as Platform)[name];
  if (typeof constructor === 'function') return constructor;
  throw new TypeError(`${who} needs a global ${name}, and this platform has none: load a polyfill first`);
}
