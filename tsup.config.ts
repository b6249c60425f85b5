import { defineConfig } from 'tsup';

// One build for every runtime: ES2022, ESM and CJS, one file of declarations for each of both.
//
// `channel` and `queue` are entries only so that each becomes a file of its own, and a bundler leaves out the one that is
// not used; the formats share no code, the entries of a format do. No source maps: they would double the package, and
// what ships is readable as it is.
const entries = {
  index: 'src/index.ts',
  control: 'src/control/index.ts',
  flow: 'src/flow/index.ts',
  node: 'src/node/index.ts',
  web: 'src/web/index.ts',
  reactive: 'src/reactive/index.ts',
  'reactive-verify': 'src/reactive/verify/index.ts',
  observable: 'src/observable/index.ts',
  otel: 'src/otel/index.ts',
  diagnostics: 'src/diagnostics/index.ts',
};

export default defineConfig({
  entry: { ...entries, channel: 'src/channel-api.ts', queue: 'src/queue.ts' },
  dts: { entry: entries, compilerOptions: { types: ['node'] } },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  removeNodeProtocol: false,
  splitting: true,
  treeshake: 'safest', // rollup writes the CJS then; what does it otherwise makes a call of each `?.`, three times as slow
  clean: true,
  define: { SLUICE_CHECKED: 'false', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' },
});
