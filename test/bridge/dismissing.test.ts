// The line at an adapter: who leaves it otherwise than by being served.

import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/bridge/turns.js';
import { microtasks, watch } from '../support.js';

describe('those who are dismissed from a line', () => {
  it('are fulfilled, and the others keep their turns', async () => {
    let left = 0;
    const line = new Turns<string, string>('a receive', false, () => void left++);
    const waits = ['a', 'b', 'a', 'c'].map((who) => watch(line.wait(who, undefined)));
    line.dismiss(
      (who) => who === 'a',
      (who) => `bye ${who}`,
    );
    await microtasks();
    expect(waits.map(({ state, result }) => [state, result])).toEqual([
      ['fulfilled', 'bye a'],
      ['pending', undefined],
      ['fulfilled', 'bye a'],
      ['pending', undefined],
    ]);
    expect([line.waiting, line.first, left]).toEqual([2, 'b', 1]);
    line.fulfil('served');
    line.fulfil('served');
    await microtasks();
    expect([waits[1]?.result, waits[3]?.result]).toEqual(['served', 'served']);
  });
});
