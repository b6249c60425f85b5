// The four interfaces of Reactive Streams 1.0.4, as types alone.

/**
 * Gives items to a subscriber, never more than that has asked for.
 *
 * @example
 * ```ts
 * import { fromPublisher, type Publisher } from 'sluice/reactive';
 *
 * const greeting: Publisher<string> = {
 *   subscribe(subscriber) {
 *     let open = true;
 *     subscriber.onSubscribe({
 *       request() {
 *         if (!open) return;
 *         open = false;
 *         subscriber.onNext('hello');
 *         subscriber.onComplete();
 *       },
 *       cancel() {
 *         open = false;
 *       },
 *     });
 *   },
 * };
 * await fromPublisher(greeting, 1).receive(); // 'hello'
 * ```
 */
export interface Publisher<out T> {
  /** Begins: calls `onSubscribe`, then nothing but what the subscription asks for, and one end at the most. */
  subscribe(subscriber: Subscriber<T>): void;
}

/**
 * Takes items from a publisher: `onSubscribe`, then any number of `onNext`, then `onError` or `onComplete`.
 *
 * @example
 * ```ts
 * import { type Subscriber, toPublisher } from 'sluice/reactive';
 *
 * const print: Subscriber<number> = {
 *   onSubscribe: (subscription) => subscription.request(2),
 *   onNext: (item) => console.log(item), // 1 2
 *   onError: (error) => console.log(error),
 *   onComplete: () => console.log('done'), // done
 * };
 * toPublisher(Channel.from([1, 2], 2)).subscribe(print);
 * ```
 */
export interface Subscriber<in T> {
  /** The first signal: nothing comes before something is requested. */
  onSubscribe(subscription: Subscription): void;
  /** One of the items that were requested. */
  onNext(item: T): void;
  /** The end, by an error. It may come although nothing was requested. */
  onError(error: unknown): void;
  /** The end. It may come although nothing was requested. */
  onComplete(): void;
}

/**
 * What binds one subscriber to one publisher.
 *
 * @example
 * ```ts
 * import { type Subscription, toPublisher } from 'sluice/reactive';
 *
 * const channel = new Channel<number>(4);
 * await channel.sendAll([1, 2, 3]);
 * const got: number[] = [];
 * let subscription: Subscription | undefined;
 * toPublisher(channel).subscribe({
 *   onSubscribe: (given) => (subscription = given),
 *   onNext: (item) => got.push(item),
 *   onError() {},
 *   onComplete() {},
 * });
 * subscription?.request(2);
 * got; // [1, 2]
 * subscription?.cancel();
 * ```
 */
export interface Subscription {
  /** So many items more: an integer from 1. */
  request(n: number): void;
  /** No more items. What is under way may still come. */
  cancel(): void;
}

/**
 * A subscriber to what comes before it, and a publisher to what comes after.
 *
 * @example
 * ```ts
 * import { fromPublisher, type Processor, toProcessor, toPublisher } from 'sluice/reactive';
 *
 * const double: Processor<number, number> = toProcessor(async function* (source) {
 *   for await (const n of source) yield n * 2;
 * }, 8);
 * toPublisher(Channel.from([1, 2, 3], 4)).subscribe(double);
 * for await (const n of fromPublisher(double, 8)) console.log(n); // 2 4 6
 * ```
 */
export interface Processor<in I, out O> extends Subscriber<I>, Publisher<O> {}
