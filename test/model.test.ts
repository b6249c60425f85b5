// Random histories of every operation, beside the specification, step by step.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
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
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'dispose' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'cancel' as const), failing }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'expire' as const, 'leave' as const), op }),
  },
  { weight: 3, arbitrary: fc.record({ pause: fc.constantFrom('microtask' as const, 'macrotask' as const) }) },
);

const setup: fc.Arbitrary<Setup> = fc.record({
  capacity: fc.constantFrom(0, 1, 2, 3, 8, 2 ** 32 - 1),
  policy: fc.constantFrom('wait', 'wait', 'drop-newest', 'drop-oldest', 'reject'),
  maxWaiters: fc.constantFrom(0, 2, 65_536),
});

describe('a channel does what the specification says', () => {
  const clock = new ManualTimers();
  beforeAll(() => clock.install());
  afterAll(() => clock.restore());

  it('in every random history of all operations, aborts, timeouts and ends, compared step by step', async () => {
    await fc.assert(
      fc.asyncProperty(setup, fc.array(command, { maxLength: 40 }), async (given, commands) => {
        fc.pre(given.capacity > 0 || given.policy !== 'drop-oldest');
        const pair = new Pair(given, clock);
        for (const [number, each] of commands.entries()) {
          if ('do' in each) pair.run(number, each);
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
