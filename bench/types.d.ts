// The shapes that the parts of the benchmark agree on.

import type * as control from '../src/control/index.js';
import type * as flow from '../src/flow/index.js';
import type * as core from '../src/index.js';
import type * as node from '../src/node/index.js';
import type * as observable from '../src/observable/index.js';
import type * as otel from '../src/otel/index.js';
import type * as reactive from '../src/reactive/index.js';
import type * as web from '../src/web/index.js';

type Sluice = typeof core &
  typeof control &
  typeof flow &
  typeof node &
  typeof web &
  typeof reactive &
  typeof observable &
  typeof otel;

/** What a consumer saw: the check of a cell. */
export interface Tally {
  count: number;
  sum: number;
}

/** One flow of items: how many from how many tasks to how many, at which capacity, in which manner. */
export interface Load {
  readonly capacity: number;
  readonly producers: number;
  readonly consumers: number;
  /** `awaited`: every send is awaited. `tried`: `trySend(v) || await send(v)`. */
  readonly sending: 'awaited' | 'tried';
  /** `items`: one at a time, in `for await` where there is one. `batches`: up to 256 at a time. */
  readonly receiving: 'items' | 'batches';
}

/**
 * Something that carries items from producers to consumers, in its own idiom. Items are the integers from 1. What it has
 * no way to do it leaves out, or `cannot` says it.
 *
 * `H` is what it opens, known to itself alone.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export interface Contestant<H = any> {
  readonly title: string;
  readonly kind: 'floor' | 'textbook' | 'sluice' | 'platform' | 'peer';
  /** Its name on npm. */
  readonly package?: string;
  /** What a reader should know of how it does the work. */
  readonly note?: string;
  /** It does something else than what the load says; shown, with this reason, and not compared with sluice by a mark. */
  apart?(load: Load): string | undefined;
  /** Why it cannot carry this load, if it cannot. */
  cannot?(load: Load): string | undefined;
  open(load: Load, items: number): H;
  /** Sends `count` integers from `first` on, each awaited. */
  produce(handle: H, first: number, count: number): PromiseLike<unknown>;
  /** The same, waiting only where it must. */
  produceTrying?(handle: H, first: number, count: number): PromiseLike<unknown>;
  /** Receives to the end. */
  consume(handle: H): PromiseLike<Tally>;
  /** The same in batches of up to 256. */
  consumeBatches?(handle: H): PromiseLike<Tally>;
  /** All producers are done. */
  close(handle: H): unknown;
}

/** What is done with the integers from 1 where things are put together; see steps.mjs. */
export type Work = 'select' | 'map' | 'concurrent' | 'five' | 'batch' | 'broadcast';

/** Something that does some of these works in its own idiom, and gives what came out at the end. */
export interface Composer {
  readonly title: string;
  readonly kind: Contestant['kind'];
  readonly package?: string;
  readonly note?: string;
  /** It does something else than the others; shown, with this reason, and not compared with sluice by a mark. */
  apart?(work: Work): string | undefined;
  /** Puts each item into one of so many channels of capacity 1, as `turn` says, and takes it by a select over all. */
  select?(items: number, channels: number): PromiseLike<Tally>;
  /** `plusOne` of each of `integers`, one at a time. */
  map?(items: number): PromiseLike<Tally>;
  /** `macrotask` of each of `integers`, `AT_ONCE` at a time. */
  concurrent?(items: number): PromiseLike<Tally>;
  /** `plusOne` in five steps. */
  five?(items: number): PromiseLike<Tally>;
  /** `integersAtOnce` in batches of `BATCH`, of each of which `many` is awaited. */
  batch?(items: number): PromiseLike<Tally>;
  /** Each of `integers` to `READERS` readers; all of what they saw. */
  broadcast?(items: number): PromiseLike<Tally>;
}

/** A number that was promised. */
export interface Mark {
  readonly title: string;
  readonly unit: '×' | 'bytes' | 'floors';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The builds of sluice that are compared: as shipped, waking every sender at once, and never yielding to the event loop. */
export interface Builds {
  readonly shipped: Sluice;
  readonly eager: Sluice;
  readonly impolite: Sluice;
}

/** One slice of work: resolves with nanoseconds an item. */
export type Slice = () => Promise<number>;

/** A workload of the table of channels: a load that every contestant carries. */
export interface ChannelWorkload {
  readonly title: string;
  readonly load: Load;
  /** sluice ÷ floor, in one process. */
  readonly againstFloor?: Mark;
  /** The fastest peer that keeps the items ÷ sluice, in fresh processes. */
  readonly againstPeers?: Mark;
}

/** A workload of the table of composition: a work that every composer does. */
export interface CompositionWorkload {
  readonly title: string;
  readonly work: Work;
  /** Of a select. */
  readonly channels?: number;
  /** The fastest peer ÷ sluice, in fresh processes. */
  readonly againstPeers?: Mark;
  /** sluice ÷ sluice, in one process. */
  readonly againstItself?: PairWorkload;
}

export type TableWorkload = ChannelWorkload | CompositionWorkload;

/** A table: the same workloads for all who are in it. */
export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly workloads: readonly string[];
  readonly contestants: readonly string[];
  /** The folder of the contestants. */
  readonly folder: string;
}

/** A workload of the marks alone: two ways to do the same, in slices that alternate. */
export interface PairWorkload {
  readonly mark: Mark;
  /** Flags of the process that it runs in. */
  readonly flags?: readonly string[];
  pair(builds: Builds): { measured: Slice; compared: Slice };
}

/** A workload of the marks alone that is one number. */
export interface FigureWorkload {
  readonly mark: Mark;
  /** Flags of the process that it runs in. */
  readonly flags?: readonly string[];
  /** `ms`: for how long there may be measured, about, where it is a matter of time. */
  figure(builds: Builds, ms: number): Promise<number>;
}

/** What one process found for a cell. */
export interface CellRun {
  /** Nanoseconds an item, the median of its slices. */
  readonly ns?: number;
  /** Divided by the floor, whose slices alternated with these; 10th percentiles. */
  readonly timesFloor?: number;
  /** Why there is no figure. */
  readonly failed?: string;
}

/** A cell of the table. */
export interface Cell {
  readonly workload: string;
  readonly contestant: string;
  /** Median of the rounds, nanoseconds an item. */
  readonly ns?: number;
  /** Half the range of the rounds, as a part of the median; where there were several. */
  readonly spread?: number;
  /** Median of the rounds, times the floor. */
  readonly timesFloor?: number;
  readonly failed?: string;
  /** Why no mark compares it with sluice. */
  readonly apart?: string;
}

/** A mark and what was measured. */
export interface Verdict {
  readonly workload: string;
  readonly mark: Mark;
  /** Undefined where nothing could be measured. */
  readonly measured: number | undefined;
  /** The range over the rounds, where there were several. */
  readonly range?: readonly [number, number];
  readonly ok: boolean;
  /** Which peer was the fastest, or why nothing was measured. */
  readonly remark?: string;
}

/** Who stands in a table. */
export interface Entrant {
  readonly name: string;
  readonly title: string;
  readonly kind: Contestant['kind'];
  readonly version?: string;
  readonly note?: string;
}

/** A table that was measured. */
export interface Table {
  readonly name: string;
  readonly title: string;
  readonly workloads: readonly { readonly name: string; readonly title: string }[];
  readonly contestants: readonly Entrant[];
  readonly cells: readonly Cell[];
}

/** What a run writes with `--json`. */
export interface Figures {
  readonly machine: {
    readonly date: string;
    readonly node: string;
    readonly cpu: string;
    readonly cores: number;
    readonly platform: string;
  };
  readonly settings: { readonly rounds: number; readonly quick: boolean };
  readonly tables: readonly Table[];
  readonly marks: readonly Verdict[];
}
