// A chain of five steps, against one step: a step more must not cost more than the same again.
// @ts-check
import { compose } from '../compose.mjs';
import composer from '../composers/sluice.mjs';
import one from './map.mjs';

const ITEMS = 10_000;

/** @type {import('../types.d.ts').CompositionWorkload} */
const workload = {
  title: 'five steps of map(fn)',
  work: 'five',
  againstItself: {
    mark: { title: 'a chain of five steps ÷ one step', unit: '×', atMost: 5 },
    pair: () => ({
      measured: () => compose(composer, workload, ITEMS),
      compared: () => compose(composer, one, ITEMS),
    }),
  },
};

export default workload;
