// The laws, each a property of arbitrary worlds of tasks in arbitrary orders: every operation, aborts, timeouts, ends.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channel } from 'sluice';
import { macrotask } from './support.js';
import { live, type Record, type World, world } from './world.js';

const RUNS = process.env['LONG'] ? 5_000 : 400;

/** Checks one law in every world. */
async function always(law: (record: Record, given: World) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(world, fc.scheduler(), async (given, scheduler) => {
      law(await live(given, scheduler), given);
    }),
    { numRuns: RUNS },
  );
}

const receivedBy = (record: Record): number[] => record.received.flat();

describe('the laws', () => {
  it('1. Bounded: never more than the capacity is buffered and reserved', async () => {
    await always((record, { capacity }) => {
      expect(record.largest).toBeLessThanOrEqual(capacity);
      expect(record.channel.stats().peakSize).toBeLessThanOrEqual(capacity);
    });
  });

  it('1. Bounded: the watermarks say when it gets full and when there is room again, in turn', async () => {
    await always(({ pressure }, { capacity }) => {
      for (const [n, { level, fullness }] of pressure.entries()) {
        expect(level).toBe(n % 2 === 0 ? 'high' : 'low');
        if (level === 'high') expect(fullness).toBeGreaterThanOrEqual(0.8 * capacity);
        else expect(fullness).toBeLessThanOrEqual(0.5 * capacity);
      }
    });
  });

  it('2. Lossless: an accepted item is received, merged or dropped, once; a refused one is none of these; the counts add up', async () => {
    await always((record) => {
      const received = receivedBy(record);
      const dropped = record.dropped.map(({ item }) => item);
      const gone = [...received, ...dropped, ...record.merged];
      expect(new Set(gone).size).toBe(gone.length);
      for (const item of record.accepted) expect(gone).toContain(item);
      for (const item of record.refused) expect(gone).not.toContain(item);
      const stats = record.channel.stats();
      expect(stats.received).toBe(received.length);
      expect(stats.dropped).toBe(dropped.length);
      expect(stats.coalesced).toBe(record.merged.length);
      expect(stats.sent).toBe(stats.received + stats.dropped + stats.coalesced + stats.size);
    });
  });

  it('3. In order: each consumer sees the items of a producer in the order in which they were sent', async () => {
    // A producer's items are numbered upwards, and a scheduler may interleave producers: so per producer, by one task each.
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1, 2, 7),
        fc.integer({ min: 1, max: 3 }),
        fc.scheduler(),
        async (capacity, consumers, scheduler) => {
          const channel = new Channel<{ producer: number; n: number }>(capacity);
          const produce = async (producer: number): Promise<void> => {
            for (let n = 0; n < 6; n++) {
              await scheduler.schedule(Promise.resolve());
              await channel.send({ producer, n });
            }
          };
          const seen: { producer: number; n: number }[][] = [];
          const consume = async (): Promise<void> => {
            const list: { producer: number; n: number }[] = [];
            seen.push(list);
            for await (const item of channel) {
              list.push(item);
              await scheduler.schedule(Promise.resolve());
            }
          };
          const producing = Promise.all([produce(0), produce(1), produce(2)]).then(() => channel.close());
          const consuming = Promise.all(Array.from({ length: consumers }, consume));
          await scheduler.waitFor(Promise.all([producing, consuming]));
          expect(seen.flat()).toHaveLength(18);
          for (const list of seen) {
            for (const producer of [0, 1, 2]) {
              const own = list.filter((item) => item.producer === producer).map(({ n }) => n);
              expect(own).toEqual([...own].sort((a, b) => a - b));
            }
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('4. Cancel-safe: what was aborted or timed out had no effect', async () => {
    await always((record) => {
      const received = new Set(receivedBy(record));
      const dropped = new Set(record.dropped.map(({ item }) => item));
      for (const item of record.refused) {
        expect(received.has(item)).toBe(false);
        expect(dropped.has(item)).toBe(false);
      }
      // Nothing was consumed by a receive that rejected: all that the channel handed out has arrived somewhere.
      expect(record.channel.stats().received).toBe(received.size);
    });
  });

  it('5. Live: nothing hangs once the channel has ended', async () => {
    await always((record) => {
      const none = { waitingSenders: 0, waitingReceivers: 0, size: 0, reserved: 0 };
      expect(record.channel.stats()).toMatchObject(none);
      expect(record.hanging).toBe(0);
    });
  });

  it('6. Close is graceful: everything sent before it is delivered, in order, and then the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 }), fc.nat({ max: 20 }), fc.boolean(), async (capacity, count, failing) => {
        const channel = new Channel<number>(capacity);
        const error = new Error('the end');
        const sends = Array.from({ length: count }, (_, n) => channel.send(n));
        channel.close(failing ? error : undefined);
        const seen: number[] = [];
        const end = (async () => {
          for await (const item of channel) seen.push(item);
        })();
        if (failing) await expect(end).rejects.toBe(error);
        else await end;
        await Promise.all(sends);
        expect(seen).toEqual(Array.from({ length: count }, (_, n) => n));
      }),
    );
  });

  it('6. Cancel is immediate: buffered items are dropped, senders refused, receivers ended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 }), fc.nat({ max: 20 }), async (capacity, count) => {
        const dropped: number[] = [];
        const channel = new Channel<number>(capacity, { onDrop: (item) => dropped.push(item) });
        const sends = Array.from({ length: count }, (_, n) =>
          channel.send(n).catch((error: { value: number }) => error.value),
        );
        channel.cancel();
        expect(dropped).toEqual(Array.from({ length: Math.min(count, capacity) }, (_, n) => n));
        const refused = (await Promise.all(sends)).filter((value) => value !== undefined);
        expect(refused).toEqual(Array.from({ length: Math.max(0, count - capacity) }, (_, n) => capacity + n));
        expect(await channel.receive()).toBeUndefined();
      }),
    );
  });

  it('7. Polite: a macrotask gets through while tasks exchange items that are always ready', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1, 2, 64), fc.boolean(), async (capacity, tries) => {
        const there = new Channel<number>(capacity);
        const back = new Channel<number>(capacity);
        let going = true;
        const pass = async (from: Channel<number>, to: Channel<number>): Promise<void> => {
          for await (const item of from) {
            if (!going) return;
            if (!(tries && to.trySend(item))) await to.send(item).catch(() => {});
          }
        };
        const tasks = [pass(there, back), pass(back, there)];
        void there.send(1);
        for (let turns = 0; turns < 3; turns++) await macrotask();
        going = false;
        there.cancel();
        back.cancel();
        await Promise.all(tasks);
      }),
      { numRuns: 20 },
    );
  });

  it('8. Constant: aborting in the middle of 5,000 waiters costs about what it costs among 200', async () => {
    const abortAll = async (count: number): Promise<number> => {
      const channel = new Channel<number>(0, { maxWaiters: count });
      const controllers = Array.from({ length: count }, () => new AbortController());
      const sends = controllers.map(({ signal }, n) => channel.send(n, { signal }).catch(() => {}));
      const start = performance.now();
      for (let n = count - 1; n >= 0; n -= 2) controllers[n]?.abort();
      for (let n = count - 2; n >= 0; n -= 2) controllers[n]?.abort();
      const each = (performance.now() - start) / count;
      await Promise.all(sends);
      return each;
    };
    const best = async (count: number): Promise<number> => {
      let least = Number.POSITIVE_INFINITY;
      for (let n = 0; n < 3; n++) least = Math.min(least, await abortAll(count));
      return least;
    };
    await abortAll(500);
    // A list that is walked for each abort would cost 25 times more, not ten.
    expect(await best(5_000)).toBeLessThan(10 * (await best(200)));
  });
});
