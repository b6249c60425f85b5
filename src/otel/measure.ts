// What the two histograms of a channel are told: how long it was under pressure, how long its blocked operations waited.
//
// Guarantees: only slow paths pay, a blocked wait and a watermark; a histogram is told when the channel is consistent.
//
// Invariant: the module watches channels exactly while some channel is measured.

import type { Core } from '../channel.js';
import { clock } from '../host.js';
import { noted, type Observer, watch } from '../observers.js';
import type { Waiter, WaiterList } from '../waiters.js';
import type { Attributes, Instruments } from './meter.js';

/** One in so many blocked waits is measured: none. */
export const NONE: number = Number.POSITIVE_INFINITY;

/** The measuring of one channel. */
export class Measure {
  /** One in so many blocked waits is measured. */
  every: number = NONE;
  #left = 1;
  #highSince: number | undefined;
  readonly #send: Attributes;
  readonly #receive: Attributes;

  constructor(
    isHigh: boolean,
    private readonly instruments: Instruments,
    private readonly attributes: Attributes,
  ) {
    this.#highSince = isHigh ? clock() : undefined;
    this.#send = { ...attributes, 'sluice.side': 'send' };
    this.#receive = { ...attributes, 'sluice.side': 'receive' };
  }

  waits(waiter: Waiter): void {
    this.#left = Math.min(this.#left, this.every) - 1;
    if (this.#left > 0 || this.every === NONE) return;
    this.#left = this.every;
    const note = noted(waiter);
    if (note.measuredBy === undefined) note.measuredBy = [this];
    else note.measuredBy.push(this);
  }

  waited({ note }: Waiter, core: Core<unknown>, list: WaiterList): void {
    if (!note?.measuredBy?.includes(this)) return;
    const seconds = (clock() - note.at) / 1_000;
    const attributes = list === core.receivers ? this.#receive : this.#send;
    core.callbacks.add(() => this.instruments.waits.record(seconds, attributes));
  }

  pressed(level: 'high' | 'low'): void {
    if (level === 'low') this.relieved();
    else this.#highSince ??= clock();
  }

  /** It is under pressure no more: it has reached the low watermark, or is no longer measured. */
  relieved(): void {
    const since = this.#highSince;
    if (since === undefined) return;
    this.#highSince = undefined;
    this.instruments.pressure.record((clock() - since) / 1_000, this.attributes);
  }
}

/** Of whoever waits: a channel, if it is one, has what measures it. */
const measuring = (core: unknown): readonly Measure[] | undefined =>
  (core as Core<unknown>).measured as readonly Measure[] | undefined;

const observer: Observer = {
  pressed(core, level) {
    for (const each of measuring(core) ?? []) each.pressed(level);
  },
  waits(waiter) {
    const measures = measuring(waiter.owner);
    if (measures !== undefined) for (const each of measures) each.waits(waiter);
  },
  waited(waiter, list) {
    const measures = measuring(waiter.owner);
    if (measures === undefined) return;
    for (const each of measures) each.waited(waiter, waiter.owner as Core<unknown>, list);
  },
};

let measured = 0;
let unwatch: (() => void) | undefined;

/** Begins; gives what ends it, for a channel that may be no more. */
export function measure(core: Core<unknown>, by: Measure): (core: Core<unknown> | undefined) => void {
  if (measured++ === 0) unwatch = watch(observer);
  core.measured = [...(core.measured ?? []), by];
  return (left) => {
    if (--measured === 0) unwatch?.();
    if (left === undefined) return;
    const others = left.measured?.filter((other) => other !== by) ?? [];
    left.measured = others.length > 0 ? others : undefined;
  };
}
