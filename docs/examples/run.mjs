// @ts-check
// Runs the worked examples one after the other: `npm run examples`, or `npm run examples -- NAME` for one.
// Builds the library and installs the examples' packages first, where that is still to do.
// Guarantee: exits with 1 when an example did not prove what it says, or took longer than its deadline. An example that
// cannot run here says why and is counted as skipped, which is no failure.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../demo/build.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const EXAMPLES = ['textbook-pipeline', 'slow-subscribers', 'polite-crawler', 'remote-streams', 'every-layer'];
/** Each takes seconds; this is for one that hangs. */
const DEADLINE = 120_000;
/** What an example exits with that cannot run here. */
const SKIPPED = 75;

/** As package-lock.json says, once. Written by npm when it is done: its own copy of the lock. */
async function install() {
  const lock = `${HERE}package-lock.json`;
  const installed = `${HERE}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log("Installing the examples' packages (once; a minute or more where SQLite is to be compiled) …");
  const npm = spawn('npm', ['ci'], { cwd: HERE, stdio: 'inherit', shell: process.platform === 'win32' });
  const [code] = await once(npm, 'exit');
  if (code !== 0) throw new Error('npm ci failed in docs/examples');
}

/** @param {string} name */
async function run(name) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const child = spawn(process.execPath, [`${HERE}${name}/main.mjs`], { stdio: 'inherit' });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE);
  const [code] = await once(child, 'exit');
  clearTimeout(deadline);
  const took = `${((performance.now() - start) / 1_000).toFixed(1)} s`;
  const outcome = code === 0 ? 'holds' : code === SKIPPED ? 'skipped' : code === null ? 'killed' : 'failed';
  console.log(`-- ${name}: ${outcome} (${took})`);
  return outcome;
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !EXAMPLES.includes(name));
if (unknown !== undefined) {
  console.error(`There is no example ${unknown}. There are: ${EXAMPLES.join(', ')}.`);
  process.exit(2);
}

await ensureBuilt((text) => console.log(text), new AbortController().signal);
await install();
const outcomes = [];
for (const name of asked.length > 0 ? asked : EXAMPLES) outcomes.push(await run(name));

const held = outcomes.filter((outcome) => outcome === 'holds').length;
const skipped = outcomes.filter((outcome) => outcome === 'skipped').length;
console.log(`\nexamples: ${held} passed, ${outcomes.length - held - skipped} failed, ${skipped} skipped`);
process.exitCode = held + skipped === outcomes.length ? 0 : 1;
