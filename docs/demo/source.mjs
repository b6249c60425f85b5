// @ts-check
// The fast producer: reads files and cuts them into records, one after the other, in an order that is always the same.
// Guarantee: every byte of every file it could open is in exactly one record. It reads ahead of nobody: the next read
// begins when the next record is asked for. A file or folder that cannot be read is counted and passed over.

import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** @typedef {import('./input.mjs').Input} Input */
/** @typedef {{ files: number, skipped: number, passes: number }} Progress */

/** The most bytes in a record: small enough that thousands of them queue up in a second. */
const RECORD_BYTES = 64 * 1024;
const NEWLINE = 10;
/** How long the reader may hold the event loop, in milliseconds, before everybody else has a turn. */
const TURN = 0.5;

/**
 * Reads synchronously, for half a millisecond in each turn of the event loop. Asynchronous reads would wait for a thread
 * of Node's pool, behind the compression: the consumers would hold the reader back through the back door, and the
 * unbounded queue would look tamer than it is.
 *
 * @param {Input} input
 * @param {Progress} progress counts what was read, as it goes
 * @returns {AsyncGenerator<Buffer, void, undefined>}
 */
export async function* readRecords(input, progress) {
  const window = Buffer.alloc(RECORD_BYTES);
  let end = performance.now() + TURN;
  let found = true;
  while (found) {
    found = false;
    progress.passes++;
    for (const file of input.folder ? walk(input.path, progress, input.packages) : [input.path]) {
      for (const bytes of readFile(file, window, progress)) {
        found = true;
        yield bytes;
        if (performance.now() < end) continue;
        await nextTurn();
        end = performance.now() + TURN;
      }
    }
    if (!input.repeat) return;
  }
}

/**
 * @param {string} folder
 * @param {Progress} progress
 * @param {boolean} [packages] leave out the folders with a dot, of this folder only
 * @returns {Generator<string, void, undefined>}
 */
function* walk(folder, progress, packages = false) {
  const entries = attempt(() => readdirSync(folder, { withFileTypes: true }), progress) ?? [];
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const place = path.join(folder, entry.name);
    // Links are not followed (they can form circles), nor are pipes and devices read (they can last for ever).
    if (entry.isDirectory()) {
      if (!packages || !entry.name.startsWith('.')) yield* walk(place, progress);
    } else if (entry.isFile()) {
      yield place;
    }
  }
}

/**
 * @param {string} file
 * @param {Buffer} window what is read goes here first, so that a record takes no more memory than it has bytes
 * @param {Progress} progress
 * @returns {Generator<Buffer, void, undefined>}
 */
function* readFile(file, window, progress) {
  const open = attempt(() => openSync(file, 'r'), progress);
  if (open === undefined) return;
  progress.files++;
  try {
    let held = 0;
    for (;;) {
      const read = attempt(() => readSync(open, window, held, window.length - held, null), progress);
      if (read === undefined) progress.files--;
      if (!read) break;
      held += read;
      if (held < window.length) continue;
      const end = cutAt(window);
      yield Buffer.from(window.subarray(0, end));
      window.copyWithin(0, end, held);
      held -= end;
    }
    if (held > 0) yield Buffer.from(window.subarray(0, held));
  } finally {
    closeSync(open);
  }
}

/**
 * @template T
 * @param {() => T} action that the file system may refuse
 * @param {Progress} progress
 * @returns {T | undefined}
 */
function attempt(action, progress) {
  try {
    return action();
  } catch {
    progress.skipped++;
    return undefined;
  }
}

/**
 * After the last whole line, so that JSON lines stay whole; anywhere, where the lines are longer than half a record.
 *
 * @param {Buffer} full
 */
function cutAt(full) {
  const line = full.lastIndexOf(NEWLINE) + 1;
  return line > full.length / 2 ? line : full.length;
}
