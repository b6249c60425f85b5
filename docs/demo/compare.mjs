// @ts-check
// The comparison: the two halves one after the other on the same records, each checked, then the table.
// Guarantee: the second half reads what the first one wrote, record for record, so that the table compares like with like.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { memoryLimit } from './guard.mjs';
import { findInput } from './input.mjs';
import { openView } from './live.mjs';
import { limitLine, notes, whyStopped } from './notes.mjs';
import { verify } from './output.mjs';
import { runHalf } from './run-half.mjs';
import { balanced, table } from './table.mjs';

/** @typedef {import('./half.mjs').Order} Order */
/** @typedef {import('./live.mjs').View} View */
/** @typedef {import('./table.mjs').Run} Run */

/** Jobs that may lie ready for each consumer. */
const JOBS_A_CONSUMER = 2;
/** The second half has the same to do: it stops short only where it takes this much longer than its time. */
const PATIENCE = 2;

/**
 * @param {import('./arguments.mjs').Settings} settings
 * @param {string} scratch a folder for what is written
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false when something was lost or damaged
 */
export async function compare(settings, scratch, signal) {
  const limit = memoryLimit();
  const { consumers, capacity, overflow } = settings;
  const jobs = JOBS_A_CONSUMER * consumers;
  const view = openView(process.stdout, { capacity, jobs, limit });
  try {
    if (settings.path === '-') view.say(`Copying standard input to a file, which both halves read${howToEnd()}.`);
    const input = await findInput(settings.path, scratch, signal);
    view.say(
      `One fast reader of ${input.title}${input.repeat ? ' (over and over)' : ''}, consumers that parse, hash, compress and write: ${consumers}.`,
    );
    view.say(limitLine(limit));

    /** @type {Run[]} */
    const runs = [];
    const common = { input, consumers, capacity, overflow, jobs, limit };
    const time = (settings.seconds / 2) * 1000;
    if (!signal.aborted) {
      const records = Number.POSITIVE_INFINITY;
      runs.push(
        await half({ ...common, kind: 'unbounded', time, records, output: path.join(scratch, '1') }, view, signal),
      );
    }
    if (!signal.aborted) {
      // An array is first in, first out: what was written is what was read first.
      const records = runs[0]?.result.written.records ?? 0;
      runs.push(
        await half(
          { ...common, kind: 'bounded', time: time * PATIENCE, records, output: path.join(scratch, '2') },
          view,
          signal,
        ),
      );
    }

    if (runs.length > 0) {
      const context = { settings, input, limit, jobs };
      view.print(`\n${table(runs, context)}\n`);
      for (const note of notes(runs, context)) view.say(note);
    }
    if (signal.aborted) {
      const done = runs.length > 0 ? ': the figures are what was done so far' : ' before anything was read';
      view.say(`Interrupted${done}.`);
    }
    return runs.every((run) => balanced(run) !== false);
  } finally {
    view.close();
  }
}

/**
 * @param {Order} order
 * @param {View} view
 * @param {AbortSignal} signal
 * @returns {Promise<Run>}
 */
async function half(order, view, signal) {
  view.begin(order.kind);
  const result = await runHalf(
    order,
    { sample: (sample) => view.sample(sample), stopped: (stopped) => view.reader(whyStopped(stopped, order.limit)) },
    signal,
  );
  /** @type {Run} */
  const run = { kind: order.kind, result, file: undefined };
  if (signal.aborted) return run; // whoever pressed Ctrl-C does not want to wait for the check
  view.check('unpacking the output again, to check every byte ...');
  run.file = await verify(order.output, signal).catch((error) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
  if (run.file !== undefined) view.check(outcome(run));
  await rm(order.output);
  return run;
}

/** @param {Run} run */
function outcome(run) {
  if (!balanced(run)) return 'checked: what was written is NOT what was read';
  const dropped = run.result.dropped.records > 0 ? ' or dropped' : '';
  return `checked: what was read is what was written${dropped}, to the byte`;
}

function howToEnd() {
  return process.stdin.isTTY ? ' (end it with Ctrl-D)' : '';
}
