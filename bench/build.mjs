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
const COMMON = { bundle: true, format: 'esm', target: 'es2022', platform: 'neutral', logLevel: 'error' };

export async function buildVariants() {
  for (const [name, define] of Object.entries(VARIANTS)) {
    await build({ ...COMMON, entryPoints: [`${src}/index.ts`], outfile: `${out}/${name}.mjs`, define });
  }
}

/**
 * The code of an entry given as text, as an application would bundle it.
 *
 * @param {string} contents
 */
export async function bundleOf(contents) {
  const stdin = { contents, resolveDir: src, loader: /** @type {const} */ ('ts') };
  const result = await build({ ...COMMON, stdin, write: false, minify: true, define: SHIPPED });
  return result.outputFiles[0].text;
}
