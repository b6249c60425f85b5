// The kit's own subscriber: asks for what a check wants, writes down what comes, and watches what no publisher may do.
//
// Invariant: `requested` counts a request before it is made, so an item that comes inside the request was asked for.

import type { Publisher, Subscriber, Subscription } from '../contract.js';
import type { Rule } from './rules.js';
import { fail, has, show, type Trial } from './trial.js';
import { type Bell, now, pause, until } from './waiting.js';

/** Signals of one subscriber may nest so deep: an item that comes inside the request for it, and no further. */
const DEEPEST = 2;
/** A timeout is for the next signal; all that a check waits for may take so many of them. */
const PATIENCE = 10;

export class Downstream<T> implements Subscriber<T>, Bell {
  wake?: (() => void) | undefined;
  subscription?: Subscription | undefined;
  readonly items: T[] = [];
  requested = 0;
  /** It asks inside `onNext` until it has asked for so many in all. */
  enough = Number.POSITIVE_INFINITY;
  /** How often `onSubscribe` came. */
  subscribed = 0;
  end?: 'onComplete' | 'onError' | undefined;
  error?: unknown;
  /** All signals but `onSubscribe`. */
  signals = 0;
  /** Whether signals nested so deep that there may be no end to it. */
  tooDeep = false;
  /** Whether signals still came when the patience of a wait was at its end. */
  going = false;
  #depth = 0;

  constructor(
    private readonly trial: Trial,
    /** How many items it asks for inside `onSubscribe`, */
    private readonly first = 0,
    /** and how many inside each `onNext`. */
    private readonly each = 0,
    /** At which item it cancels. */
    private readonly last = Number.POSITIVE_INFINITY,
    /** Whether it is held by the trial, which cancels it when the rule has its result. */
    held = true,
  ) {
    if (held) trial.finally(() => this.subscription?.cancel());
  }

  onSubscribe(subscription: Subscription): void {
    this.subscribed++;
    if (this.subscribed > 1) this.trial.saw('2.12', 'onSubscribe came twice');
    else if (!has(subscription, 'request', 'cancel'))
      this.trial.saw('1.9', `onSubscribe came with ${show(subscription)}`);
    else {
      this.subscription = subscription;
      if (!this.trial.open) subscription.cancel();
      else if (this.first > 0) this.request(this.first);
    }
    this.wake?.();
  }

  onNext(item: T): void {
    this.items.push(item);
    this.#enter('onNext');
    if (item === undefined || item === null) this.trial.saw('2.13', `onNext came with ${show(item)}`);
    if (this.items.length > this.requested)
      this.trial.saw('1.1', `item ${this.items.length} came where ${this.requested} were requested`);
    if (this.items.length === this.last) this.cancel();
    else if (this.each > 0 && this.requested < this.enough && this.trial.open && !this.tooDeep) this.request(this.each);
    this.#leave();
  }

  onError(error: unknown): void {
    this.#enter('onError');
    if (error === undefined || error === null) this.trial.saw('2.13', `onError came with ${show(error)}`);
    this.error = error;
    this.end ??= 'onError';
    this.#leave();
  }

  onComplete(): void {
    this.#enter('onComplete');
    this.end ??= 'onComplete';
    this.#leave();
  }

  #enter(signal: string): void {
    this.signals++;
    if (this.subscribed === 0) this.trial.saw('1.9', `${signal} came before onSubscribe`);
    if (this.end !== undefined) this.trial.saw('1.7', `${signal} came after ${this.end}`);
    if (++this.#depth <= DEEPEST) return;
    this.tooDeep = true;
    this.trial.saw('1.3', `${signal} came inside two other signals`);
  }

  #leave(): void {
    this.#depth--;
    this.wake?.();
  }

  request(n: number): void {
    if (n > 0) this.requested += n;
    this.#call('3.16', `request(${n})`, () => this.subscription?.request(n));
  }

  cancel(): void {
    this.trial.cancels++;
    this.#call('3.15', 'cancel()', () => this.subscription?.cancel());
  }

  /** What the publisher throws is a breach, and goes no further. */
  #call(rule: Rule, name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.trial.saw(rule, `${name} threw ${show(error)}`);
    }
  }

  /** What has come so far, for a message. */
  get story(): string {
    const { items, end, error } = this;
    return `${items.length} items came${end === undefined ? '' : `, then ${end}(${end === 'onError' ? show(error) : ''})`}`;
  }

  /** Whether `met` came true before the signals stopped, or went on for much too long. */
  async reaches(met: () => boolean): Promise<boolean> {
    const since = now();
    do {
      const seen = this.signals;
      if (await until(this, met, this.trial.timeout)) return true;
      this.going = seen !== this.signals;
    } while (this.going && now() - since < this.trial.timeout * PATIENCE);
    return false;
  }

  /** Waits for `met`, or fails with what was wanted and what came. */
  async expect(met: () => boolean, wanted: string): Promise<void> {
    if (!(await this.reaches(met))) fail(`wanted ${wanted} within ${this.trial.timeout} ms; ${this.story}`);
  }

  /** Waits for so many items in all, or fails. */
  async expectItems(n: number): Promise<void> {
    await this.expect(() => this.items.length >= n, `${n} requested items`);
  }

  async expectEnd(end: 'onComplete' | 'onError'): Promise<void> {
    await this.expect(() => this.end === end, end);
  }

  /** Fails where `act` brings a signal, or one comes in the quiet time after: more than the `before` that may have come. */
  async expectNothing(why: string, before: number = this.signals, act?: () => void): Promise<void> {
    act?.();
    const more = (): boolean => this.signals > before;
    if (await until(this, more, this.trial.quiet)) fail(`wanted no signal ${why}; ${this.story}`);
  }
}

/** Subscribes, and waits for the subscription. */
export async function subscribe<T>(
  trial: Trial,
  publisher: Publisher<T>,
  first?: number,
  each?: number,
  last?: number,
): Promise<Downstream<T>> {
  const downstream = new Downstream<T>(trial, first, each, last);
  try {
    publisher.subscribe(downstream);
  } catch (error) {
    const message = `subscribe threw ${show(error)}`;
    trial.saw('1.9', message);
    fail(message);
  }
  await downstream.expect(() => downstream.subscription !== undefined, 'onSubscribe');
  return downstream;
}

/** The quiet time, whatever comes in it. */
export const listen = (trial: Trial): Promise<void> => pause(trial.quiet);
