// Effect's Stream: chunks that fibers pull. A function that returns a promise is an effect.
import { Effect, Stream } from 'effect';
import {
  AT_ONCE,
  BATCH,
  counting,
  integers,
  integersAtOnce,
  macrotask,
  plusOne,
  READERS,
  together,
} from '../steps.mjs';

const source = (items) => Stream.fromAsyncIterable(integers(items), (error) => error);

const tallied = (stream) =>
  Effect.gen(function* () {
    let count = 0;
    let sum = 0;
    yield* Stream.runForEach(stream, (item) =>
      Effect.sync(() => {
        count++;
        sum += item;
      }),
    );
    return { count, sum };
  });

/** @type {import('../types.d.ts').Composer} */
export default {
  title: 'effect Stream',
  kind: 'peer',
  package: 'effect',
  apart: (work) => (work === 'map' ? 'no async iterator: fibers that pull chunks' : undefined),
  map: (items) => Effect.runPromise(source(items).pipe(Stream.map(plusOne), tallied)),
  concurrent: (items) =>
    Effect.runPromise(
      source(items).pipe(
        Stream.mapEffect((item) => Effect.promise(() => macrotask(item)), { concurrency: AT_ONCE }),
        tallied,
      ),
    ),
  five: (items) =>
    Effect.runPromise(
      source(items).pipe(
        Stream.map(plusOne),
        Stream.map(plusOne),
        Stream.map(plusOne),
        Stream.map(plusOne),
        Stream.map(plusOne),
        tallied,
      ),
    ),
  async batch(items) {
    const { tally, many } = counting();
    await Effect.runPromise(
      Stream.fromIterable(integersAtOnce(items)).pipe(
        Stream.grouped(BATCH),
        Stream.runForEach((batch) => Effect.promise(() => many(batch))),
      ),
    );
    return tally;
  },
  broadcast: (items) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const branches = yield* Stream.broadcastN(source(items), { n: READERS, capacity: 16 });
          return together(yield* Effect.all(branches.map(tallied), { concurrency: 'unbounded' }));
        }),
      ),
    ),
};
