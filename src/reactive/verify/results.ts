// What the kit gives, and what it may be given to look inside a subscriber.

/**
 * What became of one rule. A rule that failed says in `message` what was seen and what the rule wants; one that was skipped,
 * why; one that passed, what of it could not be looked at, if anything.
 *
 * @example
 * ```ts
 * import type { RuleResult } from 'sluice/reactive/verify';
 *
 * const line = ({ rule, name, outcome, message = '' }: RuleResult) => `${outcome} §${rule} ${name}. ${message}`;
 * line({ rule: '3.16', name: 'request never throws', outcome: 'passed' }).trim(); // 'passed §3.16 request never throws.'
 * ```
 */
export interface RuleResult {
  /** Its number in Reactive Streams 1.0.4. */
  readonly rule:
    | `1.${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11}`
    | `2.${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13}`
    | `3.${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17}`
    | `4.${1 | 2}`;
  /** The rule in plain words. */
  readonly name: string;
  /** A skipped one was not tried. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What was seen and what the rule wants; or why it was not tried. */
  readonly message?: string;
}

/**
 * What a test drives a subscriber by, where the subscriber can show it. The rules that need it are skipped without.
 *
 * @example
 * ```ts
 * import { type SubscriberProbe, verifySubscriber } from 'sluice/reactive/verify';
 *
 * const make = () => {
 *   let [asked, requested] = [undefined as { request(n: number): void; cancel(): void } | undefined, 0];
 *   const must = (what: unknown) => {
 *     if (what === null) throw new TypeError('§2.13: got null');
 *   };
 *   const subscriber = {
 *     onSubscribe(subscription: { request(n: number): void; cancel(): void }) {
 *       must(subscription);
 *       if (asked !== undefined) return subscription.cancel();
 *       asked = subscription;
 *       requested = 8;
 *       subscription.request(8);
 *     },
 *     onNext: must,
 *     onError: must,
 *     onComplete() {},
 *   };
 *   const probe: SubscriberProbe = { cancelUpstream: () => asked?.cancel(), requested: () => requested };
 *   return { subscriber, probe };
 * };
 *
 * for await (const { rule, outcome } of verifySubscriber(make, (i) => i, { timeout: 40 }))
 *   if (rule === '2.6') console.log(outcome); // passed
 * ```
 */
export interface SubscriberProbe {
  /** Makes the subscriber lose its interest: it must cancel its subscription then, soon if not at once. */
  cancelUpstream(): void;
  /** How many items the subscriber has asked for, as it knows it itself. */
  requested(): number;
}
