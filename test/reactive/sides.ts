// The other sides of the bridge, by hand: a subscriber and a publisher that do as a test tells them, and write down what
// they are told. Both check the rules that the other must keep.

import type { Publisher, Subscriber, Subscription } from 'sluice/reactive';

/** Writes down its signals, and throws where one comes that may not. */
export class Probe<T> implements Subscriber<T> {
  readonly log: unknown[] = [];
  readonly items: T[] = [];
  subscription!: Subscription;
  requested = 0;
  depth = 0;
  deepest = 0;
  over = false;
  /** The rules that were broken. */
  readonly broken: string[] = [];

  constructor(readonly acts: { first?: number; next?: (item: T, probe: Probe<T>) => void } = {}) {}

  onSubscribe(subscription: Subscription): void {
    if (this.subscription !== undefined) this.broken.push('2.12');
    this.subscription = subscription;
    this.#inside(() => {
      if (this.acts.first !== undefined) this.request(this.acts.first);
    });
  }

  onNext(item: T): void {
    if (this.subscription === undefined) this.broken.push('1.9');
    if (this.over) this.broken.push('1.7');
    this.log.push(item);
    this.items.push(item);
    if (this.items.length > this.requested) this.broken.push('1.1');
    this.#inside(() => this.acts.next?.(item, this));
  }

  onError(error: unknown): void {
    this.#ends(['error', error]);
  }

  onComplete(): void {
    this.#ends('complete');
  }

  request(n: number): void {
    this.requested += n;
    this.subscription.request(n);
  }

  cancel(): void {
    this.subscription.cancel();
  }

  #ends(signal: unknown): void {
    if (this.subscription === undefined) this.broken.push('1.9');
    if (this.over) this.broken.push('1.7');
    if (this.depth > 0) this.broken.push('1.3');
    this.over = true;
    this.log.push(signal);
  }

  #inside(act: () => void): void {
    if (this.depth > 0) this.broken.push('1.3');
    this.deepest = Math.max(this.deepest, ++this.depth);
    act();
    this.depth--;
  }
}

/** A publisher whose signals a test gives, and which counts what is asked of it. */
export class Source<T> implements Publisher<T> {
  subscriber!: Subscriber<T>;
  requested = 0;
  readonly requests: number[] = [];
  emitted = 0;
  cancelled = 0;
  over = false;
  /** Runs at each request, after it was counted. */
  onRequest: (n: number) => void = () => {};
  readonly broken: string[] = [];

  readonly subscription: Subscription = {
    request: (n) => {
      if (this.over) this.broken.push('2.3');
      if (this.cancelled > 0) this.broken.push('a request after the cancel');
      if (!(Number.isInteger(n) && n > 0)) this.broken.push('3.9');
      this.requests.push(n);
      this.requested += n;
      this.onRequest(n);
    },
    cancel: () => {
      if (this.over) this.broken.push('2.3');
      this.cancelled++;
    },
  };

  subscribe(subscriber: Subscriber<T>): void {
    this.subscriber = subscriber;
    subscriber.onSubscribe(this.subscription);
  }

  get demand(): number {
    return this.requested - this.emitted;
  }

  next(...items: T[]): void {
    for (const item of items) {
      if (this.demand === 0) throw new Error('the test gives an item that was not requested');
      this.emitted++;
      this.subscriber.onNext(item);
    }
  }

  complete(): void {
    this.over = true;
    this.subscriber.onComplete();
  }

  error(error: unknown): void {
    this.over = true;
    this.subscriber.onError(error);
  }
}

/** Gives 0, 1, … as fast as it is asked, in the very call of `request`. */
export function counting(count: number): Source<number> {
  const source = new Source<number>();
  let going = false;
  source.onRequest = () => {
    if (going) return;
    going = true;
    while (source.demand > 0 && source.emitted < count && source.cancelled === 0) source.next(source.emitted);
    going = false;
    if (source.emitted === count && source.cancelled === 0 && !source.over) source.complete();
  };
  return source;
}
