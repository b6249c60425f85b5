// The benchmark: `npm run bench -- --help`. Prints tables of sluice beside its floor and its peers, and with `--marks`
// whether sluice keeps what was promised of its speed. Fails only where sluice itself carries items wrongly.
// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildVariants } from './build.mjs';
import { installPeers } from './install.mjs';
import { measureMarks } from './marks.mjs';
import { contestant, MARKS, TABLE, TABLES, tableWorkload } from './plan.mjs';
import { marksText, tableText } from './report.mjs';
import { measureTable } from './table.mjs';

const HELP = `npm run bench [-- OPTIONS]

  --marks          also measure the marks, and say which are met
  --json [FILE]    write all figures; to bench/.results/latest.json unless a file is named
  --quick          one short round, with the peers only where they are installed
  --only WORKLOAD  one workload; may be given more than once
${TABLES.map(({ name, workloads }) => listed(name, workloads)).join('\n')}
${listed('marks', MARKS)}
  --help           this

A full run with --marks takes about ten minutes. The peers are installed into bench/node_modules the first time.
`;

/** The words of a list in lines that are not too long. */
function listed(/** @type {string} */ name, /** @type {readonly string[]} */ words) {
  const lines = [`${name}:`];
  for (const [index, word] of words.entries()) {
    const next = index === words.length - 1 ? word : `${word},`;
    const last = lines.length - 1;
    if (lines[last].length + next.length < 76) lines[last] += ` ${next}`;
    else lines.push(`  ${next}`);
  }
  return lines.map((line) => `${' '.repeat(19)}${line}`).join('\n');
}

const FULL = { rounds: 5, ms: 200, warmUp: 120, atOnce: 1, markRounds: 3, markMs: 1_000 };
// Several processes at once disturb each other; rough figures they give all the same.
const QUICK = { rounds: 1, ms: 40, warmUp: 40, atOnce: availableParallelism(), markRounds: 1, markMs: 400 };
const RESULTS = fileURLToPath(new URL('.results/latest.json', import.meta.url));

function options() {
  const args = process.argv.slice(2);
  // `--json` may stand alone, which parseArgs does not know.
  const json = args.indexOf('--json');
  if (json >= 0 && (args[json + 1] ?? '-').startsWith('-')) args.splice(json + 1, 0, RESULTS);
  const { values } = parseArgs({
    args,
    options: {
      marks: { type: 'boolean', default: false },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only.find((name) => ![...TABLE, ...MARKS].includes(name));
  if (unknown !== undefined) throw new Error(`there is no workload ${unknown}`);
  return values;
}

/** Those of a table whose package can be loaded. */
async function contestantsThere(/** @type {import('./types.d.ts').Plan} */ plan) {
  const there = [];
  const missing = [];
  for (const name of plan.contestants) {
    try {
      const { title, kind, package: from, note } = await contestant(plan, name);
      const version = from === undefined ? undefined : versionOf(from);
      there.push({
        name,
        title,
        kind,
        ...(version === undefined ? {} : { version }),
        ...(note === undefined ? {} : { note }),
      });
    } catch (error) {
      // ENOENT: the project's own tools have brought the package along, in whatever version.
      const { code } = /** @type {{ code?: string }} */ (error);
      if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ENOENT') throw error;
      missing.push(name);
    }
  }
  if (missing.length > 0) process.stderr.write(`not installed: ${missing.join(', ')}\n`);
  return there;
}

/** @returns {string} */
function versionOf(/** @type {string} */ name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

function progress(/** @type {string} */ text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

// Whoever reads the output may stop, as `head` does.
process.stdout.on('error', () => process.exit());

async function main() {
  const { marks, json, quick, only, help } = options();
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const chosen = (/** @type {readonly string[]} */ names) =>
    names.filter((name) => only.length === 0 || only.includes(name));
  const effort = quick ? QUICK : FULL;
  if (!quick) installPeers();
  await buildVariants();
  const tables = [];
  for (const plan of TABLES) {
    const chosenHere = chosen(plan.workloads);
    if (chosenHere.length === 0) continue;
    const contestants = await contestantsThere(plan);
    const names = contestants.map(({ name }) => name);
    const cells = await measureTable(chosenHere, names, { ...effort, progress });
    const workloads = await Promise.all(
      chosenHere.map(async (name) => ({ name, title: (await tableWorkload(name)).title })),
    );
    tables.push({ name: plan.name, title: plan.title, workloads, contestants, cells });
  }
  const cells = tables.flatMap((table) => table.cells);
  // A mark that is named alone is meant to be measured.
  const wanted = chosen(marks ? [...TABLE, ...MARKS] : only.length > 0 ? MARKS : []);
  const verdicts = await measureMarks(wanted, cells, { rounds: effort.markRounds, ms: effort.markMs, progress });
  progress('');
  const [{ model }] = cpus();
  /** @type {import('./types.d.ts').Figures} */
  const figures = {
    machine: {
      date: new Date().toISOString().slice(0, 10),
      node: process.versions.node,
      cpu: model.trim(),
      cores: cpus().length,
      platform: `${process.platform} ${process.arch}`,
    },
    settings: { rounds: effort.rounds, quick },
    tables,
    marks: verdicts,
  };
  const { node, cpu, cores, platform } = figures.machine;
  process.stdout.write(`Node ${node}, ${platform}, ${cores} × ${cpu}\n\n`);
  for (const table of tables) process.stdout.write(`${tableText(table, figures.settings)}\n\n`);
  if (verdicts.length > 0) process.stdout.write(`${marksText(verdicts)}\n`);
  if (json !== undefined) {
    mkdirSync(dirname(json), { recursive: true });
    writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
    process.stdout.write(`\nfigures written to ${json}\n`);
  }
  const wrong = cells.filter((cell) => cell.contestant === 'sluice' && cell.failed !== undefined);
  for (const { workload, failed } of wrong) process.stderr.write(`sluice, ${workload}: ${failed}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
