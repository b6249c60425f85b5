// One line about a channel, for people: `Channel(orders 3/10, 2 senders waiting)`.

import type { Core } from './channel.js';
import type { WaiterList } from './waiters.js';

/** The method that Node, Deno and Bun call to print an object. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** The line. */
export function describe<T>({ place, buffer, closed, ended, senders, receivers }: Core<T>): string {
  const { kind, name, capacity } = place;
  const waiting = ({ length }: WaiterList, who: string): string =>
    length === 0 ? '' : `, ${length} ${who}${length === 1 ? '' : 's'} waiting`;
  const state = ended ? ', ended' : closed ? ', closed' : '';
  return `${kind}(${name === undefined ? '' : `${name} `}${buffer.size}/${capacity}${state}${waiting(senders, 'sender')}${waiting(receivers, 'receiver')})`;
}
