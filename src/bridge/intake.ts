// A channel that a source fills which cannot be slowed down, or only by `pause()`: events, observables.
//
// Guarantees: it is bounded. What does not fit is refused loudly, with `OverflowError` as the channel's end after what is
// buffered, unless a policy that drops or merges was named. The source is let go of in the very call in which the channel
// ends or closes, whoever closes it, and once. What it still gives after that is counted, and goes to `onDrop`.
//
// Pausing: the source is paused when `capacity - slack` items are buffered and resumed when half as many are left, by turns;
// one that is let go of stays as it is. It may give more inside of `resume`, and is paused in the middle of that.

import { checkCapacity, checkInteger, wrong } from '../arguments.js';
import { reportUncaught } from '../callbacks.js';
import { Channel } from '../channel-api.js';
import type { Coalesce } from '../contract.js';
import { OverflowError, type Place, where } from '../errors.js';
import { CORE } from '../open.js';
import { checkOptions, type Common } from './options.js';

const ADVICE = 'raise the capacity, or name an overflow that drops or merges';

/** The channel is full. Told to whoever receives, since the source can neither retry nor shed. */
function tooFast(place: Place, value: unknown): OverflowError {
  const message = `${where(place)} is full, since items came faster than they were received: ${ADVICE}`;
  return Object.assign(new OverflowError(message), { value });
}

const OVERFLOWS: readonly IntakeOptions<unknown>['overflow'][] = ['error', 'drop-oldest', 'drop-newest'];

/** What a source of events can be told. */
export interface Pausing {
  /** No more events, please: some may still come, see `slack`. */
  pause(): unknown;
  /** There is room again. */
  resume(): unknown;
}

/** The options of an intake. */
export interface IntakeOptions<T> extends Common<T> {
  /** Names the channel, as its own option does. */
  readonly name?: string | undefined;
  /** What becomes of an item that comes while the channel is full: `'error'` ends the channel with `OverflowError`. */
  readonly overflow?: 'error' | 'drop-oldest' | 'drop-newest' | Coalesce<T> | undefined;
  /** How the source is slowed down, where it can be. */
  readonly pausing?: Pausing | false | undefined;
  /** How many events may still come after `pause()`; 0 unless said otherwise. */
  readonly slack?: number | undefined;
}

/** What a source says. Only the first end counts. */
export interface Intake<T> {
  item(item: T): void;
  /** The error of the source's end, if it failed. */
  end(error?: unknown): void;
  /** The source failed, whatever with: undefined too. */
  fail(error: unknown): void;
  /** Says what lets go of the source before `attach` returns: for a source that may give items inside of it. */
  endedBy(detach: () => void): void;
}

/**
 * Makes the channel. `attach` begins to listen and gives what ends it; where it throws, that is the channel's end.
 *
 * @throws TypeError or RangeError for a bad option or capacity
 */
export function intake<T>(
  capacity: number,
  options: IntakeOptions<T>,
  attach: (into: Intake<T>) => () => void,
): Channel<T> {
  const { signal, onDrop, name, overflow = 'error', pausing = false, slack = 0 } = checkOptions(options);
  checkCapacity(capacity, 1);
  checkInteger('options.slack', slack, 0, capacity - 1);
  if (pausing !== false && (typeof pausing?.pause !== 'function' || typeof pausing?.resume !== 'function')) {
    throw wrong('options.pausing', 'an object with pause and resume, or false', pausing);
  }
  if (typeof overflow !== 'object' && !OVERFLOWS.includes(overflow)) {
    throw wrong('options.overflow', 'one of error, drop-oldest, drop-newest, or { key, coalesce }', overflow);
  }
  const high = capacity - slack;
  let paused = false;
  const setPaused = (to: boolean): void => {
    if (pausing === false || paused === to || channel.closed) return; // as it is, or let go of
    paused = to;
    try {
      if (to) pausing.pause();
      else pausing.resume();
    } catch (error) {
      into.fail(error);
    }
  };
  const slowing =
    pausing === false
      ? undefined
      : {
          watermarks: { high: high / capacity, low: Math.floor(high / 2) / capacity },
          onPressure: (level: 'high' | 'low'): void => setPaused(level === 'high'),
        };
  const channel: Channel<T> = new Channel<T>(capacity, {
    name,
    overflow: overflow === 'error' ? 'reject' : overflow,
    onDrop,
    signal,
    ...slowing,
  });
  const core = channel[CORE];
  const drop = (item: T): void => {
    core.discard(item);
    core.tell();
  };
  let detach: (() => void) | undefined;
  let letGoOf = false;
  const letGo = (): void => {
    if (letGoOf || detach === undefined) return;
    letGoOf = true;
    try {
      detach();
    } catch (error) {
      reportUncaught(error);
    }
  };
  const into: Intake<T> = {
    item(item) {
      let accepted: boolean;
      try {
        accepted = channel.trySend(item);
      } catch (error) {
        drop(item); // the user's `key` or `coalesce` threw
        return into.fail(error);
      }
      if (accepted) {
        // Inside of `resume` its channel is telling that, and tells of the next level only after it.
        if (!paused && channel.size >= high) setPaused(true);
        return;
      }
      if (channel.closed) return drop(item);
      // It rides on the error, but where a cancel puts another end in its place.
      core.followers.add({ cancelling: () => core.discard(item), ending() {} });
      into.end(tooFast(core.place, item));
    },
    end(error) {
      channel.close(error);
    },
    fail(error) {
      channel.close(error === undefined ? new Error('the source failed, and did not say why') : error);
    },
    endedBy(by) {
      detach = by;
    },
  };
  if (core.closed) return channel; // by a signal: nothing was begun
  core.followers.add({ cancelling() {}, ending: letGo });
  try {
    detach = attach(into);
  } catch (error) {
    into.fail(error);
  }
  if (channel.closed) letGo(); // while it was attached
  return channel;
}
