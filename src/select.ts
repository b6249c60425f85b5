// select: of several sends, receives and a timer, the first that is possible; the others are as if never asked for.
//
// Guarantees: exactly one case takes effect, under any race; among those ready at the call each is as likely as any other,
// or the first of them with `order: 'priority'`. Entering and leaving costs O(cases), whatever waits on the channels.
//
// Here a select reads its cases, and takes one that is ready; one that waits is a selection (selection.ts).

import { checkLimits, wrong } from './arguments.js';
import type { Channel } from './channel-api.js';
import type { Core } from './channel.js';
import type { WaitOptions } from './contract.js';
import { CORE } from './open.js';
import { type Asked, type Kind, shapeOf, wait } from './selection.js';

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
  const core = machineOf(channel);
  if (core?.place.kind === 'BoundedQueue') {
    throw new TypeError('a BoundedQueue has no cases: a select is of Channels');
  }
  if (core?.place.kind !== 'Channel') throw wrong('channel', 'a Channel of this copy of sluice', channel);
  return core;
}

function machineOf(channel: unknown): Core<unknown> | undefined {
  return (channel as Partial<Channel<unknown>> | null | undefined)?.[CORE];
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
 * @throws TypeError or RangeError for what is no such number
 *
 * @example
 * ```ts
 * const picked = await select({ word: receiving(new Channel<string>(1)), tick: after(5) });
 * picked.case; // 'tick'
 * ```
 */
// oxlint-disable-next-line typescript/ban-types -- adds nothing to the outcome
export function after(ms: number): Case<{}> {
  if (typeof ms !== 'number') throw wrong('ms', 'a number of milliseconds', ms);
  if (!(ms >= 0)) throw new RangeError(`ms must be 0 or more milliseconds, got ${ms}`);
  return caseOf({ does: 'wait', limits: { signal: undefined, timeout: ms } });
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
    if (kind === undefined) throw noCase(name, made);
    if (order === 'priority') checkOrdered(name);
    asked.push({ name, kind, stowed: kind.does === 'send' && !aborted ? kind.core.pack(kind.value) : undefined });
  }
  return asked;
}

function noCase(name: string, made: unknown): TypeError {
  if (machineOf(made)?.place.kind !== 'Channel') {
    return wrong(`case '${name}'`, 'made by receiving, sending or after', made);
  }
  return new TypeError(`case '${name}' is a Channel: wrap it, receiving(channel) or sending(channel, item)`);
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
