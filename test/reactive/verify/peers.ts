// Correct peers, written after the rules, and small enough to be read: what the kit must let pass.
//
// Each can be broken: a `Flaw` changes the one thing that its rule is about.

import type { SubscriberProbe } from 'sluice/reactive/verify';
import type { Processor, Publisher, Subscriber, Subscription } from '../../../src/reactive/contract.js';

/** Runs a task later, or at once. */
export type When = (task: () => void) => void;

export const atOnce: When = (task) => task();
export const soon: When = (task) => void setImmediate(task);

/** What a publisher gets wrong. */
export interface PublisherFlaws {
  /** Gives so many items more than were requested. */
  excess?: number;
  /** Never ends. */
  endless?: boolean;
  /** Gives items inside `request`, even where that is inside `onNext`. */
  recursive?: boolean;
  /** Ends with this, where it should end with the other. */
  failsWith?: 'onComplete' | 'nothing' | 'throw';
  /** An empty one does not end. */
  emptyIsEndless?: boolean;
  /** So often it completes. */
  completions?: number;
  /** So often it fails. */
  failures?: number;
  /** Goes on after a cancel. */
  uncancellable?: boolean;
  /** Signals the end when cancelled. */
  completesOnCancel?: boolean;
  /** Calls `onNext` before `onSubscribe`. */
  itemFirst?: boolean;
  /** Calls `onSubscribe` so often. */
  subscriptions?: number;
  /** Returns for a subscriber that is null. */
  takesNull?: boolean;
  /** Throws for a second subscriber. */
  throwsForSecond?: boolean;
  /** Each subscriber gets other items. */
  unequal?: boolean;
  /** Ignores requests from inside `onSubscribe` or `onNext`. */
  deafInside?: boolean;
  /** Takes so many milliseconds to request, or to cancel. */
  slowRequest?: number;
  slowCancel?: number;
  /** Signals something for a request, or a cancel, after a cancel. */
  requestAfterCancel?: boolean;
  cancelAfterCancel?: boolean;
  /** A request replaces what was requested before. */
  replaces?: boolean;
  /** The same, inside `onNext` alone. */
  replacesInside?: boolean;
  /** What it takes for a good request. */
  accepts?: (n: number) => boolean;
  /** Fails for a bad request, and goes on all the same. */
  goesOnAfterBad?: boolean;
  /** Throws for a bad request. */
  throwsForBad?: boolean;
  /** Keeps all its subscribers. */
  keeps?: boolean;
  throwsFromCancel?: boolean;
  throwsFromRequest?: boolean;
  /** Fails when demand goes past `Number.MAX_SAFE_INTEGER`. */
  bounded?: boolean;
  /** Gives this instead of an item to the nth subscriber. */
  gives?: (item: number, nth: number) => unknown;
  /** Gives items that are null. */
  nulls?: boolean;
  /** Stops giving items. */
  silent?: boolean;
}

const good = (n: number): boolean => Number.isInteger(n) && n >= 1;

function busy(ms: number | undefined): void {
  if (ms === undefined) return;
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A publisher of 0, 1, … that gives each subscriber all of them; `error`: it has failed before it began. */
export function publisherOf(
  elements: number,
  when: When = atOnce,
  flaws: PublisherFlaws = {},
  error?: unknown,
): Publisher<number> {
  const kept: Subscriber<number>[] = [];
  let subscribers = 0;
  return {
    subscribe(subscriber) {
      if (subscriber === null) {
        if (flaws.takesNull) return;
        throw new TypeError('§1.9: a subscriber is needed, got null');
      }
      if (flaws.keeps) kept.push(subscriber);
      const nth = ++subscribers;
      if (flaws.throwsForSecond && nth > 1) throw new Error('only one subscriber');
      let demand = 0;
      let next = 0;
      let over = false;
      let cancelled = false;
      let draining = false;
      let inside = false;
      let waiting = false;
      const signal = (call: () => void): void => {
        inside = true;
        call();
        inside = false;
      };
      const finish = (): void => {
        over = true;
        if (flaws.endless || (flaws.emptyIsEndless && elements === 0)) return;
        for (let i = 0; i < (flaws.completions ?? 1); i++) signal(() => subscriber.onComplete());
      };
      const fail = (reason: unknown): void => {
        over = true;
        for (let i = 0; i < (flaws.failures ?? 1); i++) signal(() => subscriber.onError(reason));
      };
      const give = (): void => {
        demand--;
        const number = next + (flaws.unequal ? nth * 1_000 : 0);
        const item = flaws.nulls ? null : flaws.gives === undefined ? number : flaws.gives(number, nth);
        next++;
        signal(() => subscriber.onNext(item as number));
      };
      const drain = (): void => {
        waiting = false;
        if (flaws.silent || (draining && !flaws.recursive)) return;
        draining = true;
        while (demand > 0 && next < elements && !over) {
          give();
          if (when !== atOnce) break;
        }
        if (next >= elements && !over) finish();
        draining = false;
        if (demand > 0 && !over) schedule();
      };
      const schedule = (): void => {
        if (waiting) return;
        waiting = when !== atOnce;
        when(drain);
      };
      const subscription: Subscription = {
        request(n) {
          busy(flaws.slowRequest);
          if (cancelled && flaws.requestAfterCancel) subscriber.onComplete();
          if (flaws.throwsFromRequest) throw new Error('request is out of order');
          if (over || (flaws.deafInside && inside)) return;
          if (!(flaws.accepts ?? good)(n)) {
            const problem = new RangeError(`§3.9: request needs an integer from 1, got ${n}`);
            if (flaws.throwsForBad) throw problem;
            fail(problem);
            if (flaws.goesOnAfterBad) over = false;
            return;
          }
          if (flaws.bounded && demand + n > Number.MAX_SAFE_INTEGER) return fail(new RangeError('too much'));
          demand = flaws.replaces || (flaws.replacesInside && inside) ? n : demand + n;
          if (flaws.excess !== undefined && next === 0) demand += flaws.excess;
          schedule();
        },
        cancel() {
          busy(flaws.slowCancel);
          if (flaws.throwsFromCancel) throw new Error('cancel is out of order');
          if (cancelled && flaws.cancelAfterCancel) subscriber.onError(new Error('cancelled before'));
          if (flaws.completesOnCancel && !over) subscriber.onComplete();
          cancelled = true;
          if (!flaws.uncancellable) over = true;
        },
      };
      if (flaws.itemFirst) subscriber.onNext(-1);
      for (let i = 0; i < (flaws.subscriptions ?? 1); i++) signal(() => subscriber.onSubscribe(subscription));
      if (over) return;
      if (error !== undefined) {
        if (flaws.failsWith === 'throw') throw error;
        if (flaws.failsWith === 'onComplete') finish();
        else if (flaws.failsWith !== 'nothing') fail(error);
      } else if (elements === 0) finish();
    },
  };
}

/** What a subscriber gets wrong. */
export interface SubscriberFlaws {
  /** Asks for nothing. */
  mute?: boolean;
  /** Asks for so much. */
  asks?: number;
  /** Calls this of its subscription from onComplete and onError. */
  callsAtEnd?: 'request' | 'cancel';
  /** Takes a second subscription: instead of the first, beside it, or without a word. */
  second?: 'replaces' | 'asks' | 'ignores';
  /** Does not cancel when it has lost its interest. */
  stays?: boolean;
  /** Asks before it knows its subscription. */
  asksTooEarly?: boolean;
  /** Cancels while its request is still being read. */
  overlaps?: boolean;
  /** Throws for items after its cancel. */
  throwsWhenLate?: boolean;
  /** Throws for an end: before any request, or after one. */
  throwsAtEnd?: 'onComplete' | 'onError';
  /** Throws for an end before it has asked. */
  throwsBeforeRequest?: 'onComplete' | 'onError';
  /** Takes null for an argument of this. */
  takesNull?: 'onSubscribe' | 'onNext' | 'onError';
  throwsForItems?: boolean;
  /** Says that it has asked for so much more than it has. */
  boasts?: number;
}

/** A subscriber that asks for one item at a time, and its probe. */
export function subscriberOf(when: When = atOnce, flaws: SubscriberFlaws = {}) {
  let subscription: Subscription | undefined;
  let requested = 0;
  let over = false;
  const must = (what: unknown, signal: SubscriberFlaws['takesNull']): void => {
    if (what === null && flaws.takesNull !== signal)
      throw new TypeError(`§2.13: ${signal} needs an argument, got null`);
  };
  const ask = (): void => {
    if (over || flaws.mute) return;
    requested++;
    if (flaws.overlaps) {
      const n = { valueOf: () => (subscription?.cancel(), 1) };
      subscription?.request(n as unknown as number);
    } else subscription?.request(flaws.asks ?? 1);
  };
  const end = (signal: 'onComplete' | 'onError'): void => {
    over = true;
    if (flaws.throwsAtEnd === signal) throw new Error(`${signal} is out of order`);
    if (flaws.throwsBeforeRequest === signal && requested === 0) throw new Error('nothing was requested');
    if (flaws.callsAtEnd === 'request') subscription?.request(1);
    if (flaws.callsAtEnd === 'cancel') subscription?.cancel();
  };
  const subscriber: Subscriber<unknown> = {
    onSubscribe(given) {
      must(given, 'onSubscribe');
      if (given === null) return;
      if (subscription !== undefined) {
        if (flaws.second === 'asks') given.request(1);
        if (flaws.second === 'replaces') {
          subscription.cancel();
          subscription = given;
          return given.request(1);
        }
        if (flaws.second === 'ignores') return;
        return given.cancel();
      }
      if (flaws.asksTooEarly) given.request(1);
      subscription = given;
      if (!flaws.asksTooEarly) when(ask);
    },
    onNext(item) {
      must(item, 'onNext');
      if (flaws.throwsForItems) throw new Error('not today');
      if (over && flaws.throwsWhenLate) throw new Error('it was cancelled');
      if (subscription === undefined) throw new TypeError('there is no subscription yet');
      when(ask);
    },
    onError(error) {
      must(error, 'onError');
      end('onError');
    },
    onComplete: () => end('onComplete'),
  };
  const probe: SubscriberProbe = {
    cancelUpstream() {
      over = true;
      if (!flaws.stays) when(() => subscription?.cancel());
    },
    requested: () => requested + (flaws.boasts ?? 0),
  };
  return { subscriber, probe };
}

/** What a processor gets wrong. */
export interface ProcessorFlaws {
  /** Gives each item twice. */
  doubles?: boolean;
  /** Stays subscribed when its subscriber has gone. */
  stays?: boolean;
  /** Passes on no demand but the first item's. */
  forgetsDemand?: boolean;
  /** Takes a second publisher. */
  takesSecond?: boolean;
  /** Takes null for an item. */
  takesNull?: boolean;
  /** Takes any number for demand. */
  takesAnyRequest?: boolean;
  /** What becomes of an error. */
  errors?: 'completes' | 'swallowed' | 'on demand';
}

/** A processor for one subscriber that gives ten times what it takes. */
export function processorOf(when: When = atOnce, flaws: ProcessorFlaws = {}): Processor<number, number> {
  let up: Subscription | undefined;
  let down: Subscriber<number> | undefined;
  let demand = 0;
  let over = false;
  let ended: (() => void) | undefined;
  const must = (what: unknown): void => {
    if (what === null) throw new TypeError('an argument is needed, got null');
  };
  /** Signals an end now, or to the subscriber that is still to come. */
  const end = (signal: (subscriber: Subscriber<number>) => void): void => {
    over = true;
    ended = () => {
      const subscriber = down;
      if (subscriber === undefined) return;
      [down, ended] = [undefined, undefined];
      signal(subscriber);
    };
    when(() => ended?.());
  };
  const ask = (n: number): void => {
    when(() => {
      if (!over) up?.request(n);
    });
  };
  return {
    subscribe(subscriber) {
      must(subscriber);
      if (down !== undefined) {
        subscriber.onSubscribe({ request() {}, cancel() {} });
        return subscriber.onError(new TypeError('this processor has a subscriber'));
      }
      down = subscriber;
      subscriber.onSubscribe({
        request(n) {
          if (down === undefined) return;
          if (!good(n) && !flaws.takesAnyRequest) {
            up?.cancel();
            return end((each) => each.onError(new RangeError(`§3.9: got ${n}`)));
          }
          if (flaws.errors === 'on demand') ended?.();
          if (over) return;
          const first = demand === 0;
          demand += n;
          ask(flaws.forgetsDemand ? (first ? 1 : 0) || 1 : n);
        },
        cancel() {
          if (over && ended === undefined) return;
          over = true;
          [down, ended] = [undefined, undefined];
          if (!flaws.stays) up?.cancel();
        },
      });
      ended?.();
    },
    onSubscribe(subscription) {
      must(subscription);
      if (up !== undefined && !flaws.takesSecond) return subscription.cancel();
      up = subscription;
      if (demand > 0) ask(demand);
    },
    onNext(item) {
      if (!flaws.takesNull) must(item);
      when(() => {
        down?.onNext(item * 10);
        if (flaws.doubles) down?.onNext(item * 10);
      });
    },
    onError(error) {
      must(error);
      if (flaws.errors === 'swallowed') over = true;
      else if (flaws.errors === 'completes') end((each) => each.onComplete());
      else if (flaws.errors === 'on demand') ended = () => end((each) => each.onError(error));
      else end((each) => each.onError(error));
    },
    onComplete() {
      end((each) => each.onComplete());
    },
  };
}
