// The rules for publishers and their subscriptions (§1, §3), each as a check: a new publisher, one subscriber or a few, and
// what must come of it.
//
// A check asks for no more items than its publisher has, but where it says so: what comes after the last item is the end.

import { checkFunction, wrong } from '../../arguments.js';
import type { Publisher } from '../contract.js';
import { Downstream, listen, subscribe } from './downstream.js';
import type { RuleResult } from './results.js';
import { type Check, type Checks, fail, mustThrow, readTerms, show, skip, type Trial, verify } from './trial.js';
import { now, until } from './waiting.js';

/** A publisher of so many items, made while a trial is on; or one that fails. */
export interface Makers<T> {
  readonly make: (trial: Trial, elements: number) => Promise<Publisher<T>>;
  /** Throws by `skip` where no maker was given. */
  readonly failed: (trial: Trial) => Promise<Publisher<T>>;
  /** Throws by `skip` where its subscribers need not get the same. */
  readonly multicast: () => void;
}

const MAX = Number.MAX_SAFE_INTEGER;
/** A call of `request` or `cancel` returns within so many milliseconds, in the best of a few tries. */
const SOON = 1;
const TRIES = 5;
/** How many items nobody recurses through. */
const LONG = 100_000;
/** How many items after a cancel tell one that goes on from one that has some on their way. */
const MANY = 1_000;

/** Whether two subscribers got the same item; objects may be made for each. */
const isSame = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (Object(a) === a && Object(b) === b && show([a]) === show([b]));

const cancel = (downstream: { cancel(): void }): void => downstream.cancel();

/** The checks of §1 and §3, and of what a publisher can break of §2. */
export function publisherChecks<T>({ make, failed, multicast }: Makers<T>): Checks {
  /** A publisher of so many items, or of as many as there can be: `least` at the least. */
  const publisher = (trial: Trial, elements: number, least = 1): Promise<Publisher<T>> => {
    if (trial.most < least) skip(`needs ${least} items, and maxElements is ${trial.most}`);
    return make(trial, Math.min(elements, trial.most));
  };
  /** Its subscriber, which asks for so many inside `onSubscribe` and inside each `onNext`. */
  const subscribed = async (
    trial: Trial,
    elements: number,
    least?: number,
    first?: number,
    each?: number,
  ): Promise<Downstream<T>> => subscribe(trial, await publisher(trial, elements, least), first, each);

  /** All items come, and the end, for requests from inside and then from outside. */
  const finishes =
    (elements: number, first: number, each: number, ...requests: number[]): Check =>
    async (trial) => {
      const downstream = await subscribed(trial, elements, Math.min(elements, 1), first, each);
      for (const n of requests) downstream.request(n);
      await downstream.expectEnd('onComplete');
      await downstream.expectItems(Math.min(elements, trial.most));
    };
  const plain = finishes(3, 3, 1);
  const fails = async (trial: Trial): Promise<Downstream<T>> => {
    const downstream = await subscribe(trial, await failed(trial));
    await until(downstream, () => downstream.end !== undefined, trial.quiet);
    downstream.request(1); // it may have to be asked before it can fail
    await downstream.expectEnd('onError');
    return downstream;
  };
  const completes = async (trial: Trial): Promise<Downstream<T>> => {
    const downstream = await subscribed(trial, 1, 1, 2);
    await downstream.expectEnd('onComplete');
    return downstream;
  };
  const silentAfter =
    (end: (trial: Trial) => Promise<Downstream<T>>): Check =>
    async (trial) => {
      const downstream = await end(trial);
      await downstream.expectNothing(`after ${downstream.end}`, downstream.items.length + 1, () => {
        downstream.request(5);
        downstream.cancel();
      });
    };
  /** No item but those that were asked for, asked step by step or all at once. */
  const exactly =
    (least: number, ...sums: number[]): Check =>
    async (trial) => {
      const downstream = await subscribed(trial, 10, least);
      for (const wanted of sums) {
        const sum = Math.min(wanted, trial.most);
        while (downstream.requested < sum)
          downstream.request(Math.min(downstream.requested + 1, sum - downstream.requested));
        await downstream.expectItems(sum);
        if (sum < trial.most) await downstream.expectNothing(`beyond the ${sum} requested`, sum);
      }
    };
  /** What is requested inside `onNext` is added to what is still to come. */
  const addsInside: Check = async (trial) => {
    const downstream = await subscribed(trial, 10, 6, 0, 3);
    downstream.enough = 5;
    downstream.request(2);
    await downstream.expectItems(5);
    await downstream.expectNothing('beyond the 5 requested', 5);
  };
  /** No signal comes where nothing is on its way: all that was requested came, and the end is not near. */
  const stillAfterCancel =
    (calls: (downstream: Downstream<T>) => void): Check =>
    async (trial) => {
      const downstream = await subscribed(trial, 5, 3, 1);
      await downstream.expectItems(1);
      await downstream.expectNothing('after a cancel', downstream.signals, () => {
        downstream.cancel();
        for (let i = 0; i < 3; i++) calls(downstream);
      });
    };
  const request = stillAfterCancel((downstream) => downstream.request(1));
  const cancelAgain = stillAfterCancel(cancel);
  const eventually: Check = async (trial) => {
    await stillAfterCancel(() => {})(trial);
    skip('eventually has no bound: see §3.12');
  };
  const begins: Check = async (trial) => {
    const made = await publisher(trial, 3);
    const downstream = await subscribe(trial, made, 1);
    await downstream.expectItems(1);
    if (downstream.subscribed > 1) fail('onSubscribe came twice');
    await subscribe(trial, made); // gets items too, or is refused: both begin with onSubscribe
    mustThrow('subscribe', made);
  };
  const sameForAll: Check = async (trial) => {
    multicast();
    for (const ask of [1, 5]) {
      const made = await publisher(trial, 5);
      const all = [await subscribe(trial, made), await subscribe(trial, made), await subscribe(trial, made)];
      for (let sum = 0; sum <= Math.min(5, trial.most); sum += ask) {
        for (const each of all) each.request(ask);
        for (const each of all)
          await each.expect(() => each.end !== undefined || each.items.length >= sum + ask, 'items');
      }
      for (const each of all) {
        await each.expectEnd('onComplete');
        const [first, other] = [all[0]?.items ?? [], each.items];
        if (first.length !== other.length || !first.every((item, i) => isSame(item, other[i])))
          fail(`one subscriber got ${show(first)}, another ${show(other)}`);
      }
    }
  };
  const boundedRecursion: Check = async (trial) => {
    const downstream = await subscribed(trial, LONG, 3, 1, 1);
    await downstream.reaches(() => downstream.end !== undefined || downstream.tooDeep);
    const { length } = downstream.items;
    if (downstream.tooDeep) fail('onNext came inside onNext, inside onNext');
    if (length < 2) fail(`wanted items; ${downstream.story}`);
    return length < LONG ? `seen over ${length} items` : undefined;
  };
  const soon =
    (what: string, call: (downstream: Downstream<T>) => void, first?: (downstream: Downstream<T>) => void): Check =>
    async (trial) => {
      let best = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < TRIES && best >= SOON; tries++) {
        const downstream = await subscribed(trial, 10);
        first?.(downstream);
        const since = now();
        call(downstream);
        best = Math.min(best, now() - since);
        downstream.cancel();
      }
      if (best >= SOON) fail(`wanted ${what} in less than ${SOON} ms; ${best} ms were the least`);
    };
  const refuses =
    (n: number): Check =>
    async (trial) => {
      const downstream = await subscribed(trial, 3);
      downstream.request(n);
      await downstream.expect(() => downstream.end === 'onError', `onError for request(${n})`);
      await downstream.expectNothing('after onError', downstream.items.length + 1, () => downstream.request(1));
    };
  const stops: Check = async (trial) => {
    const downstream = await subscribe(trial, await publisher(trial, MANY, 10), MAX, 0, 3);
    await downstream.expectItems(3);
    const all = Math.min(MANY, trial.most);
    await downstream.reaches(() => downstream.end !== undefined || downstream.items.length >= all);
    if (downstream.end !== undefined || downstream.items.length >= all || downstream.going)
      fail(`wanted no signals after a cancel at item 3; ${downstream.story}`);
  };
  const letsGo: Check = async (trial) => {
    const { gc } = globalThis as { readonly gc?: () => unknown };
    if (typeof gc !== 'function') skip('needs a run with --expose-gc');
    const made = await publisher(trial, 3);
    trial.held = made; // it outlives the collection
    const reference = weakly(trial, made);
    const since = now();
    do {
      await listen(trial);
      gc();
      if (trial.cancels > 0 && reference.deref() === undefined) return;
    } while (now() - since < trial.timeout * 3);
    fail(`a subscriber was held after ${trial.cancels} cancels`);
  };

  return {
    '1.1': [exactly(1, 0, 1, 3)],
    '1.2': [finishes(3, 0, 0, 10)],
    '1.3': [finishes(30, 2, 2, 1, 2, 3)],
    '1.4': [fails],
    '1.5': [finishes(3, 4, 0), finishes(0, 0, 0, 1)],
    '1.7': [silentAfter(completes), silentAfter(fails)],
    '1.8': [eventually],
    '1.9': [begins, fails],
    '1.11': [sameForAll],
    '2.12': [plain],
    '2.13': [plain],
    '3.2': [finishes(2, 1, 1)],
    '3.3': [boundedRecursion],
    '3.4': [soon('request(1000000)', (downstream) => downstream.request(1_000_000))],
    '3.5': [soon('cancel()', cancel, (downstream) => downstream.request(3)), soon('cancel()', cancel, cancel)],
    '3.6': [request],
    '3.7': [cancelAgain],
    '3.8': [exactly(3, 0, 6), addsInside],
    '3.9': [0, -1, Number.NaN, 1.5].map(refuses),
    '3.12': [stops],
    '3.13': [letsGo],
    '3.15': [cancelAgain],
    '3.16': [request],
    '3.17': [finishes(10, MAX, MAX - 1, MAX, MAX, 1)],
  };
}

/** A subscriber that cancels at its first item, and that nobody holds but its publisher. */
function weakly<T>(trial: Trial, publisher: Publisher<T>): WeakRef<Downstream<T>> {
  const downstream = new Downstream<T>(trial, 1, 0, 1, false);
  publisher.subscribe(downstream);
  return new WeakRef(downstream);
}

/**
 * Tries the rules for publishers, and for the subscriptions they give, on publishers that `make` makes: those of §1 and §3,
 * and that no subscriber is subscribed twice or given null (§2.12, §2.13). One result a rule, in their order, each as soon as it is known; every
 * iteration tries anew. What a maker or a publisher throws, or never does, is a failed result. A passing run takes less than
 * a second at the default timeout.
 *
 * @param make - a new publisher of exactly `elements` items and then the end; it may be asked for none, and for 100,000
 * @param options - `maxElements`: the most items that `make` can give, without bound by default; what needs more is skipped.
 *   `failed`: makes a publisher that fails, for the rules about errors. `multicast`: whether all subscribers of one publisher
 *   get the same items (§1.11). `timeout`: how long to wait for what must come, 100 ms by default; what must not come is
 *   listened for a quarter of it. `skip`: rules to leave out
 * @returns the rules that only a reader of the code can check, and those that need what was not given, are `'skipped'`; §3.13
 *   needs a run with `--expose-gc`
 * @throws TypeError for an argument of the wrong kind, RangeError for one out of its range, and for a rule that is none
 *
 * @example
 * ```ts
 * import { verifyPublisher } from 'sluice/reactive/verify';
 *
 * // Sends all it has, whatever is asked for.
 * const make = (elements: number) => ({
 *   subscribe(subscriber: { onSubscribe(s: object): void; onNext(item: number): void; onComplete(): void }) {
 *     subscriber.onSubscribe({ request() {}, cancel() {} });
 *     for (let i = 0; i < elements; i++) subscriber.onNext(i);
 *     subscriber.onComplete();
 *   },
 * });
 *
 * for await (const { rule, outcome, message } of verifyPublisher(make, { timeout: 40 })) {
 *   if (rule === '1.1') console.log(outcome, message); // failed wanted no signal beyond the 0 requested; 10 items came, then onComplete()
 *   if (rule === '1.5') console.log(outcome); // passed
 * }
 * ```
 */
export function verifyPublisher<T>(
  make: (elements: number) => Publisher<T> | Promise<Publisher<T>>,
  options: {
    readonly maxElements?: number | undefined;
    readonly failed?: (() => Publisher<T>) | undefined;
    readonly multicast?: boolean | undefined;
    readonly timeout?: number | undefined;
    readonly skip?: readonly string[] | undefined;
  } = {},
): AsyncIterable<RuleResult> {
  const terms = readTerms({ make }, options);
  const { failed, multicast = false } = options;
  checkFunction('options.failed', failed);
  if (typeof multicast !== 'boolean') throw wrong('options.multicast', 'a boolean', multicast);
  const checks = publisherChecks<T>({
    make: (trial, elements) => trial.made(`make(${elements})`, () => make(elements), 'publisher', 'subscribe'),
    failed: (trial) =>
      failed === undefined ? skip('needs options.failed') : trial.made('failed()', failed, 'publisher', 'subscribe'),
    multicast: () => multicast || skip('needs options.multicast'),
  });
  return verify('13', checks, terms);
}
