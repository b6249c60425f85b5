// buffer: a channel between what is above and what is below, so that both work at their own pace.
//
// How far it runs ahead: by `capacity` items and the one in hand, from its first pull on. The rest is the channel's: its
// feed pulls, its options say what happens when it is full, it closes with the end or the error of what is above, and
// leaving it cancels it.

import { Channel } from '../channel-api.js';
import type { ChannelOptions } from '../contract.js';
import { Iteration } from './iteration.js';
import type { Scope } from './scope.js';
import { Source } from './source.js';
import { type Answer, NOBODY, type Sink, type Stage } from './stage.js';

/** What the flow is below a channel that the flow above is poured into. */
export class Buffer<T> implements Stage<T> {
  sink: Sink<T> = NOBODY;
  #below: Source<T> | undefined = undefined;
  #stopped = false;
  #reason: unknown = undefined;

  constructor(
    private readonly above: Stage<T>,
    private readonly capacity: number,
    private readonly options: ChannelOptions<T>,
    private readonly scope: Scope,
  ) {}

  pull(): Answer<T> {
    if (this.#below === undefined) {
      this.#below = this.#begin();
      this.#below.sink = this.sink;
    }
    return this.#below.pull();
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#reason = reason;
    this.#below?.stop(); // what is buffered is older than what is above, which this stops too
    this.above.stop(reason);
  }

  #begin(): Source<T> {
    const { above, capacity, options, scope } = this;
    const { onDrop = (item, why) => (scope.drop(item, why), scope.tell()) } = options;
    const source = { [Symbol.asyncIterator]: () => new Iteration(above, scope, false, () => this.#reason) };
    const open = (): ReturnType<Channel<T>['consume']> =>
      Channel.from(source, capacity, { ...options, onDrop }).consume();
    return new Source<T>({ open, synchronous: false }, scope);
  }
}
