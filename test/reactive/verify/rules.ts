// What the tests of the kit share: its results, as tables.

import { RULES } from '../../../src/reactive/verify/rules.js';
import type { RuleResult } from 'sluice/reactive/verify';

/** All rules but these: for `skip`. */
export function allBut(...rules: readonly string[]): string[] {
  return RULES.map(({ rule }) => rule).filter((rule) => !rules.includes(rule));
}

export async function resultsOf(results: AsyncIterable<RuleResult>): Promise<RuleResult[]> {
  const all: RuleResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** What became of one rule. */
export async function resultOf(results: AsyncIterable<RuleResult>, rule: string): Promise<RuleResult> {
  const found = (await resultsOf(results)).find((each) => each.rule === rule);
  if (found === undefined) throw new Error(`there is no result for §${rule}`);
  return found;
}

/** The rules with this outcome. */
export function rulesThat(outcome: RuleResult['outcome'], results: readonly RuleResult[]): string[] {
  return results.filter((each) => each.outcome === outcome).map(({ rule }) => rule);
}

/** What is said of those that failed. */
export function failures(results: readonly RuleResult[]): string[] {
  return results.filter(({ outcome }) => outcome === 'failed').map(({ rule, message }) => `§${rule}: ${message}`);
}
