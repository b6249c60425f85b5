// The marks: what was promised of sluice's speed, measured. Those against the floor or against sluice itself have a
// process each, in which both take turns; those against the fastest peer are read from the tables.
// @ts-check
import { child } from './child.mjs';
import { median } from './measure.mjs';
import { markWorkload, TABLE, tableWorkload } from './plan.mjs';
import { taskOf } from './task.mjs';

/**
 * @param {readonly string[]} workloads
 * @param {readonly import('./types.d.ts').Cell[]} cells
 * @param {{ rounds: number, ms: number, progress: (text: string) => void }} settings
 * @returns {Promise<import('./types.d.ts').Verdict[]>}
 */
export async function measureMarks(workloads, cells, { rounds, ms, progress }) {
  /** @type {{ workload: string, mark: import('./types.d.ts').Mark, flags: readonly string[], values: number[] }[]} */
  const own = [];
  const verdicts = [];
  for (const workload of workloads) {
    if (TABLE.includes(workload)) {
      const what = await tableWorkload(workload);
      const mark = 'load' in what ? what.againstFloor : what.againstItself?.mark;
      if (mark !== undefined) own.push({ workload, mark, flags: [], values: [] });
      if (what.againstPeers !== undefined) verdicts.push(await againstFastest(workload, what.againstPeers, cells));
    } else {
      const { mark, flags = [] } = await markWorkload(workload);
      own.push({ workload, mark, flags, values: [] });
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { workload, mark, flags, values } of own) {
      // Bytes are the same every time.
      if (round > 0 && mark.unit === 'bytes') continue;
      progress(`marks, round ${round + 1} of ${rounds}: ${workload}`);
      values.push((await child('mark.mjs', [workload, ms], flags)).value);
    }
  }
  for (const { workload, mark, values } of own) {
    /** @type {[number, number]} */
    const range = [Math.min(...values), Math.max(...values)];
    verdicts.push(verdict(workload, mark, median(values), values.length > 1 ? { range } : {}));
  }
  return verdicts.sort((a, b) => workloads.indexOf(a.workload) - workloads.indexOf(b.workload));
}

/**
 * How many times faster than the fastest peer, each in multiples of the floor of its own process.
 *
 * @param {string} workload
 * @param {import('./types.d.ts').Mark} mark
 * @param {readonly import('./types.d.ts').Cell[]} cells
 */
async function againstFastest(workload, mark, cells) {
  let sluice;
  let fastest;
  let title = '';
  for (const cell of cells) {
    if (cell.workload !== workload || cell.timesFloor === undefined || cell.apart !== undefined) continue;
    const who = await taskOf(workload, cell.contestant);
    if (who.kind === 'sluice') sluice = cell.timesFloor;
    const isPeer = who.kind === 'peer' || who.kind === 'platform';
    if (isPeer && cell.timesFloor < (fastest ?? Number.POSITIVE_INFINITY)) {
      fastest = cell.timesFloor;
      title = who.title;
    }
  }
  if (sluice === undefined || fastest === undefined)
    return verdict(workload, mark, undefined, { remark: 'no peer was measured' });
  return verdict(workload, mark, fastest / sluice, { remark: title });
}

/**
 * @param {string} workload
 * @param {import('./types.d.ts').Mark} mark
 * @param {number | undefined} measured
 * @param {{ remark?: string, range?: readonly [number, number] }} more
 * @returns {import('./types.d.ts').Verdict}
 */
function verdict(workload, mark, measured, more) {
  const { atMost = Number.POSITIVE_INFINITY, atLeast = 0 } = mark;
  return { workload, mark, measured, ok: measured !== undefined && measured <= atMost && measured >= atLeast, ...more };
}
