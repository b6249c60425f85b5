// Who waits at an adapter: first come, first served. Only the first of them deals with the foreign side, and only then is
// anything taken from it or given to it; so a wait that gives up had no effect.
//
// Guarantees: promises settle in the order of service; calls that complete at once spend the politeness budget of the
// module; nobody waits in a line of a closed one: see `close`.
//
// Invariant: the foreign side cannot serve the first, as far as it has said.

import { type Limits, readLimits } from '../arguments.js';
import { FEW, TimeoutError, withoutStacks } from '../errors.js';
import { payAll } from '../payroll.js';
import { Settler } from '../settler.js';
import { type Owner, Waiter, WaiterList } from '../waiters.js';

export { readLimits };
export type { Limits };

/** The line at one adapter; `value` is what a call came with. */
export class Turns<V, R> implements Owner {
  readonly #line: WaiterList = new WaiterList();
  readonly #settler: Settler = new Settler(0);

  constructor(
    /** For messages: `a receive on a Readable`. */
    private readonly what: string,
    /** Whether an error carries the value: that of a send does. */
    private readonly carries: boolean,
    /** Somebody has given up: another may be first now, or nobody waits any more. */
    private readonly left: () => void,
  ) {}

  get waiting(): number {
    return this.#line.length;
  }

  /** What the first came with: somebody must wait. */
  get first(): V {
    return (this.#line.first as Waiter).value as V;
  }

  /** A call that completes at once. */
  fulfilled(result: R): Promise<R> {
    return this.#settler.fulfilled(result) as Promise<R>;
  }

  /** A call that fails at once. */
  refused(error: unknown): Promise<never> {
    return this.#settler.refused(error);
  }

  /** Waits in line; or has no time to wait. */
  wait(value: V, limits: Limits): Promise<R> {
    if (limits.timeout === 0) return this.refused(this.timedOut(value, 0));
    payAll();
    const waiter = new Waiter(this, value);
    this.#line.push(waiter);
    waiter.watch(limits);
    return waiter.promise as Promise<R>;
  }

  /** Serves the first, with what is there: it leaves the line, then is told. */
  fulfil(result: R): void {
    const waiter = this.#line.shift() as Waiter;
    this.#settler.settle(waiter.resolve, result);
  }

  /**
   * Serves the first by what may run foreign code: it has left the line by then, so whatever that does, it is this one that
   * is served. What it throws is the rejection.
   */
  serve(by: (value: V) => R): void {
    const waiter = this.#line.shift() as Waiter;
    let result: R;
    try {
      result = by(waiter.value as V);
    } catch (error) {
      return this.#settler.settle(waiter.reject, error);
    }
    this.#settler.settle(waiter.resolve, result);
  }

  /** How many wait who came with that. */
  waitingWith(value: V): number {
    let count = 0;
    for (let waiter = this.#line.first; waiter !== undefined; waiter = waiter.next) if (waiter.value === value) count++;
    return count;
  }

  /** Settles all who wait, with what is made for each: an end is fulfilled, an error rejected. */
  close(settle: (value: V) => { readonly result: R } | { readonly error: unknown }): void {
    withoutStacks(this.#line.length > FEW, () => {
      for (let waiter = this.#line.shift(); waiter !== undefined; waiter = this.#line.shift()) {
        const outcome = settle(waiter.value as V);
        if ('error' in outcome) this.#settler.settle(waiter.reject, outcome.error);
        else this.#settler.settle(waiter.resolve, outcome.result);
      }
    });
  }

  /** Those that are chosen by what they came with leave the line, fulfilled; nobody else is told. */
  dismiss(chosen: (value: V) => boolean, settle: (value: V) => R): void {
    for (let waiter = this.#line.first; waiter !== undefined; ) {
      const { next }: Waiter = waiter;
      if (chosen(waiter.value as V)) {
        waiter.leave();
        this.#settler.settle(waiter.resolve, settle(waiter.value as V));
      }
      waiter = next;
    }
    this.left();
  }

  expired(waiter: Waiter, timeout: number): Error {
    return this.timedOut(waiter.value as V, timeout);
  }

  goOn(): void {
    this.left();
  }

  /** What a wait fails with that took so many milliseconds. */
  timedOut(value: V, timeout: number): TimeoutError {
    const error = new TimeoutError(
      `${this.what} timed out after ${timeout} ms, without effect: retry, wait longer or shed load`,
    );
    if (this.carries) (error as { value?: unknown }).value = value;
    return error;
  }
}
