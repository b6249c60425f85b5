// What a stream is destroyed with, and what its end means to the other side.

import { reportUncaught } from '../callbacks.js';

/** A stream is gone that had neither ended nor failed: its other side must not take that for an end. */
export function prematureClose(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}

/** A reason as a stream takes it, to which whatever is false is no error at all. */
export function asError(reason: unknown): Error {
  if (reason) return reason as Error;
  return new Error(`cancelled, for the reason ${String(reason)}`, { cause: reason });
}

/** Whoever leaves is not interested in how the other side takes it. */
export function quietly(run: () => unknown): void {
  const running = async (): Promise<unknown> => run();
  running().catch(() => {});
}

/** Runs what may run the user's listeners: what one of them throws must not stop whoever called. */
export function reporting(run: () => void): void {
  try {
    run();
  } catch (error) {
    reportUncaught(error);
  }
}
