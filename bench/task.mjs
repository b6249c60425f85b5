// A workload of a table and one who is to do it, whichever table it is.
// @ts-check
import { carry, inability } from './carry.mjs';
import { compose, lack } from './compose.mjs';
import { contestant, planOf, tableWorkload } from './plan.mjs';

/**
 * @typedef {object} Task
 * @property {string} title - of who does it
 * @property {import('./types.d.ts').Contestant['kind']} kind
 * @property {string | undefined} cannot - why it cannot be done, if it cannot
 * @property {string | undefined} apart - why no mark compares it with sluice
 * @property {(items: number) => Promise<number>} once - does it for so many items; nanoseconds an item
 */

/**
 * @param {string} name - of the workload
 * @param {string} whose
 * @returns {Promise<Task>}
 */
export async function taskOf(name, whose) {
  const workload = await tableWorkload(name);
  const who = await contestant(planOf(name), whose);
  const { title, kind } = who;
  if ('load' in workload) {
    const { load } = workload;
    const channel = /** @type {import('./types.d.ts').Contestant} */ (who);
    return {
      title,
      kind,
      cannot: inability(channel, load),
      apart: channel.apart?.(load),
      once: (items) => carry(channel, load, items),
    };
  }
  const composer = /** @type {import('./types.d.ts').Composer} */ (who);
  return {
    title,
    kind,
    cannot: lack(composer, workload),
    apart: composer.apart?.(workload.work),
    once: (items) => compose(composer, workload, items),
  };
}

/**
 * The floor of a workload. That of channels has no batches: it is one item at a time for whom it is compared with.
 *
 * @param {string} name - of the workload
 * @returns {Promise<(items: number) => Promise<number>>}
 */
export async function floorOf(name) {
  const workload = await tableWorkload(name);
  if (!('load' in workload)) return (await taskOf(name, 'floor')).once;
  const floor = /** @type {import('./types.d.ts').Contestant} */ (await contestant(planOf(name), 'floor'));
  return (items) => carry(floor, { ...workload.load, receiving: 'items' }, items);
}
