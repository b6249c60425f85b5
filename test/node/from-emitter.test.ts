// A channel that an emitter fills: bounded, loud where it overflows, and gone from the emitter when it ends.

import { EventEmitter, on } from 'node:events';
import { Channel, OverflowError } from 'sluice';
import { type EmitterOptions, fromEmitter } from 'sluice/node';
import { describe, expect, it } from 'vitest';
import { collect, macrotask, PlainSignal, rejection, thrown } from '../support.js';

const boom = new Error('boom');

/** An emitter that can be paused, and writes down when it is. */
class Pausable extends EventEmitter {
  log: string[] = [];
  paused = false;

  pause(): void {
    this.paused = true;
    this.log.push('pause');
  }

  resume(): void {
    this.paused = false;
    this.log.push('resume');
  }
}

const count = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

describe('fromEmitter', () => {
  it('is a channel of the first arguments, from the call on', () => {
    const emitter = new EventEmitter();
    const channel = fromEmitter<number>(emitter, 'item', 4);
    expect(channel).toBeInstanceOf(Channel);
    for (const item of [1, 2]) emitter.emit('item', item, 'more');
    expect(channel.drain()).toEqual([1, 2]);
    const symbol = Symbol('item');
    const other = fromEmitter<number>(emitter, symbol, 4);
    emitter.emit(symbol, 3);
    expect(other.drain()).toEqual([3]);
  });

  it('maps all arguments', () => {
    const emitter = new EventEmitter();
    const channel = fromEmitter(emitter, { item: 'item', map: (a: number, b: number) => a + b }, 1);
    emitter.emit('item', 1, 2);
    expect(channel.tryReceive()).toBe(3);
  });

  it('ends with the error of a map that throws, after what is buffered', async () => {
    const emitter = new EventEmitter();
    const channel = fromEmitter(emitter, { item: 'item', map: JSON.parse as (text: string) => unknown }, 4);
    emitter.emit('item', '1');
    emitter.emit('item', '{');
    emitter.emit('item', '2');
    expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toBeInstanceOf(SyntaxError);
    expect(emitter.listenerCount('item')).toBe(0);
  });

  it('takes a map that throws undefined for no quiet end', async () => {
    const emitter = new EventEmitter();
    const map = (): never => {
      throw undefined;
    };
    const channel = fromEmitter(emitter, { item: 'item', map }, 4);
    emitter.emit('item');
    expect(await rejection(channel.receive())).toMatchObject({ message: 'the source failed, and did not say why' });
  });

  it.each([
    ['one event', 'end', ['end']],
    ['several events', ['end', 'close'], ['close', 'end']],
  ])('ends quietly at %s, after what is buffered; what comes later is dropped', async (_what, end, emitted) => {
    const emitter = new EventEmitter();
    const dropped: unknown[] = [];
    const channel = fromEmitter<number>(emitter, { item: 'item', end }, 4, { onDrop: (...told) => dropped.push(told) });
    const into = emitter.listeners('item')[0] as (item: number) => void;
    emitter.emit('item', 1);
    for (const name of emitted) emitter.emit(name);
    emitter.emit('error', boom);
    emitter.emit('item', 2);
    into(3);
    expect(await collect(channel)).toEqual([1]);
    expect(dropped).toEqual([[3, 'cancel']]);
    expect(count(emitter)).toBe(1); // that no later error is thrown
  });

  it('ends with an error, after what is buffered', async () => {
    const emitter = new EventEmitter();
    const channel = fromEmitter<number>(emitter, 'item', 4);
    emitter.emit('item', 1);
    emitter.emit('error', boom);
    emitter.emit('error', new Error('later'));
    expect(await channel.receive()).toBe(1);
    expect(await rejection(channel.receive())).toBe(boom);
  });

  it('ends with an error also where the event has none, and by another name', async () => {
    const emitter = new EventEmitter();
    const channel = fromEmitter<number>(emitter, { item: 'item', error: 'failed' }, 4);
    emitter.emit('failed');
    expect(await rejection(channel.receive())).toMatchObject({ message: 'the emitter emitted failed' });
    expect(count(emitter)).toBe(0);
  });

  it('is loud where it overflows: the item is the value of the error, which is the end', async () => {
    const emitter = new EventEmitter();
    const channel = fromEmitter<number>(emitter, 'item', 2);
    for (const item of [1, 2, 3, 4]) emitter.emit('item', item);
    expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
    const error = await rejection(channel.receive());
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ value: 3 });
    expect(emitter.listenerCount('item')).toBe(0);
  });

  it.each([
    ['drop-oldest', [3, 4], [1, 2]],
    ['drop-newest', [1, 2], [3, 4]],
    [{ key: (item: number) => item % 2, coalesce: (a: number, b: number) => a + b }, [4, 6], []],
  ] satisfies [EmitterOptions<number>['overflow'], number[], number[]][])(
    'loses only by a policy: %s',
    (overflow, kept, lost) => {
      const emitter = new EventEmitter();
      const dropped: number[] = [];
      const channel = fromEmitter<number>(emitter, 'item', 2, { overflow, onDrop: (item) => dropped.push(item) });
      for (const item of [1, 2, 3, 4]) emitter.emit('item', item);
      expect([channel.drain(), dropped]).toEqual([kept, lost]);
    },
  );

  it('pauses an emitter that can be paused while it is full, and resumes it at half', () => {
    const emitter = new Pausable();
    const channel = fromEmitter<number>(emitter, 'item', 5);
    for (let i = 1; i <= 4; i++) emitter.emit('item', i);
    expect(emitter.log).toEqual([]);
    emitter.emit('item', 5);
    expect(emitter.log).toEqual(['pause']);
    channel.tryReceive();
    channel.tryReceive();
    expect(emitter.log).toEqual(['pause']);
    channel.tryReceive();
    expect(emitter.log).toEqual(['pause', 'resume']);
  });

  it('pauses at the capacity less the slack, and resumes at half of that, exactly', () => {
    for (let capacity = 1; capacity <= 40; capacity++) {
      for (let slack = 0; slack < capacity; slack++) {
        const emitter = new Pausable();
        const channel = fromEmitter<number>(emitter, 'item', capacity, { slack });
        let pausedAt = 0;
        while (!emitter.paused) emitter.emit('item', ++pausedAt);
        while (emitter.paused) channel.tryReceive();
        expect([capacity, slack, pausedAt, channel.size]).toEqual([
          capacity,
          slack,
          capacity - slack,
          Math.floor((capacity - slack) / 2),
        ]);
        channel.cancel();
      }
    }
  });

  it('pauses something else, or nothing, where it is told so', () => {
    const [emitter, other] = [new Pausable(), new Pausable()];
    fromEmitter(emitter, 'item', 1, { pausing: other });
    fromEmitter(emitter, 'item', 1, { pausing: false });
    emitter.emit('item', 1);
    expect([emitter.log, other.log]).toEqual([[], ['pause']]);
  });

  it('leaves it paused after an overflow', () => {
    const emitter = new Pausable();
    const channel = fromEmitter<number>(emitter, 'item', 1);
    emitter.emit('item', 1);
    emitter.emit('item', 2);
    channel.tryReceive();
    expect([emitter.log, channel.ended]).toEqual([['pause'], true]);
  });

  it('bears an emitter that emits while it is paused, and one that fails to', async () => {
    const emitter = new Pausable();
    emitter.pause = () => void emitter.emit('item', 'last');
    const channel = fromEmitter<string>(emitter, 'item', 2, { slack: 1 });
    emitter.emit('item', 'first');
    expect(channel.drain()).toEqual(['first', 'last']);
    const failing = new Pausable();
    failing.pause = () => {
      throw boom;
    };
    const failed = fromEmitter<number>(failing, 'item', 1);
    failing.emit('item', 1);
    expect(await failed.receive()).toBe(1);
    expect(await rejection(failed.receive())).toBe(boom);
  });

  it('lets go in the call in which the channel ends, however it does', () => {
    const ends: [string, (channel: Channel<number>, emitter: EventEmitter) => void][] = [
      ['close', (channel) => channel.close()],
      ['cancel', (channel) => channel.cancel()],
      ['end', (_, emitter) => void emitter.emit('end')],
      ['error', (_, emitter) => void emitter.emit('error', boom)],
      ['overflow', (_, emitter) => void (emitter.emit('item', 1), emitter.emit('item', 2))],
    ];
    for (const [, end] of ends) {
      const emitter = new EventEmitter();
      const channel = fromEmitter<number>(emitter, { item: 'item', end: 'end' }, 1);
      expect(count(emitter)).toBe(3);
      end(channel, emitter);
      expect(count(emitter)).toBe(1);
      emitter.emit('error', boom); // is not thrown
    }
  });

  it('is cancelled by a signal; one that is aborted listens to nothing', async () => {
    const signal = new PlainSignal();
    const emitter = new EventEmitter();
    const channel = fromEmitter<number>(emitter, 'item', 1, { signal });
    signal.abort(boom);
    expect([await rejection(channel.receive()), emitter.listenerCount('item')]).toEqual([boom, 0]);
    const other = new EventEmitter();
    fromEmitter(other, 'item', 1, { signal: AbortSignal.abort(boom) });
    expect(count(other)).toBe(0);
  });

  it('stays one quiet listener for errors, however many channels there were', () => {
    const warnings: unknown[] = [];
    const note = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', note);
    const emitter = new EventEmitter();
    for (let i = 0; i < 100; i++) fromEmitter(emitter, 'item', 1).cancel();
    expect([count(emitter), emitter.listenerCount('error')]).toEqual([1, 1]);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('takes emitters that know only `on` and `removeListener`, and is quiet there once, too', () => {
    const handlers: [unknown, (item: number) => void][] = [];
    const emitter = {
      on: (name: unknown, handler: (item: number) => void) => handlers.push([name, handler]),
      removeListener: (name: unknown, handler: (item: number) => void) => {
        handlers.splice(
          handlers.findIndex((each) => each[0] === name && each[1] === handler),
          1,
        );
      },
    };
    for (let i = 0; i < 3; i++) fromEmitter(emitter, 'item', 1).cancel();
    expect(handlers.map(([name]) => name)).toEqual(['error']);
  });

  it('ends where it cannot listen, and leaves nothing behind', async () => {
    const emitter = new EventEmitter();
    const { on: listen } = emitter;
    emitter.on = function (name, listener) {
      if (name === 'item') throw boom;
      return listen.call(this, name, listener);
    };
    const channel = fromEmitter(emitter, { item: 'item', end: 'end' }, 1);
    expect(await rejection(channel.receive())).toBe(boom);
    expect(count(emitter)).toBe(1);
  });

  it.each([
    ['no emitter', [{}, 'item', 1]],
    ['no event', [new EventEmitter(), undefined, 1]],
    ['an event without a name', [new EventEmitter(), { end: 'end' }, 1]],
    ['an end that is none', [new EventEmitter(), { item: 'a', end: [1] }, 1]],
    ['an error that is none', [new EventEmitter(), { item: 'a', error: 1 }, 1]],
    ['a map that is none', [new EventEmitter(), { item: 'a', map: 1 }, 1]],
    ['a policy that waits', [new EventEmitter(), 'item', 1, { overflow: 'wait' }]],
    ['pausing that is none', [new EventEmitter(), 'item', 1, { pausing: {} }]],
    ['options that are none', [new EventEmitter(), 'item', 1, null]],
  ])('refuses %s with a TypeError', (_what, args) => {
    expect(thrown(() => fromEmitter(...(args as unknown as Parameters<typeof fromEmitter>)))).toBeInstanceOf(TypeError);
  });

  it('refuses a capacity below 1, and a slack that leaves no room, with a RangeError', () => {
    const emitter = new EventEmitter();
    for (const capacity of [0, -1, 1.5, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => fromEmitter(emitter, 'item', capacity))).toBeInstanceOf(RangeError);
    }
    expect(thrown(() => fromEmitter(emitter, 'item', 2, { slack: 2 }))).toBeInstanceOf(RangeError);
    expect(count(emitter)).toBe(0);
  });
});

describe('where `events.on` of Node buffers without bound', () => {
  it('has a bound', async () => {
    const emitter = new EventEmitter();
    const theirs = on(emitter, 'item');
    const ours = fromEmitter<number>(emitter, 'item', 16, { overflow: 'drop-oldest' });
    for (let i = 0; i < 1_000; i++) emitter.emit('item', i);
    expect(ours.stats()).toMatchObject({ size: 16, dropped: 984 });
    for (let i = 0; i < 1_000; i++) await theirs.next();
    await theirs.return?.();
    await macrotask();
    expect(await ours.receive()).toBe(984);
  });
});
