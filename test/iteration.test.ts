// Iterators: for await, batches and consume; leaving them, sharing the items among several, and their prototype.

import { BoundedQueue, Channel } from 'sluice';
import { describe, expect, it, vi } from 'vitest';
import { collect, full, macrotask, microtasks, rejection, settled, watch } from './support.js';

const DONE = { value: undefined, done: true };

describe('for await', () => {
  it('gives all items in order, then ends', async () => {
    const channel = Channel.from([1, 2, 3, 4, 5], 2);
    expect(await collect(channel)).toEqual([1, 2, 3, 4, 5]);
  });

  it('throws the error that the channel was closed with, after the last item', async () => {
    const channel = full(2);
    const error = new Error('end');
    channel.close(error);
    const items: number[] = [];
    const loop = (async () => {
      for await (const item of channel) items.push(item);
    })();
    expect(await rejection(loop)).toBe(error);
    expect(items).toEqual([1, 2]);
  });

  it('that is left early leaves the channel open: another consumer goes on', async () => {
    const channel = full(3);
    for await (const item of channel) if (item === 1) break;
    expect(channel.closed).toBe(false);
    channel.close();
    expect(await collect(channel)).toEqual([2, 3]);
  });

  it('keeps promises as they are, ready or waited for', async () => {
    const channel = new Channel<Promise<number>>(1);
    const [a, b] = [Promise.resolve(1), Promise.resolve(2)];
    const iterator = channel[Symbol.asyncIterator]();
    const waiting = iterator.next();
    channel.trySend(a);
    expect((await waiting).value).toBe(a);
    channel.trySend(b);
    expect((await iterator.next()).value).toBe(b);
  });

  it('takes from blocked senders of a rendezvous', async () => {
    const channel = new Channel<number>(0);
    const sending = (async () => {
      for (const item of [1, 2, 3]) await channel.send(item);
      channel.close();
    })();
    expect(await collect(channel)).toEqual([1, 2, 3]);
    await sending;
  });
});

describe('several iterators', () => {
  it('share the items: each goes to exactly one', async () => {
    const channel = Channel.from(
      Array.from({ length: 100 }, (_, i) => i),
      4,
    );
    const parts = await Promise.all([collect(channel), collect(channel), collect(channel)]);
    expect(parts.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('are served first come, first served, together with receive', async () => {
    const channel = new Channel<number>(1);
    const [a, b] = [channel[Symbol.asyncIterator](), channel[Symbol.asyncIterator]()];
    const waits = [a.next(), b.next(), channel.receive(), a.next()];
    for (const item of [1, 2, 3, 4]) channel.trySend(item);
    expect(await Promise.all(waits)).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      3,
      { value: 4, done: false },
    ]);
  });

  it('all end', async () => {
    const channel = new Channel<number>(1);
    const waits = [channel[Symbol.asyncIterator]().next(), channel[Symbol.asyncIterator]().next()];
    channel.close();
    expect(await Promise.all(waits)).toEqual([DONE, DONE]);
  });

  it('are left one by one: the others go on', async () => {
    const channel = new Channel<number>(1);
    const [a, b] = [channel[Symbol.asyncIterator](), channel[Symbol.asyncIterator]()];
    const [left, stays] = [a.next(), b.next()];
    await a.return();
    channel.trySend(1);
    expect(await left).toEqual(DONE);
    expect(await stays).toEqual({ value: 1, done: false });
  });
});

describe('next', () => {
  it('may be called several times at once: the items come in the order of the calls', async () => {
    const channel = new Channel<number>(1);
    const iterator = channel[Symbol.asyncIterator]();
    const waits = [iterator.next(), iterator.next(), iterator.next()];
    for (const item of [1, 2, 3]) channel.trySend(item);
    expect((await Promise.all(waits)).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it('at a failed end rejects every time', async () => {
    const channel = new Channel<number>(1);
    const iterator = channel[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next()].map(rejection);
    channel.close('error');
    expect(await Promise.all(waiting)).toEqual(['error', 'error']);
    for (let i = 0; i < 3; i++) expect(await rejection(iterator.next())).toBe('error');
  });

  it('at a quiet end is done every time', async () => {
    const channel = new Channel<number>(1);
    const iterator = channel[Symbol.asyncIterator]();
    channel.close();
    for (let i = 0; i < 3; i++) expect(await iterator.next()).toEqual(DONE);
  });

  it('after return is done, whatever the channel holds, and takes nothing', async () => {
    const channel = full(2);
    const iterator = channel[Symbol.asyncIterator]();
    await iterator.return();
    expect(await iterator.next()).toEqual(DONE);
    expect(channel.size).toBe(2);
  });

  it('after return is done even at a failed end', async () => {
    const channel = new Channel<number>(1);
    const iterator = channel[Symbol.asyncIterator]();
    await iterator.return();
    channel.close('error');
    expect(await iterator.next()).toEqual(DONE);
  });
});

describe('return', () => {
  it('while next waits settles it as done, and loses nothing', async () => {
    const channel = new Channel<number>(2);
    const iterator = channel[Symbol.asyncIterator]();
    const waits = [watch(iterator.next()), watch(iterator.next())];
    const returned = watch(iterator.return());
    expect(channel.stats().waitingReceivers).toBe(0);
    await microtasks();
    expect([...waits, returned].map(({ result }) => result)).toEqual([DONE, DONE, DONE]);
    channel.trySend(1);
    expect(channel.drain()).toEqual([1]);
  });

  it('leaves a next that was handed its item with the item', async () => {
    const channel = new Channel<number>(2);
    const iterator = channel[Symbol.asyncIterator]();
    const [first, second] = [iterator.next(), iterator.next()];
    channel.trySend(1);
    await iterator.return();
    expect(await first).toEqual({ value: 1, done: false });
    expect(await second).toEqual(DONE);
    expect(channel.stats()).toMatchObject({ sent: 1, received: 1 });
  });

  it('makes room in line for those behind it', async () => {
    const channel = new Channel<number>(0);
    const iterator = channel[Symbol.asyncIterator]();
    void iterator.next();
    const behind = channel.receive();
    await iterator.return();
    channel.trySend(1);
    expect(await behind).toBe(1);
  });

  it('twice is the same as once', async () => {
    const iterator = new Channel<number>(1)[Symbol.asyncIterator]();
    expect([await iterator.return(), await iterator.return()]).toEqual([DONE, DONE]);
  });

  it('finds all waits of an iterator that has waited, and been served, many times', async () => {
    const channel = new Channel<number>(4);
    const iterator = channel[Symbol.asyncIterator]();
    for (let round = 0; round < 100; round++) {
      const waits = [iterator.next(), iterator.next(), iterator.next()];
      for (let i = 0; i < 3; i++) channel.trySend(i);
      await Promise.all(waits);
    }
    const last = [watch(iterator.next()), watch(iterator.next())];
    await iterator.return();
    await microtasks();
    expect(last.map(({ result }) => result)).toEqual([DONE, DONE]);
    expect(channel.stats().waitingReceivers).toBe(0);
  });
});

describe('batches', () => {
  it('gives what receiveMany would, batch by batch, then ends', async () => {
    const channel = full(5);
    channel.close();
    expect(await collect(channel.batches(2))).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('includes what blocked senders hold', async () => {
    const channel = full(2);
    const send = watch(channel.send(3));
    expect(await channel.batches(10).next()).toEqual({
      value: [1, 2, 3],
      done: false,
    });
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('gives one item to a next that had to wait', async () => {
    const channel = new Channel<number>(5);
    const next = channel.batches(10).next();
    channel.trySend(1);
    channel.trySend(2);
    expect(await next).toEqual({ value: [1], done: false });
  });

  it('left early leaves the channel open', async () => {
    const channel = full(4);
    for await (const batch of channel.batches(2)) {
      expect(batch).toEqual([1, 2]);
      break;
    }
    expect(channel.closed).toBe(false);
    expect(channel.size).toBe(2);
  });

  it('rejects at a failed end', async () => {
    const channel = full(1);
    channel.close('error');
    const batches = channel.batches(3);
    expect(await batches.next()).toEqual({ value: [1], done: false });
    expect(await rejection(batches.next())).toBe('error');
  });

  it('returned while next waits ends that with done', async () => {
    const batches = new Channel(1).batches(2);
    const next = batches.next();
    await batches.return();
    expect(await next).toEqual(DONE);
  });
});

describe('consume', () => {
  it('gives all items', async () => {
    expect(await collect(Channel.from([1, 2, 3], 1).consume())).toEqual([1, 2, 3]);
  });

  it('left by break cancels the channel', async () => {
    const onDrop = vi.fn();
    const channel = full(3, { onDrop });
    const accepted = watch(channel.send(4));
    const blocked = rejection(channel.send(5));
    for await (const item of channel.consume()) if (item === 1) break;
    expect(channel.ended).toBe(true);
    expect(onDrop.mock.calls).toEqual([
      [2, 'cancel'],
      [3, 'cancel'],
      [4, 'cancel'],
    ]);
    expect(accepted.state).toBe('fulfilled');
    expect(await blocked).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 5,
    });
    expect(channel.signal.aborted).toBe(true);
  });

  it('left by a throw cancels the channel, quietly', async () => {
    const channel = full(2);
    const loop = (async () => {
      for await (const _ of channel.consume()) throw new Error('body');
    })();
    expect(await rejection(loop)).toEqual(new Error('body'));
    expect(channel.ended).toBe(true);
    expect(await channel.receive()).toBeUndefined();
  });

  it('returned before the first next cancels the channel', async () => {
    const channel = full(1);
    expect(await channel.consume().return()).toEqual(DONE);
    expect(channel.ended).toBe(true);
  });

  it('returned while next waits cancels the channel and ends that next', async () => {
    const channel = new Channel<number>(1);
    const items = channel.consume();
    const next = items.next();
    await items.return();
    expect(await next).toEqual(DONE);
    expect(channel.ended).toBe(true);
  });

  it('returned cancels a channel that is closed and not drained', async () => {
    const channel = full(1);
    channel.close('error');
    await channel.consume().return();
    expect(channel.stats()).toMatchObject({ dropped: 1, size: 0 });
    expect(await channel.receive()).toBeUndefined();
  });

  it('left at the end of the items does not cancel', async () => {
    const channel = full(1);
    channel.close();
    await collect(channel.consume());
    await channel.consume().return();
    expect(channel.signal.aborted).toBe(false);
  });

  it('returns the source of from', async () => {
    const returned = vi.fn();
    function* numbers() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        returned();
      }
    }
    for await (const item of Channel.from(numbers(), 4).consume()) if (item === 2) break;
    await macrotask();
    expect(returned).toHaveBeenCalledOnce();
  });
});

describe('an iterator', () => {
  const AsyncIteratorPrototype: unknown = Object.getPrototypeOf(
    Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
  );
  const iterators: [string, () => AsyncIterator<unknown> & AsyncIterable<unknown>][] = [
    ['of a channel', () => new Channel(1)[Symbol.asyncIterator]()],
    ['of batches', () => new Channel(1).batches(1)],
    ['of consume', () => new Channel(1).consume()],
    ['of a queue', () => new BoundedQueue(1)[Symbol.asyncIterator]()],
  ];
  it.each(iterators)('%s inherits from %AsyncIteratorPrototype%', (_name, make) => {
    let prototype: unknown = make();
    const chain: unknown[] = [];
    while (prototype !== null) {
      prototype = Object.getPrototypeOf(prototype);
      chain.push(prototype);
    }
    expect(chain).toContain(AsyncIteratorPrototype);
  });

  it.each(iterators)('%s is its own iterable', (_name, make) => {
    const iterator = make();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });

  it.each(iterators)('%s is no thenable', (_name, make) => {
    expect('then' in make()).toBe(false);
  });

  it('is new for every loop', () => {
    const channel = new Channel(1);
    expect(channel[Symbol.asyncIterator]()).not.toBe(channel[Symbol.asyncIterator]());
  });

  it('does nothing before its first next', async () => {
    const channel = full(1);
    channel[Symbol.asyncIterator]();
    channel.consume();
    channel.batches(1);
    await settled(Promise.resolve());
    expect(channel.stats()).toMatchObject({ size: 1, waitingReceivers: 0 });
  });
});
