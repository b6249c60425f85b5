// Opens the machine behind a face: checks the options, and watches the signal among them until the end.

import { checkCapacity, readOptions } from './arguments.js';
import { Core } from './channel.js';
import type { AbortSignalLike, ChannelOptions } from './contract.js';
import { Drops } from './drops.js';
import type { Place } from './errors.js';
import { type Abortable, offAbort, onAbort } from './signals.js';

/** Throws where an argument is wrong. */
export function openCore<T>(kind: Place['kind'], capacity: number, options: ChannelOptions<T>): Core<T> {
  const isQueue = kind === 'BoundedQueue';
  checkCapacity(capacity, isQueue ? 1 : 0);
  const { name, overflow, onDrop, maxWaiters, signal } = readOptions(options, capacity, isQueue);
  const drops = onDrop && new Drops(onDrop);
  const core = new Core<T>({ kind, name, capacity }, overflow, maxWaiters, drops);
  if (signal !== undefined) cancelOnAbort(core, signal);
  return core;
}

function cancelOnAbort<T>(core: Core<T>, signal: AbortSignalLike): void {
  if (signal.aborted) {
    core.cancel(signal.reason);
    return;
  }
  const cancels: Abortable = {
    aborted: (reason) => {
      core.cancel(reason);
    },
  };
  onAbort(signal, cancels);
  core.onEnd(() => offAbort(signal, cancels));
}
