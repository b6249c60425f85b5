// One mark in a process of its own: `node mark.mjs WORKLOAD MILLISECONDS`. What is measured and what it is compared to
// take turns in short slices; the 10th percentiles are compared. Prints the figure as JSON.
// @ts-check
import { alternate, sliceOf, tenth } from './measure.mjs';
import { builds, markWorkload, TABLE, tableWorkload } from './plan.mjs';
import { floorOf, taskOf } from './task.mjs';

const [, , name, ms] = process.argv;

/** @returns {Promise<number>} */
async function figure() {
  if (TABLE.includes(name)) {
    const workload = await tableWorkload(name);
    if ('load' in workload || workload.againstItself === undefined) return againstFloor();
    return againstItself(workload.againstItself);
  }
  const workload = await markWorkload(name);
  if ('figure' in workload) return workload.figure(await builds(), Number(ms));
  return againstItself(workload);
}

async function againstFloor() {
  const { once } = await taskOf(name, 'sluice');
  const measured = await sliceOf(once);
  const compared = await sliceOf(await floorOf(name));
  return ratio(measured, compared);
}

async function againstItself(/** @type {import('./types.d.ts').PairWorkload} */ workload) {
  const { measured, compared } = workload.pair(await builds());
  await warmUp(compared);
  await warmUp(measured);
  return ratio(measured, compared);
}

/**
 * @param {import('./types.d.ts').Slice} measured
 * @param {import('./types.d.ts').Slice} compared
 */
async function ratio(measured, compared) {
  const slices = await alternate(measured, compared, Number(ms));
  return tenth(slices.measured) / tenth(slices.compared);
}

async function warmUp(/** @type {import('./types.d.ts').Slice} */ slice) {
  const until = performance.now() + 150;
  do await slice();
  while (performance.now() < until);
}

process.stdout.write(JSON.stringify({ value: await figure() }));
process.exit(0);
