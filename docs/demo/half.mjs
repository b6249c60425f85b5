// @ts-check
// One half, in a process of its own, so that its memory is nobody else's. Started by run-half.mjs, talks by messages.
// Guarantee: it sends samples while it runs, then one result or one failure; it ends when its parent does.

import { runBounded } from './bounded.mjs';
import { guard } from './guard.mjs';
import { Meter } from './meter.mjs';
import { Output } from './output.mjs';
import { readRecords } from './source.mjs';
import { runUnbounded } from './unbounded.mjs';
import { worker } from './work.mjs';

/** @typedef {import('./guard.mjs').Stop} Stop */
/** @typedef {import('./meter.mjs').Sample} Sample */
/** @typedef {import('./tally.mjs').Count} Count */
/** @typedef {'unbounded' | 'bounded'} Kind */
/**
 * @typedef {object} Order what the parent asks for
 * @property {Kind} kind
 * @property {import('./input.mjs').Input} input
 * @property {string} output the file to write
 * @property {number} consumers
 * @property {number} capacity
 * @property {import('./arguments.mjs').Overflow} overflow
 * @property {number} jobs
 * @property {number} limit bytes of memory
 * @property {number} time milliseconds
 * @property {number} records to read at the most
 */
/**
 * @typedef {object} Stopped why the reader stopped, and how things were then
 * @property {Stop} why
 * @property {number} at milliseconds
 * @property {number} waiting bytes
 * @property {number} rss
 */
/**
 * @typedef {object} Result
 * @property {Stopped} stopped
 * @property {'time' | 'abort' | undefined} cut what threw away the rest of the queue, where something did
 * @property {number} elapsed
 * @property {Count} read
 * @property {{ records: number, bytes: number }} written
 * @property {Count} dropped
 * @property {Meter['peak']} peak
 * @property {number | undefined} p50
 * @property {number | undefined} p99
 * @property {import('./source.mjs').Progress} progress
 * @property {number} json
 * @property {number} timeouts
 */
/** @typedef {{ sample: Sample } | { stopped: Stopped } | { result: Result } | { failure: string }} Message */

const SAMPLE_EVERY = 100;
/** Where even so the queue outlasts the time, it is thrown away after this much more. */
const GRACE = 1.5;

/** @param {Message} message */
const tell = (message) => process.connected && process.send?.(message);

/** @param {unknown} error */
const fail = (error) => {
  tell({ failure: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
};

/** @param {Order} order */
async function run(order) {
  const abort = new AbortController();
  process.on('message', () => abort.abort('abort')); // the only message that can follow is 'stop'

  const meter = new Meter();
  const progress = { files: 0, skipped: 0, passes: 0 };
  const found = { json: 0 };
  const output = await Output.create(order.output);
  const whyStop = guard(meter, order, abort.signal);
  /** @type {Stopped | undefined} */
  let stopped;
  /** @param {Stop} why */
  const stop = (why) => {
    stopped = { why, at: meter.elapsed, waiting: meter.waiting, rss: meter.rss() };
    tell({ stopped });
    return stopped;
  };

  async function* source() {
    for await (const bytes of order.records > 0 ? readRecords(order.input, progress) : []) {
      yield meter.entry(bytes);
      const why = whyStop();
      if (why === undefined) continue;
      stop(why);
      return;
    }
    stop('end');
  }

  const deadline = setTimeout(() => abort.abort('time'), order.time * GRACE);
  const sampling = setInterval(() => tell({ sample: meter.sample() }), SAMPLE_EVERY);
  meter.sample();

  const flow = {
    source: source(),
    work: worker(output, found),
    meter,
    consumers: order.consumers,
    signal: abort.signal,
  };
  const bounded = order.kind === 'bounded' ? await runBounded({ ...flow, ...order }) : await runUnbounded(flow);
  const { elapsed } = meter;
  clearTimeout(deadline);
  clearInterval(sampling);
  await output.close();
  tell({ sample: meter.sample() });
  tell({
    result: {
      stopped: stopped ?? stop(abort.signal.reason),
      cut: abort.signal.reason,
      elapsed,
      read: meter.read.count(),
      written: meter.written,
      dropped: meter.dropped.count(),
      peak: meter.peak,
      p50: meter.latencies.quantile(0.5),
      p99: meter.latencies.quantile(0.99),
      progress,
      json: found.json,
      timeouts: bounded?.timeouts ?? 0,
    },
  });
  process.disconnect?.();
}

// Ctrl-C reaches every process of the terminal: this one is told by its parent, and reports before it ends.
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => {});
process.on('uncaughtException', fail);
process.on('disconnect', () => process.exit());
process.once('message', (/** @type {Order} */ order) => void run(order));
