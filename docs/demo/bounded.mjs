// @ts-check
// The second half, the cure: the reader sends into a Channel and waits while it is full; jobs go on to workers through a
// BoundedQueue. Nowhere is there room for more than the two capacities and what each task has in hand.
// Guarantee: every record read is written, or is counted as dropped by the policy or by an abort.

import { BoundedQueue, Channel, ChannelClosedError, OverflowError, TimeoutError } from 'sluice';

/** @typedef {import('./meter.mjs').Entry} Entry */
/**
 * @typedef {object} Flow what both halves are made of
 * @property {AsyncIterable<Entry>} source
 * @property {(entry: Entry) => Promise<void>} work
 * @property {import('./meter.mjs').Meter} meter
 * @property {number} consumers
 * @property {AbortSignal} signal
 */
/**
 * @typedef {object} Bounds
 * @property {number} capacity of the Channel
 * @property {import('./arguments.mjs').Overflow} overflow of the Channel
 * @property {number} jobs capacity of the BoundedQueue
 */

/** How long a worker waits for a job before it looks up. */
const TAKE_TIMEOUT = 500;

/**
 * @param {Flow & Bounds} flow
 * @returns {Promise<{ timeouts: number }>} how often a worker waited for a job in vain
 */
export async function runBounded({ source, work, meter, consumers, signal, ...bounds }) {
  const drop = (/** @type {Entry} */ entry) => meter.drop(entry);
  const channel = new Channel(bounds.capacity, { name: 'records', overflow: bounds.overflow, onDrop: drop });
  const jobs = new BoundedQueue(bounds.jobs, { name: 'jobs', onDrop: drop });
  let timeouts = 0;
  meter.depth = () => ({ queue: channel.size, jobs: jobs.size });

  const produce = async () => {
    for await (const entry of source) {
      try {
        await channel.send(entry); // waits while the channel is full: this is the whole cure
      } catch (error) {
        drop(entry); // refused: the channel never held it
        if (!(error instanceof OverflowError)) break;
      }
      meter.track();
    }
    channel.close();
  };

  const dispatch = async () => {
    for await (const entry of channel) {
      await jobs.put(entry).catch((error) => {
        if (!(error instanceof ChannelClosedError)) throw error;
        drop(entry);
      });
      meter.track();
    }
    await jobs.join(); // every job that was taken is done
    jobs.close();
  };

  const worker = async () => {
    for (;;) {
      try {
        const entry = await jobs.take({ timeout: TAKE_TIMEOUT });
        await work(entry);
        meter.wrote(entry);
        jobs.taskDone();
      } catch (error) {
        if (error instanceof ChannelClosedError) return; // the queue is closed and empty
        if (!(error instanceof TimeoutError)) throw error;
        timeouts++; // nothing came: the place to renew a lease, to report, or to give up
      }
    }
  };

  const leave = () => {
    channel.cancel(); // the reader's send rejects, what is buffered goes to onDrop
    for (const entry of jobs.cancel()) drop(entry);
  };
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  await Promise.all([produce(), dispatch(), ...Array.from({ length: consumers }, worker)]);
  meter.peak.queue = channel.stats().peakSize;
  meter.peak.jobs = jobs.stats().peakSize;
  return { timeouts };
}
