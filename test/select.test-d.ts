// The types of select, tested by the compiler (`npm run check:types`): how `case` narrows, and what must not compile.

import { describe, expectTypeOf, it } from 'vitest';
import {
  after,
  type BoundedQueue,
  type Case,
  type Cases,
  type Channel,
  type Picked,
  type Received,
  type Receiver,
  receiving,
  select,
  type Sender,
  sending,
  trySelect,
} from '../src/index.js';
import type * as contract from './contract.js';

interface Animal {
  name: string;
}
interface Dog extends Animal {
  bark(): void;
}

declare const words: Channel<string>;
declare const numbers: Channel<number>;
declare const dogs: Channel<Dog>;
declare const animals: Channel<Animal>;
declare const dog: Dog;
declare const animal: Animal;
declare const sometimes: boolean;

describe('what a case adds', () => {
  it('an item or the end; nothing; nothing', () => {
    expectTypeOf(receiving(words)).toEqualTypeOf<Case<Received<string>>>();
    expectTypeOf(sending(words, 'a')).toEqualTypeOf<Case<{}>>();
    expectTypeOf(after(1)).toEqualTypeOf<Case<{}>>();
  });

  it('as a case of animals where it is one of dogs', () => {
    expectTypeOf(receiving(dogs)).toExtend<Case<Received<Animal>>>();
    expectTypeOf(receiving(animals)).not.toExtend<Case<Received<Dog>>>();
    expectTypeOf(receiving(dogs)).toExtend<Case<object>>();
  });
});

describe('the outcome', () => {
  it('is narrowed by its case, then by done', async () => {
    const picked = await select({
      word: receiving(words),
      number: receiving(numbers),
      out: sending(words, 'a'),
      tick: after(1),
    });
    expectTypeOf(picked.case).toEqualTypeOf<'word' | 'number' | 'out' | 'tick'>();
    switch (picked.case) {
      case 'word':
        expectTypeOf(picked.value).toEqualTypeOf<string | undefined>();
        if (picked.done) expectTypeOf(picked.value).toEqualTypeOf<undefined>();
        else expectTypeOf(picked.value).toEqualTypeOf<string>();
        break;
      case 'number':
        expectTypeOf(picked.value).toEqualTypeOf<number | undefined>();
        break;
      case 'out':
      case 'tick':
        expectTypeOf(picked).not.toHaveProperty('value');
        expectTypeOf(picked).not.toHaveProperty('done');
        break;
      default:
        expectTypeOf(picked).toEqualTypeOf<never>();
    }
  });

  it('of one case needs no narrowing, and undefined may be an item', async () => {
    const items = numbers as unknown as Channel<number | undefined>;
    const picked = await select({ item: receiving(items) });
    expectTypeOf(picked.value).toEqualTypeOf<number | undefined>();
    expectTypeOf(picked).toEqualTypeOf<
      | { readonly case: 'item'; readonly done: false; readonly value: number | undefined }
      | { readonly case: 'item'; readonly done: true; readonly value: undefined }
    >();
  });

  it('of trySelect is the same, or undefined', () => {
    const cases = { word: receiving(words), out: sending(numbers, 1) };
    expectTypeOf(trySelect(cases)).toEqualTypeOf<Picked<typeof cases> | undefined>();
    expectTypeOf(select(cases)).resolves.toEqualTypeOf<Picked<typeof cases>>();
  });

  it('has a case that may be absent, and none that always is', async () => {
    const picked = await select({
      out: sometimes && sending(words, 'a'),
      word: sometimes ? receiving(words) : null,
      none: false,
      never: undefined,
      nil: null,
    });
    expectTypeOf(picked.case).toEqualTypeOf<'out' | 'word'>();
    if (picked.case === 'word' && !picked.done) expectTypeOf(picked.value).toEqualTypeOf<string>();
  });

  it('of a case that is one of two kinds has the parts of both', async () => {
    const picked = await select({ either: sometimes ? receiving(words) : receiving(numbers) });
    if (!picked.done) expectTypeOf(picked.value).toEqualTypeOf<string | number>();
  });

  it('of cases that were made elsewhere is known by their type', async () => {
    const any: Cases = { word: receiving(words) };
    expectTypeOf(await select(any)).toExtend<{ readonly case: string }>();
    const generic = async <T>(channel: Channel<T>): Promise<T | undefined> =>
      (await select({ item: receiving(channel) })).value;
    expectTypeOf(generic(words)).resolves.toEqualTypeOf<string | undefined>();
  });
});

describe('what must not compile', () => {
  it('an item that the channel does not take: the channel alone says which', () => {
    // @ts-expect-error a string for numbers
    sending(numbers, 'a');
    // @ts-expect-error an animal that may be no dog
    sending(dogs, animal);
    // @ts-expect-error no item
    sending(numbers);
    sending(animals, dog);
  });

  it('a place that is no Channel', () => {
    // @ts-expect-error a receiver of another kind
    receiving({} as Receiver<number>);
    // @ts-expect-error a queue
    receiving({} as BoundedQueue<number>);
    // @ts-expect-error a sender of another kind
    sending({} as Sender<number>, 1);
    // @ts-expect-error a queue
    sending({} as BoundedQueue<number>, 1);
  });

  it('what is no case, an unknown order, and limits of trySelect', () => {
    // @ts-expect-error a promise is no case
    void select({ word: words.receive() });
    // @ts-expect-error a channel is no case
    void select({ word: words });
    // @ts-expect-error true is no case: only what is absent may be a boolean
    void select({ word: true });
    // @ts-expect-error an object that looks like one
    void select({ word: { does: 'receive' } });
    // @ts-expect-error an unknown order
    void select({ word: receiving(words) }, { order: 'random' });
    // @ts-expect-error it never waits
    trySelect({ word: receiving(words) }, { timeout: 1 });
    // @ts-expect-error a number of milliseconds
    after('1s');
    // @ts-expect-error a number of milliseconds
    after();
  });

  it('a case that is not there', async () => {
    const picked = await select({ word: receiving(words), tick: after(1) });
    // @ts-expect-error no such case
    void (picked.case === 'out');
    // @ts-expect-error only what receives has a value
    void picked.value;
  });
});

describe('the contract', () => {
  it('is what the package declares', () => {
    expectTypeOf<Received<Dog>>().toEqualTypeOf<contract.Received<Dog>>();
    expectTypeOf<Parameters<typeof after>>().toEqualTypeOf<Parameters<typeof contract.after>>();
    expectTypeOf<Parameters<typeof sending<Dog>>[1]>().toEqualTypeOf<Parameters<typeof contract.sending<Dog>>[1]>();
    expectTypeOf<Parameters<typeof select>[1]>().toEqualTypeOf<Parameters<typeof contract.select>[1]>();
    expectTypeOf<Parameters<typeof trySelect>[1]>().toEqualTypeOf<Parameters<typeof contract.trySelect>[1]>();
  });
});
