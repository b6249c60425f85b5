// The same where one blocked wait in a hundred is measured, on a channel that is full nearly always.
// @ts-check
import { carry } from '../carry.mjs';
import { observedPair } from '../observed.mjs';
import tried from './tried.mjs';

/** A channel that is observed lives long: what its beginning and its end cost, once, is a small part here. */
const ITEMS = 200_000;

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'observe with waits: 100 ÷ without, the same', unit: '×', atMost: 1.03 },
  pair: ({ shipped }) => observedPair(shipped, { waits: 100 }, (contestant) => carry(contestant, tried.load, ITEMS)),
};
