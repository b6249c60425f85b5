// How a bridge takes items out of a source, one at a time, for a side that may be gone by then.
//
// Guarantees: nothing is taken before it is asked for, and of our own channels nothing is taken unless it is handed on in
// the same stretch of code (calls.ts). Two other kinds of sources can only promise an item: a foreign `Receiver`, and what
// a step makes of one. There an item that comes after the side has left goes to `dropLate`; one that comes while the side is
// there, and wants none just then, is kept for its next ask, and nothing is taken ahead of that.
//
// Invariants: at most one ask is open; after `end`, `leave` or `cancel`, the taker hears nothing more.

import { ITEM, type Taker } from '../calls.js';
import type { Receiver, WaitOptions } from '../contract.js';
import { host } from '../host.js';
import { nextMacrotask } from '../macrotask.js';
import { spendsBudget } from '../politeness.js';
import { wrong } from '../arguments.js';

export type { Taker };

/** Nothing is there now. */
export const NOTHING: unique symbol = Symbol('nothing');

/** The source of a bridge, as it is asked. */
export interface Asking<T> {
  /** An item that can be had at once, taken. Nothing where others wait, and now and then to let the event loop run: then `ask`. */
  now(): T | typeof NOTHING;
  /** Waits for an item, or the end, and tells the taker; nothing while it waits already. */
  ask(): void;
  /** Is done with the source. What it asked for was not taken; or, where that cannot be known or was, goes to `dropLate`. */
  leave(): void;
  /** Leaves, where it has not, and tells the source that nobody wants its items any more. */
  cancel(reason: unknown): void;
  /**
   * Calls `tell` once the end is known, although nobody asks; only where the source can say so, and not after `cancel`.
   * Gives what takes that back: a source may live longer than whoever asks it.
   */
  foresee(tell: (reason: unknown) => void): () => void;
}

/** A receiver of ours that is no channel has this: `receive`, but an item that is `undefined` is no end. */
export const STEP: unique symbol = Symbol.for('sluice.step') as never;

/** What is known of a source from outside. */
type Source<T> = Partial<Receiver<T>> & {
  tryReceive?<F>(fallback: F): T | F;
  readonly completion?: Promise<void>;
  [ITEM]?(taker: Taker<T>): () => void;
};

/** Asks a channel, another receiver or an async iterable; throws a TypeError at anything else. */
export function asking<T>(
  source: Receiver<T> | AsyncIterable<T>,
  taker: Taker<T>,
  dropLate: (item: T) => void,
): Asking<T> {
  const given = Object(source) as Source<T>;
  if (typeof given[ITEM] === 'function') return new OwnChannel(given, taker, dropLate);
  if (typeof given.receive === 'function' && typeof given.cancel === 'function') {
    return new Promised(new ForeignReceiver(given as Receiver<T>), taker, dropLate);
  }
  if (typeof given[Symbol.asyncIterator] === 'function') return new Promised(new Iterated(source), taker, dropLate);
  throw wrong('source', 'a Receiver', source);
}

/** A channel of this library, whichever copy of it. */
class OwnChannel<T> implements Asking<T>, Taker<T> {
  #leave: (() => void) | undefined = undefined;
  #over = false;
  /** The budget is spent: the next item comes after the event loop has run. */
  #rests = false;

  constructor(
    private readonly channel: Source<T>,
    private readonly taker: Taker<T>,
    private readonly dropLate: (item: T) => void,
  ) {}

  now(): T | typeof NOTHING {
    if (this.#over || this.#leave !== undefined || this.#rests) return NOTHING;
    if (this.channel.tryReceive === undefined) return NOTHING;
    this.#rests = spendsBudget();
    if (this.#rests) return NOTHING;
    const item = this.channel.tryReceive(NOTHING);
    if (!this.#over || item === NOTHING) return item;
    this.dropLate(item); // the channel told somebody how full it is, and that one made the side leave
    return NOTHING;
  }

  ask(): void {
    if (this.#leave !== undefined || this.#over) return;
    if (!this.#rests) return this.#enter();
    let stays = true;
    this.#leave = () => {
      stays = false;
    };
    nextMacrotask(() => {
      this.#rests = false;
      if (stays) this.#enter();
    });
  }

  #enter(): void {
    this.#leave = this.channel[ITEM]?.(this);
  }

  leave(): void {
    this.#over = true;
    this.#leave?.();
    this.#leave = undefined;
  }

  cancel(reason: unknown): void {
    this.leave();
    quietly(() => this.channel.cancel?.(reason));
  }

  foresee(tell: (reason: unknown) => void): () => void {
    return onEnd(this.channel, (reason) => {
      if (this.#over) return;
      this.leave();
      tell(reason);
    });
  }

  // As a taker.

  wants(): boolean {
    const wants = this.taker.wants();
    if (!wants) this.#leave = undefined; // the wait is over, and nothing was taken
    return wants;
  }

  take(item: T): void {
    this.#leave = undefined;
    this.taker.take(item);
  }

  end(reason: unknown): void {
    this.#leave = undefined;
    this.#over = true;
    this.taker.end(reason);
  }
}

type Told = (reason: unknown) => void;

/** Who is told of the end of which channel: one reaction a channel, since a promise cannot forget one. */
const ends = new WeakMap<object, Set<Told>>();

/** Calls `tell` at the end of a channel that has a `completion`; gives what takes that back. */
function onEnd<T>(channel: Source<T>, tell: Told): () => void {
  const all = ends.get(channel) ?? watchEnd(channel);
  all.add(tell);
  return () => void all.delete(tell);
}

/** Apart from the above, so that the closure which the promise keeps sees none of those who may leave. */
function watchEnd<T>(channel: Source<T>): Set<Told> {
  const all: Set<Told> = new Set();
  const over = (reason: unknown): void => {
    ends.delete(channel);
    for (const tell of all) tell(reason);
  };
  channel.completion?.then(() => over(undefined), over);
  ends.set(channel, all);
  return all;
}

/** What a promise of a source was rejected with, as an end: that is quiet where it is undefined. */
export const failure = (error: unknown): unknown =>
  error === undefined ? new Error('the source failed, and did not say why') : error;

/** An item, or the end. */
interface Step<T> {
  readonly done: boolean;
  readonly value: T;
}

/** Something that promises items. */
interface Promiser<T> {
  /** Rejects at a failed end. What it promises must be wanted, or be dropped. */
  next(): PromiseLike<Step<T>>;
  /** Gives up what `next` waits for, as far as it can. */
  giveUp(): void;
  cancel(reason: unknown): void;
}

/** A source that promises each item before the side that it is for can be asked again. */
class Promised<T> implements Asking<T> {
  /** The ask that is open, by its number; 0 where none is. */
  #open = 0;
  #asks = 0;
  /** Nothing is asked any more: it has left, or there is nothing. */
  #over = false;
  /** The source has ended, or was cancelled. */
  #ended = false;
  /** Has come when the side wanted none: for its next ask. */
  #kept: Step<T> | undefined = undefined;

  constructor(
    private readonly source: Promiser<T>,
    private readonly taker: Taker<T>,
    private readonly dropLate: (item: T) => void,
  ) {}

  now(): typeof NOTHING {
    return NOTHING;
  }

  ask(): void {
    if (this.#open !== 0 || this.#over) return;
    const number = ++this.#asks;
    this.#open = number;
    if (!spendsBudget()) return this.#request(number);
    nextMacrotask(() => {
      if (this.#open === number) this.#request(number);
    });
  }

  #request(number: number): void {
    const failed = (error: unknown): void => {
      if (this.#open !== number) return;
      this.#end(failure(error));
    };
    let next: Step<T> | PromiseLike<Step<T>> | undefined = this.#kept;
    this.#kept = undefined;
    try {
      next ??= this.source.next();
    } catch (error) {
      next = Promise.reject(error);
    }
    Promise.resolve(next).then((step) => {
      if (Object(step) !== step) return failed(wrong('the result of next()', 'an object', step));
      const { done, value } = step;
      const asked = this.#open === number;
      if (asked) this.#open = 0;
      if (!done) {
        if (!asked) this.dropLate(value);
        else if (this.taker.wants()) this.taker.take(value);
        else this.#kept = { done: false, value };
      } else if (asked) {
        this.#end(undefined);
      }
    }, failed);
  }

  leave(): void {
    this.#over = true;
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) this.dropLate(kept.value);
    if (this.#open === 0) return;
    this.#open = 0;
    this.source.giveUp();
  }

  cancel(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.leave();
    this.source.cancel(reason);
  }

  foresee(): () => void {
    return () => {};
  }

  #end(reason: unknown): void {
    this.#open = 0;
    this.#over = true;
    this.#ended = true;
    this.taker.end(reason);
  }
}

/** A receiver without the seam: `undefined` is its end, unless it is one of ours. */
class ForeignReceiver<T> implements Promiser<T> {
  #controller = new host.AbortController();

  constructor(private readonly receiver: Receiver<T> & { [STEP]?(options: WaitOptions): Promise<Step<T>> }) {}

  async next(): Promise<Step<T>> {
    const { receiver } = this;
    const options = { signal: this.#controller.signal };
    if (receiver[STEP] !== undefined) return receiver[STEP](options);
    const value = (await receiver.receive(options)) as T;
    return { done: value === undefined, value };
  }

  giveUp(): void {
    this.#controller.abort();
    this.#controller = new host.AbortController();
  }

  cancel(reason: unknown): void {
    quietly(() => this.receiver.cancel(reason));
  }
}

/** What a step gives: opened at the first ask, returned at a cancel. */
class Iterated<T> implements Promiser<T> {
  #iterator: AsyncIterator<T> | undefined = undefined;

  constructor(private readonly iterable: AsyncIterable<T>) {}

  next(): PromiseLike<Step<T>> {
    return this.#opened().next() as PromiseLike<Step<T>>;
  }

  giveUp(): void {}

  cancel(): void {
    // Also where it was never opened: so that whatever hangs on it is let go.
    quietly(() => this.#opened().return?.());
  }

  #opened(): AsyncIterator<T> {
    this.#iterator ??= this.iterable[Symbol.asyncIterator]();
    return this.#iterator;
  }
}

/** Whoever leaves is not interested in how the other side takes it. */
function quietly(run: () => unknown): void {
  try {
    Promise.resolve(run()).catch(() => {});
  } catch {
    // The same.
  }
}
