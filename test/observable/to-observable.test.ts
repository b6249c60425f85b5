// A receiver as an Observable, by itself and in the hands of all implementations.

import * as rxjs7 from 'rxjs';
import * as rxjs8 from 'rxjs8';
import { Channel, ChannelClosedError, type Receiver } from 'sluice';
import { flow } from 'sluice/flow';
import { fromObservable, type ObservableLike, type ObserverLike, toObservable } from 'sluice/observable';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  collect,
  full,
  letsTimersFire,
  macrotask,
  microtasks,
  PlainSignal,
  rejection,
  thrown,
  watch,
} from '../support.js';
import { implementations } from './implementations.js';

afterEach(() => void vi.unstubAllGlobals());

/** Errors that were reported as uncaught. */
function uncaught(): unknown[] {
  const errors: unknown[] = [];
  vi.stubGlobal('reportError', (error: unknown) => void errors.push(error));
  return errors;
}

/** An observer that writes down what it is told. */
function watched<T>(onNext: (item: T) => void = () => {}) {
  const log: unknown[] = [];
  const observer: Required<Omit<ObserverLike<T>, 'start'>> = {
    next(item) {
      log.push(item);
      onNext(item);
    },
    error: (error) => void log.push(['error', error]),
    complete: () => void log.push('complete'),
  };
  return { observer, log };
}

/** A receiver without the seam. */
function foreign<T>(channel: Channel<T>): Receiver<T> {
  return {
    receive: (options) => channel.receive(options),
    cancel: (reason) => channel.cancel(reason),
    [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
  };
}

function fails(message: string): never {
  throw new Error(message);
}

/** As each implementation leaves: by what it returned, and by the signal. */
function leaving(observable: ObservableLike<number>, observer: ObserverLike<number>): () => void {
  const controller = new AbortController();
  const subscription = observable.subscribe(observer, { signal: controller.signal }) as
    | { unsubscribe?(): void }
    | undefined;
  return () => {
    controller.abort();
    subscription?.unsubscribe?.();
  };
}

describe.each(implementations)('toObservable, in the hands of $name', ({ adopt, make }) => {
  it('gives all items, in order, then completes', async () => {
    const channel = new Channel<number>(2);
    const { observer, log } = watched<number>();
    adopt(toObservable(channel)).subscribe(observer);
    await channel.sendAll([1, 2, 3, 4, 5]);
    channel.close();
    await macrotask();
    expect(log).toEqual([1, 2, 3, 4, 5, 'complete']);
    expect(channel.stats()).toMatchObject({ received: 5, waitingReceivers: 0 });
  });

  it('gives what is there, then fails with its error', async () => {
    const channel = full(2);
    channel.close('broken');
    const { observer, log } = watched<number>();
    adopt(toObservable(channel)).subscribe(observer);
    await macrotask();
    expect(log).toEqual([1, 2, ['error', 'broken']]);
  });

  it('is cold: takes nothing before it is subscribed to', async () => {
    const channel = full(2);
    adopt(toObservable(channel));
    await macrotask();
    expect(channel.size).toBe(2);
  });

  it('is left before the first item: nothing was taken, and the channel is cancelled', async () => {
    const channel = full(2);
    const send = channel.send(3);
    const { observer, log } = watched<number>();
    const leave = leaving(adopt(toObservable(channel)), observer);
    leave();
    expect(await rejection(send)).toBeInstanceOf(ChannelClosedError);
    await macrotask();
    expect([log, channel.ended, channel.stats().received]).toEqual([[], true, 0]);
  });

  it('is left at item k, from inside of it: the rest stays, where it does not cancel', async () => {
    for (const cancel of [true, false]) {
      const channel = full(6);
      let leave = (): void => {};
      const { observer, log } = watched<number>((item) => item === 3 && leave());
      leave = leaving(adopt(toObservable(channel, { cancel })), observer);
      await macrotask();
      expect(log).toEqual([1, 2, 3]);
      expect(channel.ended).toBe(cancel);
      if (!cancel) expect(channel.drain()).toEqual([4, 5, 6]);
      expect(channel.stats().waitingReceivers).toBe(0);
    }
  });

  it('is left right after a send: the item stays', async () => {
    for (let race = 0; race < 20; race++) {
      const channel = new Channel<number>(1);
      const { observer, log } = watched<number>();
      const leave = leaving(adopt(toObservable(channel, { cancel: false })), observer);
      for (let i = 0; i < race; i++) await undefined;
      channel.trySend(1);
      leave();
      await macrotask();
      expect([log, channel.drain()]).toEqual([[], [1]]);
    }
  });

  it('comes back as the same items, through theirs and a channel', async () => {
    const items = Array.from({ length: 500 }, (_, i) => i);
    const theirs = adopt(toObservable(Channel.from(items, 8)));
    expect(await collect(fromObservable(theirs, 500, { overflow: 'error' }))).toEqual(items);
  });

  it('is a source for one of theirs, written by hand', async () => {
    const ours = toObservable(full(3), { cancel: false });
    const theirs = make<number>((sink) => void ours.subscribe(sink));
    const { observer, log } = watched<number>();
    theirs.subscribe(observer);
    await macrotask();
    expect(log).toEqual([1, 2, 3]);
  });
});

describe('toObservable', () => {
  it('is found by Symbol.observable and by the string, whichever is looked for', () => {
    const early = toObservable(full(1));
    expect((early as never)['@@observable']).toBeTypeOf('function');
    expect((early as unknown as Record<string, () => unknown>)['@@observable']?.()).toBe(early);
    const symbol = Symbol('observable');
    Object.assign(Symbol, { observable: symbol });
    try {
      const later = toObservable(full(1));
      expect([later[symbol]?.(), (later as unknown as Record<string, () => unknown>)['@@observable']?.()]).toEqual([
        later,
        later,
      ]);
    } finally {
      delete (Symbol as { observable?: symbol }).observable;
    }
    expect(Object.keys(early)).toEqual(['subscribe']);
  });

  it('is one of the inputs of from, also by its type', async () => {
    const seven: rxjs7.Observable<number> = rxjs7.from(toObservable(full(1), { cancel: false }));
    const eight: rxjs8.Observable<number> = rxjs8.from(toObservable(full(2), { cancel: false }));
    expect(await rxjs7.firstValueFrom(seven)).toBe(1);
    expect(await rxjs8.firstValueFrom(eight.pipe(rxjs8.map((item) => item + 1)))).toBe(2);
  });

  it('cancels the channel where take has had enough', async () => {
    const channel = full(5);
    const items = rxjs7.from(toObservable(channel)).pipe(rxjs7.take(3), rxjs7.toArray());
    expect(await rxjs7.firstValueFrom(items)).toEqual([1, 2, 3]);
    expect(channel.ended).toBe(true);
    expect(channel.stats()).toMatchObject({ received: 3, dropped: 2 });
  });

  it('hands nothing out inside of subscribe, nor inside of the producer', async () => {
    const channel = full(1);
    const { observer, log } = watched<number>();
    toObservable(channel).subscribe(observer);
    expect(log).toEqual([]);
    await macrotask();
    channel.trySend(2);
    expect(log).toEqual([1]);
    await macrotask();
    expect(log).toEqual([1, 2]);
  });

  it('takes a function for next', async () => {
    const log: number[] = [];
    toObservable(full(2), { cancel: false }).subscribe((item) => log.push(item));
    await macrotask();
    expect(log).toEqual([1, 2]);
  });

  it('calls the methods of an observer as its methods, each of which may be missing', async () => {
    class Counting {
      count = 0;
      next(): void {
        this.count++;
      }
    }
    const counting = new Counting();
    const channel = full(3);
    channel.close();
    toObservable(channel).subscribe(counting);
    await macrotask();
    expect(counting.count).toBe(3);
    const ignored = full(3);
    toObservable(ignored, { cancel: false }).subscribe({});
    toObservable(ignored, { cancel: false }).subscribe(undefined as never);
    await macrotask();
    expect(ignored.stats()).toMatchObject({ size: 0, received: 3 });
  });

  it('gives a subscription that is closed once it is over: left, completed, failed', async () => {
    const left = toObservable(full(1)).subscribe({});
    expect(left.closed).toBe(false);
    const { unsubscribe } = left;
    unsubscribe();
    unsubscribe();
    expect(left.closed).toBe(true);
    for (const reason of [undefined, 'broken']) {
      const channel = new Channel<number>(1);
      let closed: boolean | undefined;
      const see = (): void => void (closed = subscription.closed);
      const subscription = toObservable(channel).subscribe({ complete: see, error: see });
      channel.close(reason);
      await macrotask();
      expect([closed, subscription.closed]).toEqual([true, true]);
    }
    const channel = full(1);
    toObservable(channel).subscribe({})[Symbol.dispose]();
    expect(channel.ended).toBe(true);
  });

  it('gives the subscription to start, before the first item; it can be left there', async () => {
    const channel = full(2);
    const { observer, log } = watched<number>();
    toObservable(channel).subscribe({ ...observer, start: (subscription) => subscription.unsubscribe() });
    await macrotask();
    expect([log, channel.ended, channel.stats().received]).toEqual([[], true, 0]);
  });

  it('hears nothing more once it has left, not of the end either', async () => {
    const channel = full(1);
    const { observer, log } = watched<number>();
    const subscription = toObservable(channel, { cancel: false }).subscribe(observer);
    await macrotask();
    channel.close(new Error('broken'));
    subscription.unsubscribe();
    await macrotask();
    expect(log).toEqual([1]);
  });

  it('leaves by a signal, with its reason for the producer; lets go of it at the end', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    const send = channel.send(2);
    toObservable(channel).subscribe({}, { signal: signal as never });
    signal.abort('enough');
    expect(await rejection(send)).toMatchObject({ cause: 'enough', value: 2 });
    const ending = new PlainSignal();
    const other = full(1);
    toObservable(other).subscribe({}, { signal: ending as never });
    expect(ending.listeners.size).toBe(1);
    other.close();
    await macrotask();
    expect([ending.listeners.size, signal.listeners.size]).toEqual([0, 0]);
  });

  it('never begins where the signal has aborted: nothing is taken, or cancelled', async () => {
    const channel = full(1);
    const { observer, log } = watched<number>();
    const subscription = toObservable(channel).subscribe(observer, { signal: AbortSignal.abort() });
    await macrotask();
    expect([subscription.closed, log, channel.size, channel.ended]).toEqual([true, [], 1, false]);
  });

  it('leaves by a signal that aborts inside of start, or while the error of another abort is on its way', async () => {
    const channel = full(2);
    const inside = new AbortController();
    const { observer, log } = watched<number>(() => inside.abort('enough'));
    const begun = { ...observer, start: () => inside.abort('enough') };
    const subscription = toObservable(channel, { cancel: false }).subscribe(begun, { signal: inside.signal });
    await macrotask();
    expect([subscription.closed, log, channel.size]).toEqual([true, [], 2]);
    const later = new AbortController();
    const failing = watched<number>();
    toObservable(channel, { signal: AbortSignal.abort('over'), cancel: false }).subscribe(failing.observer, {
      signal: later.signal,
    });
    later.abort('enough');
    await macrotask();
    expect(failing.log).toEqual([]);
  });

  it('shares the items among all who subscribe, and whoever else receives, in their turns', async () => {
    const channel = new Channel<number>(4);
    const observable = toObservable(channel, { cancel: false });
    const [a, b] = [watched<number>(), watched<number>()];
    const leave = observable.subscribe(a.observer);
    observable.subscribe(b.observer);
    const receive = channel.receive();
    for (let item = 1; item <= 4; item++) channel.trySend(item);
    await macrotask();
    expect(await receive).toBe(3);
    expect([...a.log, ...b.log].sort((x, y) => Number(x) - Number(y))).toEqual([1, 2, 4]);
    expect([a.log[0], b.log[0]]).toEqual([1, 2]);
    leave.unsubscribe();
    channel.trySend(5);
    channel.close();
    await macrotask();
    expect(b.log.slice(-2)).toEqual([5, 'complete']);
  });

  it('reports what an observer throws, and goes on', async () => {
    const errors = uncaught();
    const channel = full(2);
    channel.close('broken');
    const log: unknown[] = [];
    toObservable(channel).subscribe({
      start: () => fails('start'),
      next: (item) => (log.push(item), fails(`next ${item}`)),
      error: (error) => (log.push(error), fails('error')),
    });
    const quiet = new Channel<number>(1);
    quiet.close();
    toObservable(quiet).subscribe({ complete: () => fails('complete') });
    await macrotask();
    expect(log).toEqual([1, 2, 'broken']);
    expect(errors.map(String).sort()).toEqual([
      'Error: complete',
      'Error: error',
      'Error: next 1',
      'Error: next 2',
      'Error: start',
    ]);
  });

  it('reports an error that nobody listens to', async () => {
    const errors = uncaught();
    const channel = new Channel<number>(1);
    toObservable(channel).subscribe(() => {});
    channel.close('broken');
    await macrotask();
    expect(errors).toEqual(['broken']);
  });

  it('may be used from inside an observer: the channel, and a subscription of its own', async () => {
    const channel = full(1);
    const observable = toObservable(channel, { cancel: false });
    const inner = watched<number>();
    const { observer, log } = watched<number>((item) => {
      if (item > 1) return;
      observable.subscribe(inner.observer);
      channel.trySend(2);
      channel.close();
    });
    observable.subscribe(observer);
    await macrotask();
    expect([...log, ...inner.log].filter((each) => each !== 'complete')).toEqual([1, 2]);
    expect([log.at(-1), inner.log.at(-1)]).toEqual(['complete', 'complete']);
  });

  it('is no faster than what is before it: one at a time is a matter of the flow', async () => {
    let running = 0;
    let most = 0;
    const slow = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      await macrotask();
      running--;
      return item;
    };
    const channel = new Channel<number>(1);
    flow(Channel.from([1, 2, 3, 4], 1))
      .map(slow)
      .to(channel)
      .catch(fails);
    const { observer, log } = watched<number>();
    toObservable(channel).subscribe(observer);
    for (let i = 0; i < 50 && log.length < 5; i++) await macrotask();
    expect([log, most]).toEqual([[1, 2, 3, 4, 'complete'], 1]);
  });

  it('lets timers fire, however busy it is', async () => {
    const channel = full(100);
    const fired = await letsTimersFire((going) => {
      const done = new Promise<void>((resolve) => {
        toObservable(channel).subscribe(() => {
          channel.trySend(0);
          if (!going()) resolve();
        });
      });
      return [done];
    });
    expect(fired).toBe(true);
    channel.cancel();
  });

  it('is iterated as well, with back-pressure; whoever leaves cancels, or not', async () => {
    for (const cancel of [true, false]) {
      const channel = full(4);
      for await (const item of toObservable(channel, { cancel })) if (item === 2) break;
      expect([channel.ended, channel.stats().received]).toEqual([cancel, 2]);
    }
    const failing = full(1);
    failing.close('broken');
    expect(await rejection(collect(toObservable(failing)))).toBe('broken');
  });

  it('gives an iteration one item for each next, in order, and one error; then it is done', async () => {
    const channel = full(2);
    const items = toObservable(channel)[Symbol.asyncIterator]();
    const steps = [items.next(), items.next(), items.next(), items.next()].map(watch);
    channel.close('broken');
    await macrotask();
    expect(steps.map(({ result }) => result)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      'broken',
      { done: true, value: undefined },
    ]);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    const quiet = new Channel<number>(1);
    const last = toObservable(quiet)[Symbol.asyncIterator]();
    const ends = [last.next(), last.next()];
    quiet.close();
    expect(await Promise.all(ends)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it('takes nothing for an iteration that is left before its item has come, and strands no next', async () => {
    for (const cancel of [true, false]) {
      const channel = full(1);
      const items = toObservable(channel, { cancel })[Symbol.asyncIterator]();
      const next = items.next();
      await items.return?.();
      await items.return?.();
      expect(await next).toEqual({ done: true, value: undefined });
      expect([channel.ended, channel.size, channel.stats().received]).toEqual([cancel, cancel ? 0 : 1, 0]);
    }
  });

  it('fails an iteration with the reason of the signal, at a next that waits or at the one that comes', async () => {
    const signal = new PlainSignal();
    const channel = new Channel<number>(1);
    const observable = toObservable(channel, { signal, cancel: false });
    const [waiting, idle] = [observable[Symbol.asyncIterator](), observable[Symbol.asyncIterator]()];
    const next = rejection(waiting.next());
    signal.abort('enough');
    expect([await next, await rejection(idle.next())]).toEqual(['enough', 'enough']);
    expect(await idle.next()).toEqual({ done: true, value: undefined });
    expect([channel.ended, channel.stats().waitingReceivers]).toEqual([false, 0]);
  });

  it.each([
    [undefined, undefined, 'source must be a Receiver'],
    [{}, undefined, 'source must be a Receiver'],
    [full(1), null, 'options must be an object'],
    [full(1), { cancel: 1 }, 'options.cancel must be a boolean'],
    [full(1), { onDrop: 1 }, 'options.onDrop must be a function'],
    [full(1), { signal: 1 }, 'options.signal must be an AbortSignal'],
  ])('refuses %o with %o', (source, options, message) => {
    const error = thrown(() => toObservable(source as never, options as never));
    expect([error instanceof TypeError, String(error)]).toEqual([true, expect.stringContaining(message)]);
  });

  it('refuses an observer that is none, and a signal that is none', () => {
    const observable = toObservable(full(1));
    expect(String(thrown(() => observable.subscribe(1 as never)))).toContain(
      'observer must be an object or a function',
    );
    expect(String(thrown(() => observable.subscribe({}, { signal: 1 as never })))).toContain('an AbortSignal');
  });
});

describe('the signal of toObservable', () => {
  it('is the error of all who are subscribed, and cancels the channel with its reason', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    const send = channel.send(2);
    const [a, b] = [watched<number>(() => signal.abort('enough')), watched<number>()];
    const observable = toObservable(channel, { signal });
    observable.subscribe(a.observer);
    observable.subscribe(b.observer);
    await macrotask();
    expect([a.log, b.log]).toEqual([[1, ['error', 'enough']], [['error', 'enough']]]);
    expect(channel.ended).toBe(true);
    await send.catch((error: unknown) => expect(error).toBeInstanceOf(ChannelClosedError));
    const late = watched<number>();
    const subscription = observable.subscribe(late.observer);
    expect([late.log, subscription.closed]).toEqual([[], false]);
    await microtasks();
    expect([late.log, subscription.closed]).toEqual([[['error', 'enough']], true]);
    const left = watched<number>();
    observable.subscribe(left.observer).unsubscribe();
    await microtasks();
    expect(left.log).toEqual([]);
    expect(await rejection(collect(observable))).toBe('enough');
  });

  it('leaves the channel alone, where it is only borrowed', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    const { observer, log } = watched<number>();
    toObservable(channel, { signal, cancel: false }).subscribe(observer);
    signal.abort('enough');
    await macrotask();
    expect([log, channel.size, channel.ended]).toEqual([[['error', 'enough']], 1, false]);
  });

  it('cancels a channel that nobody is subscribed to, at once where it has aborted', () => {
    const signal = new PlainSignal();
    const channel = full(1);
    toObservable(channel, { signal });
    signal.abort('enough');
    expect(channel.ended).toBe(true);
    const other = full(1);
    toObservable(other, { signal: AbortSignal.abort('too late') });
    expect(other.ended).toBe(true);
  });

  it('is let go of when the channel ends, though nobody is subscribed', async () => {
    const signal = new PlainSignal();
    const channel = full(1);
    toObservable(channel, { signal });
    expect(signal.listeners.size).toBe(1);
    channel.close();
    channel.drain();
    await macrotask();
    expect(signal.listeners.size).toBe(0);
  });
});

describe('toObservable of another receiver', () => {
  it('gives its items and its end', async () => {
    for (const reason of [undefined, 'broken']) {
      const channel = full(3);
      channel.close(reason);
      const { observer, log } = watched<number>();
      toObservable(foreign(channel)).subscribe(observer);
      await macrotask();
      expect(log).toEqual([1, 2, 3, reason === undefined ? 'complete' : ['error', reason]]);
    }
  });

  it('takes one at a time, and hands an item that comes too late to onDrop', async () => {
    const channel = full(3);
    const drops: unknown[] = [];
    const onDrop = (...drop: unknown[]): void => void drops.push(drop);
    const { observer, log } = watched<number>();
    const subscription = toObservable(foreign(channel), { cancel: false, onDrop }).subscribe(observer);
    expect(channel.size).toBe(2);
    subscription.unsubscribe();
    await macrotask();
    expect([log, drops, channel.size]).toEqual([[], [[1, 'cancel']], 2]);
  });

  it('gives up its wait as it leaves, and cancels it', async () => {
    const channel = new Channel<number>(1);
    const subscription = toObservable(foreign(channel)).subscribe({});
    expect(channel.stats().waitingReceivers).toBe(1);
    subscription.unsubscribe();
    expect([channel.stats().waitingReceivers, channel.ended]).toEqual([0, true]);
  });
});
