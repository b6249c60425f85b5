// Messages of a WebSocket, received and sent, over loopback: client and server are of the package `ws`.

import type { AddressInfo } from 'node:net';
import { ChannelClosedError, OverflowError } from 'sluice';
import { fromWebSocket, toWebSocket, type WebSocketLike } from 'sluice/web';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { collect, macrotask, PlainSignal, rejection, settled, thrown, watch } from '../support.js';

let server: WebSocketServer;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => void server.once('listening', resolve));
});
afterEach(async () => {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

const connect = (): WebSocket => new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);

/** Both ends of a connection. */
async function pair(): Promise<{ near: WebSocket; far: WebSocket }> {
  const connected = new Promise<WebSocket>((resolve) => void server.once('connection', resolve));
  const near = connect();
  const far = await connected;
  if (near.readyState !== WebSocket.OPEN) await new Promise((resolve) => void near.once('open', resolve));
  return { near, far };
}

/** A socket of no connection, that looks like the platform's: `send` has one parameter. */
class FakeSocket extends EventTarget implements WebSocketLike {
  binaryType = 'blob';
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: unknown[] = [];
  readonly close = vi.fn<(code?: number, reason?: string) => void>();

  send(data: string): void {
    this.sent.push(data);
    this.bufferedAmount += data.length;
  }

  becomes(readyState: number, event: string): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event(event));
  }
}

describe('fromWebSocket', () => {
  it('gives strings and ArrayBuffers, and ends quietly after the closing handshake', async () => {
    const { near, far } = await pair();
    const messages = fromWebSocket(near, 8, { overflow: 'error' });
    far.send('text');
    far.send(new Uint8Array([1, 2]));
    far.close(1000);
    const [text, bytes] = await collect(messages);
    expect(text).toBe('text');
    expect(bytes).toBeInstanceOf(ArrayBuffer);
    expect([...new Uint8Array(bytes as ArrayBuffer)]).toEqual([1, 2]);
  });

  it('does not end quietly where the connection broke off', async () => {
    const { near, far } = await pair();
    const messages = fromWebSocket(near, 8, { overflow: 'error' });
    far.terminate();
    await messages.completion.catch(() => {});
    expect(await rejection(messages.receive())).toMatchObject({ message: expect.stringContaining('1006') });
  });

  it('fails where the connection cannot be made, with the socket’s own error', async () => {
    const near = new WebSocket('ws://127.0.0.1:1');
    const messages = fromWebSocket(near, 8, { overflow: 'error' });
    await messages.completion.catch(() => {});
    expect(await rejection(messages.receive())).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says the code, and the reason where there is one, of a connection that broke off', async () => {
    for (const [parts, message] of [
      [{ code: 1006, reason: '' }, 'the WebSocket was closed without a handshake (code 1006)'],
      [{ code: 1011, reason: 'no disk' }, 'the WebSocket was closed without a handshake (code 1011, no disk)'],
      [{ code: 1006, reason: undefined }, 'the WebSocket was closed without a handshake (code 1006)'],
    ] as const) {
      const socket = new FakeSocket();
      const messages = fromWebSocket(socket, 1, { overflow: 'error' });
      const event = Object.assign(new Event('close'), { wasClean: false, ...parts });
      socket.dispatchEvent(event);
      const error = await rejection(messages.receive());
      expect([(error as Error).message, (error as Error).cause]).toEqual([message, event]);
    }
  });

  it('pauses a socket that has both methods for it, unless another way was named; not one that has half', () => {
    const message = () => Object.assign(new Event('message'), { data: 'a' });
    for (const [methods, options, paused] of [
      [['pause', 'resume'], {}, 1],
      [['pause', 'resume'], { pausing: false }, 0],
      [['pause'], {}, 0],
    ] as const) {
      const pause = vi.fn();
      const socket = new FakeSocket();
      for (const name of methods) Object.assign(socket, { [name]: pause });
      const messages = fromWebSocket(socket, 1, { overflow: 'drop-newest', ...options });
      socket.dispatchEvent(message());
      expect([messages.size, pause.mock.calls.length]).toEqual([1, paused]);
    }
    const resume = vi.fn();
    const half = Object.assign(new FakeSocket(), { resume });
    const messages = fromWebSocket(half, 1, { overflow: 'drop-newest' });
    half.dispatchEvent(message());
    messages.drain();
    expect(resume).not.toHaveBeenCalled();
  });

  it('has ended where the socket has closed before', () => {
    const ended = Object.assign(new FakeSocket(), { readyState: 3 });
    expect(fromWebSocket(ended, 1, { overflow: 'error' }).ended).toBe(true);
  });

  it('ends with OverflowError where nobody keeps up, and leaves the socket open (ws 1804)', async () => {
    const socket = new FakeSocket();
    const messages = fromWebSocket(socket, 2, { overflow: 'error' });
    for (const data of ['a', 'b', 'c']) socket.dispatchEvent(Object.assign(new Event('message'), { data }));
    expect([await messages.receive(), await messages.receive()]).toEqual(['a', 'b']);
    const error = await rejection(messages.receive());
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ value: 'c' });
    expect(socket.close).not.toHaveBeenCalled();
  });

  it('pauses a socket that can be paused, and loses nothing where there is slack for what comes in one piece', async () => {
    const COUNT = 500;
    const { near, far } = await pair();
    const messages = fromWebSocket(near, COUNT, { overflow: 'error', slack: COUNT - 8 });
    for (let i = 0; i < COUNT; i++) far.send(String(i));
    far.close();
    const paused = vi.spyOn(near, 'pause');
    const got = await collect(messages);
    expect(got).toEqual(Array.from({ length: COUNT }, (_, i) => String(i)));
    expect(paused).toHaveBeenCalled();
  });

  it('does not let a late error end the process once it was cancelled', async () => {
    const near = new WebSocket('ws://127.0.0.1:1');
    fromWebSocket(near, 1, { overflow: 'error' }).cancel();
    await new Promise((resolve) => void near.once('close', resolve)); // and an error before it
    expect(near.readyState).toBe(WebSocket.CLOSED);
  });

  it('refuses what is no socket', () => {
    expect(thrown(() => fromWebSocket({} as WebSocketLike, 1, { overflow: 'error' }))).toMatchObject({
      message: 'ws must be a WebSocket, got [object Object]',
    });
    expect(thrown(() => fromWebSocket(new FakeSocket(), 1, {} as never))).toMatchObject({
      message: expect.stringContaining('fromWebSocket needs options.overflow'),
    });
  });
});

describe('toWebSocket', () => {
  it('sends in order, also what was sent before the socket was open, and closes it behind', async () => {
    const connected = new Promise<WebSocket>((resolve) => void server.once('connection', resolve));
    const sender = toWebSocket(connect());
    const sending = ['a', 'b', 'c'].map((text) => sender.send(text));
    const closing = sender.close();
    const received = collect(fromWebSocket(await connected, 8, { overflow: 'error' }));
    await Promise.all(sending);
    expect(await received).toEqual(['a', 'b', 'c']);
    await closing;
  });

  it('waits while too many bytes have not left, and goes on by the callbacks of ws', async () => {
    const { near, far } = await pair();
    far.pause();
    const sender = toWebSocket(near, { maxBuffered: 1_000_000 });
    const block = new Uint8Array(256 * 1024);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 100; sent++) await sender.send(block);
    })();
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => void setTimeout(resolve, 30));
    }
    expect(sent).toBeLessThan(100);
    expect(near.bufferedAmount).toBeLessThan(1_000_000 + block.length + 100);
    far.resume();
    await sending;
    expect(sent).toBe(100);
  });

  it('looks again at growing intervals where a socket cannot call back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const socket = new FakeSocket();
      const sender = toWebSocket(socket, { maxBuffered: 2 });
      await sender.send('ab');
      const sent = watch(sender.send('cd'));
      vi.advanceTimersByTime(100);
      await macrotask();
      expect([sent.state, vi.getTimerCount()]).toEqual(['pending', 1]);
      socket.bufferedAmount = 1;
      vi.advanceTimersByTime(50);
      await macrotask();
      expect([sent.state, vi.getTimerCount(), socket.sent]).toEqual(['fulfilled', 0, ['ab', 'cd']]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('looks soon again after a look that let one in, and ever later while none does; no timer is left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const socket = new FakeSocket();
      const sender = toWebSocket(socket, { maxBuffered: 1 });
      await sender.send('a');
      const sends = ['b', 'c'].map((text) => watch(sender.send(text)));
      /** How many milliseconds go by until the next look finds room. */
      const waited = async (count: number): Promise<number> => {
        socket.bufferedAmount = 0;
        for (let ms = 0; ; ms++) {
          if (socket.sent.length === count) return ms;
          vi.advanceTimersByTime(1);
          await macrotask();
        }
      };
      vi.advanceTimersByTime(500); // in vain, so the looks are rare by now
      await macrotask();
      const rare = await waited(2);
      const soon = await waited(3);
      expect(soon).toBeLessThan(rare);
      expect([sends.map(({ state }) => state), vi.getTimerCount()]).toEqual([['fulfilled', 'fulfilled'], 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('leaves no timer and no listener when the socket closes under a send that waits', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const socket = Object.assign(new FakeSocket(), { bufferedAmount: 1e6 });
      const removed = vi.spyOn(socket, 'removeEventListener');
      const signal = new PlainSignal();
      const sender = toWebSocket(socket, { signal });
      void sender.send('a').catch(() => {});
      expect(vi.getTimerCount()).toBe(1);
      socket.becomes(3, 'close');
      expect([vi.getTimerCount(), signal.listeners.size]).toEqual([0, 0]);
      expect(removed.mock.calls.map(([type]) => type).sort()).toEqual(['close', 'error', 'open']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits for callbacks, not for timers, where the socket calls back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const callbacks: ((error?: Error | null) => void)[] = [];
      const socket = Object.assign(new FakeSocket(), {
        send(data: string, done: (error?: Error | null) => void) {
          socket.sent.push(data);
          socket.bufferedAmount += data.length;
          callbacks.push(done);
        },
      });
      const dropped: unknown[] = [];
      const sender = toWebSocket(socket, { maxBuffered: 1, onDrop: (message) => void dropped.push(message) });
      const sends = ['a', 'b', 'c'].map((text) => watch(sender.send(text)));
      await macrotask();
      expect([socket.sent, vi.getTimerCount()]).toEqual([['a'], 0]);
      for (const [error, sent] of [
        [undefined, ['a', 'b']],
        [null, ['a', 'b', 'c']],
        [new Error('lost'), ['a', 'b', 'c']],
      ] as const) {
        socket.bufferedAmount = 0;
        callbacks.shift()?.(error);
        await macrotask();
        expect(socket.sent).toEqual(sent);
      }
      expect([dropped, vi.getTimerCount(), sends.every(({ state }) => state === 'fulfilled')]).toEqual([
        ['c'],
        0,
        true,
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a message that the socket throws at, and goes on with those behind it', async () => {
    const socket = Object.assign(new FakeSocket(), { bufferedAmount: 1e6 });
    const refused = new Error('not that');
    const send = socket.send.bind(socket);
    socket.send = (data: string) => {
      if (data === 'bad') throw refused;
      send(data);
    };
    const sender = toWebSocket(socket);
    const sends = ['bad', 'good'].map((text) => watch(sender.send(text)));
    socket.bufferedAmount = 0;
    socket.dispatchEvent(new Event('open'));
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['rejected', 'fulfilled']);
    expect([sends[0]?.result, socket.sent]).toEqual([refused, ['good']]);
  });

  it('closes with 1000 behind what waits, once', async () => {
    const socket = Object.assign(new FakeSocket(), { bufferedAmount: 1e6 });
    const sender = toWebSocket(socket);
    const sent = watch(sender.send('a'));
    const closings = [sender.close(), sender.close(new Error('late'))].map((each) => watch(Promise.resolve(each)));
    expect(await rejection(sender.send('b'))).toMatchObject({ value: 'b' });
    expect(socket.close).not.toHaveBeenCalled();
    socket.bufferedAmount = 0;
    socket.dispatchEvent(new Event('open'));
    await macrotask();
    expect([sent.state, socket.close.mock.calls]).toEqual(['fulfilled', [[1000]]]);
    expect(await rejection(sender.send('c'))).toMatchObject({ value: 'c' });
    socket.becomes(3, 'close');
    await macrotask();
    expect(closings.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('has sent nothing where a send gave up', async () => {
    const socket = Object.assign(new FakeSocket(), { readyState: 0 });
    const sender = toWebSocket(socket);
    const signal = new PlainSignal();
    const given = watch(sender.send('a', { signal }));
    const kept = watch(sender.send('b'));
    signal.abort('given up');
    expect(await rejection(sender.send('c', { timeout: 0 }))).toMatchObject({ name: 'TimeoutError', value: 'c' });
    socket.becomes(1, 'open');
    await macrotask();
    expect([given.result, kept.state, socket.sent]).toEqual(['given up', 'fulfilled', ['b']]);
  });

  it('refuses, with the message, once the socket is closing or closed', async () => {
    const { near, far } = await pair();
    const sender = toWebSocket(near);
    const closed = new Promise((resolve) => void near.once('close', resolve));
    far.close();
    await closed;
    const error = await rejection(sender.send('late'));
    expect(error).toBeInstanceOf(ChannelClosedError);
    expect(error).toMatchObject({ value: 'late' });
    expect(await rejection(Promise.resolve(sender.close()))).toBeInstanceOf(ChannelClosedError);
  });

  it('refuses those who wait when the socket closes', async () => {
    const socket = Object.assign(new FakeSocket(), { bufferedAmount: 1e6 });
    const sender = toWebSocket(socket);
    const waiting = watch(sender.send('a'));
    socket.becomes(3, 'close');
    await macrotask();
    expect(waiting.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 'a' });
  });

  it('rejects a close whose socket dies, or is given up, with sends that wait; fulfils one that had nothing to wait for', async () => {
    const broken = new Error('broken');
    const signal = new PlainSignal();
    const ends: [string, unknown, (socket: FakeSocket) => void][] = [
      ['dies', undefined, (socket) => socket.becomes(3, 'close')],
      [
        'fails',
        broken,
        (socket) => {
          socket.dispatchEvent(Object.assign(new Event('error'), { error: broken }));
          socket.becomes(3, 'close');
        },
      ],
      ['is given up', broken, (socket) => (signal.abort(broken), socket.becomes(3, 'close'))],
    ];
    for (const [how, cause, end] of ends) {
      const socket = Object.assign(new FakeSocket(), { bufferedAmount: 1e6 });
      const sender = toWebSocket(socket, how === 'is given up' ? { signal } : {});
      const waiting = watch(sender.send('a'));
      const closing = watch(Promise.resolve(sender.close()));
      end(socket);
      await macrotask();
      expect([how, waiting.state, closing.state]).toEqual([how, 'rejected', 'rejected']);
      expect(closing.result).toBeInstanceOf(ChannelClosedError);
      expect((closing.result as Error).cause).toBe(cause);
    }
    const socket = new FakeSocket();
    const closing = watch(Promise.resolve(toWebSocket(socket).close()));
    socket.becomes(3, 'close');
    await macrotask();
    expect(closing.state).toBe('fulfilled');
  });

  it('tells of messages that did not go out (ws 1956)', async () => {
    const dropped: unknown[] = [];
    const { near, far } = await pair();
    far.pause();
    const sender = toWebSocket(near, { onDrop: (message) => dropped.push(message), maxBuffered: 100_000_000 });
    const blocks = Array.from({ length: 100 }, () => new Uint8Array(256 * 1024));
    for (const block of blocks) await sender.send(block);
    expect(near.bufferedAmount).toBeGreaterThan(0);
    near.terminate();
    await new Promise((resolve) => void near.once('close', resolve));
    await macrotask();
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped.every((block) => blocks.includes(block as Uint8Array<ArrayBuffer>))).toBe(true);
  });

  it('closes with an error by a code of its own and the error’s message', async () => {
    const { near, far } = await pair();
    const closed = new Promise((resolve) => {
      far.once('close', (code, reason) => resolve([code, String(reason)]));
    });
    await toWebSocket(near).close(new Error('out of paper'));
    expect(await closed).toEqual([4000, 'out of paper']);
  });

  it('is cancelled by its signal', async () => {
    const socket = Object.assign(new FakeSocket(), { bufferedAmount: 1e6 });
    const signal = new PlainSignal();
    const waiting = watch(toWebSocket(socket, { signal }).send('a'));
    signal.abort('stop');
    await macrotask();
    expect(waiting.result).toMatchObject({ value: 'a', cause: 'stop' });
    expect(socket.close).toHaveBeenCalledWith(4000, 'stop');
    expect(signal.listeners.size).toBe(0);
  });

  it('refuses what it cannot work with', async () => {
    expect(thrown(() => toWebSocket({} as WebSocketLike))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => toWebSocket(new FakeSocket(), { maxBuffered: 0 }))).toMatchObject({ name: 'RangeError' });
    const { near } = await pair();
    expect((await settled(toWebSocket(near).send(Symbol('no') as never))).state).toBe('rejected');
  });
});
