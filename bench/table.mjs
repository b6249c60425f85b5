// A table: every contestant does every workload, each time in a fresh process, in rounds. A round goes through all
// cells before the next begins, forwards and backwards in turn, so that a slow minute of the machine meets all of them.
// @ts-check
import { child } from './child.mjs';
import { median } from './measure.mjs';
import { taskOf } from './task.mjs';

/** A cell that takes longer does not get on, in milliseconds. */
const PATIENCE = 20_000;

/**
 * @param {readonly string[]} workloads
 * @param {readonly string[]} contestants
 * @param {{ rounds: number, ms: number, warmUp: number, atOnce: number, progress: (text: string) => void }} settings
 * @returns {Promise<import('./types.d.ts').Cell[]>}
 */
export async function measureTable(workloads, contestants, { rounds, ms, warmUp, atOnce, progress }) {
  const cells = [];
  for (const workload of workloads) {
    for (const name of contestants) {
      const { cannot, apart } = await taskOf(workload, name);
      /** @type {{ ns: number, timesFloor: number }[]} */
      const runs = [];
      cells.push({ workload, contestant: name, runs, failed: cannot, apart });
    }
  }
  for (let round = 0; round < rounds; round++) {
    const left = cells.filter(({ failed }) => failed === undefined);
    if (round % 2 === 1) left.reverse();
    const processes = async () => {
      for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
        progress(`round ${round + 1} of ${rounds}: ${cell.workload}, ${cell.contestant}`);
        const { workload, contestant } = cell;
        /** @type {import('./types.d.ts').CellRun} */
        const run = await child('cell.mjs', [workload, contestant, ms, warmUp], [], PATIENCE).catch((error) => ({
          failed: error.message,
        }));
        if (run.ns === undefined || run.timesFloor === undefined) cell.failed = run.failed ?? 'failed';
        else cell.runs.push({ ns: run.ns, timesFloor: run.timesFloor });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, processes));
  }
  return cells.map(({ runs, failed, apart, ...cell }) => {
    if (failed !== undefined) return { ...cell, failed };
    const ns = runs.map((run) => run.ns);
    return {
      ...cell,
      ns: median(ns),
      timesFloor: median(runs.map((run) => run.timesFloor)),
      ...(runs.length > 1 ? { spread: (Math.max(...ns) - Math.min(...ns)) / 2 / median(ns) } : {}),
      ...(apart === undefined ? {} : { apart }),
    };
  });
}
