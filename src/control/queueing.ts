// Queueing theory: how long items wait before a stage, and how many of them.
//
// The model is G/G/c: items come at independent gaps, each is served by the first of `servers` that is free, for a time
// that depends on nothing, first come first served. Known of both times are the mean and the squared coefficient of
// variation (variance by the square of the mean: 0 is a clock, 1 is exponential), of the service the third moment too.
// The mean wait is exact for M/M/c and M/G/1, all else is an approximation. How, and after whom:
//
// - one server, its chance to be busy and the mean wait: Spitzer's identity (F. Spitzer, "A combinatorial lemma and its
//   application to probability theory", Trans. AMS 82, 1956), a sum over n of what n services exceed n gaps by, where
//   both sums are taken as lognormal. What that is wrong by where items come at random is known from Pollaczek and
//   Khinchine: ρ and ρ/(1 − ρ) · (1 + scv)/2 services. It is put right, in proportion for steadier and wilder arrivals.
// - more servers: as those of M/M/c (Erlang's C) to those of M/M/1, the idea of Allen and Cunneen (A. O. Allen,
//   "Probability, Statistics and Queueing Theory", 1990), with the correction of G. P. Cosmetatos ("Some
//   approximate equilibrium results for the multi-server queue M/G/r", Oper. Res. Quarterly 27, 1976), carried from M/D/c
//   to M/G/c by T. Kimura ("A two-moment approximation for the mean waiting time in the GI/G/s queue", Management Sci.
//   32, 1986).
// - how the waits of those who must wait vary: W. Whitt, "The Queueing Network Analyzer", Bell System Tech. J. 62, 1983,
//   which is Takács's second moment where items come at random.
// - how many wait: an item sees as many before it as come while one waits. Their number, given that all servers are busy,
//   is taken as a Weibull variable of that mean and variance: next to the geometric one of M/M/c, and with a longer tail
//   where service times have one.
//
// The tests hold it against simulated queues.

/** Sums less skewed than this coefficient of variation makes them are as good as normal. */
const LEAST_SKEWED = 0.01;

/** Times of one kind: gaps between arrivals, or services. */
export interface Times {
  /** In milliseconds. */
  readonly mean: number;
  /** Variance by the square of the mean. */
  readonly scv: number;
  /** The mean of the cubes, by the cube of the mean. */
  readonly third: number;
}

/** A stage: what comes, how long it takes, how many serve. */
export interface Stage {
  readonly gaps: Times;
  readonly services: Times;
  readonly servers: number;
}

/** How items wait before a stage. */
export interface Waits {
  /** Milliseconds, over all items, those that need not wait included. */
  readonly mean: number;
  /** The fewest places of which the chance that all are taken, when an item comes, is at most `chance`. */
  places(chance: number): number;
}

/** What part of the servers' time is taken. */
export function utilisation({ gaps, services, servers }: Stage): number {
  return services.mean / gaps.mean / servers;
}

/** The waits before a stage whose utilisation is below 1. */
export function waits(stage: Stage): Waits {
  const { gaps, services, servers } = stage;
  const load = utilisation(stage);
  const single = singleServer(load, gaps.scv, services);
  const perSingle = erlangC(servers, load) / load;
  const chance = perSingle * single.busy;
  const mean = (perSingle / servers) * manyServers(servers, load, services.scv) * single.mean;
  const places = (wanted: number): number => {
    if (chance <= wanted) return 0;
    const scv = 2 * load - 1 + (4 * (1 - load) * services.third) / (3 * (services.scv + 1) ** 2);
    const during = mean / chance / gaps.mean; // how many come while one waits
    const rest = Math.max(0, (1 - load) / (1 - single.busy) - 0.5); // from whole numbers to a continuous one
    const many = during + rest;
    const tail = weibull(many, (during * during * scv + 2 * rest * during + rest * rest) / (many * many));
    return Math.ceil(tail(wanted / chance) - 1e-9);
  };
  return { mean, places };
}

/** One server: the chance that an item finds it busy, and its mean wait. */
function singleServer(load: number, arrivalScv: number, services: Times): { busy: number; mean: number } {
  const { mean, scv, third } = services;
  const random = Math.min(1, arrivalScv);
  const lognormalThird = (1 + scv) ** 3;
  const asIs = spitzer(load, arrivalScv, scv, third + random * (lognormalThird - third));
  const atRandom = spitzer(load, 1, scv, lognormalThird);
  const share = Math.min(arrivalScv, 1 / arrivalScv);
  const pollaczekKhinchine = ((load / (1 - load)) * (1 + scv)) / 2;
  return {
    busy: Math.max(0, 1 - asIs.idle * ((1 - load) / atRandom.idle) ** share),
    mean: mean * Math.max(0, asIs.mean + share * (pollaczekKhinchine - atRandom.mean)),
  };
}

/**
 * Spitzer: the mean wait, in mean services, is the sum over n of E[(n services − n gaps)⁺] / n, and the chance to find the
 * server idle is exp(− the sum of P(n services > n gaps) / n). From 64 on terms are taken in blocks that grow with n.
 */
function spitzer(load: number, arrivalScv: number, scv: number, third: number): { idle: number; mean: number } {
  const last = Math.max(64, (30 * (arrivalScv + scv * load ** 2)) / (1 - load) ** 2);
  let longer = 0;
  let mean = 0;
  for (let n = 1, block = 1; n <= last; n += block) {
    block = Math.max(1, Math.floor(n / 32));
    const middle = n + (block - 1) / 2;
    const excess = excessOf(middle, load, arrivalScv, scv, third);
    longer += (block / middle) * excess.chance;
    mean += (block / middle) * excess.mean;
  }
  return { idle: Math.exp(-longer), mean };
}

/**
 * By what n services exceed n gaps, in mean services: how likely, and E[(services − gaps)⁺]. The services are a lognormal
 * variable and a constant, such that three moments are right; the constant is counted with the gaps, and then these are a
 * lognormal variable. Of two such, it is W. Margrabe's formula ("The value of an option to exchange one asset for another",
 * J. of Finance 33, 1978).
 */
function excessOf(
  n: number,
  load: number,
  arrivalScv: number,
  scv: number,
  third: number,
): { chance: number; mean: number } {
  const skewness = scv === 0 ? 0 : (third - 3 * scv - 1) / Math.sqrt(scv ** 3 * n);
  // A lognormal variable of the coefficient of variation x has the skewness x³ + 3x.
  const x = Math.max(LEAST_SKEWED, 2 * Math.sinh(Math.asinh(skewness / 2) / 3));
  const work = scv === 0 ? n : Math.sqrt(n * scv) / x;
  const span = n / load + work - n;
  const varianceWork = scv === 0 ? 0 : Math.log1p(x * x);
  const varianceSpan = Math.log1p((n * arrivalScv) / (load * span) ** 2);
  const deviation = Math.sqrt(varianceWork + varianceSpan);
  if (deviation === 0) return { chance: 0, mean: 0 };
  const middle = Math.log(work / span) + (varianceSpan - varianceWork) / 2;
  return {
    chance: normal(middle / deviation),
    mean: work * normal((middle + varianceWork) / deviation) - span * normal((middle - varianceSpan) / deviation),
  };
}

/** The chance that all of `servers` are busy in M/M/c, by Erlang's B. */
function erlangC(servers: number, load: number): number {
  const offered = servers * load;
  let lost = 1;
  for (let n = 1; n <= servers; n++) lost = (offered * lost) / (n + offered * lost);
  return lost / (1 - load * (1 - lost));
}

/** Cosmetatos and Kimura: how far the waits of M/G/c are from those of M/M/c times those of M/G/1 to M/M/1. */
function manyServers(servers: number, load: number, serviceScv: number): number {
  const cosmetatos = ((1 - load) * (servers - 1) * (Math.sqrt(4 + 5 * servers) - 2)) / (16 * load * servers);
  return (1 + cosmetatos) / (1 + cosmetatos * serviceScv);
}

/** A Weibull variable of that mean and scv: the value that it exceeds with a given chance. */
function weibull(mean: number, scv: number): (chance: number) => number {
  let [low, high] = [0.1, 50];
  while (high - low > 1e-9) {
    const shape = (low + high) / 2;
    if (Math.exp(logGamma(1 + 2 / shape) - 2 * logGamma(1 + 1 / shape)) - 1 > scv) low = shape;
    else high = shape;
  }
  const scale = mean / Math.exp(logGamma(1 + 1 / low));
  return (chance) => scale * (-Math.log(chance)) ** (1 / low);
}

/** The logarithm of Γ(x), x ≥ 1, by Stirling's series for x + 8. */
function logGamma(x: number): number {
  let product = 1;
  for (let i = 0; i < 8; i++) product *= x + i;
  const y = x + 8;
  return (
    (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + 1 / (12 * y) - 1 / (360 * y ** 3) - Math.log(product)
  );
}

/** The standard normal distribution (G. Marsaglia, "Evaluating the normal distribution", J. of Stat. Software 11, 2004). */
export function normal(x: number): number {
  if (!(Math.abs(x) <= 8)) return x > 0 ? 1 : 0; // of no number too: it would never end
  let sum = x;
  let term = x;
  for (let i = 3, before = 0; sum !== before; i += 2) {
    before = sum;
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
