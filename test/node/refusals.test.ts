// What the bridges to Node refuse at the call, by name; and what a sender over a Writable says when it is over.

import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { Channel, ChannelClosedError } from 'sluice';
import {
  fromDuplex,
  fromEmitter,
  fromReadable,
  fromWritable,
  toDuplex,
  toReadable,
  toTransform,
  toWritable,
} from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { PlainSignal, rejection, thrown } from '../support.js';

const any = (value: unknown): never => value as never;
const f = (): void => {};
const boom = new Error('boom');
const channel = (): Channel<number> => new Channel<number>(1);

describe('at the call', () => {
  it.each<[string, () => unknown]>([
    ['readable must be a Readable, got undefined', () => fromReadable(any(undefined))],
    ['readable must be a Readable, got [object Object]', () => fromReadable(any({ on: f }))],
    ['readable must be a Readable, got [object Object]', () => fromReadable(any({ pipe: f }))],
    ['writable must be a Writable, got null', () => fromWritable(any(null))],
    ['writable must be a Writable, got [object Object]', () => fromWritable(any({ on: f }))],
    ['writable must be a Writable, got [object Object]', () => fromWritable(any({ write: f }))],
    ['source must be a Receiver, got [object Object]', () => toReadable(any({ receive: f }))],
    ['source must be a Receiver, got [object Object]', () => toReadable(any({ cancel: f }))],
    ['options.objectMode must be a boolean, got 1 (number)', () => toReadable(channel(), any({ objectMode: 1 }))],
    ['options.cancel must be a boolean, got 1 (number)', () => toReadable(channel(), any({ cancel: 1 }))],
    ['sender must be a Sender, got undefined', () => toWritable(any(undefined))],
    ['sender must be a Sender, got [object Object]', () => toWritable(any({ send: f }))],
    ['sender must be a Sender, got [object Object]', () => toWritable(any({ close: f }))],
    ['options.objectMode must be a boolean, got "no"', () => toWritable(channel(), any({ objectMode: 'no' }))],
    ['options.close must be a boolean, got 0 (number)', () => toWritable(channel(), any({ close: 0 }))],
    ['source must be a Receiver, got undefined', () => toDuplex(any({ sender: channel() }))],
    ['sender must be a Sender, got undefined', () => toDuplex(any({ receiver: channel() }))],
    ...(['objectMode', 'close', 'cancel'] as const).map((flag): [string, () => unknown] => [
      `options.${flag} must be a boolean, got 1 (number)`,
      () => toDuplex({ sender: channel(), receiver: channel() }, any({ [flag]: 1 })),
    ]),
    ['step must be a function, got undefined', () => toTransform(any(undefined))],
    ['what the step gives must be an AsyncIterable, got undefined', () => toTransform(any(f))],
    ['what the step gives must be an AsyncIterable, got [object Object]', () => toTransform(any(() => ({})))],
    ['options.objectMode must be a boolean, got 1 (number)', () => toTransform(any(f), any({ objectMode: 1 }))],
    ['readable must be a Readable, got [object Object]', () => fromDuplex(any({}))],
    ['options must be an object, got 1 (number)', () => fromDuplex(new PassThrough(), any(1))],
    ['emitter must be an object with on and off, got undefined', () => fromEmitter(any(undefined), 'a', 1)],
    ['emitter must be an object with on and off, got [object Object]', () => fromEmitter({ on: f }, 'a', 1)],
    ['emitter must be an object with on and off, got [object Object]', () => fromEmitter(any({ off: f }), 'a', 1)],
    ['events must be the name of an event, or an object with it as item, got 1 (number)', () => events(1)],
    ['events must be the name of an event, or an object with it as item, got null', () => events(null)],
    ['events.end must be one or several names of events, got 1 (number)', () => events({ item: 'a', end: 1 })],
    ['events.end must be one or several names of events, got [object Array]', () => events({ item: 'a', end: [1] })],
    ['events.error must be the name of an event, got null', () => events({ item: 'a', error: null })],
    ['events.map must be a function, got "b"', () => events({ item: 'a', map: 'b' })],
    ['options.pausing must be an object with pause and resume, or false, got null', () => pausing(null)],
    [
      'options.pausing must be an object with pause and resume, or false, got [object Object]',
      () => pausing({ pause: f }),
    ],
    [
      'options.pausing must be an object with pause and resume, or false, got [object Object]',
      () => pausing({ resume: f }),
    ],
  ])('%s', (message, call) => {
    expect(thrown(call)).toMatchObject({ name: 'TypeError', message });
  });

  function events(given: unknown): unknown {
    return fromEmitter({ on: f, off: f }, any(given), 1);
  }

  function pausing(given: unknown): unknown {
    return fromEmitter({ on: f, off: f }, 'a', 1, any({ pausing: given }));
  }

  it('takes an emitter whose listeners are removed by another name, and pauses one that can both pause and resume', () => {
    const removed: unknown[] = [];
    const old = { on: f, removeListener: (name: string) => void removed.push(name) };
    fromEmitter(old, 'a', 1).close();
    expect(removed).toEqual(['error', 'a']);
    for (const half of [{ pause: f }, { resume: f }]) {
      const listeners = new Map<string, (item: number) => void>();
      const emitter = {
        ...half,
        on: (name: string, each: (item: number) => void) => listeners.set(name, each),
        off: f,
      };
      const items = fromEmitter<number>(emitter, 'a', 1, { overflow: 'drop-newest' });
      for (const item of [1, 2]) listeners.get('a')?.(item);
      expect(items.drain()).toEqual([1]);
    }
  });
});

describe('a sender over a Writable that is over', () => {
  const sink = () => new Writable({ objectMode: true, highWaterMark: 1, write() {} });
  const ITEM = "stop sending; the item is this error's value";
  const CLOSE = 'not all was written';

  it.each<[string, string, (stream: Writable) => unknown, unknown]>([
    ['has failed', 'the Writable has failed', (stream) => stream.destroy(boom), { cause: boom }],
    ['was ended', 'the Writable has ended', (stream) => stream.end(), {}],
    ['was destroyed', 'the Writable is closed', (stream) => stream.destroy(), {}],
    ['was ended, and then destroyed', 'the Writable is closed', (stream) => stream.end().destroy(), {}],
  ])('says that it %s, to a send and to a close', async (_, what, over, options) => {
    const stream = sink().on('error', f);
    const sender = fromWritable<number>(stream);
    await sender.send(1); // is never written
    over(stream);
    const closing = Promise.resolve(sender.close());
    closing.catch(f);
    const error = await rejection(sender.send(2));
    expect(error).toStrictEqual(
      Object.assign(new ChannelClosedError(`${what}: ${ITEM}`, options as object), { value: 2 }),
    );
    expect('cause' in (error as object)).toBe('cause' in (options as object));
    if (stream.destroyed) {
      const refusal = await rejection(closing);
      expect(refusal).toStrictEqual(new ChannelClosedError(`${what}: ${CLOSE}`, options as object));
      expect('value' in (refusal as object)).toBe(false);
    }
  });

  it('says that it is the sender which is closed, where the stream is not', async () => {
    const sender = fromWritable<number>(sink());
    await sender.send(1);
    void sender.close(boom);
    const error = await rejection(sender.send(2));
    expect(error).toStrictEqual(
      Object.assign(new ChannelClosedError(`this sender is closed: ${ITEM}`, { cause: boom }), { value: 2 }),
    );
  });

  it('times out by the name of what it waits for, the item as value; a receive has none', async () => {
    const sender = fromWritable<number>(sink());
    await sender.send(1);
    expect(await rejection(sender.send(2, { timeout: 0 }))).toMatchObject({
      message: 'a send on a Writable timed out after 0 ms, without effect: retry, wait longer or shed load',
      value: 2,
    });
    const receiver = fromReadable(new Readable({ objectMode: true, read() {} }));
    const late = await rejection(receiver.receive({ timeout: 0 }));
    expect(late).toMatchObject({
      message: 'a receive on a Readable timed out after 0 ms, without effect: retry, wait longer or shed load',
    });
    expect('value' in (late as object)).toBe(false);
  });
});

describe('both ends of a Duplex', () => {
  it('share a signal, and only the sender tells of drops', async () => {
    const dropped: number[] = [];
    const signal = new PlainSignal();
    const duplex = new Duplex({ objectMode: true, read() {}, write() {} });
    const { sender, receiver } = fromDuplex<number, number>(duplex.on('error', f), {
      signal,
      onDrop: (item) => void dropped.push(item),
    });
    const closed = new Promise((resolve) => void duplex.once('close', resolve));
    await sender.send(1);
    signal.abort(boom);
    expect(await rejection(receiver.receive())).toBe(boom);
    await closed;
    expect([dropped, signal.listeners.size]).toEqual([[1], 0]);
  });
});
