// How the tests run: against src/ itself, with the checks of test builds compiled in, and a deadline around every test,
// so that a wake-up that got lost fails within seconds instead of hanging the run.
//
// `--mode long` (or LONG=1) is the long suite. The types are tested by the compiler alone (`check:types`).

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Under mutation only what takes milliseconds: no test that starts a compiler or a process, measures a heap, or goes
// through a hundred thousand orders.
const slow = ['docs', 'demo', 'leaks', 'laws', 'exhaustive', 'select-exhaustive'].map((name) => `test/${name}.test.ts`);

// These have a process of their own, since they look at what is the process's: its heap, its handlers, its timers, its
// end, its console. The others share one, for starting a process takes longer than most of them.
const apart = [
  'test/{docs,demo,errors,politeness,parts,overflow}.test.ts',
  'test/{diagnostics,otel}/*.test.ts',
  'test/**/leaks.test.ts',
];

export default defineConfig(({ mode }) => {
  const long = mode === 'long' || process.env['LONG'] === '1';
  const mutating = process.env['STRYKER_MUTATOR_WORKER'] !== undefined;
  const ci = process.env['CI'] !== undefined && !mutating;
  // Said to each project too: what they inherit is evaluated in another mode.
  const patience = { testTimeout: long ? 300_000 : 10_000, hookTimeout: 10_000, env: long ? { LONG: '1' } : {} };
  return {
    resolve: {
      alias: [
        { find: /^sluice$/, replacement: here('src/index.ts') },
        { find: /^sluice\/(.*)$/, replacement: here('src/$1/index.ts') },
      ],
    },
    define: { SLUICE_CHECKED: 'true', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' },
    test: {
      maxWorkers: '100%',
      ...(mutating
        ? { include: ['test/**/*.test.ts'], exclude: slow }
        : {
            projects: [
              { extends: true, test: { name: 'apart', include: apart, ...patience } },
              {
                extends: true,
                test: {
                  name: 'together',
                  include: ['test/**/*.test.ts'],
                  exclude: apart,
                  isolate: false,
                  ...patience,
                  setupFiles: [here('test/fresh-budget.ts')],
                },
              },
            ],
          }),
      // In CI the counts are also written down, for .ci/closing-line.mjs.
      reporters: ci ? ['default', ['json', { outputFile: here('reports/tests.json') }]] : ['default'],
      // The leak tests measure a heap that was collected; Stryker's own workers have the flag already.
      execArgv: mutating ? [] : ['--expose-gc'],
      ...patience,
      coverage: {
        provider: 'v8',
        include: ['src/**/*.ts'],
        exclude: ['src/**/*.d.ts'],
        reporter: ['text', 'html', 'json-summary'],
        reportsDirectory: here('coverage'),
      },
    },
  };
});
