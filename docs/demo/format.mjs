// @ts-check
// Numbers and sentences for people: with their unit, and no wider than the page.

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${digits(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${digits(bytes / 1e6)} MB`;
  return `${digits(bytes / 1e9)} GB`;
}

/** @param {number} bytesASecond */
export const rate = (bytesASecond) => `${size(Math.round(bytesASecond))}/s`;

/** @param {number | undefined} ms */
export function duration(ms) {
  if (ms === undefined) return '-';
  return ms < 1000 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`;
}

/** @param {number} milliseconds */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** @param {number} whole */
export const count = (whole) => Math.round(whole).toLocaleString('en-US');

/** @param {number} checksum */
export const hex = (checksum) => checksum.toString(16).padStart(12, '0');

/**
 * How many times as much, in words of two or three digits.
 *
 * @param {number} much
 * @param {number} little
 */
export const times = (much, little) => digits(much / little);

/**
 * Breaks text between words.
 *
 * @param {string} text
 * @param {number} width
 * @returns {string[]} lines
 */
export function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const longer = lines[last] ? `${lines[last]} ${word}` : word;
    if (longer.length <= width || !lines[last]) lines[last] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Three digits are as many as a measurement is good for. @param {number} value */
function digits(value) {
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : count(value);
}
