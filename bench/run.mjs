// The benchmark: `npm run bench -- --help`. Prints a table of sluice beside its floor and its peers, and with `--marks`
// whether sluice keeps what was promised of its speed. Fails only where sluice itself carries items wrongly.
// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildVariants } from './build.mjs';
import { installPeers } from './install.mjs';
import { measureMarks } from './marks.mjs';
import { CONTESTANTS, contestant, MARKS, TABLE, tableWorkload } from './plan.mjs';
import { marksText, tableText } from './report.mjs';
import { measureTable } from './table.mjs';

const HELP = `npm run bench [-- OPTIONS]

  --marks          also measure the marks, and say which are met
  --json [FILE]    write all figures; to bench/.results/latest.json unless a file is named
  --quick          one short round, with the peers only where they are installed
  --only WORKLOAD  one workload; may be given more than once
                   table: ${TABLE.join(', ')}
                   marks: ${MARKS.join(', ')}
  --help           this

A full run with --marks takes five to six minutes. The peers are installed into bench/node_modules the first time.
`;

const FULL = { rounds: 5, ms: 200, markRounds: 3, markMs: 1_000 };
const QUICK = { rounds: 1, ms: 80, markRounds: 1, markMs: 400 };
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

/** Those whose package can be loaded. */
async function contestantsThere() {
  const there = [];
  const missing = [];
  for (const name of CONTESTANTS) {
    try {
      const { title, kind, package: from, note } = await contestant(name);
      const version = from === undefined ? undefined : versionOf(from);
      there.push({
        name,
        title,
        kind,
        ...(version === undefined ? {} : { version }),
        ...(note === undefined ? {} : { note }),
      });
    } catch (error) {
      if (/** @type {{ code?: string }} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
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
  const chosen = (/** @type {string[]} */ names) => names.filter((name) => only.length === 0 || only.includes(name));
  const effort = quick ? QUICK : FULL;
  if (!quick) installPeers();
  await buildVariants();
  const contestants = await contestantsThere();
  const names = contestants.map(({ name }) => name);
  const table = chosen(TABLE);
  const cells = await measureTable(table, names, { rounds: effort.rounds, ms: effort.ms, progress });
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
    workloads: await Promise.all(table.map(async (name) => ({ name, title: (await tableWorkload(name)).title }))),
    contestants,
    cells,
    marks: verdicts,
  };
  const { node, cpu, cores, platform } = figures.machine;
  process.stdout.write(`Node ${node}, ${platform}, ${cores} × ${cpu}\n\n`);
  if (table.length > 0) process.stdout.write(`${tableText(figures)}\n\n`);
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
