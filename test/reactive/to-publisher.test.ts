// A receiver as a publisher: the rules of §1 and §3, one by one.

import { Channel, type DropReason, type Receiver } from 'sluice';
import { toPublisher } from 'sluice/reactive';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, full, letsTimersFire, macrotask, microtasks, PlainSignal, thrown, watch } from '../support.js';
import { Probe } from './sides.js';

afterEach(() => void vi.unstubAllGlobals());

function uncaught(): unknown[] {
  const errors: unknown[] = [];
  vi.stubGlobal('reportError', (error: unknown) => errors.push(error));
  return errors;
}

/** 1, 2, … in a channel that is closed or stays open, and a probe subscribed to it. */
function published(count: number, { open = false, probe = new Probe<number>() } = {}) {
  const channel = full(count + 1);
  channel.drain();
  for (let i = 1; i <= count; i++) channel.trySend(i);
  if (!open) channel.close();
  const publisher = toPublisher(channel);
  publisher.subscribe(probe);
  return { channel, publisher, probe };
}

/** A receiver that is no channel of ours: it has the contract, and nothing else. */
function foreign(channel: Channel<number>): Receiver<number> {
  return {
    receive: (options) => channel.receive(options),
    cancel: (reason) => channel.cancel(reason),
    [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
  };
}

describe('a publisher', () => {
  it('signals nothing that was not requested, and exactly what was (§1.1, §3.8)', async () => {
    const { channel, probe } = published(10, { open: true });
    await macrotask();
    expect([probe.log, channel.size]).toEqual([[], 10]);
    probe.request(2);
    probe.request(3);
    await macrotask();
    expect([probe.log, channel.size]).toEqual([[1, 2, 3, 4, 5], 5]);
    expect(probe.broken).toEqual([]);
  });

  it('signals fewer than requested, and then the end (§1.2, §1.5)', async () => {
    const { probe } = published(3);
    probe.request(100);
    await macrotask();
    expect([probe.log, probe.broken]).toEqual([[1, 2, 3, 'complete'], []]);
  });

  it('of an empty source completes, whether or not anything is requested (§1.5, §2.9)', async () => {
    for (const request of [true, false]) {
      const { probe } = published(0);
      if (request) probe.request(1);
      await macrotask();
      expect([probe.log, probe.broken]).toEqual([['complete'], []]);
    }
  });

  it('signals one thing at a time, in its order: onSubscribe is over before anything else (§1.3, §3.2)', async () => {
    const probe = new Probe<number>({ first: 1, next: (_, self) => self.request(2) });
    published(500, { probe });
    await macrotask();
    expect([probe.items.length, probe.log.at(-1), probe.deepest, probe.broken]).toEqual([500, 'complete', 1, []]);
  });

  it('signals the error of a failed close after what was buffered (§1.4)', async () => {
    const error = new Error('disk full');
    const { channel, probe } = published(2, { open: true });
    channel.close(error);
    probe.request(5);
    await macrotask();
    expect([probe.log, probe.broken]).toEqual([[1, 2, ['error', error]], []]);
  });

  it('signals an end as soon as it is known, with nothing requested (§2.9, §2.10, B6)', async () => {
    for (const [error, signal] of [
      [undefined, 'complete'],
      ['broken', ['error', 'broken']],
    ] as const) {
      const { channel, probe } = published(0, { open: true });
      await macrotask();
      expect(probe.log).toEqual([]);
      channel.close(error);
      await microtasks();
      expect([probe.log, probe.broken]).toEqual([[signal], []]);
    }
  });

  it('signals the end with the last item that was requested, without another request', async () => {
    const { probe } = published(2);
    probe.request(2);
    await microtasks();
    expect(probe.log).toEqual([1, 2, 'complete']);
  });

  it('signals the reason of a cancel from elsewhere, at once; a quiet one completes', async () => {
    for (const [reason, signal] of [
      ['gone', ['error', 'gone']],
      [undefined, 'complete'],
    ]) {
      const { channel, probe } = published(3, { open: true });
      channel.cancel(reason);
      await microtasks();
      expect(probe.log).toEqual([signal]);
    }
  });

  it('gives an error that is null a body, since null cannot be signalled (§2.13)', async () => {
    const { channel, probe } = published(0, { open: true });
    channel.close(null);
    await microtasks();
    expect(probe.log).toEqual([['error', expect.any(Error)]]);
  });

  it('signals nothing after the end (§1.7), and takes no more requests: not even a wrong one (§3.6)', async () => {
    const { probe } = published(1);
    probe.request(1);
    await macrotask();
    const log = [...probe.log];
    for (const n of [1, 0, -1, Number.NaN]) probe.subscription.request(n);
    probe.cancel();
    await macrotask();
    expect([probe.log, probe.broken]).toEqual([log, []]);
  });

  it('calls onSubscribe in the call of subscribe, before anything else (§1.9)', () => {
    const { probe } = published(1);
    expect(probe.subscription).toBeDefined();
    expect(probe.log).toEqual([]);
  });

  it.each([[null], [undefined], [{}], [1]])('throws a TypeError to whoever subscribes %s (§1.9)', (subscriber) => {
    expect(thrown(() => toPublisher(full(1)).subscribe(subscriber as never))).toBeInstanceOf(TypeError);
  });

  it('refuses a second subscriber by onError after onSubscribe, and goes on with the first (§1.9, §1.11)', async () => {
    const { publisher, probe } = published(2);
    const second = new Probe<number>({ first: 5 });
    publisher.subscribe(second);
    expect([second.log, second.broken]).toEqual([[['error', expect.any(TypeError)]], []]);
    second.request(1);
    second.cancel();
    probe.request(5);
    await macrotask();
    expect(probe.log).toEqual([1, 2, 'complete']);
  });

  it('has been used up by a subscriber that left, or whose end has come', async () => {
    for (const leave of [true, false]) {
      const { publisher, probe } = published(0);
      if (leave) probe.cancel();
      await macrotask();
      const second = new Probe<number>();
      publisher.subscribe(second);
      expect(second.log).toEqual([['error', expect.any(TypeError)]]);
    }
  });

  it('whose source ended before anybody subscribed tells so after onSubscribe', async () => {
    const channel = full(1);
    const publisher = toPublisher(channel);
    channel.cancel('too late');
    await macrotask();
    const probe = new Probe<number>({ first: 1 });
    publisher.subscribe(probe);
    expect([probe.log, probe.broken]).toEqual([[['error', 'too late']], []]);
  });

  it.each([[null], [undefined]])('cannot publish %s: it fails, and drops the item', async (item) => {
    const drops: unknown[] = [];
    const channel = new Channel<unknown>(4);
    for (const each of [1, item, 2]) channel.trySend(each);
    const probe = new Probe<unknown>({ first: 9 });
    toPublisher(channel, { onDrop: (...drop) => drops.push(drop) }).subscribe(probe);
    await macrotask();
    expect(probe.log).toEqual([1, ['error', expect.any(TypeError)]]);
    expect([drops, channel.ended, probe.broken]).toEqual([[[item, 'cancel']], true, []]);
  });

  it('throws for a source, or for options, that are none', () => {
    for (const source of [null, undefined, 1, {}]) {
      expect(thrown(() => toPublisher(source as never))).toBeInstanceOf(TypeError);
    }
    for (const options of [null, { cancel: 1 }, { signal: {} }, { onDrop: 1 }]) {
      expect(thrown(() => toPublisher(full(1), options as never))).toBeInstanceOf(TypeError);
    }
  });
});

/** Answered by an error that names the rule, with the end of the subscription. */
async function refusesDemand(n: unknown): Promise<void> {
  const { channel, probe } = published(3, { open: true });
  probe.subscription.request(n as never);
  await macrotask();
  expect(probe.log).toEqual([['error', expect.any(RangeError)]]);
  expect(String((probe.log[0] as unknown[])[1])).toContain('§3.9');
  expect(channel.ended).toBe(true);
}

describe('a subscription', () => {
  it.each([0, -1, Number.NaN, 1.5, Number.NEGATIVE_INFINITY, '1', null, undefined, {}, 0n, -1n])(
    'answers request(%s) by onError with a RangeError that names the rule, and is cancelled (§3.9)',
    (n) => refusesDemand(n),
  );

  it.each([
    ['has no toString', Object.create(null)],
    ['throws from toString', { toString: () => thrown(() => {}) }],
  ])('answers a request for an object that %s by onError too, and throws nothing (§3.16)', (_, n) => refusesDemand(n));

  it('answers a wrong request from within onSubscribe or onNext once that has returned (§1.3)', async () => {
    for (const probe of [
      new Probe<number>({ first: -1 }),
      new Probe<number>({ first: 3, next: (_, self) => self.request(0) }),
    ]) {
      published(3, { probe });
      await macrotask();
      expect([probe.log.at(-1), probe.broken]).toEqual([['error', expect.any(RangeError)], []]);
      expect(probe.items.length).toBeLessThan(2);
    }
  });

  it.each([Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 60, 2n ** 63n - 1n, 7n])(
    'takes request(%s)',
    async (n) => {
      const { probe } = published(5);
      probe.requested = 99;
      probe.subscription.request(n as never);
      await macrotask();
      expect(probe.log).toEqual([1, 2, 3, 4, 5, 'complete']);
    },
  );

  it('takes sums past 2^53 as unbounded, in any number of requests, and no error (§3.17)', async () => {
    const { probe, channel } = published(2, { open: true });
    probe.requested = 99;
    for (let i = 0; i < 10_000; i++) probe.subscription.request(Number.MAX_SAFE_INTEGER);
    await macrotask();
    channel.trySend(3);
    await macrotask();
    expect(probe.log).toEqual([1, 2, 3]);
  });

  it('recurses no deeper than once: 100,000 items by request(1) inside onNext (§3.3)', async () => {
    const count = 100_000;
    let [depth, deepest, stack, got] = [0, 0, 0, 0];
    const channel = Channel.from(
      Array.from({ length: count }, (_, i) => i),
      count,
    );
    const { promise, resolve } = later();
    let subscription: { request(n: number): void };
    toPublisher(channel).subscribe({
      onSubscribe: (given) => {
        subscription = given;
        given.request(1);
      },
      onNext() {
        deepest = Math.max(deepest, ++depth);
        if (got++ % 10_000 === 0) stack = Math.max(stack, String(new Error('here').stack).split('\n').length);
        subscription.request(1);
        depth--;
      },
      onError: (error) => expect.unreachable(String(error)),
      onComplete: resolve,
    });
    await promise;
    expect([got, deepest]).toEqual([count, 1]);
    expect(stack).toBeLessThan(12);
  });

  it('returns from request after a few items, however many there are (§3.4), and lets timers fire meanwhile', async () => {
    const channel = new Channel<number>(200_000);
    for (let i = 0; i < 200_000; i++) channel.trySend(i);
    const probe = new Probe<number>();
    toPublisher(channel).subscribe(probe);
    probe.request(200_000);
    expect(probe.items.length).toBeLessThan(1_000);
    let done = false;
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going() && !done) {
          await macrotask();
          done = probe.items.length === 200_000;
        }
      })(),
    ]);
    expect(fired).toBe(true);
    probe.cancel();
  });

  it('lets the event loop run while both sides are always ready', async () => {
    const fired = await letsTimersFire((going) => {
      const channel = new Channel<number>(4);
      const probe = new Probe<number>({
        next: (item, self) => {
          if (!going()) return self.cancel();
          channel.trySend(item + 1);
        },
      });
      toPublisher(channel).subscribe(probe);
      probe.request(Number.POSITIVE_INFINITY);
      channel.trySend(1);
      return [channel.completion];
    });
    expect(fired).toBe(true);
  });

  it('cancels at once: nothing is signalled from then on, also from within onNext (§1.8, §3.5, §3.12)', async () => {
    const probe = new Probe<number>({ first: 9, next: (item, self) => item === 2 && self.cancel() });
    const { channel } = published(5, { open: true, probe });
    await macrotask();
    expect([probe.log, channel.ended, probe.broken]).toEqual([[1, 2], true, []]);
    probe.cancel();
    probe.request(1);
    await macrotask();
    expect(probe.log).toEqual([1, 2]);
  });

  it('cancels within onSubscribe: nothing else is signalled', async () => {
    const channel = full(2);
    const probe = new Probe<number>();
    const onSubscribe = probe.onSubscribe.bind(probe);
    probe.onSubscribe = (subscription) => {
      onSubscribe(subscription);
      probe.request(2);
      probe.cancel();
    };
    toPublisher(channel, { cancel: false }).subscribe(probe);
    await macrotask();
    expect([probe.log, channel.size]).toEqual([[], 2]);
  });

  it('in 100 of 100 races, cancelled right after the send, leaves the item in the channel (B5)', async () => {
    for (let race = 0; race < 100; race++) {
      const channel = new Channel<number>(race % 3);
      const probe = new Probe<number>({ first: 1 });
      toPublisher(channel, { cancel: false }).subscribe(probe);
      if (race % 2) await microtasks();
      const send = watch(channel.send(race));
      probe.cancel();
      await microtasks();
      expect([probe.log, channel.stats().waitingReceivers, channel.tryReceive()]).toEqual([[], 0, race]);
      await microtasks();
      expect(send.state).toBe('fulfilled');
    }
  });

  it('cancels its source, or leaves it open where that was borrowed', () => {
    const own = published(2, { open: true });
    own.probe.cancel();
    expect(own.channel.ended).toBe(true);
    const channel = full(2);
    const probe = new Probe<number>();
    toPublisher(channel, { cancel: false }).subscribe(probe);
    probe.cancel();
    expect([channel.closed, channel.size]).toEqual([false, 2]);
  });

  it('has methods that need no object', async () => {
    const { probe } = published(1);
    const { request, cancel } = probe.subscription;
    request(1);
    await microtasks();
    expect(probe.items).toEqual([1]);
    cancel();
  });
});

describe('a subscriber that throws', () => {
  it('is cancelled, is signalled no more, and its error is reported, not thrown at the producer (§2.13)', async () => {
    const errors = uncaught();
    const probe = new Probe<number>({
      first: 9,
      next: () => {
        throw new Error('onNext');
      },
    });
    const channel = full(2);
    channel.drain();
    toPublisher(channel).subscribe(probe);
    await microtasks();
    channel.trySend(1);
    channel.trySend(2);
    await macrotask();
    expect([probe.log, errors, channel.ended]).toEqual([[1], [new Error('onNext')], true]);
  });

  it('in onSubscribe, onError or onComplete is reported too', async () => {
    const errors = uncaught();
    const fails = (): never => {
      throw new Error('thrown');
    };
    const quiet = { onSubscribe() {}, onNext() {}, onError() {}, onComplete() {} };
    const channel = full(1);
    toPublisher(channel).subscribe({ ...quiet, onSubscribe: fails });
    expect(channel.ended).toBe(true);
    for (const error of [undefined, 'failed']) {
      const ending = new Channel<number>(1);
      toPublisher(ending).subscribe({ ...quiet, onError: fails, onComplete: fails });
      ending.close(error);
    }
    const twice = toPublisher(full(1));
    twice.subscribe(quiet);
    twice.subscribe({ ...quiet, onError: fails });
    await macrotask();
    expect(errors).toHaveLength(4);
  });
});

describe('a signal', () => {
  it('cancels the source, and its reason is the error', async () => {
    const signal = new PlainSignal();
    const channel = full(3);
    const probe = new Probe<number>({ first: 1 });
    toPublisher(channel, { signal }).subscribe(probe);
    await microtasks();
    signal.abort('shutdown');
    expect([probe.log, channel.ended, probe.broken]).toEqual([[1, ['error', 'shutdown']], true, []]);
    expect(signal.listeners.size).toBe(0);
    await channel.completion.catch((reason) => expect(reason).toBe('shutdown'));
  });

  it('that aborted before tells the subscriber when it comes; a borrowed source stays open', () => {
    const channel = full(1);
    const probe = new Probe<number>();
    toPublisher(channel, { signal: AbortSignal.abort('early'), cancel: false }).subscribe(probe);
    expect([probe.log, channel.closed]).toEqual([[['error', 'early']], false]);
  });

  it('from within onNext comes after it (§1.3)', async () => {
    const signal = new PlainSignal();
    const probe = new Probe<number>({ first: 9, next: () => signal.abort('inside') });
    toPublisher(full(3), { signal }).subscribe(probe);
    await macrotask();
    expect([probe.log, probe.broken]).toEqual([[1, ['error', 'inside']], []]);
  });

  it('is let go of at every end, also where nobody subscribed', async () => {
    const signal = new PlainSignal();
    const ends: ((channel: Channel<number>, probe: Probe<number>) => void)[] = [
      (channel) => channel.close(),
      (channel) => channel.cancel(),
      (_, probe) => probe.cancel(),
      (_, probe) => probe.request(0),
    ];
    for (const end of ends) {
      const channel = new Channel<number>(1);
      const probe = new Probe<number>();
      toPublisher(channel, { signal }).subscribe(probe);
      end(channel, probe);
    }
    const unheard = new Channel<number>(1);
    toPublisher(unheard, { signal });
    unheard.close();
    await macrotask();
    expect([signal.added > 0, signal.listeners.size]).toEqual([true, 0]);
  });
});

describe('over a receiver that is no channel of ours', () => {
  it('publishes all, and the end at the next request', async () => {
    const channel = full(3);
    channel.close();
    const probe = new Probe<number>({ first: 3 });
    toPublisher(foreign(channel)).subscribe(probe);
    await macrotask();
    expect(probe.log).toEqual([1, 2, 3]);
    probe.request(1);
    await macrotask();
    expect([probe.log, probe.broken]).toEqual([[1, 2, 3, 'complete'], []]);
  });

  it('signals its error', async () => {
    const channel = full(1);
    channel.close('failed');
    const probe = new Probe<number>({ first: 3 });
    toPublisher(foreign(channel)).subscribe(probe);
    await macrotask();
    expect(probe.log).toEqual([1, ['error', 'failed']]);
  });

  it('receives nothing before it is requested, and takes a wait back when it is cancelled', async () => {
    const channel = full(1);
    const probe = new Probe<number>();
    toPublisher(foreign(channel), { cancel: false }).subscribe(probe);
    await macrotask();
    expect(channel.size).toBe(1);
    probe.request(2);
    await macrotask();
    expect([probe.items, channel.stats().waitingReceivers]).toEqual([[1], 1]);
    probe.cancel();
    expect(channel.stats().waitingReceivers).toBe(0);
  });

  it('drops, told, an item that came in the moment of a cancel', async () => {
    const drops: [number, DropReason][] = [];
    const channel = new Channel<number>(1);
    const probe = new Probe<number>({ first: 1 });
    toPublisher(foreign(channel), { cancel: false, onDrop: (...drop) => drops.push(drop) }).subscribe(probe);
    await macrotask();
    channel.trySend(7); // its receive is fulfilled
    probe.cancel();
    await macrotask();
    expect([probe.log, drops]).toEqual([[], [[7, 'cancel']]]);
  });

  it('reports nothing of a cancel that rejects or throws', async () => {
    for (const cancel of [() => Promise.reject(new Error('late')), () => expect.unreachable()]) {
      const probe = new Probe<number>({ first: 1 });
      toPublisher({ ...foreign(full(1)), cancel }).subscribe(probe);
      probe.cancel();
    }
    await macrotask();
  });
});

describe('with others on the same channel', () => {
  it('shares the items, each once', async () => {
    const channel = new Channel<number>(4);
    const probe = new Probe<number>({ first: Number.POSITIVE_INFINITY });
    probe.requested = Number.POSITIVE_INFINITY;
    toPublisher(channel).subscribe(probe);
    const others = collect(channel);
    for (let i = 0; i < 400; i++) await channel.send(i);
    channel.close();
    const all = [...(await others), ...probe.items];
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => i));
    expect(probe.items.length).toBeGreaterThan(50);
  });
});

function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
