// select: of several sends, receives and a timer, the first that is possible; the others are as if never asked for.
//
// Guarantees: exactly one case takes effect, under any race; among those ready at the call each is as likely as any other,
// or the first of them with `order: 'priority'`. Entering and leaving costs O(cases), whatever waits on the channels.
//
// A select that waits stands in the lines of its channels as any other waiter, with one promise for all its places. Whoever
// serves one of them takes it out of its line, and with that all the others are taken out of theirs, before anything else
// happens: so no two cases can be served, and two selects that meet on two channels need no order of locks.
//
// Invariant: a selection waits in all its lines, or it is decided and waits in none, with no timer and no listener left.

import { checkLimits, FOREVER, type Limits, wrong } from './arguments.js';
import type { Channel } from './channel-api.js';
import type { Core, Stowed } from './channel.js';
import type { WaitOptions } from './contract.js';
import { TimeoutError } from './errors.js';
import { type GivesUp, Guard } from './guard.js';
import { CORE } from './open.js';
import { payAll } from './payroll.js';
import { Shape } from './shapes.js';
import type { Outcome, Tracker, Waiter } from './waiters.js';

declare const outcome: unique symbol;

/**
 * A case of {@link select}, made by `receiving`, `sending` or `after`; `O` is what it adds to the outcome.
 *
 * @example
 * ```ts
 * import type { Case, Received } from 'sluice';
 *
 * const next = (channel: Channel<string>): Case<Received<string>> => receiving(channel);
 * trySelect({ word: next(new Channel<string>(1)) }); // undefined
 * ```
 */
export interface Case<out O extends object> {
  /** Only for the compiler. */
  readonly [outcome]: O;
}

/**
 * What a receiving case gives: an item, or the quiet end.
 *
 * @example
 * ```ts
 * import type { Received } from 'sluice';
 *
 * const end: Received<string> = { done: true, value: undefined };
 * end.done; // true
 * ```
 */
export type Received<T> =
  | {
      /** An item. */
      readonly done: false;
      /** The item. */
      readonly value: T;
    }
  | {
      /** The end. */
      readonly done: true;
      /** Nothing. */
      readonly value: undefined;
    };

/** As TypeScript 5.4's own, which older compilers lack. */
type NoInfer_<T> = [T][T extends unknown ? 0 : never];

/**
 * Cases by name. One that is `false`, `null` or `undefined` is absent: `{ out: ready && sending(results, result) }`.
 *
 * @example
 * ```ts
 * import type { Cases } from 'sluice';
 *
 * const cases: Cases = { tick: after(1_000), nothing: false };
 * Object.keys(cases); // ['tick', 'nothing']
 * ```
 */
export type Cases = { readonly [name: string]: Case<object> | false | null | undefined };

type Flat<O> = O extends unknown ? { [P in keyof O]: O[P] } : never;

/**
 * The outcome of a select: the name of the case that took effect as `case`, and what that case adds.
 *
 * @example
 * ```ts
 * import type { Picked, Case, Received } from 'sluice';
 *
 * const picked: Picked<{ word: Case<Received<string>> }> = { case: 'word', done: false, value: 'hello' };
 * picked.value; // 'hello'
 * ```
 */
export type Picked<C extends Cases> = {
  [K in keyof C & string]: C[K] extends infer X
    ? X extends Case<infer O>
      ? Flat<
          {
            /** The name of the case that took effect. */
            readonly case: K;
          } & O
        >
      : never
    : never;
}[keyof C & string];

/**
 * Options of {@link select}.
 *
 * @example
 * ```ts
 * import type { SelectOptions } from 'sluice';
 *
 * const options: SelectOptions = { order: 'priority', timeout: 10 };
 * await select({ word: receiving(new Channel<string>(1)) }, options).catch((error) => error.code); // 'ERR_SLUICE_TIMEOUT'
 * ```
 */
export interface SelectOptions extends WaitOptions {
  /** Which of several ready cases is taken: any (`'fair'`, unless said otherwise), or the first (`'priority'`). */
  readonly order?: 'fair' | 'priority' | undefined;
}

/** What a case is made of. */
type Kind =
  | { readonly does: 'receive'; readonly core: Core<unknown> }
  | { readonly does: 'send'; readonly core: Core<unknown>; readonly value: unknown }
  | { readonly does: 'wait'; readonly limits: Limits };

/** A case as the user holds it: nothing of it can be seen. A private field is 3 times as fast as a WeakMap. */
class Made {
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  static kindOf(made: unknown): Kind | undefined {
    return typeof made === 'object' && made !== null && #kind in made ? made.#kind : undefined;
  }
}

function caseOf<O extends object>(kind: Kind): Case<O> {
  return new Made(kind) as unknown as Case<O>;
}

function coreOf(channel: unknown): Core<unknown> {
  const core = (channel as Partial<Channel<unknown>> | null | undefined)?.[CORE];
  if (core?.place.kind !== 'Channel') throw wrong('channel', 'a Channel of this copy of sluice', channel);
  return core;
}

/**
 * A case that receives one item, or the quiet end (`done: true`). At a failed end the select rejects with its error.
 *
 * @throws TypeError where it is no `Channel`
 *
 * @example
 * ```ts
 * const words = Channel.from(['hello'], 1);
 * const picked = await select({ word: receiving(words) });
 * picked.value; // 'hello'
 * ```
 */
export function receiving<T>(channel: Channel<T>): Case<Received<T>> {
  return caseOf({ does: 'receive', core: coreOf(channel) });
}

/**
 * A case that sends one item. On a closed channel the select rejects with `ChannelClosedError`.
 *
 * @throws TypeError where it is no `Channel`
 *
 * @example
 * ```ts
 * const words = new Channel<string>(1);
 * await select({ out: sending(words, 'hello') });
 * words.size; // 1
 * ```
 */
// oxlint-disable-next-line typescript/ban-types -- adds nothing to the outcome
export function sending<T>(channel: Channel<T>, value: NoInfer_<T>): Case<{}> {
  return caseOf({ does: 'send', core: coreOf(channel), value });
}

/**
 * A case that is ready once `ms` milliseconds have passed, and never at the call.
 *
 * @throws as a bad `timeout`
 *
 * @example
 * ```ts
 * const picked = await select({ word: receiving(new Channel<string>(1)), tick: after(5) });
 * picked.case; // 'tick'
 * ```
 */
// oxlint-disable-next-line typescript/ban-types -- adds nothing to the outcome
export function after(ms: number): Case<{}> {
  if (ms === undefined) throw wrong('ms', 'a number of milliseconds', ms);
  const { timeout } = checkLimits({ timeout: ms });
  return caseOf({ does: 'wait', limits: { signal: undefined, timeout } });
}

/** A case that is there. */
interface Asked {
  readonly name: string;
  readonly kind: Kind;
  /** What a sending one would buffer. */
  readonly stowed: Stowed<unknown>;
}

// oxlint-disable-next-line typescript/unbound-method -- only ever called with a receiver
const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Reads each case once. Throws at what is none, and what the user's `weigh` or `key` throws, which are asked about the items
 * to be sent; where the signal has aborted nobody is asked.
 */
function readCases(cases: Cases, order: 'fair' | 'priority', aborted: boolean): Asked[] {
  if (typeof cases !== 'object' || cases === null) throw wrong('cases', 'an object', cases);
  const asked: Asked[] = [];
  // Over 64 cases `Object.keys` costs five times as much, and `Object.hasOwn` too: engines know this idiom.
  for (const name in cases) {
    if (!hasOwn.call(cases, name)) continue;
    const made = cases[name];
    if (made === undefined || made === null || made === false) continue;
    const kind = Made.kindOf(made);
    if (kind === undefined) throw wrong(`case '${name}'`, 'made by receiving, sending or after', made);
    if (order === 'priority') checkOrdered(name);
    asked.push({ name, kind, stowed: kind.does === 'send' && !aborted ? kind.core.pack(kind.value) : undefined });
  }
  return asked;
}

/** The one to take of those that are ready; nobody's code runs between this and the taking, or the waiting. */
function choose(asked: readonly Asked[], order: 'fair' | 'priority'): Asked | undefined {
  let chosen: Asked | undefined;
  let ready = 0;
  for (const each of asked) {
    if (!isReady(each)) continue;
    // Fair: of those ready so far each has been chosen with the same chance.
    if (++ready === 1 || Math.random() * ready < 1) chosen = each;
    if (order === 'priority') break;
  }
  return chosen;
}

function checkOrdered(name: string): void {
  if (!/^(0|[1-9]\d*)$/.test(name)) return;
  throw new TypeError(
    `case '${name}': with order 'priority' a name must be no integer, whose order is not the written one`,
  );
}

function isReady({ kind, stowed }: Asked): boolean {
  if (kind.does === 'receive') return kind.core.canTake() || kind.core.ended;
  return kind.does === 'send' && kind.core.decidesAtOnce(stowed);
}

function readOrder(order: SelectOptions['order'] = 'fair'): 'fair' | 'priority' {
  if (order !== 'fair' && order !== 'priority') throw wrong('options.order', "'fair' or 'priority'", order);
  return order;
}

/** What a case that took effect at once came to: its channel tells, and `finish` of that is to follow. */
interface Taken {
  readonly core: Core<unknown>;
  readonly picked: object;
  readonly received: boolean;
}

/** Takes a case that is ready, as `after` never is. Throws where it fails. */
function take({ name, kind, stowed }: Asked): Taken | undefined {
  if (kind.does === 'wait') return undefined;
  const { core } = kind;
  if (kind.does === 'receive') {
    const shape = shapeOf(name);
    if (core.canTake()) return { core, picked: shape.now(core), received: true };
    if (core.reason !== undefined) throw core.reason;
    return { core, picked: shape.end(), received: true };
  }
  if (core.offer(stowed)) return { core, picked: { case: name }, received: false };
  const denial = core.denied(kind.value);
  if (denial !== undefined) throw denial;
  return undefined;
}

function shapeOf(name: string): Shape<unknown, object> {
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
    waiter.owner.gaveUp();
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
    for (const { owner } of this.#waiting) if (owner !== but) owner.gaveUp();
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
  for (const { kind } of cases) {
    const refusal = kind.does === 'send' ? kind.core.crowded(kind.value) : undefined;
    if (refusal !== undefined) return refusal;
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

/**
 * Waits until one of several operations is possible, and does that one. Every other is as if it had never been asked for.
 *
 * A receiving case at a quiet end is ready, with `done: true`. A failed end, or a sending case on a closed channel, rejects
 * the select. `after` is never ready at the call, so an item that is there beats `after(0)`.
 *
 * @returns the outcome; TypeScript narrows it by `case`. Rejects with what the taken case failed with; `TimeoutError` after
 * `timeout` milliseconds; the signal's own reason; `TooManyWaitersError` as `send`; a TypeError where there is nothing that
 * could ever end it.
 *
 * @example
 * ```ts
 * const jobs = new Channel<string>(1);
 * const results = new Channel<number>(1);
 * await results.send(0); // full
 * jobs.trySend('job');
 * const picked = await select({ job: receiving(jobs), out: sending(results, 1), tick: after(1_000) });
 * switch (picked.case) {
 *   case 'job':
 *     console.log(picked.value); // job
 *     break;
 *   case 'out':
 *   case 'tick':
 *     break;
 * }
 * ```
 */
export function select<const C extends Cases>(cases: C, options?: SelectOptions): Promise<Picked<C>> {
  let asked: readonly Asked[] = [];
  try {
    const limits = checkLimits(options);
    const order = readOrder(options?.order);
    const aborted = limits.signal?.aborted === true;
    asked = readCases(cases, order, aborted);
    if (aborted) throw limits.signal?.reason;
    const chosen = choose(asked, order);
    const taken = chosen === undefined ? undefined : take(chosen);
    if (taken === undefined) return wait(asked, limits) as Promise<Picked<C>>;
    const { core, picked, received } = taken;
    const promise = received ? core.settler.completed(picked) : core.settler.fulfilled(picked);
    core.finish();
    return promise as Promise<Picked<C>>;
  } catch (error) {
    return refused(asked, error);
  }
}

function wait(cases: readonly Asked[], limits: Limits): Promise<object> {
  const refusal = refusalOf(cases, limits);
  if (refusal !== undefined) throw refusal;
  payAll();
  const selection = new Selection();
  selection.enter(cases, limits);
  return selection.promise;
}

/** An error at once spends the budget of politeness too, that of any channel of the select. */
function refused(asked: readonly Asked[], error: unknown): Promise<never> {
  for (const { kind } of asked) if (kind.does !== 'wait') return kind.core.settler.refused(error);
  return Promise.reject(error);
}

/**
 * As {@link select}, without waiting: undefined where no case is ready, and `after` never is.
 *
 * @throws what `select` would reject with
 *
 * @example
 * ```ts
 * const words = new Channel<string>(1);
 * trySelect({ word: receiving(words) }); // undefined
 * words.trySend('hello');
 * trySelect({ word: receiving(words) }); // { case: 'word', value: 'hello', done: false }
 * ```
 */
export function trySelect<const C extends Cases>(
  cases: C,
  options?: Pick<SelectOptions, 'order'>,
): Picked<C> | undefined {
  checkLimits(options as WaitOptions | undefined);
  const order = readOrder(options?.order);
  const asked = readCases(cases, order, false);
  if (asked.length === 0) throw new TypeError('trySelect has no case: there is nothing that it could try');
  const chosen = choose(asked, order);
  if (chosen === undefined) return undefined;
  const { kind } = chosen;
  if (kind.does !== 'wait') {
    const waiting = kind.does === 'send' ? kind.core.receivers : kind.core.senders;
    if (waiting.first !== undefined) kind.core.settler.aboutToWake();
  }
  const taken = take(chosen);
  taken?.core.finish();
  return taken?.picked as Picked<C> | undefined;
}
