// The kit's own publisher's side: a subscription that writes down what is asked of it, and gives what a check says; and a
// source that gives its items as they are asked for.

import type { Subscriber, Subscription } from '../contract.js';
import { fail, show, type Trial } from './trial.js';
import { type Bell, until } from './waiting.js';

export class Upstream<T> implements Subscription, Bell {
  wake?: (() => void) | undefined;
  requested = 0;
  /** How often it was cancelled. */
  cancelled = 0;
  /** The calls of `request` and `cancel`. */
  calls = 0;
  given = 0;
  ended = false;
  /** What the subscriber threw last. */
  thrown?: string | undefined;
  /** A call that has not returned, and inside which no signal was given. */
  #calling: string | undefined;

  constructor(
    private readonly trial: Trial,
    readonly subscriber: Subscriber<T>,
    private readonly item: (i: number) => T,
    /** What it does at a request, inside the call. */
    private readonly asked: (upstream: Upstream<T>) => void = () => {},
  ) {}

  request(n: number | bigint): void {
    this.#call('request', () => {
      const number = Number(n);
      if (number >= 1 && (Number.isInteger(number) || number === Number.POSITIVE_INFINITY)) this.requested += number;
      else this.trial.saw('2.1', `request(${show(n)})`);
      this.asked(this);
    });
  }

  cancel(): void {
    this.#call('cancel', () => this.cancelled++);
  }

  #call(name: string, act: () => unknown): void {
    if (this.#calling !== undefined) this.trial.saw('2.7', `${name} was called inside ${this.#calling}`);
    const outer = this.#calling;
    this.#calling = name;
    this.calls++;
    try {
      act();
    } finally {
      this.#calling = outer;
    }
    this.wake?.();
  }

  /** Gives a signal; whether the subscriber returned from it. What it throws is a breach, and goes no further. */
  signal(name: keyof Subscriber<T>, ...values: unknown[]): boolean {
    const outer = this.#calling;
    this.#calling = undefined;
    try {
      (this.subscriber[name] as (...values: unknown[]) => void)(...values);
      return true;
    } catch (error) {
      this.thrown = `${name} threw ${show(error)}`;
      this.trial.saw('2.13', this.thrown);
      return false;
    } finally {
      this.#calling = outer;
    }
  }

  subscribe(): void {
    this.trial.finally(() => this.end('onComplete'));
    this.signal('onSubscribe', this);
  }

  next(): boolean {
    let item: T;
    try {
      item = this.item(this.given++);
    } catch (error) {
      this.trial.saw(this.trial.rule, `item(${this.given - 1}) threw ${show(error)}`);
      return false;
    }
    return this.signal('onNext', item);
  }

  end(name: 'onComplete' | 'onError', error: unknown = new Error('an error for §4.2')): boolean {
    if (this.ended) return true;
    this.ended = true;
    return this.signal(name, ...(name === 'onError' ? [error] : []));
  }

  /** Whether it was asked for an item that it has not given, soon. */
  demand(): Promise<boolean> {
    return until(this, () => this.requested > this.given, this.trial.timeout);
  }

  /** Fails where it is not cancelled soon. */
  async left(why: string): Promise<void> {
    if (!(await until(this, () => this.cancelled > 0, this.trial.timeout))) fail(`wanted cancel() ${why}; none came`);
  }
}

/** Subscribes, and gives so many items, as they are asked for, and the end; by an error, where there is one. */
export function feed<T>(
  trial: Trial,
  subscriber: Subscriber<T>,
  item: (i: number) => T,
  elements: number,
  error?: unknown,
): Upstream<T> {
  let giving = false;
  const give = (upstream: Upstream<T>): void => {
    if (giving) return;
    giving = true;
    const going = (): boolean => trial.open && upstream.cancelled === 0 && !upstream.ended;
    while (going() && upstream.given < Math.min(upstream.requested, elements) && upstream.next());
    if (going() && upstream.given >= elements) upstream.end(error === undefined ? 'onComplete' : 'onError', error);
    giving = false;
  };
  const upstream = new Upstream(trial, subscriber, item, give);
  upstream.subscribe();
  give(upstream); // there may be nothing to ask for
  return upstream;
}
