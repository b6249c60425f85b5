// IxJS: operators over async iterables. Several calls at once only out of order, each an iterable of its own.
import { from } from 'ix/asynciterable';
import { buffer, flatMap, map, publish } from 'ix/asynciterable/operators';
import {
  AT_ONCE,
  BATCH,
  counting,
  integers,
  integersAtOnce,
  macrotask,
  plusOne,
  READERS,
  tallied,
  together,
} from '../steps.mjs';

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'IxJS',
  kind: 'peer',
  package: 'ix',
  note: '`flatMap` for several calls at once, out of order; `publish` for the broadcast, without a bound',
  map: (items) => tallied(from(integers(items)).pipe(map(plusOne))),
  concurrent: (items) => tallied(from(integers(items)).pipe(flatMap(async (item) => [await macrotask(item)], AT_ONCE))),
  five: (items) =>
    tallied(from(integers(items)).pipe(map(plusOne), map(plusOne), map(plusOne), map(plusOne), map(plusOne))),
  async batch(items) {
    const { tally, many } = counting();
    await from(integersAtOnce(items)).pipe(buffer(BATCH)).forEach(many);
    return tally;
  },
  async broadcast(items) {
    const shared = from(integers(items)).pipe(publish());
    return together(await Promise.all(Array.from({ length: READERS }, () => tallied(shared))));
  },
};
