// @ts-check
// The slow consumer: the real work that is done on every record, the same in both halves.
// Guarantee: when the promise fulfils, the record is in the output file, whole, with its number and its SHA-256.

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** @typedef {import('./meter.mjs').Entry} Entry */
/** @typedef {import('./output.mjs').Output} Output */

const compress = promisify(gzip);
/** A record's worth of output at a time: half of what goes in is seldom exceeded, and each piece is a trip to a thread. */
const OPTIONS = { level: 6, chunkSize: 32 * 1024 };
/** What JSON can start with, to people who write files: space, then an array or an object. */
const JSON_START = /^\s*[[{]/;
const PEEK = 32;

/**
 * @param {Output} output
 * @param {{ json: number }} found counts the records that were JSON
 * @returns {(entry: Entry) => Promise<void>}
 */
export function worker(output, found) {
  return async ({ number, bytes }) => {
    if (isJson(bytes)) found.json++;
    const digest = createHash('sha256').update(bytes).digest();
    await output.write(number, digest, await compress(bytes, OPTIONS));
  };
}

/**
 * Parses what looks like JSON, as one document or line by line.
 *
 * @param {Buffer} bytes
 */
function isJson(bytes) {
  if (!JSON_START.test(bytes.toString('latin1', 0, PEEK))) return false;
  const text = bytes.toString().trim();
  return parses(text) || text.split('\n').every(parses);
}

/** @param {string} text */
function parses(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
