// One line about a channel, for people: `Channel(orders 3/10, 2 senders waiting)`.

import type { Core } from './channel.js';

/** The method that Node, Deno and Bun call to print an object. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** The line. */
export function describe<T>(core: Core<T>): string {
  const { kind, name, capacity } = core.settings.place;
  const waiting = (count: number, who: string): string => (count === 0 ? '' : `, ${count} ${who}${count === 1 ? '' : 's'} waiting`);
  const fill = `${name === undefined ? '' : `${name} `}${core.buffer.size}/${capacity}`;
  const state = core.ended ? ', ended' : core.closed ? ', closed' : '';
  return `${kind}(${fill}${state}${waiting(core.senders.length, 'sender')}${waiting(core.receivers.length, 'receiver')})`;
}
