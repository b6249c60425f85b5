// The adapters over the real sources and sinks of Node: files, sockets, requests, zlib, processes, HTTP/2, readline, WebSockets.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Channel, ChannelClosedError, type Receiver } from 'sluice';
import { fromDuplex, fromEmitter, fromReadable, fromWritable, toReadable, toTransform, toWritable } from 'sluice/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MIB = 1024 * 1024;
const data = randomBytes(4 * MIB);
let folder: string;
let file: string;

const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);

beforeAll(() => {
  process.on('unhandledRejection', note);
  folder = mkdtempSync(join(tmpdir(), 'sluice-node-'));
  file = join(folder, 'data');
  writeFileSync(file, data);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  process.off('unhandledRejection', note);
});

const digest = (...chunks: Uint8Array[]): string => {
  const hash = createHash('sha1');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

/** The code of an error, and whether it carries the very item. */
const refusal = (sending: Promise<unknown>): Promise<unknown> =>
  sending.catch((error: { code: string; value: unknown }) => [error.code, error.value === data]);

async function bytesOf(receiver: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of receiver) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listening<S extends { listen(port: number, host: string): unknown; address(): unknown }>(
  server: S & NodeJS.EventEmitter,
): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const closing = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

describe('a file', () => {
  it('is received whole, and left open by a break', async () => {
    const stream = createReadStream(file);
    const receiver = fromReadable<Buffer>(stream);
    let first: Buffer = Buffer.alloc(0);
    for await (const chunk of receiver) {
      first = chunk;
      break;
    }
    expect(stream.destroyed).toBe(false);
    expect(digest(first, await bytesOf(receiver))).toBe(digest(data));
    expect(stream.closed || stream.readableEnded).toBe(true);
  });

  it('is closed by a cancel', async () => {
    const stream = createReadStream(file);
    const receiver = fromReadable<Buffer>(stream);
    await receiver.receive();
    void receiver.cancel();
    await once(stream, 'close');
    expect(stream.bytesRead).toBeLessThan(MIB);
  });

  it('that is not there is an error', async () => {
    const receiver = fromReadable(createReadStream(join(folder, 'missing')));
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ENOENT' });
    const sender = fromWritable(createWriteStream(join(folder, 'missing', 'file')));
    await expect(
      (async () => {
        for (;;) await sender.send('a'.repeat(20_000));
      })(),
    ).rejects.toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: { code: 'ENOENT' } });
  });

  it('is copied by a sender, whose close means that it is written', async () => {
    const copy = join(folder, 'copy');
    const sender = fromWritable<Buffer>(createWriteStream(copy));
    for await (const chunk of fromReadable<Buffer>(createReadStream(file))) await sender.send(chunk);
    await sender.close();
    expect(digest(readFileSync(copy))).toBe(digest(data));
  });

  it('is copied through a channel, zlib and a step, piped', async () => {
    const copy = join(folder, 'zipped');
    const channel = new Channel<Buffer>(2);
    const sizes: number[] = [];
    await Promise.all([
      pipeline(createReadStream(file), createGzip({ level: 1 }), toWritable(channel, { objectMode: false })),
      pipeline(
        toReadable(channel, { objectMode: false }),
        createGunzip(),
        toTransform<Buffer, Buffer>(
          async function* (chunks) {
            for await (const chunk of chunks) {
              sizes.push(chunk.length);
              yield chunk;
            }
          },
          { objectMode: false },
        ),
        createWriteStream(copy),
      ),
    ]);
    expect(digest(readFileSync(copy))).toBe(digest(data));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(data.length);
  });

  it('is paused exactly, as an emitter', async () => {
    const stream = createReadStream(file);
    const chunks = fromEmitter<Buffer>(stream, { item: 'data', end: 'end' }, 2);
    expect(digest(await bytesOf(chunks))).toBe(digest(data));
    expect(chunks.stats().peakSize).toBeLessThanOrEqual(2);
  });
});

describe('zlib', () => {
  it('is a sender and a receiver', async () => {
    const gzip = fromDuplex<Buffer, Buffer>(createGzip({ level: 1 }));
    const gunzip = fromDuplex<Buffer, Buffer>(createGunzip());
    const forward = async (): Promise<void> => {
      for await (const chunk of gzip.receiver) await gunzip.sender.send(chunk);
      await gunzip.sender.close();
    };
    const feed = async (): Promise<void> => {
      for (let at = 0; at < data.length; at += 100_000) await gzip.sender.send(data.subarray(at, at + 100_000));
      await gzip.sender.close();
    };
    const [bytes] = await Promise.all([bytesOf(gunzip.receiver), forward(), feed()]);
    expect(digest(bytes)).toBe(digest(data));
  });

  it('fails the receiver, and then the sender, at what it cannot read', async () => {
    const { sender, receiver } = fromDuplex<string, Buffer>(createGunzip());
    await sender.send('this is not zipped');
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'Z_DATA_ERROR' });
    await expect(sender.send('more')).rejects.toMatchObject({ cause: { code: 'Z_DATA_ERROR' } });
  });
});

describe('a socket', () => {
  const serving = async (serve: (socket: Socket) => unknown): Promise<[Server, Socket]> => {
    const server = createServer((socket) => void serve(socket));
    const port = await listening(server);
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    return [server, client];
  };

  it('carries all of it there and back', async () => {
    const [server, client] = await serving(async (socket) => {
      const { sender, receiver } = fromDuplex<Buffer, Buffer>(socket);
      for await (const chunk of receiver) await sender.send(chunk);
      await sender.close();
    });
    const { sender, receiver } = fromDuplex<Buffer, Buffer>(client);
    const echoed = bytesOf(receiver);
    for (let at = 0; at < data.length; at += 50_000) await sender.send(data.subarray(at, at + 50_000));
    await sender.close();
    expect(digest(await echoed)).toBe(digest(data));
    await closing(server);
  });

  it('makes a sender wait for a peer that does not read, and tells it when the peer is gone', async () => {
    let peer: Socket | undefined;
    const [server, client] = await serving((socket) => {
      peer = socket.pause();
    });
    const dropped: number[] = [];
    const sender = fromWritable<Buffer>(client, { onDrop: (chunk) => dropped.push(chunk.length) });
    const sent: number[] = [];
    let waited = false;
    const sending = (async () => {
      for (;;) {
        const { length } = data;
        await sender.send(data, waited ? undefined : { timeout: 200 }).then(
          () => sent.push(length),
          (error: { code: string }) => {
            if (error.code !== 'ERR_SLUICE_TIMEOUT') throw error;
            waited = true;
            peer?.resetAndDestroy();
          },
        );
      }
    })();
    expect(await refusal(sending)).toEqual(['ERR_SLUICE_CLOSED', true]);
    expect([waited, dropped.length <= sent.length]).toEqual([true, true]);
    await closing(server);
  });

  it('ends its receiver with the error of a reset', async () => {
    let reset = (): void => {};
    const [server, client] = await serving((socket) => {
      socket.write('a');
      reset = () => void socket.resetAndDestroy();
    });
    const receiver = fromReadable<Buffer>(client);
    expect(String(await receiver.receive())).toBe('a');
    const waiting = receiver.receive();
    reset();
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' });
    await closing(server);
  });
});

describe('HTTP', () => {
  const serving = async (
    serve: (request: IncomingMessage, response: ServerResponse) => unknown,
  ): Promise<[Server, number]> => {
    const server = createHttpServer((request, response) => void serve(request, response));
    return [server, await listening(server)];
  };

  it('carries a body out of a channel, as it is asked for', async () => {
    const [server, port] = await serving((_request, response) =>
      pipeline(
        toReadable(
          Channel.from(
            (function* () {
              for (let at = 0; at < data.length; at += 65_536) yield data.subarray(at, at + 65_536);
            })(),
            2,
          ),
          { objectMode: false },
        ),
        response,
      ),
    );
    const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage];
    expect(digest(await bytesOf(fromReadable<Buffer>(response)))).toBe(digest(data));
    await closing(server);
  });

  it.each(['a stream in a pipeline', 'a sender'])('stops the producer when its client goes away: %s', async (how) => {
    let cancelled: (reason: unknown) => void = () => {};
    const stopped = new Promise((resolve) => {
      cancelled = resolve;
    });
    const channel = Channel.from(
      (function* () {
        try {
          for (;;) yield data.subarray(0, 65_536);
        } finally {
          cancelled('left');
        }
      })(),
      2,
    );
    const [server, port] = await serving(async (_request, response) => {
      if (how === 'a sender') {
        const sender = fromWritable<Uint8Array>(response);
        try {
          for await (const chunk of channel) await sender.send(chunk);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_SLUICE_CLOSED' });
          channel.cancel(error);
        }
      } else {
        await pipeline(toReadable(channel, { objectMode: false }), response).catch(() => {});
      }
    });
    const request = get({ port, host: '127.0.0.1', agent: false });
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const receiver = fromReadable<Buffer>(response);
    await receiver.receive();
    void receiver.cancel();
    expect(await stopped).toBe('left');
    await closing(server);
  });

  it('tells the reader of a body that its client has gone', async () => {
    let end: (error: unknown) => void = () => {};
    const ended = new Promise((resolve) => {
      end = resolve;
    });
    let leave = (): void => {};
    const [server, port] = await serving(async (request) => {
      try {
        for await (const _ of fromReadable(request)) leave();
        end('quietly');
      } catch (error) {
        end(error);
      }
    });
    const client = connect(port, '127.0.0.1');
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc');
    leave = () => void client.destroy();
    expect(await ended).toMatchObject({ code: expect.stringMatching(/ECONNRESET|PREMATURE_CLOSE/) as string });
    await closing(server);
  });
});

describe('HTTP/2', () => {
  it('carries a body through a stream, both ways', async () => {
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      const serve = async (): Promise<void> => {
        const { sender, receiver } = fromDuplex<Buffer, Buffer>(stream);
        for await (const chunk of receiver) await sender.send(chunk);
        await sender.close();
      };
      void serve();
    });
    const port = await listening(server);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const { sender, receiver } = fromDuplex<Buffer, Buffer>(session.request({ ':method': 'POST' }));
    const echoed = bytesOf(receiver);
    const part = data.subarray(0, MIB);
    for (let at = 0; at < part.length; at += 40_000) await sender.send(part.subarray(at, at + 40_000));
    await sender.close();
    expect(digest(await echoed)).toBe(digest(part));
    session.close();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });

  it('of HTTP/2 that its client destroys without an error refuses the send that waits', async () => {
    const server = createHttp2Server();
    const dropped: unknown[] = [];
    let stuck = (): void => {};
    const isStuck = new Promise<void>((resolve) => (stuck = resolve));
    const refused = new Promise<unknown>((resolve) => {
      server.on('stream', (stream) => {
        stream.respond({ ':status': 200 });
        const sender = fromWritable<Buffer>(stream, { onDrop: (chunk) => dropped.push(chunk) });
        const fill = async (): Promise<void> => {
          for (let sent = sender.send(data); ; sent = sender.send(data)) {
            if (stream.writableNeedDrain) stuck();
            await sent;
          }
        };
        fill().catch(resolve);
      });
    });
    const port = await listening(server);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const request = session.request();
    await isStuck;
    request.destroy();
    expect(await refused).toBeInstanceOf(ChannelClosedError);
    expect(dropped.length).toBeGreaterThan(0);
    session.close();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
});

describe('a child process', () => {
  it('that writes for ever is held up, and ended by a cancel', async () => {
    const child = spawn('yes', ['y']);
    const receiver = fromReadable<Buffer>(child.stdout);
    for (let i = 0; i < 20; i++) expect((await receiver.receive())?.[0]).toBe(0x79);
    void receiver.cancel();
    expect(await once(child, 'close')).not.toEqual([0, null]); // by SIGPIPE, or by itself where that is ignored
  });

  it('is fed and read', async () => {
    const child = spawn('cat');
    const sender = fromWritable<Buffer>(child.stdin);
    const read = bytesOf(fromReadable<Buffer>(child.stdout));
    for (let at = 0; at < MIB; at += 30_000) await sender.send(data.subarray(at, Math.min(MIB, at + 30_000)));
    await sender.close();
    expect(digest(await read)).toBe(digest(data.subarray(0, MIB)));
  });

  it('that does not read makes a sender wait, and is told of when it dies', async () => {
    const child = spawn('sleep', ['30']);
    const sender = fromWritable<Buffer>(child.stdin);
    const sending = (async () => {
      for (let i = 0; i < 10; i++) await sender.send(data);
    })();
    setTimeout(() => child.kill(), 30);
    expect(await refusal(sending)).toEqual(['ERR_SLUICE_CLOSED', true]);
  });
});

describe('readline', () => {
  const lines = Array.from({ length: 2_000 }, (_, i) => `line ${i}`);

  it('does not stop at a pause: what is lost then is said, or chosen by name', async () => {
    const path = join(folder, 'lines');
    writeFileSync(path, lines.join('\n'));
    const loud = fromEmitter<string>(
      createInterface({ input: createReadStream(path) }),
      { item: 'line', end: 'close' },
      16,
    );
    const got: string[] = [];
    await expect(
      (async () => {
        for await (const line of loud) got.push(line);
      })(),
    ).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERFLOW' });
    expect(got).toEqual(lines.slice(0, got.length));
    const roomy = fromEmitter<string>(
      createInterface({ input: createReadStream(path, { highWaterMark: 1024 }) }),
      { item: 'line', end: 'close' },
      512,
      { slack: 256 },
    );
    const all: string[] = [];
    for await (const line of roomy) all.push(line);
    expect(all).toEqual(lines);
  });

  it('is not needed: bytes are received and split', async () => {
    const path = join(folder, 'lines');
    writeFileSync(path, lines.join('\n'));
    async function* split(chunks: Receiver<string>) {
      let rest = '';
      for await (const chunk of chunks) {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop() as string;
        yield* parts;
      }
      if (rest !== '') yield rest;
    }
    const all: string[] = [];
    for await (const line of split(fromReadable<string>(createReadStream(path, 'utf8')))) all.push(line);
    expect(all).toEqual(lines);
  });
});

interface Socket8 extends NodeJS.EventEmitter {
  send(data: string | Buffer, done?: () => void): void;
  close(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}
interface Ws {
  WebSocket: new (url: string) => Socket8;
  WebSocketServer: new (options: {
    port: number;
    host: string;
  }) => NodeJS.EventEmitter & {
    address(): AddressInfo;
    close(done: () => void): void;
  };
  createWebSocketStream(socket: Socket8, options?: object): Duplex;
}

describe('a WebSocket of ws', () => {
  const { WebSocket, WebSocketServer, createWebSocketStream } = createRequire(import.meta.url)('ws') as Ws;

  const serving = async (serve: (socket: Socket8) => unknown) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket: Socket8) => void serve(socket));
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
    return { client, close: () => new Promise<void>((resolve) => server.close(resolve)) };
  };

  it('fills a channel by its messages, and ends it', async () => {
    const { client, close } = await serving((socket) => {
      for (let i = 0; i < 10; i++) socket.send(`${i}`);
      socket.close();
    });
    const messages = fromEmitter(client, { item: 'message', end: 'close', map: (bytes: Buffer) => Number(bytes) }, 100);
    const got: number[] = [];
    for await (const message of messages) got.push(message);
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await close();
  });

  it('is not stopped at once by a pause, which is said', async () => {
    const { client, close } = await serving((socket) => {
      for (let i = 0; i < 20_000; i++) socket.send('x');
    });
    const messages = fromEmitter<Buffer>(client, { item: 'message', end: 'close' }, 64);
    let failed: unknown;
    try {
      for await (const _ of messages) await new Promise((resolve) => void setImmediate(resolve));
    } catch (error) {
      failed = error;
    }
    expect(failed).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW' });
    client.terminate();
    await close();
  });

  it('is lossless as a Duplex', async () => {
    const { client, close } = await serving(async (socket) => {
      const { sender, receiver } = fromDuplex<Buffer, Buffer>(createWebSocketStream(socket));
      for await (const chunk of receiver) await sender.send(chunk);
    });
    const { sender, receiver } = fromDuplex<Buffer, Buffer>(createWebSocketStream(client));
    const part = data.subarray(0, MIB);
    const echoed: Buffer[] = [];
    const reading = (async () => {
      let length = 0;
      for await (const chunk of receiver) {
        echoed.push(chunk);
        length += chunk.length;
        if (length === part.length) break; // a WebSocket has no half that could end alone
      }
    })();
    for (let at = 0; at < part.length; at += 20_000) await sender.send(part.subarray(at, at + 20_000));
    await reading;
    expect(digest(...echoed)).toBe(digest(part));
    await sender.close();
    await close();
  });
});

it('none of it has left a rejection unhandled', () => {
  expect(rejections).toEqual([]);
});
