// One flow divided among several: broadcast and partition. The hub is the root of the flow above, and pulls it for all of
// its branches; each branch is the first stage of a flow below.
//
// How far it runs ahead: from the first pull of any branch on, until a branch that waits for room is full: by its capacity
// and the one item in hand. Nothing more is pulled while an item is in hand.
//
// A branch gets an item by the cases of a channel's send, in the same order:
//   1. hand-off   somebody asks the branch: it gets the item
//   2. buffer     there is room: append
//   3. policy     a branch that drops drops
//   4. wait       the item stays in hand, and is owed to the branch
//
// Invariants: a branch is asked only while its buffer is empty and it is owed nothing; `#owed` counts the branches that
// are owed the item in hand. A branch that left, or whose flow is over, holds nothing.

import { Ring } from '../ring.js';
import type { Abortable } from '../signals.js';
import type { BranchOptions } from './contract.js';
import type { Scope } from './scope.js';
import { type Answer, END, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

/** The branches that an item is for, by their number; undefined for all. May throw. */
export type Route<T> = ((item: T) => number) | undefined;

type Policy = Exclude<BranchOptions['overflow'], undefined>;

/** Divides a flow. */
export class Hub<T> implements Sink<T>, Abortable {
  readonly branches: readonly Branch<T>[];
  #begun = false;
  /** Above is over: by its end, an error, or since nobody is left. */
  #over = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  /** A pull of what is above is open, or its loop is on the stack. */
  #pulling = false;
  #inHand: T | typeof NONE = NONE;
  #owed = 0;
  #present: number;

  constructor(
    private readonly stage: Stage<T>,
    private readonly scope: Scope,
    private readonly route: Route<T>,
    n: number,
    capacity: number,
    policy: Policy,
  ) {
    stage.sink = this;
    this.#present = n;
    this.branches = Array.from({ length: n }, () => new Branch<T>(this, scope, capacity, policy));
  }

  // ── To what is above ────────────────────────────────────────────────────────────────────────────────────────────

  /** Pulls until an item stays in hand. */
  pump(): void {
    if (!this.#begun) {
      this.#begun = true;
      this.scope.heed(this);
    }
    if (this.#pulling) return;
    this.#pulling = true;
    while (!this.#over && this.#owed === 0) {
      try {
        const item = this.stage.pull();
        if (item === PENDING) return;
        this.#hand(item);
      } catch (error) {
        this.fail(error);
      }
    }
    this.#pulling = false;
  }

  answer(item: T | typeof END): void {
    try {
      this.#hand(item);
    } catch (error) {
      this.fail(error);
    }
    this.#pulling = false;
    this.pump();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = { error };
    this.#finish(error);
    for (const branch of this.branches) branch.finish();
  }

  aborted(reason: unknown): void {
    if (this.#over) return;
    for (const branch of this.branches) branch.empty();
    this.fail(reason);
  }

  /** Ends what is above, where it has not ended. */
  #finish(reason: unknown): void {
    this.#over = true;
    if (this.#begun) this.scope.ignore(this);
    this.stage.stop(reason);
    this.scope.tell();
  }

  // ── To the branches ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether nothing more will come to a branch that holds nothing; throws where that is an error. */
  get over(): boolean {
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#over;
  }

  /** Hands an item, or the end, to the branches that it is for. */
  #hand(item: T | typeof END): void {
    if (item === END) {
      this.#over = true;
      this.scope.ignore(this);
      for (const branch of this.branches) branch.finish();
      return;
    }
    if (this.#over) return this.scope.dropLate(item); // ended from inside the pull
    const { route, branches } = this;
    if (route === undefined) {
      this.#inHand = item;
      this.#owed++; // one may take what it is owed while others are still to be offered it
      for (const branch of branches) {
        if (branch.left) continue;
        if (this.#over) this.scope.drop(item);
        else this.#offer(branch, item);
      }
      this.#owed--;
    } else {
      const branch = branches[route(item)] as Branch<T>;
      this.#inHand = item;
      if (branch.left || this.#over) this.scope.drop(item);
      else this.#offer(branch, item);
    }
    if (this.#owed === 0) this.#inHand = NONE;
    this.scope.tell();
  }

  #offer(branch: Branch<T>, item: T): void {
    if (branch.offer(item)) return;
    branch.owed = true;
    this.#owed++;
  }

  /** The item in hand goes to a branch that is owed it, or that drops it since it leaves. */
  settle(branch: Branch<T>): T {
    const item = this.#inHand as T;
    branch.owed = false;
    if (--this.#owed === 0) this.#inHand = NONE;
    return item;
  }

  /** A branch that is owed nothing any more may be the one that all others wait for. */
  goOn(): void {
    if (this.#owed === 0 && this.#begun && !this.#over) this.pump();
  }

  leave(reason: unknown): void {
    this.#present--;
    if (this.#present > 0) this.goOn();
    else if (!this.#over) this.#finish(reason);
  }
}

/** One of the flows below a hub. It has one reader. */
export class Branch<T> implements Stage<T> {
  sink: Sink<T> = NOBODY;
  /** Whoever read it is gone: it is offered nothing any more. */
  left = false;
  /** The item in hand of the hub is for this branch too, and waits for room. */
  owed = false;
  readonly #buffer: Ring<T> = new Ring<T>();
  #asked = false;
  /** A pull is on the stack: what is handed to it now is returned. */
  #asking = false;
  #handed: T | typeof NONE = NONE;

  constructor(
    private readonly hub: Hub<T>,
    private readonly scope: Scope,
    private readonly capacity: number,
    private readonly policy: Policy,
  ) {}

  // ── To the hub ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Cases 1 to 3: whether the item was dealt with. */
  offer(item: T): boolean {
    if (this.#asking && this.#handed === NONE) {
      this.#handed = item; // 1, at once
      return true;
    }
    if (this.#asked) {
      this.#asked = false;
      this.sink.answer(item); // 1
      return true;
    }
    if (this.#buffer.size < this.capacity) {
      this.#buffer.push(item); // 2
      return true;
    }
    if (this.policy === 'wait') return false;
    if (this.policy === 'drop-oldest') {
      this.scope.drop(this.#buffer.shift(), this.policy);
      this.#buffer.push(item);
    } else {
      this.scope.drop(item, this.policy);
    }
    return true; // 3
  }

  /** The hub is over: whoever asks is told. */
  finish(): void {
    if (!this.#asked) return;
    this.#asked = false;
    try {
      if (this.#ended()) this.sink.answer(END);
    } catch (error) {
      this.sink.fail(error);
    }
  }

  /** Drops what it holds and what it is owed. */
  empty(): void {
    while (this.#buffer.size > 0) this.scope.drop(this.#buffer.shift());
    if (this.#handed !== NONE) this.scope.drop(this.#handed);
    this.#handed = NONE;
    if (this.owed) this.scope.drop(this.hub.settle(this));
  }

  // ── To its reader ───────────────────────────────────────────────────────────────────────────────────────────────

  pull(): Answer<T> {
    const { hub } = this;
    if (this.#buffer.size > 0) {
      const item = this.#buffer.shift();
      if (this.owed) {
        this.#buffer.push(hub.settle(this));
        hub.goOn();
      }
      return item;
    }
    if (this.owed) {
      const item = hub.settle(this); // capacity 0
      hub.goOn();
      return item;
    }
    if (this.#ended()) return END;
    this.#asking = true;
    hub.pump();
    this.#asking = false;
    if (this.#handed !== NONE) {
      const item = this.#handed;
      this.#handed = NONE;
      return item;
    }
    if (this.left) return PENDING; // stopped from inside the pull
    if (this.#ended()) return END;
    this.#asked = true;
    return PENDING;
  }

  /** Whether the reader is at the end, which makes it leave. Throws where that is an error. */
  #ended(): boolean {
    return this.left || (this.left = this.hub.over);
  }

  stop(reason: unknown): void {
    if (this.left) return;
    this.left = true;
    this.#asked = false;
    this.empty();
    this.hub.leave(reason);
  }
}

/** What a further iteration of a branch is: the items went to the first. */
export function spent<T>(branch: Branch<T>): Stage<T> {
  return {
    sink: NOBODY,
    pull(): Answer<T> {
      if (branch.left) return END;
      throw new Error(
        'this branch of a flow is being iterated already, and has one reader: ask for one branch more, or share its items by a Channel',
      );
    },
    stop() {},
  };
}

/** The branch that a key belongs to, among n: always the same. */
export function branchOf(key: string | number, n: number): number {
  if (Number.isSafeInteger(key)) return (((key as number) % n) + n) % n;
  if (typeof key !== 'string' && typeof key !== 'number') {
    throw new TypeError(`the key of partition must be a string or a number, got ${typeof key}`);
  }
  // FNV-1a: short, and spreads keys that differ in a letter.
  let hash = 0x811c9dc5;
  for (const unit of String(key)) hash = Math.imul(hash ^ (unit.codePointAt(0) as number), 0x01000193);
  return (hash >>> 0) % n;
}
