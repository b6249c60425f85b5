// One producer and one consumer, with room for one item between them.
// @ts-check

/** @type {import('../types.d.ts').ChannelWorkload} */
export default {
  title: 'await send, capacity 1',
  load: { capacity: 1, producers: 1, consumers: 1, sending: 'awaited', receiving: 'items' },
  againstPeers: { title: 'capacity 1: faster than the fastest peer', unit: '×', atLeast: 1.8 },
};
