// One producer that waits only where the channel is full, one consumer that takes up to 256 items at a time.
// @ts-check

/** @type {import('../types.d.ts').ChannelWorkload} */
export default {
  title: 'trySend || await send, batches of 256',
  load: { capacity: 1_024, producers: 1, consumers: 1, sending: 'tried', receiving: 'batches' },
  againstFloor: { title: 'trySend || await send into receiveMany(256) ÷ floor', unit: '×', atMost: 0.2 },
};
