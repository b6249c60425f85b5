// The rules for subscribers (§2), each as a check: a new subscriber, the kit as its publisher, and what it asks for.

import type { Subscriber } from '../contract.js';
import { listen } from './downstream.js';
import type { RuleResult, SubscriberProbe } from './results.js';
import { type Check, type Checks, fail, has, mustThrow, readTerms, show, skip, type Trial, verify } from './trial.js';
import { feed, Upstream } from './upstream.js';
import { until } from './waiting.js';

/** A subscriber, made while a trial is on. */
export interface Subject<T> {
  readonly subscriber: Subscriber<T>;
  readonly probe?: SubscriberProbe | undefined;
}

/** How many items come from inside `request` where the rule is about that. */
const BURST = 100;

/** The checks of §2. */
export function subscriberChecks<T>(make: (trial: Trial) => Promise<Subject<T>>, item: (i: number) => T): Checks {
  /** A new subscriber, subscribed; it has asked for something, if it ever does, where `ready`. */
  const subscribed = async (trial: Trial, ready = true): Promise<[Upstream<T>, SubscriberProbe | undefined]> => {
    const { subscriber, probe } = await make(trial);
    const upstream = new Upstream(trial, subscriber, item);
    upstream.subscribe();
    if (ready) await upstream.demand();
    return [upstream, probe];
  };
  const cancelled = async (trial: Trial): Promise<Upstream<T>> => {
    const [upstream, probe] = await subscribed(trial);
    if (probe === undefined) skip('needs a probe from make');
    probe.cancelUpstream();
    await upstream.left('after probe.cancelUpstream()');
    return upstream;
  };
  /** Two subscriptions, one after the other, to one subscriber. */
  const twice = async (trial: Trial): Promise<[Upstream<T>, Upstream<T>]> => {
    const [first] = await subscribed(trial);
    const second = new Upstream(trial, first.subscriber, item);
    second.signal('onSubscribe', second); // its end is never given: the first one's is
    await until(second, () => second.cancelled > 0, trial.quiet);
    return [first, second];
  };
  /** The end comes after an item, after a request, or right after `onSubscribe`. */
  const takesEnd =
    (end: 'onComplete' | 'onError', ...whens: ('item' | 'request' | 'onSubscribe')[]): Check =>
    async (trial) => {
      for (const when of whens) {
        const [upstream] = await subscribed(trial, when !== 'onSubscribe');
        if (when === 'item' && upstream.requested > 0) upstream.next();
        const { calls } = upstream;
        if (!upstream.end(end)) fail(`${upstream.thrown}, after ${when}`);
        if (upstream.calls > calls) trial.saw('2.3', `${end} called request or cancel`);
        await listen(trial); // what it does later is watched too
      }
    };

  const asks: Check = async (trial) => {
    const [upstream, probe] = await subscribed(trial);
    const { requested } = upstream;
    if (requested === 0) fail('wanted request(); none came');
    const believed = probe?.requested() ?? 0;
    if (believed > requested) fail(`probe.requested() is ${believed}, but ${requested} were requested`);
  };
  const cancelsSecond: Check = async (trial) => {
    const [, second] = await twice(trial);
    await second.left('on a second subscription');
  };
  const oneAlone: Check = async (trial) => {
    const [first, second] = await twice(trial);
    if (second.requested > 0) fail('it requested from a second subscription');
    if (first.cancelled > 0) fail('it cancelled the first subscription for a second');
    if (first.requested > first.given && !first.next()) fail(`${first.thrown}, after a second onSubscribe`);
  };
  const oneAtATime: Check = async (trial) => {
    // A publisher may give items inside request. So whoever calls it must be ready for them.
    const upstream = feed(trial, (await make(trial)).subscriber, item, BURST);
    await upstream.demand();
    await listen(trial);
    if (upstream.thrown !== undefined) fail(`${upstream.thrown}, inside request`);
  };
  const takesLate: Check = async (trial) => {
    const upstream = await cancelled(trial);
    for (let i = Math.min(upstream.requested - upstream.given, 3); i > 0; i--) upstream.next();
    upstream.end('onComplete');
    await listen(trial);
    if (upstream.thrown !== undefined) fail(`${upstream.thrown}, after its cancel`);
  };
  const throwsForNull: Check = async (trial) => {
    mustThrow('onSubscribe', (await make(trial)).subscriber);
    for (const name of ['onNext', 'onError'] as const) mustThrow(name, (await subscribed(trial))[0].subscriber);
  };

  return {
    '2.1': [asks],
    '2.3': [takesEnd('onComplete', 'request', 'item'), takesEnd('onError', 'request', 'item')],
    '2.5': [cancelsSecond],
    '2.6': [cancelled],
    '2.7': [oneAtATime],
    '2.8': [takesLate],
    '2.9': [takesEnd('onComplete', 'request', 'onSubscribe')],
    '2.10': [takesEnd('onError', 'request', 'onSubscribe')],
    '2.12': [oneAlone],
    '2.13': [throwsForNull],
  };
}

/** The methods that a subscriber has. */
export const SUBSCRIBER = ['onSubscribe', 'onNext', 'onError', 'onComplete'] as const;

/**
 * Tries the rules for subscribers, those of §2, on subscribers that `make` makes. One result a rule, in their order, each as
 * soon as it is known; every iteration tries anew. What a maker or a subscriber throws, or never does, is a failed result.
 *
 * @param make - a new subscriber, alone or with a probe: §2.6 and §2.8 need one, and are `'skipped'` without
 * @param item - the item number `i`, from 0 on: anything that the subscriber takes, but not null
 * @param options - `timeout`: how long to wait for what must come, 100 ms by default; what must not come is listened for a
 *   quarter of it. `skip`: rules to leave out
 * @returns the rules that only a reader of the code can check are `'skipped'`
 * @throws TypeError for an argument of the wrong kind, RangeError for one out of its range, and for a rule that is none
 *
 * @example
 * ```ts
 * import { verifySubscriber } from 'sluice/reactive/verify';
 *
 * // Forgets that it may be given two subscriptions.
 * const make = () => ({
 *   onSubscribe: (subscription: { request(n: number): void }) => subscription.request(1),
 *   onNext() {},
 *   onError() {},
 *   onComplete() {},
 * });
 *
 * for await (const { rule, outcome, message } of verifySubscriber(make, (i) => `item ${i}`, { timeout: 20 }))
 *   if (rule === '2.5') console.log(outcome, message); // failed wanted cancel() on a second subscription; none came
 * ```
 */
export function verifySubscriber<T>(
  make: () => Subscriber<T> | { subscriber: Subscriber<T>; probe: SubscriberProbe },
  item: (i: number) => T,
  options: { readonly timeout?: number | undefined; readonly skip?: readonly string[] | undefined } = {},
): AsyncIterable<RuleResult> {
  const terms = readTerms({ make, item }, options);
  const subject = async (trial: Trial): Promise<Subject<T>> => {
    const made: unknown = await trial.made('make()', make, '');
    const { subscriber, probe } = (has(made, 'onNext') ? { subscriber: made } : (made ?? {})) as Subject<T>;
    if (!has(subscriber, ...SUBSCRIBER)) fail(`make() gave ${show(subscriber ?? made)}, not a subscriber`);
    if (probe !== undefined && !has(probe, 'cancelUpstream', 'requested'))
      fail(`make() gave ${show(probe)}, not a probe`);
    return { subscriber, probe };
  };
  return verify('2', subscriberChecks(subject, item), terms);
}
