// What each bridge adds to an application that has the core: minified and gzipped, beside `import * from 'sluice'`. Fails
// where one is above its budget.

import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bytes that are wanted, and bytes that are allowed: no more than there are now. */
const BUDGETS = {
  node: [2_500, 6_350],
  web: [2_000, 6_900],
  reactive: [2_000, 3_500],
  'reactive-verify': [6_000, 6_000],
  observable: [800, 2_750],
  otel: [800, 2_900],
  diagnostics: [1_500, 1_870],
};

/** The size of a bundle of those entries of dist/. */
async function sizeOf(entries) {
  const contents = entries.map((entry, i) => `import * as e${i} from './${entry}.js'; console.log(e${i});`).join('\n');
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

const core = await sizeOf(['index']);
let failed = false;
for (const [entry, [wanted, most]] of Object.entries(BUDGETS)) {
  const size = (await sizeOf(['index', entry])) - core;
  const isOver = size > most;
  failed ||= isOver;
  const name = `sluice/${entry.replace('-', '/')}`;
  console.log(`${name}: ${size} bytes beside the core (wanted: ${wanted})${isOver ? `, MORE THAN ${most}` : ''}`);
}
process.exitCode = failed ? 1 : 0;
