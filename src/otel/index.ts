/**
 * Everything that `sluice/otel` exports: one function, which turns channels into metrics of OpenTelemetry.
 *
 * @module OpenTelemetry
 */

export {
  type Attributes,
  type BatchObservableResultLike,
  type HistogramLike,
  type InstrumentOptionsLike,
  type MeterLike,
} from './meter.js';
export { observe, type ObserveOptions, type ObserveTarget } from './observe.js';
