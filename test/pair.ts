// A channel and its specification, driven by the same commands and compared: what can be seen at once after every command,
// what promises came to once a macrotask has passed.

import { Channel, ChannelClosedError, OverflowError, TimeoutError, TooManyWaitersError } from 'sluice';
import { type Failure, Model, type Outcome, type Policy } from './model.js';

export interface Setup {
  readonly capacity: number;
  readonly policy: Policy;
  readonly maxWaiters: number;
}

/** How a wait may end early. */
export type Limit = 'none' | 'once' | 'signal' | 'timer';

/** `op` names an earlier command by its index. */
export type Command =
  | { readonly do: 'send' | 'receive'; readonly limit: Limit }
  | { readonly do: 'receiveMany'; readonly limit: Limit; readonly max: number }
  | { readonly do: 'next' | 'trySend' | 'tryReceive' | 'drain' | 'dispose' }
  | { readonly do: 'close' | 'cancel'; readonly failing: boolean }
  | { readonly do: 'abort' | 'expire' | 'leave'; readonly op: number };

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
  private readonly controllers = new Map<number, AbortController>();
  private readonly timers = new Map<number, number>();
  private readonly iterators = new Map<number, AsyncIterator<number, undefined>>();

  constructor(
    setup: Setup,
    private readonly clock: ManualTimers,
  ) {
    this.model = new Model(setup.capacity, setup.policy, setup.maxWaiters);
    this.channel = new Channel<number>(setup.capacity, {
      overflow: setup.policy,
      maxWaiters: setup.maxWaiters,
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
      case 'trySend':
        expectSame(channel.trySend(op), model.trySend(op), 'trySend');
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

  /** What promises came to; to be called when a macrotask has passed. */
  compareOutcomes(): void {
    const { model } = this;
    for (const [op, expected] of model.outcomes) expectSame(this.outcomes.get(op), expected, `the outcome of ${op}`);
    for (const op of this.outcomes.keys()) if (!model.outcomes.has(op)) fail(`${op} settled, but was not decided`);
    expectSame(this.accepted, model.accepted, 'the order in which sends fulfilled');
    expectSame(this.served, model.served, 'the order in which receives fulfilled');
  }

  private compareState(): void {
    const { model, channel } = this;
    const { size, peakSize, sent, received, dropped, waitingSenders, waitingReceivers } = channel.stats();
    if (
      size !== model.buffer.length ||
      peakSize !== model.peak ||
      sent !== model.sent ||
      received !== model.received ||
      dropped !== model.dropped.length ||
      waitingSenders !== model.senders.length ||
      waitingReceivers !== model.receivers.length ||
      channel.closed !== model.closed ||
      channel.ended !== model.ended
    ) {
      fail(`state differs: ${JSON.stringify(channel.stats())} ${JSON.stringify(model)}`);
    }
    if (this.dropped.length !== model.dropped.length) fail('onDrop was not told in time');
    const last = model.dropped.length - 1;
    if (last >= 0) expectSame(this.dropped[last], model.dropped[last], 'the last drop');
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

function outcomeOf(error: unknown): Outcome {
  let failure: Failure;
  if (error === REASON) failure = 'reason';
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
  if (actual === expected) return;
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) fail(`${what}: got ${a}, must be ${b}`);
}

function fail(message: string): never {
  throw new Error(message);
}
