import { defineConfig } from 'tsup';

// One build for every runtime: ES2022, ESM and CJS, one file of declarations for each of both.
//
// The formats share no code, the entries of a format do. No source maps: they would double the package, and what ships is
// readable as it is.
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

// Each a file of its own, so that a bundler leaves out those that are not used: esbuild keeps a class with a computed name,
// as `[Symbol.dispose]`, as long as anything of its file is used.
const apart = {
  channel: 'src/channel-api.ts',
  queue: 'src/queue.ts',
  credits: 'src/control/credits.ts',
  gate: 'src/control/gate.ts',
  'token-bucket': 'src/control/token-bucket.ts',
  'from-readable-stream': 'src/web/from-readable-stream.ts',
};

export default defineConfig({
  entry: { ...entries, ...apart },
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
