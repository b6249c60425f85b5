// The steps that take from several sources at once: what they share.
//
// How far it runs ahead: by one item of each source at the most, since a source must be asked to know whether it is ready.
// Nothing is asked of any while nobody asks this step.
//
// Invariant: while `#choosing`, an ask of one lane may bring something to another, on the same stack, where both are fed by
// one hub. That is noted in `#again`, an error in `#failure`, and nobody is told: whoever chooses looks once more.

import { Lane, type LaneOwner } from './lane.js';
import type { Scope } from './scope.js';
import { type Answer, END, NOBODY, PENDING, type Sink, type Stage } from './stage.js';

/** How an answer is found among the lanes: asks those that it needs; PENDING where it must wait. May throw. */
export type Choose<Out> = (lanes: readonly Lane<unknown>[]) => Answer<Out>;

/** A step over several sources. */
export class FanIn<Out> implements Stage<Out>, LaneOwner {
  sink: Sink<Out> = NOBODY;
  #asked = false;
  #choosing = false;
  #again = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  readonly #lanes: readonly Lane<unknown>[];

  constructor(
    sources: readonly Stage<unknown>[],
    private readonly choose: Choose<Out>,
    private readonly scope: Scope,
  ) {
    this.#lanes = sources.map((source) => new Lane(source, this, scope));
  }

  pull(): Answer<Out> {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#asked = true;
    return this.#now();
  }

  changed(): void {
    this.#again = true;
    if (!this.#asked || this.#choosing) return;
    let out: Answer<Out>;
    try {
      out = this.#now();
    } catch (error) {
      return this.fail(error);
    }
    if (out !== PENDING) this.sink.answer(out);
  }

  fail(error: unknown): void {
    if (this.#stopped) return;
    if (this.#choosing) {
      this.#failure = { error };
      this.#stopLanes(error); // so that nothing is taken any more
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
    this.#stopLanes(reason);
  }

  #stopLanes(reason: unknown): void {
    for (const lane of this.#lanes) lane.stop(reason);
  }

  #now(): Answer<Out> {
    if (this.#stopped) return PENDING;
    const out = this.#chosen();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (out === PENDING) return PENDING;
    this.#asked = false;
    if (out === END) {
      this.stop(undefined); // the source of a zip that ends first ends the others
      this.scope.tell();
    }
    return out;
  }

  #chosen(): Answer<Out> {
    let out: Answer<Out>;
    this.#choosing = true;
    try {
      do {
        this.#again = false;
        out = this.choose(this.#lanes);
      } while (out === PENDING && this.#again);
    } finally {
      this.#choosing = false;
    }
    return out;
  }
}

/** The next item of whichever source has one, in turn. */
export function inTurn(): Choose<unknown> {
  let turn = 0;
  const serve = (lanes: readonly Lane<unknown>[], asks: boolean): Answer<unknown> => {
    for (let i = 0; i < lanes.length; i++) {
      const at = (turn + i) % lanes.length;
      const lane = lanes[at] as Lane<unknown>;
      if (asks) lane.ask();
      if (lane.state !== 'ready') continue;
      turn = at + 1;
      return lane.take();
    }
    return PENDING;
  };
  return (lanes) => {
    const ready = serve(lanes, false); // first what is there already: then nothing need be asked for
    const out = ready === PENDING ? serve(lanes, true) : ready;
    return out === PENDING && lanes.every(({ state }) => state === 'over') ? END : out;
  };
}

/** One item of each source, as long as each has one. */
export const oneOfEach: Choose<unknown[]> = (lanes) => {
  let complete = true;
  for (const lane of lanes) {
    lane.ask();
    if (lane.state === 'over') return END;
    if (lane.state !== 'ready') complete = false;
  }
  return complete ? lanes.map((lane) => lane.take()) : PENDING;
};
