// @ts-check
// What is measured in a half: counted where it happens, sampled ten times a second, by the same code in both halves.
// Guarantee: read = written + dropped + what is still queued or in hand, at any moment.

import { Latencies } from './latency.mjs';
import { Tally } from './tally.mjs';

/**
 * A record on its way.
 *
 * @typedef {object} Entry
 * @property {number} number 0, 1, 2, … in the order of reading
 * @property {Buffer} bytes
 * @property {number} readAt milliseconds
 */
/** @typedef {{ queue: number, jobs: number }} Depth records in the array or the Channel, jobs in the BoundedQueue */
/**
 * @typedef {object} Sample
 * @property {number} elapsed milliseconds
 * @property {number} inRate bytes a second, over the last second
 * @property {number} outRate
 * @property {number} inRecords records a second
 * @property {number} outRecords
 * @property {number} read records so far
 * @property {number} written
 * @property {number} dropped
 * @property {number} waiting bytes that are read and not written
 * @property {Depth} depth
 * @property {Meter['peak']} peak
 * @property {number} rss
 * @property {number} heap
 * @property {number | undefined} p99 milliseconds, over the last second
 */

const SAMPLES_A_SECOND = 10;

export class Meter {
  read = new Tally();
  written = { records: 0, bytes: 0 };
  dropped = new Tally();
  latencies = new Latencies();
  peak = { rss: 0, heap: 0, waiting: 0, queue: 0, jobs: 0 };
  /** @type {() => Depth} set by the half that runs */
  depth = () => ({ queue: 0, jobs: 0 });
  startedAt = performance.now();

  #recent = new Latencies();
  /** @type {number | undefined} */
  #recentP99 = undefined;
  /** @type {{ at: number, in: number, out: number, inBytes: number, outBytes: number }[]} */
  #history = [];
  #ticks = 0;

  get elapsed() {
    return performance.now() - this.startedAt;
  }

  /** Bytes that are read and neither written nor dropped. */
  get waiting() {
    return this.read.bytes - this.written.bytes - this.dropped.bytes;
  }

  /**
   * @param {Buffer} bytes
   * @returns {Entry}
   */
  entry(bytes) {
    const number = this.read.records;
    this.read.add(number, bytes);
    return { number, bytes, readAt: performance.now() };
  }

  /** @param {Entry} entry */
  wrote({ bytes, readAt }) {
    this.written.records++;
    this.written.bytes += bytes.length;
    const ms = performance.now() - readAt;
    this.latencies.record(ms);
    this.#recent.record(ms);
  }

  /** @param {Entry} entry */
  drop({ number, bytes }) {
    this.dropped.add(number, bytes);
  }

  /** Looks at the memory of this process: asked for by the samples, and by the reader as it fills the memory. */
  rss() {
    const rss = process.memoryUsage.rss();
    this.peak.rss = Math.max(this.peak.rss, rss);
    return rss;
  }

  /** The peaks of what changes with every record. */
  track() {
    const { queue, jobs } = this.depth();
    this.peak.queue = Math.max(this.peak.queue, queue);
    this.peak.jobs = Math.max(this.peak.jobs, jobs);
    this.peak.waiting = Math.max(this.peak.waiting, this.waiting);
  }

  /** @returns {Sample} */
  sample() {
    this.track();
    const rss = this.rss();
    const heap = process.memoryUsage().heapUsed;
    this.peak.heap = Math.max(this.peak.heap, heap);

    const now = {
      at: this.elapsed,
      in: this.read.records,
      out: this.written.records,
      inBytes: this.read.bytes,
      outBytes: this.written.bytes,
    };
    const before = this.#history[0] ?? { at: 0, in: 0, out: 0, inBytes: 0, outBytes: 0 };
    this.#history.push(now);
    if (this.#history.length > SAMPLES_A_SECOND) this.#history.shift();
    const seconds = Math.max(now.at - before.at, 1) / 1000;

    if (this.#recentP99 === undefined || ++this.#ticks % SAMPLES_A_SECOND === 0) {
      this.#recentP99 = this.#recent.quantile(0.99);
      this.#recent.clear();
    }
    return {
      elapsed: now.at,
      inRate: (now.inBytes - before.inBytes) / seconds,
      outRate: (now.outBytes - before.outBytes) / seconds,
      inRecords: (now.in - before.in) / seconds,
      outRecords: (now.out - before.out) / seconds,
      read: now.in,
      written: now.out,
      dropped: this.dropped.records,
      waiting: this.waiting,
      depth: this.depth(),
      peak: this.peak,
      rss,
      heap,
      p99: this.#recentP99,
    };
  }
}
