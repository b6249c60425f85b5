// Every interleaving of small programs: producers, consumers, an abort, a timeout, and an end, in each possible order.
//
// A program is a few actors; an actor is a list of commands, and goes on only when its last one is decided. The search
// enumerates all orders in which the actors can take their steps, by running each history anew from a list of choices.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, ManualTimers, Pair, type Setup } from './pair.js';
import { macrotask } from './support.js';

/** A step may name the step of another actor whose wait it ends. */
type Step =
  | Command
  | { readonly do: 'abort' | 'expire' | 'leave'; readonly of: readonly [actor: number, step: number] };
type Program = { readonly name: string; readonly actors: readonly (readonly Step[])[] };

const send: Step = { do: 'send', limit: 'none' };
const receive: Step = { do: 'receive', limit: 'none' };

const end: Step = { do: 'close', failing: false };

const PROGRAMS: readonly Program[] = [
  { name: 'a close', actors: [[send, send], [send], [receive, receive], [{ do: 'next' }], [end]] },
  {
    name: 'a cancel',
    actors: [[send, send], [send], [receive, receive], [{ do: 'next' }], [{ do: 'cancel', failing: true }]],
  },
  {
    name: 'an abort and a timeout of senders, and a close with an error',
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
];

const LONG_PROGRAMS: readonly Program[] = [
  {
    name: 'two producers, two consumers, and an abort on each side',
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
];

const SETUPS: readonly Setup[] = [
  { capacity: 0, policy: 'wait', maxWaiters: 8 },
  { capacity: 1, policy: 'wait', maxWaiters: 8 },
  { capacity: 2, policy: 'wait', maxWaiters: 8 },
  { capacity: 1, policy: 'drop-oldest', maxWaiters: 8 },
  { capacity: 1, policy: 'wait', maxWaiters: 1 },
];

/** Runs one history; `choices` picks among the enabled actors and is extended as far as needed. */
function runHistory(program: Program, pair: Pair, choices: number[], widths: number[]): void {
  const done = program.actors.map(() => 0);
  const number = (actor: number, step: number): number => actor * 10 + step + 1;
  for (let depth = 0; ; depth++) {
    const enabled: number[] = [];
    for (const [actor, steps] of program.actors.entries()) {
      const step = done[actor] as number;
      const last = steps[step - 1];
      const waits =
        last !== undefined &&
        (last.do === 'send' || last.do === 'receive' || last.do === 'next' || last.do === 'receiveMany');
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
  beforeAll(() => clock.install());
  afterAll(() => clock.restore());
  const long = process.env['LONG'] !== undefined;
  const programs = long ? [...PROGRAMS, ...LONG_PROGRAMS] : PROGRAMS;
  let histories = 0;

  for (const program of programs) {
    for (const setup of SETUPS) {
      it(`with ${program.name}; capacity ${setup.capacity}, ${setup.policy}, at most ${setup.maxWaiters} waiting`, async () => {
        const choices: number[] = [];
        const widths: number[] = [];
        let running: Pair[] = [];
        let more = true;
        while (more) {
          const pair = new Pair(setup, clock);
          runHistory(program, pair, choices, widths);
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
