// The machine of a channel: a bounded, first-in first-out buffer with a line of waiting senders and one of waiting
// receivers. `Channel` and `BoundedQueue` are its faces.
//
// Invariants, true between operations (tests assert them after every one, see invariants.ts):
//
//   I1. bounded      fullness ≤ capacity: what is buffered (each item 1, or its weight) and what is reserved
//   I2. one line     senders or receivers is empty
//   I3. no idle item items buffered imply that no receiver waits
//   I4. no idle room there is no room for whoever has waited longest for some
//   I5. lossless     sent = received + dropped + coalesced + buffer.size
//   I6. the end      ended = closed, nothing buffered or reserved and no sender waits; then nobody waits, nothing acts
//
// Two kinds of receivers may wait although something is there: a call (calls.ts), which takes it in the next microtask,
// with those behind it; and a select that waits on both sides and cannot meet itself.
//
// A send and a receive try the same cases in the same order:
//
//                 send                                      receive
//   1. hand-off   a receiver waits: it gets the item        nothing is buffered and a sender waits: take its item
//   2. buffer     there is room: append                     an item is there: take it, and let in who waits for room
//   3. refuse     closed; or a policy says so               ended
//   4. wait       in line, behind all others                in line, behind all others
//
// By I2 to I4 no newcomer overtakes a waiter: whoever can be served is served by the operation that makes it possible.
// By the waiters' own invariant a wait that is over, for whatever reason, is in no line: so an item and an abort cannot
// both win. The state is consistent whenever foreign code runs: a callback, a source's `return()`, a user's signal. When
// the promises of accepted operations settle is the settler's business; permits, weights, merging and watermarks are each
// in a file of their own.

import { checkReserving, type Limits, readLimits, type Settings } from './arguments.js';
import { Callbacks } from './callbacks.js';
import { callNow } from './calls.js';
import type { ChannelStats, DropReason, NativeSignal, Permit, WaitOptions } from './contract.js';
import {
  closedError,
  closedErrors,
  FEW,
  NO_ITEM,
  overflowError,
  type Place,
  timeoutError,
  tooManyWaitersError,
  withoutStacks,
} from './errors.js';
import { assertAfterEach } from './invariants.js';
import { type Observer, observers } from './observers.js';
import type { Packing, Parcel } from './parcels.js';
import { payAll } from './payroll.js';
import type { Peaks } from './peaks.js';
import { Reservation } from './permits.js';
import type { Marks } from './pressure.js';
import { Ring } from './ring.js';
import { Settler } from './settler.js';
import { batchOf, type Items, type Shape } from './shapes.js';
import { type Outcome, type Owner, type Tracker, Waiter, WaiterList } from './waiters.js';
import { Weighing } from './weighing.js';

/** A party inside the library that follows a channel's end: a feed, a queue, the face. */
export interface Follower {
  /** A cancel has begun: take back what waits on your behalf. Runs no foreign code but what lets go of a signal. */
  cancelling(): void;
  /** The channel is consistent, and closed, or ended: told at both. */
  ending(): void;
}

/** What is buffered for an item: the item itself, unless the channel weighs or coalesces. */
export type Stowed<T> = T | Parcel<T>;

const QUEUE_NAMES = { 'a send': 'a put', 'a receive': 'a take', 'a reserve': 'a reserve' };

/** The machine of one channel. */
export class Core<T> implements Items<T>, Owner {
  readonly capacity: number;
  readonly buffer: Ring<Stowed<T>> = new Ring<Stowed<T>>();
  readonly senders: WaiterList = new WaiterList();
  readonly receivers: WaiterList = new WaiterList();
  /** Who waits for a permit: in one line with the senders, by their turns. */
  readonly reserves: WaiterList = new WaiterList();
  readonly settler: Settler;
  readonly callbacks: Callbacks = new Callbacks();
  readonly packing: Packing<T> | undefined;
  /** Who is told of how full it is: the watermarks, or a bridge that asks for more. */
  pressure: Marks<T> | undefined;
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
  /** Places that are held by permits. */
  reserved = 0;
  sent = 0;
  received = 0;
  dropped = 0;
  /** Those of them that no policy dropped: a cancel did. */
  discarded = 0;
  coalesced = 0;
  /** The most items that were buffered, since `peaks` began its last stretch if there is one. */
  peakSize = 0;
  peaks: Peaks<T> | undefined = undefined;
  /** What those who measure this channel keep with it: found without a search, and gone with it. */
  measured: readonly unknown[] | undefined = undefined;
  #turns = 0;

  /** The arguments have been checked. */
  constructor(
    readonly place: Place,
    readonly settings: Settings<T>,
  ) {
    this.capacity = place.capacity;
    this.packing = settings.packing;
    this.pressure = settings.pressure;
    this.settler = new Settler(this.capacity);
  }

  // ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

  send(value: T, options: WaitOptions | undefined): Promise<void> {
    let limits: Limits;
    let stowed: Stowed<T>;
    try {
      limits = readLimits(options);
      stowed = this.pack(value);
      if (this.offer(stowed)) return this.settler.accepted(); // 1, 2
    } catch (error) {
      return this.settler.refused(error);
    }
    const refusal = this.refusal(value, limits.timeout); // 3
    if (refusal !== undefined) return this.settler.refused(refusal);
    return this.waitToSend(stowed, limits).promise as Promise<void>; // 4
  }

  trySend(value: T): boolean {
    if (this.receivers.first !== undefined) this.settler.aboutToWake();
    return this.offer(this.pack(value));
  }

  /** What would be buffered for an item; a closed channel asks nothing. Throws what the user's `weigh` or `key` throws. */
  pack(value: T): Stowed<T> {
    return this.packing === undefined || this.closed ? value : this.packing.pack(value);
  }

  unpack(stowed: Stowed<T>): T {
    return this.packing === undefined ? (stowed as T) : (stowed as Parcel<T>).item;
  }

  /**
   * Cases 1 and 2 of a send, and the policies that drop or merge: whether the item was accepted. Throws what the user's
   * `coalesce` throws, and has changed nothing then.
   */
  offer(stowed: Stowed<T>): boolean {
    const { buffer } = this;
    if (
      this.packing === undefined &&
      this.receivers.first === undefined &&
      buffer.size + this.reserved < this.capacity &&
      !this.closed
    ) {
      // 2, nearly always: nobody waits, and nothing is asked about the item
      this.settler.payOwed();
      this.sent++;
      buffer.push(stowed);
      if (buffer.size > this.peakSize) this.peakSize = buffer.size;
      if (this.pressure !== undefined) this.finish();
      return true;
    }
    if (this.closed || !this.#enters(stowed)) return false;
    this.finish();
    return true;
  }

  #enters(stowed: Stowed<T>): boolean {
    if (this.#entersWithoutPlace(stowed)) return true; // 1
    if (this.#hasPlace(stowed)) {
      this.#entersPlace(stowed); // 2
      return true;
    }
    return this.#drops(stowed);
  }

  /** Handed to a receiver, or merged. */
  #entersWithoutPlace(stowed: Stowed<T>): boolean {
    const receiver = this.#awaiting();
    if (receiver !== undefined) {
      receiver.unlink();
      this.sent++;
      this.received++;
      this.settler.handed(receiver, this.unpack(stowed));
      receiver.release();
      return true;
    }
    const { packing } = this;
    return packing !== undefined && this.#merges(packing, stowed as Parcel<T>);
  }

  /**
   * Whom an item that comes now is handed to. Senders may wait beside a select that cannot meet itself: they are first. A
   * plain receiver, which has no tracker, is first only where no sender waits.
   */
  #awaiting(): Waiter | undefined {
    const { senders } = this;
    const receiver = this.receivers.first;
    if (receiver === undefined || !(receiver.value as Shape<T, unknown>).committed) return undefined;
    const inTurn = senders.first === undefined || firstOther(senders, receiver.tracker) === undefined;
    return inTurn ? receiver : undefined;
  }

  #hasPlace(stowed: Stowed<T>): boolean {
    // Weights: what waits is heavy, and a lighter one must not pass it. Elsewhere nobody waits where there is room.
    return this.#hasRoom(stowed) && (this.packing === undefined || this.senders.first === undefined);
  }

  #entersPlace(stowed: Stowed<T>): void {
    this.settler.payOwed();
    this.#stow(stowed);
    if (this.receivers.first !== undefined) this.serve();
  }

  /** Takes an item that fits nowhere, if the policy is one that drops. */
  #drops(stowed: Stowed<T>): boolean {
    const { overflow } = this.settings;
    if (overflow === 'drop-oldest') {
      while (this.buffer.size > 0 && !this.#hasRoom(stowed)) this.#drop(this.#unstow(), overflow);
      if (this.#hasRoom(stowed)) {
        this.#stow(stowed);
        return true;
      }
    } else if (overflow !== 'drop-newest') {
      return false;
    }
    this.sent++;
    this.#drop(this.unpack(stowed), overflow);
    return true;
  }

  /** Merges a parcel into one that is buffered, where there is one of its key. */
  #merges(packing: Packing<T>, parcel: Parcel<T>): boolean {
    if (!packing.merges(parcel)) return false;
    packing.merge(parcel);
    this.settler.payOwed();
    this.sent++;
    this.coalesced++;
    return true;
  }

  /** What is taken of the capacity. */
  get fullness(): number {
    return this.packing === undefined ? this.buffer.size + this.reserved : this.packing.weight + this.reserved;
  }

  #hasRoom(stowed: Stowed<T>): boolean {
    return this.packing === undefined
      ? this.buffer.size + this.reserved < this.capacity
      : this.fullness + (stowed as Parcel<T>).weight <= this.capacity;
  }

  #stow(stowed: Stowed<T>): void {
    const { buffer } = this;
    this.sent++;
    buffer.push(stowed);
    if (this.packing !== undefined) this.packing.added(stowed as Parcel<T>);
    if (buffer.size > this.peakSize) this.peakSize = buffer.size;
  }

  #unstow(): T {
    const stowed = this.buffer.shift();
    if (this.packing === undefined) return stowed as T;
    this.packing.removed(stowed as Parcel<T>);
    return (stowed as Parcel<T>).item;
  }

  /** Case 3 of a send that was not accepted: why it may not wait, where it may not. */
  refusal(value: T, timeout: number): Error | undefined {
    return (
      this.denied(value) ??
      (timeout === 0 ? this.#timedOut('a send', timeout, value) : undefined) ??
      this.crowded(value)
    );
  }

  /** Whether a send would be decided at once, this way or that. */
  decidesAtOnce(stowed: Stowed<T>): boolean {
    return (
      this.closed || // first: then nothing was packed
      this.#awaiting() !== undefined ||
      this.#hasPlace(stowed) ||
      this.settings.overflow !== 'wait' ||
      this.packing?.merges(stowed as Parcel<T>) === true
    );
  }

  /** Why a send that was not accepted would not even wait. */
  denied(value: T): Error | undefined {
    if (this.closed) return closedError(this, value);
    return this.settings.overflow === 'reject' ? overflowError(this.place, value) : undefined;
  }

  /** The error of one that would wait for room, behind so many that are about to, and may not, since too many do. */
  crowded(value: unknown, ahead = 0): Error | undefined {
    const { maxWaiters } = this.settings;
    if (this.senders.length + this.reserves.length + ahead < maxWaiters) return undefined;
    return tooManyWaitersError(this.place, maxWaiters, value);
  }

  /** Case 4 of a send. */
  waitToSend(stowed: Stowed<T>, limits: Limits, tracker?: Tracker, outcome?: Outcome): Waiter {
    payAll();
    const waiter = new Waiter(this, stowed, tracker, outcome);
    waiter.turn = this.#turns++;
    this.senders.push(waiter);
    waiter.watch(limits);
    // Only a call can be served by that: any other receiver would have been handed the item.
    if (this.receivers.first !== undefined) this.serve();
    return waiter;
  }

  /** There may be room: lets in who has waited longest for it, as far as it goes. */
  #admit(): void {
    for (;;) {
      const { senders, reserves } = this;
      const sender = senders.first;
      const reserve = reserves.first;
      if (reserve !== undefined && (sender === undefined || reserve.turn < sender.turn)) {
        if (this.fullness >= this.capacity) return;
        reserve.unlink();
        this.reserved++;
        this.settler.settle(reserve.resolve, new Reservation(this));
        reserve.release();
      } else if (sender === undefined || !this.#admits(sender)) {
        return;
      }
    }
  }

  /** Lets in the sender that is next: whether it was decided. */
  #admits(sender: Waiter): boolean {
    const { packing } = this;
    const stowed = sender.value as Stowed<T>;
    if (packing?.merges(stowed as Parcel<T>)) {
      sender.unlink(); // first: the user's `coalesce` runs
      try {
        this.#merges(packing, stowed as Parcel<T>);
        this.settler.owe(sender);
      } catch (error) {
        this.settler.settle(sender.reject, error);
      }
    } else {
      if (!this.#hasRoom(stowed)) return false;
      sender.unlink();
      this.#stow(stowed);
      this.settler.owe(sender);
    }
    sender.release();
    return true;
  }

  // ── Reserving ───────────────────────────────────────────────────────────────────────────────────────────────────

  reserve(options: WaitOptions | undefined): Promise<Permit<T>> {
    let limits: Limits;
    let permit: Permit<T> | undefined;
    try {
      limits = readLimits(options);
      permit = this.tryReserve();
      if (this.closed && permit === undefined) throw closedError(this, NO_ITEM);
    } catch (error) {
      return this.settler.refused(error);
    }
    if (permit !== undefined) return this.settler.fulfilled(permit);
    const refusal = limits.timeout === 0 ? this.#timedOut('a reserve', 0, NO_ITEM) : this.crowded(NO_ITEM);
    if (refusal !== undefined) return this.settler.refused(refusal);
    payAll();
    const waiter = new Waiter(this, NO_ITEM);
    waiter.turn = this.#turns++;
    this.reserves.push(waiter);
    waiter.watch(limits);
    return waiter.promise as Promise<Permit<T>>;
  }

  /** Throws where the channel cannot reserve at all. */
  tryReserve(): Permit<T> | undefined {
    checkReserving(this.capacity, this.packing instanceof Weighing);
    if (this.closed || this.fullness >= this.capacity) return undefined;
    this.reserved++;
    this.tell();
    return new Reservation(this);
  }

  /** A held place is used: its item is handed to a receiver, merged, or takes the place. Throws as `offer` does. */
  sendReserved(stowed: Stowed<T>): void {
    if (this.receivers.first === undefined && this.packing === undefined) {
      // Nearly always: the held place becomes a taken one, which is nothing to anybody.
      this.settler.payOwed();
      this.sent++;
      this.reserved--;
      this.buffer.push(stowed);
      if (this.buffer.size > this.peakSize) this.peakSize = this.buffer.size;
      return this.finish();
    }
    if (this.receivers.first !== undefined) this.settler.aboutToWake();
    // The place is held while foreign code runs.
    if (this.#entersWithoutPlace(stowed)) return this.releaseReserved();
    this.reserved--;
    this.#entersPlace(stowed);
    this.goOn();
  }

  /** Holds so many places at once, for what a bridge has asked for: there is room for them. */
  hold(places: number): void {
    this.reserved += places;
    this.finish();
  }

  /** Held places are given back. */
  releaseReserved(places = 1): void {
    if (this.cancelled) return;
    this.#aboutToMakeRoom();
    this.reserved -= places;
    this.goOn();
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
    if (limits.timeout === 0) return this.settler.refused(this.#timedOut('a receive', 0, NO_ITEM));
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
    if (!this.canTake()) return fallback;
    this.#aboutToMakeRoom();
    const item = this.take();
    this.finish();
    return item;
  }

  drain(): T[] {
    if (!this.canTake()) return [];
    this.#aboutToMakeRoom();
    const items = this.takeMany(Number.POSITIVE_INFINITY);
    this.finish();
    return items;
  }

  /** For whoever waits for it. */
  #aboutToMakeRoom(): void {
    if (this.senders.first !== undefined || this.reserves.first !== undefined) this.settler.aboutToWake();
  }

  /** Cases 1 to 3 of a receive; undefined where it must wait. */
  receiveNow<R>(shape: Shape<T, R>): Promise<R> | undefined {
    if (
      shape.max === 0 &&
      this.buffer.size > 0 &&
      this.senders.first === undefined &&
      this.receivers.first === undefined &&
      this.reserves.first === undefined &&
      this.packing === undefined &&
      !this.closed
    ) {
      // 2, nearly always: one item, and nobody waits; the general way costs 3 % more of the whole loop
      this.received++;
      const item = this.buffer.shift() as T;
      this.settler.tookPlaces(1);
      const result = this.settler.completed(shape.one(item)) as Promise<R>;
      if (this.pressure !== undefined) this.finish();
      return result;
    }
    if (this.canTake()) {
      const result = this.settler.completed(shape.now(this)) as Promise<R>; // 1, 2
      this.finish();
      return result;
    }
    return this.ended ? this.#endFor(shape) : undefined; // 3
  }

  /** Whether something could be received, by whoever is first in line. */
  hasItem(): boolean {
    return this.buffer.size > 0 || this.senders.first !== undefined;
  }

  /** Whether case 1 or 2 of a receive applies: something is there, and nobody waits who could take it. */
  canTake(): boolean {
    if (this.receivers.first === undefined) return this.buffer.size > 0 || this.senders.first !== undefined;
    return this.hasItem() && this.#nextTaker() === undefined;
  }

  /** Something is there: the first receiver who could take it. A select never meets itself. */
  #nextTaker(): Waiter | undefined {
    const own = this.buffer.size > 0 ? undefined : this.senders.first?.tracker;
    return own === undefined ? this.receivers.first : firstOther(this.receivers, own);
  }

  /** Cases 1 and 2 of a receive: `hasItem()`. What was taken may have been the last: `finish` is to follow. */
  take(): T {
    const { buffer } = this;
    if (this.packing === undefined && this.reserves.first === undefined && buffer.size > 0) {
      // 2, nearly always: no more than the sender that is next can be let in
      const item = buffer.shift() as T;
      const next = this.senders.first;
      this.received++;
      if (next !== undefined) {
        next.unlink();
        this.sent++;
        buffer.push(next.value as Stowed<T>);
        this.settler.owe(next);
        next.release();
      }
      this.settler.tookPlaces(1);
      return item;
    }
    let value: T;
    let places = 1;
    this.received++;
    if (this.buffer.size > 0) {
      if (this.packing !== undefined) places = (this.buffer.first as Parcel<T>).weight;
      value = this.#unstow(); // 2
      if (this.senders.first !== undefined || this.reserves.first !== undefined) this.#admit();
    } else {
      const sender = this.senders.first as Waiter; // 1
      sender.unlink();
      this.sent++;
      value = this.unpack(sender.value as Stowed<T>);
      this.settler.owe(sender);
      sender.release();
    }
    this.settler.tookPlaces(places);
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
  waitToReceive<R>(shape: Shape<T, R>, limits: Limits, tracker?: Tracker, outcome?: Outcome): Waiter {
    payAll();
    const waiter = new Waiter(this, shape, tracker, outcome);
    this.receivers.push(waiter);
    waiter.watch(limits);
    return waiter;
  }

  /** Receivers may wait although something is there, behind a call: each gets its turn. */
  serve(): void {
    while (this.hasItem()) {
      let receiver = this.#nextTaker();
      if (receiver === undefined) {
        // Only a select's own sends are first, and its own receives are all who wait: it may take what another sends.
        receiver = this.receivers.first;
        if (receiver === undefined || firstOther(this.senders, receiver.tracker) === undefined) return;
      }
      if (!(receiver.value as Shape<T, unknown>).committed) return callNow(this, receiver);
      receiver.unlink();
      this.settler.handed(receiver, this.take());
      receiver.release();
    }
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  close(error: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.reason = error;
    if (observers !== undefined) this.#observe((observer) => observer.closed?.(this as Core<unknown>));
    this.settler.flush();
    this.#refuseReserves(closedErrors(this));
    this.#admit(); // who stood behind them
    if (this.#isOver()) this.#end();
    else this.#announce();
    this.tell();
  }

  /** Places are promised to nobody new, once the channel is closed. */
  #refuseReserves(refusal: (value: unknown) => Error): void {
    const { reserves, settler } = this;
    withoutStacks(reserves.length > FEW, () => {
      for (let waiter = reserves.shift(); waiter !== undefined; waiter = reserves.shift()) {
        settler.settle(waiter.reject, refusal(NO_ITEM));
      }
    });
  }

  /** Someone has left a line, or given a place back: whoever stood behind may go on, and a closed channel may be over. */
  goOn(): void {
    if (this.ended) return;
    this.#admit();
    this.serve();
    this.finish();
  }

  /** The end of an operation: it may have taken the last item, and there may be something to tell. */
  finish(): void {
    if (this.closed) this.#endIfOver();
    if (this.callbacks.due || this.pressure?.isDue(this.fullness)) this.tell();
  }

  #isOver(): boolean {
    return !this.hasItem() && this.reserved === 0;
  }

  /** A closed channel ends when its last item is taken, its last sender gives up, or its last permit is used or released. */
  #endIfOver(): void {
    if (!this.ended && this.#isOver()) this.#end();
  }

  /** Ends now, and gives what was buffered: to `onDrop`, unless the caller takes it back. It counts as dropped either way. */
  cancel(reason: unknown, takesBack = false): T[] {
    if (this.ended) return [];
    if (observers !== undefined && !this.closed) this.#observe((observer) => observer.closed?.(this as Core<unknown>));
    this.closed = this.cancelled = this.ended = true; // first: whatever re-enters from here on is refused
    this.reason = reason;
    const left: T[] = [];
    while (this.buffer.size > 0) left.push(this.#unstow());
    this.reserved = 0; // revoked
    this.dropped += left.length;
    this.discarded += left.length;
    if (!takesBack) for (const item of left) this.#noteDrop(item, 'cancel');
    withoutStacks(this.followers.size > FEW, () => {
      for (const follower of this.followers) follower.cancelling();
    });
    this.#end();
    this.tell();
    return left;
  }

  /** Accepts and drops, in one, an item that nobody will receive. */
  discard(value: T): void {
    this.sent++;
    this.discarded++;
    this.#drop(value, 'cancel');
  }

  #drop(value: T, why: DropReason): void {
    this.dropped++;
    this.#noteDrop(value, why);
  }

  #noteDrop(value: T, why: DropReason): void {
    const { onDrop } = this.settings;
    if (onDrop !== undefined) this.callbacks.add(() => onDrop(value, why));
    if (observers !== undefined) this.#observe((observer) => observer.dropped?.(this as Core<unknown>, value, why));
  }

  /** Notes something for those who watch all channels. */
  #observe(tell: (observer: Observer) => void): void {
    for (const observer of observers ?? []) this.callbacks.add(() => tell(observer));
  }

  /** The channel is consistent: the user's callbacks are told what happened. */
  tell(): void {
    const { pressure } = this;
    const level = this.cancelled ? undefined : pressure?.reached(this.fullness);
    if (level !== undefined) {
      const stats = this.stats();
      this.callbacks.add(() => pressure?.onPressure?.(level, stats));
      if (observers !== undefined) this.#observe((observer) => observer.pressed?.(this as Core<unknown>, level));
    }
    this.callbacks.tell();
  }

  /** Nothing is left to receive, or nobody wants it: whoever waits is told. */
  #end(): void {
    this.ended = true;
    const { senders, receivers, settler, reason } = this;
    settler.flush();
    const refusal = closedErrors(this);
    const tellAll = (): void => {
      for (let waiter = senders.shift(); waiter !== undefined; waiter = senders.shift()) {
        settler.settle(waiter.reject, refusal(this.unpack(waiter.value as Stowed<T>)));
      }
      for (let waiter = receivers.shift(); waiter !== undefined; waiter = receivers.shift()) {
        const shape = waiter.value as Shape<T, unknown>;
        if (shape.refusesEnd) settler.settle(waiter.reject, refusal(NO_ITEM));
        else if (reason === undefined) settler.settle(waiter.resolve, shape.end());
        else settler.settle(waiter.reject, reason);
      }
    };
    withoutStacks(senders.length + receivers.length > FEW, tellAll);
    this.#refuseReserves(refusal);
    this.callbacks.tellElsewhere();
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
    if (waiter.list === this.receivers) return this.#timedOut('a receive', timeout, NO_ITEM);
    if (waiter.list === this.reserves) return this.#timedOut('a reserve', timeout, NO_ITEM);
    return this.#timedOut('a send', timeout, this.unpack(waiter.value as Stowed<T>));
  }

  #timedOut(what: 'a send' | 'a receive' | 'a reserve', timeout: number, value: unknown): Error {
    const { place } = this;
    return timeoutError(place, place.kind === 'Channel' ? what : QUEUE_NAMES[what], timeout, value);
  }

  stats(): ChannelStats {
    return {
      name: this.place.name,
      capacity: this.capacity,
      size: this.buffer.size,
      peakSize: Math.max(this.peakSize, this.peaks?.size ?? 0),
      weight: this.fullness - this.reserved,
      reserved: this.reserved,
      sent: this.sent,
      received: this.received,
      dropped: this.dropped,
      coalesced: this.coalesced,
      waitingSenders: this.senders.length + this.reserves.length,
      waitingReceivers: this.receivers.length,
    };
  }
}

/** The first of a line who is none of that select's: O(its cases), which stand together. */
function firstOther({ first }: WaiterList, own: Tracker | undefined): Waiter | undefined {
  let waiter = first;
  while (waiter !== undefined && waiter.tracker === own) waiter = waiter.next;
  return waiter;
}

if (SLUICE_CHECKED) assertAfterEach(Core.prototype);
