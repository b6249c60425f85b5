// Nothing of a subscriber is kept once it has left (§3.13), nothing is left on what lives longer, and nothing keeps a
// process from ending.

import { getEventListeners } from 'node:events';
import { Channel } from 'sluice';
import { fromPublisher, type Subscription, toProcessor, toPublisher, toSubscriber } from 'sluice/reactive';
import { describe, expect, it } from 'vitest';
import { CORE } from '../../src/open.js';
import { collectGarbage, MUTATING, macrotask } from '../support.js';
import { Source } from './sides.js';

async function isCollected(ref: WeakRef<object>): Promise<boolean> {
  for (let i = 0; i < 10; i++) {
    await macrotask();
    collectGarbage();
    if (ref.deref() === undefined) return true;
  }
  return false;
}

/** Subscribes with something that only the publisher refers to. */
function subscribed(publisher: { subscribe(subscriber: never): void }) {
  const kept: { subscription?: Subscription; items: number } = { items: 0 };
  const make = () => ({
    onSubscribe(subscription: Subscription) {
      kept.subscription = subscription;
    },
    onNext() {
      kept.items++;
    },
    onError() {},
    onComplete() {},
  });
  const subscriber = make();
  publisher.subscribe(subscriber as never);
  return { kept, ref: new WeakRef<object>(subscriber) };
}

describe('the collector gets a subscriber (§3.13)', () => {
  const leave: [string, (subscription: Subscription, channel: Channel<number>) => void][] = [
    ['cancelled', (subscription) => subscription.cancel()],
    ['cancelled while it waited', (subscription) => (subscription.request(5), subscription.cancel())],
    ['broke a rule', (subscription) => subscription.request(0)],
    ['was told the end', (_, channel) => channel.close()],
  ];
  it.each(leave)('that %s, while publisher, subscription and source live', async (_how, act) => {
    const channel = new Channel<number>(4);
    const publisher = toPublisher(channel, { cancel: false });
    const { kept, ref } = subscribed(publisher);
    kept.subscription?.request(1);
    channel.trySend(1);
    await macrotask();
    expect(kept.items).toBe(1);
    expect(await isCollected(ref)).toBe(false);
    act(kept.subscription as Subscription, channel);
    expect(await isCollected(ref)).toBe(true);
    expect([publisher, kept.subscription, channel.size]).toBeDefined();
  });

  it('of a processor, too', async () => {
    const processor = toProcessor(async function* (source: AsyncIterable<number>) {
      yield* source;
    }, 2);
    const source = new Source<number>();
    source.subscribe(processor);
    const { kept, ref } = subscribed(processor);
    kept.subscription?.request(1);
    source.next(1);
    await macrotask();
    kept.subscription?.cancel();
    expect(await isCollected(ref)).toBe(true);
    expect([processor, kept.items, source.cancelled]).toEqual([processor, 1, 1]);
  });
});

describe('nothing is left', () => {
  it('on a channel or a signal of 1,000 publishers and subscribers that came and went', async () => {
    const { signal } = new AbortController();
    const channel = new Channel<number>(4);
    for (let i = 0; i < 1_000; i++) {
      const { kept } = subscribed(toPublisher(channel, { cancel: false, signal }));
      kept.subscription?.request(1);
      if (i % 2) await Promise.resolve();
      kept.subscription?.cancel();
      const source = new Source<number>();
      source.subscribe(toSubscriber(channel, { close: false, window: 1 + (i % 3), signal }));
      source.complete();
      const filled = new Source<number>();
      fromPublisher(filled, 2, { signal }).cancel();
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(channel.stats()).toMatchObject({ waitingReceivers: 0, waitingSenders: 0, reserved: 0 });
    expect(channel[CORE].followers.size).toBeLessThanOrEqual(1); // who tells `completion`
  });

  it('of a publisher on a source that lives longer', async () => {
    const channel = new Channel<number>(4);
    const ref = (() => {
      const publisher = toPublisher(channel, { cancel: false });
      subscribed(publisher).kept.subscription?.cancel();
      return new WeakRef<object>(publisher);
    })();
    expect(await isCollected(ref)).toBe(true);
    expect(channel.closed).toBe(false);
  });

  it.skipIf(MUTATING)('on the heap, over many items', async () => {
    const run = async (count: number): Promise<void> => {
      const source = new Channel<number>(64);
      const filling = (async () => {
        for (let i = 0; i < count; i++) await source.send(i);
        source.close();
      })();
      let got = 0;
      for await (const batch of fromPublisher(toPublisher(source), 64).batches(64)) got += batch.length;
      await filling;
      expect(got).toBe(count);
    };
    await run(5_000);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await run(100_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  });
});
