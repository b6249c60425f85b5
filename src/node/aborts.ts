// A signal that was given to a bridge: it destroys a stream.
//
// Guarantee: the signal keeps nothing of a stream that is released.

import type { AbortSignalLike } from '../contract.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';

/** Calls `stop` with the signal's reason when it aborts, at once where it has; gives what takes that back. */
export function whenAborted(signal: AbortSignalLike | undefined, stop: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    stop(signal.reason);
    return () => {};
  }
  const stops: Abortable = { aborted: stop };
  onAbort(signal, stops);
  return () => offAbort(signal, stops);
}
