// A step between a channel that a publisher fills and a delivery.
//
// Guarantee: whichever side ends, the other learns of it: a step that is over or a subscriber that leaves cancels the
// publisher before it; the end of that publisher goes through the step, also while nothing is requested.
//
// Invariant: at most one result is `#ahead`, and only once the step has been given the last item: it is what the step
// makes of the end.

import { checkCapacity, checkFunction, wrong } from '../arguments.js';
import { asking, failure } from '../bridge/asking.js';
import type { Channel } from '../channel-api.js';
import type { Processor } from './contract.js';
import { Delivery } from './delivery.js';
import { Intake, subscriberOf } from './intake.js';
import { CORE } from '../open.js';

type Step<I, O> = (source: AsyncIterable<I>) => AsyncIterable<O>;

/** What the step gives, pulled as it is asked for, and once more at the end of what it is given. */
class Results<I, O> implements AsyncIterableIterator<O> {
  #iterator: AsyncIterator<O> | undefined = undefined;
  #ahead: Promise<IteratorResult<O>> | undefined = undefined;
  #pulling = false;
  #over = false;

  constructor(
    private readonly step: Step<I, O>,
    private readonly source: Channel<I>,
    /** Told of an end that was found without being asked for. */
    private readonly tell: (reason: unknown) => void,
  ) {
    source[CORE].onEnd(() => this.#lookAhead());
  }

  next(): Promise<IteratorResult<O>> {
    const result = this.#ahead ?? this.#pull();
    this.#ahead = undefined;
    return result;
  }

  return(): Promise<IteratorResult<O>> {
    this.#ends(undefined);
    const over = { done: true, value: undefined } as const;
    return Promise.resolve(this.#iterator?.return?.() ?? over);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #pull(): Promise<IteratorResult<O>> {
    this.#pulling = true;
    try {
      this.#iterator ??= this.step(this.source.consume())[Symbol.asyncIterator]();
      const result = await this.#iterator.next();
      if (Object(result) !== result) throw wrong('the result of next()', 'an object', result);
      if (result.done) this.#ends(undefined);
      else if (this.source.ended) void Promise.resolve().then(() => this.#lookAhead());
      return result;
    } catch (error) {
      this.#ends(error);
      throw error;
    } finally {
      this.#pulling = false;
    }
  }

  /** The source has ended: so may the step, whether or not its next item is wanted. */
  #lookAhead(): void {
    if (this.#over || this.#pulling || this.#ahead !== undefined) return;
    this.#ahead = this.#pull();
    this.#ahead.then(
      ({ done }) => done && this.tell(undefined),
      (error: unknown) => this.tell(failure(error)),
    );
  }

  /** The step is over, or nobody wants what it gives: then it is given no more. */
  #ends(error: unknown): void {
    this.#over = true;
    this.source.cancel(error);
  }
}

/**
 * A step as a processor: what it is subscribed to fills a channel, the step reads the channel, and what it gives is
 * published, an item for each that was requested. The step begins when a result is first requested, or the source ends.
 *
 * Never more than the capacity is requested or buffered before the step; the step itself holds what it holds. An error
 * goes through the step after the items before it, and at once where there are none: so a step may recover, by `catch`. A
 * step that returns or throws cancels the subscription, and so does a subscriber that cancels. It has one subscriber.
 *
 * @param step - such as an `async function*`, or `(source) => flow(source).map(…)`
 * @param capacity - items, an integer from 1
 * @throws TypeError or RangeError for a wrong argument
 *
 * @example
 * ```ts
 * import { fromPublisher, toProcessor, toPublisher } from 'sluice/reactive';
 *
 * const lengths = toProcessor<string, number>(async function* (words) {
 *   for await (const word of words) yield word.length;
 * }, 16);
 * toPublisher(Channel.from(['one', 'three'], 2)).subscribe(lengths);
 * for await (const length of fromPublisher(lengths, 16)) console.log(length); // 3 5
 * ```
 */
export function toProcessor<I, O>(
  step: (source: AsyncIterable<I>) => AsyncIterable<O>,
  capacity: number,
): Processor<I, O> {
  if (step === undefined) throw wrong('step', 'a function', step);
  checkFunction('step', step);
  checkCapacity(capacity, 1);
  const intake = new Intake<I>(capacity, {});
  const delivery: Delivery<O> = new Delivery<O>({
    open: (taker, dropLate) =>
      asking(new Results(step, intake.channel, (reason) => delivery.end(reason)), taker, dropLate),
    owns: true,
    signal: undefined,
    drop: () => {},
  });
  return { ...subscriberOf(intake), subscribe: (subscriber) => delivery.subscribe(subscriber) };
}
