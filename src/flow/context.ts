// What a user's function gets beside the item: a signal, made when it is first looked at.

import type { NativeSignal } from '../contract.js';
import { host } from '../host.js';
import type { StepContext } from './contract.js';

/** The context of one step of one run. Its signal is aborted when the step is stopped early. */
export class Context implements StepContext {
  #controller: { readonly signal: NativeSignal; abort(reason?: unknown): void } | undefined = undefined;
  #stopped = false;
  #reason: unknown = undefined;

  get signal(): NativeSignal {
    if (this.#controller === undefined) {
      this.#controller = new host.AbortController();
      if (this.#stopped) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
