// The bridge against the rule kit: none of its publishers, subscribers and processors breaks a rule, and what was skipped
// says why.

import { Channel } from 'sluice';
import {
  fromPublisher,
  type Publisher,
  type Subscriber,
  toProcessor,
  toPublisher,
  toSubscriber,
} from 'sluice/reactive';
import { type RuleResult, verifyProcessor, verifyPublisher, verifySubscriber } from 'sluice/reactive/verify';
import { describe, expect, it } from 'vitest';

async function keepsAll(results: AsyncIterable<RuleResult>): Promise<void> {
  let passed = 0;
  for await (const { rule, name, outcome, message } of results) {
    expect(outcome, `${rule} ${name}: ${message}`).not.toBe('failed');
    if (outcome === 'skipped') expect(message, `${rule} is skipped without a reason`).toBeTruthy();
    else passed++;
  }
  expect(passed).toBeGreaterThan(5);
}

/** Counts from 1. */
function numbers(elements: number): Publisher<number> {
  function* count(): Generator<number> {
    for (let i = 1; i <= elements; i++) yield i;
  }
  return toPublisher(Channel.from(count(), 4));
}

const failed = (): Publisher<number> => {
  const channel = new Channel<number>(1);
  channel.close(new Error('broken'));
  return toPublisher(channel);
};

describe('none of the rules is broken', { timeout: 60_000 }, () => {
  it('by toPublisher', () => keepsAll(verifyPublisher(numbers, { failed })));

  it.each([1, 3])('by toSubscriber, window %i', (window) =>
    keepsAll(
      verifySubscriber(
        () => {
          const channel = new Channel<number>(16);
          void (async () => {
            for await (const _ of channel);
          })().catch(() => {});
          return {
            subscriber: toSubscriber(channel, { window }),
            probe: { cancelUpstream: () => channel.cancel(), requested: () => Number.MAX_SAFE_INTEGER },
          };
        },
        (i) => i,
        { skip: ['2.1'] },
      ),
    ),
  );

  it('by the subscriber of fromPublisher', () =>
    keepsAll(
      verifySubscriber(
        () => {
          let subscriber: Subscriber<number> | undefined;
          const channel = fromPublisher<number>({ subscribe: (given) => void (subscriber = given) }, 4);
          void (async () => {
            for await (const _ of channel);
          })().catch(() => {});
          return subscriber as Subscriber<number>;
        },
        (i) => i,
      ),
    ));

  it('by toProcessor', () =>
    keepsAll(
      verifyProcessor(
        () =>
          toProcessor<number, number>(async function* (items) {
            for await (const item of items) yield item + 1;
          }, 4),
        (i) => i,
      ),
    ));
});
