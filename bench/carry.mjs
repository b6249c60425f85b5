// Carries the integers from 1 to `items` through a contestant, once, and checks that all of them arrived.
// @ts-check

/**
 * Resolves with nanoseconds an item; rejects where the sum is not right.
 *
 * @param {import('./types.d.ts').Contestant} contestant
 * @param {import('./types.d.ts').Load} load
 * @param {number} wanted - rounded up to a multiple of the producers
 */
export async function carry(contestant, load, wanted) {
  const share = Math.ceil(wanted / load.producers);
  const items = share * load.producers;
  const produce = load.sending === 'tried' ? contestant.produceTrying : contestant.produce;
  const consume = load.receiving === 'batches' ? contestant.consumeBatches : contestant.consume;
  if (produce === undefined || consume === undefined) throw new Error('cannot do this');
  const started = performance.now();
  const handle = contestant.open(load, items);
  const consuming = [];
  for (let i = 0; i < load.consumers; i++) consuming.push(consume(handle));
  const producing = [];
  for (let i = 0; i < load.producers; i++) producing.push(produce(handle, 1 + i * share, share));
  await Promise.all(producing);
  await contestant.close(handle);
  const tallies = await Promise.all(consuming);
  const ns = ((performance.now() - started) * 1e6) / items;
  let count = 0;
  let sum = 0;
  for (const tally of tallies) {
    count += tally.count;
    sum += tally.sum;
  }
  if (count !== items)
    throw new Error(
      count < items ? `lost ${items - count} of ${items} items` : `doubled ${count - items} of ${items} items`,
    );
  if (sum !== (items * (items + 1)) / 2) throw new Error(`wrong sum`);
  return ns;
}

/**
 * Why a contestant cannot carry a load, if it cannot.
 *
 * @param {import('./types.d.ts').Contestant} contestant
 * @param {import('./types.d.ts').Load} load
 */
export function inability(contestant, load) {
  if (load.receiving === 'batches' && contestant.consumeBatches === undefined) return 'no batches';
  if (load.sending === 'tried' && contestant.produceTrying === undefined) return 'no trySend';
  return contestant.cannot?.(load);
}
