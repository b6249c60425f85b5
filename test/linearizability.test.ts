// Linearizability, in the manner of Lincheck: actors run concurrently on a real channel; each operation's call and return
// are noted; then a sequential order is searched that keeps to the real time of the history (an operation that returned
// before another was called comes first) and that a plain bounded queue would have given.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channel } from 'sluice';

const HISTORIES = process.env['LONG'] ? 20_000 : 1_500;

type Kind = 'send' | 'trySend' | 'receive' | 'tryReceive' | 'close';

interface Operation {
  readonly kind: Kind;
  readonly item: number;
  readonly called: number;
  returned: number;
  /** What it gave; `refused` where it was rejected. */
  result: number | boolean | 'end' | 'refused' | undefined;
}

/** The sequential specification: the state after an operation with that result; undefined where it could not give it. */
function after(
  queue: readonly number[],
  closed: boolean,
  capacity: number,
  operation: Operation,
): readonly [readonly number[], boolean] | undefined {
  const { kind, item, result } = operation;
  switch (kind) {
    case 'send':
      if (result === 'refused') return closed ? [queue, closed] : undefined;
      return !closed && queue.length < capacity ? [[...queue, item], closed] : undefined;
    case 'trySend':
      if (result === false) return closed || queue.length >= capacity ? [queue, closed] : undefined;
      return !closed && queue.length < capacity ? [[...queue, item], closed] : undefined;
    case 'receive':
      if (result === 'end') return closed && queue.length === 0 ? [queue, closed] : undefined;
      return queue[0] === result ? [queue.slice(1), closed] : undefined;
    case 'tryReceive':
      if (result === undefined) return queue.length === 0 ? [queue, closed] : undefined;
      return queue[0] === result ? [queue.slice(1), closed] : undefined;
    case 'close':
      return [queue, true];
  }
}

/** Searches an order, depth first, remembering what led nowhere. */
function isLinearizable(history: readonly Operation[], capacity: number): boolean {
  const dead = new Set<string>();
  const search = (done: number, queue: readonly number[], closed: boolean): boolean => {
    if (done === (1 << history.length) - 1) return true;
    const key = `${done} ${queue.join()} ${closed}`;
    if (dead.has(key)) return false;
    const pending = history.filter((_, n) => (done & (1 << n)) === 0);
    const firstReturn = Math.min(...pending.map(({ returned }) => returned));
    for (const [n, operation] of history.entries()) {
      if ((done & (1 << n)) !== 0 || operation.called > firstReturn) continue;
      const next = after(queue, closed, capacity, operation);
      if (next !== undefined && search(done | (1 << n), ...next)) return true;
    }
    dead.add(key);
    return false;
  };
  return search(0, [], false);
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
  const act = async (kinds: readonly Kind[]): Promise<void> => {
    for (const kind of kinds) {
      await scheduler.schedule(Promise.resolve());
      const operation: Operation = { kind, item: ++item, called: ++clock, returned: 0, result: undefined };
      history.push(operation);
      if (kind === 'send')
        operation.result = await channel.send(operation.item).then(
          () => true,
          () => 'refused' as const,
        );
      else if (kind === 'trySend') operation.result = channel.trySend(operation.item);
      else if (kind === 'receive') operation.result = (await channel.receive()) ?? 'end';
      else if (kind === 'tryReceive') operation.result = channel.tryReceive();
      operation.returned = ++clock;
    }
  };
  const running = Promise.all(actors.map(act));
  await scheduler.waitIdle();
  // What still waits: take what senders wait with; then end, which ends what receivers wait for.
  while (channel.stats().waitingSenders > 0) {
    const operation: Operation = { kind: 'tryReceive', item: 0, called: ++clock, returned: 0, result: undefined };
    history.push(operation);
    operation.result = channel.tryReceive();
    operation.returned = ++clock;
    await scheduler.waitIdle();
  }
  const closing: Operation = { kind: 'close', item: 0, called: ++clock, returned: 0, result: undefined };
  history.push(closing);
  channel.close();
  closing.returned = ++clock;
  await scheduler.waitFor(running);
  return history;
}

const kinds = fc.array(fc.constantFrom<Kind>('send', 'send', 'receive', 'receive', 'trySend', 'tryReceive'), {
  minLength: 1,
  maxLength: 3,
});

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
});
