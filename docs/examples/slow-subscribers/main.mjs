// @ts-check
// 200 clients of one feed, 40 of them slow. The clients live in a thread of their own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setInterval, setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { fanOut, LAG } from './fan-out.mjs';

/** @typedef {import('./fan-out.mjs').Tick} Tick */

const SYMBOLS = Array.from({ length: 20 }, (_, i) => `SYM${i}`);
const TICKS = 300;
const EVERY_MS = 20;
const AT_A_TIME = 4;
const CLIENTS = 200;
const SLOW = 40;
const SLOW_MS = 150;

/**
 * One client: asks for `window` ticks, and for another whenever it has worked one off.
 *
 * @param {string} url
 * @param {boolean} slow
 */
async function client(url, slow) {
  const socket = new WebSocket(url);
  /** @type {Tick[]} */
  const got = [];
  /** @type {number[]} */
  const ages = [];
  let working = Promise.resolve();
  const worked = async (/** @type {Tick} */ tick) => {
    ages.push(Date.now() - tick.at); // how old the tick is when its turn comes
    if (slow) await sleep(SLOW_MS);
    got.push(tick);
    if (slow) socket.send('1');
    else if (got.length % 16 === 0) socket.send('16');
  };
  socket.on('message', (text) => {
    const tick = JSON.parse(/** @type {Buffer} */ (text).toString());
    working = working.then(() => worked(tick));
  });
  await once(socket, 'open');
  socket.send(slow ? '2' : '64');
  return {
    slow,
    ended: async () => {
      await once(socket, 'close');
      await working;
      return { slow, got, ages };
    },
  };
}

async function clients() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const all = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(workerData, i < SLOW)));
  const ended = Promise.all(all.map((each) => each.ended()));
  port.postMessage('ready');
  port.postMessage(await ended);
}

/**
 * What is known of a symbol after a tick: the newest, and all volume.
 *
 * @param {Map<string, { id: number, volume: number }>} symbols
 * @param {Tick} tick
 */
function add(symbols, { symbol, id, volume }) {
  symbols.set(symbol, { id, volume: volume + (symbols.get(symbol)?.volume ?? 0) });
}

/** @param {{ ages: number[] }[]} some */
function p99(some) {
  const ages = some.flatMap((each) => each.ages).sort((a, b) => a - b);
  return ages[Math.floor(ages.length * 0.99)];
}

async function main() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const feed = fanOut(server);
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const worker = new Worker(new URL(import.meta.url), { workerData: `ws://127.0.0.1:${port}` });
  await once(worker, 'message');
  const subscriptions = [...feed.subscriptions];
  assert.equal(subscriptions.length, CLIENTS);

  /** @type {Map<string, { id: number, volume: number }>} */
  const traded = new Map();
  const start = performance.now();
  let count = 0;
  for await (const _ of setInterval(EVERY_MS)) {
    for (let i = 0; i < AT_A_TIME; i++) {
      const symbol = SYMBOLS[Math.floor(Math.random() * SYMBOLS.length)];
      const volume = 1 + Math.floor(Math.random() * 100);
      const tick = { id: ++count, symbol, price: 100 + Math.random(), volume, at: Date.now() };
      feed.publish(tick);
      add(traded, tick);
    }
    if (count === TICKS) break;
  }
  const took = (performance.now() - start) / 1_000;
  feed.close();
  /** @type {[Awaited<ReturnType<Awaited<ReturnType<client>>['ended']>>[]]} */
  const [all] = /** @type {any} */ (await once(worker, 'message'));
  server.close();

  for (const { slow, got } of all) {
    const seen = new Map();
    for (const tick of got) {
      assert.ok(tick.id > (seen.get(tick.symbol)?.id ?? 0), 'a price went back');
      add(seen, tick);
    }
    for (const [symbol, { id, volume }] of traded) {
      assert.deepEqual(seen.get(symbol), { id, volume }, 'a client has not all volume, or an old price');
    }
    if (slow) assert.ok(got.length < TICKS, 'a slow client was never behind');
    else assert.equal(got.length, TICKS, 'a fast client has not all ticks');
  }
  const peak = Math.max(...subscriptions.map(({ ticks }) => ticks.stats().peakSize));
  assert.ok(peak <= LAG, `${peak} ticks waited for a client`);

  const fast = all.filter((each) => !each.slow);
  const slow = all.filter((each) => each.slow);
  const counts = slow.map(({ got }) => got.length);
  console.log(`${TICKS} ticks of ${SYMBOLS.length} symbols in ${took.toFixed(1)} s, to ${CLIENTS} clients.

${fast.length} fast clients  each got all ${TICKS} ticks; 99 of 100 within ${p99(fast)} ms
${slow.length} slow clients   each got ${Math.min(...counts)} to ${Math.max(...counts)}, the rest merged; 99 of 100 within ${p99(slow)} ms
all clients      have the whole volume and the newest price of every symbol; no price went back
the feed         waited for nobody; never more than ${peak} ticks waited for a client`);
}

await (isMainThread ? main() : clients());
