// The name by which libraries find each other's Observables. Some define `Symbol.observable`, before or after others were
// loaded; some use the string. So both are looked up at the call, and both are offered.

const STRING = '@@observable';

/** The names under which an Observable is looked for, the symbol first. */
export function interopKeys(): readonly PropertyKey[] {
  const { observable } = Symbol as { readonly observable?: symbol };
  return typeof observable === 'symbol' ? [observable, STRING] : [STRING];
}

/** The method of something that gives an Observable, if it has one. */
export function interopOf(source: object): (() => unknown) | undefined {
  for (const key of interopKeys()) {
    const method = (source as Record<PropertyKey, unknown>)[key];
    if (typeof method === 'function') return () => method.call(source) as unknown;
  }
  return undefined;
}
