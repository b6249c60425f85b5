// @ts-check
// A reader that stops, a reader that leaves, and how far the producer at the other end gets, on loopback.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SIZES, table } from './paused.mjs';
import { AHEAD, grpcClient, grpcServer, http2Client, http2Server } from './streams.mjs';

/** @typedef {import('./streams.mjs').Item} Item */
/** @typedef {import('./streams.mjs').Source} Source */
/** @typedef {{ title: string, made: number, held: number }} Run */
/** @typedef {import('./streams.mjs').Rudely | undefined} Rudely */

const ITEMS = 5_000;
const LENGTH = 1_000;
/** What the reader has read when it stops, or leaves. */
const READ = 100;
/** A message is the item's JSON and at most five bytes around it. */
const BYTES = JSON.stringify({ n: ITEMS, text: 'x'.repeat(LENGTH) }).length + 5;
/**
 * How far a producer that waits may be ahead: the window of HTTP/2; the streams' buffers, of 16 KiB or of 16 items, at
 * either end, and a chunk on its way into each; our channel, and the items in hand around it.
 */
const BOUND = Math.ceil((65_535 + 4 * 16_384) / BYTES) + 2 * 16 + AHEAD + 4;
/** What the client of gRPC keeps of a call to send it again: until it is full, the writes into it count as written. */
const RETRY_BUFFER = 1_048_576;

/** What is left after a garbage collection is held. */
function memory() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** @param {number} items */
function producer(items) {
  return {
    made: 0,
    returned: false,
    /** @type {number[]} */
    dropped: [],
    *produce() {
      try {
        while (this.made < items) yield { n: ++this.made, text: Buffer.alloc(LENGTH, 'x').toString() };
      } finally {
        this.returned = true;
      }
    },
    /** @param {Item} item */
    drop({ n }) {
      this.dropped.push(n);
    },
  };
}

/** @param {ReturnType<typeof producer>} made */
const sourceOf = (made) => ({ produce: () => made.produce(), onDrop: (/** @type {Item} */ item) => made.drop(item) });

/**
 * A producer that does not wait.
 *
 * @param {import('node:stream').Writable} stream
 * @param {Iterable<unknown>} items
 */
function rudely(stream, items) {
  for (const item of items) stream.write(item); // what it answers is ignored
  stream.end();
}

/**
 * The value when all stands still. A ping travels behind all that was sent before it and is answered in turn: when the value
 * is the same after three of them, nothing is on its way that could change it.
 *
 * @param {() => number} read
 * @param {() => Promise<unknown>} ping
 */
async function still(read, ping) {
  for (let value = -1, same = 0; ; ) {
    await ping();
    same = read() === value ? same + 1 : 0;
    if (same === 3) return value;
    value = read();
  }
}

/** Each opens a server for a source, and a client that reads from it. */
const CARRIERS = {
  'HTTP/2': async (/** @type {Source} */ source, /** @type {Rudely} */ rude) => {
    const server = await http2Server(source, rude);
    const client = http2Client(server.port);
    return { ...client, close: () => [client.close(), server.close()] };
  },
  gRPC: async (/** @type {Source} */ source, /** @type {Rudely} */ rude) => {
    const server = await grpcServer(source, rude);
    const client = grpcClient(server.port);
    return { ...client, ...client.watch(), close: () => [client.close(), server.close()] };
  },
};

/**
 * The client reads, stops, and reads on when all stands still.
 *
 * @param {keyof typeof CARRIERS} carrier
 * @param {Rudely} [rude]
 */
async function stopping(carrier, rude) {
  const source = producer(ITEMS);
  const before = memory();
  const { items, ping, close } = await CARRIERS[carrier](sourceOf(source), rude);
  const reader = items[Symbol.asyncIterator]();
  let read = 0;
  const next = async () => {
    const { value, done } = await reader.next();
    if (!done) assert.equal(value.n, ++read, 'an item is missing, or out of order');
    return !done;
  };
  while (read < READ) await next();
  const made = await still(() => source.made, ping);
  const held = memory() - before;
  while (await next()) {} // and now all the rest
  close();
  assert.equal(read, ITEMS);
  return { title: `${carrier}, to a client`, made, held };
}

/**
 * As above, the other way round: the server reads, and stops.
 *
 * @param {string} title
 * @param {Record<string, number>} options
 * @param {Rudely} [rude]
 */
async function stoppingServer(title, options, rude) {
  const source = producer(ITEMS);
  const before = memory();
  let read = 0;
  /** @type {() => void} */
  let stop = () => {};
  const stopped = new Promise((resolve) => (stop = () => resolve(undefined)));
  /** @type {() => void} */
  let goOn = () => {};
  const waits = new Promise((resolve) => (goOn = () => resolve(undefined)));
  const consume = (/** @type {Item} */ { n }) => {
    assert.equal(n, ++read, 'an item is missing, or out of order');
    if (read < READ) return;
    stop();
    return waits;
  };
  const server = await grpcServer({ ...sourceOf(source), consume });
  const client = grpcClient(server.port, options);
  const taken = client.upload(sourceOf(source), rude);
  await stopped;
  const made = await still(() => source.made, client.ping);
  const held = memory() - before;
  goOn();
  assert.equal(await taken, ITEMS);
  client.close();
  server.close();
  return { title, made, held };
}

/**
 * The client leaves in the middle of a stream that has no end.
 *
 * @param {keyof typeof CARRIERS} carrier
 */
async function leaving(carrier) {
  const source = producer(Number.POSITIVE_INFINITY);
  const { items, leave, ping, close } = await CARRIERS[carrier](sourceOf(source), undefined);
  const reader = items[Symbol.asyncIterator]();
  for (let read = 0; read < READ; read++) await reader.next();
  leave();
  const made = await still(() => source.made + source.dropped.length, ping).then(() => source.made);
  close();

  const dropped = source.dropped.toSorted((a, b) => a - b);
  const first = made - dropped.length + 1;
  assert.ok(source.returned, 'the producer goes on');
  assert.deepEqual(
    dropped,
    Array.from(dropped, (_, i) => first + i),
    'something was lost silently, or dropped twice',
  );
  const onTheWay = first - 1 - READ;
  assert.ok(onTheWay <= BOUND, `${onTheWay} were on the way`);
  return `${carrier.padEnd(7)} made ${made}, read ${READ}, on the way ${onTheWay}, dropped ${dropped.length}; the producer was returned`;
}

/**
 * @param {Run} run
 * @param {number} bound how far the producer may be ahead
 */
function check({ title, made }, bound) {
  const ahead = made - READ;
  assert.ok(ahead > 0 && ahead <= bound, `${title}: ${ahead} ahead, and ${bound} are the most there may be`);
}

const LEAN = { 'grpc.per_rpc_retry_buffer_size': 0 };
const WAITING = [
  () => stopping('HTTP/2'),
  () => stopping('gRPC'),
  () => stoppingServer('gRPC, to a server', {}),
  () => stoppingServer('  without its retry buffer', LEAN),
];
const IGNORING = [
  () => stopping('HTTP/2', rudely),
  () => stopping('gRPC', rudely),
  () => stoppingServer('gRPC, to a server', {}, rudely),
];
const RUNS = [...WAITING, ...IGNORING];

/**
 * A run in a process of its own, so that its memory is its own.
 *
 * @param {number} index
 * @returns {Promise<Run>}
 */
async function apart(index) {
  const child = fork(fileURLToPath(import.meta.url), [String(index)], { execArgv: ['--expose-gc'] });
  const failed = once(child, 'exit').then(() => assert.fail('a run has failed'));
  const [result] = await Promise.race([once(child, 'message'), failed]);
  failed.catch(() => {}); // it exits now
  return result;
}

async function main() {
  const apartAll = Promise.all(RUNS.map((_, i) => apart(i)));
  const left = [await leaving('HTTP/2'), await leaving('gRPC')];
  const accepted = await table();
  const runs = await apartAll;
  const [waiting, ignoring] = [runs.slice(0, WAITING.length), runs.slice(WAITING.length)];

  console.log(`${ITEMS} items of ${BYTES} bytes. The reader has read ${READ} and stopped, and all stands still.\n`);
  console.log(`${''.padEnd(32)}${['made', 'ahead', 'memory held'].map((title) => title.padStart(14)).join('')}`);
  const print = (/** @type {string} */ how, /** @type {Run[]} */ these) => {
    console.log(how);
    for (const { title, made, held } of these) {
      const cells = [made, made - READ, `${(held / 1e6).toFixed(1)} MB`];
      console.log(`  ${title.padEnd(30)}${cells.map((cell) => String(cell).padStart(14)).join('')}`);
    }
  };
  print('the producer waits', waiting);
  print("the producer ignores write's answer", ignoring);

  console.log(`\nThe reader has read ${READ} of an endless stream and left.\n`);
  for (const line of left) console.log(line);

  console.log('\nItems that a peer accepts after it has stopped reading.\n');
  console.log(`${''.padEnd(36)}${SIZES.map((size) => `${size} bytes`.padStart(14)).join('')}`);
  for (const { name, counts } of accepted) {
    console.log(`${name.padEnd(36)}${counts.map((count) => String(count).padStart(14)).join('')}`);
  }

  const [http2, toClient, toServer, lean] = /** @type {[Run, Run, Run, Run]} */ (waiting);
  for (const run of [http2, toClient, lean]) check(run, BOUND);
  check(toServer, BOUND + Math.ceil(RETRY_BUFFER / BYTES));
  for (const { title, made, held } of ignoring) {
    assert.equal(made, ITEMS, `${title}: it waited`);
    assert.ok(held > (ITEMS * LENGTH) / 2, `${title}: held only ${held} bytes`);
  }
}

const [, , index] = process.argv;
if (index === undefined) await main();
else process.send?.(await RUNS[Number(index)]?.());
