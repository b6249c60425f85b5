// recommendCapacity, figure by figure: what it gave when it was last checked against simulated queues. A change of the
// formulas shows here at once; whether it is for the better, recommend-capacity.test.ts says.

import { type Load, recommendCapacity } from 'sluice/control';
import { describe, expect, it } from 'vitest';

type Shape = 'random' | 'regular' | 'mixed' | 'bursts';
type Kind = 'constant' | 'few' | 'heavy' | 'summary' | 'steady' | 'wide';

/** Service times in milliseconds, and their mean. */
const SERVICE: Readonly<Record<Kind, [Load['service'], number]>> = {
  constant: [[6], 6],
  few: [[2, 4, 6, 9, 12], 6.6],
  heavy: [[1, 1, 1, 2, 2, 3, 40], 50 / 7],
  summary: [{ mean: 6, p99: 30 }, 6],
  steady: [{ mean: 6, p99: 6 }, 6],
  wide: [{ mean: 6, p99: 400 }, 6],
};

/** When the nth item comes, in units of the mean gap. */
const ARRIVALS: Readonly<Record<Exclude<Shape, 'random'>, (n: number) => number>> = {
  regular: (n) => n,
  mixed: (n) => n + ((n * 7) % 5) / 8,
  bursts: (n) => Math.floor(n / 4) * 4 + (n % 4) / 10,
};

/** Arrivals, service, servers, load, p; and what came of it: capacity, wait. */
const FIGURES: [Shape, Kind, number, number, number, number, number][] = [
  ['random', 'constant', 1, 0.4, 0.99, 3, 2],
  ['random', 'constant', 1, 0.9, 0.9, 11, 27],
  ['random', 'constant', 2, 0.9, 0.9, 11, 12.86682],
  ['random', 'constant', 8, 0.4, 0.99, 1, 0.01595259],
  ['random', 'few', 1, 0.4, 0.99, 4, 2.838384],
  ['random', 'few', 1, 0.9, 0.9, 14, 38.31818],
  ['random', 'few', 2, 0.9, 0.9, 14, 18.2285],
  ['random', 'few', 8, 0.4, 0.99, 1, 0.02039093],
  ['random', 'heavy', 1, 0.4, 0.99, 7, 10.8],
  ['random', 'heavy', 1, 0.9, 0.9, 46, 145.8],
  ['random', 'heavy', 2, 0.9, 0.9, 44, 68.02616],
  ['random', 'heavy', 8, 0.4, 0.99, 1, 0.03675191],
  ['random', 'summary', 1, 0.4, 0.99, 5, 4.08759],
  ['random', 'summary', 1, 0.9, 0.9, 22, 55.18247],
  ['random', 'summary', 2, 0.9, 0.9, 21, 26.13219],
  ['random', 'summary', 8, 0.4, 0.99, 1, 0.02334319],
  ['random', 'steady', 1, 0.4, 0.99, 3, 2],
  ['random', 'steady', 1, 0.9, 0.9, 11, 27],
  ['random', 'steady', 2, 0.9, 0.9, 11, 12.86682],
  ['random', 'steady', 8, 0.4, 0.99, 1, 0.01595259],
  ['random', 'wide', 1, 0.4, 0.99, 474, 448.1113],
  ['random', 'wide', 1, 0.9, 0.9, 1472, 6049.502],
  ['random', 'wide', 2, 0.9, 0.9, 581, 1227.327],
  ['random', 'wide', 8, 0.4, 0.99, 1, 0.04166928],
  ['regular', 'constant', 1, 0.5, 0.99, 1, 0],
  ['regular', 'constant', 1, 0.9, 0.99, 1, 2.093447e-29],
  ['regular', 'constant', 4, 0.85, 0.9, 1, 2.889848e-30],
  ['regular', 'few', 1, 0.5, 0.99, 1, 0.07231861],
  ['regular', 'few', 1, 0.9, 0.99, 6, 6.851472],
  ['regular', 'few', 4, 0.85, 0.9, 2, 0.7721882],
  ['regular', 'heavy', 1, 0.5, 0.99, 7, 8.640432],
  ['regular', 'heavy', 1, 0.9, 0.99, 70, 108.9521],
  ['regular', 'heavy', 4, 0.85, 0.9, 18, 12.80612],
  ['regular', 'summary', 1, 0.5, 0.99, 4, 1.930197],
  ['regular', 'summary', 1, 0.9, 0.99, 24, 26.73567],
  ['regular', 'summary', 4, 0.85, 0.9, 6, 3.302737],
  ['mixed', 'constant', 1, 0.5, 0.99, 1, 0.1277731],
  ['mixed', 'constant', 1, 0.9, 0.99, 2, 1.834653],
  ['mixed', 'constant', 4, 0.85, 0.9, 1, 0.2126371],
  ['mixed', 'few', 1, 0.5, 0.99, 1, 0.4841963],
  ['mixed', 'few', 1, 0.9, 0.99, 8, 9.523379],
  ['mixed', 'few', 4, 0.85, 0.9, 2, 1.161744],
  ['mixed', 'heavy', 1, 0.5, 0.99, 8, 9.816686],
  ['mixed', 'heavy', 1, 0.9, 0.99, 70, 107.9045],
  ['mixed', 'heavy', 4, 0.85, 0.9, 18, 12.863],
  ['mixed', 'summary', 1, 0.5, 0.99, 4, 2.323472],
  ['mixed', 'summary', 1, 0.9, 0.99, 25, 28.06123],
  ['mixed', 'summary', 4, 0.85, 0.9, 7, 3.52152],
  ['bursts', 'constant', 1, 0.5, 0.99, 8, 6.636805],
  ['bursts', 'constant', 1, 0.9, 0.99, 81, 102.0606],
  ['bursts', 'constant', 4, 0.85, 0.9, 21, 11.66087],
  ['bursts', 'few', 1, 0.5, 0.99, 8, 8.375961],
  ['bursts', 'few', 1, 0.9, 0.99, 89, 124.8686],
  ['bursts', 'few', 4, 0.85, 0.9, 23, 14.18647],
  ['bursts', 'heavy', 1, 0.5, 0.99, 14, 22.26849],
  ['bursts', 'heavy', 1, 0.9, 0.99, 183, 290.093],
  ['bursts', 'heavy', 4, 0.85, 0.9, 43, 31.27186],
  ['bursts', 'summary', 1, 0.5, 0.99, 10, 10.16482],
  ['bursts', 'summary', 1, 0.9, 0.99, 115, 143.4489],
  ['bursts', 'summary', 4, 0.85, 0.9, 28, 16.07839],
];

describe('recommendCapacity gives what it gave', () => {
  it.each(FIGURES)(
    'for %s arrivals, %s service, %i servers at %d, p %d',
    (shape, kind, servers, load, p, capacity, wait) => {
      const [service, mean] = SERVICE[kind];
      const gap = mean / load / servers;
      const arrivals =
        shape === 'random' ? 1_000 / gap : Array.from({ length: 80 }, (_, n) => ARRIVALS[shape](n) * gap);
      const given = recommendCapacity({ arrivals, service, servers, p });
      expect(given.capacity).toBe(capacity);
      expect(Math.abs(given.wait - wait), `${given.wait}, not ${wait}`).toBeLessThanOrEqual(1e-6 * wait + 1e-9);
    },
  );
});
