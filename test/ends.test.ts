// How a channel ends: close, close(error), cancel, disposal, the option signal; and how completion and signal tell of it.

import { getEventListeners } from 'node:events';
import { Channel, type DropReason } from 'sluice';
import { describe, expect, it, vi } from 'vitest';
import { collect, full, macrotask, microtasks, PlainSignal, rejection, settled, watch } from './support.js';

const REASONS: [string, unknown][] = [
  ['an error', new Error('reason')],
  ['null', null],
  ['0', 0],
  ["''", ''],
  ['false', false],
  ['an object', { why: 'reason' }],
];

describe('close', () => {
  it('delivers what is buffered and what blocked sends hold, in order, then the end', async () => {
    for (const capacity of [0, 1, 3]) {
      const channel = full(capacity);
      const sends = [1, 2].map((more) => watch(channel.send(capacity + more)));
      channel.close();
      expect(channel).toMatchObject({ closed: true, ended: false });
      expect(await collect(channel)).toEqual(Array.from({ length: capacity + 2 }, (_, i) => i + 1));
      await microtasks();
      expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
      expect(channel.ended).toBe(true);
    }
  });

  it('ends an empty channel at once, and whoever waits to receive', async () => {
    const channel = new Channel<number>(1);
    const waits = [
      watch(channel.receive()),
      watch(channel.receiveMany(3)),
      watch(channel[Symbol.asyncIterator]().next()),
      watch(channel.batches(2).next()),
    ];
    channel.close();
    expect(channel.ended).toBe(true);
    await microtasks();
    expect(waits.map(({ result }) => result)).toEqual([
      undefined,
      [],
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
    expect(waits.every(({ state }) => state === 'fulfilled')).toBe(true);
  });

  it('ends a closed channel when its last blocked send gives up', async () => {
    const channel = new Channel<number>(0);
    const controller = new AbortController();
    const send = watch(channel.send(1, { signal: controller.signal }));
    channel.close();
    expect(channel.ended).toBe(false);
    controller.abort('gave up');
    expect(channel.ended).toBe(true);
    expect(await channel.receive()).toBeUndefined();
    expect(send.result).toBe('gave up');
    expect((await settled(channel.completion)).state).toBe('fulfilled');
  });

  it('refuses sends from then on', async () => {
    const channel = full(2);
    channel.close();
    channel.tryReceive();
    expect(await rejection(channel.send(3))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      value: 3,
    });
    expect(channel.trySend(3)).toBe(false);
    expect(await rejection(channel.sendAll([3]))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
    });
  });

  it('the first of several decides', async () => {
    const channel = full(1);
    channel.close();
    channel.close(new Error('second'));
    expect(await collect(channel)).toEqual([1]);
    const failed = full(1);
    failed.close('first');
    failed.close('second');
    failed.close();
    failed.drain();
    expect(await rejection(failed.receive())).toBe('first');
  });

  it('does nothing after a cancel', async () => {
    const channel = new Channel(1);
    channel.cancel();
    channel.close(new Error('late'));
    expect(await channel.receive()).toBeUndefined();
  });

  it.each(REASONS)('with %s: what is left, then receivers reject with it, each time', async (_name, reason) => {
    const channel = full(1);
    channel.close(reason);
    expect(await channel.receive()).toBe(1);
    const iterator = channel[Symbol.asyncIterator]();
    for (const receive of [
      () => channel.receive(),
      () => channel.receiveMany(1),
      () => iterator.next(),
      () => iterator.next(),
      () => channel.batches(1).next(),
      () => channel.completion,
    ]) {
      expect(await rejection(receive())).toBe(reason);
    }
  });

  it.each(REASONS)('with %s rejects those who wait to receive', async (_name, reason) => {
    const channel = new Channel<number>(1);
    const waits = [channel.receive(), channel.receiveMany(1), channel[Symbol.asyncIterator]().next()].map(rejection);
    channel.close(reason);
    expect(await Promise.all(waits)).toEqual([reason, reason, reason]);
  });

  it.each(REASONS)('with %s is the cause of what later sends reject with', async (_name, reason) => {
    const channel = new Channel<number>(1);
    channel.close(reason);
    expect((await rejection(channel.send(1))) as Error).toMatchObject({
      cause: reason,
      value: 1,
    });
  });

  it('with undefined is a quiet one', async () => {
    const channel = new Channel<number>(1);
    channel.close(undefined);
    expect(await channel.receive()).toBeUndefined();
    expect(Object.hasOwn((await rejection(channel.send(1))) as object, 'cause')).toBe(false);
  });

  it('tells onDrop nothing', () => {
    const onDrop = vi.fn();
    const channel = full(2, { onDrop });
    channel.close();
    channel.drain();
    expect(onDrop).not.toHaveBeenCalled();
  });
});

describe('cancel', () => {
  it('ends at once: buffered items go to onDrop, blocked sends reject with their item, receives end', async () => {
    const dropped: [number, DropReason][] = [];
    const channel = full(2, {
      onDrop: (item, why) => dropped.push([item, why]),
    });
    const sends = [channel.send(3), channel.send(4)].map(rejection);
    channel.cancel();
    expect(channel).toMatchObject({ closed: true, ended: true, size: 0 });
    expect(dropped).toEqual([
      [1, 'cancel'],
      [2, 'cancel'],
    ]);
    expect(await Promise.all(sends)).toMatchObject([
      { code: 'ERR_SLUICE_CLOSED', value: 3 },
      { code: 'ERR_SLUICE_CLOSED', value: 4 },
    ]);
    expect(await channel.receive()).toBeUndefined();
    expect(channel.stats()).toMatchObject({
      sent: 2,
      dropped: 2,
      received: 0,
      waitingSenders: 0,
    });
  });

  it('ends those who wait to receive quietly', async () => {
    const channel = new Channel<number>(1);
    const waits = [channel.receive(), channel.receiveMany(1), channel[Symbol.asyncIterator]().next()];
    channel.cancel();
    expect(await Promise.all(waits)).toEqual([undefined, [], { value: undefined, done: true }]);
  });

  it.each(REASONS)('with %s rejects receivers with it, and it is the cause of refused sends', async (_name, reason) => {
    const channel = full(1);
    const blocked = rejection(channel.send(2));
    channel.cancel(reason);
    expect(await blocked).toMatchObject({ cause: reason, value: 2 });
    expect(await rejection(channel.receive())).toBe(reason);
    expect(await rejection(channel.completion)).toBe(reason);
    expect(await rejection(channel.send(3))).toMatchObject({
      cause: reason,
      value: 3,
    });
    expect(channel.signal.reason).toBe(reason);
    const waiting = new Channel<number>(1);
    const receive = rejection(waiting.receive());
    waiting.cancel(reason);
    expect(await receive).toBe(reason);
  });

  it('the first of several decides', async () => {
    const channel = new Channel(1);
    channel.cancel('first');
    channel.cancel('second');
    channel.cancel();
    expect(await rejection(channel.receive())).toBe('first');
    const quiet = new Channel(1);
    quiet.cancel();
    quiet.cancel('late');
    expect(await quiet.receive()).toBeUndefined();
  });

  it('after a close cancels what is undelivered, and its reason replaces the error', async () => {
    const dropped: number[] = [];
    const channel = full(1, { onDrop: (item) => dropped.push(item) });
    const blocked = rejection(channel.send(2));
    channel.close('error');
    channel.cancel('reason');
    expect(dropped).toEqual([1]);
    expect(await blocked).toMatchObject({ value: 2, cause: 'reason' });
    expect(await rejection(channel.receive())).toBe('reason');
    expect(await rejection(channel.completion)).toBe('reason');
    expect(channel.signal.aborted).toBe(true);
  });

  it('without a reason after close(error) makes the end quiet', async () => {
    const channel = full(1);
    const completion = channel.completion;
    channel.close(new Error('error'));
    channel.cancel();
    expect(await channel.receive()).toBeUndefined();
    await completion;
  });

  it('after the end does nothing: no onDrop, no reason, no abort', async () => {
    const channel = full(1);
    channel.close('error');
    channel.drain();
    channel.cancel('reason');
    expect(await rejection(channel.receive())).toBe('error');
    expect(await rejection(channel.completion)).toBe('error');
    expect(channel.signal.aborted).toBe(false);
  });

  it('that runs while another tells onDrop changes nothing', async () => {
    const channel: Channel<number> = full(2, {
      onDrop: () => channel.cancel('nested'),
    });
    channel.cancel('outer');
    expect(await rejection(channel.receive())).toBe('outer');
    expect(channel.stats().dropped).toBe(2);
  });
});

describe('completion', () => {
  it('fulfils at a quiet end with undefined, once all has been received', async () => {
    const channel = full(2);
    const completion = watch(channel.completion);
    channel.close();
    channel.tryReceive();
    await macrotask();
    expect(completion.state).toBe('pending');
    channel.tryReceive();
    await microtasks();
    expect(completion).toEqual({ state: 'fulfilled', result: undefined });
  });

  it('is the same promise at every read, before the end and after', () => {
    const channel = new Channel(1);
    const { completion } = channel;
    channel.cancel();
    expect(channel.completion).toBe(completion);
  });

  it('read after the end has settled all the same', async () => {
    const channel = new Channel(1);
    channel.close();
    await channel.completion;
    const failed = new Channel(1);
    failed.close('error');
    expect(await rejection(failed.completion)).toBe('error');
  });

  it('causes no unhandled rejection, read or not', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const read = new Channel(1);
    void read.completion;
    read.close(new Error('nobody looks'));
    void read.completion;
    new Channel(1).cancel(new Error('nobody looks'));
    await macrotask();
    await macrotask();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('signal', () => {
  it('is aborted by cancel, with its reason', () => {
    const channel = new Channel(1);
    const { signal } = channel;
    expect(signal.aborted).toBe(false);
    channel.cancel('reason');
    expect(signal).toMatchObject({ aborted: true, reason: 'reason' });
  });

  it('is an AbortSignal, and the same at every read', () => {
    const channel = new Channel(1);
    expect(channel.signal).toBeInstanceOf(AbortSignal);
    expect(channel.signal).toBe(channel.signal);
  });

  it('is not aborted by close, nor by the end that follows', () => {
    const channel = full(1);
    const { signal } = channel;
    channel.close(new Error('close'));
    channel.drain();
    expect(channel.ended).toBe(true);
    expect(signal.aborted).toBe(false);
  });

  it('of a channel that was cancelled before the first read is aborted', () => {
    const channel = new Channel(1);
    channel.cancel('reason');
    expect(channel.signal).toMatchObject({ aborted: true, reason: 'reason' });
  });

  it('has an AbortError as its reason where cancel was given none', () => {
    const channel = new Channel(1);
    channel.cancel();
    expect(channel.signal.reason).toMatchObject({ name: 'AbortError' });
  });

  it('tells of the cancel when the channel is consistent', () => {
    const channel = full(2);
    const seen: unknown[] = [];
    channel.signal.addEventListener('abort', () => seen.push(channel.ended, channel.size, channel.stats().dropped));
    channel.cancel();
    expect(seen).toEqual([true, 0, 2]);
  });
});

describe('the option signal', () => {
  it('aborted is a cancel with its reason', async () => {
    const controller = new AbortController();
    const dropped: number[] = [];
    const channel = full(1, {
      signal: controller.signal,
      onDrop: (item) => dropped.push(item),
    });
    const blocked = rejection(channel.send(2));
    controller.abort('reason');
    expect(channel.ended).toBe(true);
    expect(dropped).toEqual([1]);
    expect(await blocked).toMatchObject({ cause: 'reason', value: 2 });
    expect(await rejection(channel.receive())).toBe('reason');
  });

  it('that is already aborted makes a cancelled channel', async () => {
    const channel = new Channel<number>(1, {
      signal: AbortSignal.abort('reason'),
    });
    expect(channel).toMatchObject({ closed: true, ended: true });
    expect(channel.trySend(1)).toBe(false);
    expect(await rejection(channel.receive())).toBe('reason');
    expect(channel.signal).toMatchObject({ aborted: true, reason: 'reason' });
  });

  it('has one listener of the channel until the end, and none after', () => {
    for (const end of [
      (channel: Channel<number>) => channel.cancel(),
      (channel: Channel<number>) => channel.close(),
      (channel: Channel<number>) => channel[Symbol.dispose](),
    ]) {
      const { signal } = new AbortController();
      const channel = new Channel<number>(1, { signal });
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      end(channel);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }
  });

  it('of a closed channel still counts while something is undelivered', async () => {
    const controller = new AbortController();
    const channel = full(1, { signal: controller.signal });
    channel.close();
    controller.abort('reason');
    expect(await rejection(channel.receive())).toBe('reason');
  });

  it('after the end does nothing', async () => {
    const controller = new AbortController();
    const channel = new Channel(1, { signal: controller.signal });
    channel.close();
    controller.abort('late');
    expect(await channel.receive()).toBeUndefined();
  });

  it('without a reason is a quiet cancel', async () => {
    const signal = new PlainSignal();
    const channel = full(1, { signal });
    signal.abort(undefined);
    expect(channel.ended).toBe(true);
    expect(await channel.receive()).toBeUndefined();
  });

  it('may be shared by channels, and be a wait of one of them', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const [a, b] = [new Channel<number>(0, { signal }), new Channel<number>(0, { signal })];
    const calls = [a.send(1, { signal }), b.receive({ signal }), a.sendAll([1], { signal })].map((call) => watch(call));
    controller.abort('all');
    await macrotask();
    expect(calls.every(({ state }) => state === 'rejected')).toBe(true);
    expect([a.ended, b.ended]).toEqual([true, true]);
  });
});

describe('disposal', () => {
  it('is a cancel without a reason', async () => {
    const onDrop = vi.fn();
    const channel = full(1, { onDrop });
    const blocked = rejection(channel.send(2));
    channel[Symbol.dispose]();
    expect(channel.ended).toBe(true);
    expect(onDrop.mock.calls).toEqual([[1, 'cancel']]);
    expect(await blocked).toMatchObject({ value: 2 });
    expect(await channel.receive()).toBeUndefined();
  });

  it('asynchronously is the same, at once, and fulfils with undefined', async () => {
    const channel = full(1);
    const disposed = channel[Symbol.asyncDispose]();
    expect(channel.ended).toBe(true);
    expect(await disposed).toBeUndefined();
  });

  it('asynchronously waits for the source of from to finish its return, and fulfils with undefined', async () => {
    let returned!: () => void;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: () =>
          new Promise<IteratorResult<number>>((resolve) => {
            returned = () => resolve({ value: undefined, done: true });
          }),
      }),
    };
    const channel = Channel.from(source, 1);
    const disposed = watch(channel[Symbol.asyncDispose]());
    await macrotask();
    expect(disposed.state).toBe('pending');
    returned();
    await macrotask();
    expect(disposed).toEqual({ state: 'fulfilled', result: undefined });
  });

  it('asynchronously rejects with what the return of the source of from failed with', async () => {
    const error = new Error('return');
    for (const failing of [
      () => Promise.reject(error),
      (): Promise<never> => {
        throw error;
      },
    ]) {
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<IteratorResult<number>>(() => {}),
          return: failing,
        }),
      };
      const channel = Channel.from(source, 1);
      expect(await rejection(channel[Symbol.asyncDispose]())).toBe(error);
    }
  });

  it('asynchronously waits also where the source was returned by an earlier cancel', async () => {
    const error = new Error('return');
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: () => Promise.reject(error),
      }),
    };
    const channel = Channel.from(source, 1);
    channel.cancel();
    await macrotask();
    expect(await rejection(channel[Symbol.asyncDispose]())).toBe(error);
  });

  it('asynchronously, from inside the running source of from, still rejects with what its return throws', async () => {
    const error = new Error('return');
    let pulls = 0;
    let disposed = watch(Promise.resolve());
    const source = {
      [Symbol.iterator]: () => ({
        next(): IteratorResult<number> {
          // The first pull comes before `channel` exists.
          if (++pulls === 2) disposed = watch(channel[Symbol.asyncDispose]());
          return { value: pulls, done: false };
        },
        return(): never {
          throw error;
        },
      }),
    };
    const channel: Channel<number> = Channel.from(source, 4);
    await macrotask();
    expect(disposed).toEqual({ state: 'rejected', result: error });
  });

  it('of a channel whose source has ended by itself has nothing to wait for', async () => {
    const channel = Channel.from([1, 2, 3], 8);
    await macrotask();
    expect(await channel[Symbol.asyncDispose]()).toBeUndefined();
  });

  it('twice is the same as once', async () => {
    const channel = full(1);
    channel[Symbol.dispose]();
    channel[Symbol.dispose]();
    await channel[Symbol.asyncDispose]();
    expect(channel.stats().dropped).toBe(1);
  });
});

describe('no operation hangs after the end', () => {
  it.each([
    ['closed', (channel: Channel<number>) => channel.close()],
    ['closed with an error', (channel: Channel<number>) => channel.close('error')],
    ['cancelled', (channel: Channel<number>) => channel.cancel()],
    ['cancelled with a reason', (channel: Channel<number>) => channel.cancel('reason')],
  ])('of a %s channel', async (_name, end) => {
    const channel = new Channel<number>(0);
    const calls = (): Promise<unknown>[] => [
      channel.send(1),
      channel.sendAll([1]),
      channel.receive(),
      channel.receiveMany(2),
      channel[Symbol.asyncIterator]().next(),
      channel.consume().next(),
      channel.batches(2).next(),
      channel.completion,
      channel[Symbol.asyncDispose](),
      channel.sender().send(1),
    ];
    end(channel);
    const watched = calls().map(watch);
    await macrotask();
    await macrotask();
    expect(watched.map(({ state }) => state)).not.toContain('pending');
  });
});
