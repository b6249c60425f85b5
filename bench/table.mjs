// The table: every contestant carries every workload, each time in a fresh process, in rounds. A round goes through all
// cells before the next begins, forwards and backwards in turn, so that a slow minute of the machine meets all of them.
// @ts-check
import { child } from './child.mjs';
import { inability } from './flow.mjs';
import { median } from './measure.mjs';
import { contestant, tableWorkload } from './plan.mjs';

/** A cell that takes longer does not get on, in milliseconds. */
const PATIENCE = 20_000;

/**
 * @param {readonly string[]} workloads
 * @param {readonly string[]} contestants
 * @param {{ rounds: number, ms: number, progress: (text: string) => void }} settings
 * @returns {Promise<import('./types.d.ts').Cell[]>}
 */
export async function measureTable(workloads, contestants, { rounds, ms, progress }) {
  const cells = [];
  for (const workload of workloads) {
    const { load } = await tableWorkload(workload);
    for (const name of contestants) {
      const who = await contestant(name);
      /** @type {{ ns: number, timesFloor: number }[]} */
      const runs = [];
      cells.push({ workload, contestant: name, runs, failed: inability(who, load), apart: who.apart?.(load) });
    }
  }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? cells : cells.toReversed();
    for (const cell of order) {
      if (cell.failed !== undefined) continue;
      progress(`round ${round + 1} of ${rounds}: ${cell.workload}, ${cell.contestant}`);
      /** @type {import('./types.d.ts').CellRun} */
      const run = await child('cell.mjs', [cell.workload, cell.contestant, ms], [], PATIENCE).catch((error) => ({
        failed: error.message,
      }));
      if (run.ns === undefined || run.timesFloor === undefined) cell.failed = run.failed ?? 'failed';
      else cell.runs.push({ ns: run.ns, timesFloor: run.timesFloor });
    }
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
