// The events of a target, received: bounded, loud or lossy by name, and let go of in time.

import { Channel, OverflowError } from 'sluice';
import { fromEventTarget, type TargetOptions } from 'sluice/web';
import { describe, expect, it, vi } from 'vitest';
import { collect, PlainSignal, rejection, thrown } from '../support.js';

const NAMES = ['tick', 'stop', 'halt', 'error'];

/** A target that counts its listeners. */
class Target extends EventTarget {
  readonly listeners: string[] = [];

  override addEventListener(type: string, listener: (event: Event) => void): void {
    this.listeners.push(type);
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: string, listener: (event: Event) => void): void {
    this.listeners.splice(this.listeners.indexOf(type), 1);
    super.removeEventListener(type, listener);
  }

  emit(...types: string[]): void {
    for (const type of types) this.dispatchEvent(new Event(type));
  }
}

function listen(options: Partial<TargetOptions<string>> = {}, capacity = 4): [Target, Channel<string>] {
  const target = new Target();
  const events = { item: 'tick', end: ['stop', 'halt'], error: 'error', map: (event: Event) => event.type };
  return [target, fromEventTarget<string>(target, events, capacity, { overflow: 'error', ...options })];
}

describe('fromEventTarget', () => {
  it('gives the events themselves, of one type', async () => {
    const target = new EventTarget();
    const events = fromEventTarget(target, 'tick', 2, { overflow: 'error' });
    const tick = new Event('tick');
    target.dispatchEvent(tick);
    target.dispatchEvent(new Event('tock'));
    expect(events).toBeInstanceOf(Channel);
    expect(events.size).toBe(1);
    expect(await events.receive()).toBe(tick);
  });

  it('listens from within the call: what comes before the first receive is there (node 28565, 33463)', async () => {
    const [target, channel] = listen();
    target.emit('tick', 'tick', 'stop');
    expect(await collect(channel)).toEqual(['tick', 'tick']);
  });

  it('is bounded, and says so: the event that found no room is the error’s, what is buffered comes first (node 41276, 52078)', async () => {
    const [target, channel] = listen({}, 2);
    target.emit('tick', 'tick', 'tick', 'tick');
    expect(target.listeners).toEqual([]);
    expect([channel.size, channel.closed]).toEqual([2, true]);
    expect([await channel.receive(), await channel.receive()]).toEqual(['tick', 'tick']);
    const error = await rejection(channel.receive());
    expect(error).toBeInstanceOf(OverflowError);
    expect(error).toMatchObject({ value: 'tick' });
  });

  it('drops or merges where that was named', () => {
    let n = 0;
    const dropped: number[] = [];
    const target = new Target();
    const latest = fromEventTarget<number>(target, { item: 'tick', map: () => n++ }, 1, {
      overflow: 'drop-oldest',
      onDrop: (item, why) => dropped.push(item) && expect(why).toBe('drop-oldest'),
    });
    target.emit('tick', 'tick', 'tick');
    expect([latest.drain(), dropped]).toEqual([[2], [0, 1]]);
    const merged = fromEventTarget<number>(target, { item: 'tick', map: () => 1 }, 1, {
      overflow: { key: () => 0, coalesce: (a, b) => a + b },
    });
    target.emit('tick', 'tick', 'tick');
    expect(merged.drain()).toEqual([3]);
  });

  it.each(['stop', 'halt'])('ends quietly by the event %s, and the first end decides', async (end) => {
    const [target, channel] = listen();
    target.emit('tick', end, 'error', 'tick', end);
    expect(target.listeners).toEqual([]);
    expect(await collect(channel)).toEqual(['tick']);
  });

  it('fails by the error event: with its error, or an error that has the event as cause; what is buffered comes first', async () => {
    const [target, channel] = listen();
    target.emit('tick', 'error', 'stop');
    expect(await channel.receive()).toBe('tick');
    expect(await rejection(channel.receive())).toMatchObject({ message: expect.any(String), cause: { type: 'error' } });

    const [other, failing] = listen();
    const error = new Error('broke');
    other.dispatchEvent(Object.assign(new Event('error'), { error }));
    expect(await rejection(failing.receive())).toBe(error);
  });

  it('fails by an error event without an error with its message, where it has one', async () => {
    for (const [message, said] of [
      ['the wire was cut', 'the wire was cut'],
      ['', 'the source told of an error'],
      [undefined, 'the source told of an error'],
      [5, 'the source told of an error'],
    ] as const) {
      for (const error of [undefined, null]) {
        const [target, channel] = listen();
        const event = Object.assign(new Event('error'), { error, message });
        target.dispatchEvent(event);
        const failure = await rejection(channel.receive());
        expect([(failure as Error).message, (failure as Error).cause]).toEqual([said, event]);
      }
    }
  });

  it('lets go of what it listened to already, and ends, where the target refuses a listener', async () => {
    const refused = new Error('no such event');
    const target = new Target();
    const add = target.addEventListener.bind(target);
    target.addEventListener = (...args: Parameters<typeof add>) => {
      if (args[0] === 'error') throw refused;
      add(...args);
    };
    const channel = fromEventTarget(target, { item: 'tick', end: 'stop', error: 'error' }, 1, { overflow: 'error' });
    expect(target.listeners).toEqual([]);
    expect(await rejection(channel.receive())).toBe(refused);
  });

  it('fails although its map throws nothing at all', async () => {
    const target = new Target();
    const map = (): never => {
      throw undefined; // oxlint-disable-line no-throw-literal
    };
    const channel = fromEventTarget(target, { item: 'tick', map }, 1, { overflow: 'error' });
    target.emit('tick');
    expect(await rejection(channel.receive())).toMatchObject({ message: 'map threw, and did not say why' });
  });

  it('fails with what its map throws', async () => {
    const target = new Target();
    const channel = fromEventTarget(
      target,
      {
        item: 'tick',
        map: () => {
          throw new Error('bad event');
        },
      },
      1,
      { overflow: 'error' },
    );
    target.emit('tick');
    expect(target.listeners).toEqual([]);
    expect(await rejection(channel.receive())).toMatchObject({ message: 'bad event' });
  });

  it('lets go of the target within cancel, close and the abort of its signal', () => {
    const signal = new PlainSignal();
    for (const end of [
      (channel: Channel<string>) => channel.cancel(),
      (channel: Channel<string>) => channel.close(),
      () => signal.abort('stop'),
    ]) {
      const [target, channel] = listen({ signal });
      expect([...target.listeners].sort()).toEqual([...NAMES].sort());
      end(channel);
      expect(target.listeners).toEqual([]);
    }
    const [target, channel] = listen({ signal });
    expect([target.listeners, channel.ended]).toEqual([[], true]); // aborted before
  });

  it('pauses at the capacity less the slack, and resumes at half of that', () => {
    const pausing = { pause: vi.fn(), resume: vi.fn() };
    const [target, channel] = listen({ pausing, slack: 2 }, 6);
    target.emit('tick', 'tick', 'tick');
    expect(pausing.pause).toHaveBeenCalledTimes(0);
    target.emit('tick');
    expect(pausing.pause).toHaveBeenCalledTimes(1);
    target.emit('tick', 'tick'); // the slack
    expect(channel.closed).toBe(false);
    for (let left = 5; left > 2; left--) channel.tryReceive();
    expect(pausing.resume).toHaveBeenCalledTimes(0);
    channel.tryReceive();
    expect(pausing.resume).toHaveBeenCalledTimes(1);
  });

  it('refuses what it cannot work with, at once', () => {
    const make = (...args: unknown[]): unknown =>
      thrown(() => (fromEventTarget as (...all: unknown[]) => unknown)(...args));
    const target = new Target();
    expect(make({}, 'a', 1, { overflow: 'error' })).toMatchObject({ name: 'TypeError' });
    expect(make(target, 5, 1, { overflow: 'error' })).toMatchObject({ name: 'TypeError' });
    expect(make(target, { item: 'a', end: [5] }, 1, { overflow: 'error' })).toMatchObject({ name: 'TypeError' });
    expect(make(target, 'a', 0, { overflow: 'error' })).toMatchObject({ name: 'RangeError' });
    expect(make(target, 'a', 1, {})).toMatchObject({ message: expect.stringContaining('options.overflow') });
    expect(make(target, 'a', 1)).toMatchObject({ name: 'TypeError' });
    expect(make(target, 'a', 1, { overflow: 'wait' })).toMatchObject({ name: 'TypeError' });
    expect(make(target, 'a', 1, { overflow: 'error', slack: 1 })).toMatchObject({ name: 'RangeError' });
    expect(target.listeners).toEqual([]);
  });
});
