// Observables of all implementations, poured into a channel.

import * as rxjs7 from 'rxjs';
import * as rxjs8 from 'rxjs8';
import { type Channel, ChannelClosedError, type Coalesce, type DropReason, OverflowError } from 'sluice';
import { fromObservable, type InteropObservable, type ObservableLike, type ObserverLike } from 'sluice/observable';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, macrotask, microtasks, PlainSignal, rejection, settled, thrown } from '../support.js';
import { type Implementation, implementations, type Sink } from './implementations.js';

afterEach(() => void vi.unstubAllGlobals());

const LOUD = { overflow: 'error' } as const;

/** Errors that were reported as uncaught. */
function uncaught(): unknown[] {
  const errors: unknown[] = [];
  vi.stubGlobal('reportError', (error: unknown) => void errors.push(error));
  return errors;
}

/** An Observable whose every subscription is seen from inside. */
function watched({ make }: Implementation, run: (sink: Sink<number>) => void = () => {}) {
  const seen = { sink: undefined as unknown as Sink<number>, subscribed: 0, torn: 0 };
  const observable = make<number>(
    (sink) => {
      seen.subscribed++;
      seen.sink = sink;
      run(sink);
    },
    () => void seen.torn++,
  );
  return { observable, seen };
}

/** Gives 1, 2, …, one a turn of the event loop, until nobody listens. */
async function tick(sink: Sink<number>, count: number): Promise<number> {
  let given = 0;
  while (given < count && !sink.closed) {
    await macrotask();
    if (!sink.closed) sink.next(++given);
  }
  return given;
}

describe.each(implementations)('fromObservable of $name', (implementation) => {
  it('subscribes once, in the call', () => {
    const { observable, seen } = watched(implementation);
    fromObservable(observable, 1, LOUD);
    expect(seen.subscribed).toBe(1);
  });

  it('gives what comes over time, in order, then its end; it is torn down once', async () => {
    const { observable, seen } = watched(implementation, (sink) => void tick(sink, 5).then(() => sink.complete()));
    const channel = fromObservable(observable, 2, LOUD);
    expect(await collect(channel)).toEqual([1, 2, 3, 4, 5]);
    expect(seen).toMatchObject({ subscribed: 1, torn: 1 });
  });

  it('gives what comes all at once, then its end; it is torn down once', async () => {
    const { observable, seen } = watched(implementation, (sink) => {
      for (let item = 1; item <= 5; item++) sink.next(item);
      sink.complete();
    });
    const channel = fromObservable(observable, 5, { ...LOUD, name: 'five' });
    await microtasks(); // zen buffers what is given in `subscribe`
    expect(channel.stats()).toMatchObject({ name: 'five', size: 5 });
    expect(channel.closed).toBe(true);
    expect(await collect(channel)).toEqual([1, 2, 3, 4, 5]);
    expect(seen.torn).toBe(1);
  });

  it('ends with its error, behind what is buffered; it is torn down once', async () => {
    const error = new Error('broken');
    for (const later of [false, true]) {
      const { observable, seen } = watched(implementation, (sink) => {
        const run = (): void => {
          sink.next(1);
          sink.error(error);
        };
        if (later) setImmediate(run);
        else run();
      });
      const channel = fromObservable(observable, 2, LOUD);
      expect(await channel.receive()).toBe(1);
      expect(await rejection(channel.receive())).toBe(error);
      expect(seen.torn).toBe(1);
    }
  });

  it('has failed where the error is undefined', async () => {
    const { observable } = watched(implementation, (sink) => sink.error(undefined));
    expect(String(await rejection(fromObservable(observable, 1, LOUD).receive()))).toContain('did not say why');
  });

  it('ends with what it throws as it is subscribed to', async () => {
    const { observable } = watched(implementation, () => fails('cannot begin'));
    expect(String(await rejection(fromObservable(observable, 1, LOUD).receive()))).toBe('Error: cannot begin');
  });

  it('is torn down in the call that stops it, at item k, once; it gives nothing more', async () => {
    const stops: [string, (channel: Channel<number>, abort: () => void) => void][] = [
      ['cancel', (channel) => channel.cancel('enough')],
      ['close', (channel) => channel.close()],
      ['dispose', (channel) => channel[Symbol.dispose]()],
      ['abort', (_channel, abort) => abort()],
    ];
    for (const [name, stop] of stops) {
      const controller = new AbortController();
      const { observable, seen } = watched(implementation);
      const channel = fromObservable(observable, 8, { ...LOUD, signal: controller.signal });
      const ticking = tick(seen.sink, 8);
      for (let item = 1; item <= 3; item++) expect(await channel.receive()).toBe(item);
      expect([name, seen.torn]).toEqual([name, 0]);
      stop(channel, () => controller.abort());
      expect([name, seen.torn, seen.sink.closed]).toEqual([name, 1, true]);
      expect(await ticking).toBe(3);
      stop(channel, () => controller.abort());
      expect([seen.torn, channel.ended]).toEqual([1, true]);
    }
  });

  it('is torn down once where it is stopped before the first item', async () => {
    const { observable, seen } = watched(implementation);
    const channel = fromObservable(observable, 1, LOUD);
    const ticking = tick(seen.sink, 3);
    channel.cancel();
    expect([seen.torn, await ticking]).toEqual([1, 0]);
  });

  it('is not subscribed to where the signal has aborted', async () => {
    const { observable, seen } = watched(implementation);
    const channel = fromObservable(observable, 1, { ...LOUD, signal: AbortSignal.abort('too late') });
    expect([seen.subscribed, channel.ended]).toEqual([0, true]);
    expect(await rejection(channel.receive())).toBe('too late');
  });

  it('is left by consume, and not by a loop over the channel', async () => {
    const { observable, seen } = watched(implementation);
    const channel = fromObservable(observable, 8, LOUD);
    const ticking = tick(seen.sink, 4);
    for await (const item of channel) if (item === 1) break;
    expect(seen.torn).toBe(0);
    for await (const item of channel.consume()) if (item === 3) break;
    expect([seen.torn, await ticking]).toEqual([1, 3]);
  });

  it('is let go of at an item that does not fit: the error is the end, behind what is buffered', async () => {
    const { observable, seen } = watched(implementation);
    const channel = fromObservable(observable, 2, LOUD);
    await tick(seen.sink, 5);
    expect([seen.torn, channel.closed]).toEqual([1, true]);
    expect(channel.drain()).toEqual([1, 2]);
    const error = await rejection(channel.receive());
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ value: 3 });
  });

  it('is stopped inside of subscribe where it can be; else what it still gives is dropped, and told', async () => {
    const { stopsInside, name } = implementation;
    const drops: [number, DropReason][] = [];
    let given = 0;
    const { observable, seen } = watched(implementation, (sink) => {
      while (given < 1_000 && !sink.closed) sink.next(++given);
      sink.complete();
    });
    const channel = fromObservable(observable, 2, { ...LOUD, onDrop: (...drop) => drops.push(drop) });
    await microtasks();
    expect(seen.torn).toBe(1);
    expect(channel.drain()).toEqual([1, 2]);
    expect(await rejection(channel.completion)).toMatchObject({ value: 3 });
    expect([name, given]).toEqual([name, stopsInside ? 3 : 1_000]);
    // What comes late is handed on by RxJS, and kept back by zen, which gives all of it after `subscribe`.
    const late = name.startsWith('RxJS 7') || name.startsWith('RxJS 8') ? 997 : 0;
    expect(drops).toHaveLength(late);
    expect(drops.every(([, why]) => why === 'cancel')).toBe(true);
    expect(channel.stats()).toMatchObject({ sent: 2 + late, received: 2, dropped: late });
  });

  it('is torn down where it was stopped inside of subscribe and would go on after it', async () => {
    const { observable, seen } = watched(implementation, (sink) => {
      for (let item = 1; item <= 3; item++) sink.next(item);
      void tick(sink, 5);
    });
    const channel = fromObservable(observable, 2, LOUD);
    await microtasks();
    expect([seen.torn, channel.closed]).toEqual([1, true]);
    await macrotask();
    await macrotask();
    expect(channel.stats()).toMatchObject({ sent: 2 });
  });

  it('drops by the policy, and merges by it', async () => {
    const run = (sink: Sink<number>): void => {
      for (let item = 1; item <= 5; item++) sink.next(item);
      sink.complete();
    };
    const merge: Coalesce<number> = { key: (item) => item % 2, coalesce: (queued, item) => queued + item };
    for (const [overflow, expected] of [
      ['drop-oldest', [4, 5]],
      ['drop-newest', [1, 2]],
      [merge, [9, 6]],
    ] as const) {
      const channel = fromObservable(watched(implementation, run).observable, 2, { overflow });
      await microtasks();
      expect(await collect(channel)).toEqual(expected);
    }
  });

  it('is stopped by a key that throws: the error is the end, and the item is dropped and told', async () => {
    const { observable, seen } = watched(implementation);
    const drops: number[] = [];
    const key = (item: number): number => (item === 2 ? fails('no key') : item);
    const channel = fromObservable(observable, 8, {
      overflow: { key, coalesce: (_, item) => item },
      onDrop: (item) => drops.push(item),
    });
    expect(await tick(seen.sink, 5)).toBe(2);
    expect([seen.torn, drops]).toEqual([1, [2]]);
    expect(await channel.receive()).toBe(1);
    expect(String(await rejection(channel.receive()))).toBe('Error: no key');
  });

  it('is stopped by another who aborts the signal while it gives an item', async () => {
    const signal = new PlainSignal();
    const { observable, seen } = watched(implementation, (sink) => {
      sink.next(1);
      signal.abort('enough');
      sink.next(2);
    });
    const drops: number[] = [];
    const channel = fromObservable(observable, 8, { ...LOUD, signal, onDrop: (item) => drops.push(item) });
    await microtasks();
    expect([seen.torn, channel.ended, channel.size]).toEqual([1, true, 0]);
    if (implementation.name !== 'zen-observable') expect(drops[0]).toBe(1);
    expect(signal.listeners.size).toBe(0);
  });
});

function fails(message: string): never {
  throw new Error(message);
}

describe('fromObservable', () => {
  const never: ObservableLike<number> = { subscribe() {} };

  it.each([
    [undefined, 1, LOUD, TypeError, 'source must be an Observable, got undefined'],
    [null, 1, LOUD, TypeError, 'source must be an Observable, got null'],
    ['text', 1, LOUD, TypeError, 'source must be an Observable, got "text"'],
    [{}, 1, LOUD, TypeError, 'source must be an Observable'],
    [[1], 1, LOUD, TypeError, 'source must be an Observable'],
    [never, 0, LOUD, RangeError, 'capacity must be an integer from 1'],
    [never, undefined, LOUD, RangeError, 'capacity must be an integer from 1'],
    [never, 1, undefined, TypeError, 'options.overflow must be named'],
    [never, 1, {}, TypeError, 'options.overflow must be named, since an Observable cannot slow down'],
    [never, 1, { overflow: 'wait' }, TypeError, 'options.overflow must be one of error, drop-oldest'],
    [never, 1, { overflow: 'reject' }, TypeError, 'options.overflow must be one of error, drop-oldest'],
    [never, 1, { overflow: 'error', onDrop: 1 }, TypeError, 'options.onDrop must be a function'],
    [never, 1, { overflow: 'error', signal: 1 }, TypeError, 'options.signal must be an AbortSignal'],
    [never, 1, { overflow: 'error', name: 1 }, TypeError, 'options.name must be a string'],
  ])('refuses %o with capacity %s and %o', (source, capacity, options, type, message) => {
    const error = thrown(() => fromObservable(source as never, capacity as never, options as never));
    expect(error).toBeInstanceOf(type);
    expect(String(error)).toContain(message);
  });

  it('infers the items of classes that overload subscribe, of structures, and of those that are asked for theirs', () => {
    const options = { overflow: 'drop-oldest' } as const;
    const channels: [Channel<number>, Channel<string>, Channel<boolean>, Channel<symbol>] = [
      fromObservable(new rxjs7.Subject<number>(), 1, options),
      fromObservable(new rxjs8.BehaviorSubject('a'), 1, options),
      fromObservable({ subscribe(_observer: ObserverLike<boolean>) {} }, 1, options),
      fromObservable<symbol>({ subscribe: (observer) => observer.complete?.() }, 1, options),
    ];
    const mapped = fromObservable(rxjs7.of(1).pipe(rxjs7.map(String)), 1, options);
    const text: Channel<string> = mapped;
    expect([...channels, text].every(({ capacity }) => capacity === 1)).toBe(true);
  });

  it('asks by Symbol.observable first, then by the string, then subscribes', async () => {
    const one = (item: string) => ({
      subscribe(observer: ObserverLike<string>) {
        observer.next?.(item);
        observer.complete?.();
      },
    });
    const string = { ...one('itself'), '@@observable': () => one('string') };
    expect(await collect(fromObservable(string, 1, LOUD))).toEqual(['string']);
    const symbol = Symbol('observable');
    Object.assign(Symbol, { observable: symbol });
    try {
      const both: InteropObservable<string> = { ...string, [symbol]: () => one('symbol') };
      expect(await collect(fromObservable(both, 1, LOUD))).toEqual(['symbol']);
      expect(await collect(fromObservable(string, 1, LOUD))).toEqual(['string']);
      expect(await collect(fromObservable(one('itself'), 1, LOUD))).toEqual(['itself']);
    } finally {
      delete (Symbol as { observable?: symbol }).observable;
    }
  });

  it('ends with the error of one that cannot be asked, or gives none', async () => {
    const channels = [
      fromObservable({ '@@observable': () => fails('no') } as never, 1, LOUD),
      fromObservable({ '@@observable': () => undefined } as never, 1, LOUD),
      fromObservable({ subscribe: () => fails('cannot') }, 1, LOUD),
    ];
    const errors = await Promise.all(channels.map(async (channel) => String(await rejection(channel.receive()))));
    expect(errors).toEqual([
      'Error: no',
      'TypeError: what the source gave as its Observable must be an Observable, got undefined',
      'Error: cannot',
    ]);
  });

  it('lets go of what a subscribe that throws has hung on the signal', () => {
    let signal: AbortSignal | undefined;
    fromObservable(
      {
        subscribe(_observer: ObserverLike<number>, options) {
          signal = options?.signal as AbortSignal;
          fails('half way');
        },
      },
      1,
      LOUD,
    );
    expect(signal?.aborted).toBe(true);
  });

  it('subscribes to one that can be iterated too: iterating it would buffer without bound', async () => {
    const iterated = vi.fn();
    class Iterable extends rxjs8.Observable<number> {
      override [Symbol.asyncIterator](): never {
        iterated();
        return fails('iterated');
      }
    }
    const source = new Iterable((subscriber) => {
      subscriber.next(1);
      subscriber.complete();
    });
    expect(await collect(fromObservable(source, 1, LOUD))).toEqual([1]);
    expect(iterated).not.toHaveBeenCalled();
  });

  it('takes the subscription early where that is given to start, and unsubscribes once', () => {
    const unsubscribe = vi.fn();
    const given: number[] = [];
    const channel = fromObservable(
      {
        subscribe(observer: ObserverLike<number>) {
          const subscription = { unsubscribe };
          observer.start?.(subscription);
          for (let item = 1; item <= 9 && unsubscribe.mock.calls.length === 0; item++) {
            given.push(item);
            observer.next?.(item);
          }
          return subscription;
        },
      },
      2,
      LOUD,
    );
    expect([given, unsubscribe.mock.calls.length]).toEqual([[1, 2, 3], 1]);
    channel.cancel();
    expect(unsubscribe).toHaveBeenCalledOnce();
  });

  it('takes a function for the end of a subscription', () => {
    const unsubscribe = vi.fn();
    const channel = fromObservable({ subscribe: () => unsubscribe }, 1, LOUD);
    expect(unsubscribe).not.toHaveBeenCalled();
    channel.cancel();
    expect(unsubscribe).toHaveBeenCalledOnce();
  });

  it('does not touch one that is over by itself', () => {
    for (const end of ['complete', 'error'] as const) {
      const unsubscribe = vi.fn();
      let signal: AbortSignal | undefined;
      let observer: ObserverLike<number> = {};
      const channel = fromObservable(
        {
          subscribe(given: ObserverLike<number>, options) {
            observer = given;
            signal = options?.signal as AbortSignal;
            return { unsubscribe };
          },
        },
        1,
        LOUD,
      );
      observer[end]?.(new Error('failed'));
      channel.cancel();
      expect([unsubscribe.mock.calls.length, signal?.aborted]).toEqual([0, false]);
    }
  });

  it('lets go in both ways, though each of them throws', () => {
    const errors = uncaught();
    const abort = vi.fn();
    const channel = fromObservable(
      {
        subscribe(_observer: ObserverLike<number>, options) {
          options?.signal?.addEventListener('abort', abort);
          return { unsubscribe: () => fails('cannot unsubscribe') };
        },
      },
      1,
      LOUD,
    );
    channel.cancel();
    expect([abort.mock.calls.length, channel.ended, errors.map(String)]).toEqual([
      1,
      true,
      ['Error: cannot unsubscribe'],
    ]);
  });

  it('drops, and tells of, what an Observable gives that does not keep to its end', async () => {
    const drops: number[] = [];
    let observer: ObserverLike<number> = {};
    const source = { subscribe: (given: ObserverLike<number>) => void (observer = given) };
    const channel = fromObservable(source, 4, { ...LOUD, onDrop: (item) => drops.push(item) });
    observer.next?.(1);
    observer.complete?.();
    observer.next?.(2);
    observer.error?.(new Error('later'));
    expect(await settled(collect(channel))).toEqual({ state: 'fulfilled', result: [1] });
    expect(drops).toEqual([2]);
  });

  it('lets those who send to the channel know that it is closed', async () => {
    const channel = fromObservable(rxjs7.of(1), 4, LOUD);
    expect(await rejection(channel.send(2))).toBeInstanceOf(ChannelClosedError);
  });
});

// What goes wrong with Observables elsewhere, and what this bridge makes of it.

describe('known traps', () => {
  it('a fast producer and a slow consumer: memory is bounded, and the loss is counted', async () => {
    const subject = new rxjs7.Subject<number>();
    const channel = fromObservable(subject, 16, { overflow: 'drop-oldest' });
    for (let item = 1; item <= 10_000; item++) subject.next(item);
    expect(channel.stats()).toMatchObject({ size: 16, peakSize: 16, sent: 10_000, dropped: 9_984 });
    expect(channel.drain().at(-1)).toBe(10_000);
    expect(subject.observed).toBe(true);
    channel.cancel();
    expect(subject.observed).toBe(false);
  });

  it('an iterator over an Observable buffers without bound, or loses a burst: a channel does neither unsaid', async () => {
    const subject = new rxjs8.Subject<number>();
    const iterator = subject[Symbol.asyncIterator]();
    void iterator.next();
    const channel = fromObservable(subject, 16, LOUD);
    for (let item = 1; item <= 17; item++) subject.next(item);
    expect(channel.drain()).toHaveLength(16);
    expect(await rejection(channel.receive())).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 17 });
    expect(await iterator.next()).toEqual({ done: false, value: 2 }); // and 15 more are kept for nobody
    void iterator.return?.();
    expect(subject.observed).toBe(false);
  });

  it('an endless synchronous source: stops where it runs on a scheduler, or is cut by take', async () => {
    const endless = new rxjs7.Observable<number>((subscriber) => {
      for (let item = 1; item <= 100_000 && !subscriber.closed; item++) subscriber.next(item);
    });
    const cut = fromObservable(endless.pipe(rxjs7.take(3)), 4, LOUD);
    expect(await collect(cut)).toEqual([1, 2, 3]);
    const naturals = function* (): Generator<number> {
      for (let item = 1; ; item++) yield item;
    };
    const scheduled = fromObservable(rxjs7.scheduled(naturals(), rxjs7.asyncScheduler), 4, LOUD);
    expect(await scheduled.receive()).toBe(1);
    scheduled.cancel();
    expect(scheduled.stats().sent).toBeLessThan(10);
  });

  it('from(asyncIterable) pulls past a slow consumer: poured into a channel itself, the iterable waits', async () => {
    let pulled = 0;
    let returned = 0;
    const items = async function* (): AsyncGenerator<number> {
      try {
        while (pulled < 500) yield ++pulled;
      } finally {
        returned++;
      }
    };
    const slow = rxjs7.from(items()).pipe(rxjs7.concatMap(() => rxjs7.NEVER));
    const subscription = slow.subscribe();
    await macrotask();
    await macrotask();
    expect(pulled).toBe(500);
    subscription.unsubscribe();
    const { Channel: Ours } = await import('sluice');
    pulled = returned = 0;
    const channel = Ours.from(items(), 4);
    await macrotask();
    expect(pulled).toBe(5); // what is buffered, and one in hand
    channel.cancel();
    await macrotask();
    expect(returned).toBe(1);
  });

  it('a generator behind from is returned when the channel is cancelled', async () => {
    let returned = 0;
    const items = async function* (): AsyncGenerator<number> {
      try {
        for (let item = 1; ; item++) {
          yield item;
          await macrotask();
        }
      } finally {
        returned++;
      }
    };
    const channel = fromObservable(rxjs7.from(items()), 4, LOUD);
    expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
    channel.cancel();
    for (let i = 0; i < 5 && returned === 0; i++) await macrotask();
    expect(returned).toBe(1);
  });

  it('one that has ended while nobody awaited it keeps its items and its error', async () => {
    const channel = fromObservable(
      rxjs7.concat(
        rxjs7.of(1, 2),
        rxjs7.throwError(() => new Error('broken')),
      ),
      4,
      LOUD,
    );
    await macrotask();
    expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
    expect(String(await rejection(channel.receive()))).toBe('Error: broken');
  });

  it('a chain of operators is torn down to its source', async () => {
    let torn = 0;
    const source = new rxjs7.Observable<number>((subscriber) => {
      const timer = setInterval(() => subscriber.next(1), 1);
      return () => {
        torn++;
        clearInterval(timer);
      };
    });
    const shared = source.pipe(
      rxjs7.map((item) => item + 1),
      rxjs7.share(),
    );
    const [a, b] = [fromObservable(shared, 64, LOUD), fromObservable(shared, 64, LOUD)];
    expect([await a.receive(), await b.receive()]).toEqual([2, 2]);
    a.cancel();
    expect(torn).toBe(0);
    b.cancel();
    expect(torn).toBe(1);
  });
});
