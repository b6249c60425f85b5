// The line in front of a supply: credits, tokens, an open gate.
//
// Guarantees: takers are served first come, first served, each in whole, and nobody takes while another waits; so the
// first keeps those behind it waiting, and when it gives up they are tried. Who gave up took nothing. Promises settle in
// the order of service; those of calls that complete at once spend the politeness budget of the module.
//
// Invariant: between two operations the supply cannot serve the first taker. What only the passing of time brings, the
// supply learns when it is asked: it sees to it that it is.

import { checkInteger, type Limits, readLimits } from '../arguments.js';
import type { WaitOptions } from '../contract.js';
import { FEW, TimeoutError, withoutStacks } from '../errors.js';
import { payAll } from '../payroll.js';
import { Settler } from '../settler.js';
import { type Owner, Waiter, WaiterList } from '../waiters.js';

/** What a line stands in front of. */
export interface Supply {
  /** For messages: its class, what there is of it, and what a call asks of it. */
  readonly kind: string;
  state(): string;
  asks(n: number): string;
  /** Throws where `n`, an integer from 1, can never be given. */
  check?(n: number): void;
  /** Gives `n`, or has no effect and is false where so much is not there now. */
  give(n: number): boolean;
  /** Another taker may be the first now, or nobody waits any more. */
  headChanged?(first: number | undefined): void;
}

/** Who waits for a supply. */
export class Line implements Owner {
  readonly #waiting: WaiterList = new WaiterList();
  /** Of capacity 0: nobody is woken in bursts, which are for buffers. */
  readonly #settler: Settler = new Settler(0);
  /** Makes the errors, once the line is closed. */
  #refusal: (() => Error) | undefined = undefined;

  constructor(private readonly supply: Supply) {}

  /** Takes `n`, at once or in its turn. */
  take(n: number, options: WaitOptions | undefined): Promise<void> {
    const settler = this.#settler;
    let limits: Limits;
    let served: boolean;
    try {
      this.#check(n);
      limits = readLimits(options);
      if (this.#refusal !== undefined) throw this.#refusal();
      served = this.#takeNow(n);
    } catch (error) {
      return settler.refused(error);
    }
    if (served) return settler.accepted();
    if (limits.timeout === 0) return settler.refused(this.#timedOut(n, 0));
    payAll();
    const waiter = new Waiter(this, n);
    this.#waiting.push(waiter);
    waiter.watch(limits);
    this.#announceHead();
    return waiter.promise as Promise<void>;
  }

  /** Takes `n`, if it is there and nobody waits. */
  tryTake(n: number): boolean {
    this.#check(n);
    return this.#refusal === undefined && this.#takeNow(n);
  }

  /** There may be more: serves those who can be, the first first. */
  serve(): void {
    const first = this.#waiting.first;
    if (first === undefined) return;
    for (let waiter: Waiter | undefined = first; waiter !== undefined; waiter = this.#waiting.first) {
      if (!this.supply.give(waiter.value as number)) break;
      if (waiter === first) this.#settler.aboutToWake();
      waiter.leave();
      this.#settler.settle(waiter.resolve, undefined);
    }
    this.#announceHead();
  }

  /** Refuses those who wait and all who come; the first call decides with what. */
  close(refusal: () => Error): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = refusal;
    withoutStacks(this.#waiting.length > FEW, () => {
      for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift())
        this.#settler.settle(waiter.reject, refusal());
    });
    this.#announceHead();
  }

  get closed(): boolean {
    return this.#refusal !== undefined;
  }

  expired(waiter: Waiter, timeout: number): Error {
    return this.#timedOut(waiter.value as number, timeout);
  }

  goOn(): void {
    if (this.#waiting.first === undefined) this.#announceHead();
    else this.serve();
  }

  /** One line about the supply, for people. */
  describe(): string {
    const { length } = this.#waiting;
    const { kind } = this.supply;
    return `${kind}(${this.supply.state()}${this.closed ? ', closed' : ''}${length > 0 ? `, ${length} waiting` : ''})`;
  }

  #check(n: number): void {
    checkInteger('n', n, 1);
    this.supply.check?.(n);
  }

  #takeNow(n: number): boolean {
    this.serve();
    return this.#waiting.first === undefined && this.supply.give(n);
  }

  #announceHead(): void {
    this.supply.headChanged?.(this.#waiting.first?.value as number | undefined);
  }

  #timedOut(n: number, timeout: number): Error {
    const what = `${this.supply.asks(n)} on ${this.describe()}`;
    return new TimeoutError(`${what} timed out after ${timeout} ms, without effect: retry, wait longer or shed load`);
  }
}
