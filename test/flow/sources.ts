// Sources whose every call is written down, for the tests of flows.

import type { ChannelIterator } from 'sluice';

/** The iterator of a flow; there must be one, as there is of a branch that was asked for. */
export function iterate<T>(items: { [Symbol.asyncIterator](): ChannelIterator<T> } | undefined): ChannelIterator<T> {
  if (items === undefined) throw new Error('there is no such branch');
  return items[Symbol.asyncIterator]();
}

export interface Log {
  opened: number;
  /** What was yielded. */
  readonly pulled: number[];
  /** Calls of next(). */
  asked: number;
  returned: number;
  /** It has told that it ended or failed by itself. */
  over: boolean;
  /** It was returned after that: which nobody may do. */
  returnedWhenOver: number;
}

/** Whether it was let go as it must be: it told its end, or was returned, once; and never after its end. */
export const wasLetGo = ({ over, returned, returnedWhenOver }: Log): boolean =>
  (over || returned === 1) && returned <= 1 && returnedWhenOver === 0;

export interface Recorded {
  readonly source: Iterable<number> | AsyncIterable<number>;
  readonly log: Log;
}

export interface Plan {
  /** The first item; 1 by default. */
  readonly from?: number;
  /** How many items; endless by default. */
  readonly length?: number;
  /** Thrown in place of the end. */
  readonly error?: unknown;
  /** What return() does: 'fulfils' by default. */
  readonly onReturn?: 'fulfils' | 'throws' | 'rejects' | 'hangs' | 'is missing';
}

type Result = IteratorResult<number, undefined>;
const DONE: Result = { value: undefined, done: true };

function plain({ from = 1, length = Number.POSITIVE_INFINITY, error, onReturn = 'fulfils' }: Plan) {
  const log: Log = { opened: 0, pulled: [], asked: 0, returned: 0, over: false, returnedWhenOver: 0 };
  let ended = false;
  const next = (): Result => {
    log.asked++;
    if (ended || log.returned > 0) return DONE;
    if (log.pulled.length < length) {
      const value = from + log.pulled.length;
      log.pulled.push(value);
      return { value, done: false };
    }
    ended = true;
    if (error !== undefined) throw error;
    return DONE;
  };
  const leave = (): Result | Promise<Result> => {
    log.returned++;
    if (log.over) log.returnedWhenOver++;
    if (onReturn === 'throws') throw new Error('return() threw');
    if (onReturn === 'rejects') return Promise.reject(new Error('return() rejected'));
    if (onReturn === 'hangs') return new Promise(() => {});
    return DONE;
  };
  /** For the one who asked: what an answer tells is known once it is there. */
  const tells = (): void => {
    log.over = ended;
  };
  return { log, next, tells, leave: onReturn === 'is missing' ? undefined : leave };
}

/** A sync source of from, from + 1, … */
export function sync(plan: Plan = {}): Recorded {
  const { log, next, tells, leave } = plain(plan);
  const now = (): Result => {
    try {
      return next();
    } finally {
      tells();
    }
  };
  const iterator = { next: now, return: leave } as Iterator<number>;
  return { source: { [Symbol.iterator]: () => (log.opened++, iterator) }, log };
}

function later(plan: Plan, ask: (next: () => Result) => Promise<Result>): Recorded {
  const { log, next, tells, leave } = plain(plan);
  const asked = (): Promise<Result> => {
    const answer = ask(next);
    answer.then(tells, tells); // before whoever asked hears of it
    return answer;
  };
  const iterator = { next: asked, return: leave } as AsyncIterator<number>;
  return { source: { [Symbol.asyncIterator]: () => (log.opened++, iterator) }, log };
}

/** An async one, that answers at once. */
export function asynchronous(plan: Plan = {}): Recorded {
  return later(plan, async (next) => next());
}

/** An async one, that answers in the next turn of the event loop. */
export function slow(plan: Plan = {}): Recorded {
  return later(plan, async (next) => {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return next();
  });
}

/** An async one whose every answer is given by the test. */
export function manual<T = number>() {
  const log = { opened: 0, asked: 0, returned: 0 };
  const open: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void }[] = [];
  const source: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => {
      log.opened++;
      return {
        next: () => {
          log.asked++;
          return new Promise((resolve, reject) => open.push({ resolve, reject }));
        },
        return: () => {
          log.returned++;
          return new Promise(() => {});
        },
      };
    },
  };
  return {
    source,
    log,
    yields: (value: T) => open.shift()?.resolve({ value, done: false }),
    ends: () => open.shift()?.resolve({ value: undefined, done: true }),
    fails: (error: unknown) => open.shift()?.reject(error),
  };
}

/** Calls whose every outcome is given by the test, by item. */
export function calls<T = number>() {
  const running = new Map<T, { resolve: (value: T) => void; reject: (error: unknown) => void }>();
  const started: T[] = [];
  const call = (item: T): Promise<T> => {
    started.push(item);
    return new Promise((resolve, reject) => running.set(item, { resolve, reject }));
  };
  const take = (item: T) => {
    const found = running.get(item);
    if (found === undefined) throw new Error(`no call runs on ${String(item)}`);
    running.delete(item);
    return found;
  };
  return {
    call,
    started,
    running,
    fulfil: (item: T, value: T = item) => take(item).resolve(value),
    reject: (item: T, error: unknown) => take(item).reject(error),
  };
}
