// One of several stages that a step pulls from: merge, zip, flatMap.
//
// Invariants: a lane holds at most one item, got by one ask; it is `'over'` once its stage has ended, or was stopped. The
// owner hears of what comes later; what is there at once it finds in the lane after `ask`.

import type { Scope } from './scope.js';
import { END, PENDING, type Sink, type Stage } from './stage.js';

/** Whoever pulls from lanes. Neither method may throw. */
export interface LaneOwner {
  /** An item, or the end, has come to one of them. */
  changed(): void;
  fail(error: unknown): void;
}

/** One lane. */
export class Lane<T> implements Sink<T> {
  state: 'idle' | 'asked' | 'ready' | 'over' = 'idle';
  #item: T | undefined = undefined;

  constructor(
    private readonly stage: Stage<T>,
    private readonly owner: LaneOwner,
    private readonly scope: Scope,
  ) {
    stage.sink = this;
  }

  /** Asks for an item, where it has none and has not asked. Throws where the stage fails. */
  ask(): void {
    if (this.state !== 'idle') return;
    this.state = 'asked';
    const item = this.stage.pull();
    if (item !== PENDING) this.#put(item);
  }

  /** The item; it is `'ready'`. */
  take(): T {
    const item = this.#item as T;
    this.#item = undefined;
    this.state = 'idle';
    return item;
  }

  answer(item: T | typeof END): void {
    this.#put(item);
    this.owner.changed();
  }

  fail(error: unknown): void {
    this.owner.fail(error);
  }

  stop(reason: unknown): void {
    if (this.state === 'over') return;
    if (this.state === 'ready') this.scope.drop(this.take());
    this.state = 'over';
    this.stage.stop(reason);
  }

  #put(item: T | typeof END): void {
    if (item === END) {
      this.state = 'over';
    } else if (this.state === 'over') {
      this.scope.dropLate(item); // the owner was stopped from inside the ask
    } else {
      this.#item = item;
      this.state = 'ready';
    }
  }
}
