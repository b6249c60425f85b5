// @ts-check
// The final table: both runs side by side.
// Guarantee: every figure is one that was measured, and what was not checked says so.

import { count, duration, hex, rate, size, times } from './format.mjs';
import { equal, sum } from './tally.mjs';

/** @typedef {import('./half.mjs').Kind} Kind */
/** @typedef {import('./half.mjs').Result} Result */
/** @typedef {import('./tally.mjs').Count} Count */
/**
 * @typedef {object} Run
 * @property {Kind} kind
 * @property {Result} result
 * @property {(Count & { corrupt: number }) | undefined} file what the output file turned out to hold, where it was looked at
 */
/**
 * @typedef {object} Context
 * @property {import('./arguments.mjs').Settings} settings
 * @property {import('./input.mjs').Input} input
 * @property {number} limit bytes of memory
 * @property {number} jobs capacity of the BoundedQueue
 */

const LABEL = 24;
const COLUMN = 20;
const RATIO = 10;

/**
 * Whether what was read is what was written and dropped, to the byte. Undefined where nobody looked.
 *
 * @param {Run} run
 */
export function balanced({ result, file }) {
  return file && file.corrupt === 0 && equal(result.read, sum(file, result.dropped));
}

/**
 * @param {Run[]} runs one or two
 * @param {Context} context
 */
export function table(runs, { settings: { capacity }, jobs }) {
  /** @param {string} label @param {(run: Run) => string} cell */
  const row = (label, cell) => line(label, runs.map(cell));

  /** @param {string} label @param {(value: number) => string} format @param {(result: Result) => number | undefined} value */
  const measure = (label, format, value) => {
    const values = runs.map(({ result }) => value(result));
    return line(
      label,
      values.map((one) => (one === undefined ? '-' : format(one))),
      ratio(values),
    );
  };

  const isBounded = (/** @type {Run} */ { kind }) => kind === 'bounded';
  const depth = (/** @type {Run} */ run) => {
    const { queue } = run.result.peak;
    return isBounded(run) ? `${count(queue)} of ${count(capacity)}` : count(queue);
  };
  // What came out is what the file holds; of a run that was interrupted, what it says it wrote.
  const out = (/** @type {Run} */ { result, file }) => file ?? result.written;
  const plus = runs.some(({ result }) => result.dropped.records > 0) ? ' + dropped' : '';

  return [
    line(
      '',
      runs.map((run) => (isBounded(run) ? `Channel(${capacity})` : 'unbounded array')),
      runs[1] && 'ratio',
    ),
    measure('peak memory (rss)', size, ({ peak }) => peak.rss),
    measure('peak heap', size, ({ peak }) => peak.heap),
    line('peak depth, records', runs.map(depth), ratio(runs.map(({ result }) => result.peak.queue))),
    row('peak depth, jobs', (run) => (isBounded(run) ? `${run.result.peak.jobs} of ${jobs}` : '-')),
    measure('peak bytes waiting', size, ({ peak }) => peak.waiting),
    measure('latency p50', duration, ({ p50 }) => p50),
    measure('latency p99', duration, ({ p99 }) => p99),
    measure('throughput', rate, ({ written, elapsed }) => written.bytes / (elapsed / 1000)),
    measure('time', duration, ({ elapsed }) => elapsed),
    '',
    row('items in', ({ result }) => count(result.read.records)),
    row('items out', (run) => count(out(run).records)),
    row('items dropped', ({ result }) => count(result.dropped.records)),
    row('bytes in', ({ result }) => count(result.read.bytes)),
    row(`bytes out${plus}`, (run) => count(out(run).bytes + run.result.dropped.bytes)),
    row('checksum in', ({ result }) => hex(result.read.checksum)),
    row(`checksum out${plus}`, ({ result, file }) => (file ? hex(sum(file, result.dropped).checksum) : NOT_CHECKED)),
    row(`in = out${plus}`, (run) => yes(out(run).records + run.result.dropped.records === run.result.read.records)),
    row('checksum equal', (run) => yes(balanced(run))),
  ].join('\n');
}

const NOT_CHECKED = 'not checked';

/** @param {boolean | undefined} answer */
function yes(answer) {
  if (answer === undefined) return NOT_CHECKED;
  return answer ? 'yes' : 'NO';
}

/**
 * @param {string} label
 * @param {string[]} cells
 * @param {string} [last]
 */
function line(label, cells, last = '') {
  const columns = cells.map((cell) => cell.padStart(COLUMN)).join('');
  return `${label.padEnd(LABEL)}${columns}${last.padStart(RATIO)}`.trimEnd();
}

/** @param {(number | undefined)[]} values */
function ratio([first, second]) {
  return first !== undefined && second !== undefined && second > 0 ? times(first, second) : '';
}
