// What is published on the diagnostics channels of the platform, and that whoever listens may do what they like.

import diagnostics from 'node:diagnostics_channel';
import { BoundedQueue, Channel, receiving, select, sending } from 'sluice';
import { type ChannelMessage, channels, type WaitMessage } from 'sluice/diagnostics';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { observers } from '../../src/observers.js';
import { full, microtasks, rejection, watch } from '../support.js';

type Listener = (message: unknown, name: string | symbol) => void;
const subscribed: [string, Listener][] = [];

function subscribe(name: keyof typeof channels, listener: (message: never) => void): void {
  const entry: [string, Listener] = [`sluice:channel:${name}`, listener as unknown as Listener];
  subscribed.push(entry);
  diagnostics.subscribe(...entry);
}

afterEach(() => {
  for (const entry of subscribed.splice(0)) diagnostics.unsubscribe(...entry);
  vi.useRealTimers();
});

/** Writes all messages down, without the statistics. */
function scribe(): unknown[] {
  const messages: unknown[] = [];
  for (const name of Object.keys(channels) as (keyof typeof channels)[]) {
    subscribe(name, ({ stats, ...rest }: ChannelMessage) => {
      expect(typeof stats().capacity).toBe('number');
      messages.push({ on: name, ...rest });
    });
  }
  return messages;
}

describe('importing sluice/diagnostics', () => {
  it('installs one observer', () => {
    expect(observers).toHaveLength(1);
  });

  it('gives the channels of the platform, by their names', () => {
    for (const [name, channel] of Object.entries(channels)) {
      expect(channel).toBe(diagnostics.channel(`sluice:channel:${name}`));
      expect(channel.hasSubscribers).toBe(false);
    }
    expect(Object.keys(channels)).toEqual(['open', 'close', 'drop', 'pressure', 'wait']);
  });
});

describe('the diagnostics channels', () => {
  it('are told of the life of a channel', async () => {
    const messages = scribe();
    const channel = new Channel<number>(10, { name: 'orders', watermarks: {}, overflow: 'drop-oldest' });
    for (let i = 1; i <= 11; i++) channel.trySend(i);
    channel.drain();
    const receive = channel.receive();
    channel.trySend(12);
    await receive;
    channel.trySend(13);
    channel.close('the first');
    channel.cancel('the second');
    expect(messages).toEqual([
      { on: 'open', name: 'orders' },
      { on: 'pressure', name: 'orders', level: 'high' },
      { on: 'drop', name: 'orders', value: 1, why: 'drop-oldest' },
      { on: 'pressure', name: 'orders', level: 'low' },
      { on: 'wait', name: 'orders', kind: 'receive', duration: expect.any(Number) },
      { on: 'close', name: 'orders', reason: 'the first' },
      { on: 'drop', name: 'orders', value: 13, why: 'cancel' },
    ]);
  });

  it('are told of a queue, under its own name', async () => {
    const messages = scribe();
    const queue = new BoundedQueue<number>(1, { name: 'jobs' });
    queue.tryPut(1);
    const put = queue.put(2);
    await queue.take();
    await put;
    queue[Symbol.dispose]();
    expect(messages).toEqual([
      { on: 'open', name: 'jobs' },
      { on: 'wait', name: 'jobs', kind: 'send', duration: expect.any(Number) },
      { on: 'close', name: 'jobs', reason: undefined },
      { on: 'drop', name: 'jobs', value: 2, why: 'cancel' },
    ]);
  });

  it('get frozen messages, whose statistics are those of the time they are asked for', () => {
    let message: ChannelMessage | undefined;
    subscribe('open', (each: ChannelMessage) => (message = each));
    const channel = new Channel<number>(3, { name: 'orders' });
    expect(Object.isFrozen(message)).toBe(true);
    channel.trySend(1);
    expect(message?.stats()).toEqual(channel.stats());
  });

  it('are told of every kind of wait when it has ended, and for how long it was', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const waits: [string, string | undefined, number][] = [];
    subscribe('wait', ({ kind, name, duration }: WaitMessage) => waits.push([kind, name, duration]));
    const [a, b] = [full(1, { name: 'a' }), new Channel<number>(1, { name: 'b' })];
    watch(a.send(1, { timeout: 100 }));
    watch(a.reserve({ timeout: 200 }));
    watch(b.receive({ timeout: 300 }));
    watch(b.receiveMany(3, { timeout: 400 }));
    watch(select({ out: sending(a, 1), in: receiving(b) }, { timeout: 500 }));
    const items = b[Symbol.asyncIterator]();
    watch(items.next());
    await vi.advanceTimersByTimeAsync(500);
    watch(items.return());
    expect(waits).toEqual([
      ['send', 'a', 100],
      ['reserve', 'a', 200],
      ['receive', 'b', 300],
      ['receive', 'b', 400],
      ['select', 'a', 500],
      ['select', 'b', 500],
      ['receive', 'b', 500],
    ]);
  });

  it('are told before the call returns, when the channel is consistent: a subscriber may use it', async () => {
    const channel = full(1, { name: 'orders' });
    const seen: unknown[] = [];
    subscribe('wait', ({ stats }: WaitMessage) => {
      const { size, sent, waitingSenders } = stats();
      seen.push([size, sent, waitingSenders, channel.tryReceive()]);
    });
    const sends = [channel.send(2), channel.send(3)];
    expect(channel.tryReceive()).toBe(1);
    expect(seen).toEqual([
      [1, 2, 1, 2],
      [1, 3, 0, 3],
    ]);
    await Promise.all(sends);
  });

  it('are told of a wait that is aborted, after what it stood in the way of', async () => {
    const channel = new Channel<string>(4, { name: 'bytes', weigh: (text) => text.length });
    channel.trySend('abc');
    const controller = new AbortController();
    const heavy = channel.send('defg', { signal: controller.signal });
    const light = channel.send('h');
    const sizes: number[] = [];
    subscribe('wait', ({ stats }: WaitMessage) => sizes.push(stats().weight));
    controller.abort('enough');
    expect(sizes).toEqual([4, 4]);
    expect(await rejection(heavy)).toBe('enough');
    await light;
  });

  it('do no harm where a subscriber throws', async () => {
    const thrown: unknown[] = [];
    const uncaught = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    try {
      subscribe('close', () => {
        throw new Error('a bad subscriber');
      });
      const channel = full(1, { name: 'orders' });
      const receive = channel.receive();
      channel.close();
      expect(await receive).toBe(1);
      await channel.completion;
      await microtasks();
      await new Promise((resolve) => setImmediate(resolve));
      expect(thrown.map(String)).toEqual(['Error: a bad subscriber']);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of uncaught) process.on('uncaughtException', listener);
    }
  });
});
