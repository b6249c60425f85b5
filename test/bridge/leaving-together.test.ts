// The line of those who wait at an adapter, as far as it lets those out who came with one value.

import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/bridge/turns.js';
import { macrotask, watch } from '../support.js';

describe('a line at an adapter', () => {
  it('lets those out who came with one value, and keeps the order of the others', async () => {
    const line = new Turns<string, number>('a receive on a thing', false, () => {});
    const calls = ['a', 'b', 'a', 'c'].map((value) => watch(line.wait(value, undefined)));
    expect([line.waitingWith('a'), line.waitingWith('c'), line.waitingWith('d')]).toEqual([2, 1, 0]);
    line.withdraw('a', 0);
    await macrotask();
    expect(calls.map(({ state, result }) => (state === 'fulfilled' ? result : state))).toEqual([
      0,
      'pending',
      0,
      'pending',
    ]);
    expect([line.waiting, line.first]).toEqual([2, 'b']);
    line.fulfil(1);
    line.fulfil(2);
    await macrotask();
    expect(calls.map(({ result }) => result)).toEqual([0, 1, 0, 2]);
  });

  it('makes the error of a timeout for those who measure the time themselves', () => {
    const line = new Turns<string, number>('a send on a thing', true, () => {});
    expect(line.timedOut('x', 5)).toMatchObject({ name: 'TimeoutError', value: 'x' });
    expect(line.timedOut('x', 5).message).toContain('a send on a thing timed out after 5 ms');
  });
});
