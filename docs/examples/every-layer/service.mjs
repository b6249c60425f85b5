// @ts-check
// A service that takes uploads of records (one JSON a line), checks them, and writes them to a database in batches. What the
// database cannot take is held back through every layer: batches, queues, the request's body, the client's socket.

import { circuitBreaker, CircuitState, ConsecutiveBreaker, ConstantBackoff, handleAll, retry, wrap } from 'cockatiel';
import Fastify from 'fastify';
import { Channel } from 'sluice';

/** @typedef {{ id: string, text: string }} Row */
/**
 * @typedef {object} Store
 * @property {(rows: Row[]) => Promise<number>} insert all or none; gives how many were not there yet
 * @property {() => Promise<number>} count
 * @property {() => Promise<void>} close
 */

export const LIMITS = { queue: 200, checked: 100, checkers: 4, batch: 100 };
const LONGEST_LINE = 64 * 1_024;
/** How long the queue may stay above its high watermark before new uploads are refused. */
const SHED_AFTER_MS = 100;

/** @param {Store} store */
export function service(store) {
  let shedding = false;
  /** @type {NodeJS.Timeout | undefined} */
  let stillHigh;
  /** @type {Channel<{ line: string, upload: Upload }>} */
  const queue = new Channel(LIMITS.queue, {
    name: 'queue',
    watermarks: { high: 0.8, low: 0.5 },
    onPressure: (level) => {
      clearTimeout(stillHigh);
      if (level === 'low') shedding = false;
      else stillHigh = setTimeout(() => (shedding = true), SHED_AFTER_MS);
    },
  });
  /** @type {Channel<{ row: Row, upload: Upload }>} */
  const checked = new Channel(LIMITS.checked, { name: 'checked' });
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: 200, breaker: new ConsecutiveBreaker(3) });
  const untilStored = wrap(retry(handleAll, { maxAttempts: Infinity, backoff: new ConstantBackoff(50) }), breaker);

  const check = async () => {
    for await (const { line, upload } of queue) {
      const row = await valid(line);
      if (row) await checked.send({ row, upload });
      else upload.settle('refused');
    }
  };
  const write = async () => {
    for await (const batch of checked.batches(LIMITS.batch)) {
      await untilStored.execute(() => store.insert(batch.map(({ row }) => row)));
      for (const { upload } of batch) upload.settle('stored');
    }
  };
  const checking = Promise.all(Array.from({ length: LIMITS.checkers }, check)).then(() => checked.close());
  const working = Promise.all([checking, write()]);

  const app = server();
  app.post('/records', async (request, reply) => {
    const down = breaker.state === CircuitState.Open;
    if (down || shedding) {
      return reply
        .code(503)
        .header('retry-after', '1')
        .send({ error: down ? 'the database is down' : 'busy' });
    }
    const upload = new Upload();
    for await (const line of lines(request.raw)) {
      upload.open++;
      await queue.send({ line, upload }); // waits while the queue is full; nothing more of the body is read meanwhile
    }
    return reply.code(201).send(await upload.settled());
  });
  return {
    app,
    breaker,
    queue,
    checked,
    async close() {
      await app.close(); // uploads that were taken are answered
      queue.close();
      await working;
    },
  };
}

/**
 * The same without sluice: the body is read as fast as it comes, and an array holds what the database has not taken.
 *
 * @param {Store} store
 */
export function serviceWithout(store) {
  /** @type {{ line: string, upload: Upload }[]} */
  const waiting = [];
  let writing = false;
  const write = async () => {
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, LIMITS.batch);
      const rows = await Promise.all(batch.map(({ line }) => valid(line)));
      await store.insert(rows.filter((row) => row !== undefined));
      for (const [i, { upload }] of batch.entries()) upload.settle(rows[i] ? 'stored' : 'refused');
    }
    writing = false;
  };

  const app = server();
  app.post('/records', async (request, reply) => {
    const upload = new Upload();
    for await (const line of lines(request.raw)) {
      upload.open++;
      waiting.push({ line, upload });
      void write();
    }
    return reply.code(201).send(await upload.settled());
  });
  return { app, close: () => app.close() };
}

/** Counts the records of one upload. It is answered once every one of them is stored or refused. */
class Upload {
  open = 0;
  #counts = { stored: 0, refused: 0 };
  #done = () => {};

  /** @param {'stored' | 'refused'} how */
  settle(how) {
    this.#counts[how]++;
    if (--this.open === 0) this.#done();
  }

  /** @returns {Promise<{ stored: number, refused: number }>} */
  async settled() {
    if (this.open > 0) await new Promise((resolve) => (this.#done = () => resolve(undefined)));
    return this.#counts;
  }
}

function server() {
  const app = Fastify();
  app.addContentTypeParser('application/x-ndjson', (_request, _body, done) => done(null)); // the handler reads the body
  return app;
}

/**
 * The lines of a body, which is read no faster than they are taken.
 *
 * @param {import('node:http').IncomingMessage} body
 */
async function* lines(body) {
  let rest = '';
  for await (const chunk of body.setEncoding('utf8')) {
    const [...whole] = (rest + chunk).split('\n');
    rest = whole.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw Object.assign(new Error('a line is too long'), { statusCode: 413 });
    yield* whole;
  }
  if (rest !== '') yield rest;
}

/**
 * @param {string} line
 * @returns {Promise<Row | undefined>} undefined where it is no record, or was damaged on its way
 */
async function valid(line) {
  try {
    const { id, text, sha256 } = JSON.parse(line);
    if (typeof id !== 'string' || typeof text !== 'string') return undefined;
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    return Buffer.from(digest).toString('hex') === sha256 ? { id, text } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * SQLite: a batch is one transaction.
 *
 * @param {string} file
 * @returns {Promise<Store>}
 */
export async function openSqlite(file) {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.exec('CREATE TABLE records (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
  const insert = database.prepare('INSERT INTO records VALUES (?, ?) ON CONFLICT DO NOTHING');
  const insertAll = database.transaction((/** @type {Row[]} */ rows) => {
    let fresh = 0;
    for (const { id, text } of rows) fresh += insert.run(id, text).changes;
    return fresh;
  });
  return {
    insert: async (rows) => insertAll(rows),
    count: async () => database.prepare('SELECT count(*) FROM records').pluck().get(),
    close: async () => void database.close(),
  };
}

/**
 * PostgreSQL: a batch is one statement. The table is temporary, so that the example leaves nothing behind.
 *
 * @param {string} url
 * @returns {Promise<Store>}
 */
export async function openPostgres(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client(url);
  await client.connect();
  await client.query('CREATE TEMPORARY TABLE records (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
  const insert = 'INSERT INTO records SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING';
  return {
    async insert(rows) {
      const result = await client.query(insert, [rows.map(({ id }) => id), rows.map(({ text }) => text)]);
      return result.rowCount ?? 0;
    },
    async count() {
      const result = await client.query('SELECT count(*)::int AS count FROM records');
      return result.rows[0].count;
    },
    close: () => client.end(),
  };
}
