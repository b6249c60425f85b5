// Every adapter of web streams, in random lives: cancelled, aborted, let go of and failed at any moment.

import { Channel } from 'sluice';
import * as web from 'sluice/web';
import { afterAll, describe, expect, it } from 'vitest';
import { adapters, randomOf, runSchedules } from './harness.js';

const SCHEDULES = process.env['LONG'] === '1' ? 100_000 : 5_000;
const names = Object.keys(adapters);

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
process.on('unhandledRejection', note);
afterAll(() => void process.off('unhandledRejection', note));

describe('over all schedules', () => {
  it.each(names)('%s accounts for every item', { timeout: 300_000 }, async (name) => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= SCHEDULES / names.length; seed++) {
      const verdict = await (adapters[name] as (typeof adapters)[string])({ Channel, web }, randomOf(seed));
      if (verdict.length > 0) wrong.push(`seed ${seed}: ${verdict.join('; ')}`);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('runs as one, for other platforms', async () => {
    expect(await runSchedules({ Channel, web }, names.length * 2)).toEqual([]);
  });

  it('causes no unhandled rejection', async () => {
    await new Promise((resolve) => void setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  });
});
