// What a user counts on, checked on the built package wherever it runs: needs promises, timers and AbortController, no
// test runner and nothing of a runtime; what only some platforms have is tested where it is there. `smoke(declare)` declares
// its tests, as the conformance suite beside it does; `run()` runs all and reports. Each test has a deadline, so a lost
// wake-up is a failure and not a hang.

import * as sluice from '../../dist/index.js';
import { fromObservable, toObservable } from '../../dist/observable.js';
import * as web from '../../dist/web.js';
import { conformance } from '../conformance.ts';
import { adapters, randomOf } from '../web/harness.ts';

const { BoundedQueue, Channel, ChannelClosedError, OverflowError, TimeoutError, TooManyWaitersError } = sluice;

const DEADLINE = 20_000; // milliseconds a test: browsers on a busy machine are slow

function check(holds, what) {
  if (!holds) throw new Error(what);
}
function same(actual, expected, what = 'the outcome') {
  const [a, e] = [actual, expected].map((value) => JSON.stringify(value));
  check(a === e, `${what} is ${a}, must be ${e}`);
}
async function refused(promise, what) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`${what} must reject, and fulfilled with ${value}`);
}
function thrown(call, what) {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error(`${what} must throw`);
}
async function toArray(source) {
  const items = [];
  for await (const item of source) items.push(item);
  return items;
}

function smoke(test) {
  test('a rendezvous hands over, and the send waits for its receiver', async () => {
    const channel = new Channel(0);
    const order = [];
    const send = channel.send('a').then(() => order.push('sent'));
    same(channel.size, 0);
    same(channel.trySend('b'), false);
    same(await channel.receive(), 'a');
    await send;
    same(order, ['sent']);
  });

  test('items come out in order, and never more than capacity are buffered', async () => {
    const channel = new Channel(3);
    const producing = (async () => {
      for (let n = 0; n < 1_000; n++) await channel.send(n);
      channel.close();
    })();
    const items = await toArray(channel);
    await producing;
    same(
      items,
      Array.from({ length: 1_000 }, (_, n) => n),
    );
    check(channel.stats().peakSize <= 3, 'at most 3 are buffered');
    same([channel.closed, channel.ended], [true, true]);
  });

  test('close delivers blocked sends, too, then the end or the error', async () => {
    const channel = new Channel(1);
    const sends = ['a', 'b', 'c'].map((item) => channel.send(item));
    const error = new Error('disk full');
    channel.close(error);
    const late = await refused(channel.send('d'), 'a send after close');
    check(late instanceof ChannelClosedError && late.code === 'ERR_SLUICE_CLOSED', 'ChannelClosedError');
    same(late.value, 'd');
    check(late.cause === error, 'its cause is the error of close');
    same([await channel.receive(), await channel.receive(), await channel.receive()], ['a', 'b', 'c']);
    await Promise.all(sends);
    check((await refused(channel.receive(), 'the end')) === error, 'the end is that error');
    check((await refused(channel.completion, 'completion')) === error, 'completion rejects with it');
  });

  test('cancel drops what is buffered, refuses waiting senders and aborts the signal', async () => {
    const dropped = [];
    const channel = new Channel(1, { onDrop: (value, why) => dropped.push([value, why]) });
    const { signal } = channel;
    await channel.send(1);
    const waiting = refused(channel.send(2), 'the waiting send');
    channel.cancel('enough');
    const error = await waiting;
    same([error.name, error.value, error.cause], ['ChannelClosedError', 2, 'enough']);
    same(dropped, [[1, 'cancel']]);
    same([signal.aborted, signal.reason], [true, 'enough']);
    same(await refused(channel.receive(), 'a receive'), 'enough');
  });

  test('an abort rejects with the reason itself and has no effect', async () => {
    const channel = new Channel(1);
    const controller = new AbortController();
    const receiving = refused(channel.receive({ signal: controller.signal }), 'the receive');
    const reason = { why: 'changed my mind' };
    controller.abort(reason);
    check((await receiving) === reason, 'the very reason');
    same(channel.stats().waitingReceivers, 0);
    await channel.send('kept');
    same(await channel.receive(), 'kept');
  });

  test('a timeout rejects with TimeoutError and has no effect; 0 tries once', async () => {
    const channel = new Channel(1);
    await channel.send(1);
    for (const timeout of [5, 0]) {
      const error = await refused(channel.send(2, { timeout }), 'the send');
      check(error instanceof TimeoutError && !(error instanceof ChannelClosedError), 'TimeoutError');
      same([error.name, error.code, error.value], ['TimeoutError', 'ERR_SLUICE_TIMEOUT', 2]);
    }
    same(channel.drain(), [1]);
    same((await refused(channel.receive({ timeout: 5 }), 'the receive')).code, 'ERR_SLUICE_TIMEOUT');
  });

  test('iterators share the items; break leaves the channel open, consume cancels it', async () => {
    const channel = new Channel(4);
    await channel.sendAll([1, 2, 3, 4]);
    for await (const item of channel) if (item === 2) break;
    same([channel.closed, channel.size], [false, 2]);
    for await (const item of channel.consume()) if (item === 3) break;
    same([channel.closed, channel.ended], [true, true]);
    const iterator = new Channel(1)[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return();
    same(await next, { done: true }, 'a next that waits at return()');
    const platforms = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);
    check(Object.prototype.isPrototypeOf.call(platforms, iterator), 'it inherits from %AsyncIteratorPrototype%');
  });

  test('batches, receiveMany, drain and undefined as an item', async () => {
    const channel = new Channel(8);
    await channel.sendAll([1, 2, 3, 4, 5]);
    same(await channel.receiveMany(2), [1, 2]);
    channel.close();
    same(await toArray(channel.batches(2)), [[3, 4], [5]]);
    same(await channel.receiveMany(2), []);
    const holes = new Channel(2);
    holes.trySend(undefined);
    const none = Symbol('none');
    check(holes.tryReceive(none) === undefined && holes.tryReceive(none) === none, 'undefined is a legal item');
  });

  test('overflow policies drop, refuse and count', async () => {
    const dropped = [];
    const onDrop = (value, why) => dropped.push([value, why]);
    const oldest = new Channel(1, { overflow: 'drop-oldest', onDrop });
    const newest = new Channel(1, { overflow: 'drop-newest', onDrop });
    for (const channel of [oldest, newest]) for (const item of [1, 2]) same(channel.trySend(item), true);
    same([oldest.drain(), newest.drain()], [[2], [1]]);
    same(dropped, [
      [1, 'drop-oldest'],
      [2, 'drop-newest'],
    ]);
    const strict = new Channel(1, { overflow: 'reject' });
    strict.trySend(1);
    const error = await refused(strict.send(2), 'the send');
    check(error instanceof OverflowError && error.value === 2, 'OverflowError with the item');
    const { sent, received, dropped: drops, size } = oldest.stats();
    same(sent, received + drops + size);
  });

  test('a flood of sends that nobody awaits is refused past maxWaiters', async () => {
    const channel = new Channel(0, { maxWaiters: 1 });
    const first = channel.send(1);
    const error = await refused(channel.send(2), 'one too many');
    check(error instanceof TooManyWaitersError && error.code === 'ERR_SLUICE_TOO_MANY_WAITERS', 'TooManyWaitersError');
    same(await channel.receive(), 1);
    await first;
  });

  test('from pours a source in, one item in hand, and returns it at a cancel', async () => {
    let pulled = 0;
    let returned = 0;
    async function* source() {
      try {
        for (;;) yield pulled++;
      } finally {
        returned++;
      }
    }
    const channel = Channel.from(source(), 2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    same(pulled, 3, 'what is pulled: capacity and one in hand');
    for await (const item of channel.consume()) if (item === 10) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
    same(returned, 1, 'how often it is returned');
    same(await toArray(Channel.from(new Set('abc'), 1)), ['a', 'b', 'c']);
  });

  test('a channel with sender handles closes with the last of them', async () => {
    const channel = new Channel(4);
    const [a, b] = [channel.sender(), channel.sender()];
    await a.send('from a');
    a.close();
    same([a.closed, b.closed, channel.closed], [true, false, false]);
    same(a.trySend('late'), false);
    b.trySend('from b');
    b.close();
    same(channel.closed, true);
    same(await toArray(channel), ['from a', 'from b']);
  });

  test('disposal cancels, by the symbols of the platform where it has them', async () => {
    for (const make of [() => new Channel(1), () => new BoundedQueue(1)]) {
      const place = make();
      check(!('undefined' in place), 'no method is called "undefined"');
      if (Symbol.dispose !== undefined) {
        place[Symbol.dispose]();
        same(place.closed, true);
      }
      if (Symbol.asyncDispose !== undefined) {
        const other = make();
        await other[Symbol.asyncDispose]();
        same(other.closed, true);
      }
    }
  });

  test('a timer fires while two tasks exchange items that are always ready', async () => {
    const [there, back] = [new Channel(1), new Channel(1)];
    let turns = 0;
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    const echo = (async () => {
      for await (const item of there) await back.send(item);
    })();
    while (!fired) {
      await there.send(turns++);
      await back.receive();
    }
    there.close();
    await echo;
  });

  test('a queue is worked off: put, take, taskDone, join', async () => {
    const jobs = new BoundedQueue(2, { name: 'jobs' });
    const done = [];
    const worker = async () => {
      for await (const job of jobs) {
        done.push(job);
        jobs.taskDone();
      }
    };
    const workers = [worker(), worker()];
    for (let job = 0; job < 20; job++) await jobs.put(job, { timeout: 10_000 });
    await jobs.join();
    same([done.length, jobs.unfinished, jobs.remaining], [20, 0, 2]);
    jobs.close();
    await Promise.all(workers);
    check((await refused(jobs.take(), 'a take at the end')) instanceof ChannelClosedError, 'takers are refused');
    check(thrown(() => jobs.taskDone(), 'one call too many') instanceof RangeError, 'RangeError');
  });

  test('a queue gives back at a cancel what nobody took', async () => {
    const jobs = new BoundedQueue(3);
    for (const job of 'abc') await jobs.put(job);
    await jobs.take();
    same(jobs.cancel(), ['b', 'c']);
    same(jobs.unfinished, 1);
    const joined = jobs.join();
    jobs.taskDone();
    await joined;
  });

  test('bad input is refused at once and says what it was', async () => {
    for (const capacity of [-1, 1.5, Number.NaN, Infinity, 2 ** 32, undefined, '1']) {
      const error = thrown(() => new Channel(capacity), `capacity ${capacity}`);
      check(error instanceof RangeError || error instanceof TypeError, 'RangeError or TypeError');
      check(error.message.includes('capacity'), `"${error.message}" says which argument`);
    }
    check((await refused(new Channel(1).receiveMany(0), 'max 0')) instanceof RangeError, 'RangeError');
    check((await refused(new Channel(1).send(1, { timeout: -1 }), 'timeout -1')) instanceof RangeError, 'RangeError');
  });

  test('ten thousand waits share one signal, and leave nothing on it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set(); // removing one that is not there is no mistake, so they are not merely counted
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (type, listener, ...rest) => {
      listeners.add(listener);
      addEventListener.call(signal, type, listener, ...rest);
    };
    signal.removeEventListener = (type, listener, ...rest) => {
      listeners.delete(listener);
      removeEventListener.call(signal, type, listener, ...rest);
    };
    const channel = new Channel(0);
    const waits = Array.from({ length: 10_000 }, () => channel.receive({ signal }));
    same(listeners.size, 1, 'how many listeners there are');
    for (let n = 0; n < 5_000; n++) channel.trySend(n);
    controller.abort('over');
    const outcomes = await Promise.allSettled(waits);
    same(outcomes.filter(({ status }) => status === 'fulfilled').length, 5_000);
    same(listeners.size, 0, 'how many listeners are left');
  });
}

/** How many lives each adapter of web streams has. */
const LIVES = 2_000;

function streams(test) {
  for (const [name, adapter] of Object.entries(adapters)) {
    test(`every item is accounted for in ${LIVES} lives of ${name}`, async () => {
      for (let seed = 1; seed <= LIVES; seed++) {
        const wrong = await adapter({ Channel, web }, randomOf(seed));
        check(wrong.length === 0, `seed ${seed}: ${wrong.join('; ')}`);
      }
    });
  }

  test('a body comes through compression and back', async () => {
    const text = 'back-pressure '.repeat(20_000);
    const packed = web.fromReadableStream(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip')));
    const body = web.toReadableStream(packed).pipeThrough(new DecompressionStream('gzip'));
    same(await new Response(body).text(), text);
  });

  test('a tee, a pipe and a transform of the platform hold a channel back', async () => {
    const channel = new Channel(4);
    const [one, other] = web.toReadableStream(channel).tee();
    const written = new Channel(4);
    const piping = one.pipeThrough(new TransformStream()).pipeTo(web.toWritableStream(written));
    let sent = 0;
    const sending = (async () => {
      for (; sent < 1_000; sent++) await channel.send(sent);
      channel.close();
    })();
    await new Promise((resolve) => setTimeout(resolve, 20));
    check(sent < 20, `${sent} items were sent with nobody reading`);
    const items = Array.from({ length: 1_000 }, (_, n) => n);
    const read = await Promise.all([toArray(written), toArray(web.fromReadableStream(other)), piping, sending]);
    same(read.slice(0, 2), [items, items]);
  });
}

function events(test) {
  if (globalThis.EventTarget !== undefined && globalThis.Event !== undefined) {
    test('events of a target come in order, and the listeners go', async () => {
      const target = new EventTarget();
      const channel = web.fromEventTarget(target, { item: 'item', end: 'end', map: ({ type }) => type }, 8, {
        overflow: 'error',
      });
      for (let i = 0; i < 3; i++) target.dispatchEvent(new Event('item'));
      target.dispatchEvent(new Event('end'));
      target.dispatchEvent(new Event('item'));
      same(await toArray(channel), ['item', 'item', 'item']);
    });
  }
  const { Observable } = globalThis;
  if (typeof Observable !== 'function') return;
  test("the platform's own Observable goes into a channel, and a channel into it", async () => {
    const target = new EventTarget();
    const channel = fromObservable(target.when('item'), 8, { overflow: 'error' });
    for (let i = 0; i < 3; i++) target.dispatchEvent(new Event('item'));
    same(channel.drain().length, 3);
    channel.cancel();
    target.dispatchEvent(new Event('item'));
    same(channel.stats().received, 3);
    const numbers = Channel.from([1, 2, 3], 1);
    same(await Observable.from(toObservable(numbers)).toArray(), [1, 2, 3]);
    const source = new Observable((subscriber) => {
      for (let i = 0; i < 3; i++) subscriber.next(i);
      subscriber.complete();
    });
    same(await toArray(fromObservable(source, 3, { overflow: 'error' })), [0, 1, 2]);
  });
}

const CARD = {
  ...{ name: 'Channel', bound: 'exact', delivery: 'exactly once', order: 'fifo', abort: 'no effect' },
  ...{ end: 'graceful and immediate', patience: 5 },
};
function conform(test) {
  const open = (capacity) => {
    const channel = new Channel(capacity);
    return { sender: channel, receiver: channel };
  };
  conformance({ card: CARD, open, capacities: [0, 1, 2, 1_024], test });
}

/** Runs everything, and `more`, one test after another; resolves with how many passed and what failed. */
export async function run(more = () => {}) {
  const tests = [];
  const declare = (name, body) => tests.push([name, body]);
  for (const each of [smoke, conform, streams, events, more]) each(declare);
  const failures = [];
  for (const [name, body] of tests) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${DEADLINE} ms`)), DEADLINE);
    });
    try {
      await Promise.race([body(), late]);
    } catch (error) {
      failures.push(`${name}: ${error?.message ?? error}`);
    } finally {
      clearTimeout(timer);
    }
  }
  return { passed: tests.length - failures.length, failures };
}
