// What every message says, word by word: which argument, what it was, what is allowed; what happened, to which channel, and
// what to do.

import {
  after,
  BoundedQueue,
  Channel,
  type ChannelOptions,
  receiving,
  select,
  sending,
  trySelect,
  type WaitOptions,
} from 'sluice';
import { describe, expect, it } from 'vitest';
import { rejection, thrown } from './support.js';

const messageOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;
const made = (capacity: unknown, options?: unknown): string =>
  messageOf(thrown(() => new Channel(capacity as number, options as ChannelOptions<unknown>)));
const waited = async (options: unknown): Promise<string> =>
  messageOf(await rejection(new Channel(1).receive(options as WaitOptions)));

describe('the message of', () => {
  it('a capacity', () => {
    expect(made(-1)).toBe('RangeError: capacity must be an integer from 0 to 4294967295, got -1 (number)');
    expect(made('8')).toBe('RangeError: capacity must be an integer from 0 to 4294967295, got "8"');
    expect(made(null)).toBe('RangeError: capacity must be an integer from 0 to 4294967295, got null');
    expect(made(undefined)).toBe('RangeError: capacity must be an integer from 0 to 4294967295, got undefined');
    expect(made(Number.POSITIVE_INFINITY)).toBe(
      'RangeError: capacity (there is no unbounded channel) must be an integer from 0 to 4294967295, got Infinity (number)',
    );
  });

  it('options of a channel', () => {
    expect(made(1, null)).toBe('TypeError: options must be an object, got null');
    expect(made(1, 5)).toBe('TypeError: options must be an object, got 5 (number)');
    expect(made(1, { name: {} })).toBe('TypeError: options.name must be a string, got [object Object]');
    expect(made(1, { name: () => 1 })).toBe('TypeError: options.name must be a string, got [object Function]');
    expect(made(1, { overflow: 'block' })).toBe(
      'TypeError: options.overflow must be one of wait, drop-oldest, drop-newest, reject, or { key, coalesce }, got "block"',
    );
    expect(made(0, { overflow: 'drop-oldest' })).toBe(
      "RangeError: options.overflow 'drop-oldest' needs a capacity of at least 1: at 0 nothing is buffered",
    );
    expect(made(1, { onDrop: 1n })).toBe('TypeError: options.onDrop must be a function, got 1 (bigint)');
    expect(made(1, { maxWaiters: 1.5 })).toBe(
      'RangeError: options.maxWaiters must be an integer from 0 to 9007199254740991, got 1.5 (number)',
    );
    expect(made(1, { signal: null })).toBe('TypeError: options.signal must be an AbortSignal, got null');
    expect(made(1, { weigh: 1 })).toBe('TypeError: options.weigh must be a function, got 1 (number)');
    expect(made(1, { watermarks: 1 })).toBe('TypeError: options.watermarks must be an object, got 1 (number)');
    expect(made(1, { watermarks: { high: 0.2 } })).toBe(
      'RangeError: options.watermarks must be 0 ≤ low < high ≤ 1, got low 0.5, high 0.2',
    );
    const queued = thrown(() => new BoundedQueue(1, { overflow: 'reject' } as never));
    expect(messageOf(queued)).toBe(
      'TypeError: options.overflow of a BoundedQueue (a Channel has it) must be left out, got "reject"',
    );
  });

  it('the cases of a select', async () => {
    const channel = new Channel<number>(1);
    expect(messageOf(thrown(() => receiving(5 as never)))).toBe(
      'TypeError: channel must be a Channel of this copy of sluice, got 5 (number)',
    );
    expect(messageOf(thrown(() => receiving({} as never)))).toMatch(
      /^TypeError: channel must be a Channel of this copy of sluice, got /,
    );
    const queue = new BoundedQueue<number>(1) as never;
    for (const make of [() => receiving(queue), () => sending(queue, 1)]) {
      expect(messageOf(thrown(make))).toBe('TypeError: a BoundedQueue has no cases: a select is of Channels');
    }
    expect(messageOf(thrown(() => after(undefined as never)))).toBe(
      'TypeError: ms must be a number of milliseconds, got undefined',
    );
    expect(messageOf(thrown(() => after('1s' as never)))).toBe(
      'TypeError: ms must be a number of milliseconds, got "1s"',
    );
    for (const ms of [-1, Number.NaN]) {
      expect(messageOf(thrown(() => after(ms)))).toBe(`RangeError: ms must be 0 or more milliseconds, got ${ms}`);
    }
    for (const cases of [null, undefined, 5]) {
      expect(messageOf(await rejection(select(cases as never)))).toMatch(/^TypeError: cases must be an object, got /);
    }
    expect(messageOf(await rejection(select({ odd: 5 as never })))).toBe(
      "TypeError: case 'odd' must be made by receiving, sending or after, got 5 (number)",
    );
    expect(messageOf(await rejection(select({ channel: channel as never })))).toBe(
      "TypeError: case 'channel' is a Channel: wrap it, receiving(channel) or sending(channel, item)",
    );
    expect(messageOf(await rejection(select({ 1: receiving(channel) }, { order: 'priority' })))).toBe(
      "TypeError: case '1': with order 'priority' a name must be no integer, whose order is not the written one",
    );
    expect(messageOf(await rejection(select({ a: receiving(channel) }, { order: 'any' as never })))).toBe(
      `TypeError: options.order must be 'fair' or 'priority', got "any"`,
    );
    expect(messageOf(await rejection(select({})))).toBe(
      'TypeError: select has no case, no signal and no timeout: it would wait for ever',
    );
    expect(messageOf(thrown(() => trySelect({})))).toBe(
      'TypeError: trySelect has no case: there is nothing that it could try',
    );
  });

  it('options of a wait', async () => {
    expect(await waited(null)).toBe('TypeError: options must be an object, got null');
    expect(await waited({ timeout: '1s' })).toBe(
      'TypeError: options.timeout must be a number of milliseconds, got "1s"',
    );
    expect(await waited({ timeout: -1 })).toBe('RangeError: options.timeout must be 0 or more milliseconds, got -1');
    for (const signal of [{}, { aborted: false }, { aborted: false, addEventListener() {} }, { aborted: 1 }]) {
      expect(await waited({ signal })).toBe('TypeError: options.signal must be an AbortSignal, got [object Object]');
    }
    const unread = { addEventListener() {}, removeEventListener() {} };
    expect(await waited({ signal: unread })).toBe(
      'TypeError: options.signal must be an AbortSignal, got [object Object]',
    );
  });

  it('timeouts, of channels and queues', async () => {
    const channel = new Channel<number>(1, { name: 'orders' });
    const advice = 'timed out after 0 ms, without effect: retry, wait longer or shed load';
    const once = { timeout: 0 };
    expect(messageOf(await rejection(channel.receive(once)))).toBe(
      `TimeoutError: a receive on Channel 'orders' (capacity 1) ${advice}`,
    );
    channel.trySend(1);
    expect(messageOf(await rejection(channel.send(2, once)))).toBe(
      `TimeoutError: a send on Channel 'orders' (capacity 1) ${advice}`,
    );
    expect(messageOf(await rejection(channel.reserve(once)))).toBe(
      `TimeoutError: a reserve on Channel 'orders' (capacity 1) ${advice}`,
    );
    expect(messageOf(await rejection(select({ out: sending(channel, 2) }, once)))).toBe(
      'TimeoutError: a select timed out after 0 ms, without effect: retry, wait longer or shed load',
    );
    expect(messageOf(await channel.sendAll([2], { timeout: 1 }).catch((error: unknown) => error))).toBe(
      "TimeoutError: sendAll on Channel 'orders' (capacity 1) timed out after 1 ms, and what it sent before stays sent",
    );
    const queue = new BoundedQueue<number>(1);
    expect(messageOf(await rejection(queue.take(once)))).toBe(
      `TimeoutError: a take on BoundedQueue (capacity 1) ${advice}`,
    );
    queue.tryPut(1);
    expect(messageOf(await rejection(queue.put(2, once)))).toBe(
      `TimeoutError: a put on BoundedQueue (capacity 1) ${advice}`,
    );
  });

  it('an end', async () => {
    const channel = new Channel<number>(1, { name: 'orders' });
    const handle = channel.sender();
    channel.sender();
    handle.close();
    expect(messageOf(await rejection(handle.send(1)))).toBe(
      "ChannelClosedError: this handle of Channel 'orders' (capacity 1) is closed: stop sending; the item is this error's value",
    );
    const permit = channel.tryReserve();
    channel.close();
    expect(messageOf(await rejection(channel.reserve()))).toBe(
      "ChannelClosedError: Channel 'orders' (capacity 1) is closed: there is nothing more to wait for",
    );
    channel.cancel();
    expect(messageOf(thrown(() => permit?.send(1)))).toBe(
      "ChannelClosedError: Channel 'orders' (capacity 1) was cancelled: stop sending; the item is this error's value",
    );
    permit?.release();
    expect(messageOf(thrown(() => permit?.send(1)))).toBe(
      'TypeError: a permit of Channel(orders 0/1, ended) was already released: reserve one for each item',
    );
  });

  it('too many of something', async () => {
    const channel = new Channel<number>(0, { maxWaiters: 0, overflow: 'wait' });
    expect(messageOf(await rejection(channel.send(1)))).toBe(
      'TooManyWaitersError: Channel (capacity 0) has 0 sends waiting: await each send, or raise maxWaiters',
    );
    const full = new Channel<number>(0, { overflow: 'reject' });
    expect(messageOf(await rejection(full.send(1)))).toBe(
      "OverflowError: Channel (capacity 0) is full: retry or shed the item, which is this error's value",
    );
    const queue = new BoundedQueue<number>(1, { name: 'jobs' });
    expect(messageOf(thrown(() => queue.taskDone()))).toBe(
      'RangeError: taskDone() was called more often than items were put into BoundedQueue(jobs 0/1)',
    );
  });

  it('a weight', async () => {
    const channel = new Channel<number>(4, { name: 'bytes', weigh: (weight) => weight });
    const what = "the weight of an item on Channel 'bytes' (capacity 4) (split it, or cap its weight)";
    expect(messageOf(await rejection(channel.send(9)))).toBe(
      `RangeError: ${what} must be an integer from 1 to 4, got 9 (number)`,
    );
    expect(thrown(() => channel.trySend(0))).toBeInstanceOf(RangeError);
  });

  it('a source', async () => {
    const channel = new Channel<number>(1);
    const broken = { [Symbol.iterator]: () => ({ next: () => 5 as never }) };
    expect(messageOf(await rejection(channel.sendAll(broken)))).toBe(
      'TypeError: the result of next() must be an object, got 5 (number)',
    );
    expect(messageOf(await rejection(channel.sendAll(5 as never)))).toBe(
      'TypeError: source must be iterable or async iterable, got 5 (number)',
    );
  });
});
