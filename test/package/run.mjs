// The package as a stranger meets it: packed by npm, installed into empty projects outside of this repository, and used.
//
// Guarantee: it installs without a word; ESM, CJS and TypeScript programs use it by its name, alone; a second copy of it
// in the same process shares `instanceof` with the first; and it compiles with every TypeScript it claims, whatever `lib`
// and ambient types the project has. Prints a line each, and exits with 1 where one failed.
//
// node test/package/run.mjs [--all] [--typescript 5.2,7.0]
// Each compiler is given the poorest project and the richest; with --all every one between them too (some minutes). The
// compilers are installed once, into .matrix/typescript.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const COMPILERS = { 5.2: '5.2.2', 5.4: '5.4.5', 5.9: '5.9.3', '6.0': '6.0.3', '7.0': '7.0.2' };
const SHIPPED =
  /^(dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)|docs\/dashboards\/(grafana\.json|alerts\.yml)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
const LARGEST = 256 * 1024; // bytes of the tarball

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { all: { type: 'boolean' }, typescript: { type: 'string' } } });
const versions = values.typescript?.split(',') ?? Object.keys(COMPILERS).sort();
for (const version of versions) {
  if (!(version in COMPILERS)) throw new RangeError(`--typescript ${version}: must be of ${Object.keys(COMPILERS)}`);
}

/** Runs a program to its end; `out` is all that it printed. */
const run = (command, args, cwd) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let out = '';
    let errors = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (errors += data));
    child.on('error', (error) => resolve({ code: -1, out, errors: String(error) }));
    child.on('close', (code) => resolve({ code, out, errors }));
  });
const node = (args, cwd) => run(process.execPath, args, cwd);

let failures = 0;
const say = (name, problem, started) => {
  if (problem) failures++;
  console.log(`${problem ? 'FAILED' : 'ok    '}  ${name}  ${Math.round(performance.now() - started)} ms`);
  if (problem) console.log(problem.trim().replaceAll(/^/gm, '        '));
};
/** A row: it fails if the program did, or if it said anything to standard error. */
const row = async (name, running) => {
  const started = performance.now();
  const { code, out, errors } = await running;
  say(name, code === 0 && errors === '' ? '' : `exit code ${code}\n${out}${errors}`, started);
};

const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
const project = (name, fields) => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '1.0.0', private: true, ...fields }));
  return path;
};

/** Packs the package, and looks at what is in it. */
async function pack() {
  const started = performance.now();
  const { code, out, errors } = await run('npm', ['pack', '--silent', '--json', '--pack-destination', folder], root);
  if (code !== 0) throw new Error(`npm pack failed\n${out}${errors}`);
  const told = JSON.parse(out.slice(out.search(/^[[{]/m)));
  const [{ filename, size, files }] = Object.values(told); // a list in one npm, an object by name in another
  const strange = files.map(({ path }) => path).filter((path) => !SHIPPED.test(path));
  // Written for older engines, `?.` and `??` are calls, and every operation of a channel takes three times as long.
  const old = files.filter(({ path }) =>
    /_optionalChain|_nullishCoalesce/.test(readFileSync(join(root, path), 'utf8')),
  );
  const problem =
    (strange.length > 0 ? `not to be shipped: ${strange}` : '') ||
    (old.length > 0 ? `written for older engines: ${old.map(({ path }) => path)}` : '') ||
    (size > LARGEST ? `over ${LARGEST} bytes` : '');
  say(`npm pack: ${files.length} files, ${size} bytes`, problem, started);
  return join(folder, filename);
}

/** JavaScript: both formats in projects of their own, and two copies in one process. */
async function javascript(tarball) {
  const install = ['install', '--offline', '--no-audit', '--no-fund', tarball];
  const [esm, cjs] = [project('esm', { type: 'module' }), project('cjs', { type: 'commonjs' })];
  await row('npm install into an empty ESM project, without a warning', run('npm', install, esm));
  await row('npm install into an empty CJS project, without a warning', run('npm', install, cjs));
  cpSync(join(here, 'esm.js'), join(esm, 'index.js'));
  cpSync(join(here, 'cjs.cjs'), join(cjs, 'index.js'));
  await row('ESM: import', node(['index.js'], esm));
  await row('CJS: require gives the ESM copy, and instanceof holds across a CJS one', node(['index.js'], cjs));
  await row(
    'CJS: require gives the CJS copy where modules cannot be required',
    node(['--no-experimental-require-module', 'index.js', 'cjs'], cjs),
  );
}

/** The compilers, in a folder that stays. */
async function compilers() {
  const path = join(root, '.matrix/typescript');
  const wanted = { 'types-node': 'npm:@types/node@20.19.43' };
  for (const version of versions) wanted[`typescript-${version}`] = `npm:typescript@${COMPILERS[version]}`;
  const missing = Object.entries(wanted).filter(([name]) => !existsSync(join(path, 'node_modules', name)));
  if (missing.length > 0) {
    mkdirSync(path, { recursive: true });
    if (!existsSync(join(path, 'package.json'))) writeFileSync(join(path, 'package.json'), '{ "private": true }');
    const started = performance.now();
    const args = ['install', '--no-audit', '--no-fund', '--save-exact', ...missing.map((each) => each.join('@'))];
    const { code, out, errors } = await run('npm', args, path);
    say(`npm install of ${missing.length} packages to compile with`, code === 0 ? '' : out + errors, started);
  }
  return join(path, 'node_modules');
}

/** TypeScript: every version over every `lib` and set of ambient types, each over ESM and CJS files. */
async function typescript(tarball) {
  const modules = await compilers();
  const path = project('ts', { type: 'module' });
  await row('npm install into an empty TypeScript project', run('npm', ['install', '--offline', tarball], path));
  // Where a compiler looks for ambient types; the package's own dependencies would bring them along in the same way.
  cpSync(join(modules, 'types-node'), join(path, 'node_modules/@types/node'), { recursive: true });
  const undici = join(modules, 'undici-types');
  if (existsSync(undici)) cpSync(undici, join(path, 'node_modules/undici-types'), { recursive: true });
  for (const name of ['consumer', 'composition', 'bridges', 'signals']) {
    const text = readFileSync(join(here, `${name}.ts`), 'utf8');
    for (const ending of ['mts', 'cts']) writeFileSync(join(path, `${name}.${ending}`), text);
  }

  const projects = [];
  for (const lib of ['ES2020', 'ES2022']) {
    for (const dom of [false, true]) {
      for (const types of [[], ['node']]) {
        const title = [`lib ${lib}`, ...(dom ? ['DOM'] : []), ...types].join(' + ');
        projects.push({ title, lib: dom ? [lib, 'DOM'] : [lib], types });
      }
    }
  }
  const chosen = values.all ? projects : [projects.at(0), projects.at(-1)];
  const jobs = versions.flatMap((version) => chosen.map((each) => ({ version, ...each })));
  const compile = async ({ version, title, lib, types }) => {
    const name = `${version}-${title.replaceAll(/\W+/g, '-')}`;
    const files = ['consumer', 'composition', 'bridges', ...(lib.length + types.length > 1 ? ['signals'] : [])];
    const config = {
      compilerOptions: {
        ...{ target: 'ES2022', module: 'NodeNext', moduleResolution: 'NodeNext', lib, types, outDir: `out/${name}` },
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noUncheckedIndexedAccess: true },
        ...{ rootDir: '.' },
      },
      files: files.flatMap((file) => [`${file}.mts`, `${file}.cts`]),
    };
    writeFileSync(join(path, `${name}.json`), JSON.stringify(config));
    const compiler = join(modules, `typescript-${version}`);
    const { bin } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'));
    await row(
      `TypeScript ${version}, ${title}, ESM and CJS`,
      node([join(compiler, bin.tsc), '-p', `${name}.json`], path),
    );
    return name;
  };
  let last = '';
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) last = await compile(job);
  };
  await Promise.all([worker(), worker()]);
  for (const name of ['consumer', 'composition', 'bridges']) {
    await row(`the compiled ${name} runs: ESM (${last})`, node([`out/${last}/${name}.mjs`], path));
    await row(`the compiled ${name} runs: CJS (${last})`, node([`out/${last}/${name}.cjs`], path));
  }
}

try {
  const tarball = await pack();
  await javascript(tarball);
  await typescript(tarball);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'the package: all well' : `the package: ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
