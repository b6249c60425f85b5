// The implementations that the bridge is tested against, the real ones, and what differs between them.
//
// RxJS 9 needs Node 22.13, so it is no dependency: it is tested where it can be imported as `rxjs9`, or from where the
// environment variable RXJS9 says. It installs the Observable of the web platform where there is none.

import * as rxjs7 from 'rxjs';
import * as rxjs8 from 'rxjs8';
import type { ObservableLike, toObservable } from 'sluice/observable';
import zen from 'zen-observable';

/** Where a source puts what it gives. */
export interface Sink<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
  /** Nobody listens any more. */
  readonly closed: boolean;
}

export interface Implementation {
  readonly name: string;
  /** A cold Observable. */
  make<T>(run: (sink: Sink<T>) => void, teardown?: () => void): ObservableLike<T>;
  /** One of ours as one of theirs. */
  adopt<T>(ours: ReturnType<typeof toObservable<T>>): ObservableLike<T>;
  /** Whether a source learns in `next` that nobody listens any more, while `subscribe` has not returned. */
  readonly stopsInside: boolean;
}

/** The Observable of the web platform, as far as it is used here. */
interface WebObservable {
  new <T>(run: (subscriber: WebSubscriber<T>) => void): ObservableLike<T>;
  from<T>(source: object): ObservableLike<T>;
}

interface WebSubscriber<T> extends Omit<Sink<T>, 'closed'> {
  addTeardown(teardown: () => void): void;
  readonly active: boolean;
  readonly signal: AbortSignal;
}

const nothing = (): void => {};

function ofWeb(name: string, Observable: WebObservable, adopt?: Implementation['adopt']): Implementation {
  return {
    name,
    make: (run, teardown = nothing) =>
      new Observable((subscriber) => {
        subscriber.addTeardown(teardown);
        run({
          next: (value) => subscriber.next(value),
          error: (error) => subscriber.error(error),
          complete: () => subscriber.complete(),
          get closed() {
            return !subscriber.active;
          },
        });
      }),
    adopt:
      adopt ??
      ((ours) => new Observable((subscriber) => void ours.subscribe(subscriber, { signal: subscriber.signal }))),
    stopsInside: true,
  };
}

async function newest(): Promise<Implementation[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return [];
  const name: string = process.env['RXJS9'] ?? 'rxjs9';
  let library: { ColdObservable: WebObservable };
  try {
    library = (await import(/* @vite-ignore */ name)) as typeof library;
  } catch {
    return [];
  }
  const platform = (globalThis as unknown as { Observable: WebObservable }).Observable;
  return [
    ofWeb('RxJS 9', library.ColdObservable),
    ofWeb('the platform', platform),
    ofWeb('the platform, by from', platform, (ours) => platform.from(ours)),
  ];
}

// Its declarations do not compile.
const unchecked: string = import.meta.resolve('observable-polyfill/fn');
const polyfill = (await import(/* @vite-ignore */ unchecked)) as { Observable: WebObservable };

export const implementations: readonly Implementation[] = [
  {
    name: 'RxJS 7',
    make: (run, teardown = nothing) =>
      new rxjs7.Observable((subscriber) => {
        run(subscriber);
        return teardown;
      }),
    adopt: (ours) => rxjs7.from(ours),
    stopsInside: false,
  },
  {
    name: 'RxJS 8',
    make: (run, teardown = nothing) =>
      new rxjs8.Observable((subscriber) => {
        run(subscriber);
        return teardown;
      }),
    adopt: (ours) => rxjs8.from(ours),
    stopsInside: false,
  },
  {
    name: 'zen-observable',
    make: (run, teardown = nothing) =>
      new zen((observer) => {
        run(observer);
        return teardown;
      }),
    adopt: (ours) => zen.from(ours),
    stopsInside: false,
  },
  ofWeb('observable-polyfill', polyfill.Observable),
  ...(await newest()),
];
