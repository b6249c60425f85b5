// A file through a step into gzip into a file: as channels and a flow, against `pipeline` with a `Transform`. The bytes that
// come out must be the same.
// @ts-check
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { tenth } from '../measure.mjs';

const MIB = 2 ** 20;
/** Fast, so that what is beside the compression counts as much as it can. */
const FAST = { level: 1 };
/** Each way, in turn: the first rounds are slower, and not counted. */
const WARM_UP = 2;
const ROUNDS = 12;

/** Rot1, in place. */
function step(/** @type {Buffer} */ chunk) {
  for (let i = 0; i < chunk.length; i += 64) chunk[i]++;
  return chunk;
}

async function file(/** @type {string} */ path, /** @type {number} */ mib) {
  const block = Buffer.alloc(MIB);
  for (let i = 0; i < MIB; i++) block[i] = (i * 7 + (i >> 5)) & 63;
  const handle = await open(path, 'w');
  for (let i = 0; i < mib; i++) await handle.write(block);
  await handle.close();
}

/** @type {import('../types.d.ts').FigureWorkload} */
export default {
  mark: { title: 'a file through flow and fromWritable(gzip) ÷ pipeline', unit: '×', atMost: 1.1 },
  async figure({ shipped }, ms) {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    try {
      const [from, to] = [join(folder, 'from'), join(folder, 'to.gz')];
      await file(from, ms < 1_000 ? 16 : 64);
      const ways = {
        async flow() {
          const gzip = createGzip(FAST);
          const writing = pipeline(gzip, createWriteStream(to));
          await shipped
            .flow(shipped.fromReadable(createReadStream(from)))
            .map(step)
            .to(shipped.fromWritable(gzip));
          await writing;
        },
        pipeline: () =>
          pipeline(
            createReadStream(from),
            new Transform({ transform: (chunk, _encoding, done) => done(null, step(chunk)) }),
            createGzip(FAST),
            createWriteStream(to),
          ),
      };
      /** @type {{ flow: number[], pipeline: number[] }} */
      const times = { flow: [], pipeline: [] };
      let size;
      for (let round = -WARM_UP; round < ROUNDS; round++) {
        for (const way of /** @type {const} */ (['pipeline', 'flow'])) {
          const begun = performance.now();
          await ways[way]();
          if (round >= 0) times[way].push(performance.now() - begun);
          const { size: now } = await stat(to);
          if (now !== (size ??= now)) throw new Error(`${now} bytes came out, not ${size}`);
        }
      }
      return tenth(times.flow) / tenth(times.pipeline);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
