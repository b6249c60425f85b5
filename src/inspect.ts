// One line about a channel, for people: `Channel(orders 3/10, 2 senders waiting)`.

import type { Core } from './channel.js';

/** The method that Node, Deno and Bun call to print an object. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** The line. */
export function describe<T>(core: Core<T>): string {
  const { place, fullness, reserved, closed, ended, senders, reserves, receivers } = core;
  const { kind, name, capacity } = place;
  const waiting = (count: number, who: string): string =>
    count === 0 ? '' : `, ${count} ${who}${count === 1 ? '' : 's'} waiting`;
  const state = ended ? ', ended' : closed ? ', closed' : '';
  const held = reserved === 0 ? '' : `, ${reserved} reserved`;
  const lines = waiting(senders.length + reserves.length, 'sender') + waiting(receivers.length, 'receiver');
  return `${kind}(${name === undefined ? '' : `${name} `}${fullness - reserved}/${capacity}${held}${state}${lines})`;
}
