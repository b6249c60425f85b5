/**
 * Everything that `sluice/flow` exports: one function, and the types of what it makes.
 *
 * @module Flow
 */

export type {
  BranchOptions,
  ConcurrencyOptions,
  Flow,
  FlowOptions,
  ItemOf,
  Source,
  StepContext,
} from './contract.js';
export { flow } from './pipeline.js';
