// Every item to three readers, each in `for await`, against one reader of the same flow.
// @ts-check
import { compose } from '../compose.mjs';
import composer from '../composers/sluice.mjs';
import { integers, READERS, tallied, together } from '../steps.mjs';

const ITEMS = 10_000;

/** @type {import('../types.d.ts').CompositionWorkload} */
const workload = {
  title: 'broadcast(3), per item of the source',
  work: 'broadcast',
  againstItself: {
    mark: { title: 'broadcast(3) ÷ one reader', unit: '×', atMost: 3.5 },
    pair: ({ shipped }) => ({
      measured: () => compose(composer, workload, ITEMS),
      compared: () =>
        compose(
          {
            ...composer,
            async broadcast(items) {
              const tally = await tallied(shipped.flow(integers(items)));
              return together(Array.from({ length: READERS }, () => tally));
            },
          },
          workload,
          ITEMS,
        ),
    }),
  },
};

export default workload;
