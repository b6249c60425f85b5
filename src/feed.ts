// A feed: a source poured into a channel, as `for (const item of source) await send(item)` would. `sendAll` and `from`.
//
// Guarantees: items are sent in order, each in its turn among the other senders; at most one is in hand, and nothing is
// pulled while it waits, nor from a channel that is closed. Every early end `return()`s the source, once, also while its
// `next()` is pending; a source that ended or failed by itself is left alone. No item is lost: the one in hand at an early
// end rides on the error, or goes to `onDrop`; so does one that the source yields after the end.
//
// Invariants: nothing is pulled once `#stopped`; the first outcome counts; `#inHand` is the wait of the item in hand,
// and in the channel's line exactly while that is neither sent nor taken back.

import { FOREVER, type Limits, wrong } from './arguments.js';
import type { Core, Follower, Stowed } from './channel.js';
import { closedError, NO_ITEM, timeoutError } from './errors.js';
import { type GivesUp, Guard } from './guard.js';
import type { Waiter } from './waiters.js';

/** Either protocol, as far as a feed uses it. */
interface Puller {
  readonly next: () => unknown;
  return?(): unknown;
}

/** How a source is opened, and whether it answers at once. */
export interface Opener {
  readonly open: () => Puller;
  readonly synchronous: boolean;
}

/** The opener of a source; throws where it is not iterable, naming it as `what`. */
export function openerOf(source: unknown, what = 'source'): Opener {
  const candidate = source as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown } | null | undefined;
  const asynchronous = candidate?.[Symbol.asyncIterator] ?? undefined;
  const method = asynchronous ?? candidate?.[Symbol.iterator];
  if (typeof method !== 'function') throw wrong(what, 'iterable or async iterable', source);
  return { open: () => method.call(source) as Puller, synchronous: asynchronous === undefined };
}

/** Who poured: the first outcome counts. */
export interface Pourer {
  /** Whether somebody gets the error: then it may carry the item in hand. */
  readonly heard: boolean;
  done(sent: number): void;
  failed(error: unknown): void;
}

/** Pours a source into a channel until one of them ends, the limits are spent, or the channel refuses an item. */
export function pour<T>(core: Core<T>, { open, synchronous }: Opener, limits: Limits, pourer: Pourer): void {
  let source: Puller;
  try {
    source = open();
  } catch (error) {
    return pourer.failed(error);
  }
  new Feed(core, source, synchronous, limits, pourer).start();
}

class Feed<T> implements Follower, GivesUp {
  #sent = 0;
  /** Nothing is pulled any more. */
  #stopped = false;
  /** The outcome is known, too: between the two an item in hand at a close is delivered. */
  #decided = false;
  #guard: Guard | undefined = undefined;
  #inHand: Waiter | undefined = undefined;
  /** The source's own code is on the stack, or its `next()` is pending. */
  #pulling = false;
  /** The source ended, failed, or was returned: it is not returned again. */
  #released = false;
  readonly #next: Puller['next'];

  constructor(
    private readonly core: Core<T>,
    private readonly source: Puller,
    private readonly synchronous: boolean,
    private readonly limits: Limits,
    private readonly pourer: Pourer,
  ) {
    this.#next = source.next; // looked up once, as the language does
  }

  start(): void {
    const { core, limits } = this;
    if (limits.signal?.aborted) return this.giveUp(limits.signal.reason);
    if (core.closed) return this.ending();
    core.followers.add(this);
    if (limits !== FOREVER) {
      this.#guard = new Guard(this, limits);
      this.#guard.start();
    }
    void this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let done: boolean | undefined;
      let item: T | undefined;
      this.#pulling = true;
      try {
        const pulled = this.#next.call(this.source);
        const step = (this.synchronous ? pulled : await pulled) as IteratorResult<T>;
        if (Object(step) !== step) throw wrong('the result of next()', 'an object', step);
        done = step.done;
        if (!done) item = step.value;
      } catch (error) {
        this.#released = true;
        return this.#fail(error);
      } finally {
        this.#pulling = false;
      }
      if (done) {
        this.#released = true;
        this.#decide();
        return this.pourer.done(this.#sent);
      }
      if (this.#stopped) {
        this.core.discard(item as T);
        this.#release();
        return this.core.tell();
      }
      try {
        await this.#place(item as T);
      } catch (refusal) {
        return this.#fail(refusal);
      }
      this.#inHand = undefined;
      this.#sent++;
    }
    // Closed while an item was in hand, which has been delivered now; or decided before.
    if (!this.#decided) this.#fail(this.#closed(NO_ITEM));
  }

  /** The cases of a send, in their order. */
  #place(item: T): Promise<unknown> {
    const { core } = this;
    let stowed: Stowed<T>;
    try {
      stowed = core.pack(item);
      if (core.offer(stowed)) return core.settler.accepted();
    } catch (error) {
      throw this.#spoiled(item, error);
    }
    const refusal = core.refusal(item, this.limits.timeout);
    if (refusal !== undefined) {
      // Of `from` it becomes the channel's end, and the item rides on that; a cancel may still put another in its place.
      if (!this.pourer.heard) core.followers.add({ cancelling: () => core.discard(item), ending() {} });
      throw refusal;
    }
    this.#inHand = core.waitToSend(stowed, FOREVER);
    return (this.#inHand.promise as Promise<unknown>).catch((error: unknown) => {
      throw this.#decided ? error : this.#spoiled(item, error);
    });
  }

  /** An item over which a function of the user's failed, `weigh`, `key` or `coalesce`: its error cannot give it back. */
  #spoiled(item: T, error: unknown): unknown {
    this.core.discard(item);
    this.core.tell();
    return error;
  }

  cancelling(): void {
    const item = this.#takeBack();
    if (this.pourer.heard) this.#fail(this.#closed(item), false);
    else if (item !== NO_ITEM) this.core.discard(item as T);
  }

  ending(): void {
    // A blocked send is delivered before the end; only then is the outcome decided.
    if (!this.#decided && this.#inHand?.list === undefined) this.#fail(this.#closed(NO_ITEM));
    this.#release();
  }

  giveUp(reason: unknown): void {
    const item = this.#takeBack();
    if (item !== NO_ITEM) this.core.discard(item as T);
    this.#fail(reason, false);
    this.core.goOn();
    this.#release();
    this.core.tell();
  }

  expired(timeout: number): unknown {
    return timeoutError(this.core.place, 'sendAll', timeout, this.#takeBack(), 'and what it sent before stays sent');
  }

  /** Takes the item in hand out of the channel's line: it was not sent, and `#run` goes no further. */
  #takeBack(): unknown {
    const waiter = this.#inHand;
    if (waiter?.list === undefined) return NO_ITEM;
    waiter.leave();
    this.#inHand = undefined;
    return this.core.unpack(waiter.value as Stowed<T>);
  }

  #closed(value: unknown): Error {
    return closedError(this.core, value);
  }

  /** Ends early with an error. */
  #fail(error: unknown, release = true): void {
    this.#stopped = this.#decided = true;
    this.pourer.failed(error);
    this.#decide();
    if (release) this.#release();
  }

  /** Nothing is pulled any more, and no limit can change the outcome. */
  #decide(): void {
    this.#stopped = this.#decided = true;
    this.#guard?.release();
    // At the end every follower is still told, and then forgotten.
    if (!this.core.ended) this.core.followers.delete(this);
  }

  #release(): void {
    this.#stopped = true;
    // A generator whose code is running cannot be returned: `#run` does it once that has left the stack.
    if (this.#released || (this.synchronous && this.#pulling)) return;
    this.#released = true;
    const returned = new Promise<void>((resolve) => resolve(this.source.return?.() as undefined));
    returned.catch(() => {}); // silent, but to whoever disposes of the channel
    if (!this.pourer.heard) this.core.returning = returned;
  }
}
