// What the bridges to the web refuse at the call, by name; and what their senders say when they are over.

import { Channel, ChannelClosedError } from 'sluice';
import {
  fromEventTarget,
  fromReadableStream,
  fromTransformStream,
  fromWebSocket,
  fromWritableStream,
  toReadableStream,
  toTransformStream,
  toWebSocket,
  toWritableStream,
  type WebSocketLike,
} from 'sluice/web';
import { describe, expect, it } from 'vitest';
import { rejection, thrown } from '../support.js';

const any = (value: unknown): never => value as never;
const f = (): void => {};
const boom = new Error('boom');
const OVERFLOW = { overflow: 'error' } as const;

class Socket extends EventTarget implements WebSocketLike {
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly closes: unknown[][] = [];
  constructor(public readyState = 1) {
    super();
  }
  send(_data: unknown): void {}
  close(...args: unknown[]): void {
    this.closes.push(args);
  }
}

/** A socket that lacks one thing. */
function without(name: string): WebSocketLike {
  const { addEventListener, removeEventListener, send, close, readyState } = new Socket();
  return any({ addEventListener, removeEventListener, send, close, readyState, [name]: undefined });
}

describe('at the call', () => {
  const events = (given: unknown) => fromEventTarget(new EventTarget(), any(given), 1, OVERFLOW);

  it.each<[string, () => unknown]>([
    ['stream must be a ReadableStream, got undefined', () => fromReadableStream(any(undefined))],
    ['stream must be a ReadableStream, got [object Object]', () => fromReadableStream(any({ getReader: f }))],
    ['stream must be a ReadableStream, got [object Object]', () => fromReadableStream(any({ cancel: f }))],
    ['stream must be a WritableStream, got undefined', () => fromWritableStream(any(undefined))],
    ['stream must be a WritableStream, got [object Object]', () => fromWritableStream(any({ getWriter: f }))],
    ['stream must be a WritableStream, got [object Object]', () => fromWritableStream(any({ abort: f }))],
    ['source must be a Receiver, got undefined', () => toReadableStream(any(undefined))],
    ['options.type must be \'bytes\', got "text"', () => toReadableStream(new Channel(1), any({ type: 'text' }))],
    ['options.cancel must be a boolean, got 1 (number)', () => toReadableStream(new Channel(1), any({ cancel: 1 }))],
    ['sender must be an object, got undefined', () => toWritableStream(any(undefined))],
    ['sender must be a Sender, got [object Object]', () => toWritableStream(any({ send: f }))],
    ['sender must be a Sender, got [object Object]', () => toWritableStream(any({ close: f }))],
    ['options.close must be a boolean, got 1 (number)', () => toWritableStream(new Channel(1), any({ close: 1 }))],
    ['pair must be an object, got undefined', () => fromTransformStream(any(undefined))],
    ['step must be a function, got undefined', () => toTransformStream(any(undefined))],
    ['step must be a function, got [object Object]', () => toTransformStream(any({}))],
    ['target must be an EventTarget, got undefined', () => fromEventTarget(any(undefined), 'a', 1, OVERFLOW)],
    ['target must be an EventTarget, got [object Object]', () => target({ addEventListener: f })],
    ['target must be an EventTarget, got [object Object]', () => target({ removeEventListener: f })],
    ['options must be an object, got undefined', () => fromEventTarget(new EventTarget(), 'a', 1, any(undefined))],
    ['type must be an object, got 1 (number)', () => events(1)],
    ['type.item must be the type of an event, got undefined', () => events({})],
    ['type.end must be types of events, got 1 (number)', () => events({ item: 'a', end: 1 })],
    ['type.end must be types of events, got [object Array]', () => events({ item: 'a', end: ['b', 1] })],
    ['type.error must be the type of an event, got null', () => events({ item: 'a', error: null })],
    ['type.map must be a function, got "b"', () => events({ item: 'a', map: 'b' })],
    ...['addEventListener', 'removeEventListener', 'send', 'close', 'readyState'].flatMap(
      (name): [string, () => unknown][] => [
        ['ws must be a WebSocket, got [object Object]', () => toWebSocket(without(name))],
        ['ws must be a WebSocket, got [object Object]', () => fromWebSocket(without(name), 1, OVERFLOW)],
      ],
    ),
  ])('%s', (message, call) => {
    expect(thrown(call)).toMatchObject({ name: 'TypeError', message });
  });

  function target(given: unknown): unknown {
    return fromEventTarget(any(given), 'a', 1, OVERFLOW);
  }

  it('options.maxBuffered must be an integer from 1', () => {
    expect(thrown(() => toWebSocket(new Socket(), { maxBuffered: 0 }))).toMatchObject({ name: 'RangeError' });
  });

  it('says who needs which overflow', () => {
    const ADVICE = "since events cannot wait: 'error', 'drop-oldest', 'drop-newest' or { key, coalesce }";
    expect(thrown(() => fromEventTarget(new EventTarget(), 'a', 1, any({})))).toMatchObject({
      name: 'TypeError',
      message: `fromEventTarget needs options.overflow, ${ADVICE}`,
    });
    expect(thrown(() => fromWebSocket(new Socket(), 1, any({})))).toMatchObject({
      message: `fromWebSocket needs options.overflow, ${ADVICE}`,
    });
  });
});

/** Exactly this error, with its cause and value where it has them, and without where not. */
function expectClosed(
  error: unknown,
  message: string,
  parts: { readonly cause?: unknown; readonly value?: unknown },
): void {
  expect(error).toBeInstanceOf(ChannelClosedError);
  const { message: said, cause, value } = error as ChannelClosedError;
  expect({ message: said, cause, value }).toEqual({ message, cause: parts.cause, value: parts.value });
  expect(['cause' in (error as object), 'value' in (error as object)]).toEqual(['cause' in parts, 'value' in parts]);
}

describe('a sender over a WritableStream', () => {
  const ITEM = "stop sending; the item is this error's value";
  const CLOSE = 'nothing more goes in';

  it('says that the stream is closed, or has failed, to a send and to a close', async () => {
    const closed = new WritableStream<number>();
    await closed.close();
    expectClosed(await rejection(fromWritableStream(closed).send(1)), `the WritableStream is closed: ${ITEM}`, {
      value: 1,
    });
    const close = await rejection(Promise.resolve(fromWritableStream(closed).close()));
    expectClosed(close, `the WritableStream is closed: ${CLOSE}`, {});
    const failed = new WritableStream<number>();
    await failed.abort(boom);
    const send = await rejection(fromWritableStream(failed).send(1));
    expectClosed(send, `the WritableStream has failed: ${ITEM}`, { cause: boom, value: 1 });
    const sender = fromWritableStream(failed);
    expectClosed(await rejection(Promise.resolve(sender.close())), `the WritableStream has failed: ${CLOSE}`, {
      cause: boom,
    });
    // Again, by what it knows now.
    expectClosed(await rejection(Promise.resolve(sender.close())), `the WritableStream has failed: ${CLOSE}`, {
      cause: boom,
    });
  });

  it('says that it is closed itself, with the error of its close', async () => {
    const sender = fromWritableStream(new WritableStream<number>());
    void sender.close(boom);
    expectClosed(await rejection(sender.send(1)), `the WritableStream is closed: ${ITEM}`, { cause: boom, value: 1 });
  });

  it('says by whom the stream is locked, with the engine’s error as cause', async () => {
    const stream = new WritableStream<number>();
    stream.getWriter();
    const error = await rejection(fromWritableStream(stream).send(1));
    expect(error).toMatchObject({
      name: 'TypeError',
      message: 'the WritableStream is locked by another writer: let that one release it, or write through it',
      cause: expect.any(TypeError),
    });
  });

  it('times out by the name of what it waits for', async () => {
    const sender = fromWritableStream(new WritableStream<number>({ write: () => new Promise<void>(f) }));
    await sender.send(1);
    expect(await rejection(sender.send(2, { timeout: 0 }))).toMatchObject({
      message: 'a send on a WritableStream timed out after 0 ms, without effect: retry, wait longer or shed load',
      value: 2,
    });
  });
});

describe('a receiver over a ReadableStream', () => {
  it('says by whom the stream is locked, with the engine’s error as cause', async () => {
    const stream = new ReadableStream<number>();
    stream.getReader();
    expect(await rejection(fromReadableStream(stream).receive())).toMatchObject({
      name: 'TypeError',
      message: 'the ReadableStream is locked by another reader: let that one release it, or read through it',
      cause: expect.any(TypeError),
    });
  });

  it('times out by the name of what it waits for, and without a value', async () => {
    const late = await rejection(fromReadableStream(new ReadableStream<number>()).receive({ timeout: 0 }));
    expect(late).toMatchObject({
      message: 'a receive on a ReadableStream timed out after 0 ms, without effect: retry, wait longer or shed load',
    });
    expect('value' in (late as object)).toBe(false);
  });
});

describe('a sender over a WebSocket', () => {
  const ITEM = "the WebSocket is closed: stop sending; the item is this error's value";
  const CLOSE = 'the WebSocket is closed: nothing more goes out';

  it('says that the socket is closed, to a send and to a close', async () => {
    const sender = toWebSocket(new Socket(3));
    expectClosed(await rejection(sender.send('a')), ITEM, { value: 'a' });
    expectClosed(await rejection(Promise.resolve(sender.close())), CLOSE, {});
  });

  it('says why, once it was aborted', async () => {
    const controller = new AbortController();
    const socket = new Socket();
    const sender = toWebSocket(socket, { signal: controller.signal });
    controller.abort(boom);
    expectClosed(await rejection(sender.send('a')), ITEM, { cause: boom, value: 'a' });
    expectClosed(await rejection(Promise.resolve(sender.close())), CLOSE, { cause: boom });
    expect(socket.closes).toEqual([[4000, 'boom']]);
  });

  it('closes with a reason that fits into the frame', async () => {
    const socket = new Socket();
    void toWebSocket(socket).close(new Error('€'.repeat(1_000)));
    const [[code, reason]] = socket.closes as [[number, string]];
    expect(code).toBe(4000);
    expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123);
    expect(reason).toMatch(/^€{40,}$/);
  });
});
