// The places of the core, run through the suite that every place runs.

import { it } from 'vitest';
import { BoundedQueue, Channel, ChannelClosedError } from 'sluice';
import { type Card, conformance } from './conformance.js';

const CARD: Card = {
  name: 'Channel',
  bound: 'exact',
  delivery: 'exactly once',
  order: 'fifo',
  abort: 'no effect',
  end: 'graceful and immediate',
  patience: 5,
};

conformance({
  card: CARD,
  open: (capacity) => {
    const channel = new Channel<number>(capacity);
    return { sender: channel, receiver: channel };
  },
  capacities: [0, 1, 2, 1_024],
  test: it,
});

conformance({
  card: { ...CARD, name: 'Channel through a handle' },
  open: (capacity) => {
    const channel = new Channel<number>(capacity);
    return { sender: channel.sender(), receiver: channel };
  },
  capacities: [0, 3],
  test: it,
});

conformance({
  // A queue's end is an error to whoever takes: seen as a receiver, that error is the end.
  card: { ...CARD, name: 'BoundedQueue', end: 'local' },
  open: (capacity) => {
    const queue = new BoundedQueue<number>(capacity);
    const ended = (error: unknown): undefined => {
      if (error instanceof ChannelClosedError) return undefined;
      throw error;
    };
    return {
      sender: { send: (item, options) => queue.put(item, options), close: () => queue.close() },
      receiver: {
        receive: (options) => queue.take(options).catch(ended),
        cancel: (reason) => void queue.cancel(reason),
        [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
      },
    };
  },
  capacities: [1, 8],
  test: it,
});
