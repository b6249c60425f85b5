import { defineConfig } from 'tsup';

// One build for every runtime: ES2022, ESM and CJS, declarations for both. Entries share one copy of the core a format.
export default defineConfig({
  entry: { index: 'src/index.ts', channel: 'src/channel-api.ts', queue: 'src/queue.ts' },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: true,
  define: { SLUICE_CHECKED: 'false', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' },
});
