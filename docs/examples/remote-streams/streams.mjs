// @ts-check
// Items across a network: over HTTP/2 as lines of JSON, and over gRPC. The reader's pace reaches the producer at the other end.

import { connect, createServer } from 'node:http2';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { Channel } from 'sluice';
import { flow } from 'sluice/flow';
import { fromReadable, fromWritable } from 'sluice/node';

/** @typedef {{ n: number, text: string }} Item */
/** @typedef {{ produce: () => Iterable<Item>, onDrop: (item: Item) => void }} Source */
/** @typedef {(stream: import('node:stream').Writable, items: Iterable<unknown>) => void} Rudely */

/** How many items a producer may be ahead of what its stream has taken. */
export const AHEAD = 16;

/**
 * Sends all that the source makes, and waits while the stream wants no more. When the reader has left, the source is
 * returned, and what was made and is known not to arrive has gone to `onDrop`, the item that was refused too.
 *
 * @template T
 * @param {Iterable<T>} source
 * @param {import('node:stream').Writable} stream
 * @param {(item: T) => void} onDrop
 * @param {boolean} [close] whether the stream is closed with the source's end or error
 */
async function deliver(source, stream, onDrop, close = true) {
  const items = Channel.from(source, AHEAD, { onDrop });
  const late = /** @type {(item: unknown) => void} */ (onDrop);
  try {
    await flow(items.consume(), { onDrop: late }).to(fromWritable(stream, { onDrop }), { close });
  } catch (error) {
    if (error instanceof Error && 'value' in error) onDrop(/** @type {T} */ (error.value));
    throw error;
  }
}

// HTTP/2

/** @param {Iterable<Item>} items */
function* toLines(items) {
  for (const item of items) yield `${JSON.stringify(item)}\n`;
}

/**
 * @param {AsyncIterable<string>} chunks
 * @returns {AsyncGenerator<Item>}
 */
async function* fromLines(chunks) {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield JSON.parse(part);
  }
}

/**
 * @param {Source} source
 * @param {Rudely} [rudely] instead of `deliver`, to compare
 */
export async function http2Server({ produce, onDrop }, rudely) {
  const server = createServer().on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
    if (rudely) return rudely(stream, toLines(produce()));
    deliver(toLines(produce()), stream, (line) => onDrop(JSON.parse(line))).catch(() => {}); // the client has left
  });
  await promisify((/** @type {() => void} */ done) => server.listen(0, '127.0.0.1', done))();
  return { port: /** @type {import('node:net').AddressInfo} */ (server.address()).port, close: () => server.close() };
}

/** @param {number} port */
export function http2Client(port) {
  const session = connect(`http://127.0.0.1:${port}`);
  const chunks = fromReadable(session.request().setEncoding('utf8'));
  return {
    items: fromLines(chunks),
    leave: () => void chunks.cancel(),
    /** There and back, behind all that was sent before. */
    ping: promisify((/** @type {(error: Error | null) => void} */ done) => void session.ping(done)),
    close: () => session.close(),
  };
}

// gRPC

const json = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value));
const parse = (/** @type {Buffer} */ bytes) => JSON.parse(bytes.toString());
const method = (/** @type {string} */ name, requestStream = false, responseStream = false) => ({
  path: `/example.Items/${name}`,
  requestStream,
  responseStream,
  requestSerialize: json,
  requestDeserialize: parse,
  responseSerialize: json,
  responseDeserialize: parse,
});
/** What protoc would make of a .proto file, but with JSON for the messages. */
const ITEMS = { watch: method('Watch', false, true), upload: method('Upload', true), ping: method('Ping') };
// oxlint-disable-next-line typescript/no-redundant-type-constituents -- without the examples' packages there is no type
/** @typedef {grpc.Client & Record<'watch' | 'upload' | 'ping', Function>} ItemsClient */
const Client = grpc.makeGenericClientConstructor(ITEMS, 'example.Items');

/**
 * @param {Source & { consume?: (item: Item) => unknown }} source
 * @param {Rudely} [rudely] instead of `deliver`, to compare
 */
export async function grpcServer({ produce, onDrop, consume }, rudely) {
  const server = new grpc.Server();
  server.addService(ITEMS, {
    /** @param {grpc.ServerWritableStream<object, Item>} call */
    watch(call) {
      if (rudely) return rudely(call, produce());
      // An error must be emitted: of a call that is destroyed with it the client would never hear again.
      deliver(produce(), call, onDrop, false).then(
        () => call.end(),
        (error) => call.emit('error', error),
      );
    },
    /**
     * @param {grpc.ServerReadableStream<Item, number>} call
     * @param {grpc.sendUnaryData<number>} answer
     */
    async upload(call, answer) {
      let count = 0;
      try {
        for await (const item of fromReadable(call)) {
          await consume?.(item);
          count++;
        }
        answer(null, count);
      } catch (error) {
        // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- without the examples' packages there is no type
        answer(/** @type {Error} */ (error));
      }
    },
    /**
     * @param {unknown} _call
     * @param {grpc.sendUnaryData<object>} answer
     */
    ping: (_call, answer) => answer(null, {}),
  });
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind('127.0.0.1:0', grpc.ServerCredentials.createInsecure());
  return { port, close: () => server.forceShutdown() };
}

/**
 * @param {number} port
 * @param {grpc.ChannelOptions} [options]
 */
export function grpcClient(port, options) {
  const client = /** @type {ItemsClient} */ (
    /** @type {grpc.Client} */ (new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options))
  );
  return {
    watch() {
      const call = client.watch({});
      call.on('error', () => {}); // it tells of a cancellation too, whether or not somebody reads
      call.read(0); // until its first read it would take all there is, without a bound
      return { items: fromReadable(call), leave: () => call.cancel() };
    },
    /**
     * @param {Source} source
     * @param {Rudely} [rudely] instead of `deliver`
     * @returns {Promise<number>} how many the server has taken
     */
    upload: ({ produce, onDrop }, rudely) =>
      new Promise((resolve, reject) => {
        const call = client.upload((/** @type {Error | null} */ error, /** @type {number} */ count) => {
          call.destroy(); // a server may answer before it has read all: nobody takes the rest
          if (error) reject(error);
          else resolve(count);
        });
        if (rudely) return rudely(call, produce());
        deliver(produce(), call, onDrop).catch((error) => {
          call.cancel();
          reject(error);
        });
      }),
    ping: promisify((/** @type {(error: Error | null) => void} */ done) => client.ping({}, done)),
    close: () => client.close(),
  };
}
