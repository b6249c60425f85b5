// Prometheus' own checker: from the PATH, or taken out of Debian's package into .matrix/, without installing it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../.matrix/prometheus', import.meta.url));
const unpacked = join(folder, 'usr/bin/promtool');

/** Whether a program ran and was content. */
function ran(command: string, args: readonly string[]): boolean {
  const { status } = spawnSync(command, args, { cwd: existsSync(folder) ? folder : undefined, stdio: 'ignore' });
  return status === 0;
}

/** Its path; undefined where it cannot be had. */
export function promtool(): string | undefined {
  if (ran('promtool', ['--version'])) return 'promtool';
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(folder, { recursive: true });
  const downloaded =
    ran('apt-get', ['download', 'prometheus']) ||
    (ran('apt-get', ['update']) && ran('apt-get', ['download', 'prometheus']));
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (!downloaded || archive === undefined || !ran('dpkg', ['-x', archive, folder])) return undefined;
  return existsSync(unpacked) ? unpacked : undefined;
}
