// The adapters of web streams under random lives: one schedule a seed, each of which must account for every item.
//
// A plain module: it imports types alone, and is handed everything that it uses, so that it runs on any platform.
//
// Accounted for: sent = received + dropped + left. What is received is in order, nobody hangs, nothing stays locked.

import type { Channel as OurChannel, Receiver, Sender } from 'sluice';
import type * as Web from 'sluice/web';

/** What a run is made of. */
export interface Parts {
  readonly Channel: typeof OurChannel;
  readonly web: Pick<
    typeof Web,
    'fromReadableStream' | 'toReadableStream' | 'fromWritableStream' | 'toWritableStream' | 'toTransformStream'
  >;
}

/** What was wrong with one schedule; empty where nothing was. */
export type Verdict = readonly string[];

/** A small generator of numbers: the same for the same seed, everywhere. */
export function randomOf(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;

/** Sources of a channel's items that only promise them. */
const promised: readonly ((
  web: Parts['web'],
  channel: OurChannel<number>,
  onDrop: (item: number) => void,
) => Receiver<number>)[] = [
  (web, channel, onDrop) => web.fromReadableStream(web.toReadableStream(channel, { onDrop }), { onDrop }),
  (_web, channel) => ({
    receive: (options) => channel.receive(options),
    cancel: (reason) => channel.cancel(reason),
    [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
  }),
];

/** The accounts of one schedule. */
class Ledger {
  sent = 0;
  readonly received: number[] = [];
  readonly dropped: number[] = [];
  left: readonly number[] = [];
  readonly wrong: string[] = [];

  readonly drop = (item: number): void => void this.dropped.push(item);

  check(): Verdict {
    const { received, dropped, left, wrong } = this;
    if (received.some((item, i) => i > 0 && item <= (received[i - 1] as number)))
      wrong.push(`order ${received.join()}`);
    const all = [...received, ...dropped, ...left].sort((a, b) => a - b);
    if (all.length !== this.sent || all.some((item, i) => item !== i)) {
      wrong.push(`sent ${this.sent}, received ${received.join()}, dropped ${dropped.join()}, left ${left.join()}`);
    }
    return wrong;
  }
}

/** Lets so many microtasks pass; sometimes a whole turn of the event loop. */
async function pause(random: Random): Promise<void> {
  const many = random(12);
  if (many === 11) await turn();
  else for (let i = 0; i < many; i++) await undefined;
}

const later = (globalThis as unknown as { setImmediate?: (run: () => void) => void }).setImmediate;

/** A turn of the event loop. A browser's timers are not that quick: the fifth in a row waits for 4 ms. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (later !== undefined) return later(resolve);
    if (typeof MessageChannel === 'undefined') return void setTimeout(resolve, 0);
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

/** Whether it settles within so many turns; a rejection counts, and is handled. */
async function settles(ledger: Ledger, what: string, promises: Promise<unknown>[]): Promise<void> {
  let open = promises.length;
  for (const promise of promises)
    promise.then(
      () => open--,
      () => open--,
    );
  for (let i = 0; i < 50 && open > 0; i++) await turn();
  if (open > 0) ledger.wrong.push(`${what}: ${open} hang`);
}

/** Sends 0, 1, 2, … with pauses, until it is refused; closes at the end. */
async function produce(
  ledger: Ledger,
  random: Random,
  sender: Sender<number>,
  count: number,
  end: unknown,
): Promise<void> {
  try {
    for (let i = 0; i < count; i++) {
      if (random(3) === 0) await pause(random);
      await sender.send(i);
      ledger.sent++;
    }
    await sender.close(end);
  } catch {
    // Refused: what it holds in its hand was not sent.
  }
}

/** Reads with a reader of its own; may let go of the lock, also with a read under way. */
async function readNatively(
  ledger: Ledger,
  random: Random,
  stream: ReadableStream<number>,
  most: number,
): Promise<void> {
  let reader = stream.getReader();
  try {
    while (ledger.received.length < most) {
      if (random(4) === 0) await pause(random);
      const read = reader.read();
      read.catch(() => {}); // it may fail during the pause
      if (random(8) === 0) {
        if (random(2) === 0) await pause(random);
        reader.releaseLock();
        const outcome = await read.catch(() => undefined); // the lock was faster
        if (outcome !== undefined) {
          if (outcome.done) return;
          ledger.received.push(outcome.value);
        }
        await pause(random);
        reader = stream.getReader();
        continue;
      }
      const { done, value } = await read;
      if (done) return;
      ledger.received.push(value);
    }
  } catch {
    // A failed end.
  } finally {
    reader.releaseLock();
  }
}

/** Receives from ours, by receives that may give up and by iterations that may be left. */
async function receiveOurs(ledger: Ledger, random: Random, receiver: Receiver<number>, most: number): Promise<void> {
  try {
    while (ledger.received.length < most) {
      switch (random(4)) {
        case 0: {
          for await (const item of receiver) {
            ledger.received.push(item);
            if (ledger.received.length >= most || random(3) === 0) break;
            if (random(3) === 0) await pause(random);
          }
          break;
        }
        case 1: {
          const controller = new AbortController();
          const received = receiver.receive({ signal: controller.signal });
          received.catch(() => {}); // it may fail during the pause
          if (random(2) === 0) await pause(random);
          controller.abort('given up');
          const item = await received.catch((error: unknown) => {
            if (error !== 'given up') throw error;
            return Number.NaN;
          });
          if (item === undefined) return;
          if (!Number.isNaN(item)) ledger.received.push(item);
          break;
        }
        case 2: {
          // An iterator that is left with its next() pending.
          const items = receiver[Symbol.asyncIterator]();
          const next = items.next();
          next.catch(() => {});
          if (random(2) === 0) await pause(random);
          await items.return?.();
          const { done, value } = await next;
          if (!done) ledger.received.push(value);
          break;
        }
        default: {
          const item = await receiver.receive();
          if (item === undefined) return;
          ledger.received.push(item);
        }
      }
      if (random(4) === 0) await pause(random);
    }
  } catch {
    // A failed end.
  }
}

/** A source of the platform's that writes down what it has enqueued; of what was not read it says what is left. */
function nativeSource(ledger: Ledger, random: Random, count: number): ReadableStream<number> {
  let next = 0;
  const highWaterMark = random(3);
  const fails = highWaterMark === 0 && random(3) === 0; // what is queued then would be gone
  const give = (controller: ReadableStreamDefaultController<number>): void => {
    if (next === count) {
      if (fails) controller.error(new Error('the source broke'));
      else controller.close();
      return;
    }
    controller.enqueue(next++);
    ledger.sent++;
  };
  const slow = random(2) === 0;
  return new ReadableStream<number>(
    {
      pull: slow
        ? async (controller) => {
            await pause(random);
            try {
              give(controller);
            } catch {
              // It was cancelled meanwhile: nothing was enqueued.
              next--;
            }
          }
        : give,
    },
    { highWaterMark },
  );
}

async function readRest(ledger: Ledger, stream: ReadableStream<number>): Promise<number[]> {
  const rest: number[] = [];
  if (stream.locked) {
    ledger.wrong.push('left locked');
    return rest;
  }
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return rest;
      rest.push(value);
    }
  } catch {
    return rest;
  }
}

/** One kind of adapter; each takes the parts and a generator, and gives what was wrong. */
export const adapters: Readonly<Record<string, (parts: Parts, random: Random) => Promise<Verdict>>> = {
  async toReadableStream({ Channel, web }, random) {
    const ledger = new Ledger();
    const channel = new Channel<number>(random(3), { onDrop: ledger.drop });
    const owns = random(2) === 0;
    const abort = new AbortController();
    const stream = web.toReadableStream(channel, { cancel: owns, onDrop: ledger.drop, signal: abort.signal });
    const count = random(8);
    const producing = produce(ledger, random, channel, count, random(3) === 0 ? new Error('failed') : undefined);
    const reading = readNatively(ledger, random, stream, random(10));
    await pause(random);
    const way = random(5);
    if (way === 0) abort.abort('stop');
    else if (way === 1) channel.cancel('nobody');
    await settles(ledger, 'the reader', way < 2 ? [reading] : []);
    await Promise.race([reading, turns(20)]);
    const cancelled = stream.locked ? Promise.resolve() : stream.cancel('enough');
    if (stream.locked) ledger.wrong.push('left locked');
    if (!owns) {
      ledger.left = channel.drain();
      channel.cancel();
    }
    await settles(ledger, 'the producer', [producing, cancelled]);
    return ledger.check();
  },

  async 'toReadableStream, of what is promised'({ Channel, web }, random) {
    const ledger = new Ledger();
    const channel = new Channel<number>(random(3), { onDrop: ledger.drop });
    const source = (promised[random(promised.length)] as (typeof promised)[number])(web, channel, ledger.drop);
    const abort = new AbortController();
    const stream = web.toReadableStream(source, { onDrop: ledger.drop, signal: abort.signal });
    const producing = produce(ledger, random, channel, random(8), random(3) === 0 ? new Error('failed') : undefined);
    // One reader after the other: each begins with what came after the one before had let go.
    const most = random(10);
    const reading = (async () => {
      await readNatively(ledger, random, stream, Math.min(most, random(4)));
      await pause(random);
      if (random(2) === 0) await readNatively(ledger, random, stream, most);
      else await receiveOurs(ledger, random, web.fromReadableStream(stream), most);
    })();
    await pause(random);
    await pause(random);
    if (random(4) > 0) await Promise.race([reading, turns(20)]);
    if (ledger.dropped.length > 0) ledger.wrong.push(`dropped ${ledger.dropped.join()}, and nobody had left`);
    abort.abort('enough');
    await settles(ledger, 'all', [producing, reading]);
    if (stream.locked) ledger.wrong.push('left locked');
    return ledger.check();
  },

  async fromReadableStream({ web }, random) {
    const ledger = new Ledger();
    const stream = nativeSource(ledger, random, random(8));
    const receiver = web.fromReadableStream(stream, { onDrop: ledger.drop });
    const receiving = receiveOurs(ledger, random, receiver, random(10));
    await settles(ledger, 'the receiver', [receiving]);
    for (let i = 0; i < 5 && stream.locked; i++) await undefined;
    ledger.left = await readRest(ledger, stream);
    return ledger.check();
  },

  async 'fromReadableStream, cancelled'({ web }, random) {
    const ledger = new Ledger();
    let next = 0;
    const abort = new AbortController();
    // It holds nothing, so that what was enqueued was read.
    const stream = new ReadableStream<number>(
      {
        async pull(controller) {
          await pause(random);
          try {
            controller.enqueue(next);
            next++;
          } catch {
            return;
          }
          ledger.sent++;
        },
      },
      { highWaterMark: 0 },
    );
    const receiver = web.fromReadableStream(stream, { onDrop: ledger.drop, signal: abort.signal });
    const receiving = [receiveInTurn(ledger, receiver), receiveInTurn(ledger, receiver)];
    await pause(random);
    await pause(random);
    if (random(2) === 0) abort.abort('stop');
    else void receiver.cancel(random(2) === 0 ? undefined : 'stop');
    await settles(ledger, 'the receivers', receiving);
    if (stream.locked) ledger.wrong.push('left locked');
    ledger.received.sort((a, b) => a - b); // two receivers push each when they run
    return ledger.check();
  },

  async fromWritableStream({ web }, random) {
    const ledger = new Ledger();
    const broken = random(8);
    let writes = 0;
    let settle: (() => void) | undefined;
    let over = false;
    const never = random(6) === 0;
    const slow = random(2) === 0;
    const stream = new WritableStream<number>(
      {
        async write(item, controller) {
          const { signal } = controller as unknown as { signal: AbortSignal };
          if (slow) await pause(random);
          if (never && writes === 3 && !over) {
            await new Promise<void>((resolve) => {
              settle = resolve;
              signal.addEventListener('abort', () => resolve());
            });
            throw new Error('stuck, then aborted');
          }
          if (writes++ === broken) throw new Error('the sink broke');
          ledger.received.push(item);
        },
      },
      { highWaterMark: random(4) },
    );
    const abort = new AbortController();
    const sender = web.fromWritableStream(stream, { onDrop: ledger.drop, signal: abort.signal });
    const count = random(8);
    const end = random(3) === 0 ? new Error('failed') : undefined;
    const producing = produceImpatiently(ledger, random, sender, count, end);
    await pause(random);
    await pause(random);
    if (random(3) === 0) abort.abort('stop');
    await Promise.race([producing, turns(never ? 6 : 30)]);
    over = true;
    settle?.();
    await settles(ledger, 'the producer', [producing]);
    await turns(slow ? 12 : 1); // what the sink still has to do
    if (stream.locked) ledger.wrong.push('left locked');
    return ledger.check();
  },

  async toWritableStream({ Channel, web }, random) {
    const ledger = new Ledger();
    const channel = new Channel<number>(random(3), { onDrop: ledger.drop });
    const owns = random(2) === 0;
    const abort = new AbortController();
    const stream = web.toWritableStream(channel, { close: owns, onDrop: ledger.drop, signal: abort.signal });
    const writer = stream.getWriter();
    writer.closed.catch(() => {});
    const reached = new Set<number>();
    const writing = (async () => {
      for (let i = 0; i < 6; i++) {
        await writer.ready;
        ledger.sent++;
        const written = writer.write(i).then(() => void reached.add(i));
        if (random(2) === 0) await written;
        else written.catch(() => {});
        if (random(3) === 0) await pause(random);
      }
      await writer.close();
    })();
    writing.catch(() => {});
    const receiving = receiveInTurn(ledger, channel, random(9));
    await pause(random);
    await pause(random);
    switch (random(4)) {
      case 0:
        writer.abort('enough').catch(() => {});
        break;
      case 1:
        abort.abort('stop');
        break;
      case 2:
        channel.cancel('nobody');
        break;
      default:
    }
    await Promise.race([Promise.all([writing, receiving]).catch(() => {}), turns(6)]);
    writer.abort('over').catch(() => {});
    await turn();
    ledger.left = channel.drain();
    channel.cancel();
    await settles(ledger, 'both sides', [writing, receiving]);
    // One that was written, but behind another one, was refused by the stream itself, to its writer.
    ledger.sent = new Set([...ledger.received, ...ledger.dropped, ...ledger.left, ...reached]).size;
    return ledger.check();
  },

  async pairs({ Channel, web }, random) {
    const ledger = new Ledger();
    const from = new Channel<number>(random(3), { onDrop: ledger.drop });
    const to = new Channel<number>(random(3), { onDrop: ledger.drop });
    const source = web.fromReadableStream<number>(web.toReadableStream(from, { onDrop: ledger.drop }), {
      onDrop: ledger.drop,
    });
    const sink = web.fromWritableStream<number>(web.toWritableStream(to, { onDrop: ledger.drop }), {
      // What the writable side refuses is told of by both.
      onDrop: (item) => ledger.dropped.includes(item) || ledger.drop(item),
    });
    const producing = produce(ledger, random, from, random(8), random(3) === 0 ? new Error('failed') : undefined);
    const pumping = (async () => {
      try {
        for await (const item of source) {
          try {
            await sink.send(item);
          } catch (error) {
            ledger.drop(item);
            throw error;
          }
        }
        await sink.close();
      } catch (error) {
        await Promise.all([source.cancel(error), sink.close(error)]);
      }
    })();
    pumping.catch(() => {});
    const receiving = receiveInTurn(ledger, to, random(12));
    await pause(random);
    await pause(random);
    if (random(3) === 0) to.cancel('nobody');
    await Promise.race([Promise.all([producing, receiving]), turns(20)]);
    to.cancel('over');
    await settles(ledger, 'all', [producing, pumping, receiving]);
    return ledger.check();
  },

  async toTransformStream({ web }, random) {
    const ledger = new Ledger();
    const inStep: number[] = [];
    const early = random(12);
    const fails = random(2) === 0;
    const pair = web.toTransformStream<number, number>(async function* step(items) {
      let steps = 0;
      for await (const item of items) {
        inStep.push(item);
        if (random(3) === 0) await pause(random);
        if (steps++ === early) {
          if (fails) throw new Error('the step broke');
          return;
        }
        yield item;
      }
    });
    const sink = web.fromWritableStream<number>(pair.writable, { onDrop: ledger.drop });
    const source = web.fromReadableStream<number>(pair.readable, { onDrop: ledger.drop });
    const producing = produce(ledger, random, sink, random(8), random(3) === 0 ? new Error('failed') : undefined);
    const receiving = receiveOurs(ledger, random, source, random(10));
    await settles(ledger, 'the receiver', [receiving]);
    await Promise.resolve(source.cancel('enough')).catch(() => {}); // it may have failed
    await settles(ledger, 'the producer', [producing]);
    await turn();
    // What a step has taken is the step's.
    const seen = new Set([...ledger.received, ...ledger.dropped]);
    ledger.left = inStep.filter((item) => !seen.has(item));
    const last = ledger.received.at(-1) ?? -1;
    if (ledger.left.some((item) => item < last)) ledger.wrong.push(`${ledger.left.join()} were passed over`);
    return ledger.check();
  },
};

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** Nothing but receives, one after the other. */
async function receiveInTurn(ledger: Ledger, receiver: Receiver<number>, most = 1_000): Promise<void> {
  try {
    for (let i = 0; i < most; i++) {
      const item = await receiver.receive();
      if (item === undefined) return;
      ledger.received.push(item);
    }
  } catch {
    // A failed end.
  }
}

/** As `produce`; some sends give up, and are then sent again. */
async function produceImpatiently(
  ledger: Ledger,
  random: Random,
  sender: Sender<number>,
  count: number,
  end: unknown,
): Promise<void> {
  try {
    for (let i = 0; i < count; i++) {
      if (random(3) === 0) await pause(random);
      for (;;) {
        if (random(3) > 0) {
          await sender.send(i);
          break;
        }
        const controller = new AbortController();
        const sent = sender.send(i, { signal: controller.signal });
        sent.catch(() => {}); // it may be refused during the pause
        if (random(2) === 0) await pause(random);
        controller.abort('given up');
        const refusal = await sent.then(
          () => undefined,
          (error: unknown) => ({ error }),
        );
        if (refusal === undefined) break;
        if (refusal.error !== 'given up') throw refusal.error;
      }
      ledger.sent++;
    }
    await sender.close(end);
  } catch {
    // Refused.
  }
}

/** Runs schedules of all adapters, `count` in all, beginning with a seed; gives those that went wrong. */
export async function runSchedules(parts: Parts, count: number, firstSeed = 1): Promise<string[]> {
  const names = Object.keys(adapters);
  const wrong: string[] = [];
  for (let i = 0; i < count; i++) {
    const seed = firstSeed + i;
    const name = names[i % names.length] as string;
    const verdict = await (adapters[name] as (typeof adapters)[string])(parts, randomOf(seed));
    if (verdict.length > 0) wrong.push(`${name}, seed ${seed}: ${verdict.join('; ')}`);
  }
  return wrong;
}
