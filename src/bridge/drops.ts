// The `onDrop` of an adapter: told of an item that was taken and cannot be delivered.
//
// Guarantee: nothing that it throws reaches the adapter; it is reported as uncaught.

import { reportUncaught } from '../callbacks.js';
import type { Common } from './options.js';

/** Tells of one item. */
export function dropping<T>({ onDrop }: Common<T>): (item: T) => void {
  return (item) => {
    try {
      onDrop?.(item, 'cancel');
    } catch (error) {
      reportUncaught(error);
    }
  };
}
