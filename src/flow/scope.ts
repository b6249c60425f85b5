// What all stages of a flow share: its signal, and where dropped items go.
//
// Guarantees: an item that was pulled and will not be delivered is told to the flow's `onDrop`, a batch item by item, in
// the order of the drops, when the stages are consistent, never inside another `onDrop` of the same flow.

import { checkLimits, wrong } from '../arguments.js';
import { Callbacks } from '../callbacks.js';
import type { AbortSignalLike, DropReason } from '../contract.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { FlowOptions } from './contract.js';

/** Made by a `batch` step: what tells them from arrays that are items. */
const batches = new WeakSet();

/** The options of one flow, checked, and what follows from them. */
export class Scope {
  readonly #signal: AbortSignalLike | undefined;
  readonly #onDrop: FlowOptions['onDrop'];
  readonly #callbacks: Callbacks = new Callbacks();

  constructor(options: FlowOptions) {
    if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
    const { signal, onDrop } = options;
    if (onDrop !== undefined && typeof onDrop !== 'function') throw wrong('options.onDrop', 'a function', onDrop);
    this.#signal = checkLimits({ signal }).signal;
    this.#onDrop = onDrop;
  }

  /** Tells `root` when the flow is aborted: at once, where it is. */
  heed(root: Abortable): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    if (signal.aborted) return root.aborted(signal.reason);
    try {
      onAbort(signal, root);
    } catch (error) {
      root.aborted(error); // a signal that cannot be listened to
    }
  }

  /** Takes `root` back. */
  ignore(root: Abortable): void {
    if (this.#signal !== undefined) offAbort(this.#signal, root);
  }

  /** Notes an item that will not be delivered; the stages need not be consistent yet. */
  drop(item: unknown, why: DropReason = 'cancel'): void {
    const onDrop = this.#onDrop;
    if (onDrop === undefined) return;
    if (typeof item === 'object' && item !== null && batches.has(item)) {
      for (const each of item as unknown[]) this.drop(each, why);
    } else {
      this.#callbacks.add(() => onDrop(item, why));
    }
  }

  /** Tells `onDrop` what was noted. The stages are consistent. */
  tell(): void {
    this.#callbacks.tell();
  }

  /** The same for one item that came after the end. */
  dropLate(item: unknown): void {
    this.drop(item);
    this.tell();
  }

  /** Marks a batch, so that it is dropped item by item. */
  batch<T>(items: T[]): T[] {
    if (this.#onDrop !== undefined) batches.add(items);
    return items;
  }
}
