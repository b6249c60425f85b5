// Credits: request(n) accounting.

import { inspect } from 'node:util';
import fc from 'fast-check';
import { ChannelClosedError } from 'sluice';
import { Credits } from 'sluice/control';
import { describe, expect, it } from 'vitest';
import { macrotask, microtasks, rejection, thrown, type Watched, watch } from '../support.js';

describe('Credits', () => {
  it('begins with none, or with as many as it is told', () => {
    expect([new Credits().available, new Credits(0).available, new Credits(7).available]).toEqual([0, 0, 7]);
    for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null])
      expect(() => new Credits(wrong as number)).toThrow(RangeError);
  });

  it('adds what is granted and subtracts what is taken', async () => {
    const credits = new Credits(1);
    credits.grant(4);
    await credits.take(3);
    expect(credits.tryTake()).toBe(true);
    expect(credits.available).toBe(1);
  });

  it('refuses to grant what is no integer from 1', () => {
    const credits = new Credits();
    for (const wrong of [0, -1, 1.5, Number.NaN, '1', undefined])
      expect(() => credits.grant(wrong as number)).toThrow(RangeError);
    expect(credits.available).toBe(0);
  });

  it('never counts beyond what numbers can count', () => {
    const credits = new Credits(5);
    credits.grant(Number.MAX_SAFE_INTEGER);
    expect(credits.available).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('takes nothing where there are not enough: a tryTake is false, a take waits', async () => {
    const credits = new Credits(2);
    expect(credits.tryTake(3)).toBe(false);
    const take = watch(credits.take(3));
    await macrotask();
    expect([take.state, credits.available]).toEqual(['pending', 2]);
    credits.grant(2);
    await microtasks();
    expect([take.state, credits.available]).toEqual(['fulfilled', 1]);
  });

  it('serves as many as a grant is enough for, and keeps the rest', async () => {
    const credits = new Credits();
    const takes = [1, 2, 3, 1].map((n) => watch(credits.take(n)));
    credits.grant(5);
    await microtasks();
    expect(takes.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending', 'pending']);
    expect(credits.available).toBe(2);
  });

  it('lets those behind a head that left pass', async () => {
    const credits = new Credits(2);
    const controller = new AbortController();
    const head = watch(credits.take(3, { signal: controller.signal }));
    const behind = [1, 1, 1].map((n) => watch(credits.take(n)));
    expect(credits.tryTake()).toBe(false);
    controller.abort('left');
    await microtasks();
    expect(head.result).toBe('left');
    expect(behind.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending']);
  });

  it('is as its model, whatever is called in whatever order', async () => {
    const n = fc.integer({ min: 1, max: 4 });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('take' as const), n }),
      fc.record({ kind: fc.constant('tryTake' as const), n }),
      fc.record({ kind: fc.constant('grant' as const), n }),
      fc.record({ kind: fc.constant('abort' as const), n: fc.nat(30) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.array(step, { maxLength: 40 }), async (initial, steps) => {
        const credits = new Credits(initial);
        let available = initial;
        let waiting: { id: number; n: number }[] = [];
        const takes: { watched: Watched; controller: AbortController; expected: Watched['state'] }[] = [];
        const order: number[] = [];
        const serve = (): void => {
          for (let head = waiting[0]; head !== undefined && head.n <= available; head = waiting[0]) {
            available -= head.n;
            (takes[head.id] as (typeof takes)[0]).expected = 'fulfilled';
            waiting.shift();
          }
        };
        for (const { kind, n: amount } of steps) {
          if (kind === 'grant') {
            credits.grant(amount);
            available += amount;
          } else if (kind === 'tryTake') {
            const served = waiting.length === 0 && amount <= available;
            if (served) available -= amount;
            expect(credits.tryTake(amount)).toBe(served);
          } else if (kind === 'take') {
            const controller = new AbortController();
            const id = takes.length;
            const promise = credits.take(amount, { signal: controller.signal });
            void promise.then(
              () => order.push(id),
              () => {},
            );
            takes.push({ watched: watch(promise), controller, expected: 'pending' });
            waiting.push({ id, n: amount });
          } else {
            const take = takes[amount];
            if (take?.expected === 'pending') take.expected = 'rejected';
            waiting = waiting.filter(({ id }) => id !== amount);
            take?.controller.abort('aborted');
          }
          serve();
          expect(credits.available).toBe(available);
        }
        await macrotask();
        expect(takes.map(({ watched }) => watched.state)).toEqual(takes.map(({ expected }) => expected));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }),
    );
  });
});

describe('close', () => {
  it('rejects those who wait and those who come, with what it was given as cause', async () => {
    const credits = new Credits(1);
    const waiting = [credits.take(2), credits.take(1)].map(rejection);
    credits.close('gone');
    for (const error of await Promise.all([...waiting, rejection(credits.take())])) {
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect(error).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'gone' });
      expect((error as Error).message).toMatch(/^Credits was closed/);
    }
  });

  it.each([null, 0, ''])('takes %j for an error, and undefined for none', async (error) => {
    const closed = (given: unknown): Promise<unknown> => {
      const credits = new Credits();
      credits.close(given);
      return rejection(credits.take());
    };
    expect(await closed(error)).toMatchObject({ cause: error });
    expect(Object.hasOwn((await closed(undefined)) as object, 'cause')).toBe(false);
  });

  it('makes tryTake false, and grant do nothing', () => {
    const credits = new Credits(3);
    credits.close();
    credits.grant(5);
    expect([credits.tryTake(), credits.available]).toEqual([false, 3]);
    expect(thrown(() => credits.grant(0))).toBeInstanceOf(RangeError);
    expect(thrown(() => credits.tryTake(0))).toBeInstanceOf(RangeError);
  });

  it('is decided by the first call, and done by disposal', async () => {
    const credits = new Credits();
    const waiting = rejection(credits.take());
    credits.close('first');
    credits.close('second');
    credits[Symbol.dispose]();
    expect(await waiting).toMatchObject({ cause: 'first' });
    expect(await rejection(credits.take())).toMatchObject({ cause: 'first' });

    const disposed = new Credits();
    const taking = rejection(disposed.take());
    disposed[Symbol.dispose]();
    expect(await taking).toBeInstanceOf(ChannelClosedError);
  });

  it('comes after bad options and an aborted signal, and before timeout 0', async () => {
    const credits = new Credits();
    credits.close();
    expect(await rejection(credits.take(0))).toBeInstanceOf(RangeError);
    expect(await rejection(credits.take(1, { timeout: -1 }))).toBeInstanceOf(RangeError);
    expect(await rejection(credits.take(1, { signal: AbortSignal.abort('no') }))).toBe('no');
    expect(await rejection(credits.take(1, { timeout: 0 }))).toBeInstanceOf(ChannelClosedError);
  });

  it('of very many waiters takes no long time', async () => {
    const credits = new Credits();
    const takes = Array.from({ length: 20_000 }, () => watch(credits.take()));
    const start = performance.now();
    credits.close();
    expect(performance.now() - start).toBeLessThan(1_000);
    await macrotask();
    expect(takes.every(({ state }) => state === 'rejected')).toBe(true);
  });
});

it('console.log shows what there is, and who waits', () => {
  const credits = new Credits(2);
  expect(inspect(credits)).toBe('Credits(2 available)');
  void credits.take(3).catch(() => {});
  expect(inspect(credits)).toBe('Credits(2 available, 1 waiting)');
  credits.close();
  expect(inspect(credits)).toBe('Credits(2 available, closed)');
});
