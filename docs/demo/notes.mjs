// @ts-check
// What happened, in sentences: why a reader stopped, what was dropped, what was passed over.
// Guarantee: nothing that makes a figure of the table smaller, larger or unsure goes unsaid.

import { count, duration, seconds, size } from './format.mjs';
import { LIMIT_RULE } from './guard.mjs';
import { equal } from './tally.mjs';

/** @typedef {import('./half.mjs').Stopped} Stopped */
/** @typedef {import('./table.mjs').Context} Context */
/** @typedef {import('./table.mjs').Run} Run */

/** An input that lasts for less than this share of the time is too short to show much. */
const SHORT = 0.5;

/** @param {number} limit */
export const limitLine = (limit) => `A half stops itself at ${size(limit)} of memory (${LIMIT_RULE}).`;

/**
 * @param {Stopped} stopped
 * @param {number} limit
 * @returns {string} to be read after "reader"
 */
export function whyStopped({ why, at, waiting, rss }, limit) {
  const state = `${size(waiting)} queued, ${size(rss)} of memory`;
  switch (why) {
    case 'memory':
      return `stopped itself at ${size(rss)} of memory (limit ${size(limit)}), ${size(waiting)} queued`;
    case 'work':
      return `stopped at ${seconds(at)}: ${size(waiting)} queued fill the time left (rss ${size(rss)})`;
    case 'time':
      return `stopped at ${seconds(at)}: its time was over (${state})`;
    case 'same':
      return `has read the same records (${state})`;
    case 'abort':
      return `was interrupted at ${seconds(at)} (${state})`;
    default:
      return `has read all of it at ${seconds(at)} (${state})`;
  }
}

/**
 * @param {Run[]} runs
 * @param {Context} context
 * @returns {string[]} sentences
 */
export function notes(runs, context) {
  const [first, second] = runs;
  if (first === undefined) return [];
  return [
    ...runs.flatMap((run) => aboutRun(run, context)),
    ...aboutInput(first, context),
    ...(second === undefined ? [] : aboutBoth(first, second)),
  ];
}

/**
 * @param {Run} run
 * @param {Context} context
 */
function aboutRun({ kind, result, file }, { settings, limit }) {
  const name = kind === 'bounded' ? 'Bounded' : 'Unbounded';
  const lines = [`${name}: the reader ${whyStopped(result.stopped, limit)}.`];
  const { records, bytes } = result.dropped;
  if (records > 0) {
    const why = [];
    if (kind === 'bounded' && settings.overflow !== 'wait') why.push(`found no room (--overflow ${settings.overflow})`);
    if (result.cut === 'time') why.push('were still queued when the time was over, and thrown away');
    if (result.cut === 'abort') why.push('were still queued at the interruption, and thrown away');
    lines.push(`${name}: ${plural(records, 'record')} (${size(bytes)}) ${why.join(', or ')}.`);
  }
  if (kind === 'bounded') {
    const { written, timeouts } = result;
    lines.push(`${name}: join() waited for ${plural(written.records, 'job')}; ${plural(timeouts, 'take')} timed out.`);
  }
  if (file !== undefined && file.corrupt > 0)
    lines.push(`${name}: ${plural(file.corrupt, 'record')} came out damaged.`);
  return lines;
}

/**
 * @param {Run} run the first: it reads at least as far as the second
 * @param {Context} context
 */
function aboutInput({ result: { progress, json, read, stopped, elapsed } }, { settings, input }) {
  const again = progress.passes > 1 ? ` (${plural(progress.passes - 1, 'time')} again from the start)` : '';
  const lines = [
    `Input: ${input.title}, ${plural(progress.files, 'file')} read${again}, ${plural(json, 'JSON record')}.`,
  ];
  if (progress.skipped > 0) {
    lines.push(`Passed over, because not readable: ${plural(progress.skipped, 'file or folder', 'files or folders')}.`);
  }
  if (input.cutAt !== undefined) lines.push(`The stream was cut off after ${size(input.cutAt)}: it may go on.`);
  if (read.records === 0) {
    lines.push('There was nothing to read.');
  } else if (stopped.why === 'end' && elapsed < (settings.seconds / 2) * 1000 * SHORT) {
    lines.push('The input ended long before the time did: name a bigger one to see more.');
  }
  return lines;
}

/**
 * @param {Run} first unbounded
 * @param {Run} second bounded
 */
function aboutBoth(first, { result }) {
  if (result.stopped.why === 'time') return ['The second half ran out of time: compare rates, not totals.'];
  if (first.file === undefined || result.stopped.why !== 'same') return [];
  if (!equal(result.read, first.file)) return ['The halves did not read the same: the input changed between them.'];
  const less = result.dropped.records > 0 ? ', less what was dropped' : '';
  const { peak, p99 } = first.result;
  const waiting = `at most ${size(result.peak.waiting)} waited, without it ${size(peak.waiting)}`;
  const late =
    p99 === undefined || result.p99 === undefined
      ? ''
      : `; 99 of 100 records were written within ${duration(result.p99)} of being read, without it ${duration(p99)}`;
  return [`Both wrote the same ${plural(result.read.records, 'record')}${less}. With a bound ${waiting}${late}.`];
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
