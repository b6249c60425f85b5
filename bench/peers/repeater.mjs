// Repeater.js: producers run inside the executor and await `push`, which settles when the item after is asked for, or at
// once while a buffer has room.
import { FixedBuffer, Repeater } from '@repeaterjs/repeater';

/** @type {import('../types.d.ts').Contestant} */
export default {
  title: '@repeaterjs/repeater',
  kind: 'peer',
  package: '@repeaterjs/repeater',
  note: 'producers run in its executor',
  open({ capacity }) {
    const handle = {};
    handle.started = new Promise((started) => {
      handle.repeater = new Repeater(
        (push, stop) => {
          handle.stop = stop;
          started({ push });
          return stop;
        },
        capacity === 0 ? undefined : new FixedBuffer(capacity),
      );
    });
    return handle;
  },
  async produce({ started }, first, count) {
    const { push } = await started;
    for (let i = 0; i < count; i++) await push(first + i);
  },
  async consume({ repeater }) {
    let count = 0;
    let sum = 0;
    for await (const item of repeater) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  close: ({ stop }) => void stop(),
};
