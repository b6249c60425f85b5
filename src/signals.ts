// Abort listeners, shared: one listener a signal, however many wait on it.
//
// Invariants: a signal has an entry, and one listener of ours, exactly while somebody waits on it and it has not aborted;
// joining and leaving are O(1). Ten thousand waits on one signal raise no MaxListenersExceeded warning, and a long-lived
// signal keeps nothing alive that has gone.

import type { AbortSignalLike } from './contract.js';

/** Something that an abort ends. */
export interface Abortable {
  /** Must not throw. */
  aborted(reason: unknown): void;
}

interface Entry {
  readonly all: Set<Abortable>;
  readonly listener: () => void;
}

const entries = new WeakMap<AbortSignalLike, Entry>();

/** Tells `waiting` when `signal`, which is not aborted, aborts: first come, first told. */
export function onAbort(signal: AbortSignalLike, waiting: Abortable): void {
  const entry = entries.get(signal);
  if (entry !== undefined) {
    entry.all.add(waiting);
    return;
  }
  const all = new Set([waiting]);
  const listener = (): void => {
    // One at a time: whoever is told may make others leave, and those must not be told.
    for (const each of all) {
      all.delete(each);
      each.aborted(signal.reason);
    }
    forget(signal, listener);
  };
  signal.addEventListener('abort', listener);
  entries.set(signal, { all, listener });
}

/** Takes `waiting` back. */
export function offAbort(signal: AbortSignalLike, waiting: Abortable): void {
  const entry = entries.get(signal);
  if (entry === undefined) return;
  entry.all.delete(waiting);
  if (entry.all.size === 0) forget(signal, entry.listener);
}

function forget(signal: AbortSignalLike, listener: () => void): void {
  entries.delete(signal);
  try {
    signal.removeEventListener('abort', listener);
  } catch {
    // A signal that cannot let go of its listener must not keep a wait from being settled.
  }
}
