// Who waits at an adapter: in line, each served in turn, and gone without effect where it gives up.

import { TimeoutError, type WaitOptions } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readLimits, Turns } from '../../src/bridge/turns.js';
import {
  letsTimersFire,
  macrotask,
  microtasks,
  passSlice,
  PlainSignal,
  rejection,
  settled,
  watch,
} from '../support.js';

afterEach(() => void vi.useRealTimers());

function line(carries = true) {
  const left = vi.fn();
  const turns = new Turns<string, number>('a send to a Writable', carries, left);
  return { turns, left };
}

/** Waits as a call does, within its limits. */
function waitIn<R>(turns: Turns<string, R>, value: string, options?: WaitOptions): Promise<R> {
  return turns.wait(value, readLimits(options));
}

describe('a line', () => {
  it('serves whoever came first, and only the first', async () => {
    const { turns, left } = line();
    const [a, b, c] = ['a', 'b', 'c'].map((value) => watch(waitIn(turns, value)));
    expect([turns.waiting, turns.first]).toEqual([3, 'a']);
    turns.fulfil(1);
    expect([turns.waiting, turns.first]).toEqual([2, 'b']);
    turns.serve((value) => {
      expect([value, turns.waiting, turns.first]).toEqual(['b', 1, 'c']); // it has left by then
      throw 'refused'; // oxlint-disable-line no-throw-literal
    });
    expect([turns.waiting, turns.first]).toEqual([1, 'c']);
    await microtasks();
    expect([a, b, c]).toEqual([
      { state: 'fulfilled', result: 1 },
      { state: 'rejected', result: 'refused' },
      { state: 'pending', result: undefined },
    ]);
    turns.fulfil(3);
    await microtasks();
    expect([c?.result, turns.waiting]).toEqual([3, 0]);
    expect(left).not.toHaveBeenCalled();
  });

  it('settles in the order of service', async () => {
    const { turns } = line();
    const order: unknown[] = [];
    const note = (what: unknown): void => void order.push(what);
    for (const value of ['a', 'b', 'c']) void waitIn(turns, value).then(note, note);
    turns.fulfil(1);
    turns.serve(() => {
      throw 2; // oxlint-disable-line no-throw-literal
    });
    turns.serve(() => 3);
    await microtasks();
    expect(order).toEqual([1, 2, 3]);
  });

  it('has the first leave before it is told: whoever is told can wait again', async () => {
    const { turns } = line();
    const again = waitIn(turns, 'a').then(() => waitIn(turns, 'again'));
    turns.fulfil(1);
    await microtasks();
    expect([turns.waiting, turns.first]).toEqual([1, 'again']);
    turns.fulfil(2);
    expect(await again).toBe(2);
  });
});

describe('a wait that gives up', () => {
  it('leaves at the abort, with its reason, and tells that it has left', async () => {
    const { turns, left } = line();
    const signal = new PlainSignal();
    const [a, b] = [waitIn(turns, 'a', { signal }), watch(waitIn(turns, 'b'))];
    const error = rejection(a);
    signal.abort('enough');
    expect([turns.waiting, turns.first, left.mock.calls.length]).toEqual([1, 'b', 1]);
    expect(await error).toBe('enough');
    expect([b.state, signal.listeners.size]).toEqual(['pending', 0]);
  });

  it('is told at its timeout, with what it carries, and has left then', async () => {
    vi.useFakeTimers();
    for (const carries of [true, false]) {
      const { turns, left } = line(carries);
      const waiting = watch(waitIn(turns, 'a', { timeout: 50 }));
      vi.advanceTimersByTime(49);
      expect(turns.waiting).toBe(1);
      vi.advanceTimersByTime(1);
      expect([turns.waiting, left.mock.calls.length]).toEqual([0, 1]);
      await microtasks();
      expect(waiting.result).toBeInstanceOf(TimeoutError);
      const { message } = waiting.result as TimeoutError;
      expect(message).toBe(
        'a send to a Writable timed out after 50 ms, without effect: retry, wait longer or shed load',
      );
      expect('value' in (waiting.result as TimeoutError)).toBe(carries);
      if (carries) expect(waiting.result).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT', value: 'a' });
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('lets go of its limits once it was served', async () => {
    vi.useFakeTimers();
    const { turns, left } = line();
    const signal = new PlainSignal();
    const waiting = waitIn(turns, 'a', { signal, timeout: 50 });
    expect([signal.listeners.size, vi.getTimerCount()]).toEqual([1, 1]);
    turns.fulfil(1);
    expect([signal.listeners.size, vi.getTimerCount()]).toEqual([0, 0]);
    signal.abort('too late');
    expect(await waiting).toBe(1);
    expect(left).not.toHaveBeenCalled();
  });

  it('does not even begin without time', async () => {
    const { turns, left } = line();
    expect(await rejection(waitIn(turns, 'a', { timeout: 0 }))).toMatchObject({
      value: 'a',
      code: 'ERR_SLUICE_TIMEOUT',
    });
    expect([turns.waiting, left.mock.calls.length]).toEqual([0, 0]);
  });

  it('may be replaced from inside of being told: the line is right by then', async () => {
    const signal = new PlainSignal();
    const seen: unknown[] = [];
    const turns = new Turns<string, number>('a receive', false, () => {
      seen.push(turns.waiting > 0 ? turns.first : 'nobody');
      if (turns.waiting > 0) turns.fulfil(1);
    });
    const a = settled(waitIn(turns, 'a', { signal }));
    const b = waitIn(turns, 'b');
    signal.abort('enough');
    expect(await b).toBe(1);
    expect([(await a).result, seen, turns.waiting]).toEqual(['enough', ['b'], 0]);
  });
});

describe('the end of a line', () => {
  it('settles all who wait, in order, with what is made for each', async () => {
    const { turns, left } = line();
    const signal = new PlainSignal();
    const order: unknown[] = [];
    const note = (what: unknown): void => void order.push(what);
    for (const value of ['a', 'b', 'c']) void waitIn(turns, value, { signal }).then(note, note);
    turns.close((value) => (value === 'b' ? { error: `no ${value}` } : { result: value.charCodeAt(0) }));
    expect([turns.waiting, signal.listeners.size]).toEqual([0, 0]);
    await microtasks();
    expect(order).toEqual([97, 'no b', 99]);
    expect(left).not.toHaveBeenCalled();
  });

  it('is nothing where nobody waits', () => {
    const { turns } = line();
    const settle = vi.fn();
    turns.close(settle);
    expect(settle).not.toHaveBeenCalled();
  });

  it('tells undefined for an error from no error', async () => {
    const { turns } = line();
    const [a, b] = [watch(waitIn(turns, 'a')), watch(waitIn(turns, 'b'))];
    turns.close((value) => (value === 'a' ? { error: undefined } : { result: 0 }));
    await microtasks();
    expect([a.state, b.state]).toEqual(['rejected', 'fulfilled']);
  });

  it('makes the errors of a long line without stacks, and of a short one with them', async () => {
    for (const [count, stacks] of [
      [64, true],
      [65, false],
    ] as const) {
      const { turns } = line();
      const waits = Array.from({ length: count }, (_, i) => waitIn(turns, String(i)));
      const errors = Promise.all(waits.map(rejection));
      turns.close((value) => ({ error: new Error(value) }));
      const last = (await errors).at(-1) as Error;
      expect(last.stack?.includes('turns.test')).toBe(stacks);
    }
  });
});

describe('a call that completes at once', () => {
  it('is fulfilled, or refused', async () => {
    const { turns } = line();
    expect(await turns.fulfilled(1)).toBe(1);
    expect(await rejection(turns.refused('no'))).toBe('no');
  });

  it.each(['fulfilled', 'refused'] as const)('lets timers fire, however often: %s', async (how) => {
    const { turns } = line();
    const busy = async (going: () => boolean): Promise<void> => {
      while (going()) await turns[how](1).catch(() => {});
    };
    expect(await letsTimersFire((going) => [busy(going)])).toBe(true);
  });

  it('settles behind those that were served before it', async () => {
    const { turns } = line();
    const order: unknown[] = [];
    const waits = Array.from({ length: 2_000 }, (_, i) => waitIn(turns, String(i)));
    for (const [i, wait] of waits.entries()) void wait.then(() => order.push(i));
    passSlice();
    for (let i = 0; i < 2_000; i++) turns.fulfil(i);
    const after = turns.fulfilled(2_000).then((last) => order.push(last));
    await after;
    await macrotask();
    expect(order).toEqual(Array.from({ length: 2_001 }, (_, i) => i));
  });
});

describe('those who are dismissed from a turns', () => {
  it('are fulfilled, and the others keep their turns', async () => {
    let left = 0;
    const turns = new Turns<string, string>('a receive', false, () => void left++);
    const waits = ['a', 'b', 'a', 'c'].map((who) => watch(waitIn(turns, who)));
    expect(['a', 'c', 'd'].map((who) => turns.waitingWith(who))).toEqual([2, 1, 0]);
    turns.dismiss(
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
    expect([turns.waiting, turns.first, left]).toEqual([2, 'b', 1]);
    turns.fulfil('served');
    turns.fulfil('served');
    await microtasks();
    expect([waits[1]?.result, waits[3]?.result]).toEqual(['served', 'served']);
  });
});

describe('those who measure the time themselves', () => {
  it('are given the error of a timeout', () => {
    const turns = new Turns<string, number>('a send on a thing', true, () => {});
    expect(turns.timedOut('x', 5)).toMatchObject({ name: 'TimeoutError', value: 'x' });
    expect(turns.timedOut('x', 5).message).toContain('a send on a thing timed out after 5 ms');
  });
});
