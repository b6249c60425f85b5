// One producer that awaits every send, one consumer in `for await`, plenty of room.
// @ts-check

/** @type {import('../types.d.ts').ChannelWorkload} */
export default {
  title: 'await send, capacity 1,024',
  load: { capacity: 1_024, producers: 1, consumers: 1, sending: 'awaited', receiving: 'items' },
  againstFloor: { title: 'await send, capacity 1,024 ÷ floor', unit: '×', atMost: 1.15 },
  againstPeers: { title: 'await send, capacity 1,024: faster than the fastest peer', unit: '×', atLeast: 2 },
};
