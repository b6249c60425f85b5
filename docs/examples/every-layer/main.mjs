// @ts-check
// Drives the service past its capacity, with sluice and without, each in a process of its own: one fat upload, then many
// small ones; with sluice also a database that fails for a while.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { LIMITS, openPostgres, openSqlite, service, serviceWithout } from './service.mjs';

/** The database here is local and fast; with this it is one across a network: at most 4,000 records a second. */
const INSERT_MS = 25;
const FAT = { records: 4_000, bytes: 16 * 1_024 };
const SMALL = { behindFat: 300, alone: 700, records: 10, bytes: 100, aSecond: 700, connections: 100 };
/** One small upload in so many has a damaged record. */
const DAMAGED = 50;
const OUTAGE_MS = 300;
/** What the runner takes for: cannot run here. */
const SKIPPED = 75;
const POSTGRES = process.env.DATABASE_URL;
const HEADERS = { 'content-type': 'application/x-ndjson' };

/**
 * The service's own process. It counts what its database gets, and what its memory holds.
 *
 * @param {string} kind
 * @param {string} file
 */
async function serve(kind, file) {
  const store = POSTGRES ? await openPostgres(POSTGRES) : await openSqlite(file);
  const stats = { fatStored: 0, doubled: 0, opened: 0, memory: 0 };
  let down = false;
  const distant = {
    ...store,
    async insert(/** @type {import('./service.mjs').Row[]} */ rows) {
      await sleep(INSERT_MS);
      if (down) throw new Error('the database is down');
      const fresh = await store.insert(rows);
      stats.doubled += rows.length - fresh;
      stats.fatStored += rows.filter(({ id }) => id.startsWith('fat')).length;
      return fresh;
    },
  };
  const ours = kind === 'with' ? service(distant) : undefined;
  const { app, close } = ours ?? serviceWithout(distant);
  ours?.breaker.onBreak(() => stats.opened++);
  // For the picture of the dashboard: what OpenTelemetry sees of this run.
  const { COLLECT_TO } = process.env;
  if (ours && COLLECT_TO) {
    const { collect } = await import('../../dashboards/collect.mjs');
    collect([ours.queue, ours.checked], COLLECT_TO);
  }

  const held = () => {
    globalThis.gc?.(); // what is left is held
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const measure = () => (stats.memory = Math.max(stats.memory, held() - before));
  setInterval(measure, 500);

  const answer = (/** @type {object | null} */ what) => process.send?.(what);
  const stop = async () => {
    await close();
    answer({ ...stats, rows: await store.count(), peak: ours?.queue.stats().peakSize });
    await store.close();
  };
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    if (message === 'stats') measure();
    if (message === 'stats') answer(stats);
    else if (message === 'stop') void stop();
    else down = message === 'outage';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  answer(app.server.address());
}

const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');
const line = (/** @type {string} */ id, /** @type {string} */ text, sha256 = digest(text)) =>
  `${JSON.stringify({ id, text, sha256 })}\n`;

/**
 * One client with much to upload, as fast as the service reads it. Fulfils when all is sent, with the answer to come.
 *
 * @param {number} port
 */
async function uploadFat(port) {
  const text = 'x'.repeat(FAT.bytes);
  const sha256 = digest(text);
  const upload = request({ host: '127.0.0.1', port, method: 'POST', path: '/records', headers: HEADERS });
  const answered = once(upload, 'response');
  for (let i = 0; i < FAT.records; i++) {
    if (!upload.write(line(`fat-${i}`, text, sha256))) await once(upload, 'drain');
  }
  upload.end();
  return async () => {
    const [response] = await answered;
    assert.equal(response.statusCode, 201);
    return JSON.parse(Buffer.concat(await response.toArray()).toString());
  };
}

/** What became of uploads. */
class Answers {
  uploads = 0;
  accepted = 0;
  stored = 0;
  refused = 0;
  busy = 0;
  down = 0;

  /**
   * @param {number} status
   * @param {string} body
   * @param {unknown} retryAfter
   */
  add(status, body, retryAfter) {
    const { error, stored, refused } = JSON.parse(body);
    this.uploads++;
    if (status === 201) {
      this.accepted++;
      this.stored += stored;
      this.refused += refused;
      return;
    }
    assert.equal(status, 503);
    assert.equal(retryAfter, '1');
    this[error === 'busy' ? 'busy' : 'down']++;
  }
}

/**
 * Many clients with little to upload each, and more of them than the database can serve.
 *
 * @param {number} port
 * @param {Answers} answers
 * @param {'behindFat' | 'alone'} when
 */
async function uploadSmall(port, answers, when) {
  const text = 'y'.repeat(SMALL.bytes);
  const latencies = /** @type {number[]} */ ([]);
  let made = 0;
  const load = autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: SMALL.connections,
    amount: SMALL[when],
    overallRate: SMALL.aSecond,
    timeout: 60,
    requests: [
      {
        method: 'POST',
        path: '/records',
        headers: HEADERS,
        setupRequest(/** @type {object} */ upload) {
          const n = made++;
          const rows = Array.from({ length: SMALL.records }, (_, i) => line(`${when}-${n}-${i}`, text));
          if (n % DAMAGED === 0) rows[0] = line(`${when}-${n}-damaged`, text, 'another');
          return { ...upload, body: rows.join('') };
        },
        onResponse: (status, body, _context, headers) => answers.add(status, body, headers?.['retry-after']),
      },
    ],
  });
  load.on('response', (_client, status, _bytes, ms) => {
    if (status === 201) latencies.push(ms);
  });
  const { errors } = await load;
  assert.equal(errors, 0);
  return latencies;
}

/**
 * The database fails, and is back when new uploads were refused because of it. Gives how long that took.
 *
 * @param {number} port
 * @param {Answers} answers
 * @param {(what: string) => void} tell the service's process
 */
async function outage(port, answers, tell) {
  const start = performance.now();
  const uploads = [];
  tell('outage');
  for (let n = 0; answers.down < 5 || performance.now() - start < OUTAGE_MS; n++) {
    const one = fetch(`http://127.0.0.1:${port}/records`, {
      method: 'POST',
      headers: HEADERS,
      body: line(`probe-${n}`, 'z'),
    });
    uploads.push(one.then(async (r) => answers.add(r.status, await r.text(), r.headers.get('retry-after'))));
    await sleep(50);
  }
  tell('recovered');
  const took = performance.now() - start;
  await Promise.all(uploads);
  return took;
}

/**
 * @param {'with' | 'without'} kind
 * @param {string} scratch
 */
async function drive(kind, scratch) {
  const child = fork(fileURLToPath(import.meta.url), [kind, path.join(scratch, `${kind}.db`)], {
    execArgv: ['--expose-gc'],
  });
  const [{ port }] = await once(child, 'message');
  const ask = async (/** @type {string} */ what) => {
    child.send(what);
    return (await once(child, 'message'))[0];
  };
  const start = performance.now();
  const fatAnswer = await uploadFat(port);
  const { fatStored } = await ask('stats'); // of the fat upload, when its client had sent it all
  const answers = new Answers();
  const latencies = await uploadSmall(port, answers, 'behindFat');
  const fat = await fatAnswer();
  const failing = kind === 'with' && sleep(200).then(() => outage(port, answers, (what) => child.send(what)));
  latencies.push(...(await uploadSmall(port, answers, 'alone')));
  latencies.sort((a, b) => a - b);
  const outageMs = (await failing) || 0;
  const took = performance.now() - start;
  const end = await ask('stop');
  child.disconnect();
  const accepted = fat.stored + answers.stored;
  return { ...end, fatStored, answers, accepted, latencies, outageMs, took };
}

/** @typedef {Awaited<ReturnType<typeof drive>>} Run */

/** @param {Run} run */
function check(run) {
  const { answers, latencies } = run;
  assert.equal(run.rows, run.accepted, 'accepted and stored differ');
  assert.equal(run.doubled, 0, 'a record was written twice');
  assert.equal(answers.uploads, answers.accepted + answers.busy + answers.down, 'an upload has no answer');
  assert.ok(run.fatStored >= FAT.records / 2, 'the client was not held back');
  assert.ok(run.memory < (FAT.records * FAT.bytes) / 2, 'the service held half of the upload, or more');
  assert.ok(run.peak <= LIMITS.queue, 'the queue was over its capacity');
  assert.ok(answers.accepted > 0 && answers.busy > 0, 'all load was shed, or none');
  assert.ok(run.opened > 0 && answers.down > 0, 'the circuit never opened');
  // In front of an accepted upload are at most the stages, and one record of each other client for each of its own.
  const ahead = LIMITS.queue + LIMITS.checked + LIMITS.checkers + LIMITS.batch + SMALL.records * SMALL.connections;
  const bound = (ahead / run.rows) * run.took + run.outageMs;
  assert.ok(
    latencies[latencies.length - 1] <= 2 * bound,
    `an upload took ${latencies.at(-1)} ms, the bound is ${bound}`,
  );
}

/**
 * @param {Run} run
 * @param {number} p
 */
const percentile = ({ latencies }, p) => `${latencies[Math.floor(latencies.length * p)]?.toFixed(0)} ms`;

/** @type {[string, (run: Run) => string | number][]} */
const TABLE = [
  ['of the fat upload stored when it was sent', (run) => `${run.fatStored} of ${FAT.records}`],
  ['memory held, at most', (run) => `${(run.memory / 1e6).toFixed(0)} MB`],
  ['queued, at most', (run) => run.peak ?? 'not bounded'],
  ['small uploads', (run) => run.answers.uploads],
  ['  accepted', (run) => run.answers.accepted],
  ['  503, busy', (run) => run.answers.busy],
  ['  503, the database is down', (run) => run.answers.down],
  ['  latency of the accepted, p50', (run) => percentile(run, 0.5)],
  ['  latency of the accepted, p99', (run) => percentile(run, 0.99)],
  ['records accepted', (run) => run.accepted],
  ['records stored', (run) => run.rows],
  ['records doubled', (run) => run.doubled],
  ['damaged records refused', (run) => run.answers.refused],
  ['circuit opened', (run) => run.opened],
  ['time', (run) => `${(run.took / 1_000).toFixed(1)} s`],
];

async function main() {
  const missing = POSTGRES
    ? undefined
    : await import('better-sqlite3').then(
        () => undefined,
        (error) => error.message,
      );
  if (missing !== undefined) {
    console.log(`Not run: there is no better-sqlite3 (is there a compiler?), and no DATABASE_URL.\n${missing}`);
    process.exitCode = SKIPPED;
    return;
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'sluice-every-layer-'));
  try {
    const runs = [await drive('with', scratch), await drive('without', scratch)];
    console.log(
      `Database: ${POSTGRES ? 'PostgreSQL' : 'SQLite'}, at most ${(LIMITS.batch * 1_000) / INSERT_MS} records a second.\n`,
    );
    console.log(`${''.padEnd(42)}${'with'.padStart(14)}${'without'.padStart(14)}`);
    for (const [title, cell] of TABLE) {
      console.log(`${title.padEnd(42)}${runs.map((run) => String(cell(run)).padStart(14)).join('')}`);
    }
    check(runs[0]);
    console.log(
      '\nWith sluice: all that was accepted is stored, once; the client waited, not the memory; every upload got an answer.',
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const [kind, file] = process.argv.slice(2);
await (kind === undefined ? main() : serve(kind, file));
