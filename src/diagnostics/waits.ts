// Who waits, since when, and from where in the code.
//
// Guarantees: nothing is kept alive by being listed. A stack is taken only while somebody has asked for stacks; it is put
// into words when a report is made, since the user's `Error.prepareStackTrace` runs then.
//
// Invariant: every wait in a channel that has begun since this module was loaded has a note.

import { Core } from '../channel.js';
import { clock } from '../host.js';
import { noted } from '../observers.js';
import type { Waiter, WaiterList } from '../waiters.js';
import { pathIn } from './stacks.js';

/**
 * What waits: a send, a receive, a reserve, or a select, which waits in each of its channels.
 *
 * @example
 * ```ts
 * import type { WaitKind } from 'sluice/diagnostics';
 *
 * void new Channel<string>(1).receive();
 * const kind: WaitKind | undefined = report()[0]?.waits[0]?.kind;
 * kind; // 'receive'
 * ```
 */
export type WaitKind = 'send' | 'receive' | 'reserve' | 'select';

/**
 * A channel or queue in which somebody waits.
 *
 * @example
 * ```ts
 * import type { WaitReport } from 'sluice/diagnostics';
 *
 * const orders = new Channel<string>(1, { name: 'orders' });
 * void orders.send('a');
 * void orders.send('b'); // full: waits
 * const [{ name, capacity, size, waits }] = report() as [WaitReport];
 * [name, capacity, size, waits[0]?.kind, waits[0]?.count]; // ['orders', 1, 1, 'send', 1]
 * ```
 */
export interface WaitReport {
  /** Undefined where it has none. */
  readonly name: string | undefined;
  /** How much may be buffered. */
  readonly capacity: number;
  /** How much is: the sum of the weights, where the channel weighs. */
  readonly size: number;
  /** Who waits, by kinds. */
  readonly waits: readonly {
    /** What waits. */
    readonly kind: WaitKind;
    /** How many. */
    readonly count: number;
    /** For how many milliseconds the one that has waited longest does. */
    readonly oldest: number;
    /** Where in the user's code that one began, if stacks are on, and it began in a call of that: see {@link reportOnExit}. */
    readonly stack?: string;
  }[];
}

const loaded = clock();
const references: WeakMap<Core<unknown>, WeakRef<Core<unknown>>> = new WeakMap();
/** The channels in which anybody has ever waited, as far as they are still there. */
const channelsSeen: Set<WeakRef<Core<unknown>>> = new Set();
const forgetting = new FinalizationRegistry<WeakRef<Core<unknown>>>((reference) => channelsSeen.delete(reference));

let stacks = 0;
/** The library's own frames come first, about ten of them. */
const FRAMES = 40;

/** From now on each wait has its stack, until what this gives is called. */
export function withStacks(): () => void {
  stacks++;
  return () => void stacks--;
}

/** A wait begins. */
export function began(waiter: Waiter): void {
  const { owner } = waiter;
  if (!(owner instanceof Core)) return;
  const note = noted(waiter);
  if (stacks > 0) note.trace = traced();
  if (references.has(owner)) return;
  const reference = new WeakRef<Core<unknown>>(owner);
  references.set(owner, reference);
  channelsSeen.add(reference);
  forgetting.register(owner, reference);
}

/** How long a wait took that has ended in that list, in milliseconds. */
export function took(waiter: Waiter): number {
  return clock() - beganAt(waiter);
}

/** What waits, or waited, in that list. */
export function kindOf(core: Core<unknown>, waiter: Waiter, list: WaiterList | undefined): WaitKind {
  // Only a select keeps account of a wait whose outcome goes elsewhere than to a promise of its own.
  if (waiter.tracker !== undefined && waiter.promise === undefined) return 'select';
  return list === core.senders ? 'send' : list === core.reserves ? 'reserve' : 'receive';
}

/** One that began before this module was loaded has waited at least since then. */
const beganAt = ({ note }: Waiter): number => note?.at ?? loaded;

/** A hardened platform may have frozen the limit: then the stack is as long as it is. Must not throw. */
function traced(): Error {
  const { stackTraceLimit } = Error;
  const limited = Reflect.set(Error, 'stackTraceLimit', FRAMES);
  const trace = new Error('waits');
  if (limited) Error.stackTraceLimit = stackTraceLimit;
  return trace;
}

/**
 * Every channel and queue in which somebody waits now: who, since when, and from where if stacks are on. Known are those in
 * which a wait has begun since this module was loaded; so load it first.
 *
 * A wait is no fault: an idle worker waits for its next job. What waits on both ends of a pipeline, and does not move, is.
 *
 * @example
 * ```ts
 * import { report } from 'sluice/diagnostics';
 *
 * const jobs = new BoundedQueue<string>(10, { name: 'jobs' });
 * const workers = [jobs.take(), jobs.take()];
 * for (const { name, waits } of report()) {
 *   for (const { kind, count } of waits) console.log(name, kind, count); // jobs receive 2
 * }
 * jobs.close();
 * await Promise.allSettled(workers);
 * report(); // []
 * ```
 */
export function report(): WaitReport[] {
  const reports: WaitReport[] = [];
  for (const reference of channelsSeen) {
    const core = reference.deref();
    const waits = core === undefined ? [] : waitsIn(core);
    if (core === undefined || waits.length === 0) continue;
    const { name, capacity, weight } = core.stats();
    reports.push({ name, capacity, size: weight, waits });
  }
  return reports;
}

function waitsIn(core: Core<unknown>): WaitReport['waits'] {
  const now = clock();
  const kinds = new Map<WaitKind, { count: number; first: Waiter }>();
  const selects = new Set<unknown>();
  for (const list of [core.senders, core.receivers, core.reserves]) {
    for (let waiter = list.first; waiter !== undefined; waiter = waiter.next) {
      const kind = kindOf(core, waiter, list);
      if (kind === 'select' && selects.size === selects.add(waiter.tracker).size) continue; // on both sides: one
      const same = kinds.get(kind);
      if (same === undefined) kinds.set(kind, { count: 1, first: waiter });
      else {
        same.count++;
        if (beganAt(waiter) < beganAt(same.first)) same.first = waiter;
      }
    }
  }
  return [...kinds].map(([kind, { count, first }]) => {
    const trace = first.note?.trace;
    const stack = trace === undefined ? undefined : pathIn(trace);
    return { kind, count, oldest: now - beganAt(first), ...(stack === undefined ? {} : { stack }) };
  });
}
