// @ts-check
// The pipeline of the textbooks, and token streaming, which is the same pipeline with a socket as its consumer.

import { once } from 'node:events';
import { Channel } from 'sluice';

/**
 * Every item that `produce` yields is given to `consume` once; at most `capacity` of them wait in between. Fulfils when all
 * are consumed. An error on either side ends both and is thrown here.
 *
 * @template T
 * @param {number} capacity
 * @param {() => Iterable<T> | AsyncIterable<T>} produce
 * @param {(item: T) => unknown} consume
 * @param {number} [workers] how many items are consumed at a time
 */
export async function runPipeline(capacity, produce, consume, workers = 1) {
  const items = Channel.from(produce(), capacity); // pulls an item when there is room for it
  const worker = async () => {
    for await (const item of items.consume()) await consume(item); // a worker that throws cancels the channel
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/**
 * Sends what a generator yields as Server-Sent Events, no faster than the reader reads. When the reader leaves, the
 * generator is returned: a model stops generating what nobody will see.
 *
 * @param {AsyncIterable<unknown>} tokens
 * @param {import('node:http').ServerResponse} response
 */
export async function streamTokens(tokens, response) {
  const events = Channel.from(tokens, 8);
  response.once('close', () => events.cancel());
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for await (const token of events) {
    const taken = response.write(`data: ${JSON.stringify(token)}\n\n`);
    if (!taken) await once(response, 'drain', { signal: events.signal }).catch(() => {}); // the loop sees the end itself
  }
  response.end();
}
