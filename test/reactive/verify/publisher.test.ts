// The rules for publishers, tried: on correct ones, on one broken for each rule, and on what is no publisher at all.

import { verifyPublisher } from 'sluice/reactive/verify';
import { describe, expect, it } from 'vitest';
import { atOnce, type PublisherFlaws, publisherOf, soon, type When } from './peers.js';
import { allBut, failures, resultOf, resultsOf, rulesThat } from './rules.js';

const AUTOMATED =
  '1.1 1.2 1.3 1.4 1.5 1.7 1.9 1.11 2.12 2.13 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.12 3.13 3.15 3.16 3.17'.split(' ');
const BY_READING = '1.6 1.8 1.10 3.1 3.10 3.11 3.14'.split(' ');

const verified = (when: When, flaws: PublisherFlaws, skip: string[] = [], timeout = 60) =>
  verifyPublisher((elements) => publisherOf(elements, when, flaws), {
    failed: () => publisherOf(1, when, flaws, new Error('out of order')),
    multicast: true,
    timeout,
    skip,
  });

describe.each([
  ['at once', atOnce],
  ['later', soon],
] as const)('a correct publisher that gives its items %s', (_, when) => {
  it('passes all rules that code can check, and has the others skipped with the reason', async () => {
    const results = await resultsOf(verified(when, {}, [], 100));
    expect(failures(results)).toEqual([]);
    expect(rulesThat('passed', results)).toEqual(AUTOMATED);
    const skipped = results.filter(({ outcome }) => outcome === 'skipped');
    expect(skipped.map(({ rule }) => rule)).toEqual(BY_READING);
    expect(skipped.every(({ message = '' }) => message.length > 10)).toBe(true);
  });
});

it.each([
  ['equal objects', (item: number) => ({ item })],
  ['NaN', () => Number.NaN],
  ['the same symbols', (item: number) => Symbol.for(`${item}`)],
])('a correct publisher that gives all subscribers %s keeps §1.11', async (_, gives) => {
  const { outcome, message } = await resultOf(verified(atOnce, { gives }, allBut('1.11')), '1.11');
  expect([outcome, message]).toEqual(['passed', undefined]);
});

describe('a publisher that is broken', () => {
  const broken: [string, string, PublisherFlaws, When?][] = [
    ['1.1', 'gives an item too many', { excess: 1 }],
    ['1.1', 'gives an item too many, later', { excess: 1 }, soon],
    ['1.1', 'gives nothing', { silent: true }],
    ['1.2', 'does not end after the last', { endless: true }],
    ['1.3', 'gives signals inside signals', { recursive: true }],
    ['1.4', 'completes where it fails', { failsWith: 'onComplete' }],
    ['1.4', 'says nothing where it fails', { failsWith: 'nothing' }],
    ['1.5', 'does not end', { endless: true }],
    ['1.5', 'does not end without an item', { emptyIsEndless: true }],
    ['1.7', 'completes twice', { completions: 2 }],
    ['1.7', 'fails twice', { failures: 2 }],
    ['1.8', 'completes when it is cancelled', { completesOnCancel: true }],
    ['1.9', 'gives an item before the subscription', { itemFirst: true }],
    ['1.9', 'gives no subscription', { subscriptions: 0 }],
    ['1.9', 'subscribes null', { takesNull: true }],
    ['1.9', 'throws for a second subscriber', { throwsForSecond: true }],
    ['1.9', 'throws where it fails', { failsWith: 'throw' }],
    ['1.9', 'gives two subscriptions', { subscriptions: 2 }],
    ['1.11', 'gives each subscriber other items', { unequal: true }],
    ['1.11', 'gives each subscriber other symbols', { gives: (item) => Symbol(item) }],
    ['1.11', 'gives each subscriber other big integers', { gives: (item, nth) => BigInt(item + nth) }],
    ['1.11', 'gives each subscriber other objects', { gives: (item, nth) => ({ item, nth }) }],
    ['1.11', 'gives an object where another subscriber gets its text', { gives: (i, nth) => (nth > 1 ? [i] : `${i}`) }],
    ['2.12', 'gives two subscriptions', { subscriptions: 2 }],
    ['2.13', 'gives null', { nulls: true }],
    ['3.2', 'does not hear a request from inside', { deafInside: true }],
    ['3.3', 'recurses without bound', { recursive: true }],
    ['3.4', 'takes its time to request', { slowRequest: 2 }],
    ['3.5', 'takes its time to cancel', { slowCancel: 2 }],
    ['3.6', 'signals for a request after a cancel', { requestAfterCancel: true }],
    ['3.7', 'signals for a second cancel', { cancelAfterCancel: true }],
    ['3.8', 'forgets what was requested before', { replaces: true }, soon],
    ['3.8', 'forgets inside onNext what was requested before', { replacesInside: true }],
    ['3.8', 'forgets inside onNext what was requested before, later', { replacesInside: true }, soon],
    ['3.9', 'takes a request for 0', { accepts: (n) => n >= 0 && Number.isInteger(n) }],
    ['3.9', 'takes a request for -1', { accepts: (n) => n !== 0 && Number.isInteger(n) }],
    ['3.9', 'takes a request for NaN', { accepts: (n) => !(n <= 0) && n !== 1.5 }],
    ['3.9', 'takes a request for 1.5', { accepts: (n) => n > 0 }],
    ['3.9', 'goes on after a bad request', { goesOnAfterBad: true }],
    ['3.9', 'goes on after a bad request, later', { goesOnAfterBad: true }, soon],
    ['3.9', 'throws for a bad request', { throwsForBad: true }],
    ['3.12', 'goes on after a cancel', { uncancellable: true }],
    ['3.12', 'goes on after a cancel, later', { uncancellable: true }, soon],
    ['3.13', 'keeps its subscribers', { keeps: true }],
    ['3.15', 'throws from cancel', { throwsFromCancel: true }],
    ['3.16', 'throws from request', { throwsFromRequest: true }],
    ['3.17', 'fails beyond a bound of demand', { bounded: true }, soon],
  ];

  it.each(broken)('fails §%s: it %s', async (rule, _, flaws, when = atOnce) => {
    const { outcome, message } = await resultOf(verified(when, flaws, allBut(rule)), rule);
    expect([outcome, message]).toEqual(['failed', expect.stringMatching(/.{12}/)]);
  });

  it('is tried for each rule that code can check', () => {
    expect([...new Set(broken.map(([rule]) => rule))]).toEqual([
      ...AUTOMATED.slice(0, 6),
      '1.8',
      ...AUTOMATED.slice(6),
    ]);
  });

  it('fails the rule that is on, where it breaks one that has passed, and that one rule alone', async () => {
    const publishers = [{}, { excess: 2 }, { excess: 2 }];
    const make = (elements: number) => publisherOf(elements, atOnce, publishers.shift());
    const results = await resultsOf(verifyPublisher(make, { timeout: 60, skip: allBut('1.1', '3.6', '3.7') }));
    expect(rulesThat('passed', results)).toEqual(['1.1', '3.7']);
    expect(failures(results)).toEqual(['§3.6: §1.1: item 2 came where 1 were requested']);
  });

  it('that never signals fails each rule that needs a signal, in bounded time', async () => {
    const since = performance.now();
    const results = await resultsOf(
      verifyPublisher(() => ({ subscribe() {} }), { failed: () => ({ subscribe() {} }), multicast: true, timeout: 20 }),
    );
    expect(rulesThat('failed', results)).toEqual([...AUTOMATED.slice(0, 6), '1.8', ...AUTOMATED.slice(6)]);
    expect(results[0]?.message).toBe('wanted onSubscribe within 20 ms; 0 items came');
    expect(performance.now() - since).toBeLessThan(4_000);
  });
});

describe('what is no publisher', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('no network')), 'make(3) failed: Error: no network'],
    [
      'throws at once',
      () => {
        throw new Error('no network');
      },
      'make(3) failed: Error: no network',
    ],
    ['gives nothing', () => undefined, 'make(3) gave undefined, not a publisher'],
    ['gives another thing', () => ({ pipe() {} }), 'make(3) gave [object Object], not a publisher'],
    ['gives nothing for ever', () => new Promise(() => {}), 'make(3) failed: Error: nothing came for 50 ms'],
  ])('is a failed result: a maker that %s', async (_, make, message) => {
    const results = verifyPublisher(make as () => never, { timeout: 5, skip: allBut('1.2') });
    expect(await resultOf(results, '1.2')).toEqual({
      rule: '1.2',
      name: 'may give fewer items than were requested, and end',
      outcome: 'failed',
      message,
    });
  });

  it('is a failed result: one that throws from subscribe', async () => {
    const make = () => ({
      subscribe() {
        throw new Error('closed');
      },
    });
    const results = await resultsOf(verifyPublisher(make, { timeout: 5, skip: allBut('1.1', '1.9') }));
    expect(failures(results)).toEqual(['§1.1: subscribe threw Error: closed', '§1.9: subscribe threw Error: closed']);
  });
});
