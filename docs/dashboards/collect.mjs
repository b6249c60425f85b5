// Collects the metrics of some channels ten times a second, by OpenTelemetry's own SDK, into a file: a collection a line.

import { appendFileSync, writeFileSync } from 'node:fs';
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { observe } from 'sluice/otel';

const EVERY = 100; // milliseconds

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

/**
 * From now on, for as long as the process runs; it does not keep that alive.
 *
 * @param {import('sluice').Channel<any>[]} channels
 * @param {string} file
 */
export function collect(channels, file) {
  const reader = new Reader({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  observe(channels, new MeterProvider({ readers: [reader] }).getMeter('dashboard'), { waits: 5 });
  writeFileSync(file, '');
  const began = performance.now();
  const write = async () => {
    const at = (performance.now() - began) / 1_000;
    const { resourceMetrics } = await reader.collect();
    const points = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({ metric: descriptor.name, attributes, value })),
      );
    appendFileSync(file, `${JSON.stringify({ at, points })}\n`);
  };
  setInterval(() => void write(), EVERY).unref();
}
