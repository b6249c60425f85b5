// Slices of work that alternate, and what is read from them. Two things that are compared take turns every few
// milliseconds, so that whatever else the machine does meets both.
// @ts-check

/** How long a slice takes, about, in milliseconds. */
const SLICE = 6;
/**
 * How long each side runs before anything is counted, in milliseconds, unless said otherwise: of the clock, and of the
 * processor too, since on a busy machine the clock runs on while nothing gets warm.
 */
const WARM_UP = 120;

/**
 * A slice of about `SLICE` milliseconds of something that is told how many items to carry. Warms it up.
 *
 * @param {(items: number) => Promise<number>} carry
 * @param {number} [warmUp] - for how many milliseconds
 * @returns {Promise<import('./types.d.ts').Slice>}
 */
export async function sliceOf(carry, warmUp = WARM_UP) {
  let items = 500;
  const begun = performance.now();
  const used = process.cpuUsage();
  for (;;) {
    const ms = (await carry(items)) * items * 1e-6;
    const { user, system } = process.cpuUsage(used);
    if (performance.now() - begun > warmUp && (user + system) * 1e-3 > warmUp) break;
    if (ms < SLICE / 1.5) items *= 2;
    else if (ms > SLICE * 1.5) items = Math.ceil(items / 2);
  }
  return () => carry(items);
}

/**
 * Runs the two in turn for `ms` milliseconds, at least three times each; gives nanoseconds an item of every slice.
 *
 * @param {import('./types.d.ts').Slice} measured
 * @param {import('./types.d.ts').Slice} compared
 * @param {number} ms
 */
export async function alternate(measured, compared, ms) {
  /** @type {{ measured: number[], compared: number[] }} */
  const slices = { measured: [], compared: [] };
  const until = performance.now() + ms;
  while (performance.now() < until || slices.measured.length < 3) {
    slices.compared.push(await compared());
    slices.measured.push(await measured());
  }
  return slices;
}

/**
 * The value below which a part of the values lies.
 *
 * @param {readonly number[]} values - at least one
 * @param {number} part - from 0 to 1
 */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

export const median = (/** @type {readonly number[]} */ values) => quantile(values, 0.5);

/** Low: what else the machine does only ever makes a slice slower. */
export const tenth = (/** @type {readonly number[]} */ values) => quantile(values, 0.1);
