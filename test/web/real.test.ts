// Real streams of the platform: bodies of fetch, compression, blobs, decoders; and what is left behind by many who leave.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Channel } from 'sluice';
import {
  fromReadableStream,
  fromTransformStream,
  fromWritableStream,
  toReadableStream,
  toTransformStream,
  toWritableStream,
} from 'sluice/web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, macrotask, rejection } from '../support.js';

const BLOCK = new Uint8Array(16 * 1024).fill(7);
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

let server: Server;
let url: string;
/** Told of each response that was closed before its end. */
let brokenOff: () => void = () => {};

beforeAll(async () => {
  process.on('unhandledRejection', note);
  server = createServer((request, response) => {
    if (request.url === '/endless') {
      const more = (): void => {
        while (!response.destroyed && response.write(BLOCK));
      };
      response.on('drain', more).once('close', () => brokenOff());
      more();
    } else if (request.url === '/broken') {
      response.write(BLOCK, () => void response.destroy());
    } else {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => void (bytes += chunk.length)).on('end', () => response.end(String(bytes)));
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
  process.off('unhandledRejection', note);
  if (unhandled.length > 0) throw new Error('a rejection was not handled', { cause: unhandled[0] });
});

const bodyOf = async (path: string): Promise<ReadableStream<Uint8Array>> =>
  (await fetch(url + path)).body as unknown as ReadableStream<Uint8Array>;

const size = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);

describe('the body of a response', () => {
  it('is received, and cancelled with the receiver: the server sees the client leave', async () => {
    const left = new Promise<void>((resolve) => void (brokenOff = resolve));
    const chunks = fromReadableStream(await bodyOf('/endless'));
    let bytes = 0;
    for await (const { byteLength } of chunks) if ((bytes += byteLength) > 200_000) break;
    expect(bytes).toBeGreaterThan(200_000);
    await chunks.cancel();
    await left;
  });

  it('fails where the server broke off (deno 36275)', async () => {
    const chunks = fromReadableStream(await bodyOf('/broken'));
    expect(await rejectionOf(collect(chunks))).toBeInstanceOf(Error);
  });

  it('is piped into a channel, whose capacity bounds it', async () => {
    const chunks = new Channel<Uint8Array>(2);
    const piping = (await bodyOf('/endless')).pipeTo(toWritableStream(chunks));
    for (let i = 0; i < 10; i++) await chunks.receive();
    expect(chunks.stats().peakSize).toBeLessThanOrEqual(2);
    chunks.cancel('enough');
    expect(await rejectionOf(piping)).toMatchObject({ code: 'ERR_SLUICE_CLOSED', cause: 'enough' });
  });
});

it('the body of a request is a channel', async () => {
  const blocks = Channel.from(
    Array.from({ length: 20 }, () => BLOCK),
    2,
  );
  const response = await fetch(url, {
    method: 'POST',
    body: toReadableStream(blocks),
    duplex: 'half',
  } as unknown as RequestInit);
  expect(await response.text()).toBe(String(20 * BLOCK.length));
});

it('a CompressionStream and its opposite, as senders and receivers', async () => {
  const gzip = fromTransformStream<Uint8Array, Uint8Array>(new CompressionStream('gzip'));
  const gunzip = toReadableStream(gzip.receiver).pipeThrough(new DecompressionStream('gzip'));
  const sending = (async () => {
    for (let i = 0; i < 40; i++) await gzip.sender.send(BLOCK);
    await gzip.sender.close();
  })();
  expect(size(await collect(fromReadableStream(gunzip as ReadableStream<Uint8Array>)))).toBe(40 * BLOCK.length);
  await sending;
});

it('a Blob through a step and a TextDecoderStream', async () => {
  const text = 'grün,'.repeat(10_000);
  const halves = toTransformStream(async function* halve(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      const middle = chunk.byteLength >> 1; // within a character, now and then
      yield chunk.subarray(0, middle);
      yield chunk.subarray(middle);
    }
  });
  const stream = new Blob([text]).stream() as unknown as ReadableStream<Uint8Array>;
  const texts = fromReadableStream<string>(stream.pipeThrough(halves).pipeThrough(new TextDecoderStream()));
  expect((await collect(texts)).join('')).toBe(text);
});

it('a stream of bytes is read into buffers of the reader’s own', async () => {
  const chunks = Channel.from(
    Array.from({ length: 5 }, (_, i) => new Uint8Array(10).fill(i)),
    1,
  );
  const reader = toReadableStream(chunks, { type: 'bytes' }).getReader({ mode: 'byob' });
  const bytes: number[] = [];
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(4));
    if (done) break;
    expect(value?.byteLength).toBeLessThanOrEqual(4);
    bytes.push(...(value ?? []));
  }
  expect(bytes).toEqual(Array.from({ length: 50 }, (_, i) => Math.floor(i / 10)));
});

describe('many who leave', () => {
  const LEAVES = 2_000;

  it('leave one long stream unlocked each time, and nothing on it', async () => {
    let next = 0;
    const stream = new ReadableStream<number>(
      { pull: (controller) => controller.enqueue(next++) },
      { highWaterMark: 0 },
    );
    const receiver = fromReadableStream(stream);
    for (let i = 0; i < LEAVES; i++) {
      for await (const item of receiver) {
        expect(item).toBe(i);
        break;
      }
      if (stream.locked) throw new Error(`locked after break ${i}`);
    }
    expect(next).toBe(LEAVES);
  });

  it('leave no listeners at a signal that they all wait with', async () => {
    const listeners = new Set<unknown>();
    const { signal } = new AbortController();
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = function add(this: AbortSignal, ...args: [never, never]) {
      listeners.add(args[1]);
      addEventListener.apply(this, args);
    };
    signal.removeEventListener = function remove(this: AbortSignal, ...args: [never, never]) {
      listeners.delete(args[1]);
      removeEventListener.apply(this, args);
    };
    let next = 0;
    const receiver = fromReadableStream(
      new ReadableStream<number>({ pull: (controller) => controller.enqueue(next++) }, { highWaterMark: 0 }),
    );
    const sender = fromWritableStream(new WritableStream<number>());
    for (let i = 0; i < LEAVES; i++) {
      await receiver.receive({ signal });
      await sender.send(i, { signal });
    }
    expect(listeners.size).toBe(0);
  });

  it('let timers through, however ready the streams', async () => {
    let fired = false;
    const timer = setTimeout(() => void (fired = true), 1);
    const ready = new ReadableStream<number>({ pull: (controller) => controller.enqueue(1) });
    const sender = fromWritableStream(new WritableStream<number>());
    const deadline = performance.now() + 4_000;
    for await (const item of fromReadableStream(ready)) {
      await sender.send(item);
      if (fired || performance.now() > deadline) break;
    }
    clearTimeout(timer);
    expect(fired).toBe(true);
    await macrotask();
  });
});

/** As `rejection`, of something that takes longer than a turn. */
async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  await promise.catch(() => {});
  return rejection(promise);
}
