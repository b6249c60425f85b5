// One cell of the table in a process of its own: `node cell.mjs WORKLOAD CONTESTANT MILLISECONDS`. Slices alternate with
// the floor's. Prints what it found as JSON; what goes wrong is a finding too.
// @ts-check
import { flow } from './flow.mjs';
import { alternate, median, sliceOf, tenth } from './measure.mjs';
import { contestant, tableWorkload } from './plan.mjs';

const [, , workload, name, ms] = process.argv;

/** @returns {Promise<import('./types.d.ts').CellRun>} */
async function cell() {
  const { load } = await tableWorkload(workload);
  const who = await contestant(name);
  try {
    const measured = await sliceOf((items) => flow(who, load, items));
    const floor = await floorSlice(load);
    const slices = await alternate(measured, floor, Number(ms));
    return { ns: median(slices.measured), timesFloor: tenth(slices.measured) / tenth(slices.compared) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

/** The floor has no batches: it is one item at a time for whom it is compared with. */
async function floorSlice(/** @type {import('./types.d.ts').Load} */ load) {
  const floor = await contestant('floor');
  return sliceOf((items) => flow(floor, { ...load, receiving: 'items' }, items));
}

process.stdout.write(JSON.stringify(await cell()));
process.exit(0);
