// Builds sluice from src/ into .build/, once for every set of constants that the benchmark compares.
// @ts-check
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const src = fileURLToPath(new URL('../src', import.meta.url));
const out = fileURLToPath(new URL('.build', import.meta.url));

const SHIPPED = { SLUICE_CHECKED: 'false', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' };
const VARIANTS = {
  shipped: SHIPPED,
  eager: { ...SHIPPED, SLUICE_BURSTS: 'false' },
  impolite: { ...SHIPPED, SLUICE_POLITE: 'false' },
};

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  external: ['node:*'],
  logLevel: 'error',
};

/** All entries in one file: what they share is there once, as in the package. */
const ENTRIES = ['', 'control/', 'flow/', 'node/', 'web/', 'reactive/', 'observable/', 'otel/']
  .map((folder) => `export * from './${folder}index.js';`)
  .join('\n');

export async function buildVariants() {
  for (const [name, define] of Object.entries(VARIANTS)) {
    await build({ ...COMMON, stdin: input(ENTRIES), outfile: `${out}/${name}.mjs`, define });
  }
}

/** @returns {import('esbuild').StdinOptions} */
function input(/** @type {string} */ contents) {
  return { contents, resolveDir: src, loader: 'ts' };
}

/**
 * The code of an entry given as text, as an application would bundle it.
 *
 * @param {string} contents
 */
export async function bundleOf(contents) {
  const result = await build({ ...COMMON, stdin: input(contents), write: false, minify: true, define: SHIPPED });
  return result.outputFiles[0].text;
}
