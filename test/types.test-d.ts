// The types, tested by the compiler (`npm run check:types`): what is inferred, what is assignable, what must not compile; and that the package declares the contract.

import { describe, expectTypeOf, it } from 'vitest';
import type * as sluice from '../src/index.js';
import {
  BoundedQueue,
  Channel,
  type ChannelClosedError,
  type ChannelIterator,
  type ChannelOptions,
  type ChannelStats,
  type OverflowError,
  type Receiver,
  type Sender,
  type SenderHandle,
  type TimeoutError,
  type TooManyWaitersError,
  type WaitOptions,
} from '../src/index.js';
import type * as contract from './contract.js';

interface Animal {
  name: string;
}
interface Dog extends Animal {
  bark(): void;
}

/** The public members alone: internal ones are stripped from the declarations that ship. */
type Public<X> = {
  [K in keyof X as K extends keyof contract.Channel<never> | keyof contract.BoundedQueue<never> ? K : never]: X[K];
};

/** That each is assignable to the other. */
function mutual<A extends B, B extends C, C = A>(): void {}

describe('what is inferred', () => {
  it('the item in for await', async () => {
    for await (const item of new Channel<Dog>(1)) expectTypeOf(item).toEqualTypeOf<Dog>();
    for await (const item of new Channel<Dog>(1).consume()) expectTypeOf(item).toEqualTypeOf<Dog>();
    for await (const items of new Channel<Dog>(1).batches(2)) expectTypeOf(items).toEqualTypeOf<Dog[]>();
    for await (const item of new BoundedQueue<Dog>(1)) expectTypeOf(item).toEqualTypeOf<Dog>();
  });

  it('the items of from, sync and async', () => {
    async function* numbers(): AsyncGenerator<number> {
      yield 1;
    }
    expectTypeOf(Channel.from(['a'], 1)).toEqualTypeOf<Channel<string>>();
    expectTypeOf(Channel.from(numbers(), 1)).toEqualTypeOf<Channel<number>>();
    expectTypeOf(Channel.from(new Set([1n]), 1)).toEqualTypeOf<Channel<bigint>>();
  });

  it('what receives give', () => {
    const channel = new Channel<Dog>(1);
    const none = Symbol('none');
    expectTypeOf(channel.receive()).toEqualTypeOf<Promise<Dog | undefined>>();
    expectTypeOf(channel.tryReceive()).toEqualTypeOf<Dog | undefined>();
    expectTypeOf(channel.tryReceive(none)).toEqualTypeOf<Dog | typeof none>();
    expectTypeOf(channel.tryReceive(0)).toEqualTypeOf<Dog | number>();
    expectTypeOf(channel.receiveMany(1)).toEqualTypeOf<Promise<Dog[]>>();
    expectTypeOf(new BoundedQueue<Dog>(1).take()).toEqualTypeOf<Promise<Dog>>();
    expectTypeOf(new BoundedQueue<Dog>(1).cancel()).toEqualTypeOf<Dog[]>();
  });

  it('the native signal, where its types are loaded', () => {
    expectTypeOf(new Channel<Dog>(1).signal).toEqualTypeOf<AbortSignal>();
  });
});

describe('variance', () => {
  it('a channel of dogs is a receiver of animals, a channel of animals a sender of dogs', () => {
    expectTypeOf<Channel<Dog>>().toExtend<Receiver<Animal>>();
    expectTypeOf<Channel<Animal>>().toExtend<Sender<Dog>>();
    expectTypeOf<SenderHandle<Animal>>().toExtend<Sender<Dog>>();
    expectTypeOf<ChannelIterator<Dog>>().toExtend<ChannelIterator<Animal>>();
  });

  it('and never the other way', () => {
    expectTypeOf<Channel<Animal>>().not.toExtend<Receiver<Dog>>();
    expectTypeOf<Channel<Dog>>().not.toExtend<Sender<Animal>>();
    expectTypeOf<Channel<Dog>>().not.toExtend<Channel<Animal>>();
    expectTypeOf<Channel<Animal>>().not.toExtend<Channel<Dog>>();
    expectTypeOf<BoundedQueue<Dog>>().not.toExtend<BoundedQueue<Animal>>();
  });
});

describe('what must not compile', () => {
  it('an item of another type, a missing capacity, an unknown policy, a queue with a policy', () => {
    const channel = new Channel<number>(1);
    // @ts-expect-error an item of another type
    void channel.send('a');
    // @ts-expect-error no capacity
    new Channel<number>();
    // @ts-expect-error an unknown policy
    new Channel<number>(1, { overflow: 'block' });
    // @ts-expect-error a queue has no policy
    new BoundedQueue<number>(1, { overflow: 'reject' });
    // @ts-expect-error a queue's end takes no error
    new BoundedQueue<number>(1).close(new Error());
    // @ts-expect-error the capacity cannot be changed
    channel.capacity = 2;
    // @ts-expect-error a number of milliseconds
    void channel.receive({ timeout: '1s' });
  });
});

describe('the contract', () => {
  it('is declared by the package, member by member', () => {
    mutual<Public<Channel<Dog>>, Public<contract.Channel<Dog>>>();
    mutual<Public<BoundedQueue<Dog>>, Public<contract.BoundedQueue<Dog>>>();
    mutual<Sender<Dog>, contract.Sender<Dog>>();
    mutual<Receiver<Dog>, contract.Receiver<Dog>>();
    mutual<SenderHandle<Dog>, contract.SenderHandle<Dog>>();
    mutual<ChannelIterator<Dog>, contract.ChannelIterator<Dog>>();
    mutual<ChannelOptions<Dog>, contract.ChannelOptions<Dog>>();
    mutual<ChannelStats, contract.ChannelStats>();
    mutual<WaitOptions, contract.WaitOptions>();
    mutual<ChannelClosedError, contract.ChannelClosedError>();
    mutual<TimeoutError, contract.TimeoutError>();
    mutual<OverflowError, contract.OverflowError>();
    mutual<TooManyWaitersError, contract.TooManyWaitersError>();
    expectTypeOf<keyof Public<Channel<Dog>>>().toEqualTypeOf<keyof contract.Channel<Dog>>();
    expectTypeOf<keyof Public<BoundedQueue<Dog>>>().toEqualTypeOf<keyof contract.BoundedQueue<Dog>>();
    expectTypeOf<keyof ChannelStats>().toEqualTypeOf<keyof contract.ChannelStats>();
    expectTypeOf<keyof ChannelOptions<Dog>>().toEqualTypeOf<keyof contract.ChannelOptions<Dog>>();
  });

  it('is declared by the package, constructors and statics by their parameters', () => {
    expectTypeOf<ConstructorParameters<typeof Channel<Dog>>>().toEqualTypeOf<
      ConstructorParameters<typeof contract.Channel<Dog>>
    >();
    expectTypeOf<ConstructorParameters<typeof BoundedQueue<Dog>>>().toEqualTypeOf<
      ConstructorParameters<typeof contract.BoundedQueue<Dog>>
    >();
    expectTypeOf<Parameters<typeof Channel.from<Dog>>>().toEqualTypeOf<Parameters<typeof contract.Channel.from<Dog>>>();
    expectTypeOf<ConstructorParameters<typeof sluice.OverflowError>>().toEqualTypeOf<
      ConstructorParameters<typeof contract.OverflowError>
    >();
    expectTypeOf<keyof typeof sluice>().toEqualTypeOf<Exclude<keyof typeof contract, 'outcome'>>();
  });
});
