// Thousands of random lives of every adapter: nothing is lost, nothing comes twice, nothing comes out of order, nobody hangs.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTATING } from '../support.js';
import { live, lives } from './lives.js';

const LIVES = process.env['LONG'] === '1' ? 100_000 : MUTATING ? 350 : 5_000;
const AT_ONCE = 250;

const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

describe('what was sent was received, was reported or is left', () => {
  const names = Object.keys(lives);
  const each = Math.ceil(LIVES / names.length);

  it.each(names)(
    'in every life of %s',
    async (name) => {
      for (let seed = 0; seed < each; seed += AT_ONCE) {
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, each - seed) }, (_, i) => live(name, seed + i)));
      }
      expect(rejections).toEqual([]);
    },
    300_000,
  );
});
