// The examples of the documentation: found, type-checked and run.
//
// Which blocks run: every ```ts and ```js block in README.md, in docs/guides/*.md and in the doc comments of src/, each
// as a module of its own. A block whose fence says `ts no-run` is only for reading. What a block takes from an entry of
// the package (`sluice`, `sluice/control`, …) without importing it is imported for it.
//
// What a comment at the end of a line means:
// - after `console.log(…)`: all that this line printed, joined by a space. White space does not count.
// - after any other expression statement: the value of the expression, where the comment is a literal (a number, string,
//   boolean, null, undefined, an array or an object of those) and nothing else. A comment that begins like a literal and
//   is none is an error, so that a check cannot get lost by a typing mistake. Any other comment is prose.
// A line with an expected value that never ran is an error too.
//
// How a block runs: in a thread that must end by itself: a block that hangs, or leaves a timer or a handle behind, fails
// after two seconds. Many blocks share a thread, one after the other, since most of the time is its start; where anything
// is wrong each runs again in a thread of its own, and what counts is that.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEADLINE = 2_000;

/** The entries of the package, by the name that imports them: src/ itself, and each folder in it that has an index. */
const ENTRIES: ReadonlyMap<string, string> = new Map([
  ['sluice', 'src/index.ts'],
  ...['src', ...foldersIn('src')]
    .flatMap(foldersIn)
    .filter((folder) => existsSync(join(ROOT, folder, 'index.ts')))
    .map((folder): [string, string] => [folder.replace('src', 'sluice'), `${folder}/index.ts`]),
]);

/** One block of code. */
export interface Example {
  /** Where it stands: `README.md:41`. */
  readonly where: string;
  readonly code: string;
  /** The line of the file on which the code begins. */
  readonly line: number;
}

// ── Finding ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const FENCE = /^(\s*)```(.*)$/;

/** The runnable blocks among lines of Markdown; the first line has the number `first`. */
function blocksOf(file: string, lines: readonly string[], first: number): Example[] {
  const found: Example[] = [];
  for (let i = 0; i < lines.length; i++) {
    const opening = FENCE.exec(lines[i] as string);
    if (opening === null) continue;
    const indent = (opening[1] as string).length;
    const info = (opening[2] as string).trim();
    const start = i + 1;
    do i++;
    while (i < lines.length && !/^\s*```\s*$/.test(lines[i] as string));
    if (info !== 'ts' && info !== 'js') continue;
    const code = lines
      .slice(start, i)
      .map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)));
    found.push({ where: `${file}:${first + start}`, code: code.join('\n'), line: first + start });
  }
  return found;
}

/** The runnable blocks of a Markdown file. */
export function examplesOfMarkdown(file: string): Example[] {
  return blocksOf(file, readFileSync(join(ROOT, file), 'utf8').split('\n'), 1);
}

/** The runnable blocks of the doc comments of a source file. */
export function examplesOfSource(file: string): Example[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const line = text.slice(0, comment.index).split('\n').length;
    return blocksOf(
      file,
      comment[0].split('\n').map((each) => each.replace(/^\s*\* ?/, '')),
      line,
    );
  });
}

/** The files of a folder that end so, in order. */
export function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(ending) && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** The folders in a folder, in order. */
export function foldersIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => `${folder}/${name}`)
    .sort();
}

/** The public members of the exported classes of a source file, and whether the comment of each has a block that runs. */
export function membersOf(file: string): { name: string; hasExample: boolean }[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022, true);
  return source.statements
    .filter(ts.isClassDeclaration)
    .filter((type) => type.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword))
    .flatMap((type) => type.members.map((member) => ({ type, member, comment: commentOf(source, member) })))
    .filter(({ comment }) => comment !== '' && !comment.includes('@internal'))
    .map(({ type, member, comment }) => ({
      name: `${type.name?.text}.${member.name?.getText(source) ?? 'constructor'}`,
      hasExample: /```(ts|js)\n/.test(comment),
    }));
}

function commentOf(source: ts.SourceFile, node: ts.Node): string {
  const ranges = ts.getLeadingCommentRanges(source.text, node.pos) ?? [];
  return ranges.map(({ pos, end }) => source.text.slice(pos, end)).join('\n');
}

// ── Type-checking ───────────────────────────────────────────────────────────────────────────────────────────────────

const OPTIONS: ts.CompilerOptions = (() => {
  const path = join(ROOT, 'test/tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(ROOT, 'test'));
  return { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false };
})();

/** The values that each entry exports. */
const EXPORTED: ReadonlyMap<string, readonly string[]> = new Map(
  [...ENTRIES].map(([entry, file]) => [entry, exportsOf(file)]),
);

function exportsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022, true);
  return source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) &&
    !statement.isTypeOnly &&
    statement.exportClause !== undefined &&
    ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text)
      : [],
  );
}

/** The code as a module, on the same lines: what it uses of the package is imported. */
function moduleOf({ code }: Example): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  const imported = source.statements
    .filter(ts.isImportDeclaration)
    .flatMap(({ importClause }) =>
      importClause?.namedBindings !== undefined && ts.isNamedImports(importClause.namedBindings)
        ? importClause.namedBindings.elements
        : [],
    )
    .map(({ name }) => name.text);
  const imports = [...EXPORTED].map(([entry, names]) => {
    const missing = names.filter((name) => !imported.includes(name) && new RegExp(`\\b${name}\\b`).test(code));
    return missing.length > 0 ? `import { ${missing.join(', ')} } from '${entry}'; ` : '';
  });
  return `${imports.join('')}${code}\nexport {};\n`;
}

/** What the compiler says of each example, by `where`. */
export function typeErrors(examples: readonly Example[]): Map<string, string[]> {
  const paths = new Map(examples.map((example, i) => [join(ROOT, `test/.example-${i}.ts`), example]));
  const texts = new Map([...paths].map(([path, example]) => [path, moduleOf(example)]));
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...texts.keys(), join(ROOT, 'src/build.d.ts')], OPTIONS, host);
  return new Map(
    [...paths].map(([path, { where, line }]) => {
      const source = program.getSourceFile(path) as ts.SourceFile;
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return [
        where,
        found.map(({ start = 0, messageText }) => {
          const at = source.getLineAndCharacterOfPosition(start).line + line;
          return `line ${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        }),
      ];
    }),
  );
}

// ── What the comments expect ────────────────────────────────────────────────────────────────────────────────────────

/** Code that reports what it printed and computed, and the lines that must do so. */
interface Instrumented {
  readonly code: string;
  /** By line: what it prints. */
  readonly prints: ReadonlyMap<number, string>;
  /** Lines whose value is compared. */
  readonly values: ReadonlySet<number>;
}

/** Rewrites `console.log` and the statements whose value a comment gives. */
function instrument(example: Example): Instrumented {
  const text = moduleOf(example);
  const source = ts.createSourceFile('example.ts', text, ts.ScriptTarget.ES2022, true);
  const prints = new Map<number, string>();
  const values = new Set<number>();
  const edits: { at: number; end: number; text: string }[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + example.line;
  const printing = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.getText(source) === 'console.log';
  const visit = (node: ts.Node): void => {
    if (printing(node)) {
      const line = lineOf(node.getEnd());
      const comment = trailingComment(text, node.parent.getEnd());
      if (comment !== undefined) prints.set(line, comment);
      edits.push({ at: node.expression.getStart(source), end: node.expression.getEnd(), text: `__printed(${line})` });
    } else if (ts.isExpressionStatement(node) && !printing(node.expression)) {
      const line = lineOf(node.getEnd());
      const comment = trailingComment(text, node.getEnd());
      if (comment !== undefined && isLiteral(comment, `${example.where}, line ${line}`)) {
        values.add(line);
        edits.push({
          at: node.expression.getStart(source),
          end: node.expression.getStart(source),
          text: `__computed(${line}, (`,
        });
        edits.push({ at: node.expression.getEnd(), end: node.expression.getEnd(), text: `), (${comment}))` });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  let code = text;
  for (const { at, end, text: put } of edits.sort((a, b) => b.at - a.at || b.end - a.end))
    code = code.slice(0, at) + put + code.slice(end);
  return { code, prints, values };
}

function trailingComment(text: string, end: number): string | undefined {
  return /^[ \t;)]*\/\/[ \t]*(.*)$/m.exec(text.slice(end, text.indexOf('\n', end)))?.[1]?.trim();
}

/** Whether a comment is a literal; throws where it only begins like one. */
function isLiteral(comment: string, where: string): boolean {
  if (!/^([-+]?\d|['"`[{]|(true|false|null|undefined)\b)/.test(comment)) return false;
  const source = ts.createSourceFile('literal.ts', `(${comment})`, ts.ScriptTarget.ES2022, true);
  const [statement] = source.statements;
  const { parseDiagnostics } = source as unknown as { parseDiagnostics: readonly unknown[] };
  const literal =
    source.statements.length === 1 &&
    statement !== undefined &&
    ts.isExpressionStatement(statement) &&
    onlyLiterals(statement.expression);
  if (literal && parseDiagnostics.length === 0) return true;
  throw new Error(`${where}: the comment begins like a value and is none: // ${comment}`);
}

function onlyLiterals(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node)) return onlyLiterals(node.expression);
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(onlyLiterals);
  if (ts.isObjectLiteralExpression(node))
    return node.properties.every((each) => ts.isPropertyAssignment(each) && onlyLiterals(each.initializer));
  if (ts.isPrefixUnaryExpression(node)) return ts.isNumericLiteral(node.operand);
  if (ts.isIdentifier(node)) return node.text === 'undefined';
  const { kind } = node;
  return (
    ts.isLiteralExpression(node) ||
    kind === ts.SyntaxKind.TrueKeyword ||
    kind === ts.SyntaxKind.FalseKeyword ||
    kind === ts.SyntaxKind.NullKeyword
  );
}

// ── Running ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const REPORTER = `
import { format, inspect, isDeepStrictEqual } from 'node:util';
import { parentPort } from 'node:worker_threads';
globalThis.__printed = (line) => (...args) => parentPort.postMessage({ line, printed: format(...args) });
globalThis.__computed = (line, actual, expected) =>
  parentPort.postMessage({ line, wrong: isDeepStrictEqual(actual, expected) ? undefined : 'gave ' + inspect(actual) + ', not ' + inspect(expected) });
`;

const MAIN = `
import './reporter.mjs';
import { parentPort } from 'node:worker_threads';
for (const example of EXAMPLES) {
  parentPort.postMessage({ line: 0, state: 'started' });
  await import(example);
}
parentPort.postMessage({ line: 0, state: 'finished' });
`;

type Report =
  | { line: number; printed: string }
  | { line: number; wrong: string | undefined }
  | { line: 0; state: 'started' | 'finished' };

/** Runs examples against src/, built once with its checks compiled in. */
export class Runner {
  #threads = 0;

  private constructor(private readonly folder: string) {}

  static async start(): Promise<Runner> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
    await build({
      absWorkingDir: ROOT,
      entryPoints: Object.fromEntries(ENTRIES),
      bundle: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      external: ['node:*'],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      define: { SLUICE_CHECKED: 'true', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' },
      logLevel: 'error',
    });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules')); // for the packages that an example meets
    writeFileSync(join(folder, 'reporter.mjs'), REPORTER);
    return new Runner(folder);
  }

  stop(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What is wrong with each example, by `where`; nothing, where it did what its comments say and ended. */
  async runAll(examples: readonly Example[]): Promise<Map<string, string[]>> {
    const together = examples.length > 1 ? await this.#runTogether(examples) : undefined;
    const found = new Map<string, string[]>();
    for (const example of examples) {
      const fine = together?.get(example.where)?.length === 0;
      found.set(example.where, fine ? [] : await this.run(example));
    }
    return found;
  }

  /** What is wrong with one example. */
  async run(example: Example): Promise<string[]> {
    const prepared = this.#prepare(example);
    const { reports, failure } = await runInThread(this.#main([prepared]));
    return [...(failure === undefined ? [] : [failure]), ...compare(prepared, reports)];
  }

  /** The same in one thread; undefined where that failed. */
  async #runTogether(examples: readonly Example[]): Promise<Map<string, string[]> | undefined> {
    const prepared = examples.map((example) => this.#prepare(example));
    const { reports, failure } = await runInThread(this.#main(prepared));
    if (failure !== undefined) return undefined;
    // What is reported belongs to the block that started last; a late report is missed in the one before, which then runs alone.
    const starts = reports.flatMap((report, i) => ('state' in report ? [i] : []));
    return new Map(prepared.map((each, i) => [each.where, compare(each, reports.slice(starts[i], starts[i + 1]))]));
  }

  #prepare(example: Example): Prepared {
    const { code, prints, values } = instrument(example);
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const file = `./${example.where.replaceAll(/\W/g, '-')}.mjs`;
    const body = outputText.replaceAll(/(from\s*)['"](sluice(?:\/\w+)*)['"]/g, "$1'./$2.mjs'");
    writeFileSync(join(this.folder, file), body);
    const packages = [...body.matchAll(/from\s*['"]((?![.]|node:)[^'"]+)['"]/g)].map(([, name]) => name as string);
    return { where: example.where, file, packages, prints, values };
  }

  /** Writes the module that runs them. */
  #main(prepared: readonly Prepared[]): string {
    const files = prepared.map(({ file }) => file);
    const path = join(this.folder, `${this.#threads++}.main.mjs`);
    // A package that an example imports is loaded before its time begins.
    const packages = prepared.flatMap((each) => each.packages).map((name) => `import '${name}';\n`);
    writeFileSync(path, packages.join('') + MAIN.replace('EXAMPLES', JSON.stringify(files)));
    return path;
  }
}

/** An example on disk, and what it must report. */
interface Prepared extends Omit<Instrumented, 'code'> {
  readonly where: string;
  readonly file: string;
  readonly packages: readonly string[];
}

/** What an example did not report as it should. */
function compare({ prints, values }: Prepared, reports: readonly Report[]): string[] {
  const wrong: string[] = [];
  for (const line of values) {
    const mine = reports.filter((report) => report.line === line);
    if (mine.length === 0) wrong.push(`line ${line} never ran`);
    for (const report of mine) {
      if ('wrong' in report && report.wrong !== undefined) wrong.push(`line ${line} ${report.wrong}`);
    }
  }
  for (const [line, expected] of prints) {
    const printed = reports
      .flatMap((report) => (report.line === line && 'printed' in report ? [report.printed] : []))
      .join(' ');
    if (squeeze(printed) !== squeeze(expected)) wrong.push(`line ${line} printed ${printed}, not ${expected}`);
  }
  return wrong;
}

const squeeze = (text: string): string => text.replaceAll(/\s+/g, '');

function runInThread(path: string): Promise<{ reports: Report[]; failure: string | undefined }> {
  return new Promise((resolve) => {
    const reports: Report[] = [];
    const worker = new Worker(pathToFileURL(path), { stdout: true, stderr: true });
    let failure: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    worker.on('message', (report: Report) => {
      reports.push(report);
      if (!('state' in report)) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const finished = reports.some((each) => 'state' in each && each.state === 'finished');
        failure = finished ? 'it finished, and left something running' : `it did not finish within ${DEADLINE} ms`;
        void worker.terminate();
      }, DEADLINE);
    });
    worker.on('error', (error: unknown) => {
      failure = `it failed: ${error instanceof Error ? error.stack : String(error)}`;
    });
    worker.on('exit', (code) => {
      clearTimeout(timer);
      if (failure === undefined && code !== 0)
        failure = code === 13 ? 'it awaits something that never settles' : `it ended with exit code ${code}`;
      resolve({ reports, failure });
    });
  });
}
