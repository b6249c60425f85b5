// js-csp: processes are generators, `yield put` and `yield take`, as in Clojure's core.async.
import csp from 'js-csp';

/** Runs a process and resolves with what it returns. */
const run = (process) => new Promise((resolve) => csp.takeAsync(csp.go(process), resolve));

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: 'js-csp',
  kind: 'peer',
  package: 'js-csp',
  note: 'tasks are generators that `yield` its operations',
  open: ({ capacity }) => (capacity === 0 ? csp.chan() : csp.chan(capacity)),
  produce: (chan, first, count) =>
    run(function* () {
      for (let i = 0; i < count; i++) yield csp.put(chan, first + i);
      return true;
    }),
  produceTrying: (chan, first, count) =>
    run(function* () {
      for (let i = 0; i < count; i++) if (!csp.offer(chan, first + i)) yield csp.put(chan, first + i);
      return true;
    }),
  consume: (chan) =>
    run(function* () {
      let count = 0;
      let sum = 0;
      for (;;) {
        const item = yield csp.take(chan);
        if (item === csp.CLOSED) return { count, sum };
        count++;
        sum += item;
      }
    }),
  consumeBatches: (chan) =>
    run(function* () {
      let count = 0;
      let sum = 0;
      for (;;) {
        let item = yield csp.take(chan);
        if (item === csp.CLOSED) return { count, sum };
        for (let taken = 1; item !== csp.NO_VALUE && item !== csp.CLOSED; taken++) {
          count++;
          sum += item;
          item = taken < 256 ? csp.poll(chan) : csp.NO_VALUE;
        }
      }
    }),
  close: (chan) => chan.close(),
};
