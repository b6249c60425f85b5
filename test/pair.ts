// A channel and its specification, driven by the same commands and compared: what can be seen at once after every command,
// what promises came to once a macrotask has passed.

import { Channel, ChannelClosedError, OverflowError, type Permit, TimeoutError, TooManyWaitersError } from 'sluice';
import { optionsOf, type Policy, THROWN, WATERMARKS } from './functions.js';
import { type Failed, type Failure, Model, type Outcome } from './model.js';

export interface Setup {
  readonly capacity: number;
  readonly policy: Policy;
  readonly maxWaiters: number;
}

/** How a wait may end early. */
export type Limit = 'none' | 'once' | 'signal' | 'timer';

/** `op` names an earlier command by its index. */
export type Command =
  | { readonly do: 'send' | 'receive' | 'reserve'; readonly limit: Limit }
  | { readonly do: 'receiveMany'; readonly limit: Limit; readonly max: number }
  | { readonly do: 'next' | 'trySend' | 'tryReceive' | 'tryReserve' | 'drain' | 'dispose' }
  | { readonly do: 'close' | 'cancel'; readonly failing: boolean }
  | { readonly do: 'abort' | 'expire' | 'leave' | 'sendPermitted' | 'release'; readonly op: number };

/** Timers that fire when they are told to: `expire` is a command like any other. */
export class ManualTimers {
  readonly armed = new Map<number, { callback: (arg: unknown) => void; arg: unknown }>();
  private next = 1;
  private readonly real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  install(): void {
    const set = (callback: (arg: unknown) => void, _ms: number, arg: unknown): number => {
      this.armed.set(this.next, { callback, arg });
      return this.next++;
    };
    const clear = (timer: number): void => void this.armed.delete(timer);
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }

  restore(): void {
    Object.assign(globalThis, this.real);
  }

  /** The timer that will be armed next. */
  get upcoming(): number {
    return this.next;
  }

  fire(timer: number): void {
    const armed = this.armed.get(timer);
    this.armed.delete(timer);
    armed?.callback(armed.arg);
  }
}

const REASON = new Error('the reason');
const ABORTED = new Error('aborted');
const NOTHING = Symbol('nothing');

/** One channel beside one model. */
export class Pair {
  readonly model: Model;
  readonly channel: Channel<number>;
  private readonly dropped: { item: number; why: string }[] = [];
  private readonly outcomes = new Map<number, Outcome>();
  private readonly accepted: number[] = [];
  private readonly served: number[] = [];
  private readonly permitted: number[] = [];
  private readonly pressure: { level: string; fullness: number }[] = [];
  private readonly permits = new Map<number, Permit<number>>();
  private readonly reserves: boolean;
  private readonly controllers = new Map<number, AbortController>();
  private readonly timers = new Map<number, number>();
  private readonly iterators = new Map<number, AsyncIterator<number, undefined>>();

  constructor(
    setup: Setup,
    private readonly clock: ManualTimers,
  ) {
    const { capacity, policy, maxWaiters } = setup;
    this.reserves = capacity > 0 && !policy.startsWith('weigh');
    this.model = new Model(capacity, policy, maxWaiters);
    this.channel = new Channel<number>(capacity, {
      ...optionsOf(policy),
      ...(capacity > 0 && {
        watermarks: WATERMARKS,
        onPressure: (level, { weight, reserved }) => void this.pressure.push({ level, fullness: weight + reserved }),
      }),
      maxWaiters,
      onDrop: (item, why) => void this.dropped.push({ item, why }),
    });
  }

  /** Does the command to both, and compares what can be seen at once. `op` is its number, and the item of a send. */
  run(op: number, command: Command): void {
    const { model, channel } = this;
    switch (command.do) {
      case 'send':
        model.send(op, op, command.limit === 'once');
        this.watchSend(op, channel.send(op, this.limits(op, command.limit)));
        break;
      case 'receive':
        model.receive(op, 1, command.limit === 'once');
        this.watchReceive(op, channel.receive(this.limits(op, command.limit)), (item) =>
          item === undefined ? [] : [item],
        );
        break;
      case 'receiveMany':
        model.receive(op, command.max, command.limit === 'once');
        this.watchReceive(op, channel.receiveMany(command.max, this.limits(op, command.limit)), (items) => items);
        break;
      case 'next': {
        const iterator = channel[Symbol.asyncIterator]();
        this.iterators.set(op, iterator);
        model.receive(op, 1, false);
        this.watchReceive(op, iterator.next(), ({ done, value }) => (done ? [] : [value]));
        break;
      }
      case 'reserve':
        if (!this.reserves) break;
        model.reserve(op, command.limit === 'once');
        this.watchReserve(op, channel.reserve(this.limits(op, command.limit)));
        break;
      case 'tryReserve': {
        if (!this.reserves) break;
        const permit = channel.tryReserve();
        if (permit !== undefined) this.permits.set(op, permit);
        expectSame(permit !== undefined, model.tryReserve(op), 'tryReserve');
        break;
      }
      case 'sendPermitted':
        if (!this.permits.has(command.op)) break; // the permit was not granted; or nobody knows of it yet
        expectSame(
          resultOf(() => this.permits.get(command.op)?.send(op)),
          model.sendPermitted(command.op, op),
          'the send of a permit',
        );
        break;
      case 'release':
        if (!this.permits.has(command.op)) break;
        this.permits.get(command.op)?.release();
        model.release(command.op);
        break;
      case 'trySend':
        expectSame(
          resultOf(() => channel.trySend(op)),
          resultOf(() => model.trySend(op)),
          'trySend',
        );
        break;
      case 'tryReceive': {
        const item = channel.tryReceive(NOTHING);
        expectSame(item === NOTHING ? undefined : item, model.tryReceive(), 'tryReceive');
        break;
      }
      case 'drain':
        expectSame(channel.drain(), model.takeMany(Number.POSITIVE_INFINITY), 'drain');
        break;
      case 'close':
        model.close(command.failing);
        channel.close(command.failing ? REASON : undefined);
        break;
      case 'cancel':
        model.cancel(command.failing);
        channel.cancel(command.failing ? REASON : undefined);
        break;
      case 'dispose':
        model.cancel(false);
        channel[Symbol.dispose]();
        break;
      case 'abort':
        if (this.controllers.has(command.op)) model.giveUp(command.op, 'aborted');
        this.controllers.get(command.op)?.abort(ABORTED);
        break;
      case 'expire': {
        const timer = this.timers.get(command.op);
        if (timer === undefined) break;
        model.giveUp(command.op, 'timeout');
        this.clock.fire(timer);
        break;
      }
      case 'leave': {
        const iterator = this.iterators.get(command.op);
        if (iterator === undefined) break;
        model.leave(command.op);
        void iterator.return?.();
        break;
      }
    }
    // What did not have to wait armed no timer.
    if (this.timers.get(op) === this.clock.upcoming) this.timers.delete(op);
    this.compareState();
  }

  /** Whether the operation of that number is decided, as the specification has it. */
  decided(op: number): boolean {
    return this.model.outcomes.has(op);
  }

  /** The numbers of the permits that were granted, and that somebody has in hand. */
  get permitsInHand(): number[] {
    return [...this.permits.keys()];
  }

  /** Whether somebody has yet to be told of a permit. */
  get owesPermits(): boolean {
    return this.permits.size < this.model.permits.size;
  }

  /** What promises came to; to be called when a macrotask has passed. */
  compareOutcomes(): void {
    const { model } = this;
    for (const [op, expected] of model.outcomes) expectSame(this.outcomes.get(op), expected, `the outcome of ${op}`);
    for (const op of this.outcomes.keys()) if (!model.outcomes.has(op)) fail(`${op} settled, but was not decided`);
    expectSame(this.accepted, model.accepted, 'the order in which sends fulfilled');
    expectSame(this.served, model.served, 'the order in which receives fulfilled');
    expectSame(this.permitted, model.permitted, 'the order in which reserves fulfilled');
  }

  private compareState(): void {
    const { model, channel } = this;
    const stats = channel.stats();
    const { size, weight, reserved, peakSize, sent, received, dropped, coalesced } = stats;
    const { waitingSenders, waitingReceivers } = stats;
    if (
      size !== model.buffer.length ||
      weight !== model.weight ||
      reserved !== model.reserved ||
      coalesced !== model.coalesced ||
      peakSize !== model.peak ||
      sent !== model.sent ||
      received !== model.received ||
      dropped !== model.dropped.length ||
      waitingSenders !== model.line.length ||
      waitingReceivers !== model.receivers.length ||
      channel.closed !== model.closed ||
      channel.ended !== model.ended
    ) {
      fail(`state differs: ${JSON.stringify(stats)} ${JSON.stringify(model)}`);
    }
    if (this.dropped.length !== model.dropped.length) fail('onDrop was not told in time');
    const last = model.dropped.length - 1;
    if (last >= 0) expectSame(this.dropped[last], model.dropped[last], 'the last drop');
    if (this.pressure.length !== model.pressure.length) fail('onPressure was told of another number of changes');
    expectSame(this.pressure.at(-1), model.pressure.at(-1), 'the last change of pressure');
  }

  private limits(op: number, limit: Limit): { signal?: AbortSignal; timeout?: number } | undefined {
    if (limit === 'none') return undefined;
    if (limit === 'once') return { timeout: 0 };
    if (limit === 'timer') {
      this.timers.set(op, this.clock.upcoming);
      return { timeout: 1_000 };
    }
    const controller = new AbortController();
    this.controllers.set(op, controller);
    return { signal: controller.signal };
  }

  private watchSend(op: number, promise: Promise<void>): void {
    promise.then(
      () => {
        this.accepted.push(op);
        this.outcomes.set(op, { is: 'sent' });
      },
      (error: unknown) => this.outcomes.set(op, outcomeOf(error)),
    );
  }

  private watchReserve(op: number, promise: Promise<Permit<number>>): void {
    promise.then(
      (permit) => {
        this.permits.set(op, permit);
        this.permitted.push(op);
        this.outcomes.set(op, { is: 'permitted' });
      },
      (error: unknown) => this.outcomes.set(op, outcomeOf(error)),
    );
  }

  private watchReceive<R>(op: number, promise: Promise<R>, itemsOf: (result: R) => number[]): void {
    promise.then(
      (result) => {
        const items = itemsOf(result);
        if (items.length > 0) this.served.push(op);
        this.outcomes.set(op, items.length > 0 ? { is: 'received', items } : { is: 'end' });
      },
      (error: unknown) => this.outcomes.set(op, outcomeOf(error)),
    );
  }
}

/** What a call gives, or how it failed. */
function resultOf<R>(call: () => R): R | Failed {
  try {
    return call();
  } catch (error) {
    return outcomeOf(error);
  }
}

function outcomeOf(error: unknown): Failed {
  let failure: Failure;
  if (error === REASON) failure = 'reason';
  else if (error === THROWN || error instanceof RangeError) failure = 'thrown';
  else if (error instanceof TypeError) failure = 'misused';
  else if (error === ABORTED) failure = 'aborted';
  else if (error instanceof ChannelClosedError) failure = 'closed';
  else if (error instanceof TimeoutError) failure = 'timeout';
  else if (error instanceof OverflowError) failure = 'overflow';
  else if (error instanceof TooManyWaitersError) failure = 'too many waiters';
  else throw error;
  const carries = error instanceof Error && 'value' in error;
  return carries ? { is: 'failed', error: failure, value: error.value as number } : { is: 'failed', error: failure };
}

/** Cheaper than the test runner's, which would cost more than all the rest here. */
function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (!same(actual, expected)) fail(`${what}: got ${JSON.stringify(actual)}, must be ${JSON.stringify(expected)}`);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

function fail(message: string): never {
  throw new Error(message);
}
