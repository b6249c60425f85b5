// How a check waits for foreign code: never without a bound, and with no timer left behind.
//
// A wait is made of slices of time, so that a process which was not scheduled for a while does not take the foreign code
// for late: what was due meanwhile gets its turn before the next slice is over. The timers are taken at module load: fake
// ones cannot hang a verification.

interface Host {
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly performance: { now(): number };
}

const { setTimeout, clearTimeout, performance } = globalThis as unknown as Host;

const SLICES = 4;

export const now = (): number => performance.now();

/** Something that tells the one who waits for it of whatever happens to it. */
export interface Bell {
  wake?: (() => void) | undefined;
}

/** Whether `met` came true within so many milliseconds. It is asked whenever the bell rings. */
export function until(bell: Bell, met: () => boolean, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: unknown;
    let slices = SLICES;
    const finish = (result: boolean): void => {
      clearTimeout(timer);
      bell.wake = undefined;
      resolve(result);
    };
    const next = (): void => {
      if (slices-- === 0) finish(met());
      else timer = setTimeout(next, ms / SLICES);
    };
    bell.wake = () => {
      if (met()) finish(true);
    };
    next();
    bell.wake();
  });
}

/** So many milliseconds. */
export async function pause(ms: number): Promise<void> {
  await until({}, () => false, ms);
}

/** As the promise, or rejects after so many milliseconds. */
export async function within<R>(promise: R | PromiseLike<R>, ms: number): Promise<R> {
  const bell: Bell = {};
  let settled = false;
  const settle = (): void => {
    settled = true;
    bell.wake?.();
  };
  Promise.resolve(promise).then(settle, settle);
  if (!(await until(bell, () => settled, ms))) throw new Error(`nothing came for ${ms} ms`);
  return promise;
}
