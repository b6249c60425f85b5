// The rules for processors, tried: on correct ones, and on some that are broken on either side, or between.

import { verifyProcessor } from 'sluice/reactive/verify';
import { describe, expect, it } from 'vitest';
import { atOnce, type ProcessorFlaws, processorOf, soon, type When } from './peers.js';
import { allBut, failures, resultOf, resultsOf, rulesThat } from './rules.js';

const verified = (when: When, flaws: ProcessorFlaws, skip: string[] = []) =>
  verifyProcessor(
    () => processorOf(when, flaws),
    (i) => i,
    { timeout: 60, skip },
  );

describe.each([
  ['at once', atOnce],
  ['later', soon],
] as const)('a correct processor that passes things on %s', (_, when) => {
  it('passes all rules that code can check, and has the others skipped with the reason', async () => {
    const results = await resultsOf(verified(when, {}));
    expect(failures(results)).toEqual([]);
    expect(rulesThat('skipped', results)).toEqual('1.6 1.8 1.10 1.11 2.2 2.4 2.11 3.1 3.10 3.11 3.14'.split(' '));
    expect(results.map(({ rule }) => rule)).toEqual(allBut()); // each rule once, in order
  });
});

describe('a processor that is broken', () => {
  it.each([
    ['1.1', 'gives each item twice', { doubles: true }],
    ['2.5', 'takes a second publisher', { takesSecond: true }],
    ['2.6', 'stays subscribed without a subscriber', { stays: true }],
    ['2.13', 'takes null for an item', { takesNull: true }],
    ['3.9', 'takes any number for demand', { takesAnyRequest: true }],
    ['4.1', 'forgets what was requested long ago', { forgetsDemand: true }],
    ['4.2', 'swallows an error', { errors: 'swallowed' }],
    ['4.2', 'completes for an error', { errors: 'completes' }],
    ['4.2', 'passes an error on when asked', { errors: 'on demand' }],
  ] as [string, string, ProcessorFlaws][])('fails §%s: it %s', async (rule, _, flaws) => {
    const { outcome, message } = await resultOf(verified(atOnce, flaws, allBut(rule)), rule);
    expect([outcome, message]).toEqual(['failed', expect.stringMatching(/.{12}/)]);
  });

  it('fails §4.1 with the rules that it broke on either side', async () => {
    const results = await resultsOf(
      verified(atOnce, { takesNull: true, stays: true }, allBut('2.6', '2.9', '2.13', '4.1')),
    );
    expect(failures(results).at(-1)).toBe('§4.1: it broke §2.6, §2.13');
    expect(rulesThat('passed', results)).toEqual(['2.9']);
  });
});

describe('what is no processor', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('closed')), 'make() failed: Error: closed'],
    ['gives half of one', () => ({ subscribe() {} }), 'make() gave [object Object], not a processor'],
  ])('is a failed result: a maker that %s', async (_, make, message) => {
    const results = verifyProcessor(make as () => never, (i) => i, { timeout: 5, skip: allBut('1.2', '2.1', '4.2') });
    expect(failures(await resultsOf(results))).toEqual(['1.2', '2.1', '4.2'].map((rule) => `§${rule}: ${message}`));
  });
});
