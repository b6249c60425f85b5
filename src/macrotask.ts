// One macrotask a turn for the whole module.
//
// Guarantee: what is given to `nextMacrotask` runs in the next turn of the event loop, after the microtasks and before
// anything else waits for a timer; in the order given; with one engine task for all of them. The engine's function is
// taken at module load, so that fake timers cannot hang a channel. Nothing is left referenced when nothing is queued: an
// immediate that has run holds no process, and a message port is referenced only while a message is under way.

import { host } from './host.js';

/** Chooses how to reach the next turn: `setImmediate`, else a `MessageChannel`, else `setTimeout`. */
export function macrotaskOf(platform: Pick<typeof host, 'setImmediate' | 'MessageChannel' | 'setTimeout'>): (run: () => void) => void {
  const { setImmediate, MessageChannel, setTimeout } = platform;
  if (setImmediate !== undefined) return (run) => void setImmediate(run);
  if (MessageChannel === undefined) return (run) => void setTimeout(run, 0);
  // Made at the first use: some platforms allow no such thing while a module loads.
  let channel: InstanceType<typeof MessageChannel> | undefined;
  const queue: (() => void)[] = [];
  return (run) => {
    if (channel === undefined) {
      channel = new MessageChannel();
      const { port1 } = channel;
      port1.onmessage = () => {
        const next = queue.shift();
        if (queue.length === 0) port1.unref?.();
        next?.();
      };
    }
    queue.push(run);
    channel.port1.ref?.();
    channel.port2.postMessage(null);
  };
}

/** Runs `run` in a macrotask of its own: for what may throw. */
export const macrotask: (run: () => void) => void = macrotaskOf(host);

let queued: (() => void)[] = [];

/** Runs `run`, which must not throw, in the next macrotask of the module. */
export function nextMacrotask(run: () => void): void {
  queued.push(run);
  if (queued.length === 1) macrotask(runQueued);
}

function runQueued(): void {
  const turn = queued;
  queued = [];
  for (const run of turn) run();
}
