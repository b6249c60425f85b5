// A step of which several calls run at once: map and forEach with a concurrency.
//
// How far it runs ahead: an item is in flight from its pull until its result is handed down. While somebody asks, at most
// `concurrency` items are; while nobody does, one less. So after n asks at most n + concurrency - 1 items were pulled.
// It goes on by itself only within that.
//
// Invariants: a call is running, settled, or free for the next item; `#line` is what is handed down next, in order: where
// it is ordered every call from its start, else those that have settled. So what is in flight is running, or in the line.

import { Ring } from '../ring.js';
import { Context } from './context.js';
import type { Operation } from './each.js';
import type { Scope } from './scope.js';
import { type Answer, END, isThenable, NOBODY, NONE, PENDING, type Sink, type Stage } from './stage.js';

/** One call after another: with listeners made anew for each a flow of macrotasks took a quarter longer. */
interface Call<In, Result> {
  /** One that failed is free too, though none comes after it. */
  state: 'running' | 'settled' | 'free';
  input: In | undefined;
  result: Result | undefined;
  /** When it was started, among all. */
  turn: number;
  readonly fulfilled: (result: Result) => void;
  readonly rejected: (error: unknown) => void;
}

/** One such step at work. */
export class Pool<In, Result, Out> implements Stage<Out>, Sink<In> {
  sink: Sink<Out> = NOBODY;
  #asked = false;
  /** A pull of what is above is open. */
  #pulling = false;
  #ended = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #inFlight = 0;
  #turns = 0;
  readonly #calls: Call<In, Result>[] = [];
  readonly #free: Call<In, Result>[] = [];
  readonly #line: Ring<Call<In, Result>> = new Ring<Call<In, Result>>();
  readonly #context: Context = new Context();

  constructor(
    private readonly above: Stage<In>,
    private readonly operation: Operation<In, Result, Out>,
    private readonly concurrency: number,
    private readonly ordered: boolean,
    private readonly scope: Scope,
  ) {
    above.sink = this;
  }

  pull(): Answer<Out> {
    this.#asked = true;
    this.#fill();
    return this.#now();
  }

  answer(item: In | typeof END): void {
    this.#pulling = false;
    try {
      if (item === END) this.#ended = true;
      else this.#start(item);
    } catch (error) {
      return this.fail(error);
    }
    this.#goOn();
  }

  fail(error: unknown): void {
    if (this.#stopped) return;
    if (this.#asked) return this.sink.fail(error);
    this.stop(error);
    this.#failure = { error };
    this.scope.tell();
  }

  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    while (this.#line.size > 0) this.#drop(this.#line.shift());
    for (const call of this.#calls.sort((a, b) => a.turn - b.turn)) this.#drop(call);
    this.#context.stop(reason);
    this.above.stop(reason);
  }

  /** Starts as many calls as may be in flight. */
  #fill(): void {
    while (this.#inFlight < this.concurrency - (this.#asked ? 0 : 1)) {
      if (this.#pulling || this.#ended || this.#stopped) return;
      this.#pulling = true;
      const item = this.above.pull();
      if (item === PENDING) return;
      this.#pulling = false;
      if (item === END) this.#ended = true;
      else this.#start(item);
    }
  }

  #start(item: In): void {
    if (this.#stopped) return this.scope.dropLate(item);
    const call = this.#free.pop() ?? this.#newCall();
    call.state = 'running';
    call.input = item;
    call.turn = this.#turns++;
    this.#inFlight++;
    if (this.ordered) this.#line.push(call);
    let result: Result | PromiseLike<Result>;
    try {
      result = this.operation.call(item, this.#context);
      if (isThenable(result)) {
        Promise.resolve(result).then(call.fulfilled, call.rejected);
        return;
      }
    } catch (error) {
      release(call);
      throw error;
    }
    this.#settle(call, result);
  }

  #newCall(): Call<In, Result> {
    const call: Call<In, Result> = {
      state: 'free',
      input: undefined,
      result: undefined,
      turn: 0,
      fulfilled: (result) => {
        this.#settle(call, result);
        this.#goOn();
      },
      rejected: (error) => {
        release(call); // its item is the thrower's business, not a dropped one
        this.fail(error);
      },
    };
    this.#calls.push(call);
    return call;
  }

  #settle(call: Call<In, Result>, result: Result): void {
    if (this.#stopped) {
      if (this.operation.yields) this.scope.dropLate(result);
      return;
    }
    call.state = 'settled';
    call.result = result;
    if (!this.ordered) this.#line.push(call);
  }

  #drop(call: Call<In, Result>): void {
    const { state, input, result } = call;
    release(call);
    if (state === 'running') this.scope.drop(input);
    else if (state === 'settled' && this.operation.yields) this.scope.drop(result);
  }

  /** Something has come: works ahead, and answers whoever asks. */
  #goOn(): void {
    let out: Answer<Out> = PENDING;
    try {
      this.#fill();
      if (this.#asked) out = this.#now();
    } catch (error) {
      return this.fail(error);
    }
    if (out !== PENDING) this.sink.answer(out);
  }

  /** The answer, if there is one by now. */
  #now(): Answer<Out> {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (let call = this.#line.first; call?.state === 'settled'; call = this.#line.first) {
      this.#line.shift();
      this.#inFlight--;
      const out = this.operation.accept(call.result as Result, call.input as In);
      release(call);
      this.#free.push(call);
      if (out === NONE) {
        this.#fill();
        continue;
      }
      this.#asked = false;
      return out;
    }
    if (this.#stopped || !this.#ended || this.#inFlight > 0) return PENDING;
    this.#asked = false;
    return END;
  }
}

/** Keeps nothing of an item that has gone. */
function release<In, Result>(call: Call<In, Result>): void {
  call.state = 'free';
  call.input = call.result = undefined;
}
