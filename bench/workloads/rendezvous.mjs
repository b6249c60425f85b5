// One producer and one consumer with no room between them: every send waits until its item is taken.
// @ts-check

/** @type {import('../types.d.ts').ChannelWorkload} */
export default {
  title: 'rendezvous',
  load: { capacity: 0, producers: 1, consumers: 1, sending: 'awaited', receiving: 'items' },
  againstPeers: { title: 'rendezvous: faster than the fastest peer', unit: '×', atLeast: 1.8 },
};
