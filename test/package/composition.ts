// A stranger's TypeScript program over the rest of the package: select, permits and policies, the controls and the flow.
// Compiled and run as consumer.ts is.

import {
  after,
  Channel,
  receiving,
  select,
  sending,
  trySelect,
  type ChannelStats,
  type Coalesce,
  type Permit,
} from 'sluice';
import { Credits, Gate, recommendCapacity, TokenBucket } from 'sluice/control';
import { flow, type Flow } from 'sluice/flow';

interface Price {
  readonly symbol: string;
  readonly price: number;
}

async function selects(): Promise<string> {
  const jobs = new Channel<string>(1);
  const results = new Channel<number>(1);
  await results.send(0);
  await jobs.send('job');
  const off: boolean = results.closed;
  const picked = await select({
    job: receiving(jobs),
    out: sending(results, 1),
    tick: after(1_000),
    no: off && after(1),
  });
  const nothing = trySelect({ out: sending(results, 2) }, { order: 'priority' });
  if (nothing !== undefined) return 'wrong';
  switch (picked.case) {
    case 'job':
      return picked.done ? 'end' : picked.value;
    case 'out':
    case 'tick':
    case 'no':
      return picked.case;
  }
}

async function pressure(): Promise<number> {
  const latest: Coalesce<Price> = { key: (item) => item.symbol, coalesce: (_, incoming) => incoming };
  const levels: string[] = [];
  const prices = new Channel<Price>(2, {
    overflow: latest,
    watermarks: { high: 1, low: 0 },
    onPressure: (level: 'high' | 'low', stats: ChannelStats) => levels.push(`${level} ${stats.size}`),
  });
  const permit: Permit<Price> = await prices.reserve({ timeout: 10 });
  permit.send({ symbol: 'A', price: 1 });
  prices.trySend({ symbol: 'A', price: 2 });
  {
    using held = prices.tryReserve();
    if (held === undefined) return -1;
  }
  const bytes = new Channel<string>(10, { weigh: (text) => text.length });
  bytes.trySend('12345');
  return prices.drain().length + prices.stats().coalesced + bytes.stats().weight + levels.length;
}

async function controls(): Promise<number> {
  using credits = new Credits(1);
  await credits.take();
  const bucket = new TokenBucket({ rate: 10, per: 1_000, burst: 1 });
  await bucket.take(1, { timeout: 10 });
  const gate = new Gate({ paused: false });
  await gate.opened();
  const { capacity, utilisation, wait } = recommendCapacity({ arrivals: 100, service: { mean: 5, p99: 20 } });
  return credits.available + (bucket.tryTake() ? 100 : 0) + (capacity > 0 && utilisation > 0 && wait > 0 ? 1 : 0);
}

async function flows(): Promise<string> {
  const words: Flow<string> = flow([1, 2, 3, 4])
    .filter((n) => n > 1)
    .map(async (n, { signal }) => (signal.aborted ? 'aborted' : `n${n}`), { concurrency: 2 });
  const batches: string[][] = await words.batch(2).toArray();
  const out = new Channel<number>(8);
  const sent: number = await flow(new Set([1, 2])).to(out);
  const narrowed: Flow<string> = flow<string | number>(['a', 1]).filter(
    (item): item is string => typeof item === 'string',
  );
  const zipped: [number, string][] = await flow([1]).zip(['one']).toArray();
  return JSON.stringify([batches, sent, await narrowed.toArray(), zipped]);
}

async function main(): Promise<void> {
  const got = JSON.stringify([await selects(), await pressure(), await controls(), await flows()]);
  const wanted = JSON.stringify(['job', 9, 1, '[[["n2","n3"],["n4"]],2,["a"],[[1,"one"]]]']);
  if (got !== wanted) throw new Error(`got ${got}, wanted ${wanted}`);
}
main().catch((error: unknown) => {
  // An error that nobody handles ends a process with a code other than 0, in whatever runtime this is.
  void Promise.reject(error);
});
