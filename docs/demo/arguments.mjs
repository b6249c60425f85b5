// @ts-check
// The command line: every option is read, checked and described here, and nowhere else.
// Guarantee: what `readArguments` returns is complete and valid; anything else is a UsageError that names the argument.

import { parseArgs } from 'node:util';

/** @typedef {'wait' | 'drop-oldest' | 'drop-newest' | 'reject'} Overflow */
/**
 * @typedef {object} Settings
 * @property {boolean} help
 * @property {string | undefined} path what to read: `undefined` is the default, '-' is standard input
 * @property {number} capacity records that the Channel may hold
 * @property {number} consumers
 * @property {Overflow} overflow
 * @property {number} seconds of both halves together
 */

/** A mistake of the user's: said in one line, without a stack. */
export class UsageError extends Error {}

/** @type {readonly Overflow[]} */
const POLICIES = ['wait', 'drop-oldest', 'drop-newest', 'reject'];

export const HELP = `sluice demo: an unbounded queue and a bounded Channel do the same work on real data.

Usage: npm run demo [-- [options] [PATH]]

  PATH                 a file or a folder to read, or - for standard input
                       (default: all packages under node_modules, over and over)
  --capacity N         records that the Channel may hold, 0 to 1000000 (default 64)
  --consumers N        how many work at once, 1 to 64 (default 2)
  --overflow POLICY    what a full Channel does: ${POLICIES.join(', ')}
                       (default wait)
  --seconds N          about how long both halves take together, 1 to 3600 (default 30)
  --help               this text

Exit code: 0 when every byte is accounted for, 1 when not, 2 for a bad argument,
130 after Ctrl-C. Nothing is left behind: what it writes goes into a folder for
temporary files that is removed at the end.
`;

/**
 * @param {string[]} words the arguments, without the program's name
 * @returns {Settings}
 */
export function readArguments(words) {
  const { values, positionals } = split(words);
  if (positionals.length > 1) {
    throw new UsageError(`one PATH at the most, got ${positionals.length}: ${positionals.join(' ')}`);
  }
  const capacity = integer('--capacity', values.capacity, 64, 0, 1_000_000);
  const overflow = policy(values.overflow ?? 'wait');
  if (overflow === 'drop-oldest' && capacity === 0) {
    throw new UsageError(
      '--overflow drop-oldest needs a --capacity of at least 1: at 0 nothing is held that could be dropped',
    );
  }
  return {
    help: values.help ?? false,
    path: positionals[0],
    capacity,
    consumers: integer('--consumers', values.consumers, 2, 1, 64),
    overflow,
    seconds: number('--seconds', values.seconds, 30, 1, 3600),
  };
}

/** @param {string[]} words */
function split(words) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        capacity: { type: 'string' },
        consumers: { type: 'string' },
        overflow: { type: 'string' },
        seconds: { type: 'string' },
      },
    });
  } catch (error) {
    // Node's own message says which option; its second sentence is about positional arguments and misleads here.
    throw new UsageError(/** @type {Error} */ (error).message.split('. ')[0]);
  }
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} fallback
 * @param {number} least
 * @param {number} most
 */
function number(name, text, fallback, least, most) {
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name} takes a number from ${least} to ${most}, got '${text}'`);
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} fallback
 * @param {number} least
 * @param {number} most
 */
function integer(name, text, fallback, least, most) {
  const value = number(name, text, fallback, least, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${name} takes a whole number, got '${text}'`);
}

/**
 * @param {string} text
 * @returns {Overflow}
 */
function policy(text) {
  const found = POLICIES.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`--overflow is one of ${POLICIES.join(', ')}; got '${text}'`);
}
