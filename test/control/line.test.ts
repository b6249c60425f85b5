// What Credits, TokenBucket and Gate have in common: the line of those who wait.

import { getEventListeners } from 'node:events';
import { Channel, TimeoutError, type WaitOptions } from 'sluice';
import { Credits, Gate, TokenBucket } from 'sluice/control';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { letsTimersFire, MUTATING, macrotask, microtasks, PlainSignal, rejection, settled, watch } from '../support.js';

/** One of the three, of which nothing is to be had until `supply` is called. */
interface Subject {
  wait(options?: WaitOptions): Promise<void>;
  /** Enough for `n`. */
  supply(n: number): void;
}

const subjects: [string, () => Subject][] = [
  [
    'Credits',
    () => {
      const credits = new Credits();
      return { wait: (options) => credits.take(1, options), supply: (n) => credits.grant(n) };
    },
  ],
  [
    'TokenBucket',
    () => {
      const bucket = new TokenBucket({ rate: 1, per: 1_000, burst: 1 });
      bucket.tryTake();
      return { wait: (options) => bucket.take(1, options), supply: (n) => void vi.advanceTimersByTime(n * 1_000) };
    },
  ],
  [
    'Gate',
    () => {
      const gate = new Gate({ paused: true });
      return { wait: (options) => gate.opened(options), supply: () => gate.resume() };
    },
  ],
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe.each(subjects)('waiting on a %s', (kind, make) => {
  it('is served first come, first served', async () => {
    const subject = make();
    const order: number[] = [];
    for (let i = 0; i < 20; i++) void subject.wait().then(() => order.push(i));
    subject.supply(20);
    await macrotask();
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('rejects with what is wrong with the options, and never throws', async () => {
    const subject = make();
    expect(await rejection(subject.wait({ timeout: -1 }))).toBeInstanceOf(RangeError);
    expect(await rejection(subject.wait({ timeout: Number.NaN }))).toBeInstanceOf(RangeError);
    expect(await rejection(subject.wait({ signal: {} } as WaitOptions))).toBeInstanceOf(TypeError);
    expect(await rejection(subject.wait(null as unknown as WaitOptions))).toBeInstanceOf(TypeError);
  });

  it('rejects with the reason of a signal that is aborted, also where it could be served', async () => {
    const subject = make();
    subject.supply(1);
    const reason = { why: 'aborted' };
    expect(await rejection(subject.wait({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect((await settled(subject.wait({ timeout: 0 }))).state).toBe('fulfilled');
  });

  it('tries once at timeout 0', async () => {
    const error = await rejection(make().wait({ timeout: 0 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
  });

  it('times out with a message that says what waited, on what, and how long', async () => {
    const waiting = watch(make().wait({ timeout: 250 }));
    vi.advanceTimersByTime(249);
    await microtasks();
    expect(waiting.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await microtasks();
    const { message } = waiting.result as Error;
    expect(waiting.result).toBeInstanceOf(TimeoutError);
    expect(message).toMatch(new RegExp(`(a take of 1|opened) on ${kind}\\(.*\\) timed out after 250 ms`));
  });

  it.each<[string, (subject: Subject, controller: AbortController) => unknown]>([
    ['served', (subject) => subject.supply(1)],
    ['aborted', (_, controller) => controller.abort()],
    ['timed out', () => vi.advanceTimersByTime(1_000)],
  ])('leaves no listener and no timer once it was %s', async (way, end) => {
    const subject = make();
    const controller = new AbortController();
    // At 1,000 ms a token comes: then the wait that times out is over before.
    const timeout = way === 'timed out' ? 999 : 2_000;
    const waiting = watch(subject.wait({ signal: controller.signal, timeout }));
    end(subject, controller);
    await microtasks();
    expect(waiting.state).toBe(way === 'served' ? 'fulfilled' : 'rejected');
    expect([getEventListeners(controller.signal, 'abort').length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('that was aborted or timed out takes nothing', async () => {
    const subject = make();
    const controller = new AbortController();
    const gone = [watch(subject.wait({ signal: controller.signal })), watch(subject.wait({ timeout: 10 }))];
    const stays = watch(subject.wait());
    controller.abort();
    vi.advanceTimersByTime(10);
    subject.supply(1);
    await macrotask();
    expect([...gone, stays].map(({ state }) => state)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('shares one listener among all who wait on a signal', () => {
    const subject = make();
    const signal = new PlainSignal();
    for (let i = 0; i < 100; i++) subject.wait({ signal }).catch(() => {});
    expect(signal.added).toBe(1);
    signal.abort('all');
    expect([signal.listeners.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('wakes first whoever a channel owes', async () => {
    const subject = make();
    const channel = new Channel<number>(4);
    for (let i = 0; i < 4; i++) channel.trySend(i);
    const blocked = watch(channel.send(4));
    channel.tryReceive();
    await microtasks();
    expect(blocked.state).toBe('pending');
    subject.wait({ timeout: 1 }).catch(() => {});
    await microtasks();
    expect(blocked.state).toBe('fulfilled');
  });

  it.skipIf(MUTATING)('can be given up in the middle of 100,000 at the cost of few', () => {
    vi.useRealTimers();
    const count = 100_000;
    const subject = make();
    const signals = Array.from({ length: count }, () => new PlainSignal());
    for (const signal of signals) subject.wait({ signal }).catch(() => {});
    const start = performance.now();
    for (let n = 0; n < count / 2; n++) {
      signals[count / 2 + n]?.abort('gone');
      signals[count / 2 - 1 - n]?.abort('gone');
    }
    // A list that is walked for each would take 2,500,000,000 steps.
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe('politeness', () => {
  beforeEach(() => void vi.useRealTimers());

  it.each<[string, () => () => Promise<unknown>]>([
    ['takes of credits that are there', () => endless(new Credits(Number.MAX_SAFE_INTEGER))],
    ['takes of credits that are refused', () => refused(new Credits())],
    ['takes of tokens that are there', () => endless(new TokenBucket({ rate: 1e12 }))],
    ['an open gate', () => passing(new Gate())],
    ['two tasks that grant to each other', pingPong],
  ])('%s let timers fire', async (_name, task) => {
    const step = task();
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await step();
      })(),
    ]);
    expect(fired).toBe(true);
  });
});

const endless = (supply: { take(): Promise<void> }) => (): Promise<void> => supply.take();
const refused = (credits: Credits) => (): Promise<void> => credits.take(1, { timeout: 0 }).catch(() => {});
const passing = (gate: Gate) => (): Promise<void> => gate.opened();

function pingPong(): () => Promise<void> {
  const [there, back] = [new Credits(), new Credits()];
  void (async () => {
    for (;;) {
      await there.take();
      back.grant(1);
    }
  })();
  return () => {
    const taking = back.take();
    there.grant(1);
    return taking;
  };
}
