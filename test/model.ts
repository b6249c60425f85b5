// The specification of a channel as code: plain arrays, no promises, no speed. What it says is what must happen; the tests
// run it beside the real channel and compare after every step.
//
// An operation is known by a number. It is decided when `outcomes` has an entry for it; until then it waits.

import { keyOf, merge, type Policy, THROWN, WATERMARKS, weightOf } from './functions.js';

/** What an operation came to. */
export type Outcome =
  | { readonly is: 'sent' | 'permitted' | 'end' }
  | { readonly is: 'received'; readonly items: readonly number[] }
  | Failed;

/** How an operation failed; `value` where the error gives the item back. */
export type Failed = { readonly is: 'failed'; readonly error: Failure; readonly value?: number };

/** Why an operation was refused. */
export type Failure =
  | 'closed'
  | 'timeout'
  | 'overflow'
  | 'too many waiters'
  | 'aborted'
  | 'reason'
  | 'misused'
  | 'thrown';

/** What is buffered for an item. */
interface Parcel {
  item: number;
  readonly key: number | undefined;
  readonly weight: number;
}

/** The specification. */
export class Model {
  readonly outcomes = new Map<number, Outcome>();
  /** Sends that were accepted, in that order: their promises must fulfil in it. */
  readonly accepted: number[] = [];
  /** Receives that got items, in the order of the items: their promises must fulfil in it. */
  readonly served: number[] = [];
  /** Reserves that got a permit, in that order: their promises must fulfil in it. */
  readonly permitted: number[] = [];
  readonly dropped: { item: number; why: 'drop-oldest' | 'drop-newest' | 'cancel' }[] = [];
  /** What the watermarks said, and at how much that was taken. */
  readonly pressure: { level: 'high' | 'low'; fullness: number }[] = [];
  /** What became of each permit. */
  readonly permits = new Map<number, 'held' | 'used' | 'released'>();
  buffer: Parcel[] = [];
  /** One line for room: sends with their parcels, reserves without. */
  line: { readonly op: number; readonly parcel?: Parcel }[] = [];
  receivers: number[] = [];
  reserved = 0;
  closed = false;
  /** Whether the end is an error. */
  failing = false;
  cancelled = false;
  sent = 0;
  received = 0;
  coalesced = 0;
  peak = 0;

  constructor(
    readonly capacity: number,
    readonly policy: Policy,
    readonly maxWaiters: number,
  ) {}

  get weight(): number {
    return this.buffer.reduce((sum, { weight }) => sum + weight, 0);
  }

  get ended(): boolean {
    if (this.cancelled) return true;
    return this.closed && this.buffer.length === 0 && this.line.length === 0 && this.reserved === 0;
  }

  /** Throws what a function of the user throws, or a weight that is none. */
  trySend(item: number): boolean {
    if (this.closed) return false;
    const accepted = this.enter(this.pack(item));
    this.finish();
    return accepted;
  }

  send(op: number, item: number, once: boolean): void {
    const refuse = (error: Failure): void => this.fail(op, error, item);
    if (this.closed) return refuse('closed');
    let parcel: Parcel;
    let accepted: boolean;
    try {
      parcel = this.pack(item);
      accepted = this.enter(parcel);
    } catch {
      return this.fail(op, 'thrown');
    }
    if (accepted) this.decideSend(op);
    else if (this.policy === 'reject') refuse('overflow');
    else if (once) refuse('timeout');
    else if (this.line.length >= this.maxWaiters) refuse('too many waiters');
    else this.line.push({ op, parcel });
    this.finish();
  }

  /** Whether a permit was to be had at once. */
  tryReserve(op: number): boolean {
    if (this.closed || this.weight + this.reserved >= this.capacity) return false;
    this.grant(op);
    this.finish();
    return true;
  }

  reserve(op: number, once: boolean): void {
    if (this.closed) this.fail(op, 'closed');
    else if (this.tryReserve(op)) this.decideReserve(op);
    else if (once) this.fail(op, 'timeout');
    else if (this.line.length >= this.maxWaiters) this.fail(op, 'too many waiters');
    else this.line.push({ op });
  }

  /** Why a permit could not send; undefined where it did. */
  sendPermitted(permit: number, item: number): Failed | undefined {
    if (this.permits.get(permit) !== 'held') return { is: 'failed', error: 'misused' };
    if (this.cancelled) return { is: 'failed', error: 'closed', value: item };
    try {
      const parcel = this.pack(item);
      if (!this.enterWithoutPlace(parcel)) this.store(parcel);
    } catch {
      return { is: 'failed', error: 'thrown' };
    }
    this.permits.set(permit, 'used');
    this.giveBack();
    return undefined;
  }

  release(permit: number): void {
    if (this.permits.get(permit) !== 'held') return;
    this.permits.set(permit, 'released');
    if (!this.cancelled) this.giveBack();
  }

  tryReceive(): number | undefined {
    const item = this.take();
    this.finish();
    return item;
  }

  /** `max` 1 for `receive` and `next`. */
  receive(op: number, max: number, once: boolean): void {
    const items = this.takeMany(max);
    if (items.length > 0) this.serve(op, items);
    else if (this.ended) this.outcomes.set(op, this.end());
    else if (once) this.fail(op, 'timeout');
    else this.receivers.push(op);
  }

  takeMany(max: number): number[] {
    const items: number[] = [];
    for (let item = this.take(); item !== undefined; item = items.length < max ? this.take() : undefined) {
      items.push(item);
    }
    this.finish();
    return items;
  }

  /** A wait is aborted or times out: no effect but that it is over, and that those behind it are tried. */
  giveUp(op: number, error: Failure): void {
    const waiting = this.line.find((each) => each.op === op);
    if (waiting === undefined && !this.receivers.includes(op)) return;
    this.line = this.line.filter((each) => each.op !== op);
    this.receivers = this.receivers.filter((each) => each !== op);
    this.fail(op, error, error === 'timeout' ? waiting?.parcel?.item : undefined);
    this.admit();
    this.finish();
  }

  /** An iterator is left: its waiting `next()` ends and consumed nothing. */
  leave(op: number): void {
    if (!this.receivers.includes(op)) return;
    this.receivers = this.receivers.filter((each) => each !== op);
    this.outcomes.set(op, { is: 'end' });
  }

  close(failing: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.failing = failing;
    for (const { op, parcel } of this.line) if (parcel === undefined) this.fail(op, 'closed');
    this.line = this.line.filter(({ parcel }) => parcel !== undefined);
    this.admit();
    this.finish();
  }

  cancel(failing: boolean): void {
    if (this.ended) return;
    this.closed = this.cancelled = true;
    this.failing = failing;
    for (const { item } of this.buffer) this.dropped.push({ item, why: 'cancel' });
    for (const { op, parcel } of this.line) this.fail(op, 'closed', parcel?.item);
    this.buffer = [];
    this.line = [];
    this.reserved = 0;
    this.finish();
  }

  // ── The rules ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Throws what a function of the user throws, or a weight that is none. */
  private pack(item: number): Parcel {
    const key = this.policy === 'coalesce' ? keyOf(item) : undefined;
    const weight = this.policy.startsWith('weigh') ? weightOf(item) : 1;
    if (weight < 1 || weight > Math.max(this.capacity, 1)) throw THROWN;
    return { item, key, weight };
  }

  private fits({ weight }: Parcel): boolean {
    return this.weight + this.reserved + weight <= this.capacity;
  }

  /** A newcomer: handed over, merged, buffered where nobody waits for room, or as the policy says. */
  private enter(parcel: Parcel): boolean {
    if (this.enterWithoutPlace(parcel)) return true;
    if (this.line.length === 0 && this.fits(parcel)) {
      this.store(parcel);
    } else if (this.policy.endsWith('drop-oldest')) {
      while (this.buffer.length > 0 && !this.fits(parcel)) this.drop(this.buffer.shift() as Parcel, 'drop-oldest');
      if (this.fits(parcel)) this.store(parcel);
      else this.dropIncoming(parcel, 'drop-oldest');
    } else if (this.policy === 'drop-newest') {
      this.dropIncoming(parcel, 'drop-newest');
    } else {
      return false;
    }
    return true;
  }

  /** Handed to a receiver, or merged. */
  private enterWithoutPlace(parcel: Parcel): boolean {
    const receiver = this.receivers.shift();
    if (receiver === undefined) return this.merges(parcel);
    this.sent++;
    this.received++;
    this.serve(receiver, [parcel.item]);
    return true;
  }

  private merges({ item, key }: Parcel): boolean {
    const queued = this.buffer.find((each) => key !== undefined && each.key === key);
    if (queued === undefined) return false;
    queued.item = merge(queued.item, item);
    this.sent++;
    this.coalesced++;
    return true;
  }

  private store(parcel: Parcel): void {
    this.sent++;
    this.buffer.push(parcel);
    this.peak = Math.max(this.peak, Math.min(this.buffer.length, this.capacity));
  }

  private drop({ item }: Parcel, why: 'drop-oldest' | 'drop-newest'): void {
    this.dropped.push({ item, why });
  }

  private dropIncoming(parcel: Parcel, why: 'drop-oldest' | 'drop-newest'): void {
    this.sent++;
    this.drop(parcel, why);
  }

  /** From the buffer, else from the first blocked sender. */
  private take(): number | undefined {
    let parcel = this.buffer.shift();
    if (parcel !== undefined) this.admit();
    else {
      const sender = this.line.find((each) => each.parcel !== undefined);
      if (sender === undefined) return undefined;
      this.line = this.line.filter((each) => each !== sender);
      this.decideSend(sender.op);
      this.sent++;
      parcel = sender.parcel as Parcel;
    }
    this.received++;
    return parcel.item;
  }

  /** Whoever has waited longest for room, as long as there is some for it. */
  private admit(): void {
    for (let head = this.line[0]; head !== undefined; head = this.line[0]) {
      const { op, parcel } = head;
      if (parcel === undefined) {
        if (this.weight + this.reserved >= this.capacity) return;
        this.grant(op);
        this.decideReserve(op);
      } else {
        try {
          if (!this.merges(parcel)) {
            if (!this.fits(parcel)) return;
            this.store(parcel);
          }
          this.decideSend(op);
        } catch {
          this.fail(op, 'thrown');
        }
      }
      this.line.shift();
    }
  }

  private grant(op: number): void {
    this.reserved++;
    this.permits.set(op, 'held');
  }

  private giveBack(): void {
    this.reserved--;
    this.admit();
    this.finish();
  }

  /** The end of every operation: receivers see the end, and the watermarks are looked at. */
  private finish(): void {
    if (this.ended) {
      for (const op of this.receivers) this.outcomes.set(op, this.end());
      this.receivers = [];
    }
    if (this.cancelled || this.capacity === 0) return;
    const fullness = this.weight + this.reserved;
    const isHigh = this.pressure.at(-1)?.level === 'high';
    if (isHigh && fullness <= Math.floor(WATERMARKS.low * this.capacity)) {
      this.pressure.push({ level: 'low', fullness });
    } else if (!isHigh && fullness >= Math.ceil(WATERMARKS.high * this.capacity)) {
      this.pressure.push({ level: 'high', fullness });
    }
  }

  private decideSend(op: number): void {
    this.outcomes.set(op, { is: 'sent' });
    this.accepted.push(op);
  }

  private decideReserve(op: number): void {
    this.outcomes.set(op, { is: 'permitted' });
    this.permitted.push(op);
  }

  private serve(op: number, items: number[]): void {
    this.outcomes.set(op, { is: 'received', items });
    this.served.push(op);
  }

  private fail(op: number, error: Failure, value?: number): void {
    this.outcomes.set(op, value === undefined ? { is: 'failed', error } : { is: 'failed', error, value });
  }

  private end(): Outcome {
    return this.failing ? { is: 'failed', error: 'reason' } : { is: 'end' };
  }
}
