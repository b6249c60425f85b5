// What each bridge adds to an application that has the core, and what one function of it adds to one that has `Channel`:
// minified and gzipped. Fails where that is above its budget.

import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bytes that are wanted, and bytes that are allowed: no more than there are now. */
const BUDGETS = {
  node: [2_500, 6_450],
  web: [2_000, 6_950],
  reactive: [2_000, 3_500],
  'reactive-verify': [6_000, 6_000],
  observable: [800, 2_800],
  otel: [800, 2_900],
  diagnostics: [1_500, 1_870],
};

/** The most bytes that one function of an entry may add, or one of its classes: a part that is not used stays out. */
const SINGLE = { control: 2_050, node: 2_850, web: 2_550, reactive: 2_450, observable: 1_800, otel: 2_860 };

/** The size of a bundle of those entries of dist/, whole, or one of their exports. */
async function sizeOf(entries) {
  const contents = entries
    .map(
      ([entry, name], i) =>
        `import ${name ? `{ ${name} as e${i} }` : `* as e${i}`} from './${entry}.js'; console.log(e${i});`,
    )
    .join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../dist', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

let failed = false;
const whole = await sizeOf([['index']]);
for (const [entry, [wanted, most]] of Object.entries(BUDGETS)) {
  const size = (await sizeOf([['index'], [entry]])) - whole;
  const isOver = size > most;
  failed ||= isOver;
  const name = `sluice/${entry.replace('-', '/')}`;
  console.log(`${name}: ${size} bytes beside the core (wanted: ${wanted})${isOver ? `, MORE THAN ${most}` : ''}`);
}
const channel = ['index', 'Channel'];
const alone = await sizeOf([channel]);
for (const [entry, most] of Object.entries(SINGLE)) {
  for (const name of Object.keys(await import(`../dist/${entry}.js`))) {
    const size = (await sizeOf([channel, [entry, name]])) - alone;
    const isOver = size > most;
    failed ||= isOver;
    console.log(`${name}: ${size} bytes beside Channel${isOver ? `, MORE THAN ${most}` : ''}`);
  }
}
process.exitCode = failed ? 1 : 0;
