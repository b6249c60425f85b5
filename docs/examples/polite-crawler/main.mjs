// @ts-check
// A crawl of a thousand linked pages on four hosts, which count what is asked of them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { crawl } from './crawler.mjs';

const PAGES = 1_000;
const HOSTS = 4;
/** What a host stands: so many requests in any second, so many at a time. */
const SITE = { aSecond: 200, atATime: 8 };
/** What the crawler asks of it: less, since requests that left in good time may arrive together. */
const POLITE = { maxPages: PAGES, frontier: 32, concurrency: 8, rate: 100, burst: 10 };

/** The hosts, in a thread of their own: a host is a port. */
async function site() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  /** @type {string[]} */
  const origins = [];
  const counts = () => ({ requests: 0, twice: 0, tooOften: 0, tooMany: 0, mostASecond: 0, mostAtATime: 0 });
  let counted = counts();
  let asked = new Set();

  for (let host = 0; host < HOSTS; host++) {
    /** @type {number[]} */
    let arrivals = [];
    let open = 0;
    const server = createServer((request, response) => {
      const page = Number(request.url?.slice(1));
      const now = performance.now();
      arrivals = [...arrivals.filter((at) => at > now - 1_000), now];
      open++;
      counted.requests++;
      if (asked.has(page)) counted.twice++;
      asked.add(page);
      if (arrivals.length > SITE.aSecond) counted.tooOften++;
      if (open > SITE.atATime) counted.tooMany++;
      counted.mostASecond = Math.max(counted.mostASecond, arrivals.length);
      counted.mostAtATime = Math.max(counted.mostAtATime, open);
      const html = links(page).map((to) => `<a href="${origins[to % HOSTS]}/${to}">page ${to}</a>`);
      setTimeout(
        () => {
          open--;
          response.end(html.join('\n'));
        },
        5 + Math.random() * 10,
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    origins.push(`http://127.0.0.1:${address.port}`);
    port.on('message', () => (arrivals = []));
  }
  port.on('message', () => {
    port.postMessage(counted);
    counted = counts();
    asked = new Set();
  });
  port.postMessage(origins[0]);
}

/** Every page is linked to; most links lead to pages that are known already. */
const links = (/** @type {number} */ page) =>
  [page * 2 + 1, page * 2 + 2, page + 1, page * 7 + 3, page * 13 + 5].map((to) => to % PAGES);

/** @param {string} url */
async function visit(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const html = await response.text();
  return [...html.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
}

async function main() {
  const worker = new Worker(new URL(import.meta.url));
  const [origin] = await once(worker, 'message');
  const measured = async (/** @type {Parameters<typeof crawl>[1]} */ options) => {
    const start = performance.now();
    const result = await crawl(`${origin}/0`, options);
    const took = (performance.now() - start) / 1_000;
    worker.postMessage('count', []);
    const [counted] = await once(worker, 'message');
    return { ...result, ...counted, took };
  };

  const polite = await measured({ ...POLITE, visit });
  const rude = await measured({ ...POLITE, visit, rate: 1e6, burst: 1e6, concurrency: 128 });
  await worker.terminate();

  for (const [name, run] of Object.entries({ polite, rude })) {
    console.log(`${name.padEnd(6)}  ${run.visited} pages in ${run.took.toFixed(1)} s, ${run.requests} requests`);
    console.log(`        most of one host: ${run.mostASecond} in a second, ${run.mostAtATime} at a time`);
    console.log(
      `        violations: ${run.tooOften} too often, ${run.tooMany} too many at a time, ${run.twice} of a page twice`,
    );
  }
  console.log(`the frontier never held more than ${polite.peakFrontier} of ${POLITE.frontier}`);

  assert.deepEqual(polite.failed, []);
  assert.equal(polite.visited, PAGES);
  assert.equal(polite.requests, PAGES);
  assert.equal(polite.twice, 0);
  assert.equal(polite.tooOften + polite.tooMany, 0, 'the crawler was not polite');
  assert.ok(polite.peakFrontier <= POLITE.frontier);
  assert.ok(rude.tooOften + rude.tooMany > 0, 'the site counts no violations');
}

await (isMainThread ? main() : site());
