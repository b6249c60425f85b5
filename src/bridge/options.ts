// The options that all adapters and intakes have in common, checked at the call.

import { checkFunction, checkObject, checkSignal, wrong } from '../arguments.js';
import type { AbortSignalLike, DropReason } from '../contract.js';

/** What every adapter and intake takes. */
export interface Common<T> {
  /** Aborted, it is `cancel(signal.reason)` of what the call returned; something foreign is destroyed or aborted with it. */
  readonly signal?: AbortSignalLike | undefined;
  /** Is given every item that was taken and will not arrive, as far as that can be known; where no policy says otherwise, with the reason `'cancel'`. */
  readonly onDrop?: ((value: T, why: DropReason) => void) | undefined;
}

/** Checks the options, those named `flags` for booleans. */
export function checkOptions<O extends Common<never>>(options: O | undefined, flags: readonly (keyof O)[] = []): O {
  const given = options === undefined ? ({} as O) : options;
  checkObject('options', given);
  checkSignal(given.signal);
  checkFunction('options.onDrop', given.onDrop);
  for (const flag of flags) {
    const value = given[flag];
    if (value !== undefined && typeof value !== 'boolean') throw wrong(`options.${String(flag)}`, 'a boolean', value);
  }
  return given;
}
