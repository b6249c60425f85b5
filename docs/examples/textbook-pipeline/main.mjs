// @ts-check
// A producer of 10 items a second, a consumer of 2, a buffer of 3: first as the textbooks have it, then in ten lines of ours.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedQueue, TimeoutError } from 'sluice';
import { runPipeline, streamTokens } from './pipeline.mjs';

const ITEMS = 12;
const CAPACITY = 3;
const PRODUCE_MS = 100;
const CONSUME_MS = 500;
/** How long the textbook's producer waits for room. */
const PUT_TIMEOUT = 200;

const seconds = (/** @type {number} */ since) => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

/** Items at the producer's pace, and how far it ever was ahead of what is consumed. */
function bench() {
  const consumed = /** @type {number[]} */ ([]);
  let produced = 0;
  return {
    consumed,
    ahead: 0,
    async *produce() {
      for (let item = 1; item <= ITEMS; item++) {
        await sleep(PRODUCE_MS);
        this.ahead = Math.max(this.ahead, ++produced - consumed.length);
        yield item;
      }
    },
    async consume(/** @type {number} */ item) {
      await sleep(CONSUME_MS);
      consumed.push(item);
    },
  };
}

/**
 * `DataPipeline(buffer_size)` as the Python articles have it, on our queue so that it can be run here. `start` makes a
 * thread of each function. The producer puts with a timeout, and an item for which there was no room in time is gone. The
 * consumer gets with a timeout, so that it can look up and see whether it is to stop. `shutdown` waits for both.
 *
 * What is wrong with it: a slow consumer costs items; a consumer that throws takes its thread with it, `task_done` is not
 * called, and `join` waits for ever; the end is seen only when a `get` has timed out.
 */
class DataPipeline {
  dropped = 0;
  #queue;
  #running = true;
  /** @type {Promise<void>[]} */
  #threads = [];

  /** @param {number} bufferSize */
  constructor(bufferSize) {
    this.#queue = new BoundedQueue(bufferSize);
  }

  /**
   * @param {() => AsyncIterable<number>} producer
   * @param {(item: number) => Promise<void>} consumer
   */
  start(producer, consumer) {
    this.#threads = [this.#produce(producer), this.#consume(consumer)];
  }

  /** @param {() => AsyncIterable<number>} producer */
  async #produce(producer) {
    for await (const item of producer()) {
      await this.#queue.put(item, { timeout: PUT_TIMEOUT }).catch((error) => {
        if (!(error instanceof TimeoutError)) throw error;
        this.dropped++; // "queue full, dropping item"
      });
    }
  }

  /** @param {(item: number) => Promise<void>} consumer */
  async #consume(consumer) {
    while (this.#running || this.#queue.size > 0) {
      const item = await this.#queue.take({ timeout: 100 }).catch(() => undefined);
      if (item === undefined) continue;
      await consumer(item);
      this.#queue.taskDone();
    }
  }

  async shutdown() {
    await this.#threads[0];
    await this.#queue.join();
    this.#running = false;
    await this.#threads[1];
  }
}

async function textbook() {
  const run = bench();
  const start = performance.now();
  const pipeline = new DataPipeline(CAPACITY);
  pipeline.start(() => run.produce(), run.consume);
  await pipeline.shutdown();

  assert.equal(run.consumed.length + pipeline.dropped, ITEMS);
  assert.ok(pipeline.dropped > 0, 'the textbook dropped nothing');
  return `the textbook     produced ${ITEMS}, consumed ${run.consumed.length}, dropped ${pipeline.dropped}; ${seconds(start)}`;
}

/** @param {number} workers */
async function ours(workers) {
  const run = bench();
  const start = performance.now();
  await runPipeline(CAPACITY, () => run.produce(), run.consume, workers);

  const all = Array.from({ length: ITEMS }, (_, i) => i + 1);
  const got = workers === 1 ? run.consumed : run.consumed.toSorted((a, b) => a - b);
  assert.deepEqual(got, all, 'every item, once, and with one worker in order');
  const bound = CAPACITY + workers + 1; // buffered, being consumed, in the producer's hand
  assert.ok(run.ahead <= bound, `the producer was ${run.ahead} ahead, more than ${bound}`);
  const title = `ours, ${workers} ${workers > 1 ? 'workers' : 'worker '}`;
  return `${title}  produced ${ITEMS}, consumed ${got.length}, dropped 0; ${seconds(start)}; at most ${run.ahead} ahead of what is consumed`;
}

/** A consumer that fails takes the producer with it, and whoever waits for the pipeline is told. */
async function failing() {
  let returned = false;
  function* endless() {
    try {
      for (let item = 1; ; item++) yield item;
    } finally {
      returned = true;
    }
  }
  const consume = (/** @type {number} */ item) => {
    if (item === 5) throw new Error('item 5 is bad');
  };
  await assert.rejects(runPipeline(CAPACITY, endless, consume, 2), { message: 'item 5 is bad' });
  assert.ok(returned, 'the producer was not returned');
  return "a bad item       the producer ended, and the caller got 'item 5 is bad'";
}

/** Tokens of 1 KiB, so that the sockets' own buffers are soon full. */
async function tokens() {
  let made = 0;
  let returned = false;
  async function* generate() {
    try {
      for (;;) yield { token: ++made, text: 'x'.repeat(1_024) };
    } finally {
      returned = true;
    }
  }
  /** @type {Promise<void> | undefined} */
  let streaming;
  const server = createServer((_request, response) => {
    streaming = streamTokens(generate(), response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  const request = get({ host: '127.0.0.1', port });
  const [reader] = /** @type {[import('node:http').IncomingMessage]} */ (await once(request, 'response'));
  const paused = await stopsGrowing(() => made); // the reader has not read yet
  let bytes = 0;
  for await (const chunk of reader) {
    bytes += chunk.length;
    if (made > paused) break; // the reader's reading moved the generator; now it leaves
  }
  request.destroy();
  await streaming;
  server.close();

  assert.ok(returned, 'the generator was not returned');
  return (
    `tokens           stood still at ${paused} KiB while nobody read, went on when ${Math.ceil(bytes / 1_024)} KiB were read;\n` +
    '                 the generator was returned when the reader left'
  );
}

/**
 * The value once it has not changed for half a second.
 *
 * @param {() => number} read
 */
async function stopsGrowing(read) {
  for (let value = -1; ; ) {
    if (value === read()) return value;
    value = read();
    await sleep(500);
  }
}

const lines = await Promise.all([textbook(), ours(1), ours(3), failing(), tokens()]);
console.log(`A producer of 10 items a second, a consumer of 2, a buffer of ${CAPACITY}.\n`);
console.log(lines.join('\n'));
