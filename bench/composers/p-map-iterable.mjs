// p-map's other function: results one by one, and the source held back.
import { pMapIterable } from 'p-map';
import { AT_ONCE, integers, macrotask, tallied } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'p-map’s pMapIterable',
  kind: 'peer',
  package: 'p-map',
  concurrent: (items) => tallied(pMapIterable(integers(items), macrotask, { concurrency: AT_ONCE })),
};
