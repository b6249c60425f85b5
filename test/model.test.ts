// Random histories of every operation, beside the specification, step by step.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Policy } from './functions.js';
import { type Command, type Limit, ManualTimers, Pair, type Setup } from './pair.js';
import { macrotask } from './support.js';

const RUNS = process.env['LONG'] ? 100_000 : 4_000;

const limit = fc.constantFrom<Limit>('none', 'none', 'once', 'signal', 'timer');
const failing = fc.boolean();
const op = fc.nat({ max: 40 });

const command: fc.Arbitrary<Command | { readonly pause: 'microtask' | 'macrotask' }> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), limit }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('receive' as const), limit }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('receiveMany' as const), limit, max: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('next' as const, 'trySend' as const, 'tryReceive' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reserve' as const), limit }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tryReserve' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('sendPermitted' as const, 'release' as const), op }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'dispose' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'cancel' as const), failing }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'expire' as const, 'leave' as const), op }),
  },
  { weight: 3, arbitrary: fc.record({ pause: fc.constantFrom('microtask' as const, 'macrotask' as const) }) },
);

const rendezvous: fc.Arbitrary<Setup> = fc.record({
  capacity: fc.constant(0),
  policy: fc.constantFrom<Policy>('wait', 'wait', 'drop-newest', 'reject'),
  maxWaiters: fc.constantFrom(0, 2, 65_536),
});
const buffered: fc.Arbitrary<Setup> = fc.record({
  capacity: fc.constantFrom(1, 2, 3, 8, 2 ** 32 - 1),
  policy: fc.constantFrom<Policy>(
    'wait',
    'wait',
    'drop-newest',
    'drop-oldest',
    'reject',
    'coalesce',
    'coalesce',
    'weigh',
    'weigh',
    'weigh, drop-oldest',
  ),
  maxWaiters: fc.constantFrom(0, 2, 65_536),
});
const setup = fc.oneof({ weight: 1, arbitrary: rendezvous }, { weight: 5, arbitrary: buffered });

/** What is done with a permit is done with one that there is. */
function aimed(given: Command, pair: Pair): Command {
  if (given.do !== 'sendPermitted' && given.do !== 'release') return given;
  const permits = pair.permitsInHand;
  return { do: given.do, op: permits[given.op % permits.length] ?? given.op };
}

describe('a channel does what the specification says', () => {
  const clock = new ManualTimers();
  beforeAll(() => clock.install());
  afterAll(() => clock.restore());

  it('in every random history of all operations, aborts, timeouts and ends, compared step by step', async () => {
    await fc.assert(
      fc.asyncProperty(setup, fc.array(command, { maxLength: 40 }), async (given, commands) => {
        const pair = new Pair(given, clock);
        for (const [number, each] of commands.entries()) {
          if ('do' in each) pair.run(number, aimed(each, pair));
          else if (each.pause === 'microtask') await undefined;
          else {
            await macrotask();
            pair.compareOutcomes();
          }
        }
        await macrotask();
        pair.compareOutcomes();
      }),
      { numRuns: RUNS },
    );
  });
});
