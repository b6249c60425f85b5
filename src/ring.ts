// A queue of items in a circular array.
//
// Invariants: `slots.length` is a power of two; the items are slots[head], slots[head + 1], … (modulo the length), `size`
// of them; every other slot is undefined, so that nothing taken is kept alive. Memory grows with what is held, by
// doubling, and is given back when the last item leaves, where it was much.

/** The smallest array: growing from here costs two copies an item at the worst. */
const FEWEST_SLOTS = 16;

/** The largest array that is kept while empty: a buffer that fills and empties in turn need not grow each time. */
const MOST_KEPT = 256;

/** A first-in, first-out buffer: every operation is O(1) amortised. */
export class Ring<T> {
  /** How many items are held. */
  size = 0;
  #head = 0;
  #mask = FEWEST_SLOTS - 1;
  #slots: (T | undefined)[] = new Array(FEWEST_SLOTS).fill(undefined);

  /** Appends an item. */
  push(value: T): void {
    if (this.size > this.#mask) this.#resize(this.#slots.length * 2);
    this.#slots[(this.#head + this.size++) & this.#mask] = value;
  }

  /** Removes the oldest item; there must be one. */
  shift(): T {
    const slots = this.#slots;
    const head = this.#head;
    const value = slots[head] as T;
    slots[head] = undefined;
    this.#head = (head + 1) & this.#mask;
    if (--this.size === 0 && slots.length > MOST_KEPT) this.#resize(FEWEST_SLOTS);
    return value;
  }

  /** The oldest item, where there is one. */
  get first(): T | undefined {
    return this.#slots[this.#head];
  }

  #resize(length: number): void {
    const slots: (T | undefined)[] = new Array(length).fill(undefined);
    for (let i = 0; i < this.size; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask];
    this.#slots = slots;
    this.#head = 0;
    this.#mask = length - 1;
  }
}
