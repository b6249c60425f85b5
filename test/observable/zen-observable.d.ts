// What the tests use of zen-observable, which has no types of its own.

declare module 'zen-observable' {
  interface Observer<T> {
    next(value: T): void;
    error(error: unknown): void;
    complete(): void;
    readonly closed: boolean;
  }

  export default class Observable<T> {
    constructor(subscriber: (observer: Observer<T>) => () => void);
    static from<T>(source: object): Observable<T>;
    subscribe(observer: { next?(value: T): void; error?(error: unknown): void; complete?(): void }): {
      unsubscribe(): void;
      readonly closed: boolean;
    };
    forEach(callback: (value: T) => void): Promise<void>;
  }
}
