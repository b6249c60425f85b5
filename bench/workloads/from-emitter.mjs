// Events into a channel that is read in batches of 256, against the floor. The emitter stops where it is told to pause, and
// else emits.
// @ts-check
import { EventEmitter } from 'node:events';
import { talliedBatches, timed } from '../bridged.mjs';
import { carry } from '../carry.mjs';
import floor from '../peers/floor.mjs';
import awaited from './awaited.mjs';

const ITEMS = 40_000;

/** Emits the integers from 1; once paused it goes on when it is resumed. */
class Source extends EventEmitter {
  #item = 0;
  #paused = false;

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    while (!this.#paused && this.#item < ITEMS) this.emit('item', ++this.#item);
    if (this.#item === ITEMS && !this.#paused) this.emit('end');
  }
}

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'fromEmitter, batches of 256 ÷ floor', unit: '×', atMost: 0.6 },
  pair: ({ shipped }) => ({
    measured: () =>
      timed(ITEMS, () => {
        const source = new Source();
        const channel = shipped.fromEmitter(source, { item: 'item', end: 'end' }, 1_024);
        source.resume();
        return talliedBatches(channel.batches(256));
      }),
    compared: () => carry(floor, awaited.load, ITEMS),
  }),
};
