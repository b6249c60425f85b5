// Linearizability of selects over two channels: as for one channel (linearizability.test.ts), a sequential order is searched
// that keeps to the real time of the history, and in which each select did, at one moment, the one thing it says it did. A
// trySelect that found nothing needs a moment at which nothing was possible, on both channels at once.

import fc from 'fast-check';
import { type Cases, Channel, ChannelClosedError, receiving, select, sending, trySelect } from 'sluice';
import { describe, expect, it } from 'vitest';

const HISTORIES = process.env['LONG'] ? 15_000 : 1_000;

type Want = { readonly does: 'send' | 'receive'; readonly on: 0 | 1 };

interface Operation {
  readonly how: 'wait' | 'try' | 'close';
  /** One for a plain send or receive. */
  readonly wants: readonly Want[];
  readonly item: number;
  readonly called: number;
  returned: number;
  /** Which of them it did, and what that gave; undefined where it did none. */
  did: { readonly want: Want; readonly got: number | 'sent' | 'end' | 'refused' } | undefined;
}

interface State {
  readonly queues: readonly [readonly number[], readonly number[]];
  readonly closed: boolean;
}

/** The state after an operation with that result; undefined where it could not give it. */
function after({ queues, closed }: State, capacity: number, { how, wants, item, did }: Operation): State | undefined {
  if (how === 'close') return { queues, closed: true };
  const possible = ({ does, on }: Want): boolean =>
    closed || (does === 'send' ? queues[on].length < capacity : queues[on].length > 0);
  if (did === undefined) return wants.some(possible) ? undefined : { queues, closed };
  const { want, got } = did;
  const queue = queues[want.on];
  const becomes = (changed: readonly number[]): State => ({
    queues: want.on === 0 ? [changed, queues[1]] : [queues[0], changed],
    closed,
  });
  if (got === 'refused') return closed ? { queues, closed } : undefined;
  if (got === 'end') return closed && queue.length === 0 ? { queues, closed } : undefined;
  if (got === 'sent') return !closed && queue.length < capacity ? becomes([...queue, item]) : undefined;
  return queue[0] === got ? becomes(queue.slice(1)) : undefined;
}

/** Searches an order, depth first, remembering what led nowhere. */
function isLinearizable(history: readonly Operation[], capacity: number): boolean {
  const dead = new Set<string>();
  const search = (done: number, state: State): boolean => {
    if (done === (1 << history.length) - 1) return true;
    const key = `${done} ${state.queues.join('|')} ${state.closed}`;
    if (dead.has(key)) return false;
    const pending = history.filter((_, n) => (done & (1 << n)) === 0);
    const firstReturn = Math.min(...pending.map(({ returned }) => returned));
    for (const [n, operation] of history.entries()) {
      if ((done & (1 << n)) !== 0 || operation.called > firstReturn) continue;
      const next = after(state, capacity, operation);
      if (next !== undefined && search(done | (1 << n), next)) return true;
    }
    dead.add(key);
    return false;
  };
  return search(0, { queues: [[], []], closed: false });
}

type Plan = Pick<Operation, 'how' | 'wants'>;

async function record(
  capacity: number,
  actors: readonly (readonly Plan[])[],
  scheduler: fc.Scheduler,
): Promise<Operation[]> {
  const channels = [new Channel<number>(capacity), new Channel<number>(capacity)];
  const history: Operation[] = [];
  let clock = 0;
  const begin = ({ how, wants }: Plan): Operation => {
    const item = history.length + 1;
    const operation: Operation = { how, wants, item, called: ++clock, returned: 0, did: undefined };
    history.push(operation);
    return operation;
  };
  const casesOf = ({ wants, item }: Operation): Cases =>
    Object.fromEntries(
      wants.map(({ does, on }, i) => {
        const channel = channels[on] as Channel<number>;
        return [`case ${i}`, does === 'send' ? sending(channel, item) : receiving(channel)];
      }),
    );
  const did = ({ wants }: Operation, picked: object): Operation['did'] => {
    const { case: name, done, value } = picked as { case: string; done?: boolean; value?: number };
    const want = wants[Number(name.slice(5))] as Want;
    return { want, got: want.does === 'send' ? 'sent' : done ? 'end' : (value as number) };
  };
  const wait = async (operation: Operation): Promise<Operation['did']> => {
    const [want, more] = operation.wants as [Want, Want | undefined];
    if (more !== undefined) return did(operation, await select(casesOf(operation)));
    const channel = channels[want.on] as Channel<number>;
    if (want.does === 'receive') return { want, got: (await channel.receive()) ?? 'end' };
    await channel.send(operation.item);
    return { want, got: 'sent' };
  };
  const act = async (plans: readonly Plan[]): Promise<void> => {
    for (const plan of plans) {
      await scheduler.schedule(Promise.resolve());
      const operation = begin(plan);
      try {
        if (plan.how === 'wait') operation.did = await wait(operation);
        else {
          const picked = trySelect(casesOf(operation));
          operation.did = picked && did(operation, picked);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ChannelClosedError);
        operation.did = { want: plan.wants[0] as Want, got: 'refused' };
      }
      operation.returned = ++clock;
    }
  };
  const running = Promise.all(actors.map(act));
  await scheduler.waitIdle();
  // What still waits: take what senders wait with; then end, which ends what receivers wait for.
  while (channels.some((channel) => channel.stats().waitingSenders > 0)) {
    const wants = channels.flatMap((channel, on): Want[] =>
      channel.stats().waitingSenders > 0 ? [{ does: 'receive', on: on as 0 | 1 }] : [],
    );
    const operation = begin({ how: 'try', wants });
    operation.did = did(operation, trySelect(casesOf(operation)) as object);
    operation.returned = ++clock;
    await scheduler.waitIdle();
  }
  const closing = begin({ how: 'close', wants: [] });
  for (const channel of channels) channel.close();
  closing.returned = ++clock;
  await scheduler.waitFor(running);
  return history;
}

const want: fc.Arbitrary<Want> = fc.record({
  does: fc.constantFrom('send', 'receive'),
  on: fc.constantFrom(0, 1),
}) as fc.Arbitrary<Want>;
const plan: fc.Arbitrary<Plan> = fc.record({
  how: fc.constantFrom('wait', 'wait', 'try'),
  wants: fc.array(want, { minLength: 1, maxLength: 3 }),
}) as fc.Arbitrary<Plan>;
const plans = fc.array(plan, { minLength: 1, maxLength: 3 });

describe('selects over two channels are linearizable', () => {
  it('in every concurrent history of three actors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2),
        fc.tuple(plans, plans, plans),
        fc.scheduler(),
        async (capacity, actors, scheduler) => {
          const history = await record(capacity, actors, scheduler);
          expect(isLinearizable(history, capacity), JSON.stringify(history)).toBe(true);
        },
      ),
      { numRuns: HISTORIES },
    );
  });

  it('and the check can fail: a trySelect that overlooks an item is not', () => {
    const [out, back]: [Want, Want] = [
      { does: 'send', on: 0 },
      { does: 'receive', on: 0 },
    ];
    const sent: Operation = {
      how: 'wait',
      wants: [out],
      item: 1,
      called: 1,
      returned: 2,
      did: { want: out, got: 'sent' },
    };
    const other: Want = { does: 'receive', on: 1 };
    const missed: Operation = { how: 'try', wants: [other, back], item: 2, called: 3, returned: 4, did: undefined };
    expect(isLinearizable([sent, missed], 1)).toBe(false);
    expect(isLinearizable([sent, { ...missed, called: 1 }], 1)).toBe(true);
    expect(isLinearizable([sent, { ...missed, did: { want: back, got: 1 } }], 1)).toBe(true);
    expect(isLinearizable([sent, { ...missed, did: { want: other, got: 1 } }], 1)).toBe(false);
  });
});
