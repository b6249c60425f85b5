// The public face of a channel: what each operation guarantees, and one line to the machine in channel.ts.

import { batchOf, NEXT, ONE } from './shapes.js';
import { checkLimits, FOREVER } from './arguments.js';
import { callFor, ITEM, type Taker } from './calls.js';
import type { Core } from './channel.js';
import type {
  ChannelIterator,
  ChannelOptions,
  ChannelStats,
  NativeSignal,
  Permit,
  Receiver,
  Sender,
  SenderHandle,
  WaitOptions,
} from './contract.js';
import { completionOf, signalOf } from './ends.js';
import { openerOf, pour } from './feed.js';
import { asyncDispose, dispose } from './host.js';
import { describe, INSPECT } from './inspect.js';
import { Iteration } from './iteration.js';
import { CORE, openCore } from './open.js';
import { SenderGroup } from './sender-group.js';

const HANDLES: unique symbol = Symbol('sluice.handles');

/**
 * A bounded channel between tasks: `send` waits while it is full, `receive` while it is empty.
 *
 * Items come out in the order they were accepted, each exactly once. A wait that is aborted or times out had no effect.
 * It holds nothing but what is buffered: no timer, no handle of the platform, nothing that keeps a process alive.
 *
 * @typeParam T - the items; `undefined` is a legal one
 *
 * @example
 * ```ts
 * import { Channel } from 'sluice';
 *
 * const channel = new Channel<number>(2);
 * const produce = async () => {
 *   for (let i = 1; i <= 5; i++) await channel.send(i); // waits while 2 are buffered
 *   channel.close();
 * };
 * const producing = produce();
 * for await (const item of channel) console.log(item); // 1 2 3 4 5
 * await producing;
 * ```
 */
export class Channel<in out T> implements Sender<T>, Receiver<T>, Disposable, AsyncDisposable {
  /** @internal */
  readonly [CORE]: Core<T>;
  /** @internal */
  [HANDLES]: SenderGroup<T> | undefined = undefined;

  /**
   * How many items may be buffered. At 0 nothing is: a send waits until a receiver takes its item.
   *
   * @example
   * ```ts
   * new Channel(100).capacity; // 100
   * ```
   */
  readonly capacity: number;

  /**
   * @param capacity - items, an integer from 0 to 2^32 - 1. There is no unbounded channel.
   * @param options - see {@link ChannelOptions}
   * @throws RangeError for a capacity or a number out of its range; TypeError for an option of the wrong kind
   *
   * @example
   * ```ts
   * const latest = new Channel<number>(1, { name: 'latest', overflow: 'drop-oldest' });
   * latest.trySend(1);
   * latest.trySend(2);
   * latest.tryReceive(); // 2
   * ```
   */
  constructor(capacity: number, options: ChannelOptions<T> = {}) {
    this[CORE] = openCore('Channel', capacity, options);
    this.capacity = capacity;
  }

  /**
   * A channel that a source is poured into, one item in hand at the most beyond what is buffered. It closes with the
   * source's end, or with its error. When it is cancelled, the source is `return()`ed.
   *
   * @throws TypeError where the source is not iterable; as the constructor
   *
   * @example
   * ```ts
   * async function* numbers() {
   *   for (let i = 1; ; i++) yield i;
   * }
   * for await (const n of Channel.from(numbers(), 16).consume()) {
   *   if (n === 3) break; // cancels the channel, which returns the generator
   * }
   * ```
   */
  static from<T>(
    source: Iterable<T> | AsyncIterable<T>,
    capacity: number,
    options: ChannelOptions<T> = {},
  ): Channel<T> {
    const opener = openerOf(source);
    const channel = opened<T>(capacity, options);
    const core = channel[CORE];
    pour(core, opener, FOREVER, {
      heard: false,
      done: () => core.close(undefined),
      failed: (error) => core.close(error),
    });
    return channel;
  }

  /**
   * How many items are buffered.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(2);
   * channel.trySend('a');
   * channel.size; // 1
   * ```
   */
  get size(): number {
    return this[CORE].buffer.size;
  }

  /**
   * Whether `close` or `cancel` was called: no send is accepted any more.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * channel.close();
   * channel.closed; // true
   * ```
   */
  get closed(): boolean {
    return this[CORE].closed;
  }

  /**
   * Whether nothing will be received any more: closed and drained, or cancelled.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * channel.trySend('last');
   * channel.close();
   * channel.ended; // false
   * channel.tryReceive(); // 'last'
   * channel.ended; // true
   * ```
   */
  get ended(): boolean {
    return this[CORE].ended;
  }

  /**
   * Settles at the end as the next `receive` would: fulfils where it is quiet, rejects with the error of `close` or the
   * reason of `cancel`. Always the same promise; it causes no unhandled rejection.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * channel.close(new Error('disk full'));
   * await channel.completion.catch((error) => error.message); // 'disk full'
   * ```
   */
  get completion(): Promise<void> {
    return completionOf(this[CORE]);
  }

  /**
   * Aborted by `cancel`, with its reason, and not by `close`: tells a producer that is busy elsewhere that its consumer
   * has left.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * const slow = new Promise((_, reject) => {
   *   channel.signal.addEventListener('abort', () => reject(channel.signal.reason));
   * });
   * channel.cancel('nobody listens');
   * await slow.catch((reason) => reason); // 'nobody listens'
   * ```
   */
  get signal(): NativeSignal {
    return signalOf(this[CORE]);
  }

  /**
   * Sends one item: fulfils when it was accepted, which is when it is buffered or handed to a receiver. While the channel
   * is full the send waits, behind all others, or does what the overflow policy says.
   *
   * @returns rejects with `ChannelClosedError` when the channel is closed, or cancelled meanwhile; `OverflowError` under
   * the policy `'reject'`; `TimeoutError` after `timeout` milliseconds; `TooManyWaitersError` where `maxWaiters` wait
   * already: each has the item as `value`. With the signal's own reason when that aborts. A send that rejected had no effect.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * await channel.send('a');
   * await channel.send('b', { timeout: 10 }).catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
   * ```
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    return this[CORE].send(value, options);
  }

  /**
   * Sends one item without waiting: false when the channel is full or closed (`closed` tells which). Under a policy that
   * drops it is true while the channel is open, and the policy acts.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * channel.trySend('a'); // true
   * channel.trySend('b'); // false
   * ```
   */
  trySend(value: T): boolean {
    return this[CORE].trySend(value);
  }

  /**
   * Sends all items of a source, as `for (const item of source) await send(item)` would, and leaves the channel open.
   * Any early end `return()`s the source, once.
   *
   * @param options - limits of the whole call
   * @returns how many were sent. Rejects with what stopped it: the source's own error, or as `send` does. An item that was
   * in hand rides on the error as `value`, or goes to `onDrop` where the error is an abort's reason.
   *
   * @example
   * ```ts
   * const channel = new Channel<number>(8);
   * await channel.sendAll([1, 2, 3]); // 3
   * channel.drain(); // [1, 2, 3]
   * ```
   */
  sendAll(source: Iterable<T> | AsyncIterable<T>, options?: WaitOptions): Promise<number> {
    const core = this[CORE];
    try {
      const limits = checkLimits(options);
      const opener = openerOf(source);
      const sent = new Promise<number>((done, failed) => pour(core, opener, limits, { heard: true, done, failed }));
      return core.settler.polite(sent);
    } catch (error) {
      return core.settler.refused(error);
    }
  }

  /**
   * A sender for one of several producers, of which none knows whether it is the last: the channel closes once every
   * handle given out has closed. The first error that any was closed with becomes the end.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(8);
   * const [a, b] = [channel.sender(), channel.sender()];
   * await a.send('from a');
   * a.close();
   * channel.closed; // false
   * b.close();
   * channel.closed; // true
   * ```
   */
  sender(): SenderHandle<T> {
    this[HANDLES] ??= new SenderGroup(this[CORE]);
    return this[HANDLES].handle();
  }

  /**
   * Holds one place for an item that does not exist yet; waits while there is none, in one line with the senders, whatever
   * the overflow policy.
   *
   * @returns rejects with `ChannelClosedError` when the channel is closed, or is closed meanwhile; otherwise as `send`,
   * without `value`. A RangeError at capacity 0, a TypeError on a channel that weighs.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(8);
   * const permit = await channel.reserve(); // from here on nothing can come between
   * try {
   *   permit.send(await Promise.resolve('fetched'));
   * } finally {
   *   permit.release(); // does nothing once it was used
   * }
   * channel.drain(); // ['fetched']
   * ```
   */
  reserve(options?: WaitOptions): Promise<Permit<T>> {
    return this[CORE].reserve(options);
  }

  /**
   * Holds one place without waiting; undefined when the channel is full or closed.
   *
   * @throws RangeError at capacity 0, TypeError on a channel that weighs
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * const permit = channel.tryReserve();
   * channel.tryReserve(); // undefined
   * permit?.release();
   * channel.trySend('now there is room'); // true
   * ```
   */
  tryReserve(): Permit<T> | undefined {
    return this[CORE].tryReserve();
  }

  /**
   * Receives one item; waits while there is none, behind all others. Fulfils with `undefined` at the end: code whose items
   * may be `undefined` iterates instead. An item that is a promise is awaited, as any promise does; iteration keeps it.
   *
   * @returns rejects with the error that the channel was closed with or the reason it was cancelled with, where there is
   * one; `TimeoutError` after `timeout` milliseconds; the signal's own reason when that aborts. A receive that rejected
   * had no effect.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * await channel.send('a');
   * await channel.receive(); // 'a'
   * channel.close();
   * await channel.receive(); // undefined
   * ```
   */
  receive(options?: WaitOptions): Promise<T | undefined> {
    return this[CORE].receive(ONE, options);
  }

  /**
   * Receives one item without waiting; `fallback` where there is none, at a failed end too, or where a bridge that waits is
   * first. Never throws.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * channel.tryReceive(); // undefined
   * channel.tryReceive('nothing'); // 'nothing'
   * ```
   */
  tryReceive(): T | undefined;
  tryReceive<F>(fallback: F): T | F;
  tryReceive<F>(fallback?: F): T | F | undefined {
    return this[CORE].tryReceive(fallback);
  }

  /**
   * Receives a batch: waits for an item as `receive` does, then takes what else is there, `max` at the most. A call that
   * had to wait gives exactly one item; `[]` is the end.
   *
   * @param max - an integer from 1, else a RangeError
   * @returns rejects as `receive` does
   *
   * @example
   * ```ts
   * const channel = new Channel<number>(8);
   * await channel.sendAll([1, 2, 3]);
   * await channel.receiveMany(2); // [1, 2]
   * ```
   */
  receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    return this[CORE].receiveMany(max, options, false);
  }

  /**
   * Takes all there is, the items of blocked senders included, without waiting. Never throws; `[]` at a failed end too, or
   * where a bridge that waits is first.
   *
   * @example
   * ```ts
   * const channel = new Channel<number>(1);
   * const blocked = [channel.send(1), channel.send(2)]; // the second is blocked
   * channel.drain(); // [1, 2]
   * await Promise.all(blocked);
   * ```
   */
  drain(): T[] {
    return this[CORE].drain();
  }

  /**
   * Iterates in batches: each as `receiveMany(max)` gives it. Leaving it early leaves the channel open.
   *
   * @param max - an integer from 1
   * @throws RangeError for another `max`
   *
   * @example
   * ```ts
   * const channel = Channel.from([1, 2, 3, 4, 5], 8);
   * for await (const batch of channel.batches(100)) console.log(batch.length);
   * ```
   */
  batches(max: number): ChannelIterator<T[]> {
    return new Iteration(this[CORE], batchOf<T, IteratorResult<T[], undefined>>(max, true, false), false);
  }

  /**
   * Iterates as the sole consumer: leaving it early, by `break`, a throw or `return()`, cancels the channel, so that
   * nobody goes on producing for no one.
   *
   * @example
   * ```ts
   * const channel = Channel.from([1, 2, 3], 1);
   * for await (const item of channel.consume()) {
   *   if (item === 2) break;
   * }
   * channel.ended; // true
   * ```
   */
  consume(): ChannelIterator<T> {
    return new Iteration(this[CORE], NEXT, true);
  }

  /**
   * Iterates the items until the end. Several iterators may run at once and share the items. Leaving one early leaves the
   * channel open, for another consumer to go on.
   *
   * @example
   * ```ts
   * const channel = Channel.from(['a', 'b'], 2);
   * for await (const item of channel) console.log(item); // a b
   * ```
   */
  [Symbol.asyncIterator](): ChannelIterator<T> {
    return new Iteration(this[CORE], NEXT, false);
  }

  /**
   * No more items: sends from now on reject. All that was sent before, by blocked senders too, is still delivered; then
   * receivers see the end, or `error` where one is given (anything but `undefined`). The first close decides.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * await channel.send('last');
   * channel.close();
   * await channel.receive(); // 'last'
   * await channel.receive(); // undefined
   * ```
   */
  close(error?: unknown): void {
    this[CORE].close(error);
  }

  /**
   * Nobody wants the items any more: those buffered go to `onDrop`, waiting senders reject with `ChannelClosedError`,
   * receivers end at once, with `reason` where one is given (anything but `undefined`). The first cancel decides, and
   * overrides a close; after the end it does nothing.
   *
   * @example
   * ```ts
   * const dropped: string[] = [];
   * const channel = new Channel<string>(1, { onDrop: (item) => dropped.push(item) });
   * await channel.send('unwanted');
   * channel.cancel();
   * dropped; // ['unwanted']
   * ```
   */
  cancel(reason?: unknown): void {
    this[CORE].cancel(reason);
  }

  /**
   * A snapshot of counters and lines. `sent = received + dropped + coalesced + size`, always.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(8, { name: 'orders' });
   * channel.trySend('a');
   * channel.stats().peakSize; // 1
   * ```
   */
  stats(): ChannelStats {
    return this[CORE].stats();
  }

  /**
   * `cancel()`: a scope that is left early strands nobody.
   *
   * @example
   * ```ts
   * const channel = new Channel<string>(1);
   * channel[Symbol.dispose](); // what `using channel = …` does at the end of its block
   * channel.ended; // true
   * ```
   */
  [dispose](): void {
    this.cancel();
  }

  /**
   * `cancel()`, then waits until the source of `from` has finished its `return()`; rejects with its error.
   *
   * @example
   * ```ts
   * const channel = Channel.from([1, 2, 3], 1);
   * await channel[Symbol.asyncDispose](); // what `await using channel = …` does at the end of its block
   * channel.ended; // true
   * ```
   */
  async [asyncDispose](): Promise<void> {
    this.cancel();
    await undefined; // a source whose code was running is returned as soon as that has left the stack
    await this[CORE].returning;
  }

  /** For bridges; see calls.ts. @internal */
  [ITEM](taker: Taker<T>): () => void {
    return callFor(this[CORE], taker);
  }

  /** @internal */
  [INSPECT](): string {
    return describe(this[CORE]);
  }
}

/** Outside of the class: a bundler renames one that is named in its own body, and errors and stacks would say `_Channel`. */
function opened<T>(capacity: number, options: ChannelOptions<T>): Channel<T> {
  return new Channel(capacity, options);
}
