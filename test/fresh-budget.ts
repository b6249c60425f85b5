// Before each test the budget of politeness is fresh. Where files share a process, what a test sees must not hang on how
// much of it others have spent.

import { beforeEach } from 'vitest';
import { spendsBudget } from '../src/politeness.js';

beforeEach(() => {
  while (!spendsBudget());
});
