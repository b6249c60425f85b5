// Effect's bounded Queue: tasks are fibers that `yield*` its operations.
import { Effect, Queue } from 'effect';

// An offer that finds room does not wait: that is its way to try, and faster than `offerUnsafe` first.
const produce = (queue, first, count) =>
  Effect.runPromise(
    Effect.gen(function* () {
      for (let i = 0; i < count; i++) yield* Queue.offer(queue, first + i);
    }),
  );

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'effect Queue',
  kind: 'peer',
  package: 'effect',
  note: 'tasks are fibers that `yield*` its operations',
  open: ({ capacity }) => Effect.runSync(Queue.bounded(capacity)),
  produce,
  produceTrying: produce,
  async consume(queue) {
    let count = 0;
    let sum = 0;
    const untilDone = Effect.gen(function* () {
      for (;;) {
        sum += yield* Queue.take(queue);
        count++;
      }
    });
    await Effect.runPromise(Effect.exit(untilDone));
    return { count, sum };
  },
  async consumeBatches(queue) {
    let count = 0;
    let sum = 0;
    const untilDone = Effect.gen(function* () {
      for (;;) {
        for (const item of yield* Queue.takeBetween(queue, 1, 256)) {
          count++;
          sum += item;
        }
      }
    });
    await Effect.runPromise(Effect.exit(untilDone));
    return { count, sum };
  },
  close: (queue) => Effect.runPromise(Queue.end(queue)),
};
