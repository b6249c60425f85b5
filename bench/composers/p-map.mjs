// p-map: all results in one array.
import pMap from 'p-map';
import { AT_ONCE, integers, macrotask, summed } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'p-map',
  kind: 'peer',
  package: 'p-map',
  note: 'collects all results in an array',
  concurrent: async (items) => summed(await pMap(integers(items), macrotask, { concurrency: AT_ONCE })),
};
