// What the benchmark measures, in the order in which it is printed. Each name is a file: a workload in workloads/, a
// contestant in peers/.
// @ts-check

/** Workloads of the table, carried by every contestant. */
export const TABLE = ['awaited', 'tried', 'batched', 'single', 'rendezvous', 'many'];

/** Workloads of the marks alone: sluice against itself. */
export const MARKS = ['cycle', 'drained', 'aborted', 'shared-signal', 'timeouts', 'memory', 'politeness', 'size'];

export const CONTESTANTS = [
  'floor',
  'sluice',
  'textbook',
  'node-passthrough',
  'web-transform',
  'ts-chan',
  'ts-chan-unsafe',
  'thi-ng-csp',
  'async-channel',
  'js-csp',
  'repeater',
  'effect',
  'queueable',
  'it-pushable',
  'p-queue',
  'fastq',
];

/** @returns {Promise<import('./types.d.ts').TableWorkload>} */
export async function tableWorkload(/** @type {string} */ name) {
  return (await import(`./workloads/${name}.mjs`)).default;
}

/** @returns {Promise<import('./types.d.ts').PairWorkload | import('./types.d.ts').FigureWorkload>} */
export async function markWorkload(/** @type {string} */ name) {
  return (await import(`./workloads/${name}.mjs`)).default;
}

/** @returns {Promise<import('./types.d.ts').Contestant>} */
export async function contestant(/** @type {string} */ name) {
  return (await import(`./peers/${name}.mjs`)).default;
}

/** @returns {Promise<import('./types.d.ts').Builds>} */
export async function builds() {
  const [shipped, eager, impolite] = await Promise.all(
    ['shipped', 'eager', 'impolite'].map((name) => import(`./.build/${name}.mjs`)),
  );
  return { shipped, eager, impolite };
}
