// streaming-iterables: functions from iterables to iterables, most of them async generators.
import { batch, map, parallelMap, pipeline } from 'streaming-iterables';
import { AT_ONCE, BATCH, counting, integers, integersAtOnce, macrotask, plusOne, tallied } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'streaming-iterables',
  kind: 'peer',
  package: 'streaming-iterables',
  map: (items) => tallied(map(plusOne, integers(items))),
  concurrent: (items) => tallied(parallelMap(AT_ONCE, macrotask, integers(items))),
  five: (items) =>
    tallied(pipeline(() => integers(items), map(plusOne), map(plusOne), map(plusOne), map(plusOne), map(plusOne))),
  async batch(items) {
    const { tally, many } = counting();
    for (const each of batch(BATCH, integersAtOnce(items))) await many(each);
    return tally;
  },
};
