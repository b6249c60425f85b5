// The rules of Reactive Streams 1.0.4, in their order: the name of each in plain words, and, where no code can check it,
// why not.

import type { RuleResult } from './results.js';

export type Rule = RuleResult['rule'];

interface Wording {
  readonly rule: Rule;
  readonly name: string;
  /** Why it is left to the reader of the code. */
  readonly byReading: string | undefined;
}

// One text, because it is small then: number, name, reason.
const TEXT = `1.1 gives no more items than were requested
1.2 may give fewer items than were requested, and end
1.3 gives one signal at a time
1.4 gives onError for a failure
1.5 gives onComplete at the end
1.6 has no subscription after the end: is inner state
1.7 gives no signal after the end
1.8 gives no signal after cancel, eventually
1.9 gives onSubscribe first, onError to refuse, and throws for null
1.10 is given no subscriber twice: binds the caller
1.11 gives all subscribers the same items
2.1 requests items
2.2 does not hold up the publisher: is a recommendation
2.3 calls nothing from onComplete and onError
2.4 has no subscription after the end: is inner state
2.5 cancels a second subscription
2.6 cancels a subscription without use
2.7 calls request and cancel one at a time
2.8 takes items after cancel
2.9 takes onComplete at any time
2.10 takes onError at any time
2.11 sees a signal before its processing: is inner state
2.12 is subscribed once
2.13 has no use for null, and throws for nothing else
3.1 is called by the subscriber alone: binds the caller
3.2 takes request from onSubscribe and onNext
3.3 takes request from onNext without endless recursion
3.4 takes request in no time
3.5 takes cancel in no time
3.6 takes request after cancel for nothing
3.7 takes cancel after cancel for nothing
3.8 adds up what was requested
3.9 gives onError for a request of less than 1, or of no integer
3.10 may call onNext from request: is a permission
3.11 may end from request: is a permission
3.12 gives no items after cancel
3.13 has no hold on a subscriber after cancel
3.14 may end all after cancel: is a permission
3.15 throws nothing from cancel
3.16 throws nothing from request
3.17 takes requests without bound
4.1 keeps the rules of both sides
4.2 gives an error on at once`;

export const RULES: readonly Wording[] = TEXT.split('\n').map((line) => {
  const [text, byReading] = line.split(': ') as [string, string | undefined];
  const space = text.indexOf(' ');
  return { rule: text.slice(0, space) as Rule, name: text.slice(space + 1), byReading };
});
