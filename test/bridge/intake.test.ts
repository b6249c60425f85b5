// The channel that a source fills which cannot be slowed down: bounded, and the source is let go of once, at once.

import fc from 'fast-check';
import type { Channel, Coalesce, DropReason } from 'sluice';
import { OverflowError } from 'sluice';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Intake, intake, type IntakeOptions } from '../../src/bridge/intake.js';
import { collect, macrotask, PlainSignal, rejection, settled, thrown } from '../support.js';

const RUNS = process.env['LONG'] ? 20_000 : 1_000;

afterEach(() => void vi.unstubAllGlobals());

/** Errors that were reported as uncaught. */
function uncaught(): unknown[] {
  const errors: unknown[] = [];
  vi.stubGlobal('reportError', (error: unknown) => void errors.push(error));
  return errors;
}

/** An intake, what its source says, and what was seen of both. */
interface Seen<T> {
  channel: Channel<T>;
  source: Intake<T>;
  /** How often the source was let go of. */
  detached: number;
  drops: [T, DropReason][];
}

function open<T = number>(
  capacity: number,
  options: IntakeOptions<T> = {},
  attached?: (source: Intake<T>, seen: Seen<T>) => void,
): Seen<T> {
  const seen = { detached: 0, drops: [] } as unknown as Seen<T>;
  seen.channel = intake<T>(capacity, { onDrop: (item, why) => seen.drops.push([item, why]), ...options }, (source) => {
    seen.source = source;
    attached?.(source, seen);
    return () => void seen.detached++;
  });
  return seen;
}

function give(source: Intake<number>, from: number, to: number): void {
  for (let item = from; item <= to; item++) source.item(item);
}

describe('an intake', () => {
  it('is a real channel: named, bounded, open to whoever else wants to send', async () => {
    const { channel, source } = open(3, { name: 'ticks' });
    source.item(1);
    channel.trySend(2);
    expect(channel.stats()).toMatchObject({ name: 'ticks', capacity: 3, size: 2, sent: 2 });
    source.end();
    expect(await collect(channel)).toEqual([1, 2]);
  });

  it('attaches in the call itself', () => {
    const attached = vi.fn();
    open(1, {}, attached);
    expect(attached).toHaveBeenCalledOnce();
  });

  it('hands an item to whoever waits, and buffers the rest', async () => {
    const { channel, source } = open(1);
    const waiting = [channel.receive(), channel.receive()];
    give(source, 1, 3);
    expect(await Promise.all(waiting)).toEqual([1, 2]);
    expect(channel.size).toBe(1);
  });

  it('carries undefined, null and promises as they are', async () => {
    const items = [undefined, null, Promise.resolve(1), { then: () => expect.unreachable() }];
    const { channel, source } = open<unknown>(4);
    for (const item of items) source.item(item);
    source.end();
    const got = await collect(channel);
    expect(got).toHaveLength(4);
    for (const [i, item] of items.entries()) expect(got[i]).toBe(item);
  });

  it.each([
    [0, {}, RangeError, 'capacity must be an integer from 1'],
    [1.5, {}, RangeError, 'capacity must be'],
    [Number.POSITIVE_INFINITY, {}, RangeError, 'capacity (there is no unbounded channel) must be'],
    ['1', {}, RangeError, 'capacity must be'],
    [1, null, TypeError, 'options must be an object'],
    [1, { signal: {} }, TypeError, 'options.signal must be an AbortSignal'],
    [1, { onDrop: 1 }, TypeError, 'options.onDrop must be a function'],
    [1, { name: 1 }, TypeError, 'options.name must be a string'],
    [1, { overflow: 'wait' }, TypeError, 'options.overflow must be one of error, drop-oldest, drop-newest'],
    [1, { overflow: 'reject' }, TypeError, 'options.overflow must be one of error, drop-oldest, drop-newest'],
    [1, { overflow: 'no' }, TypeError, 'options.overflow must be one of error, drop-oldest, drop-newest'],
    [1, { overflow: null }, TypeError, 'options.overflow must be'],
    [1, { overflow: { key: () => 0 } }, TypeError, 'options.overflow must be'],
    [1, { pausing: true }, TypeError, 'options.pausing must be an object with pause and resume, or false'],
    [1, { pausing: null }, TypeError, 'options.pausing must be'],
    [1, { pausing: { pause() {} } }, TypeError, 'options.pausing must be'],
    [4, { slack: 4 }, RangeError, 'options.slack must be an integer from 0 to 3'],
    [4, { slack: -1 }, RangeError, 'options.slack must be'],
  ])('of capacity %s with %j is refused with %o, and nothing is attached', (capacity, options, type, message) => {
    const attach = vi.fn();
    const error = thrown(() => intake(capacity as number, options as never, attach));
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toContain(message);
    expect(attach).not.toHaveBeenCalled();
  });
});

describe('an item that does not fit', () => {
  it('is loud where nothing else was named: the error is the end, behind what is buffered', async () => {
    const { channel, source, drops } = open(2, { name: 'ticks' });
    give(source, 1, 3);
    expect(channel.closed).toBe(true);
    expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
    const error = (await rejection(channel.receive())) as OverflowError;
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 3 });
    expect(error.message).toBe(
      "Channel 'ticks' (capacity 2) is full, since items came faster than they were received: raise the capacity, or name an overflow that drops or merges",
    );
    expect(drops).toEqual([]);
  });

  it('goes to onDrop where a cancel puts another end in place of the error that it rides on', () => {
    const { channel, source, drops } = open(2, { overflow: 'error' });
    give(source, 1, 3);
    channel.cancel();
    expect(drops).toEqual([
      [1, 'cancel'],
      [2, 'cancel'],
      [3, 'cancel'],
    ]);
    expect(channel.stats()).toMatchObject({ sent: 3, dropped: 3, size: 0 });
  });

  it('drops the oldest, where that was named', () => {
    const { channel, source, drops } = open(2, { overflow: 'drop-oldest' });
    give(source, 1, 4);
    expect(channel.drain()).toEqual([3, 4]);
    expect(drops).toEqual([
      [1, 'drop-oldest'],
      [2, 'drop-oldest'],
    ]);
  });

  it('is dropped, where that was named', () => {
    const { channel, source, drops } = open(2, { overflow: 'drop-newest' });
    give(source, 1, 4);
    expect(channel.drain()).toEqual([1, 2]);
    expect(drops).toEqual([
      [3, 'drop-newest'],
      [4, 'drop-newest'],
    ]);
  });

  const sum: Coalesce<number> = { key: (item) => item % 2, coalesce: (queued, item) => queued + item };

  it('is merged, where that was named; one of a new key is loud', async () => {
    const { channel, source, drops } = open(2, { overflow: sum });
    give(source, 1, 6);
    expect(channel.size).toBe(2);
    expect(channel.drain()).toEqual([9, 12]);
    const crowded = open(1, { overflow: sum });
    give(crowded.source, 1, 2);
    expect(await crowded.channel.receive()).toBe(1);
    expect(await rejection(crowded.channel.receive())).toMatchObject({ code: 'ERR_SLUICE_OVERFLOW', value: 2 });
    expect(drops).toEqual([]);
  });

  it.each(['key', 'coalesce'])("ends it where the user's %s throws: the item is counted and dropped", async (which) => {
    const failing = { ...sum, [which]: () => fails(`${which} failed`) };
    const { channel, source, drops } = open(2, { overflow: failing });
    if (which === 'coalesce') source.item(1);
    source.item(3);
    expect(channel.closed).toBe(true);
    expect(drops).toEqual([[3, 'cancel']]);
    if (which === 'coalesce') expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toMatchObject({ message: `${which} failed` });
  });
});

function fails(message: string): never {
  throw new Error(message);
}

describe('the source is let go of, once and in the same call,', () => {
  const ends: [string, (seen: Seen<number>, signal: PlainSignal) => void][] = [
    ['at its end', ({ source }) => source.end()],
    ['at its error', ({ source }) => source.end(new Error('failed'))],
    ['at a failure', ({ source }) => source.fail('failed')],
    ['at an item that does not fit', ({ source }) => give(source, 1, 3)],
    ['when the channel is closed', ({ channel }) => channel.close()],
    ['when the channel is closed with items in it', ({ channel, source }) => (source.item(1), channel.close())],
    ['when the channel is cancelled', ({ channel }) => channel.cancel('enough')],
    ['when the channel is disposed of', ({ channel }) => channel[Symbol.dispose]()],
    ['when the signal aborts', (_seen, signal) => signal.abort('enough')],
  ];

  it.each(ends)('%s', async (_, end) => {
    const signal = new PlainSignal();
    const seen = open(2, { signal });
    expect(seen.detached).toBe(0);
    end(seen, signal);
    expect(seen.detached).toBe(1);
    for (const [, again] of ends) again(seen, signal);
    seen.channel.drain();
    await macrotask();
    expect(seen.detached).toBe(1);
    expect(seen.channel.ended).toBe(true);
    expect(signal.listeners.size).toBe(0);
  });

  it.each(ends)('%s while it is attached', (_, end) => {
    const signal = new PlainSignal();
    const seen: Seen<number> = open(2, { signal }, (source, early) => {
      // The channel is not there yet.
      const channel = { close: () => source.end(), cancel: () => source.end(), [Symbol.dispose]: () => source.end() };
      end({ ...early, source, channel: channel as never }, signal);
    });
    expect(seen.detached).toBe(1);
    expect(seen.channel.closed).toBe(true);
  });

  it.each(ends)('%s while it is attached, before that returns, where it can be', (_, end) => {
    const signal = new PlainSignal();
    let detached = 0;
    const channel = intake<number>(2, { signal }, (source) => {
      const detach = (): void => void detached++;
      source.endedBy(detach);
      const early = { close: () => source.end(), cancel: () => source.end(), [Symbol.dispose]: () => source.end() };
      end({ source, channel: early as never, detached, drops: [] }, signal);
      expect(detached).toBe(1);
      return detach;
    });
    expect([detached, channel.closed]).toEqual([1, true]);
  });

  it('by consume, when its loop is left', async () => {
    const seen = open(2);
    seen.source.item(1);
    for await (const item of seen.channel.consume()) if (item === 1) break;
    expect(seen.detached).toBe(1);
  });

  it('and not by a loop that is left: the next one goes on', async () => {
    const seen = open(3);
    give(seen.source, 1, 2);
    for await (const item of seen.channel) if (item === 1) break;
    expect(seen.detached).toBe(0);
    seen.source.item(3);
    seen.source.end();
    expect(await collect(seen.channel)).toEqual([2, 3]);
  });

  it('and where that throws, everything else goes on', async () => {
    const errors = uncaught();
    const error = new Error('cannot let go');
    const channel = intake<number>(1, {}, () => () => {
      throw error;
    });
    const receive = channel.receive();
    channel.cancel();
    expect(await receive).toBeUndefined();
    expect([channel.ended, errors]).toEqual([true, [error]]);
  });

  it('and not begun with at all, where the signal has aborted', async () => {
    const attach = vi.fn();
    const signal = AbortSignal.abort('too late');
    const channel = intake(1, { signal }, attach);
    expect(attach).not.toHaveBeenCalled();
    expect(await rejection(channel.receive())).toBe('too late');
  });
});

describe('the end', () => {
  it('is quiet, behind what is buffered', async () => {
    const { channel, source } = open(2);
    give(source, 1, 2);
    source.end();
    expect([channel.closed, channel.ended]).toEqual([true, false]);
    expect(await collect(channel)).toEqual([1, 2]);
  });

  it.each([['end'], ['fail']] as const)('is an error, behind what is buffered: %s', async (how) => {
    const { channel, source } = open(2);
    source.item(1);
    source[how](new Error('broken'));
    expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toMatchObject({ message: 'broken' });
  });

  it('is a failure where the source failed with undefined, too', async () => {
    const { channel, source } = open(2);
    source.fail(undefined);
    expect(await rejection(channel.completion)).toMatchObject({
      message: 'the source failed, and did not say why',
    });
  });

  it('is the first that was said', async () => {
    const { channel, source } = open(1);
    source.end();
    source.end(new Error('later'));
    source.fail(new Error('later'));
    expect(await settled(channel.receive())).toEqual({ state: 'fulfilled', result: undefined });
  });

  it('is the error of an attach that throws, and what that has attached before is let go of', async () => {
    for (const early of [false, true]) {
      const detach = vi.fn();
      const channel = intake<number>(1, {}, (source) => {
        if (early) source.endedBy(detach);
        return fails('cannot listen');
      });
      expect(await rejection(channel.receive())).toMatchObject({ message: 'cannot listen' });
      expect(detach).toHaveBeenCalledTimes(early ? 1 : 0);
    }
    const channel = intake<number>(1, {}, (source) => {
      source.end();
      return fails('too late');
    });
    expect(await channel.receive()).toBeUndefined();
  });
});

describe('an item that comes after the end', () => {
  it('goes to onDrop, and is counted', () => {
    for (const end of ['close', 'cancel'] as const) {
      const { channel, source, drops } = open(2);
      channel[end]();
      give(source, 1, 2);
      expect(drops).toEqual([
        [1, 'cancel'],
        [2, 'cancel'],
      ]);
      expect(channel.stats()).toMatchObject({ sent: 2, dropped: 2, received: 0, size: 0 });
    }
  });

  it('is told of in its order: behind those that were buffered', () => {
    const drops: number[] = [];
    let source: Intake<number> | undefined;
    const channel = intake<number>(2, { onDrop: (item) => drops.push(item) }, (into) => {
      source = into;
      return () => into.item(3); // gives one more when it is let go of
    });
    give(source as never, 1, 2);
    channel.cancel();
    expect(drops).toEqual([1, 2, 3]);
  });

  it('is never told of inside of another', () => {
    const log: string[] = [];
    const seen: Seen<number> = open(2, {
      onDrop: (item) => {
        log.push(`in ${item}`);
        if (item < 3) seen.source.item(item + 2);
        log.push(`out ${item}`);
      },
    });
    give(seen.source, 1, 2);
    seen.channel.cancel();
    expect(log).toEqual(['in 1', 'out 1', 'in 2', 'out 2', 'in 3', 'out 3', 'in 4', 'out 4']);
  });

  it('breaks nothing where onDrop throws', () => {
    const errors = uncaught();
    const seen = open(2, {
      onDrop: (item) => fails(`of ${item}`),
    });
    seen.channel.close();
    give(seen.source, 1, 2);
    expect(errors.map(String)).toEqual(['Error: of 1', 'Error: of 2']);
  });
});

describe('pausing', () => {
  /** A source that gives its items while it is not paused, and then as many more as it cannot hold back. */
  function pausable(capacity: number, slack: number, log: string[] = []) {
    const pausing = { pause: () => void log.push('pause'), resume: () => void log.push('resume') };
    return { ...open(capacity, { pausing, slack }), log };
  }

  it('pauses at the capacity and resumes at half of it', async () => {
    const { channel, source, log } = pausable(5, 0);
    give(source, 1, 4);
    expect(log).toEqual([]);
    source.item(5);
    expect(log).toEqual(['pause']);
    channel.tryReceive();
    channel.tryReceive();
    expect(log).toEqual(['pause']);
    await channel.receive();
    expect([log, channel.size]).toEqual([['pause', 'resume'], 2]);
    give(source, 6, 8);
    expect(log).toEqual(['pause', 'resume', 'pause']);
  });

  it.each([
    [1, 0, 1, 0],
    [2, 0, 2, 1],
    [2, 1, 1, 0],
    [10, 3, 7, 3],
    [16, 15, 1, 0],
    [100, 7, 93, 46],
    [4_000_000_000, 3_999_999_993, 7, 3],
  ])('of %d with slack %d: at %d, and again at %d', (capacity, slack, high, low) => {
    const { channel, source, log } = pausable(capacity, slack);
    give(source, 1, high - 1);
    expect(log).toEqual([]);
    source.item(high);
    expect(log).toEqual(['pause']);
    while (channel.size > low + 1) channel.tryReceive();
    expect(log).toEqual(['pause']);
    channel.tryReceive();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('never overflows where no more than slack items still come; pauses and resumes take turns', () => {
    const history = fc.record({
      capacity: fc.integer({ min: 1, max: 40 }),
      slack: fc.nat(39),
      steps: fc.array(fc.tuple(fc.constantFrom('give', 'take', 'many'), fc.nat(45)), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(history, ({ capacity, slack: wanted, steps }) => {
        const slack = Math.min(wanted, capacity - 1);
        const { channel, source, log } = pausable(capacity, slack);
        let late = slack;
        let item = 0;
        const got: number[] = [];
        for (const [step, count] of steps) {
          if (step === 'give') {
            for (let i = 0; i < count; i++) {
              const paused = log.at(-1) === 'pause';
              if (!paused) late = slack;
              else if (late-- <= 0) break;
              source.item(++item);
            }
          } else if (step === 'many') {
            got.push(...channel.drain());
          } else {
            for (let i = 0; i < count && channel.size > 0; i++) got.push(channel.tryReceive() as number);
          }
          expect(channel.closed).toBe(false);
          const paused = log.at(-1) === 'pause';
          if (channel.size >= capacity - slack) expect(paused).toBe(true);
          if (channel.size <= Math.floor((capacity - slack) / 2)) expect(paused).toBe(false);
        }
        for (const [i, said] of log.entries()) expect(said).toBe(i % 2 === 0 ? 'pause' : 'resume');
        got.push(...channel.drain());
        expect(got).toEqual(Array.from({ length: item }, (_, i) => i + 1));
      }),
      { numRuns: RUNS, seed: 25 },
    );
  });

  it('copes with a source that gives more inside of pause, and of resume', () => {
    const log: string[] = [];
    let item = 0;
    const seen: Seen<number> = open(4, {
      slack: 1,
      pausing: {
        pause() {
          log.push(`pause at ${seen.channel.size}`);
          seen.source.item(++item);
        },
        resume() {
          log.push(`resume at ${seen.channel.size}`);
          while (item < 9 && seen.channel.size < 3) seen.source.item(++item);
        },
      },
    });
    while (item < 3) seen.source.item(++item);
    expect([log, seen.channel.size]).toEqual([['pause at 3'], 4]);
    const got: unknown[] = [];
    while (seen.channel.size > 0) got.push(seen.channel.tryReceive());
    expect(got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(log).toEqual(['pause at 3', 'resume at 1', 'pause at 3', 'resume at 1', 'pause at 3', 'resume at 1']);
    expect(seen.channel.closed).toBe(false);
  });

  it('pauses, inside of resume, a source that gives until it is told to pause', () => {
    const log: string[] = [];
    let item = 0;
    let paused = false;
    const run = (): void => {
      while (!paused && item < 12) seen.source.item(++item);
    };
    const seen: Seen<number> = open(4, {
      pausing: {
        pause() {
          log.push(`pause at ${seen.channel.size}`);
          paused = true;
        },
        resume() {
          log.push(`resume at ${seen.channel.size}`);
          paused = false;
          run();
        },
      },
    });
    run();
    const got: unknown[] = [];
    while (seen.channel.size > 0) got.push(seen.channel.tryReceive());
    expect(got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const again = ['resume at 2', 'pause at 4'];
    expect(log).toEqual(['pause at 4', ...again, ...again, ...again, ...again, 'resume at 2']);
  });

  it('is told of an overflow inside of pause: it ends, is let go of once, and stays paused', async () => {
    const log: string[] = [];
    const seen: Seen<number> = open(2, {
      pausing: {
        pause() {
          log.push('pause');
          give(seen.source, 3, 4);
        },
        resume: () => void log.push('resume'),
      },
    });
    give(seen.source, 1, 2);
    expect([seen.channel.closed, seen.detached]).toEqual([true, 1]);
    expect(seen.channel.drain()).toEqual([1, 2]);
    expect(await rejection(seen.channel.completion)).toMatchObject({ value: 3 });
    expect(seen.drops).toEqual([[4, 'cancel']]);
    expect(log).toEqual(['pause']);
  });

  it('leaves a source as it is when that is let go of', () => {
    for (const end of ['close', 'cancel'] as const) {
      const { channel, source, log } = pausable(2, 0);
      give(source, 1, 2);
      channel[end]();
      channel.drain();
      expect(log).toEqual(['pause']);
    }
  });

  it.each(['pause', 'resume'] as const)('that throws in %s ends it, behind what is buffered', async (which) => {
    const pausing = { pause() {}, resume() {}, [which]: () => fails(`${which} failed`) };
    const { channel, source } = open(2, { pausing });
    give(source, 1, 2);
    const got = [await channel.receive(), await channel.receive()];
    expect(got).toEqual([1, 2]);
    expect(await rejection(channel.receive())).toMatchObject({ message: `${which} failed` });
  });

  it('goes with a policy that drops, and with one that merges', () => {
    const log: string[] = [];
    const pausing = { pause: () => void log.push('pause'), resume: () => void log.push('resume') };
    const dropping = open(2, { pausing, overflow: 'drop-oldest' });
    give(dropping.source, 1, 4);
    expect([dropping.channel.drain(), log]).toEqual([
      [3, 4],
      ['pause', 'resume'],
    ]);
    const merging = open(2, { pausing, overflow: { key: (item) => item % 2, coalesce: (_, item) => item } });
    give(merging.source, 1, 6);
    expect([merging.channel.drain(), log.slice(2)]).toEqual([
      [5, 6],
      ['pause', 'resume'],
    ]);
  });
});
