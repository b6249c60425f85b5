// Four producers and four consumers that share one channel.
// @ts-check

/** @type {import('../types.d.ts').ChannelWorkload} */
export default {
  title: '4 producers, 4 consumers, capacity 64',
  load: { capacity: 64, producers: 4, consumers: 4, sending: 'awaited', receiving: 'items' },
  againstPeers: {
    title: '4 producers, 4 consumers, capacity 64: faster than the fastest peer',
    unit: '×',
    atLeast: 1.8,
  },
};
