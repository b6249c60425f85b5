// @ts-check
// What a peer that has stopped reading still accepts, by carrier, measured on loopback: sends through `fromWritable`, each
// awaited, and how many were fulfilled when no more were. With TCP and WebSocket the kernel decides, elsewhere otherwise.

import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { fromWritable } from 'sluice/node';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';

/** @typedef {import('node:stream').Writable} Writable */
/** @typedef {{ stream: Writable, end: () => void }} Paused */

export const SIZES = [64, 1_024];

const portOf = (/** @type {import('node:net').Server} */ server) =>
  /** @type {import('node:net').AddressInfo} */ (server.address()).port;

/** @returns {Promise<Paused>} */
async function tcp() {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stream = connect(portOf(server), '127.0.0.1');
  const [peer] = await once(server, 'connection');
  return { stream, end: () => [stream.destroy(), peer.destroy(), server.close()] };
}

/** @returns {Promise<Paused>} */
async function http2() {
  const server = createHttp2Server().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
  client
    .request()
    .pause()
    .on('error', () => {});
  const [stream] = await once(server, 'stream');
  stream.respond();
  return { stream, end: () => [client.destroy(), server.close()] };
}

/** @returns {Promise<Paused>} */
async function webSocket() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${/** @type {{ port: number }} */ (server.address()).port}`);
  const [[peer]] = await Promise.all([once(server, 'connection'), once(client, 'open')]);
  client.pause();
  const stream = createWebSocketStream(peer, { writableObjectMode: true });
  return { stream, end: () => [client.terminate(), server.close()] };
}

const bytes = (/** @type {Buffer} */ message) => message;
const serialisers = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};
const METHODS = {
  down: { path: '/paused/Down', requestStream: false, responseStream: true, ...serialisers },
  up: { path: '/paused/Up', requestStream: true, responseStream: false, ...serialisers },
};
// oxlint-disable-next-line typescript/no-redundant-type-constituents -- without the examples' packages there is no type
/** @typedef {grpc.Client & Record<'down' | 'up', Function>} PausedClient */
const Client = grpc.makeGenericClientConstructor(METHODS, 'paused');

/**
 * @param {'down' | 'up'} direction
 * @param {grpc.ChannelOptions} [options]
 * @returns {Promise<Paused>}
 */
async function gRPC(direction, options) {
  const server = new grpc.Server();
  const called = new Promise((resolve) => server.addService(METHODS, { down: resolve, up: resolve }));
  const port = await new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const client = /** @type {PausedClient} */ (
    /** @type {grpc.Client} */ (new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options))
  );
  const call = direction === 'up' ? client.up(() => {}) : client.down(Buffer.alloc(0));
  call.on('error', () => {});
  if (direction === 'down') call.read(0); // until its first read the client takes all there is
  const stream = direction === 'up' ? call : await called;
  return { stream, end: () => [call.cancel(), client.close(), server.forceShutdown()] };
}

/** @type {Record<string, () => Promise<Paused>>} */
const CARRIERS = {
  TCP: tcp,
  'HTTP/2': http2,
  'gRPC, to a client': () => gRPC('down'),
  'gRPC, to a server': () => gRPC('up'),
  'gRPC, to a server, no retry buffer': () => gRPC('up', { 'grpc.per_rpc_retry_buffer_size': 0 }),
  'WebSocket (ws, paused)': webSocket,
};

/**
 * How many items of so many bytes a paused peer accepts. There is no signal for nothing more to come, and TCP has none that
 * overtakes: it stands still when it has stood still for thirty timers in a row.
 *
 * @param {() => Promise<Paused>} carrier
 * @param {number} size
 */
async function accepted(carrier, size) {
  const { stream, end } = await carrier();
  const sender = fromWritable(stream);
  const item = Buffer.alloc(size);
  let sent = 0;
  const sending = (async () => {
    for (; ; sent++) await sender.send(item);
  })().catch(() => {}); // ended below
  for (let still = 0, seen = -1; still < 30; still++) {
    if (sent !== seen) still = 0;
    seen = sent;
    await sleep(10);
  }
  const count = sent;
  end();
  stream.destroy();
  await sending;
  return count;
}

/** All of them at once: each has a connection of its own. */
export const table = () =>
  Promise.all(
    Object.entries(CARRIERS).map(async ([name, carrier]) => ({
      name,
      counts: await Promise.all(SIZES.map((size) => accepted(carrier, size))),
    })),
  );
