// @ts-check
// Where the data comes from: the default, a file, a folder, or a stream that is first copied to a file.
// Guarantee: what is returned can be read twice with the same result, so that both halves get the same bytes.

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from './arguments.mjs';

/**
 * @typedef {object} Input
 * @property {string} path
 * @property {string} title how the view names it
 * @property {boolean} folder
 * @property {boolean} packages leave out the folders with a dot at the top: caches, which tools write while they are read
 * @property {boolean} repeat read from the start again when it ends
 * @property {number | undefined} cutAt where a stream was cut off, in bytes
 */

/** A stream may have no end: this much of it is enough for the longest of halves, and no danger to a disk. */
const SPOOL_LIMIT = 1_000_000_000;
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/**
 * @param {string | undefined} named as on the command line
 * @param {string} scratch a folder that may be written to
 * @param {AbortSignal} signal stops the copying of a stream
 * @returns {Promise<Input>}
 */
export async function findInput(named, scratch, signal) {
  if (named === undefined) {
    const found = await look(NODE_MODULES, 'node_modules (run npm ci first, or name a PATH)');
    return { ...found, title: 'node_modules', packages: true, repeat: true };
  }
  if (named === '-') return spool(process.stdin, 'standard input', scratch, signal);
  // npm runs scripts in the package's folder; the user's own is in INIT_CWD.
  const { npm_lifecycle_event: script, INIT_CWD: usersFolder = '.' } = process.env;
  const place = path.resolve(script === 'demo' ? usersFolder : '.', named);
  const { stream, ...found } = await look(place, named);
  return stream ? spool(createReadStream(place), named, scratch, signal) : { ...found, title: named };
}

/**
 * @param {string} place
 * @param {string} title
 */
async function look(place, title) {
  try {
    const kind = await stat(place);
    const folder = kind.isDirectory();
    return { path: place, folder, stream: !folder && !kind.isFile(), packages: false, repeat: false, cutAt: undefined };
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new UsageError(`cannot read ${title}: ${code === 'ENOENT' ? 'no such file or folder' : (code ?? error)}`);
  }
}

/**
 * @param {import('node:stream').Readable} stream
 * @param {string} title
 * @param {string} scratch
 * @param {AbortSignal} signal
 * @returns {Promise<Input>}
 */
async function spool(stream, title, scratch, signal) {
  const copy = path.join(scratch, 'input');
  const file = await open(copy, 'w');
  const leave = () => stream.destroy();
  signal.addEventListener('abort', leave, { once: true });
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      const wanted = Buffer.from(chunk).subarray(0, SPOOL_LIMIT - bytes);
      await file.writeFile(wanted);
      bytes += wanted.length;
      if (bytes === SPOOL_LIMIT) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    stream.destroy();
    await file.close();
  }
  const cutAt = bytes === SPOOL_LIMIT ? bytes : undefined;
  return { path: copy, title, folder: false, packages: false, repeat: false, cutAt };
}
