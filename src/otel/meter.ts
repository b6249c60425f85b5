// What is used of OpenTelemetry's metrics, by structure, and the instruments that are made of a meter.
//
// Guarantee: of one meter each instrument is made once, with the name, the kind and the unit that the guide lists.

/** What a data point is filed under. */
export type Attributes = Readonly<Record<string, string>>;

/** How an instrument is described. */
export interface InstrumentOptionsLike {
  /** In words. */
  readonly description?: string;
  /** By the Unified Code for Units of Measure. */
  readonly unit?: string;
  /** Wishes that the SDK may grant. */
  readonly advice?: {
    /** Where the buckets of a histogram end. */
    readonly explicitBucketBoundaries?: number[];
  };
}

/** What several instruments are told at a collection. */
export interface BatchObservableResultLike {
  /** One value of one instrument. */
  observe(instrument: object, value: number, attributes?: Attributes): void;
}

/**
 * What is used of a `Meter` of OpenTelemetry: any 1.x of `@opentelemetry/api` from 1.3 has it. Nothing is imported.
 *
 * @example
 * ```ts
 * import type { MeterLike } from 'sluice/otel';
 *
 * const names: string[] = [];
 * const make = (name: string) => ({ record() {}, name: names.push(name) });
 * const meter: MeterLike = {
 *   createObservableCounter: make,
 *   createObservableUpDownCounter: make,
 *   createObservableGauge: make,
 *   createHistogram: make,
 *   addBatchObservableCallback() {},
 *   removeBatchObservableCallback() {},
 * };
 * observe(new Channel<string>(1, { name: 'orders' }), meter);
 * names.length; // 8
 * ```
 */
export interface MeterLike {
  /** For what only grows. */
  createObservableCounter(name: string, options?: InstrumentOptionsLike): object;
  /** For what is a sum, and falls too. */
  createObservableUpDownCounter(name: string, options?: InstrumentOptionsLike): object;
  /** For what is no sum. */
  createObservableGauge(name: string, options?: InstrumentOptionsLike): object;
  /** For what is recorded one by one. */
  createHistogram(name: string, options?: InstrumentOptionsLike): HistogramLike;
  /** Called at each collection. */
  addBatchObservableCallback(callback: (result: BatchObservableResultLike) => void, instruments: object[]): void;
  /** Called no more. */
  removeBatchObservableCallback(callback: (result: BatchObservableResultLike) => void, instruments: object[]): void;
}

/** What is used of a histogram. */
export interface HistogramLike {
  /** One value. */
  record(value: number, attributes?: Attributes): void;
}

/** Seconds: waits are short where all is well, and minutes where it is not. */
const WAITS = [0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const PRESSURE = [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The instruments of one meter. */
export interface Instruments {
  /** As series.ts numbers them. */
  readonly observed: object[];
  readonly pressure: HistogramLike;
  readonly waits: HistogramLike;
}

/** Makes them. */
export function instrumentsOf(meter: MeterLike): Instruments {
  const described = (description: string, unit = '{item}'): InstrumentOptionsLike => ({ description, unit });
  const histogram = (name: string, description: string, explicitBucketBoundaries: number[]): HistogramLike =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } });
  return {
    observed: [
      meter.createObservableUpDownCounter('sluice.channel.usage', described('What is buffered now.')),
      meter.createObservableGauge('sluice.channel.usage.peak', described('The most since the last collection.')),
      meter.createObservableUpDownCounter('sluice.channel.limit', described('How much may be buffered.')),
      meter.createObservableUpDownCounter(
        'sluice.channel.pending_operations',
        described('Operations that wait for room, or for an item.', '{operation}'),
      ),
      meter.createObservableCounter('sluice.channel.items', described('Items sent, and items received.')),
      meter.createObservableCounter('sluice.channel.dropped', described('Items dropped.')),
    ],
    pressure: histogram(
      'sluice.channel.pressure.duration',
      'How long the channel was under pressure, each time: from the high watermark to the low one.',
      PRESSURE,
    ),
    waits: histogram('sluice.channel.wait_time', 'How long a blocked operation waited.', WAITS),
  };
}
