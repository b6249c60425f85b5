// Linearizability, in the manner of Lincheck: actors run concurrently on a real channel; each operation's call and return
// are noted; then a sequential order is searched that keeps to the real time of the history (an operation that returned
// before another was called comes first) and that a plain bounded queue would have given.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channel, type Permit } from 'sluice';
import { macrotask } from './support.js';

const HISTORIES = process.env['LONG'] ? 20_000 : 1_000;

type Kind = 'send' | 'trySend' | 'receive' | 'tryReceive' | 'reserve' | 'use' | 'release' | 'close';

interface Operation {
  readonly kind: Kind;
  readonly item: number;
  readonly called: number;
  returned: number;
  /** What it gave; `refused` where it was rejected. */
  result: number | boolean | 'end' | 'refused' | undefined;
}

/** A plain bounded queue, some of whose places may be held. */
interface State {
  readonly queue: readonly number[];
  readonly held: number;
  readonly closed: boolean;
  /** Goes from a sender to a receiver without a place, when all are held: the receive comes next. */
  readonly passing: number | undefined;
}

/** The sequential specification: the state after an operation with that result; undefined where it could not give it. */
function after(state: State, capacity: number, { kind, item, result }: Operation): State | undefined {
  const { queue, held, closed, passing } = state;
  if (passing !== undefined) return result === passing ? { ...state, passing: undefined } : undefined;
  const hasRoom = !closed && queue.length + held < capacity;
  switch (kind) {
    case 'send':
      if (result === 'refused') return closed ? state : undefined;
      if (!closed && held === capacity) return { ...state, passing: item };
      return hasRoom ? { ...state, queue: [...queue, item] } : undefined;
    case 'trySend':
      if (result === false) return hasRoom ? undefined : state;
      if (!closed && held === capacity) return { ...state, passing: item };
      return hasRoom ? { ...state, queue: [...queue, item] } : undefined;
    case 'receive':
      if (result === 'end') return closed && queue.length === 0 && held === 0 ? state : undefined;
      return queue[0] === result ? { ...state, queue: queue.slice(1) } : undefined;
    case 'tryReceive':
      if (result === undefined) return queue.length === 0 ? state : undefined;
      return queue[0] === result ? { ...state, queue: queue.slice(1) } : undefined;
    case 'reserve':
      if (result === 'refused') return closed ? state : undefined;
      return hasRoom ? { ...state, held: held + 1 } : undefined;
    case 'use': // also after a close
      return held > 0 ? { ...state, held: held - 1, queue: [...queue, item] } : undefined;
    case 'release':
      return held > 0 ? { ...state, held: held - 1 } : undefined;
    case 'close':
      return { ...state, closed: true };
  }
}

/** Searches an order, depth first, remembering what led nowhere. */
function isLinearizable(history: readonly Operation[], capacity: number): boolean {
  const dead = new Set<string>();
  const search = (done: number, state: State): boolean => {
    if (done === (1 << history.length) - 1) return state.passing === undefined;
    const key = `${done} ${JSON.stringify(state)}`;
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
  return search(0, { queue: [], held: 0, closed: false, passing: undefined });
}

async function record(
  capacity: number,
  actors: readonly (readonly Kind[])[],
  scheduler: fc.Scheduler,
): Promise<Operation[]> {
  // A blocked send counts as sent before the close, and is delivered after it: so the close comes last, alone.
  const channel = new Channel<number>(capacity);
  const history: Operation[] = [];
  let clock = 0;
  let item = 0;
  const permits: Permit<number>[] = [];
  const called = (kind: Kind): Operation => {
    const operation: Operation = { kind, item: ++item, called: ++clock, returned: 0, result: undefined };
    history.push(operation);
    return operation;
  };
  const act = async (kinds: readonly Kind[]): Promise<void> => {
    for (const kind of kinds) {
      await scheduler.schedule(Promise.resolve());
      const permit = kind === 'use' || kind === 'release' ? permits.pop() : undefined;
      if (permit === undefined && (kind === 'use' || kind === 'release')) continue; // there is none to use
      const operation = called(kind);
      if (kind === 'send')
        operation.result = await channel.send(operation.item).then(
          () => true,
          () => 'refused' as const,
        );
      else if (kind === 'trySend') operation.result = channel.trySend(operation.item);
      else if (kind === 'receive') operation.result = (await channel.receive()) ?? 'end';
      else if (kind === 'tryReceive') operation.result = channel.tryReceive();
      else if (kind === 'use') permit?.send(operation.item);
      else if (kind === 'release') permit?.release();
      else if (kind === 'reserve')
        operation.result = await channel.reserve().then(
          (made) => permits.push(made) > 0,
          () => 'refused' as const,
        );
      operation.returned = ++clock;
    }
  };
  const running = Promise.all(actors.map(act));
  // What still waits: give back what is held, take what senders wait with; then end, which ends what receivers wait for.
  for (;;) {
    await scheduler.waitIdle();
    await macrotask(); // the operation that spends the politeness budget settles by then
    if (scheduler.count() > 0) continue;
    const permit = permits.pop();
    if (permit === undefined && channel.stats().waitingSenders === 0) break;
    const operation = called(permit === undefined ? 'tryReceive' : 'release');
    if (permit === undefined) operation.result = channel.tryReceive();
    else permit.release();
    operation.returned = ++clock;
  }
  const closing = called('close');
  channel.close();
  closing.returned = ++clock;
  await scheduler.waitFor(running);
  return history;
}

const kinds = fc.array(
  fc.constantFrom<Kind>('send', 'send', 'receive', 'receive', 'trySend', 'tryReceive', 'reserve', 'use', 'release'),
  {
    minLength: 1,
    maxLength: 3,
  },
);

describe('a channel is linearizable', () => {
  it('in every concurrent history of three actors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3),
        fc.tuple(kinds, kinds, kinds),
        fc.scheduler(),
        async (capacity, actors, scheduler) => {
          const history = await record(capacity, actors, scheduler);
          expect(isLinearizable(history, capacity), JSON.stringify(history)).toBe(true);
        },
      ),
      { numRuns: HISTORIES },
    );
  });

  it('and the check can fail: a queue that swaps two items is not', () => {
    const operation = (kind: Kind, item: number, result: Operation['result'], at: number): Operation => ({
      kind,
      item,
      result,
      called: at,
      returned: at + 1,
    });
    const swapped = [
      operation('send', 1, true, 1),
      operation('send', 2, true, 3),
      operation('receive', 0, 2, 5),
      operation('receive', 0, 1, 7),
    ];
    expect(isLinearizable(swapped, 2)).toBe(false);
    expect(isLinearizable([swapped[0], swapped[1], operation('receive', 0, 1, 5)] as Operation[], 2)).toBe(true);
  });

  it('and the check can fail: a queue that gives away a place that is held is not', () => {
    const operation = (kind: Kind, item: number, at: number): Operation => ({
      kind,
      item,
      result: true,
      called: at,
      returned: at + 1,
    });
    expect(isLinearizable([operation('reserve', 0, 1), operation('send', 1, 3)], 1)).toBe(false);
    expect(isLinearizable([operation('reserve', 0, 1), operation('send', 1, 3)], 2)).toBe(true);
  });
});
