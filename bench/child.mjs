// Runs a file of the benchmark in a process of its own and gives what it printed as JSON.
// @ts-check
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Longer than any process of the benchmark takes that makes progress, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Rejects with what went wrong: `hangs` where the process had nothing left to do, or never ended.
 *
 * @param {string} file
 * @param {readonly (string | number)[]} args
 * @param {readonly string[]} [flags] - of node
 * @param {number} [patience] - milliseconds
 * @returns {Promise<any>}
 */
export function child(file, args, flags = [], patience = PATIENCE) {
  return new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const running = spawn(process.execPath, [...flags, path, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let error = '';
    running.stdout.on('data', (chunk) => (out += chunk));
    running.stderr.on('data', (chunk) => (error += chunk));
    const timer = setTimeout(() => running.kill('SIGKILL'), patience);
    running.on('error', reject);
    running.on('close', (code, signal) => {
      clearTimeout(timer);
      // 13: the event loop is empty, and the top-level await is not over.
      if (code === 13 || signal === 'SIGKILL') reject(new Error('hangs'));
      else if (code !== 0) reject(new Error(error.trim() || `exit code ${code}`));
      else resolve(JSON.parse(out));
    });
  });
}
