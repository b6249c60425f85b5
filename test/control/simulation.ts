// A simulated queue: items come, wait in line, and are served by the first of several servers that is free.
//
// The random numbers are always the same, so a run gives what it gave before.

/** A source of numbers from 0 to 1: mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Times of some distribution, of the mean 1. */
export type Draw = (uniform: () => number) => number;

export const constant: Draw = () => 1;
export const exponential: Draw = (uniform) => -Math.log(1 - uniform());

/** Lognormal times, variance `scv`. */
export function lognormal(scv: number): Draw {
  const sigma = Math.sqrt(Math.log1p(scv));
  return (uniform) =>
    Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) - (sigma * sigma) / 2);
}

/** What was seen of a queue. */
export interface Seen {
  /** The mean wait, by the mean service. */
  readonly wait: number;
  /** The fewest places at which a part `p` of the items found one free, or a server. */
  places(p: number): number;
}

/** Runs so many items through a queue whose mean service is 1. */
export function simulate(load: number, servers: number, gaps: Draw, services: Draw, items: number): Seen {
  const uniform = random(1);
  const free = new Float64Array(servers);
  const starts = new Float64Array(items); // ascending, since the first to come is the first served
  const found: number[] = []; // how many items found so many waiting and all servers busy, one more; at 0 a server free
  const warm = items / 20;
  let [now, head, sum] = [0, 0, 0];
  for (let i = 0; i < items; i++) {
    now += gaps(uniform) / (load * servers);
    while (head < i && (starts[head] as number) <= now) head++;
    let first = 0;
    for (let k = 1; k < servers; k++) if ((free[k] as number) < (free[first] as number)) first = k;
    const start = Math.max(now, free[first] as number);
    free[first] = start + services(uniform);
    starts[i] = start;
    if (i < warm) continue;
    sum += start - now;
    const key = start > now ? i - head + 1 : 0;
    found[key] = (found[key] ?? 0) + 1;
  }
  const counted = items - Math.ceil(warm);
  return {
    wait: sum / counted,
    places: (p) => {
      let left = counted;
      for (let capacity = 0; ; capacity++) {
        left -= found[capacity] ?? 0;
        if (left <= (1 - p) * counted) return capacity;
      }
    },
  };
}
