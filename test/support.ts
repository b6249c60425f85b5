// What the tests share: ways to see whether a promise has settled, and sources whose every call is written down.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type AbortSignalLike, Channel, type ChannelOptions } from 'sluice';

/** Every mutant runs the tests that reach it: those that take long by measuring time or memory are left out then. */
export const MUTATING: boolean = process.env['STRYKER_MUTATOR_WORKER'] !== undefined;

const immediate = setImmediate;
const now = performance.now.bind(performance);

/** Collects garbage, also in a thread, which takes no flags at its start. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (globalThis.gc ?? (runInNewContext('gc') as () => void))();
}

/** The next turn of the event loop, by the real clock also where timers are fake. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => void immediate(resolve));
}

/** Politeness gives operations a slice of 4 ms: from here on 1,024 that complete at once spend it, however quick. */
export function passSlice(): void {
  for (const over = now() + 5; now() < over; );
}

/** As many microtasks as any operation may take that settles at once. */
export async function microtasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

/** A promise, and what has become of it so far. */
export interface Watched {
  state: 'pending' | 'fulfilled' | 'rejected';
  /** What it fulfilled with, or was rejected with. */
  result: unknown;
}

/** Follows a promise without waiting for it. A rejection counts as handled. */
export function watch(promise: Promise<unknown>): Watched {
  const watched: Watched = { state: 'pending', result: undefined };
  promise.then(
    (value) => Object.assign(watched, { state: 'fulfilled', result: value }),
    (reason: unknown) => Object.assign(watched, { state: 'rejected', result: reason }),
  );
  return watched;
}

/** What has become of a promise by the next turn of the event loop. */
export async function settled(promise: Promise<unknown>): Promise<Watched> {
  const watched = watch(promise);
  await macrotask();
  return watched;
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const { state, result } = await settled(promise);
  if (state !== 'rejected') throw new Error(`expected a rejection, but it is ${state}`);
  return result;
}

/** What a call throws. */
export function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('expected the call to throw');
}

/** A channel that holds 1, 2, … up to its capacity. */
export function full(capacity: number, options: ChannelOptions<number> = {}): Channel<number> {
  const channel = new Channel<number>(capacity, options);
  for (let i = 1; i <= capacity; i++) channel.trySend(i);
  return channel;
}

/** All that a channel still gives, to its quiet end. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A signal that is no AbortSignal, and counts its listeners. */
export class PlainSignal implements AbortSignalLike {
  aborted = false;
  reason: unknown = undefined;
  readonly listeners = new Set<() => void>();
  added = 0;

  addEventListener(_type: 'abort', listener: () => void): void {
    this.added++;
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.listeners]) listener();
  }
}

/** Turns a microtask loop that starves the event loop into a failure: true once a timer has got through. */
export async function letsTimersFire(tasks: (going: () => boolean) => Promise<unknown>[]): Promise<boolean> {
  let fired = false;
  const deadline = performance.now() + 4_000; // far more than any machine needs, however loaded
  const timer = setTimeout(() => {
    fired = true;
  }, 1);
  await Promise.race(tasks(() => !fired && performance.now() < deadline));
  clearTimeout(timer);
  return fired;
}
