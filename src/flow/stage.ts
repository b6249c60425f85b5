// What the stages of a running flow are to each other. A stage is one step at work; each pulls from the one above it, and
// the one at the bottom is the root: an iterator, an end such as `toArray`, or the hub of a fan-out.
//
// The protocol, which every file beside this one keeps:
//
//   P1. lazy       A stage does something only when it is pulled; whoever may work ahead of that says so at its top.
//   P2. one ask    At most one pull of a stage is open. Its answer is what `pull` returns or throws, or, after PENDING,
//                  one call of its sink: never both.
//   P3. the end    After END or an error a stage answers no more. Of what is above it nothing runs once it said END.
//   P4. errors     An error is told downwards at once, past all that is in flight. The root then stops the whole chain
//                  from the bottom; so a stage that fails in answer to an ask need not clean up. One that fails while
//                  nobody asks stops itself, and tells the error at the next pull.
//   P5. stop       `stop` is idempotent, runs to the top, and from then on the stage is silent: it neither answers nor
//                  fails. What it holds, and whatever it gets or makes later, goes to `scope.drop`.
//   P6. re-entry   User code may end the flow from inside a pull. Then the stage is stopped while its code is on the
//                  stack: it gives up what it has, or returns it, and whoever is stopped too drops it.
//
// Since an answer that is there is returned, and not promised, a chain of any length costs one promise an item: the root's.

/** The answer comes later, by the sink. */
export const PENDING: unique symbol = Symbol('pending');
/** There are no more items. */
export const END: unique symbol = Symbol('end');
/** No item: where `undefined` may be one. */
export const NONE: unique symbol = Symbol('none');

/** What a pull returns. */
export type Answer<T> = T | typeof PENDING | typeof END;

/** Gets the answers that come later. Neither method may throw. */
export interface Sink<in T> {
  answer(item: T | typeof END): void;
  fail(error: unknown): void;
}

/** One step at work. */
export interface Stage<T> {
  /** Who gets what comes later: set once, by whoever pulls, before the first pull. */
  sink: Sink<T>;
  /** Asks for one item. Throws where the stage fails. */
  pull(): Answer<T>;
  /** Nobody wants any more. The reason is what the user's functions get by their signal. */
  stop(reason: unknown): void;
}

/** The sink of a stage that nobody has pulled yet. */
export const NOBODY: Sink<unknown> = { answer() {}, fail() {} };

/** Whether `await` would wait for it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
