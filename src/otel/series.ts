// What is observed under one set of attributes at one meter, and what is said of it at a collection.
//
// Guarantees: several channels under the same attributes are summed, and the counters of one that has left stay in the sum,
// so that they never fall: a name may belong to a thousand short channels, one after the other. No item costs anything:
// all is read at the collection. One that cannot be read silences no other: it keeps its counters, and its error is
// reported as uncaught.
//
// Invariant: the callback is with the meter exactly while something is observed, or drops at an end are to be reported.

import { reportUncaught } from '../callbacks.js';
import type { ChannelStats } from '../contract.js';
import type { Attributes, BatchObservableResultLike, Instruments, MeterLike } from './meter.js';
import { instrumentsOf } from './meter.js';

/** A value for each row; none where a row says nothing of that channel. */
export type Values = (number | undefined)[];

/** What a channel is read by. */
export interface Source {
  /** Undefined once it is no more: collected as garbage. */
  stats(): ChannelStats | undefined;
  /** The highest since the last time that this was asked. */
  peak(stats: ChannelStats): number;
  readonly weighs: boolean;
  /** Drops by reason, in the order of the rows. */
  drops(stats: ChannelStats): Values;
}

const WEIGHT: Attributes = { 'sluice.unit': 'weight' };
const SEND: Attributes = { 'sluice.side': 'send' };
const RECEIVE: Attributes = { 'sluice.side': 'receive' };
const reason = (why: string): Attributes => ({ 'sluice.drop.reason': why });

/** The rows: of which instrument, and with which attributes of their own. */
const ROWS: readonly (readonly [number, Attributes])[] = [
  [0, {}],
  [1, {}],
  [2, {}],
  [0, WEIGHT],
  [1, WEIGHT],
  [2, WEIGHT],
  [3, SEND],
  [3, RECEIVE],
  [4, SEND],
  [4, RECEIVE],
  [5, reason('drop-oldest')],
  [5, reason('drop-newest')],
  [5, reason('cancel')],
  [5, {}],
];
/** From here on they only grow. */
const COUNTERS = 8;
const DROPS = 10;
const WEIGHTS = 3;
const PENDING = 6;

const dropsIn = (values: Values): number => values.slice(DROPS).reduce<number>((sum, drops) => sum + (drops ?? 0), 0);

function countersOf(source: Source, stats: ChannelStats): Values {
  const values: Values = [];
  values[COUNTERS] = stats.sent;
  values[COUNTERS + 1] = stats.received;
  for (const [i, drops] of source.drops(stats).entries()) values[DROPS + i] = drops;
  return values;
}

function add(sum: Values, values: Values, sign = 1): void {
  for (let row = 0; row < ROWS.length; row++) {
    const value = values[row];
    if (value !== undefined) sum[row] = (sum[row] ?? 0) + sign * value;
  }
}

/** Reads what may throw: a target has the `stats()` of whoever wrote it. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    reportUncaught(error);
    return otherwise;
  }
}

/** A channel that is observed: once in a series, however often that was asked for. */
export class Member {
  /** Of each use of it: one in how many blocked waits is to be measured. The least is. */
  readonly uses: number[] = [];
  /** Its counters, as last read. */
  counters: Values = [];

  constructor(
    readonly source: Source,
    readonly series: Series,
    /** Measures one in so many blocked waits from now on. */
    readonly measure: (every: number) => void,
    /** Lets go of all else that was made for it. */
    readonly release: () => void,
  ) {}

  get isIn(): boolean {
    return this.series.members.has(this);
  }

  /** All rows; undefined once the channel is no more. */
  read(): Values | undefined {
    const { source } = this;
    const stats = source.stats();
    if (stats === undefined) return undefined;
    this.counters = countersOf(source, stats);
    const values = [...this.counters];
    const first = source.weighs ? WEIGHTS : 0;
    values[first] = source.weighs ? stats.weight : stats.size;
    values[first + 1] = source.peak(stats);
    values[first + 2] = stats.capacity;
    values[PENDING] = stats.waitingSenders;
    values[PENDING + 1] = stats.waitingReceivers;
    return values;
  }

  /** Reads the counters once more: whether more was dropped than when they were last read. */
  readLast(): boolean {
    const before = dropsIn(this.counters);
    const stats = this.source.stats();
    if (stats !== undefined) this.counters = countersOf(this.source, stats);
    return dropsIn(this.counters) > before;
  }
}

/** All that is observed under one set of attributes. */
export class Series {
  readonly members: Set<Member> = new Set();
  /** Who is a member, or was: one that comes back is not counted twice. */
  readonly memberOf: WeakMap<object, Member> = new WeakMap();
  readonly #gone: Values = [];
  readonly #attributes: readonly Attributes[];

  constructor(attributes: Attributes) {
    this.#attributes = ROWS.map(([, own]) => ({ ...attributes, ...own }));
  }

  /** Has drops of one that has ended, which no collection has been told of. */
  owes = false;

  enter(member: Member): void {
    this.members.add(member);
    add(this.#gone, member.counters, -1);
  }

  /** The counters, as last read, stay. */
  leave(member: Member): void {
    this.members.delete(member);
    add(this.#gone, member.counters);
  }

  /** Tells all instruments; gives the members that are no more, which have been counted for the last time. */
  report(result: BatchObservableResultLike, instruments: readonly object[]): Member[] {
    const lost: Member[] = [];
    const sum = [...this.#gone];
    for (const member of this.members) {
      const values = attempt(() => member.read(), member.counters);
      if (values === undefined) lost.push(member);
      add(sum, values ?? member.counters);
    }
    for (const [row, [instrument]] of ROWS.entries()) {
      const value = sum[row];
      if (value !== undefined) result.observe(instruments[instrument] as object, value, this.#attributes[row]);
    }
    return lost;
  }
}

/** Everything that is observed at one meter. */
export class Observed {
  readonly instruments: Instruments;
  readonly #series: Map<string, Series> = new Map();
  /** Those that have members, or drops to report. */
  readonly #active: Set<Series> = new Set();
  #listens = false;

  constructor(private readonly meter: MeterLike) {
    this.instruments = instrumentsOf(meter);
  }

  seriesOf(attributes: Attributes): Series {
    const key = JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = new Series(attributes)));
    return series;
  }

  enter(member: Member): void {
    member.series.enter(member);
    this.#active.add(member.series);
    if (this.#listens) return;
    this.#listens = true;
    this.meter.addBatchObservableCallback(this.#collect, this.instruments.observed);
  }

  /** Ended: then its last drops are still reported; an item that was dropped by a cancel would else never be. */
  leave(member: Member, ended: boolean): void {
    if (!member.isIn) return;
    member.release();
    const { series } = member;
    if (attempt(() => member.readLast(), false) && ended) series.owes = true;
    series.leave(member);
    if (series.members.size > 0 || series.owes) return;
    this.#active.delete(series);
    this.#rest();
  }

  readonly #collect = (result: BatchObservableResultLike): void => {
    for (const series of this.#active) {
      for (const member of series.report(result, this.instruments.observed)) {
        member.release();
        series.leave(member);
      }
      series.owes = false;
      if (series.members.size === 0) this.#active.delete(series);
    }
    // Later: of a callback that removes itself the SDK would pass over the next one.
    if (this.#active.size === 0) void Promise.resolve().then(() => this.#rest());
  };

  #rest(): void {
    if (this.#active.size > 0 || !this.#listens) return;
    this.#listens = false;
    this.meter.removeBatchObservableCallback(this.#collect, this.instruments.observed);
  }
}
