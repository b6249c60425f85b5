// @ts-check
// Starts a half in a process of its own and hands on what it tells.
// Guarantee: settles when that process has ended, with its result, or with an error that says how it failed.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @typedef {import('./half.mjs').Message} Message */
/** @typedef {import('./half.mjs').Order} Order */
/** @typedef {import('./half.mjs').Result} Result */
/** @typedef {import('./half.mjs').Stopped} Stopped */
/** @typedef {{ sample(sample: import('./meter.mjs').Sample): void, stopped(stopped: Stopped): void }} Listener */

const HALF = fileURLToPath(new URL('./half.mjs', import.meta.url));
/** Node reads files and compresses on the same few threads: enough for every consumer, and two for the reader. */
const READER_THREADS = 2;

/**
 * @param {Order} order
 * @param {Listener} listener
 * @param {AbortSignal} signal stops it; it still gives its result
 * @returns {Promise<Result>}
 */
export function runHalf(order, listener, signal) {
  const child = fork(HALF, {
    env: { ...process.env, UV_THREADPOOL_SIZE: String(order.consumers + READER_THREADS) },
    serialization: 'advanced', // keeps Infinity
  });
  const stop = () => child.connected && child.send('stop');
  signal.addEventListener('abort', stop, { once: true });
  child.send(order);
  if (signal.aborted) stop();

  /** @type {Result | undefined} */
  let result;
  /** @type {string | undefined} */
  let failure;
  child.on('message', (/** @type {Message} */ message) => {
    if ('sample' in message) listener.sample(message.sample);
    else if ('stopped' in message) listener.stopped(message.stopped);
    else if ('result' in message) result = message.result;
    else failure = message.failure;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', stop);
      if (result !== undefined && failure === undefined) resolve(result);
      else
        reject(new Error(`the ${order.kind} half failed: ${failure ?? `it ended with ${killed ?? `code ${code}`}`}`));
    });
  });
}
