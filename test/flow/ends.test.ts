// The ends of a flow: run, forEach, toArray, reduce, and to.

import { Channel, type Sender } from 'sluice';
import { type Flow, flow, type StepContext } from 'sluice/flow';
import { describe, expect, it } from 'vitest';
import { full, macrotask, PlainSignal, rejection, watch } from '../support.js';
import { asynchronous, calls, manual, sync } from './sources.js';

function noting<T>(source: Iterable<T> | AsyncIterable<T>, signal?: AbortSignal) {
  const dropped: unknown[] = [];
  return { items: flow(source, { signal, onDrop: (item) => dropped.push(item) }), dropped };
}

describe('run, toArray and reduce', () => {
  it('fulfil at the end, with nothing, all items, the last state', async () => {
    expect(await flow([1, 2]).run()).toBe(undefined);
    expect(await flow([1, 2]).toArray()).toEqual([1, 2]);
    expect(await flow([1, 2]).reduce((sum, n) => sum + n, 10)).toBe(13);
    expect(await flow([1, 2]).reduce(async (sum, n) => sum + n, 10)).toBe(13);
    expect(await flow<number>([]).reduce((sum, n) => sum + n, 10)).toBe(10);
  });

  it('reject with the error, and return the source where that is not its own', async () => {
    const ends: ((items: Flow<number>) => Promise<unknown>)[] = [
      (items) => items.run(),
      (items) => items.toArray(),
      (items) => items.reduce((a) => a, 0),
    ];
    for (const end of ends) {
      const { source, log } = sync();
      const failing = flow(source).map((): number => {
        throw new Error('bad');
      });
      expect(await rejection(end(failing))).toMatchObject({ message: 'bad' });
      expect(log.returned).toBe(1);
    }
    const reduced = flow([1]).reduce(() => {
      throw new Error('in reduce');
    }, 0);
    expect(await rejection(reduced)).toMatchObject({ message: 'in reduce' });
  });

  it('reduce drops the item that its function runs on at an abort, and no state', async () => {
    const controller = new AbortController();
    const { items, dropped } = noting([1, 2], controller.signal);
    const { call, fulfil } = calls();
    const state = items.reduce((_, n) => call(n), 0);
    await macrotask();
    controller.abort('reason');
    expect(await rejection(state)).toBe('reason');
    fulfil(1);
    await macrotask();
    expect(dropped).toEqual([1]);
  });

  it('reject, and never throw, where an argument is wrong', async () => {
    expect(await rejection(flow([1]).forEach(1 as never))).toBeInstanceOf(TypeError);
    expect(await rejection(flow([1]).reduce(1 as never, 0))).toBeInstanceOf(TypeError);
    expect(await rejection(flow([1]).to(1 as never))).toBeInstanceOf(TypeError);
    expect(await rejection(flow([1]).to(null as never))).toBeInstanceOf(TypeError);
    expect(await rejection(flow([1]).to(new Channel<number>(1), 1 as never))).toBeInstanceOf(TypeError);
    for (const concurrency of [0, Number.NaN]) {
      expect(await rejection(flow([1]).forEach(() => {}, { concurrency }))).toBeInstanceOf(RangeError);
    }
  });
});

describe('forEach', () => {
  it('calls its function for each item, one at a time by default', async () => {
    const { call, started, fulfil } = calls();
    const { source, log } = sync({ length: 2 });
    const done = watch(flow(source).forEach(call));
    await macrotask();
    expect([started, log.pulled]).toEqual([[1], [1]]);
    fulfil(1);
    await macrotask();
    expect(started).toEqual([1, 2]);
    fulfil(2);
    await macrotask();
    expect(done).toEqual({ state: 'fulfilled', result: undefined });
  });

  it('with a concurrency has that many calls under way, whichever is done first', async () => {
    const { call, started, fulfil } = calls();
    const done = flow([1, 2, 3, 4]).forEach(call, { concurrency: 2 });
    await macrotask();
    expect(started).toEqual([1, 2]);
    fulfil(2);
    await macrotask();
    fulfil(3);
    await macrotask();
    expect(started).toEqual([1, 2, 3, 4]);
    fulfil(1);
    fulfil(4);
    await done;
  });

  it.each([1, 2])(
    'with a concurrency of %i fails at once; what it was done with is not dropped',
    async (concurrency) => {
      const { items, dropped } = noting([1, 2, 3]);
      const { call, fulfil, reject } = calls();
      const signals: AbortSignal[] = [];
      const done = items.forEach((n, { signal }: StepContext) => (signals.push(signal), call(n)), { concurrency });
      await macrotask();
      fulfil(1);
      await macrotask();
      reject(2, 'error');
      expect(await rejection(done)).toBe('error');
      expect(dropped).toEqual(concurrency === 1 ? [] : [3]);
      expect(signals[0]?.aborted).toBe(true);
    },
  );
});

describe('to', () => {
  it('sends all items, closes, and fulfils with how many', async () => {
    for (const make of [sync, asynchronous]) {
      const channel = new Channel<number>(8);
      expect(await flow(make({ length: 3 }).source).to(channel)).toBe(3);
      expect(channel.closed).toBe(true);
      expect(channel.drain()).toEqual([1, 2, 3]);
    }
  });

  it('leaves the sender open with { close: false }, at an error too', async () => {
    const channel = new Channel<number>(8);
    expect(await flow([1]).to(channel, { close: false })).toBe(1);
    await rejection(flow(sync({ length: 1, error: 'error' }).source).to(channel, { close: false }));
    expect(channel.closed).toBe(false);
  });

  it('has one item in hand, as a blocked send, and pulls nothing meanwhile', async () => {
    const { source, log } = sync();
    const channel = new Channel<number>(1);
    const sending = watch(flow(source).to(channel));
    await macrotask();
    expect(log.pulled).toEqual([1, 2]);
    expect(channel.stats()).toMatchObject({ size: 1, waitingSenders: 1 });
    channel.cancel();
    await macrotask();
    expect(sending.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2 });
    expect(log.returned).toBe(1);
  });

  it('closes the sender with the error of the flow, behind what was sent', async () => {
    const channel = new Channel<number>(8);
    expect(await rejection(flow(sync({ length: 2, error: 'error' }).source).to(channel))).toBe('error');
    expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
    expect(await rejection(channel.receive())).toBe('error');
  });

  it('aborted takes back the send that waits: its item is dropped, and was not sent', async () => {
    const controller = new AbortController();
    const { items, dropped } = noting([1, 2, 3], controller.signal);
    const channel = new Channel<number>(1);
    const sending = items.to(channel);
    await macrotask();
    controller.abort('reason');
    expect(await rejection(sending)).toBe('reason');
    await macrotask();
    expect(dropped).toEqual([2]);
    expect(channel.drain()).toEqual([1]);
    expect(await rejection(channel.receive())).toBe('reason');
  });

  it('aborted just after the channel was cancelled drops the item of the send that was refused, which nobody is told of', async () => {
    for (const item of [2, Number.NaN]) {
      const controller = new AbortController();
      const { items, dropped } = noting([1, item, 3], controller.signal);
      const channel = new Channel<number>(1);
      const sending = items.to(channel);
      await macrotask();
      channel.cancel();
      controller.abort('reason');
      expect(await rejection(sending)).toBe('reason');
      await macrotask();
      expect(dropped).toEqual([item]);
    }
  });

  it('drops no item that is the value of the error, a NaN too', async () => {
    const { items, dropped } = noting([1, Number.NaN, 3]);
    const channel = new Channel<number>(1);
    const sending = watch(items.to(channel));
    await macrotask();
    channel.cancel();
    await macrotask();
    expect(sending.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: Number.NaN });
    expect(dropped).toEqual([]);
  });

  it.each<[string, unknown, unknown]>([
    ['no error but a string', 'refused', 1],
    ['an error that has no value, where the item is undefined', {}, undefined],
    ['an error with the value of another', { value: 2 }, 1],
    ['undefined', undefined, undefined],
  ])('drops the item of a send that is refused with %s', async (_what, error, item) => {
    const dropped: unknown[] = [];
    const sender = { send: () => Promise.reject(error), close() {} };
    const sent = flow([item], { onDrop: (each) => dropped.push(each) }).to(sender);
    await expect(sent).rejects.toBe(error);
    expect(dropped).toEqual([item]);
  });

  it('aborted just after a send was accepted neither loses nor doubles its item', async () => {
    const controller = new AbortController();
    const { items, dropped } = noting([1, 2, 3, 4, 5, 6], controller.signal);
    const channel = new Channel<number>(4);
    const sending = items.to(channel, { close: false });
    await macrotask();
    channel.tryReceive(); // lets the blocked send in; its promise is told later
    controller.abort('reason');
    expect(await rejection(sending)).toBe('reason');
    await macrotask();
    expect(channel.drain()).toEqual([2, 3, 4, 5]);
    expect(dropped).toEqual([]);
  });

  it('ends when the channel is cancelled while the flow waits for its source', async () => {
    const { source, log } = manual();
    const channel = new Channel<number>(1);
    const sending = watch(flow(source).to(channel));
    await macrotask();
    channel.cancel('nobody listens');
    await macrotask();
    await macrotask();
    expect(sending.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'nobody listens' });
    expect(Object.hasOwn(sending.result as object, 'value')).toBe(false);
    expect(log.returned).toBe(1);
  });

  it('pulls nothing for a channel that was cancelled before', async () => {
    const { source, log } = sync();
    const channel = new Channel<number>(1);
    channel.cancel('reason');
    expect(await rejection(flow(source).to(channel))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'reason' });
    expect(log).toMatchObject({ opened: 1, asked: 0, returned: 1 });
  });

  it('gives the item that was refused as value, or to onDrop where the error has none', async () => {
    const closed = new Channel<number>(1);
    closed.close();
    const { items, dropped } = noting([1, 2]);
    expect(await rejection(items.to(closed))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 1 });
    expect(dropped).toEqual([]);
    expect(await rejection(items.to(full(1, { overflow: 'reject' })))).toMatchObject({ value: 1 });
    expect(dropped).toEqual([]);

    for (const send of [
      () => Promise.reject(new Error('refused')),
      () => {
        throw new Error('refused');
      },
    ]) {
      const closings: unknown[] = [];
      const sender: Sender<number> = { send, close: (error) => void closings.push(error) };
      expect(await rejection(items.to(sender))).toMatchObject({ message: 'refused' });
      expect(closings).toMatchObject([{ message: 'refused' }]);
    }
    expect(dropped).toEqual([1, 1]);
  });

  it('waits for a close that takes its time, and rejects where that fails; with an error it does neither', async () => {
    let close: (error?: unknown) => void | Promise<void> = () => Promise.reject(new Error('cannot close'));
    const sender: Sender<number> = { send: () => Promise.resolve(), close: (error) => close(error) };
    expect(await rejection(flow([1]).to(sender))).toMatchObject({ message: 'cannot close' });
    const failing = () => flow(sync({ length: 0, error: 'error' }).source).to(sender);
    expect(await rejection(failing())).toBe('error');
    close = () => new Promise(() => {});
    expect(await rejection(failing())).toBe('error');
    close = () => {
      throw new Error('cannot close');
    };
    expect(await rejection(failing())).toBe('error');
  });

  it('leaves no listener at either signal, and heeds any signal that a sender has', async () => {
    const [own, theirs] = [new PlainSignal(), new PlainSignal()];
    const sender = { send: () => Promise.resolve(), close: () => {}, signal: theirs };
    await flow([1, 2], { signal: own }).to(sender);
    expect([own.listeners.size, theirs.listeners.size]).toEqual([0, 0]);
    const sending = watch(flow(manual().source, { signal: own }).to(sender));
    expect([own.listeners.size, theirs.listeners.size]).toEqual([1, 1]);
    theirs.abort('gone');
    await macrotask();
    await macrotask();
    expect(sending.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'gone' });
    expect([own.listeners.size, theirs.listeners.size]).toEqual([0, 0]);
  });
});
