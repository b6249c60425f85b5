// The package has no types of its own.

declare module 'rsocket-flowable' {
  import type { Publisher, Subscriber } from 'sluice/reactive';

  export class Flowable implements Publisher<number> {
    static just(...items: number[]): Flowable;
    constructor(source: (subscriber: Subscriber<number>) => void);
    subscribe(subscriber: Partial<Subscriber<number>> | null): void;
  }
}
