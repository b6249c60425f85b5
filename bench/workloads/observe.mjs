// What it costs that a channel is observed by OpenTelemetry's SDK, which reads its figures when they are collected.
// @ts-check
import { carry } from '../carry.mjs';
import { observedPair } from '../observed.mjs';
import tried from './tried.mjs';

/** A channel that is observed lives long: what its beginning and its end cost, once, is a small part here. */
const ITEMS = 200_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'observe ÷ without, trySend || await send, capacity 1,024', unit: '×', atMost: 1.02 },
  pair: ({ shipped }) => observedPair(shipped, {}, (contestant) => carry(contestant, tried.load, ITEMS)),
};
