// flatMap: a source for each item, and the items of those sources.
//
// How far it runs ahead: at most `concurrency` sources are open or on their way while somebody asks, one less may be opened
// while nobody does. Each but the one that is served holds one item at the most. With a concurrency of 1 nothing at all.
//
// Invariant: `#slots` are the items of above whose source is on its way, open, or just ended, in order.

import { openerOf } from '../feed.js';
import { Context } from './context.js';
import type { Source as Iterable, StepContext } from './contract.js';
import { Lane, type LaneOwner } from './lane.js';
import type { Scope } from './scope.js';
import { Source } from './source.js';
import { type Answer, END, isThenable, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

interface Slot<In, Out> {
  /** The item while the call runs on it, then NONE. */
  input: In | typeof NONE;
  lane: Lane<Out> | undefined;
}

/** One such step at work. */
export class FlatMap<In, Out> implements Stage<Out>, Sink<In>, LaneOwner {
  sink: Sink<Out> = NOBODY;
  #asked = false;
  /** A pull of what is above is open. */
  #pulling = false;
  #ended = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #turn = 0;
  #slots: Slot<In, Out>[] = [];
  readonly #context: Context = new Context();

  constructor(
    private readonly above: Stage<In>,
    private readonly fn: (item: In, context: StepContext) => Iterable<Out> | PromiseLike<Iterable<Out>>,
    private readonly concurrency: number,
    private readonly ordered: boolean,
    private readonly scope: Scope,
  ) {
    above.sink = this;
  }

  pull(): Answer<Out> {
    this.#asked = true;
    return this.#now();
  }

  answer(item: In | typeof END): void {
    this.#pulling = false;
    this.#goOn(() => {
      if (item === END) this.#ended = true;
      else this.#start(item);
    });
  }

  changed(): void {
    this.#goOn(() => {});
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
    const slots = this.#slots;
    this.#slots = [];
    for (const { input, lane } of slots) {
      if (input !== NONE) this.scope.drop(input);
      lane?.stop(reason);
    }
    this.#context.stop(reason);
    this.above.stop(reason);
  }

  #fill(): void {
    while (this.#slots.length < this.concurrency - (this.#asked ? 0 : 1)) {
      if (this.#pulling || this.#ended || this.#stopped) return;
      this.#pulling = true;
      const item = this.above.pull();
      if (item === PENDING) return;
      this.#pulling = false;
      if (item === END) this.#ended = true;
      else this.#start(item);
    }
  }

  /** Calls the function for the source of an item. */
  #start(item: In): void {
    if (this.#stopped) return this.scope.dropLate(item);
    const slot: Slot<In, Out> = { input: item, lane: undefined };
    this.#slots.push(slot);
    let source: Iterable<Out> | PromiseLike<Iterable<Out>>;
    try {
      source = this.fn(item, this.#context);
      if (isThenable(source)) {
        Promise.resolve(source).then(
          (value) => this.#goOn(() => this.#open(slot, value)),
          (error: unknown) => {
            slot.input = NONE;
            this.fail(error);
          },
        );
        return;
      }
    } catch (error) {
      slot.input = NONE; // the thrower's business
      throw error;
    }
    this.#open(slot, source);
  }

  #open(slot: Slot<In, Out>, source: Iterable<Out>): void {
    slot.input = NONE;
    const stage = new Source<Out>(openerOf(source), this.scope);
    if (this.#stopped) return stage.stop(); // it came too late, and may hold something
    slot.lane = new Lane(stage, this, this.scope);
    // Working ahead is what a concurrency asks for; without one the source is asked when an item is.
    if (this.concurrency > 1) slot.lane.ask();
  }

  #goOn(event: () => void): void {
    let out: Answer<Out> = PENDING;
    try {
      event();
      if (this.#asked) out = this.#now();
      else this.#fill();
    } catch (error) {
      return this.fail(error);
    }
    if (out !== PENDING) this.sink.answer(out);
  }

  /** The answer, if there is one by now. */
  #now(): Answer<Out> {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (;;) {
      this.#fill();
      const out = this.#serve();
      if (out === NONE) continue; // a source has ended: there is room for another
      if (out !== PENDING) this.#asked = false;
      return out;
    }
  }

  #serve(): Answer<Out> | typeof NONE {
    if (this.#stopped) return PENDING;
    const slots = this.#slots;
    if (slots.length === 0) return this.#ended ? END : PENDING;
    for (const { lane } of slots) lane?.ask();
    if (this.#stopped) return PENDING;
    const candidates = this.ordered ? 1 : slots.length;
    if (this.#turn >= candidates) this.#turn = 0;
    for (let i = 0; i < candidates; i++) {
      const at = (this.#turn + i) % candidates;
      const { lane } = slots[at] as Slot<In, Out>;
      if (lane?.state === 'over') {
        slots.splice(at, 1);
        return NONE;
      }
      if (lane?.state !== 'ready') continue;
      this.#turn = at + 1;
      return lane.take();
    }
    return PENDING;
  }
}
