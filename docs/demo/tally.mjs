// @ts-check
// Counting to the byte: how many records and bytes went by, and a checksum of them that does not depend on their order.
// Guarantee: two tallies are equal only if (up to a chance of 1 in 2^32) they saw the same bytes under the same numbers.

import { crc32 } from 'node:zlib';

/** @typedef {{ records: number, bytes: number, checksum: number }} Count */

/** Sums stay exact in a double: 2^48 plus a CRC of 32 bits is far below 2^53. */
const MODULUS = 2 ** 48;

/** @implements {Count} */
export class Tally {
  records = 0;
  bytes = 0;
  checksum = 0;

  /**
   * @param {number} number of the record: where the CRC starts from, so that a record that changed places shows
   * @param {Uint8Array} bytes
   */
  add(number, bytes) {
    this.records++;
    this.bytes += bytes.length;
    this.checksum = (this.checksum + crc32(bytes, number)) % MODULUS;
  }

  /** @returns {Count} plain data, for a message to another process */
  count() {
    return { records: this.records, bytes: this.bytes, checksum: this.checksum };
  }
}

/**
 * @param {Count} a
 * @param {Count} b
 * @returns {Count}
 */
export function sum(a, b) {
  return {
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    checksum: (a.checksum + b.checksum) % MODULUS,
  };
}

/**
 * @param {Count} a
 * @param {Count} b
 */
export function equal(a, b) {
  return a.records === b.records && a.bytes === b.bytes && a.checksum === b.checksum;
}
