// The examples of the documentation do what they say: the README's, the guides', and those of the doc comments in src/.
// The rules by which a block is chosen, run and compared stand at the top of docs-examples.ts.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Example,
  examplesOfMarkdown,
  examplesOfSource,
  filesIn,
  foldersIn,
  membersOf,
  Runner,
  typeErrors,
} from './docs-examples.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const guides = filesIn('docs/guides', '.md');
const pages: [string, Example[]][] = ['README.md', ...guides].map((file) => [file, examplesOfMarkdown(file)]);
const sources: [string, Example[]][] = ['src', ...foldersIn('src'), ...foldersIn('src').flatMap(foldersIn)]
  .flatMap((folder) => filesIn(folder, '.ts'))
  .map((file) => [file, examplesOfSource(file)]);
const files = [...pages, ...sources].filter(([, examples]) => examples.length > 0);
const all = files.flatMap(([, examples]) => examples);

/** So many blocks share a thread. */
const TOGETHER = 40;

let runner: Runner;
let errors: Map<string, string[]>;
beforeAll(async () => {
  runner = await Runner.start();
  errors = typeErrors(all);
}, 60_000);
afterAll(() => runner.stop());

const runs = new Map<number, Promise<Map<string, string[]>>>();
/** What was found where this block ran, with the others of its thread. */
function foundAt(where: string): Promise<Map<string, string[]>> {
  const start = all.findIndex((each) => each.where === where);
  const first = start - (start % TOGETHER);
  const run = runs.get(first) ?? runner.runAll(all.slice(first, first + TOGETHER));
  runs.set(first, run);
  return run;
}

describe.each(files)('%s', (_, examples) => {
  it.concurrent.each(examples.map(({ where }) => where))(
    'the example at %s compiles and does what its comments say',
    async (where) => {
      expect(errors.get(where)).toEqual([]);
      expect((await foundAt(where)).get(where)).toEqual([]);
    },
    60_000, // where one is wrong, all of its thread run again
  );
});

describe('the documentation', () => {
  it.each(guides)('%s has code that runs', (file) => {
    expect(examplesOfMarkdown(file).length).toBeGreaterThan(0);
  });

  it.each([
    ['src/channel-api.ts', 10],
    ['src/queue.ts', 10],
    ['src/control/credits.ts', 5],
    ['src/control/token-bucket.ts', 2],
    ['src/control/gate.ts', 4],
  ])('has an example for every public member of %s', (file, least) => {
    const members = membersOf(file);
    expect(members.length).toBeGreaterThan(least);
    expect(members.filter(({ hasExample }) => !hasExample).map(({ name }) => name)).toEqual([]);
  });

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/comparison.md', ...guides])(
    '%s links to nothing that is not there',
    (file) => {
      const text = readFileSync(join(root, file), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
      const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)="([^"]+)"/g)].map(
        (match) => (match[1] ?? match[2]) as string,
      );
      const missing = links.filter((link) => !/^\w+:/.test(link) && !existsSync(join(root, dirname(file), link)));
      expect(missing).toEqual([]);
    },
  );
});

describe('the runner of the examples', () => {
  const run = (code: string): Promise<string[]> => runner.run({ where: `inline-${Math.random()}`, code, line: 1 });

  it('passes a block whose values and prints are as its comments say', async () => {
    expect(
      await run(
        "const a = [1, 'x'];\na; // [1, 'x']\nfor (const each of a) console.log(each); // 1 x\nawait 0; // prose",
      ),
    ).toEqual([]);
  });

  it('names the line of a value that differs, of a print that differs, and of a value that never came', async () => {
    expect(await run('1 + 1; // 3')).toEqual(['line 1 gave 2, not 3']);
    expect(await run("console.log('a'); // b")).toEqual(['line 1 printed a, not b']);
    expect(await run('if (Math.random() > 1) {\n  Math.abs(1); // 1\n}')).toEqual(['line 2 never ran']);
  });

  it('refuses a comment that begins like a value and is none', async () => {
    await expect(run('Math.abs(1); // [1, …]')).rejects.toThrow('begins like a value');
  });

  it('fails a block that waits for ever, loops for ever, or leaves a timer running', async () => {
    expect(await run('await new Promise(() => {});')).toEqual(['it awaits something that never settles']);
    const [looping, leaking] = await Promise.all([run('for (;;);'), run('setInterval(() => {}, 1_000);')]);
    expect(looping).toEqual(['it did not finish within 2000 ms']);
    expect(leaking).toEqual(['it finished, and left something running']);
  });

  it('says of each block of a file what is wrong with it, also where one of them ends the thread of all', async () => {
    const example = (line: number, code: string): Example => ({ where: `file-${Math.random()}-${line}`, code, line });
    const [fine, wrong, deadly] = [example(1, '1 + 1; // 2'), example(2, '1 + 1; // 3'), example(3, 'await null.x;')];
    const found = await runner.runAll([fine, wrong]);
    expect([...found.values()]).toEqual([[], ['line 2 gave 2, not 3']]);
    const foundWithDeadly = [...(await runner.runAll([fine, deadly, wrong])).values()];
    expect(foundWithDeadly[0]).toEqual([]);
    expect(foundWithDeadly[1]?.join()).toContain('TypeError');
    expect(foundWithDeadly[2]).toEqual(['line 2 gave 2, not 3']);
  });

  it('fails a block with an unhandled rejection', async () => {
    expect((await run("void Promise.reject(new Error('lost'));")).join()).toContain('lost');
  });
});
