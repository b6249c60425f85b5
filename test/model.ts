// The specification of a channel as code: plain arrays, no promises, no speed. What it says is what must happen; the tests
// run it beside the real channel and compare after every step.
//
// An operation is known by a number. It is decided when `outcomes` has an entry for it; until then it waits.

/** What an operation came to. */
export type Outcome =
  | { readonly is: 'sent' }
  | { readonly is: 'received'; readonly items: readonly number[] }
  | { readonly is: 'end' }
  | { readonly is: 'failed'; readonly error: Failure; readonly value?: number };

/** Why an operation was refused. */
export type Failure = 'closed' | 'timeout' | 'overflow' | 'too many waiters' | 'aborted' | 'reason';

export type Policy = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject';

/** The specification. */
export class Model {
  readonly outcomes = new Map<number, Outcome>();
  /** Sends that were accepted, in that order: their promises must fulfil in it. */
  readonly accepted: number[] = [];
  /** Receives that got items, in the order of the items: their promises must fulfil in it. */
  readonly served: number[] = [];
  readonly dropped: { item: number; why: 'drop-oldest' | 'drop-newest' | 'cancel' }[] = [];
  buffer: number[] = [];
  senders: { op: number; item: number }[] = [];
  receivers: number[] = [];
  closed = false;
  /** Whether the end is an error. */
  failing = false;
  cancelled = false;
  sent = 0;
  received = 0;
  peak = 0;

  constructor(
    readonly capacity: number,
    readonly policy: Policy,
    readonly maxWaiters: number,
  ) {}

  get ended(): boolean {
    return this.cancelled || (this.closed && this.buffer.length === 0 && this.senders.length === 0);
  }

  trySend(item: number): boolean {
    if (this.closed) return false;
    const receiver = this.receivers.shift();
    if (receiver !== undefined) {
      this.sent++;
      this.serve(receiver, [item]);
    } else if (this.buffer.length < this.capacity) {
      this.accept(item);
    } else if (this.policy === 'drop-newest') {
      this.sent++;
      this.dropped.push({ item, why: 'drop-newest' });
    } else if (this.policy === 'drop-oldest') {
      this.dropped.push({ item: this.buffer.shift() as number, why: 'drop-oldest' });
      this.accept(item);
    } else {
      return false;
    }
    return true;
  }

  send(op: number, item: number, once: boolean): void {
    const refuse = (error: Failure): void => void this.outcomes.set(op, { is: 'failed', error, value: item });
    if (this.trySend(item)) this.decideSend(op);
    else if (this.closed) refuse('closed');
    else if (this.policy === 'reject') refuse('overflow');
    else if (once) refuse('timeout');
    else if (this.senders.length >= this.maxWaiters) refuse('too many waiters');
    else this.senders.push({ op, item });
  }

  tryReceive(): number | undefined {
    if (this.buffer.length === 0 && this.senders.length === 0) return undefined;
    this.received++;
    const sender = this.senders.shift();
    if (sender !== undefined) {
      this.accept(sender.item); // for a moment one above the capacity: the oldest leaves at once
      this.decideSend(sender.op);
    }
    return this.buffer.shift();
  }

  /** `max` 1 for `receive` and `next`. */
  receive(op: number, max: number, once: boolean): void {
    const items = this.takeMany(max);
    if (items.length > 0) this.serve(op, items, 0);
    else if (this.ended) this.outcomes.set(op, this.end());
    else if (once) this.outcomes.set(op, { is: 'failed', error: 'timeout' });
    else this.receivers.push(op);
  }

  takeMany(max: number): number[] {
    const items: number[] = [];
    for (let item = this.tryReceive(); item !== undefined; item = items.length < max ? this.tryReceive() : undefined) {
      items.push(item);
    }
    return items;
  }

  /** A wait is aborted or times out: no effect but that it is over. */
  giveUp(op: number, error: Failure): void {
    const sender = this.senders.find((each) => each.op === op);
    if (sender === undefined && !this.receivers.includes(op)) return;
    this.senders = this.senders.filter((each) => each.op !== op);
    this.receivers = this.receivers.filter((each) => each !== op);
    const carries = sender !== undefined && error === 'timeout';
    this.outcomes.set(op, carries ? { is: 'failed', error, value: sender.item } : { is: 'failed', error });
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
    if (this.ended) this.endReceivers();
  }

  cancel(failing: boolean): void {
    if (this.ended) return;
    this.closed = this.cancelled = true;
    this.failing = failing;
    for (const item of this.buffer) this.dropped.push({ item, why: 'cancel' });
    for (const { op, item } of this.senders) this.outcomes.set(op, { is: 'failed', error: 'closed', value: item });
    this.buffer = [];
    this.senders = [];
    this.endReceivers();
  }

  private accept(item: number): void {
    this.sent++;
    this.buffer.push(item);
    this.peak = Math.max(this.peak, Math.min(this.buffer.length, this.capacity));
  }

  private decideSend(op: number): void {
    this.outcomes.set(op, { is: 'sent' });
    this.accepted.push(op);
  }

  private serve(op: number, items: number[], counts = items.length): void {
    this.received += counts;
    this.outcomes.set(op, { is: 'received', items });
    this.served.push(op);
  }

  private end(): Outcome {
    return this.failing ? { is: 'failed', error: 'reason' } : { is: 'end' };
  }

  private endReceivers(): void {
    for (const op of this.receivers) this.outcomes.set(op, this.end());
    this.receivers = [];
  }
}
