// observe: a channel, or several, as metrics.
//
// Guarantees: what is observed is not kept alive by that, as far as it ends by itself; what was registered for it is gone
// at its end, or when that is disposed of.

import { checkInteger, checkObject, wrong } from '../arguments.js';
import type { Core, Follower } from '../channel.js';
import type { Channel } from '../channel-api.js';
import type { ChannelStats } from '../contract.js';
import { dispose } from '../host.js';
import { CORE } from '../open.js';
import { peakReader } from '../peaks.js';
import type { BoundedQueue } from '../queue.js';
import { Weighing } from '../weighing.js';
import { Measure, measure, NONE } from './measure.js';
import type { Attributes, MeterLike } from './meter.js';
import { Member, Observed, type Series, type Source, type Values } from './series.js';

/**
 * What can be observed: a channel, a queue, or whatever gives the statistics of one.
 *
 * @example
 * ```ts
 * import type { ObserveTarget } from 'sluice/otel';
 *
 * const channel = new Channel<string>(1, { name: 'orders' });
 * const renamed: ObserveTarget = { stats: () => ({ ...channel.stats(), name: 'orders of Europe' }) };
 * renamed.stats().name; // 'orders of Europe'
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a channel is invariant in its items
export type ObserveTarget = Channel<any> | BoundedQueue<any> | { stats(): ChannelStats };

/**
 * Options of {@link observe}.
 *
 * @example
 * ```ts
 * import type { ObserveOptions } from 'sluice/otel';
 *
 * const options: ObserveOptions = { attributes: { region: 'eu' }, waits: 100 };
 * options.waits; // 100
 * ```
 */
export interface ObserveOptions {
  /** Put on every data point, beside `sluice.channel.name`: few values each, or the metrics grow without bound. */
  readonly attributes?: Record<string, string> | undefined;
  /**
   * Whether blocked waits are measured: all of them (`true`), or one in so many, an integer from 1. None by default. Where
   * the same is observed several times: as many as any wants.
   */
  readonly waits?: boolean | number | undefined;
}

const meters: WeakMap<MeterLike, Observed> = new WeakMap();

/**
 * Observes channels and queues with a meter of OpenTelemetry, until they end or the result is disposed of.
 *
 * All but the two histograms is read at each collection and costs nothing an item. A target is known by its name: several
 * of one name, and the same `attributes`, are summed. A channel or a queue is held weakly. Something else that has
 * `stats()` is, where it has a promise `completion` too; otherwise it is observed until disposal. Of the end only drops are
 * reported afterwards: what was sent or received since the last collection is not.
 *
 * @param target - one, or an iterable of several
 * @param meter - nothing of OpenTelemetry is imported: see {@link MeterLike}
 * @throws TypeError for a target without a name, or an argument of the wrong kind; RangeError for a bad `waits`. Then none
 * of several is observed.
 *
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api';
 * import { observe } from 'sluice/otel';
 *
 * const orders = new Channel<string>(100, { name: 'orders', watermarks: { high: 0.8 } });
 * const observing = observe(orders, metrics.getMeter('shop'), { waits: 100 });
 * await orders.send('an order');
 * observing[Symbol.dispose](); // or at the end of the channel, by itself
 * ```
 */
export function observe(
  target: ObserveTarget | Iterable<ObserveTarget>,
  meter: MeterLike,
  options: ObserveOptions = {},
): Disposable {
  checkObject('options', options);
  const { attributes = {}, waits = false } = options;
  checkObject('options.attributes', attributes);
  const every = waits === false ? NONE : Number(waits);
  if (typeof waits !== 'boolean') checkInteger('options.waits', waits, 1);
  if (typeof (meter as MeterLike | undefined)?.addBatchObservableCallback !== 'function') {
    throw wrong('meter', 'a Meter of OpenTelemetry', meter);
  }
  const targets = targetsOf(target);
  let observed = meters.get(meter);
  if (observed === undefined) meters.set(meter, (observed = new Observed(meter)));
  const leaving = targets.map(([each, name]) =>
    enter(observed, each, { ...attributes, 'sluice.channel.name': name }, every),
  );
  return {
    [dispose]() {
      for (const leave of leaving.splice(0)) leave();
    },
  };
}

function targetsOf(target: ObserveTarget | Iterable<ObserveTarget>): [ObserveTarget, string][] {
  const given = Object(target) as Partial<{ stats: unknown } & Iterable<ObserveTarget>>;
  if (typeof given.stats !== 'function' && typeof given[Symbol.iterator] !== 'function') {
    throw wrong('target', 'a channel, a queue, or several', target);
  }
  const targets =
    typeof given.stats === 'function' ? [target as ObserveTarget] : [...(target as Iterable<ObserveTarget>)];
  return targets.map((each) => {
    if (typeof (each as Partial<ObserveTarget> | undefined)?.stats !== 'function') {
      throw wrong('target', 'a channel or a queue', each);
    }
    const { name } = each.stats();
    if (typeof name !== 'string' || name === '') {
      throw new TypeError('a channel that is observed must have a name: pass { name } when you make it');
    }
    return [each, name];
  });
}

/** Gives what ends it. */
function enter(observed: Observed, target: ObserveTarget, attributes: Attributes, every: number): () => void {
  const series = observed.seriesOf(attributes);
  const core = (target as Partial<Channel<unknown>>)[CORE];
  if (core?.ended) return () => {};
  const known = series.memberOf.get(core ?? target);
  let member: Member;
  if (known?.isIn) {
    member = known; // the same again: it is counted once
  } else {
    member = core === undefined ? foreign(observed, series, target) : own(observed, series, core, attributes);
    if (known !== undefined) member.counters = known.counters;
    series.memberOf.set(core ?? target, member);
    observed.enter(member);
  }
  const { uses } = member;
  uses.push(every);
  member.measure(Math.min(...uses));
  let left = false;
  return () => {
    if (left) return;
    left = true;
    uses.splice(uses.indexOf(every), 1);
    if (uses.length === 0) observed.leave(member, false);
    else if (member.isIn) member.measure(Math.min(...uses));
  };
}

/** What is held so that it may be collected as garbage. */
function weakly<T extends object>(thing: T): () => T | undefined {
  const reference = new WeakRef(thing);
  return () => reference.deref();
}

function firmly<T>(thing: T): () => T {
  return () => thing;
}

const ROW_OF: Readonly<Record<string, number>> = { 'drop-oldest': 0, 'drop-newest': 1 };

/** A channel of ours. No function in here may speak of `channel`, or the member would keep it alive. */
function own(observed: Observed, series: Series, channel: Core<unknown>, attributes: Attributes): Member {
  const core = weakly(channel);
  const peaks = new WeakMap([[channel, peakReader(channel)]]);
  const policyRow = ROW_OF[channel.settings.overflow];
  const source: Source = {
    weighs: channel.packing instanceof Weighing,
    stats: () => core()?.stats(),
    peak: ({ size }) => peaks.get(core() as Core<unknown>)?.read() ?? size,
    drops: ({ dropped }) => {
      const discarded = core()?.discarded ?? 0;
      const drops: Values = [undefined, undefined, discarded];
      if (policyRow !== undefined) drops[policyRow] = dropped - discarded;
      return drops;
    },
  };
  const hasMarks = channel.pressure?.isHigh !== undefined; // a bridge that asks for more has a mark, and no level
  const by = new Measure(channel.pressure?.isHigh === true, observed.instruments, attributes);
  let stopMeasuring: ReturnType<typeof measure> | undefined;
  const follower: Follower = {
    cancelling() {},
    ending() {
      const ended = core();
      if (ended?.ended) ended.callbacks.add(() => observed.leave(member, true));
    },
  };
  const member = new Member(
    source,
    series,
    (every) => {
      const held = core();
      by.every = every;
      if (!hasMarks && every === NONE) {
        stopMeasuring?.(held);
        stopMeasuring = undefined;
      } else if (held !== undefined) stopMeasuring ??= measure(held, by);
    },
    () => {
      const left = core();
      stopMeasuring?.(left);
      by.relieved();
      if (left === undefined) return;
      left.followers.delete(follower);
      peaks.get(left)?.close();
    },
  );
  channel.followers.add(follower);
  return member;
}

/** Whatever has `stats()`; weakly only where it says when it has ended. */
function foreign(observed: Observed, series: Series, target: ObserveTarget): Member {
  const { completion } = target as { completion?: PromiseLike<unknown> };
  const ends = typeof completion?.then === 'function';
  const held = ends ? weakly(target) : firmly(target);
  let highest = target.stats().peakSize;
  const source: Source = {
    weighs: false,
    stats: () => held()?.stats(),
    // A higher peak than ever is one of this stretch; of a lower one nothing is known.
    peak: ({ peakSize, size }) => (peakSize > highest ? (highest = peakSize) : size),
    drops: ({ dropped }) => [undefined, undefined, undefined, dropped],
  };
  const member = new Member(
    source,
    series,
    () => {},
    () => {},
  );
  if (ends) {
    const leave = (): void => observed.leave(member, true);
    completion.then(leave, leave);
  }
  return member;
}
