// The real SDK, with the exporter that keeps all in memory.

import { AggregationTemporality, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics';
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { MeterLike } from 'sluice/otel';

/** One data point: its own attributes, without the name of the channel where that is the only one. */
export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

export interface Sdk {
  /** A real `Meter`, which counts the callbacks that are with it. */
  readonly meter: MeterLike;
  callbacks(): number;
  /** Collects, and gives the points by the names of the metrics. */
  collect(): Promise<Map<string, { readonly unit: string; readonly type: string; readonly points: Point[] }>>;
  shutdown(): Promise<void>;
}

export function sdk(temporality = AggregationTemporality.CUMULATIVE): Sdk {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const real = provider.getMeter('test');
  let callbacks = 0;
  const meter: MeterLike = Object.assign(Object.create(real) as typeof real, {
    addBatchObservableCallback(...args: Parameters<typeof real.addBatchObservableCallback>) {
      callbacks++;
      real.addBatchObservableCallback(...args);
    },
    removeBatchObservableCallback(...args: Parameters<typeof real.removeBatchObservableCallback>) {
      callbacks--;
      real.removeBatchObservableCallback(...args);
    },
  });
  return {
    meter,
    callbacks: () => callbacks,
    async collect() {
      exporter.reset();
      await reader.forceFlush();
      const metrics = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap((scope) => scope.metrics);
      return new Map(
        metrics.map(({ descriptor, dataPoints, dataPointType, ...rest }) => [
          descriptor.name,
          {
            unit: descriptor.unit,
            type: `${['HISTOGRAM', 'EXPONENTIAL', 'GAUGE', 'SUM'][dataPointType]}${'isMonotonic' in rest && rest.isMonotonic ? ', monotonic' : ''}`,
            points: (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => ({
              attributes,
              value: typeof value === 'number' ? value : value.count,
            })),
          },
        ]),
      );
    },
    shutdown: () => provider.shutdown(),
  };
}

/** The points of one metric: `{ '': 3 }`, or by what its own attributes say: `{ send: 3, receive: 2 }`. */
export async function read(from: Sdk, metric: string, name?: string): Promise<Record<string, number>> {
  const points = (await from.collect()).get(metric)?.points ?? [];
  return Object.fromEntries(
    points
      .filter(({ attributes }) => name === undefined || attributes['sluice.channel.name'] === name)
      .map(({ attributes, value }) => {
        const { 'sluice.channel.name': _, ...own } = attributes;
        return [Object.values(own).join(' '), value];
      }),
  );
}
