// The small pieces under the channel: the ring buffer, the waiter list, the macrotask and its fallbacks, the drops.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Callbacks } from '../src/callbacks.js';
import { macrotaskOf, nextMacrotask } from '../src/macrotask.js';
import { Ring } from '../src/ring.js';
import { Waiter, WaiterList } from '../src/waiters.js';
import { collectGarbage, macrotask } from './support.js';

const { setImmediate: immediate, setTimeout: timer } = globalThis;

afterEach(() => void vi.unstubAllGlobals());

describe('a ring', () => {
  it('gives items in the order in which they were put in, whatever the turns of its array', () => {
    const ring = new Ring<number>();
    const expected: number[] = [];
    const got: number[] = [];
    let next = 0;
    for (let round = 1; round < 200; round++) {
      for (let i = 0; i < (round * 13) % 40; i++) {
        ring.push(next);
        expected.push(next++);
      }
      for (let i = 0; i < (round * 11) % 40 && ring.size > 0; i++) {
        const { first } = ring;
        got.push(ring.shift());
        expect(got.at(-1)).toBe(first);
      }
      expect(ring.size).toBe(expected.length - got.length);
    }
    while (ring.size > 0) got.push(ring.shift());
    expect(got).toEqual(expected);
  });

  it('grows while its items are wrapped around the end of its array', () => {
    for (let head = 0; head < 17; head++) {
      const ring = new Ring<number>();
      for (let i = 0; i < head; i++) ring.push(i);
      for (let i = 0; i < head; i++) ring.shift();
      for (let i = 0; i < 100; i++) ring.push(i);
      expect(Array.from({ length: 100 }, () => ring.shift())).toEqual(Array.from({ length: 100 }, (_, i) => i));
    }
  });

  it('holds undefined as an item', () => {
    const ring = new Ring<undefined>();
    ring.push(undefined);
    expect(ring.size).toBe(1);
    expect(ring.shift()).toBeUndefined();
    expect(ring.size).toBe(0);
  });

  it('has no first item while it is empty', () => {
    const ring = new Ring<number>();
    expect(ring.first).toBeUndefined();
    ring.push(1);
    ring.shift();
    expect(ring.first).toBeUndefined();
  });

  it('keeps nothing alive that was taken', async () => {
    const ring = new Ring<object>();
    ring.push({});
    ring.push({});
    const taken = new WeakRef(ring.shift());
    await macrotask();
    collectGarbage();
    expect(taken.deref()).toBeUndefined();
    expect(ring.size).toBe(1);
  });

  it('gives its memory back when the last item leaves', () => {
    const used = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const ring = new Ring<number>();
    const before = used();
    for (let i = 0; i < 500_000; i++) ring.push(i);
    const held = used();
    expect(held - before).toBeGreaterThan(2_000_000);
    while (ring.size > 0) ring.shift();
    expect(used() - before).toBeLessThan(500_000);
    ring.push(1);
    expect(ring.shift()).toBe(1);
  });
});

describe('a waiter list', () => {
  const owner = { expired: () => undefined, goOn: () => {} };
  const listOf = (count: number) => {
    const list = new WaiterList();
    const waiters = Array.from({ length: count }, (_, i) => new Waiter(owner, i));
    for (const waiter of waiters) list.push(waiter);
    return { list, waiters };
  };
  const values = (list: WaiterList): unknown[] => {
    const all: unknown[] = [];
    for (let waiter = list.first; waiter !== undefined; waiter = waiter.next) all.push(waiter.value);
    const back: unknown[] = [];
    for (let waiter = list.last; waiter !== undefined; waiter = waiter.previous) back.unshift(waiter.value);
    expect(back).toEqual(all);
    expect(list.length).toBe(all.length);
    return all;
  };

  it('keeps the order of arrival, whoever leaves', () => {
    for (let leaver = 0; leaver < 4; leaver++) {
      const { list, waiters } = listOf(4);
      waiters[leaver]?.leave();
      expect(values(list)).toEqual([0, 1, 2, 3].filter((value) => value !== leaver));
      expect(waiters[leaver]).toMatchObject({
        list: undefined,
        next: undefined,
        previous: undefined,
      });
    }
  });

  it('gives the one who has waited longest first, and is empty then', () => {
    const { list } = listOf(3);
    expect([list.shift()?.value, list.shift()?.value, list.shift()?.value, list.shift()]).toEqual([0, 1, 2, undefined]);
    expect(values(list)).toEqual([]);
    expect([list.first, list.last]).toEqual([undefined, undefined]);
  });

  it('does not mind a waiter who leaves twice', () => {
    const { list, waiters } = listOf(2);
    waiters[0]?.leave();
    waiters[0]?.leave();
    expect(values(list)).toEqual([1]);
  });
});

describe('a macrotask', () => {
  const nothing = (): never => {
    throw new Error('must not be called');
  };

  it('is an immediate where the platform has it', () => {
    const setImmediate = vi.fn();
    const run = vi.fn();
    macrotaskOf({
      setImmediate,
      MessageChannel: nothing as never,
      setTimeout: nothing,
    })(run);
    expect(setImmediate.mock.calls).toEqual([[run]]);
    expect(run).not.toHaveBeenCalled();
  });

  it('is a message where the platform has no immediate, or a fake one, and leaves no port open', () => {
    const closed: string[] = [];
    let deliver: (() => void) | undefined;
    class FakeChannel {
      port1 = {
        onmessage: null as (() => void) | null,
        postMessage() {},
        close: () => void closed.push('port1'),
      };
      port2 = {
        onmessage: null,
        postMessage: () => {
          deliver = () => this.port1.onmessage?.();
        },
        close: () => void closed.push('port2'),
      };
    }
    const fake = Object.assign(nothing, { clock: {} }); // as fake timers have it
    for (const having of [{}, { setImmediate: fake }]) {
      closed.length = 0;
      const run = vi.fn();
      macrotaskOf({ ...having, MessageChannel: FakeChannel, setTimeout: nothing })(run);
      expect(run).not.toHaveBeenCalled();
      deliver?.();
      expect(run).toHaveBeenCalledOnce();
      expect(closed).toContain('port1');
    }
  });

  it('closes its port even where what it runs throws', () => {
    const closed = vi.fn();
    let deliver: (() => void) | undefined;
    class FakeChannel {
      port1 = {
        onmessage: null as (() => void) | null,
        postMessage() {},
        close: closed,
      };
      port2 = {
        onmessage: null,
        postMessage: () => void (deliver = () => this.port1.onmessage?.()),
        close: closed,
      };
    }
    macrotaskOf({ MessageChannel: FakeChannel })(() => {
      throw new Error('run');
    });
    expect(() => deliver?.()).toThrow('run');
    expect(closed).toHaveBeenCalled();
  });

  it('is a timeout where there is nothing better', () => {
    const setTimeout = vi.fn();
    const run = vi.fn();
    macrotaskOf({ setTimeout })(run);
    expect(setTimeout.mock.calls).toEqual([[run, 0]]);
  });

  it('runs what was given in order, after the microtasks', async () => {
    const order: string[] = [];
    nextMacrotask(() => order.push('a'));
    nextMacrotask(() => order.push('b'));
    await undefined;
    await undefined;
    expect(order).toEqual([]);
    await macrotask();
    expect(order).toEqual(['a', 'b']);
  });

  it('leaves what is given while it runs to the turn after', async () => {
    const order: string[] = [];
    nextMacrotask(() => {
      order.push('a');
      nextMacrotask(() => order.push('c'));
    });
    nextMacrotask(() => order.push('b'));
    await macrotask();
    expect(order).toEqual(['a', 'b']);
    await macrotask();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['without setImmediate', { setImmediate: undefined }],
    ['without setImmediate and MessageChannel', { setImmediate: undefined, MessageChannel: undefined }],
  ])('%s is found all the same: bursts and politeness go on', async (_platform, missing) => {
    vi.resetModules();
    for (const [name, value] of Object.entries(missing)) vi.stubGlobal(name, value);
    const { Channel } = await import('../src/index.js');
    vi.unstubAllGlobals();
    const channel = new Channel<number>(8);
    const producer = (async () => {
      for (let i = 0; i < 3_000; i++) await channel.send(i);
      channel.close();
    })();
    let sum = 0;
    let fired = false;
    immediate(() => {
      fired = true;
    });
    for await (const item of channel) sum += item;
    await producer;
    expect(sum).toBe((2_999 * 3_000) / 2);
    expect(fired).toBe(true);
    const burst = new Channel<number>(8);
    for (let i = 0; i < 8; i++) burst.trySend(i);
    const blocked = burst.send(8);
    burst.tryReceive();
    const late = new Promise((resolve) => timer(resolve, 1_000, 'never woken'));
    expect(await Promise.race([blocked, late])).toBeUndefined();
  });
});

describe('callbacks', () => {
  it('are told in order, once', () => {
    const told: unknown[] = [];
    const callbacks = new Callbacks();
    expect(callbacks.due).toBe(false);
    for (const each of [1, 2]) callbacks.add(() => told.push(each));
    expect(told).toEqual([]);
    expect(callbacks.due).toBe(true);
    callbacks.tell();
    callbacks.tell();
    expect(told).toEqual([1, 2]);
  });

  it('that are noted while others are told come after them', () => {
    const told: number[] = [];
    const callbacks = new Callbacks();
    for (const each of [1, 2]) {
      callbacks.add(() => {
        callbacks.add(() => told.push(each + 10));
        callbacks.tell();
        told.push(each);
      });
    }
    callbacks.tell();
    expect(told).toEqual([1, 2, 11, 12]);
  });
});
