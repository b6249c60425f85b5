// How the end of a channel is seen from outside: `completion` and `signal`, each made when it is first asked for.

import type { Core } from './channel.js';
import type { NativeSignal } from './contract.js';
import { host } from './host.js';

/** Settles as the next receive would, at the end; never an unhandled rejection. */
export function completionOf<T>(core: Core<T>): Promise<void> {
  if (core.completion === undefined) {
    core.completion = new Promise((resolve, reject) => {
      core.onEnd(() => core.settler.settle(core.reason === undefined ? resolve : reject, core.reason));
    });
    core.completion.catch(() => undefined);
  }
  return core.completion;
}

/** Aborted by a cancel, with its reason; not by a close. */
export function signalOf<T>(core: Core<T>): NativeSignal {
  if (core.signal === undefined) {
    const controller = new host.AbortController();
    core.signal = controller.signal;
    core.onEnd(() => {
      if (core.cancelled) controller.abort(core.reason);
    });
  }
  return core.signal;
}
