// The machine of a channel: a bounded, first-in first-out buffer with a line of waiting senders and one of waiting
// receivers. `Channel` and `BoundedQueue` are its faces.
//
// Invariants, true between operations (tests assert them after every one, see invariants.ts):
//
//   I1. bounded      buffer.size ≤ capacity
//   I2. one line     senders or receivers is empty
//   I3. no idle item items buffered imply that no receiver waits
//   I4. no idle room room in the buffer implies that no sender waits
//   I5. lossless     sent = received + dropped + buffer.size
//   I6. the end      ended = closed, nothing buffered and no sender waits; then nobody waits, and nothing acts any more
//
// A send and a receive try the same cases in the same order:
//
//                 send                                      receive
//   1. hand-off   a receiver waits: it gets the item        a sender waits: take the oldest item, and let the sender's
//                                                           into its place (capacity 0: take the sender's)
//   2. buffer     there is room: append                     an item is there: take it
//   3. refuse     closed; or a policy says so               ended
//   4. wait       in line, behind all others                in line, behind all others
//
// By I2 to I4 no newcomer overtakes a waiter: whoever can be served is served by the operation that makes it possible.
// By the waiters' own invariant a wait that is over, for whatever reason, is in no line: so an item and an abort cannot
// both win. State changes before anyone is told, and foreign code runs last. When the promises of accepted operations
// settle is the settler's business.

import { type Limits, readLimits } from './arguments.js';
import type { ChannelStats, DropReason, NativeSignal, Overflow, WaitOptions } from './contract.js';
import type { Drops } from './drops.js';
import {
  closedError,
  closedErrors,
  NO_ITEM,
  overflowError,
  type Place,
  timeoutError,
  tooManyWaitersError,
  withoutStacks,
} from './errors.js';
import { assertAfterEach } from './invariants.js';
import { Ring } from './ring.js';
import { payAll } from './payroll.js';
import { Settler } from './settler.js';
import { batchOf, type Items, type Shape } from './shapes.js';
import { type Owner, type Tracker, Waiter, WaiterList } from './waiters.js';

/** A party inside the library that follows a channel's end: a feed, a queue, the face. */
export interface Follower {
  /** A cancel has begun: take back what waits on your behalf. Runs no foreign code. */
  cancelling(): void;
  /** The channel is consistent, and closed, or ended: told at both. */
  ending(): void;
}

/** So many refusals are made with a stack trace each; more would stall the loop, and their stacks say nothing new. */
const FEW = 64;

/** The machine of one channel. */
export class Core<T> implements Items<T>, Owner {
  readonly capacity: number;
  readonly buffer: Ring<T> = new Ring<T>();
  readonly senders: WaiterList = new WaiterList();
  readonly receivers: WaiterList = new WaiterList();
  readonly settler: Settler;
  readonly followers: Set<Follower> = new Set();
  closed = false;
  cancelled = false;
  ended = false;
  /** What `close`, then `cancel`, was given; undefined where the end is quiet. */
  reason: unknown = undefined;
  /** Made at the first read, by ends.ts. */
  completion: Promise<void> | undefined = undefined;
  /** Made at the first read, by ends.ts. */
  signal: NativeSignal | undefined = undefined;
  /** The `return()` of the source that `from` poured in, while it may be under way. */
  returning: Promise<void> | undefined = undefined;
  sent = 0;
  received = 0;
  dropped = 0;
  peakSize = 0;

  /** The arguments have been checked. */
  constructor(
    readonly place: Place,
    private readonly overflow: Overflow<T>,
    private readonly maxWaiters: number,
    private readonly drops: Drops<T> | undefined,
  ) {
    this.capacity = place.capacity;
    this.settler = new Settler(this.capacity);
  }

  // ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

  send(value: T, options: WaitOptions | undefined): Promise<void> {
    let limits: Limits;
    try {
      limits = readLimits(options);
    } catch (error) {
      return this.settler.refused(error);
    }
    if (this.offer(value)) return this.settler.accepted(); // 1, 2
    const refusal = this.refusal(value, limits.timeout); // 3
    if (refusal !== undefined) return this.settler.refused(refusal);
    return this.waitToSend(value, limits).promise as Promise<void>; // 4
  }

  trySend(value: T): boolean {
    if (this.receivers.first !== undefined) this.settler.wakesSynchronously();
    return this.offer(value);
  }

  /** Cases 1 and 2 of a send, and the policies that drop: whether the item was accepted. */
  offer(value: T): boolean {
    if (this.closed) return false;
    const { buffer, receivers } = this;
    const receiver = receivers.first;
    if (receiver !== undefined) {
      // 1
      receiver.leave();
      this.sent++;
      this.received++;
      this.settler.handed(receiver, value);
      return true;
    }
    if (buffer.size < this.capacity) {
      // 2
      this.settler.payOwed();
      this.sent++;
      buffer.push(value);
      if (buffer.size > this.peakSize) this.peakSize = buffer.size;
      return true;
    }
    switch (this.overflow) {
      case 'drop-newest':
        this.sent++;
        this.#drop(value, 'drop-newest');
        break;
      case 'drop-oldest': {
        const oldest = buffer.shift();
        this.sent++;
        buffer.push(value);
        this.#drop(oldest, 'drop-oldest');
        break;
      }
      default:
        return false;
    }
    this.tellDrops();
    return true;
  }

  /** Case 3 of a send that was not accepted: why it may not wait, where it may not. */
  refusal(value: T, timeout: number): Error | undefined {
    const { place, maxWaiters } = this;
    if (this.closed) return closedError(this, value);
    if (this.overflow === 'reject') return overflowError(place, value);
    if (timeout === 0) return this.#timedOut(timeout, value);
    if (this.senders.length >= maxWaiters) return tooManyWaitersError(place, maxWaiters, value);
    return undefined;
  }

  /** Case 4 of a send. */
  waitToSend(value: T, limits: Limits): Waiter {
    payAll();
    const waiter = new Waiter(this, value);
    this.senders.push(waiter);
    waiter.watch(limits);
    return waiter;
  }

  // ── Receiving ───────────────────────────────────────────────────────────────────────────────────────────────────

  receive<R>(shape: Shape<T, R>, options: WaitOptions | undefined): Promise<R> {
    let limits: Limits;
    try {
      limits = readLimits(options);
    } catch (error) {
      return this.settler.refused(error);
    }
    const now = this.receiveNow(shape); // 1, 2, 3
    if (now !== undefined) return now;
    if (limits.timeout === 0) return this.settler.refused(this.#timedOut(0, NO_ITEM));
    return this.waitToReceive(shape, limits).promise as Promise<R>; // 4
  }

  receiveMany(max: number, options: WaitOptions | undefined, refusesEnd: boolean): Promise<T[]> {
    let shape: Shape<T, T[]>;
    try {
      shape = batchOf(max, false, refusesEnd);
    } catch (error) {
      return this.settler.refused(error);
    }
    return this.receive(shape, options);
  }

  tryReceive<F>(fallback: F): T | F {
    if (!this.hasItem()) return fallback;
    this.#wakesSender();
    return this.take();
  }

  drain(): T[] {
    if (!this.hasItem()) return [];
    this.#wakesSender();
    return this.takeMany(Number.POSITIVE_INFINITY);
  }

  #wakesSender(): void {
    if (this.senders.first !== undefined) this.settler.wakesSynchronously();
  }

  /** Cases 1 to 3 of a receive; undefined where it must wait. */
  receiveNow<R>(shape: Shape<T, R>): Promise<R> | undefined {
    if (this.hasItem()) return this.settler.completed(shape.now(this)) as Promise<R>; // 1, 2
    return this.ended ? this.#endFor(shape) : undefined; // 3
  }

  /** Whether case 1 or 2 of a receive applies. */
  hasItem(): boolean {
    return this.buffer.size > 0 || this.senders.first !== undefined;
  }

  /** Cases 1 and 2 of a receive: `hasItem()`. */
  take(): T {
    const { buffer } = this;
    const sender = this.senders.first;
    let value: T;
    this.received++;
    if (sender === undefined) {
      value = buffer.shift(); // 2
    } else {
      // 1
      sender.leave();
      this.sent++;
      if (this.capacity > 0) {
        value = buffer.shift();
        buffer.push(sender.value as T);
      } else {
        value = sender.value as T;
      }
      this.settler.owe(sender);
    }
    this.settler.tookPlace();
    if (this.closed) this.gaveUp();
    return value;
  }

  takeMany(max: number): T[] {
    const items = [this.take()];
    while (items.length < max && this.hasItem()) items.push(this.take());
    return items;
  }

  /** Case 3 of a receive. */
  #endFor<R>(shape: Shape<T, R>): Promise<R> {
    const { reason } = this;
    if (shape.refusesEnd) return this.settler.refused(closedError(this, NO_ITEM));
    if (reason !== undefined) return this.settler.refused(reason);
    return this.settler.completed(shape.end()) as Promise<R>;
  }

  /** Case 4 of a receive. */
  waitToReceive<R>(shape: Shape<T, R>, limits: Limits, tracker?: Tracker): Waiter {
    payAll();
    const waiter = new Waiter(this, shape, tracker);
    this.receivers.push(waiter);
    waiter.watch(limits);
    return waiter;
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  close(error: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.reason = error;
    if (!this.hasItem()) return this.#end();
    this.settler.flush();
    this.#announce();
  }

  /** A closed channel ends when its last item is taken, or its last sender gives up. */
  gaveUp(): void {
    if (this.closed && !this.ended && !this.hasItem()) this.#end();
  }

  /** Ends now, and gives what was buffered: to `onDrop`, unless the caller takes it back. It counts as dropped either way. */
  cancel(reason: unknown, takesBack = false): T[] {
    if (this.ended) return [];
    this.closed = this.cancelled = this.ended = true; // first: whatever re-enters from here on is refused
    this.reason = reason;
    const left: T[] = [];
    while (this.buffer.size > 0) left.push(this.buffer.shift());
    this.dropped += left.length;
    if (!takesBack) for (const item of left) this.drops?.add(item, 'cancel');
    withoutStacks(this.followers.size > FEW, () => {
      for (const follower of this.followers) follower.cancelling();
    });
    this.#end();
    this.tellDrops();
    return left;
  }

  /** Accepts and drops, in one, an item that nobody will receive. */
  discard(value: T): void {
    this.sent++;
    this.#drop(value, 'cancel');
  }

  /** Tells `onDrop` what was dropped, once the channel is consistent. */
  tellDrops(): void {
    this.drops?.tell();
  }

  #drop(value: T, why: DropReason): void {
    this.dropped++;
    this.drops?.add(value, why);
  }

  /** Nothing is left to receive, or nobody wants it: whoever waits is told. */
  #end(): void {
    this.ended = true;
    const { senders, receivers, settler, reason } = this;
    settler.flush();
    const refusal = closedErrors(this);
    const tellAll = (): void => {
      for (let waiter = senders.shift(); waiter !== undefined; waiter = senders.shift()) {
        settler.settle(waiter.reject, refusal(waiter.value));
      }
      for (let waiter = receivers.shift(); waiter !== undefined; waiter = receivers.shift()) {
        const shape = waiter.value as Shape<T, unknown>;
        if (shape.refusesEnd) settler.settle(waiter.reject, refusal(NO_ITEM));
        else if (reason === undefined) settler.settle(waiter.resolve, shape.end());
        else settler.settle(waiter.reject, reason);
      }
    };
    withoutStacks(senders.length + receivers.length > FEW, tellAll);
    this.#announce();
    this.followers.clear();
  }

  /** Calls `tell` once the channel has ended; at once where it has. */
  onEnd(tell: () => void): void {
    if (this.ended) tell();
    else this.followers.add({ cancelling() {}, ending: () => this.ended && tell() });
  }

  #announce(): void {
    for (const follower of this.followers) follower.ending();
  }

  // ── The rest ────────────────────────────────────────────────────────────────────────────────────────────────────

  expired(waiter: Waiter, timeout: number): Error {
    return this.#timedOut(timeout, waiter.list === this.senders ? waiter.value : NO_ITEM);
  }

  #timedOut(timeout: number, value: unknown): Error {
    const { place } = this;
    const [sending, receiving] = place.kind === 'Channel' ? ['a send', 'a receive'] : ['a put', 'a take'];
    return timeoutError(place, value === NO_ITEM ? receiving : sending, timeout, value);
  }

  stats(): ChannelStats {
    return {
      name: this.place.name,
      capacity: this.capacity,
      size: this.buffer.size,
      peakSize: this.peakSize,
      sent: this.sent,
      received: this.received,
      dropped: this.dropped,
      waitingSenders: this.senders.length,
      waitingReceivers: this.receivers.length,
    };
  }
}

if (SLUICE_CHECKED) assertAfterEach(Core.prototype);
