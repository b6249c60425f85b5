// The contract of the controls, as declarations alone: what `sluice/control` must declare, no more and no less.

import type { WaitOptions } from '../../src/index.js';

export declare class Credits implements Disposable {
  constructor(initial?: number);
  get available(): number;
  grant(n: number): void;
  take(n?: number, options?: WaitOptions): Promise<void>;
  tryTake(n?: number): boolean;
  close(error?: unknown): void;
  [Symbol.dispose](): void;
}

export declare class TokenBucket {
  constructor(options: {
    readonly rate: number;
    readonly per?: number | undefined;
    readonly burst?: number | undefined;
  });
  take(n?: number, options?: WaitOptions): Promise<void>;
  tryTake(n?: number): boolean;
}

export declare class Gate {
  constructor(options?: { readonly paused?: boolean | undefined });
  get paused(): boolean;
  pause(): void;
  resume(): void;
  opened(options?: WaitOptions): Promise<void>;
}

export interface Load {
  readonly arrivals: number | readonly number[];
  readonly service: readonly number[] | { readonly mean: number; readonly p99: number };
  readonly p?: number | undefined;
  readonly servers?: number | undefined;
}
export declare function recommendCapacity(load: Load): {
  readonly capacity: number;
  readonly utilisation: number;
  readonly wait: number;
};
