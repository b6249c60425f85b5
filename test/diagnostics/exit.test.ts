// What a real process says when it ends while somebody waits.

import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-exit-')));
  await build({
    absWorkingDir: root,
    entryPoints: { sluice: 'src/index.ts', diagnostics: 'src/diagnostics/index.ts' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    define: { SLUICE_CHECKED: 'false', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' },
    logLevel: 'error',
  });
}, 30_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program; it imports what it needs of the two. */
function run(name: string, program: string): Promise<{ code: number | null; err: string; out: string }> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import { BoundedQueue, Channel, select, sending, receiving } from './sluice.mjs';
import { report, reportOnExit } from './diagnostics.mjs';
${program}`,
  );
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    child.on('close', (code) => resolve({ code, err, out }));
  });
}

const lines = (err: string): string[] => err.split('\n').filter((line) => line.startsWith('sluice: '));

describe.concurrent('a process that ends', () => {
  it('with a pipeline that is deadlocked says where each stage waits', async () => {
    const { code, err } = await run(
      'deadlock',
      `reportOnExit({ stacks: true });
const orders = new Channel(3, { name: 'orders' });
const results = new Channel(1, { name: 'results' });
const worker = async () => {
  for await (const order of orders) await results.send(order);
};
const ingest = async (n) => {
  await orders.send(n);
};
const working = worker();
for (let n = 0; n < 5; n++) await ingest(n);
await Promise.all([ingest(5), ingest(6)]);
await working;
for await (const result of results) console.log(result);
`,
    );
    expect(code).toBe(13);
    expect(lines(err)).toEqual([
      expect.stringMatching(
        /^sluice: `orders` \(3\/3\) has 2 sends waiting for [\d.]+ m?s, from deadlock\.mjs:10; no receive is waiting there$/,
      ),
      expect.stringMatching(
        /^sluice: `results` \(1\/1\) has 1 send waiting for [\d.]+ m?s, from deadlock\.mjs:7; no receive is waiting there$/,
      ),
    ]);
  });

  it('with code 0, since nothing was awaited at the top, says so all the same, and without stacks', async () => {
    const { code, err } = await run(
      'silent',
      `reportOnExit();
const jobs = new BoundedQueue(1, { name: 'jobs' });
globalThis.jobs = jobs;
void jobs.take();
setTimeout(() => {}, 20);
`,
    );
    expect(code).toBe(0);
    expect(lines(err)).toEqual([
      expect.stringMatching(/^sluice: `jobs` \(0\/1\) has 1 receive waiting for \d+ ms; no send is waiting there$/),
    ]);
  });

  it('and in which nobody waits says nothing', async () => {
    const { code, err, out } = await run(
      'well',
      `reportOnExit({ stacks: true });
for await (const n of Channel.from([1, 2, 3], 1)) console.log(n);
`,
    );
    expect([code, err, out]).toEqual([0, '', '1\n2\n3\n']);
  });

  it('by process.exit() says nothing: it was told to end', async () => {
    const { code, err } = await run(
      'told',
      `reportOnExit();
void new Channel(1).receive();
process.exit(3);
`,
    );
    expect([code, err]).toEqual([3, '']);
  });

  it('says nothing once that was disposed of', async () => {
    const { err } = await run(
      'disposed',
      `reportOnExit()[Symbol.dispose]();
globalThis.channel = new Channel(1);
void channel.receive();
`,
    );
    expect(err).toBe('');
  });

  it('after it was kept alive once more says what has changed, and nothing twice', async () => {
    const { err } = await run(
      'again',
      `reportOnExit();
const a = (globalThis.a = new Channel(1, { name: 'a' }));
void a.receive();
let turns = 0;
process.on('beforeExit', () => {
  if (++turns === 1) setTimeout(() => {}, 1);
  if (turns === 2) setTimeout(() => void a.receive(), 1);
});
`,
    );
    expect(lines(err)).toEqual([
      expect.stringMatching(/`a` \(0\/1\) has 1 receive /),
      expect.stringMatching(/`a` \(0\/1\) has 2 receives /),
    ]);
  });

  it('of select, reserve and a channel without a name says which', async () => {
    const { err } = await run(
      'kinds',
      `reportOnExit();
const [a, b] = (globalThis.all = [new Channel(1), new Channel(1, { name: 'b' })]);
await a.send(1);
void a.reserve();
void select({ in: receiving(b) });
`,
    );
    expect(lines(err)).toEqual([
      expect.stringMatching(
        /^sluice: a channel without a name \(1\/1\) has 1 reserve waiting for \d+ ms; no receive is waiting there/,
      ),
      expect.stringMatching(/^sluice: `b` \(0\/1\) has 1 select waiting for \d+ ms$/),
    ]);
  });
});
