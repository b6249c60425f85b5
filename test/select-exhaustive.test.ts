// Every interleaving of small programs of selects, sends, receives, aborts and ends over two channels, beside a
// specification in plain code: after each step both must agree on what can be seen, and in the end on every outcome, on the
// order in which promises settled, and on who waits.

import { Channel, ChannelClosedError, receiving, select, sending, trySelect } from 'sluice';
import { describe, expect, it } from 'vitest';
import { macrotask } from './support.js';

const LONG = process.env['LONG'] !== undefined;

// ── The specification ───────────────────────────────────────────────────────────────────────────────────────────────

/** One of two channels. */
type On = 0 | 1;
type Want = { readonly does: 'send' | 'receive'; readonly on: On };

/** What an operation came to: which of its cases, and how. */
interface Outcome {
  readonly took: number;
  readonly how: 'sent' | 'end' | 'closed' | 'reason' | 'aborted' | { readonly item: number };
}

interface State {
  readonly capacity: number;
  buffer: number[];
  closed: boolean;
  cancelled: boolean;
  failing: boolean;
  sent: number;
  received: number;
  dropped: number;
}

/**
 * An operation wants one of several things, the first that is possible; a plain send or receive wants one thing. The item
 * of a send is its operation's number.
 */
class Specification {
  readonly outcomes = new Map<number, Outcome>();
  readonly channels: readonly State[];
  /** Who was accepted, and who was served: their promises settle in these orders, channel by channel. */
  readonly order: readonly { readonly sends: number[]; readonly receives: number[] }[] = [
    { sends: [], receives: [] },
    { sends: [], receives: [] },
  ];
  /** In order of arrival. */
  waiting: { readonly op: number; readonly wants: readonly Want[] }[] = [];

  constructor(capacities: readonly number[]) {
    const open = { closed: false, cancelled: false, failing: false, sent: 0, received: 0, dropped: 0 };
    this.channels = capacities.map((capacity) => ({ capacity, buffer: [], ...open }));
  }

  /** Does one of those now; whether it did. */
  try(op: number, wants: readonly Want[]): boolean {
    return wants.some(({ does, on }, took) => (does === 'send' ? this.send(op, took, on) : this.receive(op, took, on)));
  }

  ask(op: number, wants: readonly Want[]): void {
    if (!this.try(op, wants)) this.waiting.push({ op, wants });
  }

  giveUp(op: number): void {
    if (this.waiting.some((each) => each.op === op)) this.decide(op, -1, 'aborted');
    this.tidy();
  }

  close(on: On, failing: boolean): void {
    const channel = this.at(on);
    if (channel.closed) return;
    Object.assign(channel, { closed: true, failing });
    this.tidy();
  }

  cancel(on: On, failing: boolean): void {
    const channel = this.at(on);
    if (this.ended(on)) return;
    const { dropped, buffer } = channel;
    Object.assign(channel, { closed: true, cancelled: true, failing, dropped: dropped + buffer.length, buffer: [] });
    for (let first = this.first('send', on); first !== undefined; first = this.first('send', on)) {
      this.decide(first.op, first.took, 'closed');
    }
    this.tidy();
  }

  ended(on: On): boolean {
    const { cancelled, closed, buffer } = this.at(on);
    return cancelled || (closed && buffer.length === 0 && this.line('send', on).length === 0);
  }

  line(does: Want['does'], on: On): { readonly op: number; readonly took: number }[] {
    const line: { op: number; took: number }[] = [];
    for (const { op, wants } of this.waiting) {
      for (const [took, want] of wants.entries()) if (want.does === does && want.on === on) line.push({ op, took });
    }
    return line;
  }

  private at(on: On): State {
    return this.channels[on] as State;
  }

  private first(does: Want['does'], on: On): { readonly op: number; readonly took: number } | undefined {
    return this.line(does, on)[0];
  }

  private send(op: number, took: number, on: On): boolean {
    const channel = this.at(on);
    const receiver = this.first('receive', on);
    if (channel.closed) this.decide(op, took, 'closed');
    else if (receiver !== undefined) {
      this.accept(op, took, on);
      this.serve(receiver.op, receiver.took, on, op);
    } else if (channel.buffer.length < channel.capacity) {
      this.accept(op, took, on);
      channel.buffer.push(op);
    } else return false;
    this.tidy();
    return true;
  }

  private receive(op: number, took: number, on: On): boolean {
    const channel = this.at(on);
    const sender = this.first('send', on);
    if (channel.buffer.length > 0) {
      this.serve(op, took, on, channel.buffer.shift() as number);
      if (sender !== undefined) {
        this.accept(sender.op, sender.took, on);
        channel.buffer.push(sender.op);
      }
    } else if (sender !== undefined) {
      this.accept(sender.op, sender.took, on);
      this.serve(op, took, on, sender.op);
    } else if (this.ended(on)) this.decide(op, took, channel.failing ? 'reason' : 'end');
    else return false;
    this.tidy();
    return true;
  }

  private accept(op: number, took: number, on: On): void {
    this.at(on).sent++;
    this.order[on]?.sends.push(op);
    this.decide(op, took, 'sent');
  }

  private serve(op: number, took: number, on: On, item: number): void {
    this.at(on).received++;
    this.order[on]?.receives.push(op);
    this.decide(op, took, { item });
  }

  private decide(op: number, took: number, how: Outcome['how']): void {
    this.outcomes.set(op, { took, how });
    this.waiting = this.waiting.filter((each) => each.op !== op);
  }

  /** A channel that has nothing more to give ends whoever waits for it; that may end the other. */
  private tidy(): void {
    for (const on of [0, 1, 0] as const) {
      while (this.ended(on)) {
        const receiver = this.first('receive', on);
        if (receiver === undefined) break;
        this.decide(receiver.op, receiver.took, this.at(on).failing ? 'reason' : 'end');
      }
    }
  }
}

// ── The programs ────────────────────────────────────────────────────────────────────────────────────────────────────

type Step =
  | { readonly do: 'send' | 'receive' | 'select' | 'trySelect'; readonly wants: readonly Want[] }
  | { readonly do: 'abort'; readonly of: readonly [actor: number, step: number] }
  | { readonly do: 'close' | 'cancel'; readonly on: On; readonly failing: boolean };
interface Program {
  readonly name: string;
  readonly actors: readonly (readonly Step[])[];
}

const wants = (...names: readonly string[]): readonly Want[] =>
  names.map((name) => ({ does: name[0] === 's' ? 'send' : 'receive', on: name[1] === 'A' ? 0 : 1 }));
const s = (name: 'A' | 'B'): Step => ({ do: 'send', wants: wants(`s${name}`) });
const r = (name: 'A' | 'B'): Step => ({ do: 'receive', wants: wants(`r${name}`) });
const any = (...names: readonly string[]): Step => ({ do: 'select', wants: wants(...names) });
const now = (...names: readonly string[]): Step => ({ do: 'trySelect', wants: wants(...names) });
const abort = (actor: number, step = 0): Step => ({ do: 'abort', of: [actor, step] });
const close = (on: On, failing = false): Step => ({ do: 'close', on, failing });
const cancel = (on: On, failing = false): Step => ({ do: 'cancel', on, failing });

const PROGRAMS: readonly Program[] = [
  {
    name: 'two selects crosswise, those who help them, and a close',
    actors: [[any('sA', 'rB'), r('A')], [any('sB', 'rA'), s('B')], [s('A')], [r('B')], [close(0)]],
  },
  {
    name: 'selects on both sides of one channel, an abort, and a cancel',
    actors: [[any('sA', 'rA'), any('rB', 'sA')], [any('rA', 'sA')], [s('A'), r('B')], [abort(1)], [cancel(1)]],
  },
  {
    name: 'a select that sends to two, one that receives from two, an abort, and a failed close',
    actors: [[s('A'), s('B')], [any('sA', 'sB')], [any('rA', 'rB'), r('A')], [abort(1)], [close(1, true)]],
  },
  {
    name: 'selects that hold up the end of a channel, and both ends',
    actors: [[any('sA', 'rB')], [any('sB', 'sA')], [close(0)], [cancel(1, true)], [r('A')], [s('B')], [r('B')]],
  },
  {
    name: 'selects that do not wait among some that do, and a cancel',
    actors: [[any('sA', 'sB'), now('rA', 'rB')], [any('rB', 'rA')], [now('sA', 'rB'), now('sB', 'rA')], [cancel(0)]],
  },
  {
    name: 'a channel named twice, on both sides, and aborts of those who wait with it',
    actors: [[any('sA', 'sA', 'rA')], [s('A')], [r('A'), r('A')], [abort(0)], [abort(1)], [close(0)]],
  },
];

const LONG_PROGRAMS: readonly Program[] = [
  {
    name: 'three selects in a ring, two aborts and both ends',
    actors: [
      [any('sA', 'rB'), r('A')],
      [any('rA', 'sB'), s('B')],
      [any('sB', 'sA')],
      [abort(0), cancel(0)],
      [abort(2)],
      [close(1)],
    ],
  },
  {
    name: 'many plain ones around two selects',
    actors: [[any('sA', 'rB')], [any('rA', 'sB')], [s('A'), s('B')], [r('B'), r('A')], [s('A')], [r('B')], [close(0)]],
  },
];

const CAPACITIES = [
  [0, 0],
  [1, 1],
  [2, 0],
] as const;
const LONG_CAPACITIES = [...CAPACITIES, [0, 1], [1, 2], [2, 2]] as const;

// ── Both, side by side ──────────────────────────────────────────────────────────────────────────────────────────────

const REASON = new Error('the reason');
const ABORTED = new Error('aborted');

class Pair {
  readonly specification: Specification;
  readonly #channels: readonly Channel<number>[];
  readonly #outcomes = new Map<number, Outcome>();
  readonly #order = [0, 1].map(() => ({ sends: [] as number[], receives: [] as number[] }));
  readonly #controllers = new Map<number, AbortController>();

  /** `abortable`: the operations that get a signal, which costs more than all the rest. */
  constructor(
    capacities: readonly number[],
    private readonly abortable: ReadonlySet<number>,
  ) {
    this.specification = new Specification(capacities);
    this.#channels = capacities.map((capacity) => new Channel<number>(capacity));
  }

  decided(op: number): boolean {
    return this.specification.outcomes.has(op);
  }

  run(op: number, step: Step, of: number): void {
    const { specification } = this;
    switch (step.do) {
      case 'send':
      case 'receive':
      case 'select':
        specification.ask(op, step.wants);
        this.#follow(op, step.wants, this.#ask(op, step));
        break;
      case 'trySelect':
        this.#trySelect(op, step.wants);
        break;
      case 'abort':
        if (!this.#controllers.has(of)) break;
        specification.giveUp(of);
        this.#controllers.get(of)?.abort(ABORTED);
        break;
      case 'close':
      case 'cancel':
        specification[step.do](step.on, step.failing);
        this.#channels[step.on]?.[step.do](step.failing ? REASON : undefined);
    }
    this.#compareStates();
  }

  compareOutcomes(): void {
    expectSame([...this.#outcomes].sort(byFirst), [...this.specification.outcomes].sort(byFirst), 'outcomes');
    expectSame(this.#order, this.specification.order, 'order');
  }

  #cases(op: number, wanted: readonly Want[]): Parameters<typeof select>[0] {
    const cases = wanted.map(({ does, on }, took) => {
      const channel = this.#channels[on] as Channel<number>;
      return [`case ${took}`, does === 'send' ? sending(channel, op) : receiving(channel)];
    });
    return Object.fromEntries(cases);
  }

  #ask(op: number, { do: how, wants: wanted }: Step & { wants: readonly Want[] }): Promise<unknown> {
    let signal: AbortSignal | undefined;
    if (this.abortable.has(op)) {
      const controller = new AbortController();
      this.#controllers.set(op, controller);
      signal = controller.signal;
    }
    if (how === 'select') return select(this.#cases(op, wanted), { signal, order: 'priority' });
    const channel = this.#channels[wanted[0]?.on as On] as Channel<number>;
    return how === 'send' ? channel.send(op, { signal }) : channel[Symbol.asyncIterator]().next();
  }

  #follow(op: number, wanted: readonly Want[], promise: Promise<unknown>): void {
    promise.then(
      (result) => this.#note(op, wanted, result),
      (error: unknown) => {
        const how = error === ABORTED ? 'aborted' : error === REASON ? 'reason' : 'closed';
        if (how === 'closed')
          expectSame([error instanceof ChannelClosedError, Object(error).value], [true, op], 'error');
        // Which case failed is not to be seen: taken from the specification, whose kind of failure must be the same.
        this.#outcomes.set(op, { took: this.specification.outcomes.get(op)?.took as number, how });
      },
    );
  }

  #note(op: number, wanted: readonly Want[], result: unknown): void {
    const picked = (result ?? {}) as { case?: string; done?: boolean; value?: number };
    const took = Number(picked.case?.slice(5) ?? 0);
    const { does, on } = wanted[took] as Want;
    const order = this.#order[on] as (typeof this.specification.order)[number];
    if (does === 'send') order.sends.push(op);
    else if (!picked.done) order.receives.push(op);
    const how = does === 'send' ? 'sent' : picked.done ? 'end' : { item: picked.value as number };
    this.#outcomes.set(op, { took, how });
  }

  #trySelect(op: number, wanted: readonly Want[]): void {
    const { specification } = this;
    const did = specification.try(op, wanted);
    let how: unknown;
    try {
      const picked = trySelect(this.#cases(op, wanted), { order: 'priority' });
      if (picked !== undefined) this.#note(op, wanted, picked);
      how = picked !== undefined;
    } catch (error) {
      how = error === REASON ? 'reason' : 'closed';
    }
    const outcome = specification.outcomes.get(op)?.how;
    const failed = outcome === 'reason' || outcome === 'closed';
    expectSame(how, failed ? outcome : did, 'trySelect');
    if (failed) this.#outcomes.set(op, specification.outcomes.get(op) as Outcome);
    // It settles nothing, and so stands in no order of settlement.
    for (const orders of [this.#order, specification.order]) {
      for (const { sends, receives } of orders) {
        for (const list of [sends, receives]) if (list.includes(op)) list.splice(list.indexOf(op), 1);
      }
    }
  }

  #compareStates(): void {
    const { specification } = this;
    for (const on of [0, 1] as const) {
      const channel = this.#channels[on] as Channel<number>;
      const { size, sent, received, dropped, waitingSenders, waitingReceivers } = channel.stats();
      const { buffer, ...spec } = specification.channels[on] as State;
      const [senders, receivers] = [specification.line('send', on).length, specification.line('receive', on).length];
      const same =
        size === buffer.length &&
        sent === spec.sent &&
        received === spec.received &&
        dropped === spec.dropped &&
        waitingSenders === senders &&
        waitingReceivers === receivers &&
        channel.ended === specification.ended(on);
      if (!same) expectSame(channel.stats(), { ...spec, buffer, senders, receivers }, `channel ${on}`);
    }
  }
}

const byFirst = ([a]: [number, unknown], [b]: [number, unknown]): number => a - b;

/** As `expect(…).toEqual`, which would take most of the time here. */
function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual, what).toEqual(expected);
}

// ── The search ──────────────────────────────────────────────────────────────────────────────────────────────────────

const number = (actor: number, step: number): number => actor * 10 + step + 1;

/** Runs one history; `choices` picks among the actors that can go on, and is extended as far as needed. */
function runHistory(program: Program, pair: Pair, choices: number[], widths: number[]): void {
  const done = program.actors.map(() => 0);
  for (let depth = 0; ; depth++) {
    const enabled = [...program.actors.keys()].filter((actor) => {
      const step = done[actor] as number;
      const steps = program.actors[actor] as readonly Step[];
      const last = steps[step - 1];
      const waits = last?.do === 'send' || last?.do === 'receive' || last?.do === 'select';
      return step < steps.length && (!waits || pair.decided(number(actor, step - 1)));
    });
    if (enabled.length === 0) return;
    const choice = choices[depth] ?? 0;
    choices[depth] = choice;
    widths[depth] = enabled.length;
    widths.length = depth + 1;
    const actor = enabled[choice] as number;
    const step = (done[actor] as number)++;
    const command = program.actors[actor]?.[step] as Step;
    pair.run(number(actor, step), command, command.do === 'abort' ? number(...command.of) : 0);
  }
}

/** The next list of choices in depth-first order; false after the last. */
function advance(choices: number[], widths: readonly number[]): boolean {
  choices.length = widths.length;
  while (choices.length > 0) {
    const choice = (choices.pop() as number) + 1;
    if (choice < (widths[choices.length] as number)) return choices.push(choice) > 0;
  }
  return false;
}

describe('every interleaving of a small program of selects does what the specification says', () => {
  let histories = 0;
  for (const program of LONG ? [...PROGRAMS, ...LONG_PROGRAMS] : PROGRAMS) {
    it.each(LONG ? LONG_CAPACITIES : CAPACITIES)(`${program.name}; capacities %i and %i`, async (...capacities) => {
      const aborts = program.actors.flat().flatMap((step) => (step.do === 'abort' ? [number(...step.of)] : []));
      const abortable = new Set(aborts);
      const choices: number[] = [];
      const widths: number[] = [];
      let running: Pair[] = [];
      for (let more = true; more; ) {
        const pair = new Pair(capacities, abortable);
        try {
          runHistory(program, pair, choices, widths);
        } catch (error) {
          throw new Error(`choices ${choices.slice(0, widths.length)}`, { cause: error });
        }
        running.push(pair);
        more = advance(choices, widths);
        if (more && running.length < 256) continue;
        await macrotask();
        await macrotask();
        for (const each of running) each.compareOutcomes();
        histories += running.length;
        running = [];
      }
    });
  }

  it('and there were 30,000 of them, 500,000 in the long suite', () => {
    expect(histories).toBeGreaterThanOrEqual(LONG ? 500_000 : 30_000);
  });
});
