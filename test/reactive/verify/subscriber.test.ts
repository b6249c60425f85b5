// The rules for subscribers, tried: on correct ones, on one broken for each rule, and on what is no subscriber at all.

import { verifySubscriber } from 'sluice/reactive/verify';
import { describe, expect, it } from 'vitest';
import { atOnce, type SubscriberFlaws, soon, subscriberOf, type When } from './peers.js';
import { allBut, failures, resultOf, resultsOf, rulesThat } from './rules.js';

const AUTOMATED = '2.1 2.3 2.5 2.6 2.7 2.8 2.9 2.10 2.12 2.13'.split(' ');
const BY_READING = ['2.2', '2.4', '2.11'];

const verified = (when: When, flaws: SubscriberFlaws, skip: string[] = []) =>
  verifySubscriber(
    () => subscriberOf(when, flaws),
    (i) => `item ${i}`,
    { timeout: 60, skip },
  );

describe.each([
  ['at once', atOnce],
  ['later', soon],
] as const)('a correct subscriber that asks for its items %s', (_, when) => {
  it('passes all rules that code can check, and has the others skipped with the reason', async () => {
    const results = await resultsOf(verified(when, {}));
    expect(failures(results)).toEqual([]);
    expect(rulesThat('passed', results)).toEqual(AUTOMATED);
    expect(rulesThat('skipped', results)).toEqual(BY_READING);
  });

  it('has the rules skipped that need a probe, where it has none', async () => {
    const results = await resultsOf(
      verifySubscriber(
        () => subscriberOf(when).subscriber,
        (i) => i,
        { timeout: 60 },
      ),
    );
    expect(failures(results)).toEqual([]);
    expect(rulesThat('skipped', results)).toEqual(['2.2', '2.4', '2.6', '2.8', '2.11']);
    expect(results.find(({ rule }) => rule === '2.6')?.message).toContain('needs a probe');
  });
});

describe('a subscriber that is broken', () => {
  const broken: [string, string, SubscriberFlaws, When?][] = [
    ['2.1', 'asks for nothing', { mute: true }],
    ['2.1', 'asks for 0 items', { asks: 0 }],
    ['2.1', 'asks for half an item', { asks: 1.5 }],
    ['2.1', 'believes that it has asked for more', { boasts: 1 }],
    ['2.3', 'cancels from onComplete and onError', { callsAtEnd: 'cancel' }],
    ['2.3', 'requests from onComplete and onError', { callsAtEnd: 'request' }],
    ['2.5', 'takes a second subscription for the first', { second: 'replaces' }],
    ['2.5', 'leaves a second subscription be', { second: 'ignores' }],
    ['2.6', 'stays subscribed', { stays: true }],
    ['2.7', 'requests before it can take an item', { asksTooEarly: true }],
    ['2.7', 'cancels inside request', { overlaps: true }],
    ['2.8', 'throws for an item after its cancel', { throwsWhenLate: true }],
    ['2.9', 'throws from onComplete', { throwsAtEnd: 'onComplete' }],
    ['2.9', 'throws from onComplete before its request', { throwsBeforeRequest: 'onComplete' }, soon],
    ['2.10', 'throws from onError', { throwsAtEnd: 'onError' }],
    ['2.10', 'throws from onError before its request', { throwsBeforeRequest: 'onError' }, soon],
    ['2.12', 'goes over to a second subscription', { second: 'replaces' }],
    ['2.12', 'asks a second subscription too', { second: 'asks' }],
    ['2.13', 'takes null for a subscription', { takesNull: 'onSubscribe' }],
    ['2.13', 'takes null for an item', { takesNull: 'onNext' }],
    ['2.13', 'takes null for an error', { takesNull: 'onError' }],
  ];

  it.each(broken)('fails §%s: it %s', async (rule, _, flaws, when = atOnce) => {
    const { outcome, message } = await resultOf(verified(when, flaws, allBut(rule)), rule);
    expect([outcome, message]).toEqual(['failed', expect.stringMatching(/.{12}/)]);
  });

  it('is tried for each rule that code can check', () => {
    expect([...new Set(broken.map(([rule]) => rule))]).toEqual(AUTOMATED);
  });

  it('fails §2.13 where it throws from any signal of any check', async () => {
    const results = await resultsOf(verified(atOnce, { throwsForItems: true }, allBut('2.3', '2.13')));
    expect(rulesThat('passed', results)).toEqual(['2.3']);
    expect(failures(results)).toEqual(['§2.13: onNext threw Error: not today']);
  });
});

describe('what is no subscriber', () => {
  const only = { timeout: 5, skip: allBut('2.1') };

  it.each([
    [
      'throws',
      () => {
        throw new Error('closed');
      },
      'make() failed: Error: closed',
    ],
    ['gives nothing', () => null, 'make() gave null, not a subscriber'],
    ['gives another thing', () => ({ onNext() {} }), 'make() gave [object Object], not a subscriber'],
    ['gives another thing beside a probe', () => ({ subscriber: 7, probe: {} }), 'make() gave 7, not a subscriber'],
    [
      'gives a probe that is none',
      () => ({ ...subscriberOf(), probe: {} }),
      'make() gave [object Object], not a probe',
    ],
  ])('is a failed result: a maker that %s', async (_, make, message) => {
    const { outcome, message: said } = await resultOf(
      verifySubscriber(make as () => never, (i) => i, only),
      '2.1',
    );
    expect([outcome, said]).toEqual(['failed', message]);
  });

  it('is a failed result: a maker of items that throws', async () => {
    const item = (i: number) => {
      throw new Error(`no item ${i}`);
    };
    const results = verifySubscriber(() => subscriberOf(), item, { timeout: 5, skip: allBut('2.7') });
    expect((await resultOf(results, '2.7')).message).toBe('item(0) threw Error: no item 0');
  });
});
