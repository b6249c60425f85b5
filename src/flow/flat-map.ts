// flatMap: a source for each item, and the items of those sources.
//
// How far it runs ahead: at most `concurrency` sources are open or on their way while somebody asks, one less may be opened
// while nobody does. Each but the one that is served holds one item at the most. With a concurrency of 1 nothing at all.
//
// Invariants: `#slots` are the items of above whose source is on its way, or open, or has ended and was not looked at yet.
// `#line` is what is served next: where it is ordered all of them, in order, and the first is served; else those that have an
// item or have ended, as they came. `#idle` is the one whose source must be asked when somebody asks: the one served last, at a
// concurrency of 1 also the one just opened.

import { openerOf } from '../feed.js';
import { Ring } from '../ring.js';
import { Context } from './context.js';
import type { Source as Iterable, StepContext } from './contract.js';
import { Lane } from './lane.js';
import type { Scope } from './scope.js';
import { Source } from './source.js';
import { type Answer, END, isThenable, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

interface Slot<In, Out> {
  /** The item while the call runs on it, then NONE. */
  input: In | typeof NONE;
  lane: Lane<Out> | undefined;
}

/** One such step at work. */
export class FlatMap<In, Out> implements Stage<Out>, Sink<In> {
  sink: Sink<Out> = NOBODY;
  #asked = false;
  /** A pull of what is above is open. */
  #pulling = false;
  #ended = false;
  /** The answer to whoever asks is being looked for: nobody is told of what comes meanwhile. */
  #looking = false;
  /** Something came meanwhile, on the same stack: of two sources that are fed by one hub, say. */
  #again = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #idle: Slot<In, Out> | undefined = undefined;
  readonly #slots: Set<Slot<In, Out>> = new Set();
  readonly #line: Ring<Slot<In, Out>> = new Ring<Slot<In, Out>>();
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

  fail(error: unknown): void {
    if (this.#stopped) return;
    if (this.#looking) {
      this.#failure = { error };
      this.#again = true;
      return;
    }
    if (this.#asked) return this.sink.fail(error);
    this.stop(error);
    this.#failure = { error };
    this.scope.tell();
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const { input, lane } of this.#slots) {
      if (input !== NONE) this.scope.drop(input);
      lane?.stop(reason);
    }
    this.#context.stop(reason);
    this.above.stop(reason);
  }

  #fill(): void {
    while (this.#slots.size < this.concurrency - (this.#asked ? 0 : 1)) {
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
    this.#slots.add(slot);
    if (this.ordered) this.#line.push(slot);
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
    const stage = new Source<Out>(openerOf(source, 'what the function of flatMap gives'), this.scope);
    if (this.#stopped) return stage.stop(); // it came too late, and may hold something
    const changed = (): void => this.#goOn(() => this.#tell(slot));
    slot.lane = new Lane(stage, { changed, fail: (error) => this.fail(error) }, this.scope);
    // Working ahead is what a concurrency asks for; without one the source is asked when an item is.
    if (this.concurrency > 1) this.#ask(slot);
    else this.#idle = slot;
  }

  #ask(slot: Slot<In, Out>): void {
    slot.lane?.ask();
    if (slot.lane?.state !== 'asked') this.#tell(slot);
  }

  /** There is an item of that source, or its end. */
  #tell(slot: Slot<In, Out>): void {
    if (!this.ordered) this.#line.push(slot);
  }

  /** Whatever a later event brings: does it, works ahead, and answers whoever asks. */
  #goOn(event: () => void): void {
    let out: Answer<Out> = PENDING;
    try {
      event();
      this.#again = true;
      if (this.#looking) return;
      if (!this.#asked) this.#fill();
      if (this.#asked) out = this.#now();
    } catch (error) {
      return this.fail(error);
    }
    if (out !== PENDING) this.sink.answer(out);
  }

  /** The answer, if there is one by now. */
  #now(): Answer<Out> {
    let out: Answer<Out> | typeof NONE;
    this.#looking = true;
    try {
      do {
        if (this.#failure !== undefined) throw this.#failure.error;
        this.#again = false;
        this.#fill();
        out = this.#serve();
      } while (out === NONE || (out === PENDING && this.#again)); // NONE: a source has ended, there is room for another
    } finally {
      this.#looking = false;
    }
    if (out !== PENDING) this.#asked = false;
    return out;
  }

  #serve(): Answer<Out> | typeof NONE {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle !== undefined) this.#ask(idle);
    if (this.#stopped || this.#failure !== undefined) return PENDING;
    const slot = this.#line.first;
    if (slot === undefined) return this.#ended && this.#slots.size === 0 ? END : PENDING;
    const { lane } = slot;
    if (lane?.state === 'over') {
      this.#line.shift();
      this.#slots.delete(slot);
      return NONE;
    }
    if (lane?.state !== 'ready') return PENDING;
    if (!this.ordered) this.#line.shift();
    this.#idle = slot;
    return lane.take();
  }
}
