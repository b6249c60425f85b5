// Foreign code that runs in the middle of a bridge: a sink's `write`, a source's `read`, a socket's `send`, a channel's
// `onPressure`. Whatever it does there, nobody is served in another's place, and no item gets lost.

import { Readable, Writable } from 'node:stream';
import { Channel } from 'sluice';
import { fromReadable, fromWritable, toReadable } from 'sluice/node';
import { toObservable } from 'sluice/observable';
import { toPublisher } from 'sluice/reactive';
import { fromWritableStream, toReadableStream, toWebSocket } from 'sluice/web';
import { describe, expect, it } from 'vitest';
import { macrotask, PlainSignal, type Watched, watch } from '../support.js';

interface Sends {
  send(item: string, options?: { signal: PlainSignal }): Promise<void>;
}

/** A sender that is full, whose foreign side runs `inside` at each item; and how that is let go on. */
type Making = (
  inside: (item: string) => void,
  options: { onDrop: (item: unknown) => void; signal?: PlainSignal },
) => Promise<{ sender: Sends; goOn: () => Promise<void>; written: string[] }>;

const SENDERS: [string, Making][] = [
  [
    'fromWritable',
    async (inside, options) => {
      const written: string[] = [];
      const dones: (() => void)[] = [];
      const stream = new Writable({
        objectMode: true,
        highWaterMark: 1,
        write(item: string, _, done) {
          written.push(item);
          dones.push(done);
          inside(item);
        },
      }).on('error', () => {});
      const sender = fromWritable<string>(stream, options);
      await sender.send('first');
      const goOn = async (): Promise<void> => {
        dones.shift()?.();
        await macrotask();
      };
      return { sender, goOn, written };
    },
  ],
  [
    'fromWritableStream',
    async (inside, options) => {
      const written: string[] = [];
      const dones: (() => void)[] = [];
      const stream = new WritableStream<string>({
        write(item) {
          written.push(item);
          inside(item);
          return new Promise<void>((resolve) => void dones.push(resolve));
        },
      });
      await macrotask();
      const sender = fromWritableStream<string>(stream, options);
      await sender.send('first');
      const goOn = async (): Promise<void> => {
        dones.shift()?.();
        await macrotask();
      };
      return { sender, goOn, written };
    },
  ],
  [
    'toWebSocket',
    async (inside, options) => {
      const written: string[] = [];
      const socket = Object.assign(new EventTarget(), {
        binaryType: 'blob',
        readyState: 1,
        bufferedAmount: 1,
        send(item: string) {
          written.push(item);
          socket.bufferedAmount = 1;
          inside(item);
        },
        close() {},
      });
      const sender = toWebSocket(socket, { ...options, maxBuffered: 1 }) as Sends;
      const goOn = async (): Promise<void> => {
        socket.bufferedAmount = 0;
        socket.dispatchEvent(new Event('open'));
        await macrotask();
      };
      return { sender, goOn, written };
    },
  ],
];

const states = (all: readonly Watched[]): string[] => all.map(({ state }) => state);

describe.each(SENDERS)('inside of the sink of %s', (_, make) => {
  it('an abort of the very send does not have another fulfilled in its place', async () => {
    const signal = new PlainSignal();
    const dropped: unknown[] = [];
    const { sender, goOn, written } = await make((item) => void (item === 'a' && signal.abort('given up')), {
      onDrop: (item) => void dropped.push(item),
    });
    const sends = [sender.send('a', { signal }), sender.send('b'), sender.send('c')].map(watch);
    for (let i = 0; i < 4; i++) await goOn();
    expect(written.filter((item) => item !== 'first')).toEqual(['a', 'b', 'c']);
    expect([states(sends), dropped]).toEqual([['fulfilled', 'fulfilled', 'fulfilled'], []]);
  });

  it('an abort of all sends leaves what was written, and rejects the others', async () => {
    const signal = new PlainSignal();
    const { sender, goOn, written } = await make((item) => void (item === 'a' && signal.abort('given up')), {
      onDrop() {},
    });
    const sends = ['a', 'b', 'c'].map((item) => watch(sender.send(item, { signal })));
    for (let i = 0; i < 3; i++) await goOn();
    expect(written.filter((item) => item !== 'first')).toEqual(['a']);
    expect(states(sends)).toEqual(['fulfilled', 'rejected', 'rejected']);
    const later = watch(sender.send('d'));
    await goOn();
    expect(states([later])).toEqual(['fulfilled']);
  });

  it('an abort of the bridge rejects those behind', async () => {
    const signal = new PlainSignal();
    const { sender, goOn, written } = await make((item) => void (item === 'a' && signal.abort(new Error('stop'))), {
      onDrop() {},
      signal,
    });
    const sends = ['a', 'b'].map((item) => watch(sender.send(item)));
    for (let i = 0; i < 3; i++) await goOn();
    expect(written.filter((item) => item !== 'first')).toEqual(['a']);
    expect(states(sends)).toEqual(['fulfilled', 'rejected']);
    expect(sends[1]?.result).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 'b' });
  });
});

describe('inside of a socket that calls back inside of its send', () => {
  it('each message is sent once, however many wait', async () => {
    const sent: string[] = [];
    const socket = Object.assign(new EventTarget(), {
      binaryType: 'blob',
      readyState: 1,
      bufferedAmount: 1,
      send(item: string, done: () => void) {
        sent.push(item);
        done();
      },
      close() {},
    });
    const sender = toWebSocket(socket as never, { maxBuffered: 1 });
    const messages = Array.from({ length: 20_000 }, (_, i) => String(i));
    const sends = messages.map((message) => watch(sender.send(message)));
    socket.bufferedAmount = 0;
    socket.dispatchEvent(new Event('open'));
    await macrotask();
    expect(sent).toEqual(messages);
    expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
  });
});

describe('inside of the source of fromReadable', () => {
  it('an abort of the very receive takes nothing', async () => {
    const signal = new PlainSignal();
    let reads = 0;
    const stream = new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        const n = ++reads;
        if (n === 2) signal.abort('given up');
        setImmediate(() => this.push(n));
      },
    });
    const receiver = fromReadable<number>(stream);
    const given = watch(receiver.receive({ signal }));
    await macrotask();
    await macrotask();
    const got = [given.state === 'fulfilled' ? given.result : await receiver.receive(), await receiver.receive()];
    expect(got).toEqual([1, 2]);
  });
});

describe('inside of the onPressure of a channel that is read', () => {
  /** A channel of four items whose reader leaves when two were taken. */
  function leavingAtHalf(leave: () => void): Channel<number> {
    const channel = new Channel<number>(4, {
      watermarks: { high: 0.75, low: 0.25 },
      onPressure: (level) => {
        if (level === 'low') leave();
      },
    });
    for (const n of [1, 2, 3, 4]) channel.trySend(n);
    return channel;
  }

  const READERS: [string, (channel: Channel<number>, got: number[], dropped: number[]) => () => void][] = [
    [
      'toReadable',
      (channel, got, dropped) => {
        const stream = toReadable(channel, { cancel: false, onDrop: (item) => void dropped.push(item) });
        stream.on('data', (item: number) => void got.push(item));
        return () => void stream.destroy();
      },
    ],
    [
      'toReadable in for await',
      (channel, got, dropped) => {
        const stream = toReadable(channel, { cancel: false, onDrop: (item) => void dropped.push(item) });
        void (async () => {
          for await (const item of stream) got.push(item as number);
        })().catch(() => {});
        return () => void stream.destroy();
      },
    ],
    [
      'toReadableStream',
      (channel, got, dropped) => {
        const signal = new PlainSignal();
        const stream = toReadableStream(channel, {
          cancel: false,
          signal,
          onDrop: (item) => void dropped.push(item),
        });
        void (async () => {
          for await (const item of stream) got.push(item);
        })().catch(() => {});
        return () => signal.abort('enough');
      },
    ],
    [
      'toPublisher',
      (channel, got, dropped) => {
        let cancel = (): void => {};
        const publisher = toPublisher(channel, { cancel: false, onDrop: (item) => void dropped.push(item) });
        let request = (_n: number): void => {};
        publisher.subscribe({
          onSubscribe(subscription) {
            cancel = () => subscription.cancel();
            request = (n) => subscription.request(n);
          },
          onNext: (item) => void got.push(item),
          onError() {},
          onComplete() {},
        });
        queueMicrotask(() => request(4));
        return () => cancel();
      },
    ],
    [
      'toObservable',
      (channel, got, dropped) => {
        const subscription = toObservable(channel, {
          cancel: false,
          onDrop: (item) => void dropped.push(item),
        }).subscribe((item) => void got.push(item));
        return () => subscription.unsubscribe();
      },
    ],
  ];

  it.each(READERS)('%s that is left there hands out nothing more, and loses nothing', async (_, read) => {
    const got: number[] = [];
    const dropped: number[] = [];
    let leave = (): void => {};
    let hasLeft = -1;
    const channel = leavingAtHalf(() => {
      leave();
      hasLeft = got.length;
    });
    const left = read(channel, got, dropped);
    leave = left;
    for (let i = 0; i < 5; i++) await macrotask();
    if (hasLeft < 0) left(); // it was given all before it could be left
    await macrotask();
    expect([...got, ...dropped, ...channel.drain()]).toEqual([1, 2, 3, 4]);
    if (hasLeft >= 0) expect(got.length).toBe(hasLeft);
  });
});
