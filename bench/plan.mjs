// What the benchmark measures, in the order in which it is printed. Each name is a file: a workload in workloads/, a
// contestant in the folder of its table.
// @ts-check

/** One to one and many to many: who carries items from task to task. */
const CHANNELS = {
  name: 'channels',
  title: 'Channels',
  folder: 'peers',
  workloads: ['awaited', 'tried', 'batched', 'single', 'rendezvous', 'many'],
  contestants: [
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
  ],
};

/** Selects and chains of steps: who puts things together. */
const COMPOSITION = {
  name: 'composition',
  title: 'Composition',
  folder: 'composers',
  workloads: ['select-2', 'select-8', 'select-64', 'map', 'five', 'concurrent', 'batch', 'broadcast'],
  contestants: [
    'floor',
    'sluice',
    'generators',
    'node-readable',
    'ts-chan',
    'ts-chan-unsafe',
    'thi-ng-csp',
    'js-csp',
    'streaming-iterables',
    'ix',
    'effect',
    'rxjs',
    'p-map',
    'p-map-iterable',
    'p-limit',
    'p-queue',
  ],
};

/** @type {readonly import('./types.d.ts').Plan[]} */
export const TABLES = [CHANNELS, COMPOSITION];

/** Workloads of the tables. */
export const TABLE = TABLES.flatMap(({ workloads }) => workloads);

/** Workloads of the marks alone: sluice against itself, a bridge against what the platform has. */
export const MARKS = [
  'cycle',
  'drained',
  'aborted',
  'shared-signal',
  'timeouts',
  'select-wait',
  'select-anew',
  'coalesce',
  'weigh',
  'watermarks',
  'memory',
  'flat',
  'to-readable',
  'from-readable',
  'to-readable-stream',
  'from-emitter',
  'reactive',
  'from-observable',
  'observe',
  'observe-waits',
  'pipe',
  'politeness',
  'size',
];

/** The table that a workload stands in. */
export function planOf(/** @type {string} */ workload) {
  const plan = TABLES.find(({ workloads }) => workloads.includes(workload));
  if (plan === undefined) throw new Error(`no table has a workload ${workload}`);
  return plan;
}

/** @returns {Promise<import('./types.d.ts').TableWorkload>} */
export async function tableWorkload(/** @type {string} */ name) {
  return (await import(`./workloads/${name}.mjs`)).default;
}

/** @returns {Promise<import('./types.d.ts').PairWorkload | import('./types.d.ts').FigureWorkload>} */
export async function markWorkload(/** @type {string} */ name) {
  return (await import(`./workloads/${name}.mjs`)).default;
}

/**
 * Who stands in a table under a name.
 *
 * @param {import('./types.d.ts').Plan} plan
 * @param {string} name
 * @returns {Promise<import('./types.d.ts').Contestant | import('./types.d.ts').Composer>}
 */
export async function contestant({ folder }, name) {
  return (await import(`./${folder}/${name}.mjs`)).default;
}

/** @returns {Promise<import('./types.d.ts').Builds>} */
export async function builds() {
  const [shipped, eager, impolite] = await Promise.all(
    ['shipped', 'eager', 'impolite'].map((name) => import(`./.build/${name}.mjs`)),
  );
  return { shipped, eager, impolite };
}
