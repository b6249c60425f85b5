// One producer that waits only where the channel is full, one consumer in `for await`.
// @ts-check

/** @type {import('../types.d.ts').ChannelWorkload} */
export default {
  title: 'trySend || await send, capacity 1,024',
  load: { capacity: 1_024, producers: 1, consumers: 1, sending: 'tried', receiving: 'items' },
  againstFloor: { title: 'trySend || await send, capacity 1,024 ÷ floor', unit: '×', atMost: 0.8 },
};
