// Node's Readable and its helper methods; a broadcast is a pipe into several PassThroughs.
// @ts-check
import { PassThrough, Readable } from 'node:stream';
import { AT_ONCE, integers, macrotask, plusOne, READERS, tallied, together } from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'Node Readable',
  kind: 'platform',
  note: '`Readable.from` and its `map`; `pipe` for the broadcast',
  map: (items) => tallied(Readable.from(integers(items)).map(plusOne)),
  concurrent: (items) => tallied(Readable.from(integers(items)).map(macrotask, { concurrency: AT_ONCE })),
  five: (items) =>
    tallied(Readable.from(integers(items)).map(plusOne).map(plusOne).map(plusOne).map(plusOne).map(plusOne)),
  async broadcast(items) {
    const source = Readable.from(integers(items));
    const branches = Array.from({ length: READERS }, () => source.pipe(new PassThrough({ objectMode: true })));
    return together(await Promise.all(branches.map(tallied)));
  },
};
