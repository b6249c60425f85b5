// @ts-check
// The first half, the problem: a queue as people write it, a plain array and a wake-up. The reader never waits.
// Guarantee: nothing is lost while it runs; an abort throws away what is queued, and counts it as dropped.

/** @typedef {import('./meter.mjs').Entry} Entry */
/** @typedef {import('./bounded.mjs').Flow} Flow */

/** @param {Flow} flow */
export async function runUnbounded({ source, work, meter, consumers, signal }) {
  /** @type {Entry[]} */
  const queue = [];
  /** @type {(() => void)[]} */
  const asleep = [];
  let ended = false;
  meter.depth = () => ({ queue: queue.length, jobs: 0 });

  const wakeAll = () => {
    for (const wake of asleep.splice(0)) wake();
  };
  const throwAway = () => {
    for (const entry of queue.splice(0)) meter.drop(entry);
  };
  signal.addEventListener('abort', throwAway, { once: true });

  const consume = async () => {
    for (;;) {
      const entry = queue.shift();
      if (entry !== undefined) {
        await work(entry);
        meter.wrote(entry);
      } else if (ended) {
        return;
      } else {
        await new Promise((/** @type {(value: void) => void} */ resolve) => asleep.push(resolve));
      }
    }
  };

  const consuming = Promise.all(Array.from({ length: consumers }, consume));
  for await (const entry of source) {
    queue.push(entry); // whatever the consumers do: this is the whole problem
    asleep.shift()?.();
    meter.track();
  }
  if (signal.aborted) throwAway();
  ended = true;
  wakeAll();
  await consuming;
}
