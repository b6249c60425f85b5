// Iterating a stream over a channel: it goes past the stream's buffer where it can, and nobody can tell that from Node's own
// iterator, which `iterator()` still gives.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Channel } from 'sluice';
import { toDuplex, toReadable } from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { spendsBudget } from '../../src/politeness.js';
import { macrotask, MUTATING, PlainSignal, watch, type Watched } from '../support.js';

type Step =
  | { readonly do: 'send'; readonly items: readonly unknown[] }
  | { readonly do: 'next'; readonly times: number }
  | { readonly do: 'return' | 'read' | 'listen' | 'react' | 'destroy' | 'abort' | 'end' | 'fail' | 'cancel' | 'wait' };

const FAILS = 'a promise that rejects';
const boom = new Error('boom');

const item = fc.oneof(
  { weight: 12, arbitrary: fc.nat(9) },
  fc.constantFrom<unknown>(undefined, null, '', Promise.resolve('promised'), FAILS, { then: 'no function' }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), items: fc.array(item, { maxLength: 6 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('next' as const), times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'wait' as const }) },
  fc.record({
    do: fc.constantFrom('return', 'read', 'listen', 'react', 'destroy', 'abort', 'end', 'fail', 'cancel'),
  }) as fc.Arbitrary<Step>,
);

/** Does the steps, and says what could be seen of it. */
async function lived(steps: readonly Step[], ownsBoth: boolean, native: boolean): Promise<unknown> {
  const channel = new Channel<unknown>(100);
  const signal = new PlainSignal();
  const seen: unknown[] = [];
  const options = { signal, onDrop: (dropped: unknown) => void seen.push(['dropped', dropped]) };
  const stream = ownsBoth
    ? toDuplex({ sender: new Channel<unknown>(1), receiver: channel }, options)
    : toReadable(channel, options);
  stream.on('error', (error) => void seen.push(['error', error]));
  for (const event of ['end', 'close']) stream.on(event, () => void seen.push([event]));
  const iterator = native ? stream.iterator() : stream[Symbol.asyncIterator]();
  const answers: Watched[] = [];
  for (const each of steps) {
    if (each.do === 'send')
      for (const sent of each.items)
        channel.closed || channel.trySend(sent === FAILS ? handled(Promise.reject(boom)) : sent);
    else if (each.do === 'next') for (let i = 0; i < each.times; i++) answers.push(watch(iterator.next()));
    else if (each.do === 'return') answers.push(watch(iterator.return?.() as Promise<unknown>));
    else if (each.do === 'read') seen.push(['read', stream.read()]);
    else if (each.do === 'listen') stream.on('data', (data) => void seen.push(['data', data]));
    else if (each.do === 'react') stream.on('readable', () => void seen.push(['reacted', stream.read()]));
    else if (each.do === 'destroy') stream.destroy(boom);
    else if (each.do === 'abort') signal.abort(boom);
    else if (each.do === 'end') channel.close();
    else if (each.do === 'fail') channel.close(boom);
    else if (each.do === 'cancel') channel.cancel(boom);
    // What each has led to is seen: what waits for a tick or a task of the loop is no difference.
    await macrotask();
    await macrotask();
  }
  const { destroyed, errored, readableEnded, readableLength } = stream;
  const outcomes = answers.map(({ state, result }) => [state, result]);
  return { outcomes, seen, left: channel.drain(), destroyed, errored, readableEnded, readableLength };
}

function handled<P extends Promise<unknown>>(promise: P): P {
  promise.catch(() => {});
  return promise;
}

describe('iterating a stream over a channel', () => {
  it("is Node's own iteration, whatever happens to stream and channel", async () => {
    const lives = fc.array(step, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lives, fc.boolean(), async (steps, ownsBoth) => {
        const [ours, native] = [await lived(steps, ownsBoth, false), await lived(steps, ownsBoth, true)];
        if (isDeepStrictEqual(ours, native)) return;
        // It may be the turn of the event loop, which came in the one and not in the other: both with a fresh budget.
        const fresh = (isNative: boolean): Promise<unknown> => {
          while (!spendsBudget());
          return lived(steps, ownsBoth, isNative);
        };
        expect(await fresh(false)).toEqual(await fresh(true));
      }),
      { numRuns: MUTATING ? 100 : process.env['LONG'] === '1' ? 20_000 : 300 },
    );
  });

  it('rejects at an item that cannot be awaited, and destroys the stream', async () => {
    const bad = Object.defineProperty({}, 'then', {
      get() {
        throw boom;
      },
    });
    const channel = Channel.from<unknown>([1, 2, bad, 4], 4);
    const got: unknown[] = [];
    const iterated = watch(
      (async () => {
        for await (const each of toReadable(channel)) got.push(each);
      })(),
    );
    await macrotask();
    await macrotask();
    expect([got, iterated.result, channel.ended]).toEqual([[1, 2], boom, true]);
  });
});
