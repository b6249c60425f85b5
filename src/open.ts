// Opens the machine behind a face: checks the options, and watches the signal among them until the end.

import { checkCapacity, readOptions } from './arguments.js';
import { Core } from './channel.js';
import { Coalescing } from './coalescing.js';
import type { AbortSignalLike, ChannelOptions } from './contract.js';
import type { Place } from './errors.js';
import { observers } from './observers.js';
import { pressureOf } from './pressure.js';
import { type Abortable, offAbort, onAbort } from './signals.js';
import { Weighing } from './weighing.js';

/** Where a face keeps its machine. */
export const CORE: unique symbol = Symbol('sluice.core');

/** Throws where an argument is wrong. */
export function openCore<T>(kind: Place['kind'], capacity: number, options: ChannelOptions<T>): Core<T> {
  const isQueue = kind === 'BoundedQueue';
  checkCapacity(capacity, isQueue ? 1 : 0);
  const { name, policy, coalesce, onDrop, maxWaiters, signal, weigh, watermarks, onPressure, watched } = readOptions(
    options,
    capacity,
    isQueue,
  );
  const place: Place = { kind, name, capacity };
  const packing = weigh ? new Weighing(weigh, place) : coalesce && new Coalescing(coalesce);
  const pressure = watched ? pressureOf(capacity, watermarks, onPressure) : undefined;
  const core = new Core<T>(place, { overflow: policy, onDrop, maxWaiters, packing, pressure });
  for (const observer of observers ?? []) observer.opened?.(core as Core<unknown>);
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
