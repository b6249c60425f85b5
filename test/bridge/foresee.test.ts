// The end of a source, foreseen: told although nobody asks, and taken back without a trace.

import { Channel } from 'sluice';
import { describe, expect, it } from 'vitest';
import { asking } from '../../src/bridge/asking.js';
import { collectGarbage, macrotask } from '../support.js';

const taker = { wants: () => true, take() {}, end() {} };
const ask = (channel: Channel<number>) => asking(channel, taker, () => {});

describe('an end that is foreseen', () => {
  it.each([undefined, 'failed'])('is told once it has come, to each who wants to know: %s', async (error) => {
    const channel = new Channel<number>(1);
    const told: unknown[] = [];
    for (let i = 0; i < 2; i++) ask(channel).foresee((reason) => told.push([i, reason]));
    channel.close(error);
    await macrotask();
    expect(told).toEqual([
      [0, error],
      [1, error],
    ]);
    ask(channel).foresee((reason) => told.push(reason));
    await macrotask();
    expect(told).toHaveLength(3);
  });

  it('is not told to one who has taken that back, nor after a cancel', async () => {
    const channel = new Channel<number>(1);
    const told: string[] = [];
    ask(channel).foresee(() => told.push('one who has taken it back'))();
    const cancelled = ask(channel);
    cancelled.foresee(() => told.push('one who has cancelled'));
    ask(channel).foresee(() => told.push('another'));
    cancelled.cancel('reason');
    await macrotask();
    expect(told).toEqual(['another']);
  });

  it('holds nothing of one who has taken that back, while the source lives on', async () => {
    const channel = new Channel<number>(1);
    const ref = (() => {
      const source = ask(channel);
      source.foresee(() => {})();
      return new WeakRef(source);
    })();
    for (let i = 0; i < 5 && ref.deref() !== undefined; i++) {
      await macrotask();
      collectGarbage();
    }
    expect(ref.deref()).toBe(undefined);
    expect(channel.closed).toBe(false);
  });
});
