// RxJS: observables push; nobody holds the source back.
import { bufferCount, concatMap, connect, from, lastValueFrom, map, merge, mergeMap, reduce } from 'rxjs';
import { AT_ONCE, BATCH, counting, integers, integersAtOnce, macrotask, plusOne, READERS } from '../steps.mjs';

const tallied = (observable) =>
  lastValueFrom(
    observable.pipe(
      reduce(
        (tally, item) => {
          tally.count++;
          tally.sum += item;
          return tally;
        },
        { count: 0, sum: 0 },
      ),
    ),
  );

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'RxJS',
  kind: 'peer',
  package: 'rxjs',
  note: 'pushes: `mergeMap` and `concatMap` buffer without a bound what the source gives meanwhile; results out of order',
  apart: (work) => (work === 'map' ? 'no async iterator: it pushes' : undefined),
  map: (items) => tallied(from(integers(items)).pipe(map(plusOne))),
  concurrent: (items) => tallied(from(integers(items)).pipe(mergeMap(macrotask, AT_ONCE))),
  five: (items) =>
    tallied(from(integers(items)).pipe(map(plusOne), map(plusOne), map(plusOne), map(plusOne), map(plusOne))),
  async batch(items) {
    const { tally, many } = counting();
    await lastValueFrom(from(integersAtOnce(items)).pipe(bufferCount(BATCH), concatMap(many)));
    return tally;
  },
  broadcast: (items) =>
    tallied(from(integers(items)).pipe(connect((shared) => merge(...Array.from({ length: READERS }, () => shared))))),
};
