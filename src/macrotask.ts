// One macrotask a turn for the whole module.
//
// Guarantee: what is given to `nextMacrotask` runs in the next turn of the event loop, after the microtasks, in the order
// given; one engine task serves all of it. The engine's function is taken at module load, and one that is known to be fake
// is passed over, so that fake timers cannot hang a channel. Nothing keeps a process alive that has nothing else to do: an
// immediate that ran is gone, a port is closed.

import { type Host, host } from './host.js';

/** How a platform reaches the next turn: `setImmediate`, else a `MessageChannel`, else `setTimeout`. */
export function macrotaskOf({ setImmediate, MessageChannel, setTimeout }: Partial<Host>): (run: () => void) => void {
  // A `clock` is on those of @sinonjs/fake-timers, which Jest, Vitest and Sinon use; they fake no MessageChannel.
  if (setImmediate !== undefined && !('clock' in setImmediate && MessageChannel !== undefined)) {
    return (run) => void setImmediate(run);
  }
  if (MessageChannel === undefined) return (run) => void setTimeout?.(run, 0);
  return (run) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      run();
    };
    port2.postMessage(null);
  };
}

/** Runs `run` in a macrotask of its own: for what may throw. */
export const macrotask: (run: () => void) => void = macrotaskOf(host);

let queued: (() => void)[] = [];

/** Runs `run`, which must not throw, in the next macrotask of the module. */
export function nextMacrotask(run: () => void): void {
  if (queued.push(run) === 1) macrotask(runQueued);
}

function runQueued(): void {
  const turn = queued;
  queued = [];
  for (const run of turn) run();
}
