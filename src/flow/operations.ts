// What the steps do that take one item at a time. Each call makes the operation of one run, with the state of one run.

import type { WaitOptions } from '../contract.js';
import type { StepContext } from './contract.js';
import type { Operation } from './each.js';
import { NONE } from './stage.js';

type Fn<T, R> = (item: T, context: StepContext) => R | PromiseLike<R>;

/** The results go on. */
export function mapping<T, U>(fn: Fn<T, U>): Operation<T, U, U> {
  return { call: fn, accept: (result) => result, yields: true };
}

/** The items go on for which the test holds. */
export function filtering<T>(test: (item: T) => unknown): Operation<T, unknown, T> {
  return { call: (item) => test(item), accept: (holds, item) => (holds ? item : NONE), yields: false };
}

/** All items go on but the first n. */
export function dropping<T>(n: number): Operation<T, boolean, T> {
  let left = n;
  return filtering(() => left === 0 || left-- === 0) as Operation<T, boolean, T>;
}

/** The items go on once the function is done with them. */
export function tapping<T>(fn: (item: T) => unknown): Operation<T, unknown, T> {
  return { call: (item) => fn(item), accept: (_, item) => item, yields: false };
}

/** Each new state goes on. */
export function scanning<T, A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Operation<T, A, A> {
  let state = initial;
  return {
    call: (item) => fn(state, item),
    accept: (result) => {
      state = result;
      return result;
    },
    yields: true,
  };
}

/** The same for a fold, whose states are no items. */
export function folding<T, A>(fn: (state: A, item: T) => A | PromiseLike<A>, initial: A): Operation<T, A, A> {
  return { ...scanning(fn, initial), yields: false };
}

/** Nothing goes on. */
export function consuming<T>(fn: Fn<T, unknown>): Operation<T, unknown, never> {
  return { call: fn, accept: () => NONE, yields: false };
}

/** Items go on once what they cost was taken from the bucket. */
export function throttling<T>(
  bucket: { take(n?: number, options?: WaitOptions): Promise<void> },
  cost: (item: T) => number,
): Operation<T, void, T> {
  return {
    call: (item, { signal }) => {
      const n = cost(item);
      return n === 0 ? undefined : bucket.take(n, { signal });
    },
    accept: (_, item) => item,
    yields: false,
  };
}
