// Watermarks: tells when a channel gets full, and when there is room again.
//
// Invariant: `high` and `low` are told in turn, beginning with `high`; between two calls the channel has been on the other
// side of the other mark. Hysteresis, as in TCP and in Node's streams: a level that swings around one mark says nothing.

import type { ChannelOptions } from './contract.js';

/** Whoever is asked at the end of every operation whether what is taken of the capacity says something. */
export interface Marks<T> {
  /** Whether something is to be told, now that so much of the capacity is taken: asked at every operation, so it only compares. */
  isDue(fullness: number): boolean;
  /** What is to be told, and to `onPressure`. */
  reached(fullness: number): 'high' | 'low' | undefined;
  readonly onPressure: ChannelOptions<T>['onPressure'];
  /** Whether `high` was told last; never, where nothing is told. */
  readonly isHigh?: boolean;
}

/** The watermarks of one channel, in units of its capacity. */
export class Pressure<T> implements Marks<T> {
  /** Whether `high` was told last. */
  isHigh = false;

  constructor(
    private readonly high: number,
    private readonly low: number,
    readonly onPressure: ChannelOptions<T>['onPressure'],
  ) {}

  /** Whether something is to be told, now that so much of the capacity is taken. */
  isDue(fullness: number): boolean {
    return this.isHigh ? fullness <= this.low : fullness >= this.high;
  }

  /** What is to be told. */
  reached(fullness: number): 'high' | 'low' | undefined {
    if (!this.isDue(fullness)) return undefined;
    this.isHigh = !this.isHigh;
    return this.isHigh ? 'high' : 'low';
  }
}

/** Marks for fractions of a capacity: rounded inwards, and not thrown off by what binary fractions add (0.07 × 100 is above 7). */
export function pressureOf<T>(
  capacity: number,
  { high, low }: { readonly high: number; readonly low: number },
  onPressure: ChannelOptions<T>['onPressure'],
): Pressure<T> {
  const exact = (fraction: number): number => Number((fraction * capacity).toPrecision(15));
  const lowMark = Math.floor(exact(low));
  return new Pressure<T>(Math.max(Math.ceil(exact(high)), lowMark + 1), lowMark, onPressure);
}
