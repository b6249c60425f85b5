// The rules for processors (§4): those of both sides, the kit before it and after it, and what only a step between both can
// break.

import type { Processor } from '../contract.js';
import { Downstream, listen, subscribe } from './downstream.js';
import { publisherChecks } from './publisher.js';
import type { RuleResult } from './results.js';
import { type Subject, SUBSCRIBER, subscriberChecks } from './subscriber.js';
import { type Check, type Checks, fail, readTerms, skip, type Trial, verify } from './trial.js';
import { feed, Upstream } from './upstream.js';

/** How many items are requested long before there is one. */
const EARLY = 10;

/**
 * Tries the rules for processors on those that `make` makes: those of a publisher (§1, §3) with a correct publisher before
 * it, those of a subscriber (§2) with a subscriber after it that asks for all there is, and its own (§4). One result a rule,
 * in their order, each as soon as it is known; every iteration tries anew. §4.1 fails with any rule that failed before it.
 *
 * The processor gives one item for each that it takes; of what it makes of them nothing is asked.
 *
 * @param make - a new processor, subscribed to nothing
 * @param item - the item number `i`, from 0 on, that goes into it: anything but null
 * @param options - `maxElements`: the most items that may go through one processor, without bound by default. `timeout`: how
 *   long to wait for what must come, 100 ms by default; what must not come is listened for a quarter of it. `skip`: rules to
 *   leave out: §2.6 for one that stays subscribed without subscribers, §4.2 for one that recovers from errors
 * @returns the rules that only a reader of the code can check, and §1.11, are `'skipped'`; §3.13 needs a run with `--expose-gc`
 * @throws TypeError for an argument of the wrong kind, RangeError for one out of its range, and for a rule that is none
 *
 * @example
 * ```ts
 * import { verifyProcessor } from 'sluice/reactive/verify';
 *
 * const broken = () => {
 *   throw new Error('not written yet');
 * };
 * for await (const { rule, outcome, message } of verifyProcessor(broken, (i) => i))
 *   if (rule === '4.2') console.log(outcome, message); // failed make() failed: Error: not written yet
 * ```
 */
export function verifyProcessor<I, O>(
  make: () => Processor<I, O> | Promise<Processor<I, O>>,
  item: (i: number) => I,
  options: {
    readonly maxElements?: number | undefined;
    readonly timeout?: number | undefined;
    readonly skip?: readonly string[] | undefined;
  } = {},
): AsyncIterable<RuleResult> {
  const terms = readTerms({ make, item }, options);
  const made = (trial: Trial): Promise<Processor<I, O>> =>
    trial.made('make()', make, 'processor', 'subscribe', ...SUBSCRIBER);
  const fed = async (trial: Trial, elements: number, error?: unknown): Promise<Processor<I, O>> => {
    const processor = await made(trial);
    feed(trial, processor, item, elements, error);
    return processor;
  };
  /** A processor with a subscriber: what that does, the processor must do upstream. */
  const followed = async (trial: Trial): Promise<Subject<I>> => {
    const processor = await made(trial);
    const downstream = new Downstream<O>(trial, Number.MAX_SAFE_INTEGER);
    processor.subscribe(downstream);
    return {
      subscriber: processor,
      probe: { cancelUpstream: () => downstream.cancel(), requested: () => 0 },
    };
  };
  const asPublisher = publisherChecks<O>({
    make: fed,
    failed: (trial) => fed(trial, 0, new Error('an error for §4.2')),
    multicast: () => skip('verifyPublisher tries it'),
  });
  const asSubscriber = subscriberChecks<I>(followed, item);

  /** A processor with the kit on both sides: nothing is requested. */
  const between = async (trial: Trial): Promise<{ upstream: Upstream<I>; downstream: Downstream<O> }> => {
    const processor = await made(trial);
    const upstream = new Upstream<I>(trial, processor, item);
    upstream.subscribe();
    return { upstream, downstream: await subscribe(trial, processor) };
  };
  const early: Check = async (trial) => {
    const wanted = Math.min(EARLY, trial.most);
    if (wanted === 0) skip('needs an item, and maxElements is 0');
    const { upstream, downstream } = await between(trial);
    downstream.request(wanted);
    await listen(trial);
    while (upstream.given < wanted) {
      if (!(await upstream.demand()))
        fail(`${wanted} items were requested, and ${upstream.requested} of them from upstream`);
      upstream.next();
    }
    await downstream.expectItems(wanted);
  };
  const bothSides: Check = async ({ outcomes }) => {
    const broken = [...outcomes.keys()].filter((rule) => outcomes.get(rule) === 'failed');
    if (broken.length > 0) fail(`it broke §${broken.join(', §')}`);
  };
  const passesErrors: Check = async (trial) => {
    const { upstream, downstream } = await between(trial);
    upstream.end('onError');
    await downstream.expectEnd('onError');
  };

  const both = (rule: '2.12' | '2.13'): readonly Check[] => [
    ...(asPublisher[rule] ?? []),
    ...(asSubscriber[rule] ?? []),
  ];
  const checks: Checks = {
    ...asPublisher,
    ...asSubscriber,
    '2.12': both('2.12'),
    '2.13': both('2.13'),
    '4.1': [early, bothSides],
    '4.2': [passesErrors],
  };
  return verify('1234', checks, terms);
}
