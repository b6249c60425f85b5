// A channel that OpenTelemetry's SDK observes, and one that it does not, in the same loop.
// @ts-check
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { sluiceOf } from './peers/sluice.mjs';

/** Collects when it is asked to. */
class Reader extends MetricReader {
  onForceFlush() {
    return Promise.resolve();
  }

  onShutdown() {
    return Promise.resolve();
  }
}

/**
 * @param {import('./types.d.ts').Builds['shipped']} build
 * @param {import('../src/otel/index.js').ObserveOptions} options
 * @param {(contestant: import('./types.d.ts').Contestant) => Promise<number>} run
 * @returns {{ measured: import('./types.d.ts').Slice, compared: import('./types.d.ts').Slice }}
 */
export function observedPair(build, options, run) {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('bench');
  const plain = sluiceOf(build, { name: 'bench' });
  return {
    async measured() {
      /** @type {Disposable | undefined} */
      let observing;
      const ns = await run({
        ...plain,
        open(load, items) {
          const channel = plain.open(load, items);
          observing = build.observe(channel, meter, options);
          return channel;
        },
      });
      const { errors } = await reader.collect();
      if (errors.length > 0) throw errors[0];
      observing?.[Symbol.dispose]();
      return ns;
    },
    compared: () => run(plain),
  };
}
