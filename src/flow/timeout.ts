// timeout: how long an item may take from when it was asked for.
//
// Invariant: a timer runs exactly while an ask is open, and none after the stop.

import { TimeoutError } from '../errors.js';
import { Guard } from '../guard.js';
import { type Answer, type END, NOBODY, PENDING, type Sink, type Stage } from './stage.js';

/** Passes items on, and fails where one is late. */
export class Timeout<T> implements Stage<T>, Sink<T> {
  sink: Sink<T> = NOBODY;
  #timer: Guard | undefined = undefined;
  #stopped = false;

  constructor(
    private readonly above: Stage<T>,
    private readonly ms: number,
  ) {
    above.sink = this;
  }

  pull(): Answer<T> {
    const item = this.above.pull();
    if (item !== PENDING || this.ms === Number.POSITIVE_INFINITY || this.#stopped) return item;
    this.#timer = new Guard(this, { signal: undefined, timeout: this.ms });
    this.#timer.start();
    return PENDING;
  }

  answer(item: T | typeof END): void {
    this.#timer?.release();
    this.sink.answer(item);
  }

  fail(error: unknown): void {
    this.#timer?.release();
    this.sink.fail(error);
  }

  stop(reason: unknown): void {
    this.#stopped = true;
    this.#timer?.release();
    this.above.stop(reason);
  }

  giveUp(error: unknown): void {
    this.sink.fail(error);
  }

  expired(ms: number): unknown {
    return new TimeoutError(
      `an item asked of a flow took more than ${ms} ms, and the flow has ended: allow more by timeout(ms), or find what is slow above it`,
    );
  }
}
