// The built package on every runtime it claims: one smoke and conformance file, a row each.
//
// Guarantee: a row says `ok` only where that runtime itself reported that every test passed, and, for a runtime that is a
// process, where it then ended by itself. Exits with 1 where a row failed; a runtime that is not there is no failure.
//
// npm's runtimes (1.1 GB) are installed into .matrix/ at the first run. Browsers are the system's; where they are missing
// and apt-get may be used (Debian, as root), it is.
//
// node test/matrix/run.mjs [--only 'bun,firefox']

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };
const OTHERS = { bun: '1.4.5', deno: '2.9.6', workerd: '1.20261117.1' };
const RXJS9 = '9.0.0-beta.0'; // wants Node 22.13, so it is no dependency of the project
const CHROMIUM =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync';
const PATIENCE = 180_000; // milliseconds a runtime may take

const root = fileURLToPath(new URL('../..', import.meta.url));
const matrix = join(root, '.matrix');
const modules = join(matrix, 'runtimes/node_modules');
const built = join(matrix, 'built');
const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const only = values.only.toLowerCase().split(',').filter(Boolean);

/** Runs a program and hears it out; a browser never ends by itself, so `until` may end it with what it was told. */
function hear(command, args, { cwd = built, env = {}, until = new Promise(() => {}) } = {}) {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true };
    const child = spawn(command, args, options);
    let out = '';
    const end = (outcome) => {
      clearTimeout(timer);
      try {
        process.kill(-child.pid, 'SIGKILL'); // with all that it started
      } catch {
        // It has ended already.
      }
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ code: -1, out: `${out}\nstill running after ${PATIENCE} ms` }), PATIENCE);
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (out += data));
    child.on('error', (error) => end({ code: -1, out: String(error) }));
    child.on('close', (code) => end({ code, out }));
    void until.then((told) => end({ code: 0, out: told }));
  });
}

/** The package built, and the tests in two forms: importing it as a file, and one file with it for where none can be read. */
async function prepare() {
  const npm = spawnSync('npm', ['run', 'build'], { cwd: root, encoding: 'utf8' });
  if (npm.status !== 0) throw new Error(`the build failed\n${npm.stdout}${npm.stderr}`);
  rmSync(built, { recursive: true, force: true });
  mkdirSync(built, { recursive: true });
  const options = { entryPoints: [join(root, 'test/matrix/smoke.mjs')], bundle: true, format: 'esm', target: 'es2022' };
  // Chunks have no effects of their own, as package.json says; a bundler says so of each, outside of node_modules.
  const logOverride = { 'ignored-bare-import': 'silent' };
  const common = { ...options, absWorkingDir: root, logLevel: 'warning', logOverride };
  const entries = ['index', 'observable', 'web'].map((name) => `./dist/${name}.js`);
  await build({ ...common, outfile: join(built, 'smoke.mjs'), external: entries });
  await build({ ...common, outfile: join(built, 'whole.mjs') });
  await build({
    ...common,
    entryPoints: [join(root, 'test/matrix/node.mjs')],
    outfile: join(built, 'node.mjs'),
    platform: 'node',
    alias: { sluice: join(root, 'dist/index.js'), 'sluice/node': join(root, 'dist/node.js') },
  });
  const smoke = readFileSync(join(built, 'smoke.mjs'), 'utf8');
  if (!entries.every((entry) => smoke.includes(`"../.${entry}"`))) {
    throw new Error('the tests do not import the built package');
  }
  writeFileSync(
    join(built, 'main.mjs'),
    "import { streams } from './node.mjs';\nimport { run } from './smoke.mjs';\n" +
      'console.log(`REPORT ${JSON.stringify(await run(streams))}`);\n',
  );
  writeFileSync(
    join(built, 'worker.mjs'),
    "import { run } from 'whole.mjs';\n" +
      'export default { async test() { console.log(`REPORT ${JSON.stringify(await run())}`); } };\n',
  );
  writeFileSync(
    join(built, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs"), (name = "whole.mjs", esModule = embed "whole.mjs")],
  compatibilityDate = "2025-01-01"
))]);
`,
  );
}

/** npm's runtimes. Their install scripts only move binaries, which are found where they are. */
function install() {
  const wanted = Object.entries(OTHERS).map(([name, version]) => [name, version]);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  for (const [major, version] of Object.entries(NODES)) {
    wanted.push([`node${major}`, `npm:node-${platform}-${process.arch}@${version}`]);
  }
  wanted.push(['rxjs9', `npm:rxjs@${RXJS9}`]);
  const missing = wanted.filter(([name]) => !existsSync(join(modules, name)));
  if (missing.length === 0) return;
  const folder = join(matrix, 'runtimes');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  console.log(`npm install of ${missing.map(([name]) => name).join(', ')} into .matrix/ …`);
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact'];
  // One at a time: where one is not made for this platform, the others are still tried.
  for (const each of missing) spawnSync('npm', [...args, each.join('@')], { cwd: folder });
}

/** The binary of a runtime: npm installs it as an optional dependency, one for this platform. */
function binary(scope, name) {
  const folder = join(modules, scope);
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder).flatMap((each) => [join(folder, each, 'bin', name), join(folder, each, name)]);
  return found.find((path) => existsSync(path));
}

/** A program of the system's, by apt-get where it is missing and that may be used. */
function browser(name) {
  const which = () => spawnSync('which', [name], { encoding: 'utf8' }).stdout?.trim() || undefined;
  const may = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (which() === undefined && may) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    console.log(`apt-get install ${name} …`);
    spawnSync('apt-get', ['update'], { env });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], { env });
  }
  return which();
}

/** Serves one page that runs the tests and sends back what they said, and opens it in a browser. */
async function browse(command, argsOf, env) {
  const profile = mkdtempSync(join(tmpdir(), 'sluice-browser-'));
  const page =
    '<!doctype html><title>sluice</title><script type="module">' +
    "import { run } from './whole.mjs';" +
    'const report = await run().catch((error) => ({ passed: 0, failures: [String(error)] }));' +
    "await fetch('/report', { method: 'POST', body: `REPORT ${JSON.stringify(report)}` });</script>";
  const served = {
    '/': ['text/html', page],
    '/whole.mjs': ['text/javascript', readFileSync(join(built, 'whole.mjs'))],
  };
  let told = () => {};
  const until = new Promise((resolve) => (told = resolve));
  const server = createServer((request, response) => {
    if (request.url === '/report') {
      let body = '';
      request.on('data', (data) => (body += data));
      request.on('end', () => {
        response.end();
        told(body);
      });
      return;
    }
    const [type, content] = served[request.url] ?? [undefined, ''];
    response.writeHead(type === undefined ? 404 : 200, { 'content-type': `${type ?? 'text/plain'}; charset=utf-8` });
    response.end(content);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const outcome = await hear(command, argsOf(`http://127.0.0.1:${server.address().port}/`, profile), { env, until });
  server.closeAllConnections();
  server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  return outcome;
}

const chromium = (command) =>
  browse(command, (url, profile) => [...CHROMIUM.split(' '), `--user-data-dir=${profile}`, url], {});
const firefox = (command) =>
  browse(command, (url, profile) => ['--headless', '--no-remote', '--profile', profile, url], { MOZ_HEADLESS: '1' });

/** The observables' own tests where RxJS 9 runs, with the Observable of the platform that it installs. */
async function rxjs(command) {
  const file = join(built, 'rxjs.json');
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/observable'];
  const env = { RXJS9: join(modules, 'rxjs9/dist/esm/index.js') };
  const { code, out } = await hear(command, [...vitest, '--reporter=json', `--outputFile=${file}`], { cwd: root, env });
  if (!existsSync(file)) return { code, out };
  const tests = JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(({ assertionResults }) => assertionResults);
  const failures = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  if (!tests.some(({ fullName }) => fullName.includes('RxJS 9'))) failures.push('no test of RxJS 9 ran');
  const passed = tests.filter(({ status }) => status === 'passed').length;
  return { code, out: `REPORT ${JSON.stringify({ passed, failures })}` };
}

const RUNTIMES = [
  ...Object.keys(NODES).map((major) => ({
    name: `Node ${major}`,
    find: () => [join(modules, `node${major}`, 'bin/node')].find((path) => existsSync(path)),
    run: (command) => hear(command, ['main.mjs']),
  })),
  { name: 'Bun', find: () => binary('@oven', 'bun'), run: (command) => hear(command, ['run', 'main.mjs']) },
  {
    name: 'Deno',
    find: () => binary('@deno', 'deno'),
    run: (command) => hear(command, ['run', '--no-prompt', '--no-config', '--no-lock', 'main.mjs']),
  },
  {
    name: 'workerd',
    find: () => binary('@cloudflare', 'workerd'),
    run: (command) => hear(command, ['test', 'config.capnp']),
  },
  {
    name: 'RxJS 9',
    find: () =>
      [join(modules, 'node24/bin/node')].find((path) => existsSync(path) && existsSync(join(modules, 'rxjs9'))),
    run: rxjs,
    version: `${RXJS9}, Node 24`,
  },
  { name: 'Chromium', find: () => browser('chromium'), run: chromium },
  { name: 'Firefox', find: () => browser('firefox-esr'), run: firefox },
].filter(({ name }) => only.length === 0 || only.some((each) => name.toLowerCase().includes(each)));

await prepare();
install();
const print = (...cells) =>
  console.log(
    cells
      .map((cell, at) => cell.padEnd([10, 22, 26, 0][at]))
      .join('  ')
      .trimEnd(),
  );
print('runtime', 'version', 'result', 'ms');
for (const { name, find, run, version: known } of RUNTIMES) {
  const command = find();
  if (command === undefined) {
    print(name, '-', 'not installed', '-');
    continue;
  }
  const said = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout;
  const version = known ?? /\d+[.-][\w.-]+/.exec(said)?.[0] ?? '?';
  const started = performance.now();
  const { code, out } = await run(command);
  const ms = String(Math.round(performance.now() - started));
  const report = /REPORT (\{.*\})/.exec(out)?.[1];
  const { passed, failures } = report === undefined ? { passed: 0, failures: [out.trim()] } : JSON.parse(report);
  if (code !== 0 && failures.length === 0) failures.push(`ended with code ${code}\n${out.trim()}`);
  const well = failures.length === 0 && passed > 0;
  print(name, version, well ? `ok, ${passed} tests` : `FAILED, ${failures.length} of ${passed + failures.length}`, ms);
  for (const failure of failures) console.log(failure.replaceAll(/^/gm, '    '));
  if (!well) process.exitCode = 1;
}
