// Real peers: RSocket over TCP, whose request(n) crosses the network, and a publisher that keeps some of the rules.

import { type AddressInfo, createServer, type Server } from 'node:net';
import { type Payload, type RSocket, RSocketConnector, RSocketServer } from 'rsocket-core';
import { Flowable } from 'rsocket-flowable';
import { TcpClientTransport } from 'rsocket-tcp-client';
import { TcpServerTransport } from 'rsocket-tcp-server';
import { Channel } from 'sluice';
import { fromPublisher, toPublisher, toSubscriber } from 'sluice/reactive';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { collect, rejection, thrown } from '../support.js';
import { answered, streamed } from './rsocket.js';
import { Probe } from './sides.js';

const number = ({ data }: Payload): number => Number(String(data));
const payload = (item: number): Payload => ({ data: Buffer.from(String(item)) });

// Both peers remark on the console: of what breaks a rule, and that a connection was closed from both sides.
const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
const warnings = (): string[] => warned.mock.calls.map(String).filter((line) => line.startsWith('Flowable'));

const open: (() => void)[] = [];
beforeEach(() => void warned.mockClear());
afterEach(() => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) close();
});

/** A peer over TCP that streams what a channel gives; and that channel. */
async function peer(channel: Channel<Payload>): Promise<RSocket> {
  let server!: Server;
  const transport = new TcpServerTransport({
    listenOptions: { port: 0, host: '127.0.0.1' },
    socketCreator: (options) => (server = createServer({ ...options, noDelay: true })),
  });
  const bound = await new RSocketServer({
    transport,
    acceptor: {
      accept: async () => ({ requestStream: (_, initial, stream) => answered(toPublisher(channel), initial, stream) }),
    },
  }).bind();
  open.push(() => bound.close());
  const { port } = server.address() as AddressInfo;
  const socket = await new RSocketConnector({
    transport: new TcpClientTransport({ connectionOptions: { port, host: '127.0.0.1', noDelay: true } }),
  }).connect();
  open.push(() => socket.close());
  return socket;
}

/** What was under way has arrived, both ways: frames come in order, so these are behind it. */
async function roundTrip(socket: RSocket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => resolve();
    socket.requestResponse({ data: null }, { onNext: done, onError: done, onComplete: done, onExtension: done });
  });
}

describe('rsocket-core over TCP', () => {
  it('request(3) moves exactly 3 items, and request(2) 2 more: none has left its channel before', async () => {
    const channel = new Channel<Payload>(100);
    for (let i = 1; i <= 100; i++) channel.trySend(payload(i));
    const socket = await peer(channel);
    const probe = new Probe<Payload>();
    streamed(socket, { data: null }).subscribe(probe);
    await roundTrip(socket);
    expect(channel.size).toBe(100);
    probe.request(3);
    await roundTrip(socket);
    expect([probe.items.map(number), channel.size]).toEqual([[1, 2, 3], 97]);
    probe.request(2);
    await roundTrip(socket);
    expect([probe.items.map(number), channel.size]).toEqual([[1, 2, 3, 4, 5], 95]);
    probe.cancel();
    await roundTrip(socket);
    expect(channel.ended).toBe(true);
    expect(probe.broken).toEqual([]);
  });

  it('fills a channel at the other end with no more than its capacity', async () => {
    const count = 300;
    const source = new Channel<Payload>(count);
    for (let i = 0; i < count; i++) source.trySend(payload(i));
    source.close();
    const socket = await peer(source);
    const channel = fromPublisher(streamed(socket, { data: null }), 32);
    await roundTrip(socket);
    expect([source.size, channel.size]).toEqual([count - 32, 32]);
    const all: number[] = [];
    for await (const item of channel) {
      all.push(number(item));
      expect(source.stats().received - all.length).toBeLessThanOrEqual(32);
    }
    expect(all).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  it('carries an error, and an end without items', async () => {
    const failed = new Channel<Payload>(1);
    failed.close(new Error('disk full'));
    const channel = fromPublisher(streamed(await peer(failed), { data: null }), 4);
    expect(String(await channel.completion.catch((error: unknown) => error))).toContain('disk full');
    const empty = new Channel<Payload>(1);
    empty.close();
    expect(await collect(fromPublisher(streamed(await peer(empty), { data: null }), 4))).toEqual([]);
  });

  it('feeds a sender, and tells the peer when that is closed', async () => {
    const source = new Channel<Payload>(10);
    for (let i = 1; i <= 10; i++) source.trySend(payload(i));
    const channel = new Channel<Payload>(2);
    const socket = await peer(source);
    streamed(socket, { data: null }).subscribe(toSubscriber(channel, { window: 2 }));
    expect(number((await channel.receive()) as Payload)).toBe(1);
    channel.cancel();
    await roundTrip(socket);
    expect(source.ended).toBe(true);
    expect(source.stats().received).toBeLessThanOrEqual(4);
  });
});

describe('rsocket-flowable', () => {
  it('fills a channel, and is filled by one', async () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    expect(await collect(fromPublisher(Flowable.just(...items), 8))).toEqual(items);
    const flowable = new Flowable((subscriber) => toPublisher(Channel.from(items, 4)).subscribe(subscriber));
    expect(await collect(fromPublisher(flowable, 8))).toEqual(items);
  });

  it('fails §1.9: a subscriber that is null is no error', () => {
    expect(() => Flowable.just(1).subscribe(null)).not.toThrow();
  });

  it('fails §3.9, §3.16 and §3.6: request(0) throws, also once it is cancelled', () => {
    const probe = new Probe<number>();
    Flowable.just(1).subscribe(probe);
    expect(String(thrown(() => probe.subscription.request(0)))).toContain('greater than 0');
    probe.cancel();
    thrown(() => probe.subscription.request(0));
    expect(probe.log).toEqual([]);
  });

  it('fails §3.3, and §1.3 with it: request within onNext recurses, as deep as there are items', () => {
    const probe = new Probe<number>({ first: 1, next: (_, self) => self.request(1) });
    Flowable.just(...Array.from({ length: 50 }, (_, i) => i)).subscribe(probe);
    expect(probe.deepest).toBe(51);
    expect(warnings()).not.toEqual([]); // it completes once more at each step back
  });

  it('fails §1.1 quietly as a checker: an item beyond what was requested is dropped, with a line on the console', () => {
    const probe = new Probe<number>({ first: 1 });
    new Flowable((subscriber) => {
      subscriber.onSubscribe({ request() {}, cancel() {} });
      for (const item of [1, 2]) subscriber.onNext(item);
    }).subscribe(probe);
    expect([probe.items, warnings().length]).toEqual([[1], 1]);
  });

  it('fails §2.13: a subscriber that throws is signalled once more, by onError; from onComplete too (§1.7)', () => {
    const fails = (): never => {
      throw new Error('thrown');
    };
    const errors: unknown[] = [];
    const subscriber = {
      onSubscribe: (s: { request(n: number): void }) => s.request(5),
      onError: (e: unknown) => errors.push(e),
    };
    Flowable.just(1).subscribe({ ...subscriber, onNext: fails });
    Flowable.just(1).subscribe({ ...subscriber, onNext() {}, onComplete: fails });
    expect(errors).toEqual([new Error('thrown'), new Error('thrown')]);
  });

  it('fails §2.9 as a publisher: what is empty completes only when something is requested', () => {
    const probe = new Probe<number>();
    Flowable.just().subscribe(probe);
    expect(probe.log).toEqual([]);
    probe.request(1);
    expect(probe.log).toEqual(['complete']);
  });

  it('keeps a failure for the channel', async () => {
    const flowable = new Flowable((subscriber) => {
      subscriber.onSubscribe({ request: () => subscriber.onError(new Error('upstream')), cancel() {} });
    });
    expect(await rejection(fromPublisher(flowable, 1).receive())).toEqual(new Error('upstream'));
  });
});
