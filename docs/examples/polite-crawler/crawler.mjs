// @ts-check
// A crawler that asks no host more often than it may, and no page twice.

import { BoundedQueue } from 'sluice';
import { TokenBucket } from 'sluice/control';

/**
 * Everything here is bounded: what is known by `maxPages`, what waits for a worker by `frontier`, what is being asked for by
 * `concurrency`, and how often by a bucket for each host.
 *
 * @param {string} start
 * @param {object} options
 * @param {(url: string) => Promise<Iterable<string>>} options.visit gives the links of a page
 * @param {number} options.maxPages
 * @param {number} options.frontier
 * @param {number} options.concurrency
 * @param {number} options.rate pages a second, for each host
 * @param {number} options.burst
 */
export async function crawl(start, { visit, maxPages, frontier, concurrency, rate, burst }) {
  const known = [start];
  const seen = new Set(known);
  const failed = /** @type {string[]} */ ([]);
  const urls = new BoundedQueue(frontier, { name: 'frontier' });
  const buckets = /** @type {Map<string, TokenBucket>} */ (new Map());

  const bucketOf = (/** @type {string} */ url) => {
    const { host } = new URL(url);
    const bucket = buckets.get(host) ?? new TokenBucket({ rate, burst });
    buckets.set(host, bucket);
    return bucket;
  };

  const worker = async () => {
    for await (const url of urls) {
      try {
        await bucketOf(url).take();
        for (const link of await visit(url)) {
          if (seen.size === maxPages || seen.has(link)) continue;
          seen.add(link);
          known.push(link); // not into the queue: workers that wait for room that only they can make wait for ever
        }
      } catch {
        failed.push(url);
      } finally {
        urls.taskDone();
      }
    }
  };

  const workers = Array.from({ length: concurrency }, worker);
  for (let next = 0; next < known.length; ) {
    await urls.put(known[next++]); // waits while the frontier is full
    if (next === known.length) await urls.join(); // those in hand may still find some
  }
  urls.close();
  await Promise.all(workers);
  return { visited: known.length - failed.length, failed, peakFrontier: urls.stats().peakSize };
}
