// Random lives: any publisher with any subscriber, requests, sends, cancels, ends and aborts at random moments. After each
// of them everything that was sent is somewhere, once and in order, and no rule was broken.

import fc from 'fast-check';
import { Channel } from 'sluice';
import { fromPublisher, type Publisher, toProcessor, toPublisher, toSubscriber } from 'sluice/reactive';
import { describe, expect, it } from 'vitest';
import { macrotask, microtasks } from '../support.js';
import { Probe } from './sides.js';

const RUNS = process.env['LONG'] === '1' ? 20_000 : 500;

const moment = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send'), n: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('request'), n: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('microtask'), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('macrotask'), n: fc.constant(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel', 'close', 'fail', 'abort', 'wrong', 'cancel the source'),
      n: fc.constant(1),
    }),
  },
);

const life = fc.record({
  /** How the items get from the source to the probe. */
  way: fc.constantFrom('direct', 'channel', 'window', 'processor'),
  sourceCapacity: fc.integer({ min: 0, max: 5 }),
  capacity: fc.integer({ min: 1, max: 5 }),
  owns: fc.boolean(),
  reentrant: fc.boolean(),
  moments: fc.array(moment, { maxLength: 40 }),
});

describe('whatever happens', () => {
  it('no rule is broken, and each item is delivered, dropped, or still there: once, and in order', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ way, sourceCapacity, capacity, owns, reentrant, moments }) => {
        const dropped: number[] = [];
        const onDrop = (item: number): void => void dropped.push(item);
        const controller = new AbortController();
        const source = new Channel<number>(sourceCapacity, { onDrop });
        const first = toPublisher(source, { cancel: owns, signal: controller.signal, onDrop });
        let last: Publisher<number> = first;
        const between: Channel<number>[] = [];
        if (way === 'channel') {
          const middle = fromPublisher(first, capacity, { onDrop });
          between.push(middle);
          last = toPublisher(middle, { onDrop });
        } else if (way === 'window') {
          const middle = new Channel<number>(capacity, { onDrop });
          between.push(middle);
          first.subscribe(toSubscriber(middle, { window: capacity, onDrop }));
          last = toPublisher(middle, { onDrop });
        } else if (way === 'processor') {
          const processor = toProcessor(async function* (items: AsyncIterable<number>) {
            yield* items;
          }, capacity);
          first.subscribe(processor);
          last = processor;
        }
        const probe: Probe<number> = new Probe<number>({
          next: (item) => reentrant && item % 3 === 0 && probe.request(1),
        });
        last.subscribe(probe);

        let sent = 0;
        const accepted: number[] = [];
        const sends: Promise<unknown>[] = [];
        let left = false;
        for (const { do: act, n } of moments) {
          if (act === 'send') {
            for (let i = 0; i < n; i++) {
              const item = sent++;
              sends.push(
                source.send(item).then(
                  () => accepted.push(item),
                  () => {},
                ),
              );
            }
          } else if (act === 'request') probe.request(n);
          else if (act === 'microtask') for (let i = 0; i < n; i++) await undefined;
          else if (act === 'macrotask') await macrotask();
          else if (act === 'cancel') {
            left = true;
            probe.cancel();
          } else if (act === 'close') source.close();
          else if (act === 'fail') source.close('failed');
          else if (act === 'abort') controller.abort('aborted');
          else if (act === 'wrong') probe.subscription.request(0);
          else source.cancel('cancelled');
          if (left) expect(probe.broken).toEqual([]);
        }
        await macrotask();
        await macrotask();
        const signalled = probe.log.length;
        if (left) {
          await macrotask();
          expect(probe.log).toHaveLength(signalled); // it has stopped
        }
        // What is still there, wherever: taking some may let others come.
        const rest: number[] = [];
        for (let before = -1; before < rest.length; await macrotask()) {
          before = rest.length;
          rest.push(...between.flatMap((channel) => channel.drain()), ...source.drain());
        }
        source.cancel();
        await macrotask();
        await Promise.all(sends);
        await microtasks();
        expect(probe.broken).toEqual([]);
        expect(probe.items).toEqual([...probe.items].sort((a, b) => a - b));
        const seen = [...probe.items, ...dropped, ...rest].sort((a, b) => a - b);
        expect(new Set(seen).size).toBe(seen.length);
        const missing = accepted.filter((item) => !seen.includes(item));
        // What a processor has in its channel and its step it has no means to tell of.
        if (way !== 'processor') expect(missing).toEqual([]);
        else expect(missing.length).toBeLessThanOrEqual(capacity + 2);
        expect(seen.every((item) => accepted.includes(item))).toBe(true);
        expect(source.stats()).toMatchObject({ waitingReceivers: 0, waitingSenders: 0, reserved: 0 });
        for (const channel of between) expect(channel.stats()).toMatchObject({ waitingSenders: 0 });
      }),
      { seed: 7, numRuns: RUNS },
    );
  });

  it('without a cancel everything arrives, and the end', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ way, sourceCapacity, capacity, reentrant, moments }) => {
        const source = new Channel<number>(sourceCapacity);
        let last = toPublisher(source);
        if (way === 'channel') last = toPublisher(fromPublisher(last, capacity));
        else if (way === 'window') {
          const middle = new Channel<number>(capacity);
          last.subscribe(toSubscriber(middle, { window: capacity }));
          last = toPublisher(middle);
        } else if (way === 'processor') {
          const processor = toProcessor(async function* (items: AsyncIterable<number>) {
            yield* items;
          }, capacity);
          last.subscribe(processor);
          last = processor;
        }
        const probe: Probe<number> = new Probe<number>({ next: () => reentrant && probe.request(1) });
        last.subscribe(probe);
        let sent = 0;
        for (const { do: act, n } of moments) {
          if (act === 'send') for (let i = 0; i < n; i++) void source.send(sent++);
          else if (act === 'request') probe.request(n);
          else if (act === 'microtask') await undefined;
          else if (act === 'macrotask') await macrotask();
        }
        source.close();
        probe.request(sent + 1);
        for (let i = 0; i < 100 && !probe.over; i++) await macrotask();
        expect(probe.log).toEqual([...Array.from({ length: sent }, (_, i) => i), 'complete']);
        expect(probe.broken).toEqual([]);
      }),
      { seed: 8, numRuns: RUNS / 2 },
    );
  });
});
