// @ts-check
// The demo's process: arguments, signals, a folder for what is written, the exit code.
// Guarantee: however it ends (done, Ctrl-C, a closed pipe, a mistake) nothing is left on the disk or on the terminal.

import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HELP, readArguments, UsageError } from './arguments.mjs';
import { ensureBuilt } from './build.mjs';
import { compare } from './compare.mjs';

const EXIT = { done: 0, failed: 1, usage: 2, signal: 128 };
const SIGNALS = Object.freeze({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 });

/** Some runners pass a signal on that the terminal has sent already: only a later one means impatience. */
const ECHO_MS = 300;

const abort = new AbortController();
/** @type {number | undefined} */
let signalled;
let signalledAt = 0;

for (const [name, number] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    if (signalled !== undefined && performance.now() - signalledAt > ECHO_MS) process.exit(signalled);
    if (signalled !== undefined) return;
    signalled = EXIT.signal + number;
    signalledAt = performance.now();
    abort.abort();
  });
}

process.stdout.on('error', (error) => {
  // Whoever read this has read enough (`| head`): end early, and quietly.
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPIPE') throw error;
  abort.abort();
});

async function main() {
  const settings = readArguments(process.argv.slice(2));
  if (settings.help) {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  await ensureBuilt((text) => process.stdout.write(`${text}\n`), abort.signal);
  const scratch = await mkdtemp(path.join(tmpdir(), 'sluice-demo-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  return (await compare(settings, scratch, abort.signal)) ? EXIT.done : EXIT.failed;
}

/** @param {unknown} error */
function report(error) {
  if (abort.signal.aborted) return EXIT.done; // stopped on request: what broke off is no failure
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nTry --help.\n`);
    return EXIT.usage;
  }
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : error}\n`);
  return EXIT.failed;
}

const code = await main().catch(report);
process.exitCode = signalled ?? code;
