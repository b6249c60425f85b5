// One cell of a table in a process of its own: `node cell.mjs WORKLOAD CONTESTANT MILLISECONDS WARM-UP`. Slices alternate
// with the floor's. Prints what it found as JSON; what goes wrong is a finding too.
// @ts-check
import { alternate, median, sliceOf, tenth } from './measure.mjs';
import { floorOf, taskOf } from './task.mjs';

const [, , workload, name, ms, warmUp] = process.argv;

/** @returns {Promise<import('./types.d.ts').CellRun>} */
async function cell() {
  const { once } = await taskOf(workload, name);
  try {
    const measured = await sliceOf(once, Number(warmUp));
    const floor = await sliceOf(await floorOf(workload), Number(warmUp));
    const slices = await alternate(measured, floor, Number(ms));
    return { ns: median(slices.measured), timesFloor: tenth(slices.measured) / tenth(slices.compared) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

process.stdout.write(JSON.stringify(await cell()));
process.exit(0);
