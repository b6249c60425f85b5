// Every interleaving of small programs: producers, consumers, holders of permits, an abort, a timeout, and an end, in each
// possible order.
//
// A program is a few actors; an actor is a list of commands, and goes on only when its last one is decided. The search
// enumerates all orders in which the actors can take their steps, by running each history anew from a list of choices.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, ManualTimers, Pair, type Setup } from './pair.js';
import { macrotask, microtasks } from './support.js';

/** A step may name the step whose wait it ends, or whose permit it uses. */
type Step =
  | Command
  | {
      readonly do: 'abort' | 'expire' | 'leave' | 'sendPermitted' | 'release';
      readonly of: readonly [actor: number, step: number];
    };
type Program = {
  readonly name: string;
  readonly setups: readonly Setup[];
  /** Further ones, in the long suite. */
  readonly more?: readonly Setup[];
  readonly actors: readonly (readonly Step[])[];
};

const send: Step = { do: 'send', limit: 'none' };
const receive: Step = { do: 'receive', limit: 'none' };
const reserve: Step = { do: 'reserve', limit: 'none' };

const end: Step = { do: 'close', failing: false };

const FEW: readonly Setup[] = [
  { capacity: 0, policy: 'wait', maxWaiters: 8 },
  { capacity: 1, policy: 'wait', maxWaiters: 8 },
  { capacity: 1, policy: 'drop-oldest', maxWaiters: 8 },
];
const OTHERS: readonly Setup[] = [
  { capacity: 2, policy: 'wait', maxWaiters: 8 },
  { capacity: 1, policy: 'wait', maxWaiters: 1 },
];
const ALL: readonly Setup[] = [...FEW, ...OTHERS];
const RESERVING: readonly Setup[] = [
  { capacity: 1, policy: 'wait', maxWaiters: 8 },
  { capacity: 2, policy: 'wait', maxWaiters: 8 },
];
const RESERVING_MORE: readonly Setup[] = [{ capacity: 1, policy: 'drop-oldest', maxWaiters: 1 }];
const COALESCING: readonly Setup[] = [
  { capacity: 1, policy: 'coalesce', maxWaiters: 8 },
  { capacity: 2, policy: 'coalesce', maxWaiters: 8 },
];
const WEIGHING: readonly Setup[] = [
  { capacity: 3, policy: 'weigh', maxWaiters: 8 },
  { capacity: 5, policy: 'weigh', maxWaiters: 8 },
  { capacity: 4, policy: 'weigh, drop-oldest', maxWaiters: 8 },
];

const PROGRAMS: readonly Program[] = [
  { name: 'a close', setups: ALL, actors: [[send, send], [send], [receive, receive], [{ do: 'next' }], [end]] },
  {
    name: 'a cancel',
    setups: ALL,
    actors: [[send, send], [send], [receive, receive], [{ do: 'next' }], [{ do: 'cancel', failing: true }]],
  },
  {
    name: 'an abort and a timeout of senders, and a close with an error',
    setups: FEW,
    more: OTHERS,
    actors: [
      [{ do: 'send', limit: 'signal' }, send],
      [{ do: 'send', limit: 'timer' }],
      [receive, receive],
      [{ do: 'abort', of: [0, 0] }],
      [{ do: 'expire', of: [1, 0] }],
      [{ do: 'close', failing: true }],
    ],
  },
  {
    name: 'an abort and a timeout of receivers, and a cancel',
    setups: FEW,
    more: OTHERS,
    actors: [
      [send, { do: 'trySend' }],
      [
        { do: 'receive', limit: 'signal' },
        { do: 'receiveMany', limit: 'none', max: 2 },
      ],
      [{ do: 'receive', limit: 'timer' }],
      [{ do: 'abort', of: [1, 0] }],
      [{ do: 'expire', of: [2, 0] }],
      [{ do: 'cancel', failing: false }],
    ],
  },
  {
    name: 'permits that are used, released and given up, and a close',
    setups: RESERVING,
    more: RESERVING_MORE,
    actors: [
      [reserve, { do: 'sendPermitted', of: [0, 0] }],
      [
        { do: 'reserve', limit: 'signal' },
        { do: 'release', of: [1, 0] },
      ],
      [send],
      [receive],
      [{ do: 'abort', of: [1, 0] }],
      [end],
    ],
  },
  {
    name: 'items that are merged, a permit, an abort, and a cancel',
    setups: COALESCING,
    actors: [
      [send, send],
      [{ do: 'send', limit: 'signal' }],
      [{ do: 'tryReserve' }, { do: 'sendPermitted', of: [2, 0] }],
      [receive],
      [{ do: 'abort', of: [1, 0] }],
      [{ do: 'cancel', failing: false }],
    ],
  },
  {
    name: 'weights, an abort, and a close',
    setups: WEIGHING,
    actors: [
      [{ do: 'send', limit: 'signal' }, send],
      [send, { do: 'trySend' }],
      [{ do: 'receiveMany', limit: 'none', max: 2 }],
      [{ do: 'abort', of: [0, 0] }],
      [end],
    ],
  },
];

const LONG_PROGRAMS: readonly Program[] = [
  {
    name: 'two producers, two consumers, and an abort on each side',
    setups: ALL,
    actors: [
      [{ do: 'send', limit: 'signal' }, send],
      [send, send],
      [{ do: 'receive', limit: 'signal' }, receive],
      [{ do: 'next' }, { do: 'tryReceive' }],
      [
        { do: 'abort', of: [0, 0] },
        { do: 'abort', of: [2, 0] },
      ],
    ],
  },
  {
    name: 'two producers, two consumers, an abort, a timeout, an iterator that is left, and a cancel',
    setups: ALL,
    actors: [
      [send, { do: 'trySend' }],
      [{ do: 'send', limit: 'timer' }],
      [
        { do: 'receive', limit: 'signal' },
        { do: 'receiveMany', limit: 'none', max: 2 },
      ],
      [{ do: 'next' }],
      [{ do: 'abort', of: [2, 0] }],
      [
        { do: 'expire', of: [1, 0] },
        { do: 'leave', of: [3, 0] },
      ],
      [{ do: 'cancel', failing: false }],
    ],
  },
  {
    name: 'permits that wait among senders, an abort, and a close with an error',
    setups: [...RESERVING, ...RESERVING_MORE],
    actors: [
      [reserve, { do: 'sendPermitted', of: [0, 0] }],
      [
        { do: 'reserve', limit: 'signal' },
        { do: 'release', of: [1, 0] },
      ],
      [send, send],
      [receive, { do: 'tryReceive' }],
      [{ do: 'abort', of: [1, 0] }],
      [{ do: 'close', failing: true }],
    ],
  },
  {
    name: 'weights, an abort, a timeout, and a close',
    setups: WEIGHING,
    actors: [
      [{ do: 'send', limit: 'signal' }, send],
      [{ do: 'send', limit: 'timer' }],
      [{ do: 'receiveMany', limit: 'none', max: 2 }],
      [{ do: 'trySend' }],
      [{ do: 'abort', of: [0, 0] }],
      [{ do: 'expire', of: [1, 0] }],
      [end],
    ],
  },
  {
    name: 'items that are merged, a permit, a reserve, an abort, and a close',
    setups: COALESCING,
    actors: [
      [send, send],
      [{ do: 'send', limit: 'signal' }],
      [{ do: 'tryReserve' }, { do: 'sendPermitted', of: [2, 0] }],
      [reserve, { do: 'sendPermitted', of: [3, 0] }],
      [receive],
      [{ do: 'abort', of: [1, 0] }],
      [end],
    ],
  },
];

const MAY_WAIT: ReadonlySet<Step['do']> = new Set(['send', 'receive', 'next', 'receiveMany', 'reserve']);

/** Runs one history; `choices` picks among the enabled actors and is extended as far as needed. */
async function runHistory(program: Program, pair: Pair, choices: number[], widths: number[]): Promise<void> {
  const done = program.actors.map(() => 0);
  const number = (actor: number, step: number): number => actor * 10 + step + 1;
  for (let depth = 0; ; depth++) {
    const enabled: number[] = [];
    for (const [actor, steps] of program.actors.entries()) {
      const step = done[actor] as number;
      const last = steps[step - 1];
      const waits = last !== undefined && MAY_WAIT.has(last.do);
      if (step < steps.length && (!waits || pair.decided(number(actor, step - 1)))) enabled.push(actor);
    }
    if (enabled.length === 0) return;
    const choice = choices[depth] ?? 0;
    choices[depth] = choice;
    widths[depth] = enabled.length;
    const actor = enabled[choice] as number;
    const step = (done[actor] as number)++;
    const command = program.actors[actor]?.[step] as Step;
    pair.run(number(actor, step), 'of' in command ? { do: command.do, op: number(...command.of) } : command);
    widths.length = depth + 1;
    if (pair.owesPermits) await microtasks();
    while (pair.owesPermits) await macrotask(); // politeness put it off
  }
}

/** The next list of choices in depth-first order; false after the last. */
function advance(choices: number[], widths: readonly number[]): boolean {
  choices.length = widths.length;
  while (choices.length > 0) {
    const last = choices.length - 1;
    const choice = (choices[last] as number) + 1;
    if (choice < (widths[last] as number)) {
      choices[last] = choice;
      return true;
    }
    choices.length = last;
  }
  return false;
}

describe('every interleaving of a small program does what the specification says', () => {
  const clock = new ManualTimers();
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    clock.install();
    Error.stackTraceLimit = 0; // a fifth of the time otherwise
  });
  afterAll(() => {
    clock.restore();
    Error.stackTraceLimit = stackTraceLimit;
  });
  const long = process.env['LONG'] !== undefined;
  const programs = long ? [...PROGRAMS, ...LONG_PROGRAMS] : PROGRAMS;
  let histories = 0;

  for (const program of programs) {
    for (const setup of [...program.setups, ...((long && program.more) || [])]) {
      it(`with ${program.name}; capacity ${setup.capacity}, ${setup.policy}, at most ${setup.maxWaiters} waiting`, async () => {
        const choices: number[] = [];
        const widths: number[] = [];
        let running: Pair[] = [];
        let more = true;
        while (more) {
          const pair = new Pair(setup, clock);
          await runHistory(program, pair, choices, widths);
          running.push(pair);
          more = advance(choices, widths);
          if (more && running.length < 256) continue;
          await macrotask();
          for (const each of running) each.compareOutcomes();
          histories += running.length;
          running = [];
        }
      });
    }
  }

  it('and there were 100,000 of them, 1,000,000 in the long suite', () => {
    expect(histories).toBeGreaterThanOrEqual(long ? 1_000_000 : 100_000);
  });
});
