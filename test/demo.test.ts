// The demo as its user meets it: started as a program, judged by what it prints, its exit code and what it leaves behind.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../docs/demo/main.mjs', import.meta.url));
/** Processes on a busy machine: far more than they need. */
const TIME = 60_000;
const WELL = { code: 0, err: '', left: [] };

/** What the demo reads, and what it takes for the system's folder for temporary files, one for each start. */
const root = mkdtempSync(join(tmpdir(), 'sluice-demo-test-'));
const [data, empty] = [join(root, 'data'), join(root, 'empty')];
/** More than any run here needs: what ends a run is its input. */
const LONG = '--seconds=60';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Files that it left in the folder for temporary files. */
  readonly left: readonly string[];
}

function start(words: readonly string[]) {
  const temporary = mkdtempSync(join(root, 'tmp-'));
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const child = spawn(process.execPath, [MAIN, ...words], { env });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (text.out += chunk));
  child.stderr.on('data', (chunk) => (text.err += chunk));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...text, left: readdirSync(temporary) }));
  });
  return { child, ended };
}

function run(words: readonly string[], input = ''): Promise<Ended> {
  const { child, ended } = start(words);
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input);
  return ended;
}

/** The cells of a row of the final table, one for each half. */
function row({ out }: Ended, label: string): string[] {
  const line = out.split('\n').find((one) => one.startsWith(`${label} `)) ?? '';
  return line
    .slice(label.length)
    .trim()
    .split(/\s{2,}/);
}

describe.skipIf(process.env['STRYKER_MUTATOR_WORKER'] !== undefined)('the demo', { timeout: TIME }, () => {
  let nothing: Ended;

  beforeAll(async () => {
    await mkdir(join(data, 'deeper'), { recursive: true });
    await mkdir(empty);
    await writeFile(join(data, 'empty.txt'), '');
    await writeFile(join(data, 'lines.jsonl'), '{"a":1}\n'.repeat(20_000));
    await writeFile(join(data, 'deeper', 'zeros.bin'), Buffer.alloc(100_000));
    for (let i = 0; i < 100; i++) writeFileSync(join(data, 'deeper', `${i}.json`), JSON.stringify({ i }));
    nothing = await run([empty]); // builds the library, where nobody has yet
  }, TIME);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('gets every item of a folder through both halves, with equal checksums', async () => {
    const ended = await run([LONG, '--capacity', '8', data]);
    expect(ended).toMatchObject(WELL);
    expect(row(ended, 'items in')).toEqual(['105', '105']);
    expect(row(ended, 'items out')).toEqual(['105', '105']);
    expect(row(ended, 'bytes in')).toEqual(row(ended, 'bytes out'));
    expect(row(ended, 'checksum in')).toEqual(row(ended, 'checksum out'));
    expect(row(ended, 'in = out')).toEqual(['yes', 'yes']);
    expect(row(ended, 'checksum equal')).toEqual(['yes', 'yes']);
    expect(row(ended, 'peak depth, records')[1]).toMatch(/^[1-8] of 8$/);
    expect(ended.out).toContain('103 JSON records');
  });

  it('accounts for every item that a policy dropped', async () => {
    const ended = await run([LONG, '--capacity', '1', '--overflow', 'drop-newest', data]);
    expect(ended).toMatchObject(WELL);
    const bounded = (label: string) => Number(row(ended, label)[1]);
    expect(bounded('items dropped')).toBeGreaterThan(0);
    expect(bounded('items out') + bounded('items dropped')).toBe(bounded('items in'));
    expect(row(ended, 'checksum equal')).toEqual(['yes', 'yes']);
  });

  it('reads standard input', async () => {
    const ended = await run([LONG, '-'], 'one line\n');
    expect(ended).toMatchObject(WELL);
    expect(row(ended, 'bytes in')).toEqual(['9', '9']);
    expect(row(ended, 'checksum equal')).toEqual(['yes', 'yes']);
  });

  it('has nothing to do in an empty folder, and says so', () => {
    expect(nothing).toMatchObject(WELL);
    expect(nothing.out).toContain('There was nothing to read.');
  });

  it('refuses a bad argument with a line that names it, and exit code 2', async () => {
    const mistakes = [
      ['--capacity', 'many'],
      ['--overflow', 'drop-oldest', '--capacity', '0'],
      ['--faster'],
      [join(root, 'nowhere')],
    ];
    const check = async (words: string[]) => {
      const ended = await run(words);
      expect(ended, words.join(' ')).toMatchObject({ code: 2, out: '', left: [] });
      expect(ended.err).toContain(words[0]);
      expect(ended.err).toMatch(/Try --help\.\n$/);
    };
    await Promise.all(mistakes.map(check));
  });

  it('--help lists every option', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const option of ['--capacity', '--consumers', '--overflow', '--seconds', '--help'])
      expect(out).toContain(option);
  });

  it('Ctrl-C ends it with exit code 130, with what was done so far and no file left', async () => {
    const { child, ended } = start([LONG]);
    const first = new Promise((resolve) => child.stdout.on('data', (chunk) => /p99/.test(chunk) && resolve(chunk)));
    await first;
    child.kill('SIGINT');
    const { out, ...rest } = await ended;
    expect(rest).toEqual({ code: 130, err: '', left: [] });
    expect(out).toContain('Interrupted: the figures are what was done so far.');
    expect(out).toMatch(/in = out \+ dropped +yes/);
  });

  it('ends quietly when nobody reads what it prints any more', async () => {
    const { child, ended } = start([LONG]);
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await ended).toMatchObject(WELL);
  });
});
