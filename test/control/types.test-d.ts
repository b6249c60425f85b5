// The types of the controls, tested by the compiler: that the entry declares the contract, and what must not compile.

import { describe, expectTypeOf, it } from 'vitest';
import type * as entry from '../../src/control/index.js';
import { Credits, type Load, recommendCapacity, TokenBucket } from '../../src/control/index.js';
import type * as contract from './contract.js';

/** That each is assignable to the other. */
function mutual<A extends B, B extends C, C = A>(): void {}

/** The public members alone: those of the inside have symbols of this package for names. */
type Members<X> = Pick<X, Extract<keyof X, string | typeof Symbol.dispose>>;

describe('the entry declares the contract', () => {
  it('and nothing else', () => {
    expectTypeOf<keyof typeof entry>().toEqualTypeOf<keyof typeof contract>();
  });

  it('of its classes', () => {
    mutual<Members<entry.Credits>, Members<contract.Credits>>();
    mutual<Members<entry.TokenBucket>, Members<contract.TokenBucket>>();
    mutual<Members<entry.Gate>, Members<contract.Gate>>();
    mutual<ConstructorParameters<typeof entry.Credits>, ConstructorParameters<typeof contract.Credits>>();
    mutual<ConstructorParameters<typeof entry.TokenBucket>, ConstructorParameters<typeof contract.TokenBucket>>();
    mutual<ConstructorParameters<typeof entry.Gate>, ConstructorParameters<typeof contract.Gate>>();
  });

  it('of the calculator', () => {
    mutual<entry.Load, contract.Load>();
    mutual<typeof entry.recommendCapacity, typeof contract.recommendCapacity>();
  });
});

describe('what must not compile', () => {
  it('a bucket without a rate, credits by name, a load without service times', () => {
    // @ts-expect-error -- the rate is what a bucket is
    new TokenBucket({ per: 1_000 });
    // @ts-expect-error -- a number of credits
    new Credits('one');
    // @ts-expect-error -- nothing can be recommended without them
    const load: Load = { arrivals: 1 };
    expectTypeOf(recommendCapacity(load).capacity).toEqualTypeOf<number>();
  });

  it('the state of a control set from outside', () => {
    // @ts-expect-error -- grant and take change it
    new Credits(1).available = 2;
  });
});
