/**
 * Everything that `sluice/diagnostics` exports: what happens to any channel of the process, and who waits where. Importing
 * it is what turns it on, for as long as the process lives. For Node, Bun and Deno.
 *
 * @module Diagnostics
 */

import { Core } from '../channel.js';
import { watch } from '../observers.js';
import { channels, publish } from './publishing.js';
import { began, kindOf, took } from './waits.js';

export { reportOnExit } from './on-exit.js';
export {
  type ChannelMessage,
  channels,
  type CloseMessage,
  type DropMessage,
  type PressureMessage,
  type WaitMessage,
} from './publishing.js';
export { report, type WaitKind, type WaitReport } from './waits.js';

// In this file, which a bundler keeps whatever is used of it.
watch({
  opened: (core) => publish(channels.open, core, {}),
  closed: (core) => publish(channels.close, core, { reason: core.reason }),
  dropped: (core, value, why) => publish(channels.drop, core, { value, why }),
  pressed: (core, level) => publish(channels.pressure, core, { level }),
  waits: began,
  waited(waiter, list) {
    const { owner: core } = waiter;
    if (!channels.wait.hasSubscribers || !(core instanceof Core)) return;
    const kind = kindOf(core, waiter, list);
    const duration = took(waiter);
    core.callbacks.add(() => publish(channels.wait, core, { kind, duration }));
  },
});
