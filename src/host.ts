// What the core takes from the platform, by structure: promises, AbortController and timers are all that it needs, so it
// compiles without DOM or Node types and runs wherever these exist.
//
// Read at the call: what is a time to the user (setTimeout, performance), so that fake timers reach it, and what the user
// may replace (reportError). Taken once, at module load: what the library itself needs to go on (macrotask.ts).

import type { NativeSignal } from './contract.js';

/** The global object, as far as this library knows it. */
export interface Host {
  setTimeout(callback: (arg: never) => void, ms: number, arg?: unknown): unknown;
  clearTimeout(timer: unknown): void;
  setImmediate?(callback: () => void): unknown;
  MessageChannel?: new () => { readonly port1: Port; readonly port2: Port };
  reportError?(error: unknown): void;
  performance?: { now(): number };
  AbortController: new () => { readonly signal: NativeSignal; abort(reason?: unknown): void };
}

interface Port {
  onmessage: (() => void) | null;
  postMessage(message: null): void;
  close(): void;
}

export const host = globalThis as unknown as Host;

// Where these symbols are missing, a method named by them would be called "undefined": fall back to symbols of our own,
// and add nothing to the platform's.

/** `Symbol.dispose`, or a stand-in. */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('sluice.dispose') as typeof Symbol.dispose);
/** `Symbol.asyncDispose`, or a stand-in. */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('sluice.asyncDispose') as typeof Symbol.asyncDispose);

/** Milliseconds on a clock that nobody sets, where the platform has one. */
export const clock = (): number => host.performance?.now() ?? Date.now();
