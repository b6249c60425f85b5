// The most that was buffered since somebody looked last, for any number of readers.
//
// Invariant: a channel keeps the peak of the present stretch, which a look begins anew; each reader, and the channel's own
// account of its whole life, keep what was before that. So a reader costs nothing an item.

import type { Core } from './channel.js';
import { Weighing } from './weighing.js';

/** The highest since its last look. */
export interface PeakReader {
  /** In items, or in weights where the channel weighs. */
  read(): number;
  /** It will not look again. */
  close(): void;
}

/** The peaks of one channel. */
export class Peaks<T> {
  /** The most items ever, before the present stretch. */
  size = 0;
  readonly #readers: Set<{ peak: number }> = new Set();

  constructor(private readonly core: Core<T>) {}

  reader(): PeakReader {
    this.#begin();
    const reader = { peak: this.#level };
    this.#readers.add(reader);
    return {
      read: () => {
        this.#begin();
        const { peak } = reader;
        reader.peak = this.#level;
        return peak;
      },
      close: () => void this.#readers.delete(reader),
    };
  }

  get #level(): number {
    const { packing, buffer } = this.core;
    return packing instanceof Weighing ? packing.weight : buffer.size;
  }

  /** Begins a stretch: what the last one came to is everybody's. */
  #begin(): void {
    const { core } = this;
    const { packing } = core;
    const peak = packing instanceof Weighing ? packing.peak : core.peakSize;
    for (const reader of this.#readers) reader.peak = Math.max(reader.peak, peak);
    this.size = Math.max(this.size, core.peakSize);
    core.peakSize = core.buffer.size;
    if (packing instanceof Weighing) packing.peak = packing.weight;
  }
}

/** A reader of the peaks of a channel. */
export function peakReader<T>(core: Core<T>): PeakReader {
  core.peaks ??= new Peaks(core);
  return core.peaks.reader();
}
