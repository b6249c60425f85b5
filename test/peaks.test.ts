// The most that was buffered since somebody looked last: for every reader its own, and none of them spoils another's, or
// the channel's own `peakSize`.

import fc from 'fast-check';
import { BoundedQueue, Channel } from 'sluice';
import { describe, expect, it } from 'vitest';
import { CORE } from '../src/open.js';
import { peakReader } from '../src/peaks.js';
import { full } from './support.js';

describe('a reader of peaks', () => {
  it('gives the most that was buffered since its last look, or since it began', () => {
    const channel = full(10);
    channel.drain();
    const reader = peakReader(channel[CORE]);
    expect(reader.read()).toBe(0);
    for (let i = 0; i < 4; i++) channel.trySend(i);
    channel.drain();
    channel.trySend(1);
    expect(reader.read()).toBe(4);
    expect(reader.read()).toBe(1);
    channel.drain();
    expect([reader.read(), reader.read()]).toEqual([1, 0]);
  });

  it('leaves the peak of the whole life to the channel', () => {
    const channel = full(10);
    const reader = peakReader(channel[CORE]);
    channel.drain();
    reader.read();
    channel.trySend(1);
    reader.read();
    expect(channel.stats().peakSize).toBe(10);
    for (let i = 0; i < 3; i++) channel.trySend(i);
    expect(channel.stats().peakSize).toBe(10);
  });

  it('is not disturbed by another that looks more often, or leaves', () => {
    const channel = new Channel<number>(10);
    const [rare, often] = [peakReader(channel[CORE]), peakReader(channel[CORE])];
    for (const burst of [3, 7, 2]) {
      for (let i = 0; i < burst; i++) channel.trySend(i);
      channel.drain();
      expect(often.read()).toBe(burst);
    }
    often.close();
    expect(rare.read()).toBe(7);
    expect(rare.read()).toBe(0);
  });

  it('counts weights where the channel weighs, and items in `peakSize` all the same', () => {
    const channel = new Channel<string>(100, { weigh: (text) => text.length });
    const reader = peakReader(channel[CORE]);
    channel.trySend('abcdef');
    channel.trySend('ghij');
    channel.drain();
    channel.trySend('k');
    expect(reader.read()).toBe(10);
    expect(reader.read()).toBe(1);
    expect(channel.stats().peakSize).toBe(2);
  });

  it('sees the items of blocked senders that get in, and of a queue', async () => {
    const queue = new BoundedQueue<number>(2);
    const reader = peakReader(queue[CORE]);
    const puts = [1, 2, 3].map((item) => queue.put(item));
    expect(reader.read()).toBe(2);
    expect(await queue.take()).toBe(1);
    expect(reader.read()).toBe(2);
    await Promise.all(puts);
  });

  it('agrees with a plain account, for any steps and any number of readers', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('send' as const), n: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('take' as const), n: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('read' as const), n: fc.integer({ min: 0, max: 2 }) }),
    );
    fc.assert(
      fc.property(fc.boolean(), fc.array(step), (weighs, steps) => {
        const channel = new Channel<number>(12, weighs ? { weigh: (n) => n } : {});
        const readers = [0, 1, 2].map(() => peakReader(channel[CORE]));
        const peaks = [0, 0, 0];
        let most = 0;
        for (const { do: what, n } of steps) {
          if (what === 'send') channel.trySend(n);
          if (what === 'take') for (let i = 0; i < n; i++) channel.tryReceive();
          const { size, weight } = channel.stats();
          const level = weighs ? weight : size;
          most = Math.max(most, size);
          for (const [i, peak] of peaks.entries()) peaks[i] = Math.max(peak, level);
          if (what === 'read') {
            expect(readers[n]?.read()).toBe(peaks[n]);
            peaks[n] = level;
          }
          expect(channel.stats().peakSize).toBe(most);
        }
      }),
      { seed: 3, numRuns: process.env['LONG'] === '1' ? 20_000 : 300 },
    );
  });
});
