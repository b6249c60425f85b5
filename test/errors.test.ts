// The errors: stable codes and names, messages that name the place and the remedy, what they carry, and instanceof.

import { BoundedQueue, Channel, ChannelClosedError, OverflowError, TimeoutError, TooManyWaitersError } from 'sluice';
import { describe, expect, it, vi } from 'vitest';
import { collectGarbage, full, MUTATING, macrotask, rejection } from './support.js';

type SomeError = Error & { readonly code: string };

/** One error of each class, from a channel named `orders` of capacity 1 that refused the item 2. */
const KINDS: [string, new () => SomeError, string, () => Promise<unknown>, RegExp][] = [
  [
    'ChannelClosedError',
    ChannelClosedError,
    'ERR_SLUICE_CLOSED',
    () => {
      const channel = full(1, { name: 'orders' });
      channel.close();
      return rejection(channel.send(2));
    },
    /closed.*stop sending/,
  ],
  [
    'TimeoutError',
    TimeoutError,
    'ERR_SLUICE_TIMEOUT',
    () => rejection(full(1, { name: 'orders' }).send(2, { timeout: 0 })),
    /timed out after 0 ms.*(retry|longer)/,
  ],
  [
    'OverflowError',
    OverflowError,
    'ERR_SLUICE_OVERFLOW',
    () => rejection(full(1, { name: 'orders', overflow: 'reject' }).send(2)),
    /full.*(retry|shed)/,
  ],
  [
    'TooManyWaitersError',
    TooManyWaitersError,
    'ERR_SLUICE_TOO_MANY_WAITERS',
    () => rejection(full(1, { name: 'orders', maxWaiters: 0 }).send(2)),
    /0 sends.*(await|maxWaiters)/,
  ],
];

describe.each(KINDS)('a %s', (name, type, code, make, remedy) => {
  it('has its class, its name and its code', async () => {
    const error = (await make()) as SomeError;
    expect(error).toBeInstanceOf(type);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(error.code).toBe(code);
    expect(Object.prototype.toString.call(error)).toBe('[object Error]');
    expect(String(error).startsWith(`${name}: `)).toBe(true);
    expect(error.stack?.startsWith(`${name}: `)).toBe(true);
  });

  it('names the channel, its capacity and the remedy', async () => {
    const { message } = (await make()) as Error;
    expect(message).toContain('orders');
    expect(message).toMatch(/capacity 1\b/);
    expect(message).toMatch(remedy);
  });

  it('carries the refused item as a value of its own', async () => {
    const error = (await make()) as Error;
    expect(Object.hasOwn(error, 'value')).toBe(true);
    expect(error).toMatchObject({ value: 2 });
  });

  it('is an error of none of the other classes, and has no common base but Error', async () => {
    const error = await make();
    for (const [, other] of KINDS) expect(error instanceof other).toBe(other === type);
    expect(Object.getPrototypeOf(type)).toBe(Error);
  });

  it('is recognised by instanceof across two loaded copies, both ways', async () => {
    vi.resetModules();
    const copy = await import('../src/index.js');
    expect(copy.Channel).not.toBe(Channel);
    const theirs = (copy as unknown as Record<string, new () => SomeError>)[name] as new () => SomeError;
    expect(theirs).not.toBe(type);
    const ours = await make();
    expect(ours instanceof theirs).toBe(true);
    expect(new theirs() instanceof type).toBe(true);
    for (const [other] of KINDS) {
      const otherType = (copy as unknown as Record<string, new () => SomeError>)[other] as new () => SomeError;
      expect(ours instanceof otherType).toBe(other === name);
    }
  });

  it('of a subclass keeps the ordinary meaning of instanceof', async () => {
    const Base = type as new () => Error;
    class Mine extends Base {}
    const error = await make();
    expect(error instanceof Mine).toBe(false);
    expect(new Mine() instanceof Mine).toBe(true);
    expect(new Mine() instanceof Base).toBe(true);
    class Other extends Base {}
    expect(new Mine() instanceof Other).toBe(false);
  });

  it('is not taken for one by instanceof where something merely looks like it', () => {
    for (const other of [null, undefined, 5, 'error', {}, new Error(name), { name, code }, () => {}]) {
      expect(other instanceof (type as unknown as ObjectConstructor)).toBe(false);
    }
  });

  it('can be made and subclassed by anybody, as any Error', () => {
    const error = new (type as new (message: string, options?: ErrorOptions) => SomeError)('text', { cause: 'why' });
    expect(error).toMatchObject({ message: 'text', code, name, cause: 'why' });
    expect(Object.hasOwn(error, 'value')).toBe(false);
  });
});

describe('value and cause', () => {
  it('are absent from the error of a receive that timed out', async () => {
    const error = (await rejection(new Channel(1).receive({ timeout: 0 }))) as object;
    expect(Object.hasOwn(error, 'value')).toBe(false);
    expect('cause' in error).toBe(false);
  });

  it('of a closed channel: the cause is there only where a reason was given', async () => {
    const quiet = new Channel<number>(1);
    quiet.close();
    expect(Object.hasOwn((await rejection(quiet.send(1))) as object, 'cause')).toBe(false);
    for (const reason of [new Error('x'), null, 0, '']) {
      const channel = new Channel<number>(1);
      channel.close(reason);
      const error = (await rejection(channel.send(1))) as Error;
      expect(Object.hasOwn(error, 'cause')).toBe(true);
      expect(error.cause).toBe(reason);
    }
  });

  it('of an item undefined: the value is there, and undefined', async () => {
    const channel = new Channel<undefined>(0);
    const errors = [channel.send(undefined, { timeout: 0 })].map(rejection);
    for (const error of await Promise.all(errors)) expect(Object.hasOwn(error as object, 'value')).toBe(true);
  });

  it('of a queue: the error of a take has no value, the cause of a cancel', async () => {
    const queue = new BoundedQueue<number>(1);
    queue.cancel('reason');
    const error = (await rejection(queue.take())) as Error;
    expect(error).toBeInstanceOf(ChannelClosedError);
    expect(Object.hasOwn(error, 'value')).toBe(false);
    expect(error.cause).toBe('reason');
  });
});

describe('messages', () => {
  it('name a queue as one, and what was called', async () => {
    const queue = new BoundedQueue<number>(7, { name: 'jobs' });
    for (const error of await Promise.all(
      [queue.take({ timeout: 0 }), queue.takeMany(2, { timeout: 0 })].map(rejection),
    )) {
      expect((error as Error).message).toMatch(/take.*BoundedQueue 'jobs' \(capacity 7\)/);
    }
    queue.tryPut(1);
    expect(((await rejection(queue.join({ timeout: 0 }))) as Error).message).toMatch(
      /join.*BoundedQueue 'jobs' \(capacity 7\)/,
    );
    queue.close();
    expect(((await rejection(queue.put(1))) as Error).message).toMatch(/BoundedQueue 'jobs' \(capacity 7\) is closed/);
    queue.cancel();
    expect(((await rejection(queue.put(1))) as Error).message).toMatch(
      /BoundedQueue 'jobs' \(capacity 7\) was cancelled/,
    );
  });

  it('do without a name where none was given', async () => {
    expect(((await rejection(new Channel(0).receive({ timeout: 0 }))) as Error).message).toMatch(
      /Channel \(capacity 0\)/,
    );
  });

  it('of a timed out sendAll say so', async () => {
    const error = (await rejection(full(1).sendAll([2], { timeout: 0 }))) as Error;
    expect(error.message).toMatch(/Channel \(capacity 1\).*timed out after 0 ms/);
  });
});

describe('refusing many waiters', () => {
  it.skipIf(MUTATING)(
    'of 65,536 at a cancel takes 50 ms, on a slow machine no longer than errors without stacks explain',
    async () => {
      const count = 65_536;
      const times: number[] = [];
      const floors: number[] = [];
      const time = (work: () => void): number => {
        collectGarbage();
        const start = performance.now();
        work();
        return performance.now() - start;
      };
      for (let run = 0; run < 3; run++) {
        const channel = new Channel<number>(0);
        let refused = 0;
        for (let i = 0; i < count; i++) channel.send(i).catch(({ value }) => void (refused += value === i ? 1 : 0));
        times.push(time(() => channel.cancel(new Error('reason'))));
        await macrotask();
        expect(refused).toBe(count);

        const rejects: ((error: Error) => void)[] = [];
        for (let i = 0; i < count; i++) new Promise((_, reject) => rejects.push(reject)).catch(() => {});
        const { stackTraceLimit } = Error;
        Error.stackTraceLimit = 0;
        floors.push(time(() => rejects.forEach((reject) => reject(new Error('bare')))));
        Error.stackTraceLimit = stackTraceLimit;
        await macrotask();
      }
      // An error with a stack costs seven times a bare one.
      expect(Math.min(...times)).toBeLessThan(Math.max(50, 5 * Math.min(...floors)));
    },
  );

  it('leaves stack traces as they were', () => {
    const before = Error.stackTraceLimit;
    const channel = new Channel<number>(0);
    for (let i = 0; i < 1_000; i++) channel.send(i).catch(() => {});
    channel.cancel();
    expect(Error.stackTraceLimit).toBe(before);
    expect(new Error('here').stack).toContain('errors.test');
  });

  it('works where the limit of stack traces is frozen', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
    Object.defineProperty(Error, 'stackTraceLimit', {
      ...descriptor,
      writable: false,
    });
    try {
      const channel = new Channel<number>(0);
      const sends = Array.from({ length: 100 }, (_, i) => rejection(channel.send(i)));
      channel.cancel();
      expect((await Promise.all(sends)).every((error) => error instanceof ChannelClosedError)).toBe(true);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', descriptor);
    }
  });

  it('works, and adds nothing to Error, where there is no limit of stack traces', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
    Reflect.deleteProperty(Error, 'stackTraceLimit');
    try {
      const channel = new Channel<number>(0);
      const sends = Array.from({ length: 100 }, (_, i) => rejection(channel.send(i)));
      channel.cancel();
      expect('stackTraceLimit' in Error).toBe(false);
      expect((await Promise.all(sends)).every((error) => error instanceof ChannelClosedError)).toBe(true);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', descriptor);
    }
  });

  it('gives each its own error, in the order of the line', async () => {
    const channel = new Channel<number>(0);
    const order: number[] = [];
    const sends = Array.from({ length: 100 }, (_, i) =>
      channel.send(i).catch((error: Error) => (order.push(i), error)),
    );
    channel.cancel('reason');
    const errors = await Promise.all(sends);
    expect(new Set(errors).size).toBe(100);
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(errors[42]).toMatchObject({
      value: 42,
      cause: 'reason',
      code: 'ERR_SLUICE_CLOSED',
      name: 'ChannelClosedError',
    });
  });

  it('of few, each error has a stack', async () => {
    const channel = new Channel<number>(0);
    const send = rejection(channel.send(1));
    channel.cancel();
    expect(((await send) as Error).stack).toContain('errors.test');
  });
});
