// The types of flows, tested by the compiler: what is inferred, what must not compile, and that the entry declares the contract.

import { describe, expectTypeOf, it } from 'vitest';
import type * as entry from '../../src/flow/index.js';
import {
  type BranchOptions,
  type ConcurrencyOptions,
  type Flow,
  type FlowOptions,
  flow,
  type ItemOf,
  type Source,
  type StepContext,
} from '../../src/flow/index.js';
import { Channel, type ChannelIterator, type Receiver } from '../../src/index.js';
import type * as contract from './contract.js';

interface Animal {
  name: string;
}
interface Dog extends Animal {
  bark(): void;
}

/** That each is assignable to the other. */
function mutual<A extends B, B extends C, C = A>(): void {}

declare const dogs: Flow<Dog>;
declare const mixed: Flow<Dog | undefined>;
declare const bucket: contract.TokenBucket;

describe('what is inferred', () => {
  it('the items of a source', () => {
    async function* numbers(): AsyncGenerator<number> {
      yield 1;
    }
    expectTypeOf(flow(['a'])).toEqualTypeOf<Flow<string>>();
    expectTypeOf(flow(numbers())).toEqualTypeOf<Flow<number>>();
    expectTypeOf(flow(new Channel<Dog>(1))).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(flow(new Channel<Dog>(1).consume())).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(flow({} as Receiver<Dog>)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf<ItemOf<Flow<Dog>>>().toEqualTypeOf<Dog>();
    expectTypeOf<ItemOf<Source<Dog>>>().toEqualTypeOf<Dog>();
    expectTypeOf<ItemOf<5>>().toEqualTypeOf<never>();
  });

  it('the items after each step', () => {
    expectTypeOf(dogs.map((dog) => dog.name)).toEqualTypeOf<Flow<string>>();
    expectTypeOf(dogs.map(async (dog) => dog.name, { concurrency: 2 })).toEqualTypeOf<Flow<string>>();
    expectTypeOf(dogs.map((_, { signal }) => signal)).toEqualTypeOf<Flow<AbortSignal>>();
    expectTypeOf(dogs.flatMap((dog) => [dog.name])).toEqualTypeOf<Flow<string>>();
    expectTypeOf(dogs.flatMap(async (dog) => flow([dog.name]))).toEqualTypeOf<Flow<string>>();
    expectTypeOf(mixed.filter((dog): dog is Dog => dog !== undefined)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.filter(async () => true)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.take(1)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.drop(1)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.scan((count) => count + 1, 0)).toEqualTypeOf<Flow<number>>();
    expectTypeOf(dogs.tap((dog) => dog.bark())).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.batch(2, { within: 1, weigh: (dog) => dog.name.length })).toEqualTypeOf<Flow<Dog[]>>();
    expectTypeOf(dogs.buffer(1, { onDrop: (dog) => dog.bark() })).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.throttle(bucket, (dog) => dog.name.length)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.timeout(1)).toEqualTypeOf<Flow<Dog>>();
    expectTypeOf(dogs.merge(['a'], flow([1]))).toEqualTypeOf<Flow<Dog | string | number>>();
    expectTypeOf(dogs.zip(['a'], flow([1]))).toEqualTypeOf<Flow<[Dog, string, number]>>();
    expectTypeOf(dogs.partition(2, (dog) => dog.name)).toEqualTypeOf<Flow<Dog>[]>();
    expectTypeOf(dogs.broadcast(2)).toEqualTypeOf<Flow<Dog>[]>();
  });

  it('what the ends give', async () => {
    expectTypeOf(dogs.run()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(dogs.forEach((dog, { signal }) => [dog.name, signal.aborted])).toEqualTypeOf<Promise<void>>();
    expectTypeOf(dogs.to(new Channel<Animal>(1))).toEqualTypeOf<Promise<number>>();
    expectTypeOf(dogs.toArray()).toEqualTypeOf<Promise<Dog[]>>();
    expectTypeOf(dogs.reduce((count) => count + 1, 0)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(dogs[Symbol.asyncIterator]()).toEqualTypeOf<ChannelIterator<Dog>>();
    for await (const dog of dogs) expectTypeOf(dog).toEqualTypeOf<Dog>();
  });
});

describe('variance', () => {
  it('a flow of dogs is a flow of animals, and never the other way', () => {
    expectTypeOf<Flow<Dog>>().toExtend<Flow<Animal>>();
    expectTypeOf<Flow<Animal>>().not.toExtend<Flow<Dog>>();
  });
});

describe('what must not compile', () => {
  it('sources, functions and senders of another kind', () => {
    // @ts-expect-error not iterable
    flow(5);
    // @ts-expect-error no number
    dogs.take('1');
    // @ts-expect-error a function of another item
    dogs.map((cat: { meow(): void }) => cat);
    // @ts-expect-error not iterable
    dogs.flatMap(() => 5);
    // @ts-expect-error a sender of other items
    void dogs.to(new Channel<string>(1));
    // @ts-expect-error a branch does not reject
    dogs.broadcast(2, { overflow: 'reject' });
    // @ts-expect-error no key
    dogs.partition(2, (dog) => dog);
    // @ts-expect-error there is no retry
    dogs.retry(3);
  });
});

describe('the contract', () => {
  it('is declared by the entry', () => {
    mutual<Flow<Dog>, contract.Flow<Dog>>();
    mutual<FlowOptions, contract.FlowOptions>();
    mutual<BranchOptions, contract.BranchOptions>();
    mutual<ConcurrencyOptions, contract.ConcurrencyOptions>();
    mutual<StepContext, contract.StepContext>();
    mutual<Source<Dog>, contract.Source<Dog>>();
    mutual<ItemOf<Dog[]>, contract.ItemOf<Dog[]>>();
    expectTypeOf<keyof Flow<Dog>>().toEqualTypeOf<keyof contract.Flow<Dog>>();
    expectTypeOf<keyof FlowOptions>().toEqualTypeOf<keyof contract.FlowOptions>();
    expectTypeOf<keyof BranchOptions>().toEqualTypeOf<keyof contract.BranchOptions>();
    expectTypeOf<keyof ConcurrencyOptions>().toEqualTypeOf<keyof contract.ConcurrencyOptions>();
    expectTypeOf<Parameters<typeof flow<Dog>>>().toEqualTypeOf<Parameters<typeof contract.flow<Dog>>>();
    expectTypeOf<keyof typeof entry>().toEqualTypeOf<'flow'>();
  });
});
