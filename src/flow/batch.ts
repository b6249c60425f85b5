// batch: items collected into arrays, by number, by weight, by time.
//
// How far it runs ahead: one item, where a batch went down because its time was over while the next item was on its way.
//
// Invariants: `#items` is the batch that grows, `#weight` the sum of its weights. An item that was too heavy to join it is
// `#next`, for as long as it takes to hand the batch down: nothing is pulled but for an ask. A timer runs exactly while the
// batch is not empty, not complete, and there is a `within`.

import { show } from '../arguments.js';
import { Guard } from '../guard.js';
import type { Scope } from './scope.js';
import { type Answer, END, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

/** Collects items. */
export class Batch<T> implements Stage<T[]>, Sink<T> {
  sink: Sink<T[]> = NOBODY;
  #items: T[] = [];
  #weight = 0;
  #next: T | typeof NONE = NONE;
  #nextWeight = 0;
  /** Full, or its time is over. */
  #complete = false;
  #timer: Guard | undefined = undefined;
  #asked = false;
  /** A pull of what is above is open. */
  #pulling = false;
  #ended = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined = undefined;

  constructor(
    private readonly above: Stage<T>,
    private readonly size: number,
    private readonly within: number,
    private readonly weigh: ((item: T) => number) | undefined,
    private readonly scope: Scope,
  ) {
    above.sink = this;
  }

  pull(): Answer<T[]> {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#asked = true;
    return this.#now();
  }

  answer(item: T | typeof END): void {
    this.#pulling = false;
    let out: Answer<T[]> = PENDING;
    try {
      this.#add(item);
      if (this.#asked) out = this.#now();
    } catch (error) {
      return this.fail(error);
    }
    if (out !== PENDING) this.sink.answer(out);
  }

  fail(error: unknown): void {
    if (this.#stopped) return;
    if (this.#asked) return this.sink.fail(error);
    this.stop(error);
    this.#failure = { error };
    this.scope.tell();
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.release();
    for (const item of this.#items) this.scope.drop(item);
    this.#items = [];
    this.above.stop(reason);
  }

  /** The batch, once it is complete; pulls until it is. */
  #now(): Answer<T[]> {
    while (!this.#complete && !this.#ended && !this.#pulling && !this.#stopped) {
      this.#pulling = true;
      const item = this.above.pull();
      if (item === PENDING) break;
      this.#pulling = false;
      this.#add(item);
    }
    if (this.#stopped) return PENDING;
    if (this.#complete || (this.#ended && this.#items.length > 0)) {
      this.#asked = false;
      return this.#take();
    }
    if (!this.#ended) return PENDING;
    this.#asked = false;
    return END;
  }

  #add(item: T | typeof END): void {
    if (item === END) {
      this.#ended = true;
      return;
    }
    const weight = this.weigh === undefined || this.#stopped ? 1 : this.#weighed(item, this.weigh);
    if (this.#stopped) return this.scope.dropLate(item);
    if (this.#items.length === 0 || this.#weight + weight <= this.size) return this.#join(item, weight);
    this.#next = item;
    this.#nextWeight = weight;
    this.#finish();
  }

  #weighed(item: T, weigh: (item: T) => number): number {
    const weight = weigh(item);
    if (typeof weight === 'number' && weight >= 0) return weight;
    throw new RangeError(`the weight of an item in a batch must be a number from 0, got ${show(weight)}`);
  }

  #join(item: T, weight: number): void {
    this.#items.push(item);
    this.#weight += weight;
    if (this.#weight >= this.size) this.#finish();
    else if (this.#items.length === 1 && this.within !== Number.POSITIVE_INFINITY) this.#startTimer();
  }

  #finish(): void {
    this.#complete = true;
    this.#timer?.release();
    this.#timer = undefined;
  }

  #take(): T[] {
    const items = this.#items;
    this.#items = [];
    this.#weight = 0;
    this.#finish();
    this.#complete = false;
    if (this.#next !== NONE) {
      const next = this.#next;
      this.#next = NONE;
      this.#join(next, this.#nextWeight);
    }
    return this.scope.batch(items);
  }

  #startTimer(): void {
    const over = {
      expired: () => undefined,
      giveUp: () => {
        this.#finish();
        if (!this.#asked) return;
        this.#asked = false;
        this.sink.answer(this.#take());
      },
    };
    this.#timer = new Guard(over, { signal: undefined, timeout: this.within });
    this.#timer.start();
  }
}
