// A select over 2 channels, one of which has an item: each in its turn.
// @ts-check

/** @type {import('../types.d.ts').CompositionWorkload} */
export default {
  title: 'select over 2 channels, one ready',
  work: 'select',
  channels: 2,
  againstPeers: { title: 'select over 2 channels, one ready: faster than the fastest peer', unit: '×', atLeast: 2 },
};
