// A select over 64 channels, one of which has an item: each in its turn. Against a select over two: a case more must not
// cost more than the same again.
// @ts-check
import { compose } from '../compose.mjs';
import composer from '../composers/sluice.mjs';
import two from './select-2.mjs';

const ITEMS = 2_000;

/** @type {import('../types.d.ts').CompositionWorkload} */
const workload = {
  title: 'select over 64 channels, one ready',
  work: 'select',
  channels: 64,
  againstPeers: { title: 'select over 64 channels, one ready: faster than the fastest peer', unit: '×', atLeast: 2 },
  againstItself: {
    mark: { title: 'select over 64 channels, one ready ÷ over 2', unit: '×', atMost: 8 },
    pair: () => ({
      measured: () => compose(composer, workload, ITEMS),
      compared: () => compose(composer, two, ITEMS),
    }),
  },
};

export default workload;
