// The contract: what every place that holds items promises, as types alone.
//
// `send` and `receive` are properties and not methods in the two interfaces: methods are bivariant, and would let a
// Channel<Dog> pass as a Sender<Animal>. Signals are structural, so that a consumer without DOM or Node types compiles.

/**
 * What is used of an `AbortSignal`: no DOM or Node types are needed to compile against this package.
 *
 * @example
 * ```ts
 * import type { AbortSignalLike } from 'sluice';
 *
 * const signal: AbortSignalLike = new AbortController().signal;
 * signal.aborted; // false
 * ```
 */
export interface AbortSignalLike {
  /** Whether the signal has been aborted. */
  readonly aborted: boolean;
  /** Why it was aborted: a wait that it ends rejects with this very value. */
  readonly reason: unknown;
  /** Called once for each signal that somebody waits on, however many wait. */
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  /** Called when nobody waits on the signal any more. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The platform's `AbortSignal` where its types are loaded, else what this package needs of one.
 *
 * @example
 * ```ts
 * import type { NativeSignal } from 'sluice';
 *
 * const signal: NativeSignal = new Channel(1).signal;
 * signal.aborted; // false
 * ```
 */
export type NativeSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : AbortSignalLike;

/**
 * How long an operation may wait. Giving up has no effect on the channel: nothing was enqueued, nothing consumed.
 *
 * @example
 * ```ts
 * import type { WaitOptions } from 'sluice';
 *
 * const soon: WaitOptions = { timeout: 10 };
 * await new Channel<string>(1).receive(soon).catch((error) => error.name); // 'TimeoutError'
 * ```
 */
export interface WaitOptions {
  /** Ends the wait when it aborts: the operation rejects with `signal.reason` itself. */
  readonly signal?: AbortSignalLike | undefined;
  /** Milliseconds that the whole call may take, then it rejects with `TimeoutError`. `0` tries once; `Infinity`, the default, waits for ever. */
  readonly timeout?: number | undefined;
}

/**
 * The end of a place that takes items.
 *
 * @example
 * ```ts
 * import type { Sender } from 'sluice';
 *
 * const greet = (out: Sender<string>) => out.send('hello');
 * const channel = new Channel<string>(1);
 * await greet(channel);
 * await channel.receive(); // 'hello'
 * ```
 */
export interface Sender<in T> {
  /** Fulfils when the item was accepted; waits while there is no room. */
  readonly send: (value: T, options?: WaitOptions) => Promise<void>;
  /** No more items: those accepted, and those of sends already waiting, are still delivered; then the end, or `error`. */
  readonly close: (error?: unknown) => void | Promise<void>;
}

/**
 * The end of a place that gives items.
 *
 * @example
 * ```ts
 * import type { Receiver } from 'sluice';
 *
 * const first = (items: Receiver<string>) => items.receive();
 * await first(Channel.from(['hello'], 1)); // 'hello'
 * ```
 */
export interface Receiver<out T> extends AsyncIterable<T> {
  /** Fulfils with the next item, or with `undefined` once the place is closed and drained. */
  readonly receive: (options?: WaitOptions) => Promise<T | undefined>;
  /** Nobody wants the items any more: what is undelivered is dropped and waiting senders are refused, at once. */
  readonly cancel: (reason?: unknown) => void | Promise<void>;
}

/**
 * Why an item was handed to `onDrop`.
 *
 * @example
 * ```ts
 * import type { DropReason } from 'sluice';
 *
 * const reasons: DropReason[] = [];
 * const channel = new Channel<number>(1, { overflow: 'drop-oldest', onDrop: (_, why) => reasons.push(why) });
 * channel.trySend(1);
 * channel.trySend(2);
 * channel.cancel();
 * reasons; // ['drop-oldest', 'cancel']
 * ```
 */
export type DropReason = 'drop-oldest' | 'drop-newest' | 'cancel';

/**
 * Merges items of one key: of each at most one is buffered, and a newer one is merged into it, in its place, also while the
 * channel is not full. A new key takes a place, or waits for one. A waiting receiver gets its item unmerged.
 *
 * Keys are equal as those of a `Map`; the key of an item is asked for once. A callback that throws rejects the send and
 * changes nothing.
 *
 * @example
 * ```ts
 * import type { Coalesce } from 'sluice';
 *
 * interface Price {
 *   symbol: string;
 *   price: number;
 * }
 * const latest: Coalesce<Price> = { key: ({ symbol }) => symbol, coalesce: (_, incoming) => incoming };
 * const prices = new Channel<Price>(100, { overflow: latest });
 * prices.trySend({ symbol: 'A', price: 1 });
 * prices.trySend({ symbol: 'B', price: 2 });
 * prices.trySend({ symbol: 'A', price: 3 });
 * prices.drain(); // [{ symbol: 'A', price: 3 }, { symbol: 'B', price: 2 }]
 * ```
 */
export interface Coalesce<T> {
  /** What an item is about. */
  readonly key: (item: T) => unknown;
  /** Makes one item of the buffered one and one that comes in. It must only compute. */
  readonly coalesce: (queued: T, incoming: T) => T;
}

/**
 * What a send does when the channel is full: wait for room, drop the oldest buffered item or the incoming one, reject with
 * `OverflowError`; or merge items of one key ({@link Coalesce}).
 *
 * @example
 * ```ts
 * import type { Overflow } from 'sluice';
 *
 * const overflow: Overflow<string> = 'drop-newest';
 * const channel = new Channel<number>(1, { overflow });
 * channel.trySend(1); // true
 * channel.trySend(2); // true
 * channel.drain(); // [1]
 * ```
 */
export type Overflow<T> = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject' | Coalesce<T>;

/**
 * Options of a `Channel`.
 *
 * @example
 * ```ts
 * import type { ChannelOptions } from 'sluice';
 *
 * const options: ChannelOptions<string> = { name: 'orders', overflow: 'reject' };
 * new Channel(10, options).stats().name; // 'orders'
 * ```
 */
export interface ChannelOptions<T> {
  /** Names the channel in error messages, in `stats()` and when it is printed. */
  readonly name?: string | undefined;
  /** What a send does when the channel is full: `'wait'` unless said otherwise. */
  readonly overflow?: Overflow<T> | undefined;
  /**
   * Is given every item that was accepted and will not be received. Runs when the channel is consistent, before the
   * call that caused it returns, never inside another `onDrop` of the same channel. If it throws, the error is reported
   * as uncaught and nothing else breaks.
   */
  readonly onDrop?: ((value: T, why: DropReason) => void) | undefined;
  /** How many sends may wait at once, an integer from 0; one more rejects with `TooManyWaitersError`. 65,536 by default. */
  readonly maxWaiters?: number | undefined;
  /** Aborted, it is `cancel(signal.reason)`. One that is already aborted makes a cancelled channel. */
  readonly signal?: AbortSignalLike | undefined;
  /**
   * How much of the capacity an item takes, an integer from 1 to the capacity: bytes, rows, cost. Asked once, when it is
   * sent; anything else rejects the send with a `RangeError`. The heaviest that waits holds up lighter ones behind it.
   */
  readonly weigh?: ((item: T) => number) | undefined;
  /** Fractions of the capacity at which `onPressure` is told: `high` 0.8, `low` 0.5 unless said otherwise. */
  readonly watermarks?:
    | {
        /** From above `low` to 1; 0.8 unless said otherwise. */
        readonly high?: number | undefined;
        /** From 0 to below `high`; 0.5 unless said otherwise. */
        readonly low?: number | undefined;
      }
    | undefined;
  /**
   * Told `'high'` when what is buffered and reserved reaches the high mark, then `'low'` when it has fallen to the low one,
   * and so on in turn. Runs as `onDrop` does.
   */
  readonly onPressure?: ((level: 'high' | 'low', stats: ChannelStats) => void) | undefined;
}

/**
 * A snapshot of a channel. `sent = received + dropped + coalesced + size`, always.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(2, { name: 'orders' });
 * channel.trySend('a');
 * channel.tryReceive();
 * const { sent, received, dropped, coalesced, size } = channel.stats();
 * sent === received + dropped + coalesced + size; // true
 * ```
 */
export interface ChannelStats {
  /** The name given in the options. */
  readonly name: string | undefined;
  /** How many items may be buffered. */
  readonly capacity: number;
  /** How many items are buffered now. */
  readonly size: number;
  /** The most that were ever buffered. */
  readonly peakSize: number;
  /** The sum of their weights; without `weigh` each weighs 1. */
  readonly weight: number;
  /** Places held by permits. */
  readonly reserved: number;
  /** Items accepted, those that a policy dropped included. */
  readonly sent: number;
  /** Items handed to a receiver. */
  readonly received: number;
  /** Items dropped by the overflow policy or by a cancel. */
  readonly dropped: number;
  /** Items merged into one that was buffered. */
  readonly coalesced: number;
  /** Sends, reserves and sending cases of a select that wait for room. */
  readonly waitingSenders: number;
  /** Receives that wait for an item. */
  readonly waitingReceivers: number;
}

/**
 * Iterates the items of a channel. Several may run at once: they share the items.
 *
 * @example
 * ```ts
 * const channel = Channel.from(['a', 'b'], 2);
 * const items = channel[Symbol.asyncIterator]();
 * await items.next(); // { value: 'a', done: false }
 * await items.return(); // { value: undefined, done: true }
 * await channel.receive(); // 'b'
 * ```
 */
export interface ChannelIterator<out T> extends AsyncIterableIterator<T> {
  /** The next item, or the end. Rejects, each time, where the end is an error. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends the iteration: a `next()` that waits settles as done and loses nothing. */
  return(): Promise<IteratorResult<T, undefined>>;
  /** Itself. */
  [Symbol.asyncIterator](): this;
}

/**
 * A sender of its own for one of many producers: the channel closes once every handle given out has closed.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(1);
 * const handle = channel.sender();
 * handle.trySend('a'); // true
 * handle.close();
 * channel.closed; // true
 * ```
 */
export interface SenderHandle<in T> extends Sender<T>, Disposable {
  /** As `trySend` of the channel, and false once this handle is closed. */
  readonly trySend: (value: T) => boolean;
  /** This producer is done. The first error given by any handle becomes the channel's end. */
  readonly close: (error?: unknown) => void;
  /** Whether this handle or the whole channel is closed. */
  readonly closed: boolean;
}

/**
 * One place of a channel, held until it is used or given back. While it is held, the item that it is for cannot be refused:
 * neither fetch nor compute what there would be no room for.
 *
 * @example
 * ```ts
 * const channel = new Channel<string>(1);
 * const permit = await channel.reserve();
 * channel.trySend('other'); // false
 * permit.send('mine');
 * await channel.receive(); // 'mine'
 * ```
 */
export interface Permit<in T> extends Disposable {
  /**
   * Sends an item into the place. Succeeds after `close()` too.
   *
   * @throws ChannelClosedError, with the item as `value`, once the channel was cancelled; TypeError where the permit was
   * used or released; what `key` or `coalesce` throws, and then the permit is still held
   */
  readonly send: (value: T) => void;
  /** Gives the place back, to whoever waits for one. Nothing after `send`, and nothing the second time. */
  release(): void;
}
