// A word at the end of a process in which somebody still waits: it would else end in silence.
//
// Guarantee: it is said when nothing is left that could wake anybody: the event loop is empty, or the process ends with
// code 13, an `await` at the top of a module that nothing will settle. Once, unless it is something else by then.

import process from 'node:process';
import { checkObject, wrong } from '../arguments.js';
import { dispose } from '../host.js';
import { placeIn } from './stacks.js';
import { report, type WaitReport, withStacks } from './waits.js';

/** What Node ends with when an `await` at the top of a module is never settled. */
const UNSETTLED = 13;

/**
 * Prints to stderr, when the process is about to end, a line for every channel in which somebody still waits: "`orders`
 * (3/3) has 2 sends waiting for 4.1 s, from src/ingest.ts:41; no receive is waiting there". Nothing where nobody does.
 *
 * The end is that of a process that has nothing left to do: a deadlock, or a consumer whose channel nobody has closed. Of
 * `process.exit()` and signals nothing is said.
 *
 * @param options - `stacks`: from now on each blocked wait takes a stack, so that the line says where it waits, and
 * `report()` too. An `Error` a wait: not for production. Off by default.
 * @returns takes it back when it is disposed of
 * @throws TypeError for an option of the wrong kind
 *
 * @example
 * ```ts
 * import { reportOnExit } from 'sluice/diagnostics';
 *
 * const reporting = reportOnExit({ stacks: true });
 * void new Channel<string>(1, { name: 'orders' }).receive();
 * report()[0]?.waits[0]?.stack?.includes('at '); // true
 * reporting[Symbol.dispose](); // never mind
 * ```
 */
export function reportOnExit(options: { readonly stacks?: boolean | undefined } = {}): Disposable {
  checkObject('options', options);
  const { stacks = false } = options;
  if (typeof stacks !== 'boolean') throw wrong('options.stacks', 'a boolean', stacks);
  let withoutStacks = stacks ? withStacks() : undefined;
  let said = '';
  const say = (): void => {
    const reports = report();
    const what = JSON.stringify(reports.map(({ name, size, waits }) => [name, size, waits.map(({ count }) => count)]));
    if (reports.length === 0 || what === said) return;
    said = what;
    process.stderr.write(`${reports.map((each) => `sluice: ${sentence(each, process.cwd())}`).join('\n')}\n`);
  };
  const atExit = (code: number): void => {
    if (code === UNSETTLED) say();
  };
  process.on('beforeExit', say);
  process.on('exit', atExit);
  return {
    [dispose]() {
      process.off('beforeExit', say);
      process.off('exit', atExit);
      withoutStacks?.();
      withoutStacks = undefined;
    },
  };
}

/** What a report says, for people. */
export function sentence({ name, capacity, size, waits }: WaitReport, folder: string): string {
  const who = waits.map(({ kind, count, oldest, stack }) => {
    const place = stack === undefined ? undefined : placeIn(stack, folder);
    return `${count} ${kind}${count === 1 ? '' : 's'} waiting for ${duration(oldest)}${place === undefined ? '' : `, from ${place}`}`;
  });
  const waiting = (...kinds: string[]): boolean => waits.some(({ kind }) => kinds.includes(kind));
  const other = waiting('select')
    ? ''
    : !waiting('receive')
      ? '; no receive is waiting there'
      : !waiting('send', 'reserve')
        ? '; no send is waiting there'
        : '';
  const channel = name === undefined ? 'a channel without a name' : `\`${name}\``;
  return `${channel} (${size}/${capacity}) has ${who.join(' and ')}${other}`;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
