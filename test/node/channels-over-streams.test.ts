// Receivers and senders over streams: in turn, exact where a wait is given up, and told of every way in which a stream ends.

import { EventEmitter } from 'node:events';
import { createReadStream } from 'node:fs';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { ChannelClosedError, TimeoutError } from 'sluice';
import { fromDuplex, fromReadable, fromWritable } from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { collect, macrotask, PlainSignal, rejection, settled, thrown, watch } from '../support.js';

const PREMATURE = { code: 'ERR_STREAM_PREMATURE_CLOSE' };
const boom = new Error('boom');

const idle = (highWaterMark = 4): Readable => new Readable({ objectMode: true, highWaterMark, read() {} });

function of(...items: unknown[]): Readable {
  const stream = idle(items.length + 1);
  for (const item of items) stream.push(item);
  stream.push(null);
  return stream;
}

/** A sink that holds the callbacks of its writes. */
function held(highWaterMark: number): { sink: Writable; written: unknown[]; next: (error?: Error) => void } {
  const callbacks: ((error?: Error) => void)[] = [];
  const written: unknown[] = [];
  const sink = new Writable({
    objectMode: true,
    highWaterMark,
    write(item, _encoding, done) {
      written.push(item);
      callbacks.push(done);
    },
  });
  return { sink, written, next: (error) => callbacks.shift()?.(error) };
}

describe('fromReadable', () => {
  it('receives the items in order, then the end, again and again', async () => {
    const receiver = fromReadable(of(1, 2));
    expect([await receiver.receive(), await receiver.receive()]).toEqual([1, 2]);
    expect([await receiver.receive(), await receiver.receive()]).toEqual([undefined, undefined]);
    expect(await collect(receiver)).toEqual([]);
  });

  it('iterates what is false, and undefined', async () => {
    expect(await collect(fromReadable(of(0, '', undefined, false)))).toEqual([0, '', undefined, false]);
  });

  it('serves those who wait in the order in which they came', async () => {
    const stream = idle();
    const receiver = fromReadable<number>(stream);
    const items = receiver[Symbol.asyncIterator]();
    const waits = [receiver.receive(), items.next(), receiver.receive()].map((wait) => watch(wait));
    for (const item of [1, 2, 3]) stream.push(item);
    await macrotask();
    expect(waits.map(({ result }) => result)).toEqual([1, { value: 2, done: false }, 3]);
  });

  it('consumes nothing for a receive that is aborted or times out', async () => {
    const stream = idle();
    const receiver = fromReadable<number>(stream);
    const controller = new AbortController();
    const aborted = watch(receiver.receive({ signal: controller.signal }));
    const timedOut = receiver.receive({ timeout: 1 });
    expect(await timedOut.catch((error: unknown) => error)).toBeInstanceOf(TimeoutError);
    const waiting = watch(receiver.receive());
    controller.abort(boom);
    stream.push(1);
    await macrotask();
    expect([aborted.result, waiting.result]).toEqual([boom, 1]);
    controller.abort();
    expect(await rejection(receiver.receive({ signal: controller.signal }))).toBe(boom);
    stream.push(2);
    await macrotask();
    expect(await receiver.receive({ timeout: 0 })).toBe(2);
    expect(await rejection(receiver.receive({ timeout: 0 }))).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
    expect(stream.listenerCount('readable') + stream.listenerCount('end')).toBe(0);
  });

  it('rejects at bad options, and throws nothing', async () => {
    expect(await rejection(fromReadable(idle()).receive({ timeout: -1 }))).toBeInstanceOf(RangeError);
  });

  it('listens while somebody waits, and from the call on for errors, until the stream closes', async () => {
    const stream = idle();
    const receiver = fromReadable<number>(stream);
    const listeners = (): number[] => ['readable', 'end', 'error', 'close'].map((name) => stream.listenerCount(name));
    expect(listeners()).toEqual([0, 0, 1, 1]);
    const waiting = receiver.receive();
    expect(listeners()).toEqual([1, 1, 1, 1]);
    stream.push(1);
    await waiting;
    expect(listeners()).toEqual([0, 0, 1, 1]);
    stream.destroy();
    await macrotask();
    expect(listeners()).toEqual([0, 0, 0, 0]);
  });

  it('fails at the first receive, and not the process, where the stream failed before it', async () => {
    const missing = fromReadable(createReadStream('/no such file'));
    const failed = idle();
    const receiver = fromReadable(failed);
    failed.destroy(boom);
    await macrotask();
    expect(await rejection(receiver.receive())).toBe(boom);
    await expect(missing.receive()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves the stream open at a break, for whoever reads on', async () => {
    const stream = of(1, 2, 3, 4);
    for await (const _ of fromReadable(stream)) break;
    const receiver = fromReadable(stream);
    for await (const _ of receiver) break;
    expect(await receiver.receive()).toBe(3);
    expect(stream.read()).toBe(4);
  });

  it('ends a `next` that waits when its iterator is left, and consumes nothing for it', async () => {
    const stream = idle();
    const receiver = fromReadable<number>(stream);
    const items = receiver[Symbol.asyncIterator]();
    const [left, other] = [watch(items.next()), watch(receiver.receive())];
    expect(await items.return?.()).toEqual({ value: undefined, done: true });
    expect(left.result).toEqual({ value: undefined, done: true });
    stream.push(1);
    await macrotask();
    expect(other.result).toBe(1);
    expect(await items.next()).toEqual({ value: undefined, done: true });
    expect(await items.return?.()).toEqual({ value: undefined, done: true });
  });

  it('is one line for several receivers over one stream', async () => {
    const stream = idle();
    const [a, b] = [fromReadable<number>(stream), fromReadable<number>(stream)];
    const waits = [a.receive(), b.receive(), a.receive()].map((wait) => watch(wait));
    for (const item of [1, 2, 3]) stream.push(item);
    await macrotask();
    expect(waits.map(({ result }) => result)).toEqual([1, 2, 3]);
  });

  it.each([
    ['an error', (stream: Readable) => stream.destroy(boom), boom],
    ['a close without an end', (stream: Readable) => stream.destroy(), PREMATURE],
    ['an error that destroys nothing', (stream: Readable) => stream.emit('error', boom), boom],
  ])('is told of %s while it waits, before, and after', async (_what, end, expected) => {
    const waiting = idle();
    const receiver = fromReadable(waiting);
    const waits = [receiver.receive(), receiver.receive()].map((wait) => watch(wait));
    end(waiting);
    await macrotask();
    for (const { result } of waits) expect(result).toMatchObject(expected);
    expect(await rejection(receiver.receive())).toMatchObject(expected);
    await expect(collect(receiver)).rejects.toMatchObject(expected);
    const over = idle();
    over.on('error', () => {});
    end(over);
    if (over.destroyed) expect(await rejection(fromReadable(over).receive())).toMatchObject(expected);
    await macrotask();
    if (over.destroyed) expect(await rejection(fromReadable(over).receive({ timeout: 0 }))).toMatchObject(expected);
  });

  it('reports an error at once, and not what is buffered', async () => {
    const stream = idle();
    stream.push(1);
    const receiver = fromReadable(stream);
    stream.destroy(boom);
    expect(await rejection(receiver.receive())).toBe(boom);
  });

  it('sees a quiet end that has passed already, also of a side of a Duplex that fails later', async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write() {} });
    duplex.push(null);
    duplex.resume();
    await macrotask();
    const receiver = fromReadable(duplex);
    expect(await receiver.receive()).toBeUndefined();
    duplex.destroy(boom);
    await macrotask();
    expect(await receiver.receive()).toBeUndefined();
  });

  it('destroys the stream at a cancel, and ends whoever waits', async () => {
    for (const [reason, state, result] of [
      [undefined, 'fulfilled', undefined],
      [boom, 'rejected', boom],
      ['why', 'rejected', 'why'],
      [0, 'rejected', 0],
    ] as const) {
      const stream = idle();
      const receiver = fromReadable(stream);
      const waiting = watch(receiver.receive());
      void receiver.cancel(reason);
      expect(stream.destroyed).toBe(true);
      await macrotask();
      expect([waiting.state, waiting.result]).toEqual([state, result]);
      expect(await settled(receiver.receive())).toEqual({ state, result });
      void receiver.cancel('again');
      expect(stream.errored).toBe(reason === 0 ? stream.errored : (reason ?? null));
    }
  });

  it('does nothing at a cancel after the end, and needs no receive before it', async () => {
    const stream = of(1);
    const receiver = fromReadable(stream);
    await collect(receiver);
    void receiver.cancel(boom);
    expect(await receiver.receive()).toBeUndefined();
    const fresh = idle();
    void fromReadable(fresh).cancel(boom); // its `error` event is listened for
    await macrotask();
    expect(fresh.errored).toBe(boom);
  });

  it('is cancelled by a signal, and lets go of it when the stream closes', async () => {
    const signal = new PlainSignal();
    const stream = idle();
    const waiting = watch(fromReadable(stream, { signal }).receive());
    signal.abort(boom);
    await macrotask();
    expect([waiting.result, stream.errored, signal.listeners.size]).toEqual([boom, boom, 0]);
    const other = new PlainSignal();
    await collect(fromReadable(of(1), { signal: other }));
    await macrotask();
    expect(other.listeners.size).toBe(0);
    const late = fromReadable(idle(), { signal: AbortSignal.abort(boom) });
    expect(await rejection(late.receive())).toBe(boom);
  });

  it('gives what has arrived of a byte stream', async () => {
    const stream = new PassThrough();
    stream.write('ab');
    stream.write('cd');
    const receiver = fromReadable<Buffer>(stream);
    expect(String(await receiver.receive())).toBe('abcd');
    stream.end('ef');
    expect(String(Buffer.concat(await collect(receiver)))).toBe('ef');
  });

  it('reads streams of the first kind, which only push', async () => {
    class Old extends EventEmitter {
      paused = false;
      readable = true;
      destroyed: unknown = undefined;
      pause = (): void => {
        this.paused = true;
      };
      resume = (): void => {
        this.paused = false;
      };
      pipe = (): void => {};
      destroy = (error?: unknown): void => {
        this.destroyed = error ?? true;
      };
    }
    const old = new Old();
    const receiver = fromReadable<string>(old as never);
    const waiting = receiver.receive();
    old.emit('data', 'a');
    expect(old.paused).toBe(true);
    expect(await waiting).toBe('a');
    const next = receiver.receive();
    await macrotask();
    expect(old.paused).toBe(false);
    old.emit('data', 'b');
    old.emit('end');
    expect([await next, await receiver.receive()]).toEqual(['b', undefined]);
    const cancelled = new Old();
    void fromReadable(cancelled as never).cancel(boom);
    expect(cancelled.destroyed).toBe(boom);
    const failed = new Old();
    failed.on('error', () => {}); // as its user listens
    const late = fromReadable(failed as never);
    failed.emit('error', boom);
    await macrotask();
    expect(await rejection(late.receive())).toBe(boom);
  });

  it('refuses what is no stream', () => {
    for (const other of [undefined, {}, new EventEmitter(), [1]]) {
      expect(thrown(() => fromReadable(other as never))).toBeInstanceOf(TypeError);
    }
    expect(thrown(() => fromReadable(idle(), 1 as never))).toBeInstanceOf(TypeError);
  });

  it('lets timers fire while everything is ready', async () => {
    const stream: Readable = new Readable({ objectMode: true, read: () => void stream.push(1) });
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    const deadline = performance.now() + 4_000;
    for await (const _ of fromReadable(stream)) if (fired || performance.now() > deadline) break;
    expect(fired).toBe(true);
  });
});

describe('fromWritable', () => {
  it('fulfils while the stream wants more, then waits for it, in turn', async () => {
    const { sink, written, next } = held(2);
    const sender = fromWritable<number>(sink);
    const sends = [1, 2, 3, 4].map((item) => watch(sender.send(item)));
    await macrotask();
    expect([sends.map(({ state }) => state), written]).toEqual([['fulfilled', 'fulfilled', 'pending', 'pending'], [1]]);
    expect(sink.listenerCount('drain')).toBe(1);
    next();
    next();
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(sink.listenerCount('drain')).toBe(0);
  });

  it('has written nothing for a send that is aborted or times out', async () => {
    const { sink, written, next } = held(1);
    const sender = fromWritable<number>(sink);
    await sender.send(1);
    const controller = new AbortController();
    const aborted = watch(sender.send(2, { signal: controller.signal }));
    const late = await sender.send(3, { timeout: 1 }).catch((error: unknown) => error);
    expect(late).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT', value: 3 });
    expect(await rejection(sender.send(4, { timeout: 0 }))).toMatchObject({ value: 4 });
    controller.abort(boom);
    await macrotask();
    expect([aborted.result, sink.listenerCount('drain')]).toEqual([boom, 0]);
    const last = sender.send(5);
    next();
    await last;
    expect(written).toEqual([1, 5]);
  });

  it('rejects a send that the stream refuses, and changes nothing', async () => {
    const { sink, written, next } = held(1);
    const sender = fromWritable(sink);
    expect(await rejection(sender.send(null))).toMatchObject({ code: 'ERR_STREAM_NULL_VALUES' });
    await sender.send(1);
    const [refused, other] = [watch(sender.send(null)), watch(sender.send(2))];
    next();
    await macrotask();
    expect([refused.result, other.state, written]).toMatchObject([
      { code: 'ERR_STREAM_NULL_VALUES' },
      'fulfilled',
      [1, 2],
    ]);
    const bytes = fromWritable(new Writable({ write: (_chunk, _encoding, done) => done() }));
    expect(await rejection(bytes.send(1))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await bytes.send('a');
    await bytes.close();
  });

  it('reports what was taken and not written, and fails from then on, with the error as cause', async () => {
    const { sink, next } = held(3);
    const dropped: unknown[] = [];
    const sender = fromWritable<number>(sink, { onDrop: (...told) => dropped.push(told) });
    for (const item of [1, 2, 3]) await sender.send(item);
    const waiting = watch(sender.send(4));
    next(boom);
    await macrotask();
    expect(dropped).toEqual([1, 2, 3].map((item) => [item, 'cancel']));
    expect(waiting.result).toBeInstanceOf(ChannelClosedError);
    expect(waiting.result).toMatchObject({ value: 4, cause: boom });
    expect(await rejection(sender.send(5))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 5, cause: boom });
    expect(await rejection(sender.close() as Promise<void>)).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: boom });
  });

  it('ends the stream at a close, after what waits, and fulfils when it has finished', async () => {
    const { sink, written, next } = held(1);
    const sender = fromWritable<number>(sink);
    const sends = [1, 2].map((item) => watch(sender.send(item)));
    const closing = sender.close() as Promise<void>;
    const closed = watch(closing);
    expect(sender.close()).toBe(closing);
    expect(await rejection(sender.send(3))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 3 });
    expect(sink.writableEnded).toBe(false);
    next();
    await macrotask();
    expect([sends[1]?.state, sink.writableEnded, closed.state]).toEqual(['fulfilled', true, 'pending']);
    next();
    await macrotask();
    expect([closed.state, written, sink.writableFinished]).toEqual(['fulfilled', [1, 2], true]);
    await sender.close();
  });

  it('destroys it at a close with an error, after the last write', async () => {
    const { sink, written, next } = held(1);
    const sender = fromWritable<number>(sink);
    const sends = [1, 2].map((item) => watch(sender.send(item)));
    const closed = watch(sender.close(boom) as Promise<void>);
    next();
    await macrotask();
    expect([sends[1]?.state, sink.destroyed]).toEqual(['fulfilled', false]);
    next();
    await macrotask();
    expect([written, sink.errored, closed.state]).toEqual([[1, 2], boom, 'fulfilled']);
  });

  it('closes a sink that does not destroy itself', async () => {
    const sink = new Writable({ autoDestroy: false, objectMode: true, write: (_item, _encoding, done) => done() });
    const sender = fromWritable(sink);
    await sender.send(1);
    await sender.close();
    expect([sink.writableFinished, sink.destroyed]).toEqual([true, false]);
  });

  it('rejects a close of a sink that dies meanwhile, or is dead already', async () => {
    const { sink } = held(1);
    const sender = fromWritable<number>(sink);
    await sender.send(1);
    const closing = watch(sender.close() as Promise<void>);
    sink.destroy(boom);
    await macrotask();
    expect(closing.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: boom });
    expect(await rejection(fromWritable(sink).close() as Promise<void>)).toMatchObject({ cause: boom });
    const quiet = held(1).sink;
    quiet.destroy();
    await macrotask();
    const late = fromWritable(quiet);
    expect(await rejection(late.send(1))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 1 });
    expect(await rejection(late.close() as Promise<void>)).toMatchObject({ code: 'ERR_SLUICE_CLOSED' });
  });

  it('refuses who waits when somebody else ends the stream', async () => {
    const { sink, next } = held(1);
    const sender = fromWritable<number>(sink);
    await sender.send(1);
    const waiting = watch(sender.send(2));
    sink.end();
    expect(await rejection(sender.send(3))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 3 });
    const closing = watch(sender.close() as Promise<void>);
    next();
    await macrotask();
    expect(waiting.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 2 });
    expect(closing.state).toBe('fulfilled');
  });

  it('takes turns where several senders share a stream', async () => {
    const { sink, written, next } = held(1);
    const [a, b] = [fromWritable<string>(sink), fromWritable<string>(sink)];
    await a.send('0');
    const sends = [a.send('a1'), a.send('a2'), b.send('b1'), b.send('b2')];
    for (let i = 0; i < 5; i++) {
      next();
      await macrotask();
    }
    await Promise.all(sends);
    expect(written).toEqual(['0', 'a1', 'b1', 'a2', 'b2']);
    expect(sink.listenerCount('error')).toBe(1);
  });

  it('is destroyed by a signal, with its reason', async () => {
    const signal = new PlainSignal();
    const { sink } = held(1);
    const sender = fromWritable<number>(sink, { signal });
    await sender.send(1);
    const waiting = watch(sender.send(2));
    signal.abort(boom);
    await macrotask();
    expect([sink.errored, signal.listeners.size]).toEqual([boom, 0]);
    expect(waiting.result).toMatchObject({ value: 2, cause: boom });
  });

  it('writes to a stream that cannot say whether it wants more', async () => {
    class Old extends EventEmitter {
      written: unknown[] = [];
      writable = true;
      write = (item: unknown, done: () => void): boolean => {
        this.written.push(item);
        queueMicrotask(done);
        return this.written.length % 2 === 1;
      };
      end = (): void => {
        queueMicrotask(() => this.emit('finish'));
      };
    }
    const old = new Old();
    const sender = fromWritable<number>(old as never);
    const sends = [1, 2, 3].map((item) => watch(sender.send(item)));
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending']);
    old.emit('drain');
    await macrotask();
    expect(old.written).toEqual([1, 2, 3]);
    await sender.close();
  });

  it('refuses what is no stream', () => {
    expect(thrown(() => fromWritable({} as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => fromWritable(undefined as never))).toBeInstanceOf(TypeError);
  });
});

describe('fromReadable of a Writable', () => {
  it('throws, although that has a pipe', () => {
    expect(thrown(() => fromReadable(new Writable({ write() {} }) as never))).toMatchObject({
      message: 'readable must be a Readable, got [object Object]',
    });
  });
});

describe('fromDuplex', () => {
  it('that throws has begun nothing', async () => {
    for (const stream of [new Writable({ write() {} }), Readable.from([1])]) {
      for (const signal of [new PlainSignal(), AbortSignal.abort('stop')]) {
        expect(thrown(() => fromDuplex(stream as Duplex, { signal }))).toMatchObject({ name: 'TypeError' });
        expect([stream.destroyed, stream.listenerCount('error')]).toEqual([false, 0]);
        if (signal instanceof PlainSignal) expect(signal.listeners.size).toBe(0);
      }
    }
    const signal = new PlainSignal();
    expect(thrown(() => fromDuplex(new PassThrough(), { signal, onDrop: 'x' as never }))).toBeInstanceOf(TypeError);
    expect(signal.listeners.size).toBe(0);
  });

  it('is a sender and a receiver over its sides', async () => {
    const { sender, receiver } = fromDuplex<string, Buffer>(new PassThrough());
    await sender.send('ab');
    expect(String(await receiver.receive())).toBe('ab');
    const closing = sender.close();
    expect(await receiver.receive()).toBeUndefined();
    await closing;
  });

  it('reports what was not written once, to the sender', async () => {
    const dropped: unknown[] = [];
    const duplex = new Duplex({ objectMode: true, read() {}, write() {} });
    const { sender, receiver } = fromDuplex<number, number>(duplex, { onDrop: (item) => dropped.push(item) });
    await sender.send(1);
    void receiver.cancel();
    await macrotask();
    expect([duplex.destroyed, dropped]).toEqual([true, [1]]);
  });

  it('is destroyed by a signal', async () => {
    const controller = new AbortController();
    const duplex = new PassThrough();
    const { sender, receiver } = fromDuplex(duplex, { signal: controller.signal });
    const waiting = watch(receiver.receive());
    controller.abort(boom);
    await macrotask();
    expect([duplex.errored, waiting.result]).toEqual([boom, boom]);
    expect(await rejection(sender.send('a'))).toMatchObject({ cause: boom });
  });
});
