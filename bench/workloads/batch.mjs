// Work that waits once for 256 items, against work that waits once an item; over an iterable that is not async.
// @ts-check
import { compose } from '../compose.mjs';
import composer from '../composers/sluice.mjs';
import { counting, integersAtOnce } from '../steps.mjs';

const ITEMS = 10_000;

/** @type {import('../types.d.ts').CompositionWorkload} */
const workload = {
  title: 'batch(256), one await a batch',
  work: 'batch',
  againstItself: {
    mark: { title: 'batch(256) and one await a batch ÷ one await an item', unit: '×', atMost: 0.25 },
    pair: ({ shipped }) => ({
      measured: () => compose(composer, workload, ITEMS),
      compared: () =>
        compose(
          {
            ...composer,
            async batch(items) {
              const { tally, one } = counting();
              await shipped.flow(integersAtOnce(items)).forEach(one);
              return tally;
            },
          },
          workload,
          ITEMS,
        ),
    }),
  },
};

export default workload;
