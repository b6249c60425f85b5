// One mark in a process of its own: `node mark.mjs WORKLOAD MILLISECONDS`. What is measured and what it is compared to
// take turns in short slices; the 10th percentiles are compared. Prints the figure as JSON.
// @ts-check
import { flow } from './flow.mjs';
import { alternate, sliceOf, tenth } from './measure.mjs';
import { builds, contestant, markWorkload, TABLE, tableWorkload } from './plan.mjs';

const [, , name, ms] = process.argv;

/** @returns {Promise<number>} */
async function figure() {
  if (TABLE.includes(name)) return againstFloor((await tableWorkload(name)).load);
  const workload = await markWorkload(name);
  if ('figure' in workload) return workload.figure(await builds());
  const { measured, compared } = workload.pair(await builds());
  await warmUp(compared);
  await warmUp(measured);
  return ratio(measured, compared);
}

async function againstFloor(/** @type {import('./types.d.ts').Load} */ load) {
  const [sluice, floor] = [await contestant('sluice'), await contestant('floor')];
  const measured = await sliceOf((items) => flow(sluice, load, items));
  const compared = await sliceOf((items) => flow(floor, { ...load, receiving: 'items' }, items));
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
