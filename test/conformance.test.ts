// The places of the core, run through the suite that every place runs.

import { it } from 'vitest';
import { BoundedQueue, Channel, ChannelClosedError, type ChannelOptions, receiving, select, sending } from 'sluice';
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

const KINDS: Readonly<Record<string, ChannelOptions<number>>> = {
  'that weighs': { weigh: () => 1 },
  'that merges, where no two items have a key in common': {
    overflow: { key: (item) => item, coalesce: (_, incoming) => incoming },
  },
  'with watermarks': { watermarks: { high: 1, low: 0 }, onPressure: () => {} },
};

for (const [kind, options] of Object.entries(KINDS)) {
  conformance({
    card: { ...CARD, name: `Channel ${kind}` },
    open: (capacity) => {
      const channel = new Channel<number>(capacity, options);
      return { sender: channel, receiver: channel };
    },
    capacities: [1, 8],
    test: it,
  });
}

conformance({
  // Whoever waits for a place is refused at a close, where a send is accepted; and has no item yet to be given back.
  card: { ...CARD, name: 'Channel through permits', end: 'local' },
  open: (capacity) => {
    const channel = new Channel<number>(capacity);
    return {
      sender: {
        send: async (item, options) => (await channel.reserve(options)).send(item),
        close: (error) => channel.close(error),
      },
      receiver: channel,
    };
  },
  capacities: [1, 8],
  test: it,
});

conformance({
  card: { ...CARD, name: 'Channel through selects' },
  open: (capacity) => {
    const channel = new Channel<number>(capacity);
    return {
      sender: {
        send: async (item, options) => void (await select({ out: sending(channel, item) }, options)),
        close: (error) => channel.close(error),
      },
      receiver: {
        receive: async (options) => (await select({ item: receiving(channel) }, options)).value,
        cancel: (reason) => channel.cancel(reason),
        [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
      },
    };
  },
  capacities: [0, 1, 8],
  test: it,
});
