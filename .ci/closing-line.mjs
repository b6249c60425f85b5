// Prints how many tests the last run passed and failed, on a line that needs no knowledge of the runner, and fails where
// there was no run, no test, or a failure. The counts are the runner's own report, which it writes when CI is set.

import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(new URL('../reports/tests.json', import.meta.url), 'utf8'));
const {
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: todo,
  success,
} = report;
const notRun = skipped + todo;
console.log(`${passed} passed, ${failed} failed${notRun > 0 ? `, ${notRun} skipped` : ''}`);
if (passed === 0 || failed > 0 || !success) process.exitCode = 1;
