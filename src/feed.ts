// A feed: a source poured into a channel, as `for (const item of source) await send(item)` would. `sendAll` and `from`.
//
// Guarantees: items are sent in order, each in its turn among the other senders; at most one is in hand, and nothing is
// pulled while it waits, nor from a channel that is closed. Every early end `return()`s the source, once, also while its
// `next()` is pending; a source that ended or failed by itself is left alone. No item is lost: the one in hand at an early
// end rides on the error, or goes to `onDrop`; so does one that the source yields after the end.
//
// Invariants: `over` once the outcome is told, and it is told once; `stopped` before the source is returned, and nothing
// is pulled afterwards; `inHand` is the item's wait, while it waits in the channel's line.

import { FOREVER, type Limits, show } from './arguments.js';
import type { Core, Follower } from './channel.js';
import { closedError, NO_ITEM, timeoutError } from './errors.js';
import { Guard, type GivesUp } from './guard.js';
import type { Waiter } from './waiters.js';

/** Who is told how a feed went. */
export interface Outcome {
  /** The source ended; `sent` items were sent. */
  ended(sent: number): void;
  /** The source, or the channel's policy, failed. */
  failed(error: unknown): void;
  /** The channel was closed or cancelled, or the wait was given up: not the source's doing. */
  stopped(error: unknown): void;
  /** The source's `return()` is under way. */
  returning(done: Promise<void>): void;
  /** Whether somebody gets the errors: if not, the item in hand goes to `onDrop` instead of riding on one. */
  readonly heard: boolean;
}

/** Either protocol, as far as a feed uses it. */
interface Puller {
  next(): unknown;
  return?: (() => unknown) | null;
}

type Source<T> = Iterable<T> | AsyncIterable<T>;

/** How a source is opened, and whether it answers at once. */
export interface Opener {
  readonly open: () => Puller;
  readonly synchronous: boolean;
}

/** The opener of a source; throws where it is not iterable. */
export function openerOf<T>(source: Source<T>): Opener {
  const candidate = source as Partial<Iterable<T> & AsyncIterable<T>> | null | undefined;
  const asynchronous = candidate?.[Symbol.asyncIterator];
  const opener: unknown = asynchronous ?? candidate?.[Symbol.iterator];
  if (typeof opener !== 'function') throw new TypeError(`source must be iterable or async iterable, got ${show(source)}`);
  return { open: () => opener.call(source) as Puller, synchronous: asynchronous === undefined || asynchronous === null };
}

/** Pours a source into a channel until one of them ends, the limits are spent, or the channel refuses an item. */
export function pour<T>(core: Core<T>, { open, synchronous }: Opener, limits: Limits, outcome: Outcome): void {
  let source: Puller;
  try {
    source = open();
  } catch (error) {
    outcome.failed(error);
    return;
  }
  new Feed(core, source, synchronous, limits, outcome).start();
}

class Feed<T> implements Follower, GivesUp {
  private sent = 0;
  private stopped = false;
  private over = false;
  /** The source's code is on the stack, or its `next()` is pending. */
  private pulling = false;
  private returned = false;
  private inHand: Waiter | undefined = undefined;
  /** An item taken back at a cancel, for the error to carry. */
  private takenBack: unknown = NO_ITEM;
  private guard: Guard | undefined = undefined;

  constructor(
    private readonly core: Core<T>,
    private readonly source: Puller,
    private readonly synchronous: boolean,
    private readonly limits: Limits,
    private readonly outcome: Outcome,
  ) {}

  start(): void {
    const { core, limits } = this;
    if (limits.signal?.aborted === true) {
      this.giveUp(limits.signal.reason);
    } else if (core.closed) {
      this.ending();
    } else {
      core.followers.add(this);
      if (limits !== FOREVER) this.guard = new Guard(this, limits);
      void this.run();
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      let done: boolean | undefined;
      let item: T;
      try {
        this.pulling = true;
        const pulled = this.source.next();
        const step = (this.synchronous ? pulled : await pulled) as IteratorResult<T>;
        if (typeof step !== 'object' || step === null) throw new TypeError(`source.next() must give an object, got ${show(step)}`);
        done = step.done;
        item = step.value;
      } catch (error) {
        this.pulling = false;
        this.returned = true;
        this.finish(() => this.outcome.failed(error));
        return;
      }
      this.pulling = false;
      if (done) {
        this.returned = true;
        this.finish(() => this.outcome.ended(this.sent));
        return;
      }
      if (this.stopped) {
        this.returnSource();
        this.discard(item);
        return;
      }
      try {
        await this.place(item);
      } catch (error) {
        // A refusal by the channel; the item is the error's value.
        this.finish(() => this.outcome.failed(error));
        this.returnSource();
        return;
      }
      this.inHand = undefined;
      this.sent++;
    }
    // Closed while an item was in hand, which has been delivered now; or over already.
    this.finish(() => this.outcome.stopped(this.closedError(NO_ITEM)));
  }

  /** Cases 1 to 4 of a send. */
  private place(item: T): Promise<unknown> {
    const { core } = this;
    if (core.offer(item)) return core.settler.accepted();
    const refusal = core.refusal(item, this.limits.timeout);
    if (refusal !== undefined) throw refusal;
    this.inHand = core.waitToSend(item, FOREVER);
    return this.inHand.promise;
  }

  cancelling(): void {
    this.takenBack = this.takeBack();
    if (this.takenBack === NO_ITEM || this.outcome.heard) return;
    this.core.discard(this.takenBack as T);
    this.takenBack = NO_ITEM;
  }

  ending(): void {
    // A blocked send is delivered before the end: only then is the feed over.
    if (this.inHand?.list === undefined) this.finish(() => this.outcome.stopped(this.closedError(this.takenBack)));
    this.returnSource();
  }

  giveUp(reason: unknown): void {
    const item = this.takeBack();
    if (item !== NO_ITEM) this.core.discard(item as T);
    this.finish(() => this.outcome.stopped(reason));
    this.returnSource();
    this.core.settings.drops?.tell();
  }

  expired(timeout: number): Error {
    return timeoutError(this.core.settings.place, 'sendAll', timeout, this.takeBack());
  }

  /** Takes the item in hand out of the channel's line: it was not sent. */
  private takeBack(): unknown {
    const waiter = this.inHand;
    if (waiter?.list === undefined) return NO_ITEM;
    this.stopped = true;
    waiter.leave();
    waiter.resolve(undefined);
    return waiter.value;
  }

  private discard(item: T): void {
    this.core.discard(item);
    this.core.settings.drops?.tell();
  }

  private closedError(value: unknown): Error {
    return closedError(this.core.settings.place, this.core.reason, value);
  }

  private finish(tell: () => void): void {
    this.stopped = true;
    if (this.over) return;
    this.over = true;
    this.guard?.release();
    this.core.followers.delete(this);
    tell();
  }

  private returnSource(): void {
    this.stopped = true;
    // A generator that is running cannot be returned: `run` does it when its code has left the stack.
    if (this.returned || (this.synchronous && this.pulling)) return;
    this.returned = true;
    let done: Promise<unknown>;
    try {
      done = Promise.resolve(this.source.return?.());
    } catch (error) {
      done = Promise.reject(error);
    }
    const settled = done.then(() => undefined);
    settled.catch(() => undefined); // silent, but for whoever waits on it
    this.outcome.returning(settled);
  }
}
