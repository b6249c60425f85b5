// BoundedQueue: the blocking queue of the thread world.

import { BoundedQueue, ChannelClosedError, type DropReason, TimeoutError } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, macrotask, microtasks, rejection, settled, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

function queueOf(...items: number[]): BoundedQueue<number> {
  const queue = new BoundedQueue<number>(Math.max(1, items.length));
  for (const item of items) queue.tryPut(item);
  return queue;
}

describe('put', () => {
  it('fulfils with undefined where there is room, and waits where there is none', async () => {
    const queue = new BoundedQueue<number>(1);
    expect(await queue.put(1)).toBeUndefined();
    const put = watch(queue.put(2));
    await macrotask();
    expect(put.state).toBe('pending');
    expect(queue.tryTake()).toBe(1);
    await macrotask();
    expect(put.state).toBe('fulfilled');
  });

  it('past its timeout rejects and gives the item back: nothing is dropped silently', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const onDrop = vi.fn();
    const queue = new BoundedQueue<number>(1, { onDrop });
    queue.tryPut(1);
    const put = watch(queue.put(2, { timeout: 10 }));
    vi.advanceTimersByTime(10);
    await microtasks();
    expect(put.result).toBeInstanceOf(TimeoutError);
    expect(put.result).toMatchObject({ value: 2 });
    expect(onDrop).not.toHaveBeenCalled();
    expect(queue.cancel()).toEqual([1]);
  });

  it('after close rejects with ChannelClosedError, which gives the item back', async () => {
    const queue = new BoundedQueue<number>(1);
    queue.close();
    expect(await rejection(queue.put(1))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 1,
    });
  });

  it('past maxWaiters rejects with TooManyWaitersError', async () => {
    const queue = new BoundedQueue<number>(1, { maxWaiters: 0 });
    queue.tryPut(1);
    expect(await rejection(queue.put(2))).toMatchObject({
      code: 'ERR_SLUICE_TOO_MANY_WAITERS',
      value: 2,
    });
  });
});

describe('tryPut', () => {
  it('is true where there is room or a taker, false where the queue is full or closed', async () => {
    const queue = new BoundedQueue<number>(1);
    const take = queue.take();
    expect([queue.tryPut(1), queue.tryPut(2), queue.tryPut(3)]).toEqual([true, true, false]);
    expect(await take).toBe(1);
    queue.close();
    queue.tryTake();
    expect(queue.tryPut(4)).toBe(false);
  });
});

describe('take', () => {
  it('gives items in the order in which they were put, and waits where there is none', async () => {
    const queue = queueOf(1, 2);
    expect([await queue.take(), await queue.take()]).toEqual([1, 2]);
    const take = watch(queue.take());
    await macrotask();
    expect(take.state).toBe('pending');
    queue.tryPut(3);
    await microtasks();
    expect(take.result).toBe(3);
  });

  it('after close gives what is left, blocked puts included, then rejects with ChannelClosedError', async () => {
    const queue = queueOf(1);
    const put = watch(queue.put(2));
    queue.close();
    expect([await queue.take(), await queue.take()]).toEqual([1, 2]);
    const error = await rejection(queue.take());
    expect(error).toBeInstanceOf(ChannelClosedError);
    expect(Object.hasOwn(error as object, 'cause')).toBe(false);
    expect(put.state).toBe('fulfilled');
  });

  it('that waits at close rejects with ChannelClosedError', async () => {
    const queue = new BoundedQueue<number>(1);
    const waits = [queue.take(), queue.takeMany(2)].map(rejection);
    queue.close();
    for (const error of await Promise.all(waits)) expect(error).toBeInstanceOf(ChannelClosedError);
  });

  it('that waits at cancel rejects with ChannelClosedError, whose cause is the reason', async () => {
    const queue = new BoundedQueue<number>(1);
    const waits = [queue.take(), queue.takeMany(2)].map(rejection);
    queue.cancel('reason');
    for (const error of await Promise.all(waits))
      expect(error).toMatchObject({
        code: 'ERR_SLUICE_CLOSED',
        cause: 'reason',
      });
    expect(await rejection(queue.take())).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      cause: 'reason',
    });
  });

  it('heeds timeout and signal', async () => {
    const queue = new BoundedQueue<number>(1);
    expect(await rejection(queue.take({ timeout: 0 }))).toBeInstanceOf(TimeoutError);
    expect(await rejection(queue.take({ signal: AbortSignal.abort('no') }))).toBe('no');
  });

  it('at the end of the queue rejects before timeout 0 does', async () => {
    const queue = new BoundedQueue<number>(1);
    queue.close();
    expect(await rejection(queue.take({ timeout: 0 }))).toBeInstanceOf(ChannelClosedError);
  });
});

describe('tryTake', () => {
  it('gives the oldest item, else undefined or the fallback; never throws', () => {
    const queue = queueOf(1);
    expect([queue.tryTake(), queue.tryTake(), queue.tryTake('none')]).toEqual([1, undefined, 'none']);
    queue.cancel('reason');
    expect(queue.tryTake('none')).toBe('none');
  });
});

describe('takeMany', () => {
  it('gives what is there, max at the most, those of blocked puts included', async () => {
    const queue = queueOf(1, 2);
    void queue.put(3);
    expect(await queue.takeMany(5)).toEqual([1, 2, 3]);
  });

  it('that had to wait gives exactly one item', async () => {
    const queue = new BoundedQueue<number>(3);
    const batch = queue.takeMany(3);
    queue.tryPut(1);
    queue.tryPut(2);
    expect(await batch).toEqual([1]);
  });

  it('after close and drain rejects with ChannelClosedError: there is no empty batch', async () => {
    const queue = queueOf(1);
    queue.close();
    expect(await queue.takeMany(5)).toEqual([1]);
    expect(await rejection(queue.takeMany(5))).toBeInstanceOf(ChannelClosedError);
  });
});

describe('size, remaining and capacity', () => {
  it('add up', () => {
    const queue = new BoundedQueue<number>(3);
    queue.tryPut(1);
    expect([queue.capacity, queue.size, queue.remaining]).toEqual([3, 1, 2]);
    queue.tryPut(2);
    queue.tryPut(3);
    expect(queue.remaining).toBe(0);
    queue.cancel();
    expect([queue.size, queue.remaining]).toEqual([0, 3]);
  });
});

describe('unfinished', () => {
  it('counts an item from its acceptance until taskDone, not from the put that waits', async () => {
    const queue = new BoundedQueue<number>(1);
    expect(queue.unfinished).toBe(0);
    queue.tryPut(1);
    const put = watch(queue.put(2));
    expect(queue.unfinished).toBe(1);
    queue.tryTake();
    expect(queue.unfinished).toBe(2);
    queue.taskDone();
    expect(queue.unfinished).toBe(1);
    await macrotask();
    expect(put.state).toBe('fulfilled');
  });

  it('counts an item that was handed to a waiting taker', async () => {
    const queue = new BoundedQueue<number>(1);
    const take = queue.take();
    queue.tryPut(1);
    expect(queue.unfinished).toBe(1);
    await take;
    queue.taskDone();
    expect(queue.unfinished).toBe(0);
  });

  it('does not count a put that was refused', async () => {
    const queue = queueOf(1);
    await rejection(queue.put(2, { timeout: 0 }));
    queue.tryPut(3);
    expect(queue.unfinished).toBe(1);
  });
});

describe('taskDone', () => {
  it('called once too often is a RangeError, and changes nothing', () => {
    const queue = queueOf(1);
    queue.tryTake();
    queue.taskDone();
    expect(() => queue.taskDone()).toThrow(RangeError);
    expect(queue.unfinished).toBe(0);
    queue.tryPut(2);
    expect(queue.unfinished).toBe(1);
  });

  it('of a queue that never held anything is a RangeError', () => {
    expect(() => new BoundedQueue(1).taskDone()).toThrow(RangeError);
  });

  it('may be called while items are still queued, as in Python', () => {
    const queue = queueOf(1, 2);
    queue.taskDone();
    expect(queue.unfinished).toBe(1);
  });

  it('after a cancel counts what was taken: one more is a RangeError', () => {
    const queue = queueOf(1, 2, 3);
    queue.tryTake();
    queue.cancel();
    expect(queue.unfinished).toBe(1);
    queue.taskDone();
    expect(() => queue.taskDone()).toThrow(RangeError);
  });
});

describe('join', () => {
  it('fulfils at once with undefined where nothing is unfinished', async () => {
    expect(await settled(new BoundedQueue(1).join())).toEqual({
      state: 'fulfilled',
      result: undefined,
    });
  });

  it('waits until every item is done', async () => {
    const queue = queueOf(1, 2);
    const joins = [watch(queue.join()), watch(queue.join())];
    await queue.take();
    queue.taskDone();
    await queue.take();
    await macrotask();
    expect(joins.map(({ state }) => state)).toEqual(['pending', 'pending']);
    queue.taskDone();
    await microtasks();
    expect(joins.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('can be called again, and waits for what came since', async () => {
    const queue = queueOf(1);
    queue.taskDone();
    await queue.join();
    queue.tryTake();
    queue.tryPut(2);
    const again = watch(queue.join());
    await macrotask();
    expect(again.state).toBe('pending');
    queue.taskDone();
    await microtasks();
    expect(again.state).toBe('fulfilled');
  });

  it('waits on after close for what was accepted', async () => {
    const queue = queueOf(1);
    const join = watch(queue.join());
    queue.close();
    await macrotask();
    expect(join.state).toBe('pending');
    await queue.take();
    queue.taskDone();
    await microtasks();
    expect(join.state).toBe('fulfilled');
  });

  it('fulfils at a cancel where nothing was taken', async () => {
    const queue = queueOf(1, 2);
    const join = watch(queue.join());
    queue.cancel();
    await microtasks();
    expect(join.state).toBe('fulfilled');
    await queue.join();
  });

  it('waits after a cancel for what was taken, only', async () => {
    const queue = queueOf(1, 2);
    await queue.take();
    const join = watch(queue.join());
    queue.cancel('reason');
    await macrotask();
    expect(join.state).toBe('pending');
    queue.taskDone();
    await microtasks();
    expect(join.state).toBe('fulfilled');
  });

  it('heeds timeout and signal, and goes without effect', async () => {
    const queue = queueOf(1);
    expect(await rejection(queue.join({ timeout: 0 }))).toBeInstanceOf(TimeoutError);
    expect(await rejection(queue.join({ signal: AbortSignal.abort('no') }))).toBe('no');
    const controller = new AbortController();
    const [aborted, stays] = [watch(queue.join({ signal: controller.signal })), watch(queue.join())];
    controller.abort('aborted');
    queue.taskDone();
    await microtasks();
    expect([aborted.result, stays.state]).toEqual(['aborted', 'fulfilled']);
  });

  it('with timeout 0 fulfils where nothing is unfinished, and an aborted signal goes first', async () => {
    const queue = new BoundedQueue(1);
    await queue.join({ timeout: 0 });
    expect(await rejection(queue.join({ timeout: 0, signal: AbortSignal.abort('no') }))).toBe('no');
  });
});

describe('close', () => {
  it('lets blocked puts through, and refuses later ones', async () => {
    const queue = queueOf(1);
    const put = watch(queue.put(2));
    queue.close();
    expect(queue.closed).toBe(true);
    expect(queue.tryPut(3)).toBe(false);
    expect(await collect(queue)).toEqual([1, 2]);
    await macrotask();
    expect(put.state).toBe('fulfilled');
  });

  it('is quiet whatever it is given', async () => {
    const queue = new BoundedQueue<number>(1);
    (queue.close as (reason: unknown) => void).call(queue, 'not an error');
    expect(await collect(queue)).toEqual([]);
  });
});

describe('cancel', () => {
  it('returns what was queued, the oldest first, and counts it as dropped', () => {
    const onDrop = vi.fn();
    const queue = new BoundedQueue<number>(3, { onDrop });
    for (const item of [1, 2, 3]) queue.tryPut(item);
    queue.tryTake();
    expect(queue.cancel()).toEqual([2, 3]);
    expect(onDrop).not.toHaveBeenCalled();
    expect(queue.stats()).toMatchObject({
      sent: 3,
      received: 1,
      dropped: 2,
      size: 0,
    });
    expect(queue.unfinished).toBe(1);
  });

  it('rejects blocked puts with their item: they are not among those returned', async () => {
    const queue = queueOf(1);
    const put = rejection(queue.put(2));
    expect(queue.cancel('reason')).toEqual([1]);
    expect(await put).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 2,
      cause: 'reason',
    });
  });

  it('twice, or after the end, returns nothing', () => {
    const queue = queueOf(1);
    queue.cancel();
    expect(queue.cancel()).toEqual([]);
    const ended = new BoundedQueue(1);
    ended.close();
    expect(ended.cancel('reason')).toEqual([]);
  });

  it('after a close returns what is left', async () => {
    const queue = queueOf(1);
    queue.close();
    expect(queue.cancel('reason')).toEqual([1]);
    expect(await rejection(queue.take())).toMatchObject({ cause: 'reason' });
  });
});

describe('disposal and an aborted signal', () => {
  const ways: [string, (queue: BoundedQueue<number>, controller: AbortController) => unknown][] = [
    ['disposal', (queue) => queue[Symbol.dispose]()],
    ['asynchronous disposal', (queue) => queue[Symbol.asyncDispose]()],
    ['an aborted signal', (_queue, controller) => controller.abort()],
  ];
  it.each(ways)('hand what was queued to onDrop: %s', async (_name, end) => {
    const dropped: [number, DropReason][] = [];
    const controller = new AbortController();
    const queue = new BoundedQueue<number>(2, {
      signal: controller.signal,
      onDrop: (item, why) => dropped.push([item, why]),
    });
    queue.tryPut(1);
    queue.tryPut(2);
    queue.tryTake();
    await end(queue, controller);
    expect(dropped).toEqual([[2, 'cancel']]);
    expect(queue.closed).toBe(true);
    expect(queue.unfinished).toBe(1);
    expect(queue.stats()).toMatchObject({ sent: 2, received: 1, dropped: 1 });
  });

  it('already aborted makes a cancelled queue', async () => {
    const queue = new BoundedQueue<number>(1, {
      signal: AbortSignal.abort('reason'),
    });
    expect(queue.tryPut(1)).toBe(false);
    expect(await rejection(queue.take())).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      cause: 'reason',
    });
    await queue.join();
  });
});

describe('iterating a queue', () => {
  it('gives the items and ends at a quiet end', async () => {
    const queue = queueOf(1, 2);
    queue.close();
    expect(await collect(queue)).toEqual([1, 2]);
    const cancelled = queueOf(1);
    cancelled.cancel();
    expect(await collect(cancelled)).toEqual([]);
  });

  it("rejects with a cancel's reason itself", async () => {
    const queue = queueOf(1);
    const reason = { why: 'reason' };
    const waiting = new BoundedQueue<number>(1);
    const next = rejection(waiting[Symbol.asyncIterator]().next());
    queue.cancel(reason);
    waiting.cancel(reason);
    expect(await rejection(collect(queue))).toBe(reason);
    expect(await next).toBe(reason);
  });

  it('leaves the queue open when it is left', async () => {
    const queue = queueOf(1, 2);
    for await (const item of queue) if (item === 1) break;
    expect(queue.closed).toBe(false);
    expect(queue.tryTake()).toBe(2);
  });

  it('does not count an item as done', async () => {
    const queue = queueOf(1);
    queue.close();
    await collect(queue);
    expect(queue.unfinished).toBe(1);
  });
});

describe('a queue', () => {
  it('serves jobs to workers until all are done', async () => {
    const queue = new BoundedQueue<number>(4);
    const done: number[] = [];
    const worker = async (): Promise<void> => {
      for await (const job of queue) {
        await undefined;
        done.push(job);
        queue.taskDone();
      }
    };
    const workers = [worker(), worker(), worker()];
    for (let job = 0; job < 100; job++) await queue.put(job, { timeout: 1_000 });
    await queue.join();
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    queue.close();
    await Promise.all(workers);
  });

  it('has the statistics of a channel', () => {
    const queue = new BoundedQueue<number>(2, { name: 'jobs' });
    queue.tryPut(1);
    expect(queue.stats()).toEqual({
      name: 'jobs',
      capacity: 2,
      size: 1,
      peakSize: 1,
      weight: 1,
      reserved: 0,
      sent: 1,
      received: 0,
      dropped: 0,
      coalesced: 0,
      waitingSenders: 0,
      waitingReceivers: 0,
    });
  });

  it('prints as one line', async () => {
    const { inspect } = await import('node:util');
    const queue = new BoundedQueue<number>(10, { name: 'jobs' });
    queue.tryPut(1);
    expect(inspect(queue)).toBe('BoundedQueue(jobs 1/10)');
  });

  it('carries undefined and promises: take flattens a promise, takeMany and iteration keep it', async () => {
    const queue = new BoundedQueue<unknown>(4);
    const item = Promise.resolve(1);
    for (const each of [undefined, item, item, item]) queue.tryPut(each);
    expect(await queue.take()).toBeUndefined();
    expect(await queue.take()).toBe(1);
    expect((await queue.takeMany(1))[0]).toBe(item);
    expect((await queue[Symbol.asyncIterator]().next()).value).toBe(item);
  });
});
