// The bridges to Node's streams under random lives, where there are such streams.

import { live, lives } from '../node/lives.ts';

/** How many lives each adapter has, and how many of them at once. */
const LIVES = 2_000;
const AT_ONCE = 250;

export function streams(test) {
  for (const name of Object.keys(lives)) {
    test(`every item is accounted for in ${LIVES} lives of ${name} over Node's streams`, async () => {
      for (let seed = 0; seed < LIVES; seed += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => live(name, seed + i)));
      }
    });
  }
}
