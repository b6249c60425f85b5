// Handles for many producers of which nobody is the last: the channel closes once every handle given out has closed.
//
// Invariant: `open` handles are given out and not closed; when it falls to 0 the channel is closed, with the first error
// that any handle was closed with.

import { readLimits } from './arguments.js';
import type { Core } from './channel.js';
import type { NativeSignal, SenderHandle, WaitOptions } from './contract.js';
import { signalOf } from './ends.js';
import { closedError } from './errors.js';
import { dispose } from './host.js';

/** The handles of one channel. */
export class SenderGroup<T> {
  #open = 0;
  #error: unknown = undefined;

  constructor(private readonly core: Core<T>) {}

  /** One more handle; of a closed channel a closed one. */
  handle(): SenderHandle<T> {
    const { core } = this;
    let closed = core.closed;
    let ownError: unknown;
    if (!closed) this.#open++;

    const refuse = (value: T, options: WaitOptions | undefined): Promise<never> => {
      let reason: unknown;
      try {
        readLimits(options);
        const { place, cancelled } = core;
        const given = ownError === undefined ? core.reason : ownError;
        reason = closedError({ place, cancelled, reason: given, ofHandle: !core.closed }, value);
      } catch (error) {
        reason = error;
      }
      return core.settler.refused(reason);
    };
    const close = (error?: unknown): void => {
      if (closed) return;
      closed = true;
      ownError = error;
      if (this.#error === undefined) this.#error = error;
      if (--this.#open === 0) core.close(this.#error);
    };
    const handle: SenderHandle<T> & { readonly signal: NativeSignal } = {
      send: (value, options) => (closed ? refuse(value, options) : core.send(value, options)),
      trySend: (value) => !closed && core.trySend(value),
      close,
      get closed() {
        return closed || core.closed;
      },
      /** As the channel's: by this a bridge over a handle learns that nobody wants its items any more. */
      get signal() {
        return signalOf(core);
      },
      [dispose]: () => close(),
    };
    return handle;
  }
}
