// A Writable as it is sent to, seen from the stream's side: a stand-in that has the least a writable stream has, as those of
// before Node's streams2 and of some packages, and tells what it is told to; and what stays at a signal.

import { EventEmitter } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { ChannelClosedError, type Sender } from 'sluice';
import { fromReadable, fromWritable } from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { macrotask, PlainSignal, rejection, watch } from '../support.js';

const boom = new Error('boom');

/** Takes one item until it says `drain`. */
class OldSink extends EventEmitter {
  readonly written: number[] = [];
  readonly done: ((error?: Error) => void)[] = [];
  readonly calls: string[] = [];
  room = 1;

  write(item: number, done: (error?: Error) => void): boolean {
    this.written.push(item);
    this.done.push(done);
    return --this.room > 0;
  }

  end(): void {
    this.calls.push('end');
  }

  destroy(): void {
    this.calls.push('destroy');
  }

  drains(room = 1): void {
    this.room = room;
    this.emit('drain');
  }
}

/** One that says whether it has to be waited for. */
class TellingSink extends OldSink {
  get writableNeedDrain(): boolean {
    return this.room <= 0;
  }
}

const senderOver = (sink: OldSink, dropped: number[] = []): Sender<number> =>
  fromWritable<number>(sink as never, { onDrop: (item) => void dropped.push(item) });

describe.each([
  ['that says nothing of itself', OldSink],
  ['that says whether it is full', TellingSink],
])('a sink %s', (_, Sink) => {
  it('is written to one at a time by its drains, senders by turns', async () => {
    const sink = new Sink();
    const [one, other] = [senderOver(sink), senderOver(sink)];
    const sends = [one.send(1), one.send(2), one.send(3), other.send(4), other.send(5)].map(watch);
    const log: number[] = [];
    for (let i = 0; i < 5; i++) {
      await macrotask();
      log.push(sink.written.length);
      sink.drains();
    }
    await macrotask();
    expect(log).toEqual([1, 2, 3, 4, 5]);
    expect(sink.written).toEqual([1, 2, 4, 3, 5]);
    expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
    expect(sink.listenerCount('drain')).toBe(Sink === TellingSink ? 0 : 1);
  });

  it('is written to as often as a drain has room for', async () => {
    const sink = new Sink();
    const sender = senderOver(sink);
    const sends = [1, 2, 3, 4].map((n) => watch(sender.send(n)));
    sink.drains(2);
    await macrotask();
    expect([sink.written, sends.map(({ state }) => state)]).toEqual([
      [1, 2, 3],
      ['fulfilled', 'fulfilled', 'fulfilled', 'pending'],
    ]);
  });

  it('lets nobody pass who waits, although there is room again before it says so', async () => {
    const sink = new Sink();
    const [one, other] = [senderOver(sink), senderOver(sink)];
    const sends = [one.send(1), one.send(2)].map(watch);
    sink.room = 2;
    sends.push(watch(other.send(3)));
    await macrotask();
    expect(sink.written).toEqual([1]);
    sink.drains(2);
    await macrotask();
    expect(sink.written).toEqual([1, 2, 3]);
    expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
  });

  it.each<[string, (sink: OldSink) => unknown, unknown]>([
    ['an error', (sink) => sink.emit('error', boom), boom],
    ['an error that is nothing', (sink) => sink.emit('error', undefined), expect.any(Error)],
    ['a write that failed', (sink) => sink.done[0]?.(boom), boom],
    ['its close', (sink) => sink.emit('close'), undefined],
    ['an end by somebody else', (sink) => sink.emit('finish'), undefined],
  ])('refuses who waits and who comes after %s', async (_what, ends, cause) => {
    const sink = new Sink();
    const [one, other] = [senderOver(sink), senderOver(sink)];
    await one.send(1);
    const waiting = [one.send(2), other.send(3)].map(watch);
    ends(sink);
    await macrotask();
    for (const [i, { result }] of waiting.entries()) {
      expect(result).toBeInstanceOf(ChannelClosedError);
      const refusal = result as ChannelClosedError;
      expect([refusal.value, refusal.cause]).toEqual([2 + i, cause]);
    }
    sink.drains();
    expect(await rejection(senderOver(sink).send(4))).toMatchObject({ value: 4 });
    expect(await rejection(one.send(5))).toMatchObject({ value: 5 });
    expect(sink.written).toEqual([1]);
  });

  it('drops what it does not confirm, once', async () => {
    const sink = new Sink();
    const dropped: number[] = [];
    const sender = senderOver(sink, dropped);
    sink.room = 4;
    for (const n of [1, 2, 3]) await sender.send(n);
    sink.done[0]?.();
    sink.done[1]?.(boom);
    expect(dropped).toEqual([2]);
    sink.emit('close');
    sink.emit('close');
    sink.done[2]?.(boom);
    expect(dropped).toEqual([2, 3]);
    expect(['error', 'close', 'finish', 'drain', 'aborted'].map((name) => sink.listenerCount(name))).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('is ended once by a close, behind those who wait, and closed when it has finished', async () => {
    const sink = new Sink();
    const sender = senderOver(sink);
    const sent = [sender.send(1), sender.send(2)].map(watch);
    const closing = watch(Promise.resolve(sender.close()));
    expect(sink.calls).toEqual([]);
    sink.drains();
    await macrotask();
    expect([sent.map(({ state }) => state), sink.calls, closing.state]).toEqual([
      ['fulfilled', 'fulfilled'],
      ['end'],
      'pending',
    ]);
    for (const done of sink.done) done();
    sink.emit('finish');
    await macrotask();
    expect([sink.calls, closing.state]).toEqual([['end'], 'fulfilled']);
    expect(await rejection(sender.send(3))).toMatchObject({ value: 3 });
  });

  it('is destroyed by a close with an error, once all is confirmed', async () => {
    const sink = new Sink();
    const sender = senderOver(sink);
    await sender.send(1);
    const closing = watch(Promise.resolve(sender.close(boom)));
    await macrotask();
    expect([sink.calls, closing.state]).toEqual([[], 'pending']);
    sink.done[0]?.();
    await macrotask();
    expect([sink.calls, closing.state]).toEqual([['destroy'], 'fulfilled']);
  });

  it('rejects a close that it dies under', async () => {
    const sink = new Sink();
    const sender = senderOver(sink);
    await sender.send(1);
    const closing = watch(Promise.resolve(sender.close()));
    sink.emit('error', boom);
    await macrotask();
    expect(closing.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: boom });
  });
});

describe('a signal of a bridge', () => {
  it.each<[string, (signal: PlainSignal) => Readable | Writable]>([
    [
      'fromReadable',
      (signal) => {
        const stream = new Readable({ read() {} });
        fromReadable(stream, { signal });
        return stream;
      },
    ],
    [
      'fromWritable',
      (signal) => {
        const stream = new Writable({ write() {} });
        fromWritable(stream, { signal });
        return stream;
      },
    ],
  ])('keeps nothing of %s when the stream has closed, before the call or after', async (name, open) => {
    const signal = new PlainSignal();
    const stream = open(signal);
    expect(signal.listeners.size).toBe(1);
    stream.destroy();
    await macrotask();
    expect(signal.listeners.size).toBe(0);
    if (name === 'fromReadable') fromReadable(stream as Readable, { signal });
    else fromWritable(stream as Writable, { signal });
    await macrotask();
    await macrotask();
    expect(signal.listeners.size).toBe(0);
    const both = new PassThrough().destroy();
    await macrotask();
    if (name === 'fromReadable') fromReadable(both, { signal });
    else fromWritable(both, { signal });
    await macrotask();
    await macrotask();
    expect(signal.listeners.size).toBe(0);
  });
});
