// @ts-check
// Builds the library when dist/ is missing or older than what it is built from. A fresh clone has none.
// Guarantee: quiet when all is well; never touches standard input, which may be the data.

import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = path.join(ROOT, 'dist', 'index.js');
const TOOLS = path.join(ROOT, 'node_modules', 'tsup');

/**
 * @param {(text: string) => void} say told once, where there is something to build
 * @param {AbortSignal} signal
 */
export async function ensureBuilt(say, signal) {
  const built = await changed(BUILT);
  if (built !== undefined && built >= (await newestSource())) return;
  if ((await changed(TOOLS)) === undefined) throw new Error('nothing to build with: run npm ci first');
  say('Building the library (a few seconds, the first time only) …');
  await build(signal);
}

/** @param {string} file */
async function changed(file) {
  const found = await stat(file).catch(() => undefined);
  return found?.mtimeMs;
}

async function newestSource() {
  const sources = await readdir(path.join(ROOT, 'src'), { recursive: true });
  const files = [...sources.map((name) => path.join('src', name)), 'tsup.config.ts'];
  const ages = await Promise.all(files.map((name) => changed(path.join(ROOT, name))));
  return Math.max(...ages.map((age) => age ?? 0));
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function build(signal) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '--silent', 'build'], {
      cwd: ROOT,
      shell: process.platform === 'win32', // where npm is no program but a script
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`the build failed:\n${output}`))));
  });
}
