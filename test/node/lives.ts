// Random lives of the adapters of sluice/node: who sends, reads, gives up and destroys, and when, is drawn from a seed. At the
// end of a life the books must balance: each item that was sent was received, reported, or is left where it was.

import { Readable, Writable } from 'node:stream';
import { Channel, ChannelClosedError, type Receiver, type Sender, TimeoutError } from 'sluice';
import { fromDuplex, fromReadable, fromWritable, toDuplex, toReadable, toTransform, toWritable } from 'sluice/node';

/** The dice of one life. */
export class Dice {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed + 0x9e3779b9;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  of<T>(...choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  chance(part: number): boolean {
    return this.next() < part;
  }
}

const immediate = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Lets some time pass, or none. */
async function pause(dice: Dice): Promise<void> {
  const kind = dice.below(6);
  if (kind === 0) await immediate();
  else if (kind === 1) await tick();
  else if (kind === 2) for (let i = dice.below(8); i > 0; i--) await undefined;
}

/** Runs something at a moment that is drawn: at once, in a microtask, a tick or a turn later. */
function sometime(dice: Dice, run: () => void): void {
  const kind = dice.below(4);
  if (kind === 0) run();
  else if (kind === 1) void Promise.resolve().then(run);
  else if (kind === 2) process.nextTick(run);
  else setImmediate(run);
}

const STOP = new Error('stop');

/** Until nothing happens any more that was going to happen. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 4; i++) await immediate();
}

function check(holds: boolean, what: string, ...facts: unknown[]): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(facts)}`);
}

/** Each of `sent` is once in one of the others, and nothing else is. */
function complete(sent: readonly number[], ...others: readonly (readonly number[])[]): void {
  const all = others.flat().sort((a, b) => a - b);
  check(JSON.stringify(all) === JSON.stringify([...sent].sort((a, b) => a - b)), 'sent and found', sent, others);
}

/** The same; and each of the others is in order. */
function balance(sent: readonly number[], ...others: readonly (readonly number[])[]): void {
  complete(sent, ...others);
  for (const items of others) inOrder(items);
}

function inOrder(items: readonly number[]): void {
  for (let i = 1; i < items.length; i++) check((items[i - 1] as number) < (items[i] as number), 'order', items);
}

/** Sends numbers from 1 on, then ends, or not. Gives those that were accepted. */
function produce(dice: Dice, channel: Channel<number>, first = 1): { sent: number[]; done: Promise<void> } {
  const sent: number[] = [];
  const count = dice.below(12);
  const end = dice.of('close', 'close', 'close', 'fail', 'leave');
  const sync = dice.chance(0.4);
  const run = async (): Promise<void> => {
    const sends: Promise<void>[] = [];
    for (let item = first; item < first + count; item++) {
      if (sync && dice.chance(0.5)) {
        if (channel.trySend(item)) sent.push(item);
      } else {
        const sending = channel.send(item).then(
          () => void sent.push(item),
          (error: unknown) => check(error instanceof ChannelClosedError, 'a send', String(error)),
        );
        if (dice.chance(0.7)) await sending;
        else sends.push(sending);
      }
      await pause(dice);
    }
    if (end === 'close') channel.close();
    else if (end === 'fail') channel.close(STOP);
    await Promise.all(sends);
  };
  return { sent, done: run() };
}

/** What a channel lets go of when it is cancelled. */
function opened(dice: Dice): { channel: Channel<number>; dropped: number[] } {
  const dropped: number[] = [];
  return { channel: new Channel<number>(dice.below(4), { onDrop: (item) => dropped.push(item) }), dropped };
}

/** Ends whatever a life has left open, and gives what was left in the channel. */
async function leftIn(channel: Channel<number>, done: Promise<void>): Promise<number[]> {
  const left: number[] = [];
  channel.close();
  for (let i = 0; i < 50; i++) {
    left.push(...channel.drain());
    await immediate();
    if (channel.ended) break;
  }
  await done;
  check(channel.ended, 'the channel does not end');
  return left;
}

/** Reads a stream in one of the ways in which streams are read; on its way it may stop it. */
function read(dice: Dice, stream: Readable, stop: () => void): number[] {
  const got: number[] = [];
  const stopAfter = dice.chance(0.6) ? dice.below(6) : Number.POSITIVE_INFINITY;
  const take = (item: number): void => {
    got.push(item);
    if (got.length === stopAfter) sometime(dice, stop);
  };
  if (stopAfter === 0) sometime(dice, stop);
  const iterate = async (): Promise<void> => {
    try {
      for await (const item of stream) {
        take(item as number);
        await pause(dice);
      }
    } catch {
      // the stream's end
    }
  };
  const step = async (): Promise<void> => {
    const items = stream[Symbol.asyncIterator]();
    try {
      for (let { value, done } = await items.next(); done !== true; { value, done } = await items.next()) {
        take(value as number);
        if (dice.chance(0.1)) return void (await items.return?.());
      }
    } catch {
      // the stream's end
    }
  };
  stream.on('error', () => {});
  switch (dice.below(5)) {
    case 0:
      void iterate();
      break;
    case 1:
      void step();
      break;
    case 2:
      stream.on('data', (item: number) => {
        take(item);
        if (!dice.chance(0.4)) return;
        stream.pause();
        if (dice.chance(0.8)) sometime(dice, () => stream.resume());
      });
      break;
    case 3:
      stream.on('readable', () => {
        for (let item = stream.read() as number | null; item !== null; item = stream.read() as number | null) {
          take(item);
          if (dice.chance(0.3)) break; // leaves some of it to the next time
        }
      });
      break;
    default:
      stream.pipe(
        new Writable({
          objectMode: true,
          highWaterMark: 1,
          write(item: number, _encoding, done) {
            take(item);
            sometime(dice, done);
          },
        }),
      );
  }
  return got;
}

type Life = (dice: Dice) => Promise<void>;

const readableOverChannel: Life = async (dice) => {
  const { channel, dropped } = opened(dice);
  const reported: number[] = [];
  const controller = new AbortController();
  const cancel = dice.chance(0.6);
  const stream = toReadable(channel, {
    cancel,
    signal: dice.chance(0.5) ? controller.signal : undefined,
    onDrop: (item) => reported.push(item),
  });
  const { sent, done } = produce(dice, channel);
  const how = dice.below(5);
  const stop = (): void => {
    if (how === 0) controller.abort(STOP);
    if (how <= 1) stream.destroy(STOP);
    else if (how <= 3) stream.destroy();
    else channel.cancel();
  };
  await pause(dice);
  const got = read(dice, stream, stop);
  for (let i = 0; i < 6; i++) await immediate();
  if (!cancel && dice.chance(0.5)) stream.destroy();
  await quiet();
  if (stream.destroyed && cancel) check(channel.ended, 'a destroyed stream cancels its source');
  stream.destroy();
  const left = await leftIn(channel, done);
  balance(sent, got, reported, [...dropped, ...left]);
  inOrder([...got, ...reported, ...dropped, ...left]);
};

/** A stream of 1, 2, … and what it has pushed. */
function numbers(dice: Dice): { stream: Readable; pushed: number[] } {
  const pushed: number[] = [];
  const count = dice.below(14);
  const end = dice.of('end', 'end', 'end', 'fail', 'close', 'leave');
  const sync = dice.chance(0.5);
  const answer = (): void => {
    if (stream.destroyed) return;
    if (pushed.length < count) {
      pushed.push(pushed.length + 1);
      stream.push(pushed.length);
    } else if (end === 'end') {
      stream.push(null);
    } else if (end === 'fail') {
      stream.destroy(STOP);
    } else if (end === 'close') {
      stream.destroy();
    }
  };
  const stream = new Readable({
    objectMode: true,
    highWaterMark: dice.below(4),
    read: () => {
      if (sync) answer();
      else sometime(dice, answer);
    },
  });
  return { stream, pushed };
}

/** Receives until the end, giving up now and then. */
async function receive(dice: Dice, receiver: Receiver<number>, got: number[], most: number): Promise<unknown> {
  for (let i = 0; i < most; i++) {
    const controller = new AbortController();
    const receiving = receiver.receive(
      dice.of(undefined, undefined, undefined, { signal: controller.signal }, { timeout: 0 }, { timeout: 1 }),
    );
    if (dice.chance(0.5)) sometime(dice, () => controller.abort(STOP));
    try {
      const item = await receiving;
      if (item === undefined) return 'end';
      got.push(item);
    } catch (error) {
      if (!(error instanceof TimeoutError) && !(error === STOP && controller.signal.aborted)) return error;
      await immediate();
    }
    await pause(dice);
  }
  return 'left';
}

const receiverOverReadable: Life = async (dice) => {
  const { stream, pushed } = numbers(dice);
  const got: number[] = [];
  const controller = new AbortController();
  const receiver = fromReadable<number>(stream, { signal: dice.chance(0.5) ? controller.signal : undefined });
  const stopAt = dice.chance(0.5) ? dice.below(8) : Number.POSITIVE_INFINITY;
  const how = dice.below(4);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    if (how === 0) controller.abort(STOP);
    if (how === 0 || how === 1) void receiver.cancel(STOP);
    else if (how === 2) void receiver.cancel();
    else stream.destroy();
  };
  const iterate = async (): Promise<unknown> => {
    try {
      for (let i = dice.below(4); i >= 0; i--) {
        for await (const item of receiver) {
          got.push(item);
          await pause(dice);
          if (dice.chance(0.2)) break;
        }
      }
    } catch (error) {
      return error;
    }
    return 'end';
  };
  const step = async (): Promise<unknown> => {
    const items = receiver[Symbol.asyncIterator]();
    const all = Array.from({ length: 3 }, () =>
      items.next().then(
        ({ value, done }) => void (done === true || got.push(value)),
        () => {},
      ),
    );
    if (dice.chance(0.5)) sometime(dice, () => void items.return?.());
    await Promise.race([Promise.all(all), immediate().then(immediate).then(immediate)]);
    void items.return?.();
    return Promise.all(all);
  };
  const consumers = Array.from({ length: 1 + dice.below(2) }, () =>
    dice.of(() => receive(dice, receiver, got, 200), iterate, step)(),
  );
  if (stopAt < 8) {
    for (let i = 0; i < stopAt; i++) await pause(dice);
    sometime(dice, stop);
  }
  for (let i = 0; i < 12; i++) await immediate();
  // Whatever the consumers have left can still be received, if the stream is alive.
  if (!stopped && !stream.destroyed) consumers.push(receive(dice, receiver, got, 40));
  for (let i = 0; i < 12; i++) await immediate();
  check(stream.listenerCount('error') <= 1 && stream.listenerCount('close') <= 1, 'listeners');
  const before = got.length;
  void receiver.cancel();
  const outcomes = await Promise.all(consumers);
  inOrder(got);
  check(got.length === before, 'an item after the cancel', got);
  check(JSON.stringify(got) === JSON.stringify(pushed.slice(0, got.length)), 'lost', pushed, got);
  if (!stopped && stream.readableEnded) check(got.length === pushed.length, 'lost', pushed, got, outcomes);
  check(stream.listenerCount('readable') + stream.listenerCount('end') === 0, 'listeners that stay');
};

/** A sink of one of the kinds there are, and what it has written. */
function sinkOf(dice: Dice): { stream: Writable; written: number[]; begun: number[] } {
  const written: number[] = [];
  const begun: number[] = [];
  const kind = dice.of('sync', 'slow', 'slow', 'failing', 'stuck');
  const failsAt = dice.below(8);
  const stream = new Writable({
    objectMode: true,
    highWaterMark: dice.below(5),
    write(item: number, _encoding, done) {
      begun.push(item);
      if (kind === 'failing' && begun.length > failsAt) return sometime(dice, () => done(STOP));
      if (kind === 'stuck' && begun.length > failsAt) return;
      const finish = (): void => {
        written.push(item);
        done();
      };
      if (kind === 'sync') finish();
      else sometime(dice, finish);
    },
  });
  return { stream, written, begun };
}

async function send(dice: Dice, sender: Sender<number>, first: number, count: number, sent: number[]): Promise<void> {
  const sends: Promise<void>[] = [];
  for (let item = first; item < first + count; item++) {
    const controller = new AbortController();
    const sending = sender
      .send(item, dice.of(undefined, undefined, { signal: controller.signal }, { timeout: 0 }, { timeout: 1 }))
      .then(
        () => void sent.push(item),
        (error: { value?: unknown }) => {
          check(
            error === STOP ||
              ((error instanceof ChannelClosedError || error instanceof TimeoutError) && error.value === item),
            'a send',
            error,
          );
        },
      );
    if (dice.chance(0.3)) sometime(dice, () => controller.abort(STOP));
    if (dice.chance(0.6)) await Promise.race([sending, immediate().then(immediate)]);
    sends.push(sending);
    await pause(dice);
  }
  await Promise.all(sends);
}

const senderOverWritable: Life = async (dice) => {
  const { stream, written, begun } = sinkOf(dice);
  const reported: number[] = [];
  const controller = new AbortController();
  const options = {
    signal: dice.chance(0.5) ? controller.signal : undefined,
    onDrop: (item: number) => void reported.push(item),
  };
  const senders = Array.from({ length: 1 + dice.below(2) }, () => fromWritable<number>(stream, options));
  const sent: number[] = [];
  const sending = senders.map((sender, i) => send(dice, sender, 100 * i + 1, dice.below(12), sent));
  const end = dice.of('close', 'close', 'fail', 'destroy', 'destroy', 'abort');
  if (end === 'close' && dice.chance(0.7)) await Promise.race([Promise.all(sending), quiet().then(quiet)]);
  else for (let i = dice.below(10); i > 0; i--) await pause(dice);
  const closed = senders.map((sender) => {
    if (end === 'close') return Promise.resolve(sender.close());
    if (end === 'fail') return Promise.resolve(sender.close(STOP));
    if (end === 'abort') controller.abort(STOP);
    stream.destroy();
    return Promise.resolve(sender.close());
  });
  await quiet();
  await quiet();
  const finished = stream.writableFinished;
  stream.destroy(); // it may be stuck
  await Promise.all(sending); // none hangs
  const outcomes = await Promise.allSettled(closed);
  if (end === 'close' && finished)
    check(
      outcomes.every(({ status }) => status === 'fulfilled'),
      'a close that finished',
    );
  await quiet();
  // Of a write that was under way when the stream was destroyed, nobody knows the outcome.
  const unknown = written.filter((item) => reported.includes(item));
  check(unknown.length <= 1, 'written and reported', written, reported);
  for (const mine of [(item: number) => item < 100, (item: number) => item > 100]) {
    const [out, lost] = [written.filter(mine), reported.filter(mine).filter((item) => !written.includes(item))];
    complete(sent.filter(mine), out, lost);
    // The order of what is reported is nobody's promise: a stream that is destroyed calls back at once, as failed, for what it
    // held. The write that was under way came before that, and is given up at `close` only, where no callback has come.
    inOrder(out);
  }
  check(begun.length <= sent.length, 'written without being sent', begun, sent);
  check(
    stream.listenerCount('error') + stream.listenerCount('drain') + stream.listenerCount('close') === 0,
    'listeners',
  );
};

/** Takes from a channel, and may stop doing so. */
function consume(dice: Dice, channel: Channel<number>): { got: number[]; done: Promise<unknown> } {
  const got: number[] = [];
  const most = dice.chance(0.3) ? dice.below(6) : Number.POSITIVE_INFINITY;
  const run = async (): Promise<unknown> => {
    try {
      for await (const item of channel) {
        got.push(item);
        await pause(dice);
        if (got.length >= most) break;
      }
    } catch (error) {
      return error;
    }
    return undefined;
  };
  return { got, done: run() };
}

/** Writes as a polite writer does, and as a rude one. Gives what the stream has taken. */
function write(dice: Dice, stream: Writable, count: number, end: boolean): { taken: number[]; done: Promise<void> } {
  const taken: number[] = [];
  const polite = dice.chance(0.6);
  const run = async (): Promise<void> => {
    for (let item = 1; item <= count && !stream.destroyed; item++) {
      taken.push(item);
      if (!stream.write(item) && polite) {
        await new Promise<void>((resolve) => {
          const go = (): void => {
            stream.off('drain', go).off('close', go);
            resolve();
          };
          stream.on('drain', go).on('close', go);
        });
      }
      await pause(dice);
    }
    if (end && !stream.destroyed) stream.end();
  };
  return { taken, done: run() };
}

const writableOverChannel: Life = async (dice) => {
  const { channel, dropped } = opened(dice);
  const reported: number[] = [];
  const controller = new AbortController();
  const close = dice.chance(0.7);
  const stream = toWritable(channel, {
    close,
    signal: dice.chance(0.5) ? controller.signal : undefined,
    onDrop: (item) => reported.push(item),
  }).on('error', () => {});
  const ends = dice.chance(0.6);
  const { taken, done: writing } = write(dice, stream, dice.below(12), ends);
  const { got, done: consuming } = consume(dice, channel);
  const stop = dice.below(7);
  if (stop < 5) {
    for (let i = dice.below(10); i > 0; i--) await pause(dice);
    if (stop === 0) controller.abort(STOP);
    else if (stop === 1) stream.destroy(STOP);
    else if (stop === 2) stream.destroy();
    else if (stop === 3) channel.cancel(dice.of(undefined, STOP));
    else channel.close(dice.of(undefined, STOP));
  }
  await quiet();
  await quiet();
  const { writableFinished, destroyed } = stream;
  stream.destroy();
  await quiet();
  await writing;
  if (close) check(channel.closed, 'a stream that is gone leaves nobody waiting');
  const left = await leftIn(channel, Promise.resolve());
  const end = await consuming;
  if (close && destroyed && !writableFinished && end === undefined && stop < 3)
    check(got.length + left.length < 1 + taken.length, 'a writer that is gone must not look like an end');
  balance(taken, got, [...dropped, ...left], reported);
  inOrder([...got, ...left, ...reported]);
};

const bothInARow: Life = async (dice) => {
  const [a, b] = [opened(dice), opened(dice)];
  const reported: number[] = [];
  const late: number[] = [];
  const onDrop = (item: number): void => void reported.push(item);
  const cancel = dice.chance(0.7);
  const readable = toReadable(a.channel, { onDrop, cancel }).on('error', () => {});
  const writable = toWritable(b.channel, { onDrop }).on('error', () => {});
  // What Node's own pipe writes to a stream that is destroyed is nobody's.
  const own = writable.write.bind(writable) as (item: number) => boolean;
  writable.write = (item: number) => {
    if (writable.destroyed || writable.writableEnded) late.push(item);
    return own(item);
  };
  const { sent, done } = produce(dice, a.channel);
  const { got, done: consuming } = consume(dice, b.channel);
  const kind = dice.below(3);
  if (kind === 0) readable.pipe(writable);
  else if (kind === 1) {
    const { pipeline } = await import('node:stream/promises');
    void pipeline(readable, writable).catch(() => {});
  } else {
    const forward = async (): Promise<void> => {
      const [from, to] = [fromReadable<number>(readable), fromWritable<number>(writable)];
      try {
        for (let item = await from.receive(); item !== undefined; item = await from.receive()) {
          await to.send(item).catch(() => void late.push(item));
        }
        await to.close();
      } catch {
        writable.destroy();
      }
    };
    void forward();
  }
  const stop = dice.below(8);
  if (stop < 6) {
    for (let i = dice.below(10); i > 0; i--) await pause(dice);
    if (stop === 0) readable.destroy();
    else if (stop === 1) readable.destroy(STOP);
    else if (stop === 2) writable.destroy();
    else if (stop === 3) writable.destroy(STOP);
    else if (stop === 4) a.channel.cancel();
    else b.channel.cancel();
  }
  for (let i = 0; i < 6; i++) await immediate();
  readable.destroy();
  await quiet();
  writable.destroy();
  await quiet();
  const left = await leftIn(a.channel, done);
  const right = await leftIn(b.channel, Promise.resolve());
  await consuming;
  balance(
    sent,
    got,
    [...b.dropped, ...right],
    [...reported, ...late].sort((x, y) => x - y),
    [...a.dropped, ...left],
  );
  inOrder([...got, ...right, ...left]);
};

const duplexOverDuplex: Life = async (dice) => {
  const [out, back] = [opened(dice), opened(dice)];
  const undelivered: number[] = [];
  const unsent: number[] = [];
  const duplex = toDuplex(
    { sender: out.channel, receiver: back.channel },
    { onDrop: (item) => undelivered.push(item) },
  );
  duplex.on('error', () => {});
  const { sender, receiver } = fromDuplex<number, number>(duplex, { onDrop: (item) => unsent.push(item) });
  const replies = produce(dice, back.channel, 1001);
  const requests = consume(dice, out.channel);
  const sent: number[] = [];
  const sending = send(dice, sender, 1, dice.below(8), sent);
  const got: number[] = [];
  const receiving = receive(dice, receiver, got, dice.below(40));
  const stop = dice.below(8);
  for (let i = dice.below(10); i > 0; i--) await pause(dice);
  if (stop === 0) duplex.destroy();
  else if (stop === 1) duplex.destroy(STOP);
  else if (stop === 2) void receiver.cancel();
  else if (stop === 3) out.channel.cancel();
  else if (stop === 4) back.channel.cancel(STOP);
  else if (stop === 5) void sender.close(STOP);
  else if (stop === 6) void sender.close();
  await quiet();
  await quiet();
  duplex.destroy();
  await quiet();
  await Promise.all([sending, receiving]);
  const left = await leftIn(back.channel, replies.done);
  const right = await leftIn(out.channel, Promise.resolve());
  await requests.done;
  const [down, up] = [undelivered.filter((item) => item > 1000), undelivered.filter((item) => item < 1000)];
  // What waits in the Duplex is reported by both who have to do with it.
  balance(sent, requests.got, [...out.dropped, ...right], unsent);
  check(up.every((item) => unsent.includes(item)) && up.length === unsent.length, 'unsent', up, unsent);
  balance(replies.sent, got, down, [...back.dropped, ...left]);
};

const transform: Life = async (dice) => {
  const inside: number[] = [];
  const most = dice.chance(0.3) ? dice.below(5) : Number.POSITIVE_INFINITY;
  const failsAt = dice.chance(0.2) ? dice.below(5) : Number.POSITIVE_INFINITY;
  const stream = toTransform<number, number>(async function* (source) {
    if (most === 0) return;
    for await (const item of source) {
      inside.push(item);
      await pause(dice);
      if (inside.length > failsAt) throw STOP;
      yield item;
      if (inside.length >= most) return;
    }
  }).on('error', () => {});
  const { taken, done } = write(dice, stream, dice.below(10), dice.chance(0.8));
  const stops = dice.chance(0.4);
  const got = read(dice, stream, () => {
    if (stops) stream.destroy(dice.of(undefined, STOP));
  });
  for (let i = 0; i < 12; i++) await immediate();
  const { readableEnded } = stream;
  stream.destroy();
  await quiet();
  await done; // the writer does not hang
  inOrder(got);
  check(
    got.every((item, i) => item === i + 1),
    'lost in between',
    got,
  );
  check(inside.length - got.length <= 1, 'more than one in the step', inside, got);
  if (readableEnded && stream.writableFinished) check(got.length === taken.length, 'lost', taken, got);
};

export const lives: Readonly<Record<string, Life>> = {
  readableOverChannel,
  receiverOverReadable,
  senderOverWritable,
  writableOverChannel,
  bothInARow,
  duplexOverDuplex,
  transform,
};

/** Runs one life; an error says its seed. */
export async function live(name: string, seed: number): Promise<void> {
  const life = lives[name] as Life;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), 8_000);
  });
  try {
    await Promise.race([life(new Dice(seed)), late]);
  } catch (error) {
    throw new Error(`${name}, seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
