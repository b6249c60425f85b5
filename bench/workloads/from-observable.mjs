// What it costs to have the items of an Observable in a channel, read in batches, over having them in a bare subscriber:
// so many floors an item.
// @ts-check
import { talliedBatches, timed } from '../bridged.mjs';
import { carry } from '../carry.mjs';
import { alternate, tenth } from '../measure.mjs';
import floor from '../peers/floor.mjs';
import awaited from './awaited.mjs';

const ITEMS = 40_000;
const BURST = 256;

/** Gives the integers from 1 in bursts, a macrotask each; completes. */
function observable() {
  return {
    subscribe(/** @type {{ next?(item: number): void, complete?(): void }} */ observer) {
      const run = async () => {
        await undefined;
        for (let item = 1; item <= ITEMS; item++) {
          observer.next?.(item);
          if (item % BURST === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        observer.complete?.();
      };
      void run();
    },
  };
}

/** @type {import('../types.d.ts').FigureWorkload} */
export default {
  mark: { title: 'fromObservable, batches of 256: over a bare subscribe', unit: 'floors', atMost: 0.25 },
  async figure({ shipped }, ms) {
    const bridged = () =>
      timed(ITEMS, () => {
        const channel = shipped.fromObservable(observable(), 2 * BURST, { overflow: 'error' });
        return talliedBatches(channel.batches(BURST));
      });
    const bare = () =>
      timed(
        ITEMS,
        () =>
          new Promise((resolve) => {
            let count = 0;
            let sum = 0;
            observable().subscribe({
              next(item) {
                count++;
                sum += item;
              },
              complete: () => resolve({ count, sum }),
            });
          }),
      );
    const floors = () => carry(floor, awaited.load, ITEMS);
    for (const each of [bridged, bare, floors]) for (let i = 0; i < 10; i++) await each();
    const over = await alternate(bridged, bare, ms);
    const { measured } = await alternate(floors, bare, ms);
    return (tenth(over.measured) - tenth(over.compared)) / tenth(measured);
  },
};
