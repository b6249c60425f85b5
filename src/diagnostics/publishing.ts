// What happens to any channel, on the diagnostics channels of the platform.
//
// Guarantees: a subscriber runs when the channel is consistent, before the call that caused the message returns; without
// one nothing is made. A message is frozen.

import { channel, type Channel as DiagnosticsChannel } from 'node:diagnostics_channel';
import type { Core } from '../channel.js';
import type { ChannelStats, DropReason } from '../contract.js';
import type { WaitKind } from './waits.js';

/**
 * What each message has.
 *
 * @example
 * ```ts
 * import type { ChannelMessage } from 'sluice/diagnostics';
 *
 * const opened: unknown[] = [];
 * channels.open.subscribe((message) => opened.push((message as ChannelMessage).name));
 * new Channel<string>(1, { name: 'orders' });
 * opened; // ['orders']
 * ```
 */
export interface ChannelMessage {
  /** The name of the channel or queue; undefined where it has none. */
  readonly name: string | undefined;
  /** Its statistics at the time of the call. */
  readonly stats: () => ChannelStats;
}

/**
 * On `channels.close`: it takes no more items.
 *
 * @example
 * ```ts
 * import type { CloseMessage } from 'sluice/diagnostics';
 *
 * const reasons: unknown[] = [];
 * channels.close.subscribe((message) => reasons.push((message as CloseMessage).reason));
 * new Channel<string>(1).close('the disk is full');
 * reasons; // ['the disk is full']
 * ```
 */
export interface CloseMessage extends ChannelMessage {
  /** What `close` or `cancel` was given; undefined where that was nothing. */
  readonly reason: unknown;
}

/**
 * On `channels.drop`: an item will not be received.
 *
 * @example
 * ```ts
 * import type { DropMessage } from 'sluice/diagnostics';
 *
 * const drops: unknown[] = [];
 * channels.drop.subscribe((message) => {
 *   const { value, why } = message as DropMessage;
 *   drops.push([value, why]);
 * });
 * const latest = new Channel<string>(1, { overflow: 'drop-oldest' });
 * latest.trySend('a');
 * latest.trySend('b');
 * drops; // [['a', 'drop-oldest']]
 * ```
 */
export interface DropMessage extends ChannelMessage {
  /** The item. */
  readonly value: unknown;
  /** Why. */
  readonly why: DropReason;
}

/**
 * On `channels.pressure`: a channel with watermarks has reached one.
 *
 * @example
 * ```ts
 * import type { PressureMessage } from 'sluice/diagnostics';
 *
 * const levels: string[] = [];
 * channels.pressure.subscribe((message) => levels.push((message as PressureMessage).level));
 * const channel = new Channel<number>(10, { watermarks: {} });
 * for (let i = 0; i < 10; i++) channel.trySend(i);
 * channel.drain();
 * levels; // ['high', 'low']
 * ```
 */
export interface PressureMessage extends ChannelMessage {
  /** Which. */
  readonly level: 'high' | 'low';
}

/**
 * On `channels.wait`: a blocked operation waits no more. It was served, refused or aborted, or has timed out.
 *
 * @example
 * ```ts
 * import type { WaitMessage } from 'sluice/diagnostics';
 *
 * const kinds: string[] = [];
 * channels.wait.subscribe((message) => kinds.push((message as WaitMessage).kind));
 * const channel = new Channel<string>(1);
 * const receive = channel.receive(); // nothing is there: waits
 * channel.trySend('a');
 * await receive;
 * kinds; // ['receive']
 * ```
 */
export interface WaitMessage extends ChannelMessage {
  /** What waited. */
  readonly kind: WaitKind;
  /** How long, in milliseconds. */
  readonly duration: number;
}

/**
 * The diagnostics channels, by the names `sluice:channel:open`, `close`, `drop`, `pressure` and `wait`.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { channels } from 'sluice/diagnostics';
 *
 * const closed: string[] = [];
 * subscribe('sluice:channel:close', (message) => closed.push((message as { name: string }).name));
 * channels.close.hasSubscribers; // true
 * new Channel<string>(1, { name: 'orders' }).close();
 * closed; // ['orders']
 * ```
 */
export const channels: Readonly<Record<'open' | 'close' | 'drop' | 'pressure' | 'wait', DiagnosticsChannel>> = {
  open: channel('sluice:channel:open'),
  close: channel('sluice:channel:close'),
  drop: channel('sluice:channel:drop'),
  pressure: channel('sluice:channel:pressure'),
  wait: channel('sluice:channel:wait'),
};

/** Publishes one message, where somebody listens. */
export function publish(to: DiagnosticsChannel, core: Core<unknown>, more: object): void {
  if (!to.hasSubscribers) return;
  to.publish(Object.freeze({ name: core.place.name, stats: () => core.stats(), ...more }));
}
