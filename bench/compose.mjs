// Does one work of the composition table, once, and checks that every item was seen.
// @ts-check
import { READERS } from './steps.mjs';

/** How much each work adds to an item. */
const ADDS = { select: 0, map: 1, concurrent: 1, five: 5, batch: 0, broadcast: 0 };

/**
 * Resolves with nanoseconds an item; rejects where count or sum is not right.
 *
 * @param {import('./types.d.ts').Composer} composer
 * @param {import('./types.d.ts').CompositionWorkload} workload
 * @param {number} items
 */
export async function compose(composer, { work, channels = 1 }, items) {
  const started = performance.now();
  const tally = await composer[work]?.(items, channels);
  const ns = ((performance.now() - started) * 1e6) / items;
  if (tally === undefined) throw new Error('cannot do this');
  const readers = work === 'broadcast' ? READERS : 1;
  const wanted = items * readers;
  if (tally.count !== wanted)
    throw new Error(`${tally.count < wanted ? 'lost' : 'doubled'} items: ${tally.count} of ${wanted}`);
  if (tally.sum !== ((items * (items + 1)) / 2 + items * ADDS[work]) * readers) throw new Error('wrong sum');
  return ns;
}

const LACKS = {
  select: 'no select',
  map: 'no steps',
  concurrent: 'no concurrency',
  five: 'no steps',
  batch: 'no batches',
  broadcast: 'no broadcast',
};

/**
 * Why a composer cannot do a work, if it cannot.
 *
 * @param {import('./types.d.ts').Composer} composer
 * @param {import('./types.d.ts').CompositionWorkload} workload
 */
export function lack(composer, { work }) {
  return composer[work] === undefined ? LACKS[work] : undefined;
}
