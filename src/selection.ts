// A select that waits: a wait in every channel of its cases, of which the first that is decided takes the others out.
//
// It stands in the lines of its channels as any other waiter, with one promise for all its places. Whoever serves one of them
// takes it out of its line, and with that all the others are taken out of theirs, before anything else happens: so no two
// cases can be served, and two selects that meet on two channels need no order of locks. Entering and leaving costs
// O(cases), whatever waits on the channels.
//
// Invariant: a selection waits in all its lines, or it is decided and waits in none, with no timer and no listener left.

import { FOREVER, type Limits } from './arguments.js';
import type { Core, Stowed } from './channel.js';
import { TimeoutError } from './errors.js';
import { type GivesUp, Guard } from './guard.js';
import { payAll } from './payroll.js';
import { Shape } from './shapes.js';
import type { Outcome, Tracker, Waiter } from './waiters.js';

/** What a case is made of. */
export type Kind =
  | { readonly does: 'receive'; readonly core: Core<unknown> }
  | { readonly does: 'send'; readonly core: Core<unknown>; readonly value: unknown }
  | { readonly does: 'wait'; readonly limits: Limits };

/** A case that is there. */
export interface Asked {
  readonly name: string;
  readonly kind: Kind;
  /** What a sending one would buffer. */
  readonly stowed: Stowed<unknown>;
}

/** Waits until a case takes effect. Throws where it may not wait. */
export function wait(cases: readonly Asked[], limits: Limits): Promise<object> {
  const refusal = refusalOf(cases, limits);
  if (refusal !== undefined) throw refusal;
  payAll();
  const selection = new Selection();
  selection.enter(cases, limits);
  return selection.promise;
}

export function shapeOf(name: string): Shape<unknown, object> {
  return new Shape<unknown, object>(0, true, false, name);
}

/** A select that waits. */
class Selection implements GivesUp, Tracker, Outcome {
  readonly promise: Promise<object>;
  resolve!: (picked: unknown) => void;
  reject!: (reason: unknown) => void;
  readonly #waiting: Waiter[] = [];
  readonly #guards: Guard[] = [];
  #decided = false;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve as (picked: unknown) => void;
      this.reject = reject;
    });
  }

  enter(cases: readonly Asked[], limits: Limits): void {
    for (const { name, kind, stowed } of cases) {
      if (this.#decided) return; // a signal that cannot be listened to, or an item's `then` that ran code of the user's
      if (kind.does === 'receive') {
        this.#add(kind.core.waitToReceive(shapeOf(name), FOREVER, this, this));
        continue;
      }
      const resolve = (): void => this.resolve({ case: name });
      if (kind.does === 'send') {
        const { reject } = this;
        this.#add(kind.core.waitToSend(stowed, FOREVER, this, { resolve, reject }));
      } else {
        const giveUp = (): void => {
          if (!this.#decided) this.#leave(resolve, undefined);
        };
        this.#watch({ giveUp, expired: () => undefined }, kind.limits);
      }
    }
    if (limits !== FOREVER && !this.#decided) this.#watch(this, limits);
  }

  /** Where the entering itself has decided the select, the wait that was entered must not stay. */
  #add(waiter: Waiter): void {
    this.#waiting.push(waiter);
    if (!this.#decided || waiter.list === undefined) return;
    waiter.unlink();
    waiter.owner.goOn();
  }

  #watch(gives: GivesUp, limits: Limits): void {
    const guard = new Guard(gives, limits);
    this.#guards.push(guard);
    guard.start();
  }

  /**
   * One of its waits has been served or refused. Its channel is in the middle of that, so the others go on, and the guards
   * are released, when that has come to its end.
   */
  decided(waiter: Waiter): void {
    if (this.#decided) return;
    this.#leaveAll();
    const core = waiter.owner as Core<unknown>;
    core.callbacks.addElsewhere(() => this.#goOnElsewhere(core));
  }

  giveUp(reason: unknown): void {
    if (!this.#decided) this.#leave(this.reject, reason);
  }

  expired(timeout: number): unknown {
    return timedOut(timeout);
  }

  #leave(settle: (value: unknown) => void, value: unknown): void {
    this.#leaveAll();
    settle(value);
    this.#goOnElsewhere(undefined);
  }

  #leaveAll(): void {
    this.#decided = true;
    for (const waiter of this.#waiting) if (waiter.list !== undefined) waiter.unlink();
  }

  /** In every channel but the one that goes on by itself somebody may be able to do so now. */
  #goOnElsewhere(but: Core<unknown> | undefined): void {
    for (const { owner } of this.#waiting) if (owner !== but) owner.goOn();
    this.#release();
  }

  /** No timer and no listener is left. A user's signal may run code here. */
  #release(): void {
    for (const guard of this.#guards) guard.release();
  }
}

function timedOut(timeout: number): TimeoutError {
  return new TimeoutError(`a select timed out after ${timeout} ms, without effect: retry, wait longer or shed load`);
}

/** The error of a select that would wait and may not. */
function refusalOf(cases: readonly Asked[], { signal, timeout }: Limits): Error | undefined {
  if (signal === undefined && timeout === Number.POSITIVE_INFINITY && cases.every(isNever)) return nothingToWaitFor();
  if (timeout === 0) return timedOut(timeout);
  let entering: Map<Core<unknown>, number> | undefined;
  for (const { kind } of cases) {
    if (kind.does !== 'send') continue;
    entering ??= new Map();
    const ahead = entering.get(kind.core) ?? 0;
    const refusal = kind.core.crowded(kind.value, ahead);
    if (refusal !== undefined) return refusal;
    entering.set(kind.core, ahead + 1);
  }
  return undefined;
}

/** Whether it can never be ready: `after` for ever. */
function isNever({ kind }: Asked): boolean {
  return kind.does === 'wait' && kind.limits.timeout === Number.POSITIVE_INFINITY;
}

function nothingToWaitFor(): TypeError {
  return new TypeError('select has no case, no signal and no timeout: it would wait for ever');
}
