// Checks of what is passed to a step: each throws at the call, and says which argument, what it was, what is allowed.

import { checkInteger, wrong } from '../arguments.js';
import type { ConcurrencyOptions } from './contract.js';

/** Throws unless it is a function. */
export function checkFunction(what: string, fn: unknown): void {
  if (typeof fn !== 'function') throw wrong(what, 'a function', fn);
}

/** Throws unless it is an object of options. */
export function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
}

/** Throws unless it is a time in milliseconds, `Infinity` among them. */
export function checkMilliseconds(what: string, ms: unknown): void {
  if (typeof ms !== 'number') throw wrong(what, 'a number of milliseconds', ms);
  if (!(ms >= 0)) throw new RangeError(`${what} must be 0 or more milliseconds, got ${ms}`);
}

/** Reads how many calls of a step may run at once; throws at a bad number. */
export function readConcurrency(options: ConcurrencyOptions): { concurrency: number; ordered: boolean } {
  checkOptions(options);
  const { concurrency = 1, ordered = true } = options;
  checkInteger('options.concurrency', concurrency, 1);
  if (typeof ordered !== 'boolean') throw wrong('options.ordered', 'true or false', ordered);
  return { concurrency, ordered };
}
