// What a channel looks like to OpenTelemetry: through the real SDK, collected as an exporter would.

import { metrics } from '@opentelemetry/api';
import { AggregationTemporality, MeterProvider } from '@opentelemetry/sdk-metrics';
import { BoundedQueue, Channel, type ChannelStats, receiving, select, sending } from 'sluice';
import { type MeterLike, observe } from 'sluice/otel';
import { fromPublisher } from 'sluice/reactive';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { observers } from '../../src/observers.js';
import { CORE } from '../../src/open.js';
import { collectGarbage, full, macrotask, microtasks, PlainSignal, thrown, watch } from '../support.js';
import { read, type Sdk, sdk } from './sdk.js';

const open: Sdk[] = [];
function started(temporality?: AggregationTemporality): Sdk {
  const one = sdk(temporality);
  open.push(one);
  return one;
}

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const each of open.splice(0)) await each.shutdown();
});

describe('observe', () => {
  it('gives every metric, with its kind and its unit', async () => {
    const otel = started();
    const channel = full(10, { name: 'orders', watermarks: {} });
    using _ = observe(channel, otel.meter, { waits: true });
    void channel.send(11);
    channel.drain();
    const all = await otel.collect();
    expect([...all].map(([name, { unit, type }]) => `${name} ${unit} ${type}`).sort()).toEqual([
      'sluice.channel.dropped {item} SUM, monotonic',
      'sluice.channel.items {item} SUM, monotonic',
      'sluice.channel.limit {item} SUM',
      'sluice.channel.pending_operations {operation} SUM',
      'sluice.channel.pressure.duration s HISTOGRAM',
      'sluice.channel.usage {item} SUM',
      'sluice.channel.usage.peak {item} GAUGE',
      'sluice.channel.wait_time s HISTOGRAM',
    ]);
    for (const { points } of all.values()) {
      for (const { attributes } of points) expect(attributes['sluice.channel.name']).toBe('orders');
    }
  });

  it('takes a real meter, also one that does nothing, and one of the API that has no SDK yet', () => {
    observe(full(1, { name: 'a' }), new MeterProvider().getMeter('test'))[Symbol.dispose]();
    observe(full(1, { name: 'a' }), metrics.getMeter('test'))[Symbol.dispose]();
  });

  it('reads size, capacity, counters and lines at the collection', async () => {
    const otel = started();
    const channel = full(3, { name: 'orders' });
    using _ = observe(channel, otel.meter);
    const sends = [channel.send(4), channel.send(5)];
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ '': 3 });
    expect(await read(otel, 'sluice.channel.limit')).toEqual({ '': 3 });
    expect(await read(otel, 'sluice.channel.pending_operations')).toEqual({ send: 2, receive: 0 });
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 3, receive: 0 });
    channel.drain();
    const receive = channel.receive();
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ '': 0 });
    expect(await read(otel, 'sluice.channel.pending_operations')).toEqual({ send: 0, receive: 1 });
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 5, receive: 5 });
    channel.close();
    await Promise.all([...sends, receive]);
  });

  it('gives the peak since the last collection of that call', async () => {
    const [one, other] = [started(), started()];
    const channel = new Channel<number>(10, { name: 'orders' });
    using _ = observe(channel, one.meter);
    observe(channel, other.meter);
    for (let i = 0; i < 7; i++) channel.trySend(i);
    channel.drain();
    expect(await read(one, 'sluice.channel.usage.peak')).toEqual({ '': 7 });
    channel.trySend(1);
    expect(await read(one, 'sluice.channel.usage.peak')).toEqual({ '': 1 });
    expect(await read(other, 'sluice.channel.usage.peak')).toEqual({ '': 7 });
    expect(channel.stats().peakSize).toBe(7);
  });

  it('gives weights, and says so, where the channel weighs', async () => {
    const otel = started();
    const channel = new Channel<string>(100, { name: 'bytes', weigh: (text) => text.length });
    using _ = observe(channel, otel.meter);
    channel.trySend('12345');
    channel.trySend('123');
    channel.tryReceive();
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ weight: 3 });
    expect(await read(otel, 'sluice.channel.usage.peak')).toEqual({ weight: 3 });
    expect(await read(otel, 'sluice.channel.limit')).toEqual({ weight: 100 });
    expect((await otel.collect()).get('sluice.channel.usage')?.points[0]?.attributes).toEqual({
      'sluice.channel.name': 'bytes',
      'sluice.unit': 'weight',
    });
  });

  it('gives drops by reason, each from the first collection on, so that the first drop is an increase', async () => {
    const otel = started();
    const channels = (['drop-oldest', 'drop-newest', 'wait'] as const).map((overflow) =>
      full(2, { name: overflow, overflow }),
    );
    using _ = observe(channels, otel.meter);
    expect(await read(otel, 'sluice.channel.dropped', 'drop-oldest')).toEqual({ 'drop-oldest': 0, cancel: 0 });
    expect(await read(otel, 'sluice.channel.dropped', 'drop-newest')).toEqual({ 'drop-newest': 0, cancel: 0 });
    for (const channel of channels) channel.trySend(9);
    expect(await read(otel, 'sluice.channel.dropped', 'drop-oldest')).toEqual({ 'drop-oldest': 1, cancel: 0 });
    expect(await read(otel, 'sluice.channel.dropped', 'drop-newest')).toEqual({ 'drop-newest': 1, cancel: 0 });
    expect(await read(otel, 'sluice.channel.dropped', 'wait')).toEqual({ cancel: 0 });
  });

  it('adds the attributes that it is given', async () => {
    const otel = started();
    using _ = observe(full(1, { name: 'orders' }), otel.meter, { attributes: { region: 'eu' } });
    expect((await otel.collect()).get('sluice.channel.usage')?.points).toEqual([
      { attributes: { 'sluice.channel.name': 'orders', region: 'eu' }, value: 1 },
    ]);
  });

  it('takes a queue, several targets, and whatever has stats', async () => {
    const otel = started();
    const queue = new BoundedQueue<number>(5, { name: 'jobs' });
    queue.tryPut(1);
    const stats = (): ChannelStats => ({ ...full(2).stats(), name: 'remote', peakSize: 9, dropped: 4 });
    using _ = observe([queue, full(3, { name: 'orders' })], otel.meter);
    observe({ stats }, otel.meter);
    expect(await read(otel, 'sluice.channel.usage', 'jobs')).toEqual({ '': 1 });
    expect(await read(otel, 'sluice.channel.usage', 'orders')).toEqual({ '': 3 });
    expect(await read(otel, 'sluice.channel.usage', 'remote')).toEqual({ '': 2 });
    expect(await read(otel, 'sluice.channel.dropped', 'remote')).toEqual({ '': 4 });
  });

  it('sums channels of one name, and never lets a counter fall when one of them has ended', async () => {
    const otel = started();
    const [one, two] = [full(2, { name: 'orders' }), full(3, { name: 'orders' })];
    using _ = observe([one, two], otel.meter);
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ '': 5 });
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 5, receive: 0 });
    one.close();
    one.drain();
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ '': 3 });
    expect(await read(otel, 'sluice.channel.limit')).toEqual({ '': 3 });
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 5, receive: 2 });
    two.close();
    two.drain();
    const three = full(1, { name: 'orders' });
    observe(three, otel.meter);
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 6, receive: 5 });
  });

  it('counts a channel once that is observed twice, and one that comes back as what it is', async () => {
    const otel = started();
    const channel = full(2, { name: 'orders' });
    const [first, second] = [observe(channel, otel.meter), observe(channel, otel.meter)];
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 2, receive: 0 });
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ '': 2 });
    second[Symbol.dispose]();
    expect(otel.callbacks()).toBe(0);
    channel.tryReceive();
    using _ = observe(channel, otel.meter);
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 2, receive: 1 });
  });

  it('reads the others where the stats of one throw: that keeps its counters, and its error is reported', async () => {
    const otel = started();
    const uncaught: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => uncaught.push(error));
    const gone = new Error('gone');
    const ended = deferred();
    let stats = (): ChannelStats => ({ ...full(2, { name: 'broken' }).stats(), dropped: 4 });
    using _ = observe(full(1, { name: 'before' }), otel.meter);
    const broken = { stats: () => stats(), completion: ended.promise };
    observe(broken, otel.meter);
    observe(full(3, { name: 'after' }), otel.meter);
    await otel.collect();
    expect(uncaught).toEqual([]);
    stats = () => {
      throw gone;
    };
    expect(await read(otel, 'sluice.channel.usage', 'before')).toEqual({ '': 1 });
    expect(await read(otel, 'sluice.channel.usage', 'after')).toEqual({ '': 3 });
    expect(await read(otel, 'sluice.channel.items', 'broken')).toEqual({ send: 2, receive: 0 });
    expect(uncaught).toEqual([gone, gone, gone]);
    ended.reject(gone);
    await microtasks();
    expect(uncaught).toEqual([gone, gone, gone, gone]); // it has left, and is asked no more
    expect(await read(otel, 'sluice.channel.dropped', 'after')).toEqual({ cancel: 0 });
    expect(uncaught).toHaveLength(4);
  });

  it('throws at bad arguments, and has then observed none of several', async () => {
    const otel = started();
    const good = full(1, { name: 'good' });
    const calls: [() => unknown, RegExp][] = [
      [() => observe([good, full(1)], otel.meter), /must have a name/],
      [() => observe(full(1, { name: '' }), otel.meter), /must have a name/],
      [() => observe([good, {} as never], otel.meter), /must be a channel or a queue/],
      [() => observe(undefined as never, otel.meter), /must be a channel, a queue, or several/],
      [() => observe(good, undefined as never), /must be a Meter/],
      [() => observe(good, {} as never), /must be a Meter/],
      [() => observe(good, otel.meter, null as never), /options must be an object/],
      [() => observe(good, otel.meter, { attributes: 'x' as never }), /options.attributes/],
      [() => observe(good, otel.meter, { waits: 'x' as never }), /options.waits/],
    ];
    for (const [call, message] of calls) expect(String(thrown(call))).toMatch(message);
    expect(thrown(() => observe(good, otel.meter, { waits: 0 }))).toBeInstanceOf(RangeError);
    expect(thrown(() => observe(full(1), otel.meter))).toBeInstanceOf(TypeError);
    expect(otel.callbacks()).toBe(0);
    expect((await otel.collect()).size).toBe(0);
  });
});

describe('the histogram of pressure', () => {
  it('has the time from the high watermark to the low one', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const otel = started();
    const recorded: number[] = [];
    const channel = new Channel<number>(10, { name: 'orders', watermarks: { high: 0.8, low: 0.5 } });
    using _ = observe(channel, spying(otel.meter, recorded));
    for (let i = 0; i < 8; i++) channel.trySend(i);
    vi.advanceTimersByTime(1_500);
    channel.trySend(9);
    expect(recorded).toEqual([]);
    channel.drain();
    expect(recorded).toEqual([1.5]);
  });

  it('has what is left of it where the channel ends under pressure, and begins with one that is under it', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const otel = started();
    const recorded: number[] = [];
    const channel = full(10, { name: 'orders', watermarks: {} });
    vi.advanceTimersByTime(1_000);
    using _ = observe(channel, spying(otel.meter, recorded));
    vi.advanceTimersByTime(250);
    channel.cancel();
    expect(recorded).toEqual([0.25]);
  });

  it('costs a channel without watermarks nothing: nobody watches', () => {
    using _ = observe(full(10, { name: 'orders' }), started().meter);
    expect(observers).toBeUndefined();
  });

  it('costs a channel that a publisher fills nothing, whose mark is no watermark', () => {
    const channel = fromPublisher<number>({ subscribe() {} }, 4, { name: 'orders' });
    using _ = observe(channel, started().meter);
    expect(observers).toBeUndefined();
  });
});

describe('the histogram of waits', () => {
  it('has blocked waits only, of each side', async () => {
    const otel = started();
    const channel = new Channel<number>(1, { name: 'orders' });
    using _ = observe(channel, otel.meter, { waits: true });
    await channel.send(1); // at once
    await channel.receive(); // at once
    const receive = channel.receive();
    channel.trySend(1);
    await receive;
    await channel.send(2);
    const sends = [channel.send(3), channel.send(4)];
    const reserve = channel.reserve();
    channel.drain();
    channel.drain();
    (await reserve).release();
    await Promise.all(sends);
    expect(await read(otel, 'sluice.channel.wait_time')).toEqual({ send: 3, receive: 1 });
  });

  it('has waits that gave up, and those of a select in each of its channels', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const otel = started();
    const recorded: number[] = [];
    const [a, b] = [full(1, { name: 'a' }), new Channel<number>(1, { name: 'b' })];
    using _ = observe([a, b], spying(otel.meter, recorded), { waits: true });
    const signal = new PlainSignal();
    const waits = [
      watch(a.send(1, { timeout: 1_000 })),
      watch(b.receive({ signal })),
      watch(select({ out: sending(a, 1), in: receiving(b) }, { timeout: 3_000 })),
    ];
    await vi.advanceTimersByTimeAsync(1_000);
    vi.advanceTimersByTime(500);
    signal.abort('enough');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(recorded).toEqual([1, 1.5, 3, 3]);
    vi.useRealTimers();
    await microtasks();
    expect(waits.map(({ state }) => state)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('has one in so many, where it is told so', async () => {
    const otel = started();
    const [a, b] = [new Channel<number>(1, { name: 'a' }), new Channel<number>(1, { name: 'b' })];
    using _ = observe([a, b], otel.meter, { waits: 10 });
    for (let i = 0; i < 100; i++) {
      for (const channel of [a, b]) {
        const receive = channel.receive();
        channel.trySend(i);
        await receive;
      }
    }
    expect(await read(otel, 'sluice.channel.wait_time', 'a')).toEqual({ receive: 10 });
    expect(await read(otel, 'sluice.channel.wait_time', 'b')).toEqual({ receive: 10 });
  });

  it.each([
    ['', undefined],
    [' that has watermarks', {}],
  ])('has as many as any use of a channel%s wants, while that lasts', async (_, watermarks) => {
    const otel = started();
    const channel = new Channel<number>(10, { name: 'orders', watermarks });
    const blocked = async (times: number): Promise<Record<string, number>> => {
      for (let i = 0; i < times; i++) {
        const receive = channel.receive();
        channel.trySend(i);
        await receive;
      }
      return read(otel, 'sluice.channel.wait_time');
    };
    const plain = observe(channel, otel.meter);
    expect(await blocked(4)).toEqual({});
    const sampled = observe(channel, otel.meter, { waits: 4 });
    expect(await blocked(4)).toEqual({ receive: 1 });
    const all = observe(channel, otel.meter, { waits: true });
    expect(await blocked(4)).toEqual({ receive: 5 });
    all[Symbol.dispose]();
    all[Symbol.dispose]();
    expect(await blocked(8)).toEqual({ receive: 7 });
    sampled[Symbol.dispose]();
    expect(await blocked(8)).toEqual({ receive: 7 });
    expect(observers?.length).toBe(watermarks && 1);
    plain[Symbol.dispose]();
    expect(observers).toBeUndefined();
  });

  it('begins no more at the disposal of one that has waits, where the channel has ended before', () => {
    const { meter } = started();
    const channel = new Channel<number>(1, { name: 'orders' });
    const two = [observe(channel, meter, { waits: 3 }), observe(channel, meter, { waits: 2 })];
    channel.close();
    for (const each of two) each[Symbol.dispose]();
    expect(observers).toBeUndefined();
    expect(channel[CORE].measured).toBeUndefined();
  });

  it('is told when the channel is consistent: a histogram that uses the channel does no harm', async () => {
    const otel = started();
    const channel = full(1, { name: 'orders' });
    const sizes: number[] = [];
    const meter = spying(otel.meter, [], () => {
      sizes.push(channel.size);
      channel.tryReceive();
    });
    using _ = observe(channel, meter, { waits: true });
    const sends = [channel.send(2), channel.send(3)];
    expect(channel.tryReceive()).toBe(1);
    await Promise.all(sends);
    expect(channel.stats()).toMatchObject({ size: 0, received: 3, waitingSenders: 0 });
    expect(sizes).toEqual([1, 1]);
  });

  it('lets the module go when the last is disposed of', () => {
    const { meter } = started();
    const channel = full(1, { name: 'orders' });
    const two = [observe(channel, meter, { waits: true }), observe(full(1, { name: 'b' }), meter, { waits: 9 })];
    expect(observers).toHaveLength(1);
    for (const each of two) each[Symbol.dispose]();
    expect(observers).toBeUndefined();
    expect(channel[CORE].measured).toBeUndefined();
    expect(channel[CORE].followers.size).toBe(0);
  });
});

describe('the end of a channel', () => {
  const ways: [string, (channel: Channel<number>, observing: Disposable) => void][] = [
    ['its end', (channel) => channel.close()],
    ['disposal', (_, observing) => observing[Symbol.dispose]()],
    ['a cancel', (channel) => channel.cancel()],
  ];
  it.each(ways)('leaves nothing of 10,000 short channels, by %s', { timeout: 60_000 }, async (_, end) => {
    const otel = started(AggregationTemporality.DELTA);
    let left = 0;
    for (let i = 0; i < 10_000; i++) {
      const channel = new Channel<number>(1, { name: `short ${i % 5}`, watermarks: {} });
      const observing = observe(channel, otel.meter, { waits: 10 });
      channel.trySend(i);
      const blocked = channel.send(i);
      channel.drain();
      await blocked;
      end(channel, observing);
      if (channel[CORE].measured !== undefined || channel[CORE].followers.size > 0) left++;
    }
    expect(left).toBe(0);
    expect(otel.callbacks()).toBe(0);
    expect(observers).toBeUndefined();
    await otel.collect(); // what the histograms had
    expect((await otel.collect()).size).toBe(0);
  });

  it('reports the drops of a cancel once more, and then leaves nothing', async () => {
    const otel = started(AggregationTemporality.DELTA);
    const channel = full(3, { name: 'orders' });
    observe(channel, otel.meter);
    await otel.collect();
    channel.cancel(new Error('the database is gone'));
    expect(await read(otel, 'sluice.channel.dropped')).toEqual({ cancel: 3 });
    await macrotask();
    expect(otel.callbacks()).toBe(0);
    expect((await otel.collect()).size).toBe(0);
  });

  it('reports them, too, where another of that name ends before the collection', async () => {
    const otel = started(AggregationTemporality.DELTA);
    const [cancelled, closed] = [full(3, { name: 'orders' }), new Channel(1, { name: 'orders' })];
    observe([cancelled, closed], otel.meter);
    await otel.collect();
    cancelled.cancel();
    closed.close();
    await macrotask();
    expect(await read(otel, 'sluice.channel.dropped')).toEqual({ cancel: 3 });
    await macrotask();
    expect(otel.callbacks()).toBe(0);
  });

  it('takes nothing of the next callback: one that leaves does so after the collection', async () => {
    const otel = started();
    const asked: string[] = [];
    const gauge = otel.meter.createObservableGauge('mine') as { addCallback(callback: () => void): void };
    const channel = full(1, { name: 'orders' });
    observe(channel, otel.meter);
    otel.meter.addBatchObservableCallback(() => void asked.push('asked'), [gauge]);
    channel.cancel();
    await otel.collect();
    await otel.collect();
    expect(asked).toEqual(['asked', 'asked']);
    expect(otel.callbacks()).toBe(1); // the other's
  });

  it('is that of whatever has a completion, too', async () => {
    const otel = started();
    const remote = deferred();
    const target = { stats: () => full(1, { name: 'remote' }).stats(), completion: remote.promise };
    observe(target, otel.meter);
    expect(otel.callbacks()).toBe(1);
    remote.reject(new Error('gone'));
    await microtasks();
    expect(otel.callbacks()).toBe(0);
  });

  it('may have come before: then nothing is observed', () => {
    const otel = started();
    const channel = new Channel<number>(1, { name: 'orders' });
    channel.close();
    observe(channel, otel.meter)[Symbol.dispose]();
    expect(otel.callbacks()).toBe(0);
  });

  it('need not come: a channel that nobody refers to any more is collected, and let go of', async () => {
    const otel = started();
    const make = (): WeakRef<Channel<number>> => {
      const channel = full(3, { name: 'orders', watermarks: {} });
      observe(channel, otel.meter, { waits: true });
      return new WeakRef(channel);
    };
    const reference = make();
    expect(await read(otel, 'sluice.channel.usage')).toEqual({ '': 3 });
    let alive = true;
    for (let i = 0; i < 20 && alive; i++) {
      await macrotask(); // a reference that was read holds until then
      collectGarbage();
      alive = reference.deref() !== undefined;
    }
    expect(alive).toBe(false);
    expect(await read(otel, 'sluice.channel.items')).toEqual({ send: 3, receive: 0 });
    await macrotask();
    expect(otel.callbacks()).toBe(0);
    expect(observers).toBeUndefined();
  });
});

function deferred() {
  let reject!: (reason: unknown) => void;
  const promise = new Promise<unknown>((_, rejects) => (reject = rejects));
  return { promise, reject };
}

/** A meter whose histograms also write down what they are told. */
function spying(meter: MeterLike, recorded: number[], then: () => void = () => {}): MeterLike {
  return Object.assign(Object.create(meter) as MeterLike, {
    createHistogram(name: string, options: object) {
      const histogram = meter.createHistogram(name, options);
      return {
        record(value: number, attributes: Record<string, string>) {
          recorded.push(value);
          histogram.record(value, attributes);
          then();
        },
      };
    },
  });
}
