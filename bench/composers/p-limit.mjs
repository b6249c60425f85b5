// p-limit: takes all items at once, of an iterable that is not async, and gives all results in one array.
import pLimit from 'p-limit';
import { AT_ONCE, integersAtOnce, macrotask, summed } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'p-limit',
  kind: 'peer',
  package: 'p-limit',
  note: 'queues all items at once and collects all results in an array',
  concurrent: async (items) => summed(await pLimit(AT_ONCE).map(integersAtOnce(items), macrotask)),
};
