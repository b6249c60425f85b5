// @ts-check
// The output file: a frame for each record (its number, its length when compressed, its SHA-256, the gzip bytes).
// Guarantee: `verify` trusts nothing but the file. It unpacks every frame again and counts what is in it; a frame whose
// bytes do not fit their SHA-256 is corrupt and not counted. It holds one frame at a time.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Tally } from './tally.mjs';

const unpack = promisify(gunzip);
const HEADER = 8;
const DIGEST = 32;

/** Several writers at once, each at a place of its own. */
export class Output {
  /** @type {number} */
  #end = 0;
  /** @type {import('node:fs/promises').FileHandle} */
  #file;

  /** @param {import('node:fs/promises').FileHandle} file */
  constructor(file) {
    this.#file = file;
  }

  /** @param {string} path */
  static async create(path) {
    return new Output(await open(path, 'w'));
  }

  /**
   * @param {number} number
   * @param {Buffer} digest
   * @param {Buffer} packed
   */
  async write(number, digest, packed) {
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(number, 0);
    header.writeUInt32LE(packed.length, 4);
    const frame = Buffer.concat([header, digest, packed]);
    const start = this.#end;
    this.#end += frame.length;
    let done = 0;
    while (done < frame.length) {
      const { bytesWritten } = await this.#file.write(frame, done, frame.length - done, start + done);
      done += bytesWritten;
    }
  }

  close() {
    return this.#file.close();
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<import('./tally.mjs').Count & { corrupt: number }>} what is really in the file
 */
export async function verify(path, signal) {
  const tally = new Tally();
  let corrupt = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = frameEnd(rest, at); end <= rest.length; end = frameEnd(rest, at)) {
      const digest = rest.subarray(at + HEADER, at + HEADER + DIGEST);
      const bytes = await unpack(rest.subarray(at + HEADER + DIGEST, end)).catch(() => undefined);
      if (bytes !== undefined && createHash('sha256').update(bytes).digest().equals(digest)) {
        tally.add(rest.readUInt32LE(at), bytes);
      } else {
        corrupt++;
      }
      at = end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) corrupt++;
  return { ...tally.count(), corrupt };
}

/**
 * @param {Buffer} bytes
 * @param {number} at where a frame starts
 * @returns {number} where it ends: beyond the bytes that are there, when it is not whole yet
 */
function frameEnd(bytes, at) {
  if (at + HEADER > bytes.length) return Number.POSITIVE_INFINITY;
  return at + HEADER + DIGEST + bytes.readUInt32LE(at + 4);
}
