// Installs the peers into bench/node_modules where they are not there yet, as package-lock.json says.
// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const lock = `${here}package-lock.json`;
/** Written by npm when it is done. */
const installed = `${here}node_modules/.package-lock.json`;

export function peersAreInstalled() {
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

/** Says on stderr what went wrong, if it did: the rest of the benchmark runs without peers. */
export function installPeers() {
  if (peersAreInstalled()) return;
  process.stderr.write('installing the peers into bench/node_modules (once)\n');
  const npm = spawnSync('npm', ['ci'], { cwd: here, encoding: 'utf8', shell: process.platform === 'win32' });
  if (npm.status !== 0)
    process.stderr.write(
      `the peers could not be installed, going on without them:\n${npm.error?.message ?? npm.stderr}\n`,
    );
}
