// The run of all rules: one after the other, in their order, each with its result before the next begins.
//
// Guarantees: whatever foreign code throws, or does not do, is a result and no crash; what a check has opened is closed
// before its result is given, so that nothing goes on between two results or after the last.
//
// Every signal and every call is watched in all checks, whichever rule is on. A breach of a rule that is still to come
// fails that rule; of one that has passed already, the rule that is on. So no breach gets lost, and each is told once.

import { checkObject, wrong } from '../../arguments.js';
import type { RuleResult } from './results.js';
import { RULES, type Rule } from './rules.js';
import { within } from './waiting.js';

/** What the options of all three have in common, read and checked. */
export interface Terms {
  /** How long to wait for what must come, in milliseconds; what must not come is listened for a quarter of it. */
  readonly timeout: number;
  readonly skip: ReadonlySet<string>;
  /** The most items that may be asked of a maker. */
  readonly most: number;
}

/** One check: throws by `fail` or `skip`; a text that it returns is said of a rule that passed. */
export type Check = (trial: Trial) => Promise<unknown>;
export type Checks = Readonly<Partial<Record<Rule, readonly Check[]>>>;

interface Given {
  readonly timeout?: number;
  readonly maxElements?: number;
  readonly skip?: readonly string[];
}

type Outcomes = Map<Rule, RuleResult['outcome']>;

class Failed extends Error {}
class Skipped extends Error {}

/** Ends the check: the rule is broken. */
export function fail(message: string): never {
  throw new Failed(message);
}

/** Ends the check: it cannot be made. */
export function skip(reason: string): never {
  throw new Skipped(reason);
}

/** A thing for a message. */
export function show(value: unknown): string {
  try {
    return typeof value === 'string' || Array.isArray(value) ? JSON.stringify(value) : String(value);
  } catch {
    return typeof value;
  }
}

/** Fails where a call with null returns. */
export function mustThrow<N extends string>(name: N, target: Readonly<Record<N, (value: never) => void>>): void {
  try {
    target[name](null as never);
  } catch {
    return;
  }
  fail(`${name}(null) returned, and must throw a TypeError`);
}

/** What is known while a rule is on. */
export class Trial {
  open = true;
  readonly timeout: number;
  readonly quiet: number;
  readonly most: number;
  /** How often a subscriber of the kit has cancelled. */
  cancels = 0;
  /** Is not collected as garbage while the rule is on. */
  held?: unknown;
  readonly #closing: (() => void)[] = [];

  constructor(
    /** The rule that is on. */
    readonly rule: Rule,
    terms: Terms,
    /** Of the rules before. */
    readonly outcomes: Outcomes,
    private readonly breach: (rule: Rule, message: string) => void,
  ) {
    this.timeout = terms.timeout;
    this.quiet = terms.timeout / 4;
    this.most = terms.most;
  }

  /** Notes that a rule was broken. */
  saw(rule: Rule, message: string): void {
    if (this.open) this.breach(rule, message);
  }

  /** Runs when the rule has its result; what it throws is nobody's business. */
  finally(close: () => void): void {
    this.#closing.push(close);
  }

  close(): void {
    this.open = false;
    for (const close of this.#closing) {
      try {
        close();
      } catch {}
    }
  }

  /** What a maker makes, if it is of its kind. It has more time than a signal has: it may have to connect. */
  async made<R>(name: string, make: () => R | PromiseLike<R>, kind: string, ...methods: string[]): Promise<R> {
    let made: R;
    try {
      made = await within(make(), this.timeout * 10);
    } catch (error) {
      return fail(`${name} failed: ${show(error)}`);
    }
    if (!has(made, ...methods)) fail(`${name} gave ${show(made)}, not a ${kind}`);
    return made;
  }
}

/** Whether something has these methods. */
export function has(value: unknown, ...methods: string[]): boolean {
  const object = value as Readonly<Record<string, unknown>> | null | undefined;
  return methods.every((method) => typeof object?.[method] === 'function');
}

/** Throws unless it is a function, which cannot be left out. */
function checkGiven(what: string, value: unknown): void {
  if (typeof value !== 'function') throw wrong(what, 'a function', value);
}

/** Throws a TypeError for something that is no number, and a RangeError for one that does not fit. */
function checkNumber(what: string, allowed: string, value: number, fits: (value: number) => boolean): void {
  const error = wrong(what, allowed, value);
  if (typeof value !== 'number') throw error;
  if (!fits(value)) throw new RangeError(error.message);
}

/** Reads the options that all have; throws at bad ones. */
export function readTerms(
  functions: Readonly<Record<string, unknown>>,
  options: { readonly timeout?: unknown; readonly maxElements?: unknown; readonly skip?: unknown },
): Terms {
  for (const [what, value] of Object.entries(functions)) checkGiven(what, value);
  checkObject('options', options);
  const { timeout = 100, maxElements: most = Number.POSITIVE_INFINITY, skip: skipped = [] } = options as Given;
  checkNumber('options.timeout', 'a number of ms above 0', timeout, (ms) => ms > 0 && ms < 2 ** 27);
  checkNumber('options.maxElements', 'an integer from 0', most, (n) => n >= 0 && Math.floor(n) === n);
  if (!Array.isArray(skipped)) throw wrong('options.skip', 'an array', skipped);
  for (const rule of skipped) {
    if (RULES.some((each) => each.rule === rule)) continue;
    const error = wrong('options.skip', 'rules from 1.1 to 4.2', rule);
    throw typeof rule === 'string' ? new RangeError(error.message) : error;
  }
  return { timeout, most, skip: new Set(skipped) };
}

/** Tries the rules of these sections, and those that have checks, each time it is iterated. */
export function verify(sections: string, checks: Checks, terms: Terms): AsyncIterable<RuleResult> {
  return { [Symbol.asyncIterator]: () => results(sections, checks, terms) };
}

async function* results(sections: string, checks: Checks, terms: Terms): AsyncGenerator<RuleResult, void> {
  const breaches = new Map<Rule, string>();
  const outcomes: Outcomes = new Map();
  for (const { rule, name, byReading } of RULES) {
    const tried = checks[rule];
    if (tried === undefined && (byReading === undefined || !sections.includes(rule.charAt(0)))) continue;
    let outcome: RuleResult['outcome'] = 'skipped';
    let message: string | undefined;
    if (terms.skip.has(rule)) message = 'left out by options.skip';
    else if (tried === undefined) message = `no check can tell: it ${byReading}`;
    else {
      const breach = (seen: Rule, what: string): void => {
        if (outcomes.get(seen) === 'passed') {
          outcomes.set(seen, 'failed');
          breach(rule, `§${seen}: ${what}`);
        } else if (!breaches.has(seen)) breaches.set(seen, what);
      };
      const trial = new Trial(rule, terms, outcomes, breach);
      [outcome, message] = await attempt(tried, trial);
      trial.close();
      const seen = breaches.get(rule);
      if (seen !== undefined && outcome !== 'failed') [outcome, message] = ['failed', seen];
    }
    outcomes.set(rule, outcome);
    yield message === undefined ? { rule, name, outcome } : { rule, name, outcome, message };
  }
}

/** Makes the checks of a rule: it is broken by the first that fails, and skipped where all are. */
async function attempt(checks: readonly Check[], trial: Trial): Promise<[RuleResult['outcome'], string | undefined]> {
  const notes: string[] = [];
  let outcome: RuleResult['outcome'] = 'skipped';
  for (const check of checks) {
    try {
      const note = await check(trial);
      if (typeof note === 'string') notes.push(note);
      outcome = 'passed';
    } catch (error) {
      if (!(error instanceof Skipped)) return ['failed', error instanceof Failed ? error.message : show(error)];
      notes.push(error.message);
    }
  }
  if (notes.length === 0) return [outcome, undefined];
  const said = notes.join('; ');
  return [outcome, outcome === 'passed' ? `in part: ${said}` : said];
}
