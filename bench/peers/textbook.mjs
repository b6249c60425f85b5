// The channel that everybody writes once: an array as buffer, arrays of waiting resolvers, re-check in a loop. No abort,
// no timeout, no fairness, O(n) in its waiters.
// @ts-check

class Textbook {
  /** @type {number[]} */ buffer = [];
  /** @type {(() => void)[]} */ senders = [];
  /** @type {(() => void)[]} */ receivers = [];
  closed = false;

  constructor(/** @type {number} */ capacity) {
    this.capacity = capacity;
  }
  async send(/** @type {number} */ item) {
    while (this.buffer.length >= this.capacity) await new Promise((/** @type {any} */ wake) => this.senders.push(wake));
    this.buffer.push(item);
    this.receivers.shift()?.();
  }
  /** @returns {Promise<IteratorResult<number>>} */
  async next() {
    while (this.buffer.length === 0) {
      if (this.closed) return { value: undefined, done: true };
      await new Promise((/** @type {any} */ wake) => this.receivers.push(wake));
    }
    this.senders.shift()?.();
    return { value: /** @type {number} */ (this.buffer.shift()), done: false };
  }
  close() {
    this.closed = true;
    for (const wake of this.receivers.splice(0)) wake();
  }
  [Symbol.asyncIterator]() {
    return this;
  }
}

/** @type {import('../types.d.ts').Contestant<Textbook>} */
export default {
  title: 'textbook: twenty lines',
  kind: 'textbook',
  cannot: ({ capacity }) => (capacity === 0 ? 'no capacity 0' : undefined),
  open: ({ capacity }) => new Textbook(capacity),
  async produce(channel, first, count) {
    for (let i = 0; i < count; i++) await channel.send(first + i);
  },
  async consume(channel) {
    let count = 0;
    let sum = 0;
    for await (const item of channel) {
      count++;
      sum += item;
    }
    return { count, sum };
  },
  close: (channel) => channel.close(),
};
