// Bad input gets an error at once that says which argument, what it was and what is allowed; nothing is lost by it.

import { BoundedQueue, Channel, type WaitOptions } from 'sluice';
import { describe, expect, it } from 'vitest';
import { full, macrotask, rejection, thrown } from './support.js';

const bad = <T>(value: T): never => value as never;

describe('a capacity', () => {
  const wrong: [unknown, string][] = [
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [2 ** 32, '4294967296'],
    ['5', '"5"'],
    [5n, '5'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, '[object Object]'],
    [Symbol('s'), 'Symbol(s)'],
  ];
  it.each(wrong)('of %s is a RangeError that says what was given and what is allowed', (capacity, shown) => {
    for (const make of [
      () => new Channel(bad(capacity)),
      () => new BoundedQueue(bad(capacity)),
      () => Channel.from([], bad(capacity)),
    ]) {
      const error = thrown(make);
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toContain('capacity');
      expect((error as Error).message).toContain(shown);
      expect((error as Error).message).toContain(String(2 ** 32 - 1));
    }
  });

  it('of Infinity is refused with the remark that there is no unbounded channel', () => {
    expect(() => new Channel(Number.POSITIVE_INFINITY)).toThrow(/unbounded/);
  });

  it('may be anything from 0 to 2^32 - 1 in a channel', () => {
    for (const capacity of [0, 1, 2 ** 32 - 1]) expect(new Channel(capacity).capacity).toBe(capacity);
  });

  it('may be anything from 1 to 2^32 - 1 in a queue', () => {
    for (const capacity of [1, 2 ** 32 - 1]) expect(new BoundedQueue(capacity).capacity).toBe(capacity);
    expect(() => new BoundedQueue(0)).toThrow(RangeError);
  });
});

describe('an option of the constructor', () => {
  const wrong: [string, unknown, new (message: string) => Error, string][] = [
    ['options', null, TypeError, 'options'],
    ['options', 'name', TypeError, 'options'],
    ['name', { name: 5 }, TypeError, 'name'],
    ['name', { name: null }, TypeError, 'name'],
    ['overflow', { overflow: 'block' }, TypeError, 'overflow'],
    ['overflow', { overflow: null }, TypeError, 'overflow'],
    ['overflow', { overflow: 'toString' }, TypeError, 'overflow'],
    ['onDrop', { onDrop: 'log' }, TypeError, 'onDrop'],
    ['onDrop', { onDrop: {} }, TypeError, 'onDrop'],
    ['maxWaiters', { maxWaiters: -1 }, RangeError, 'maxWaiters'],
    ['maxWaiters', { maxWaiters: 0.5 }, RangeError, 'maxWaiters'],
    ['maxWaiters', { maxWaiters: Number.NaN }, RangeError, 'maxWaiters'],
    ['maxWaiters', { maxWaiters: '7' }, RangeError, 'maxWaiters'],
    ['signal', { signal: null }, TypeError, 'signal'],
    ['signal', { signal: {} }, TypeError, 'signal'],
    ['signal', { signal: new AbortController() }, TypeError, 'signal'],
  ];
  it.each(wrong)('that is wrong is refused by name: %s of %o', (_what, options, type, named) => {
    for (const make of [
      () => new Channel(1, bad(options)),
      () => new BoundedQueue(1, bad(options)),
      () => Channel.from([], 1, bad(options)),
    ]) {
      const error = thrown(make);
      expect(error).toBeInstanceOf(type);
      expect((error as Error).message).toContain(named);
    }
  });

  it('that is wrong leaves the source of from unopened', () => {
    let opened = 0;
    const source: Iterable<number> = {
      [Symbol.iterator]() {
        opened++;
        return [1][Symbol.iterator]();
      },
    };
    expect(() => Channel.from(source, -1)).toThrow(RangeError);
    expect(() => Channel.from(source, 1, bad({ name: 1 }))).toThrow(TypeError);
    expect(opened).toBe(0);
  });

  it('lists the policies that exist where the policy does not', () => {
    const { message } = thrown(() => new Channel(1, bad({ overflow: 'block' }))) as Error;
    for (const policy of ['wait', 'drop-oldest', 'drop-newest', 'reject', '"block"']) expect(message).toContain(policy);
  });

  it('that is undefined counts as left out', () => {
    const none = {
      name: undefined,
      overflow: undefined,
      onDrop: undefined,
      maxWaiters: undefined,
      signal: undefined,
    };
    expect(new Channel(1, none).stats().name).toBeUndefined();
    expect(new Channel(1, undefined).trySend(1)).toBe(true);
    expect(new BoundedQueue(1, none).tryPut(1)).toBe(true);
  });

  it("'drop-oldest' with capacity 0 is a RangeError, 'drop-newest' is not", () => {
    expect(() => new Channel(0, { overflow: 'drop-oldest' })).toThrow(RangeError);
    expect(new Channel(0, { overflow: 'drop-newest' }).capacity).toBe(0);
  });

  it('maxWaiters may be any integer from 0', () => {
    for (const maxWaiters of [0, 1, Number.MAX_SAFE_INTEGER]) expect(new Channel(1, { maxWaiters }).closed).toBe(false);
  });

  it('of a policy has no place in a queue', () => {
    expect(() => new BoundedQueue(1, bad({ overflow: 'drop-oldest' }))).toThrow(TypeError);
  });
});

describe('the options of a call', () => {
  const wrong: [unknown, new (message: string) => Error, string, string][] = [
    [null, TypeError, 'options', 'null'],
    [100, TypeError, 'options', '100'],
    [{ timeout: Number.NaN }, RangeError, 'timeout', 'NaN'],
    [{ timeout: -1 }, RangeError, 'timeout', '-1'],
    [{ timeout: Number.NEGATIVE_INFINITY }, RangeError, 'timeout', '-Infinity'],
    [{ timeout: '5' }, TypeError, 'timeout', '"5"'],
    [{ timeout: null }, TypeError, 'timeout', 'null'],
    [{ timeout: 5n }, TypeError, 'timeout', '5'],
    [{ signal: null }, TypeError, 'signal', 'null'],
    [{ signal: {} }, TypeError, 'signal', '[object Object]'],
    [{ signal: 'abort' }, TypeError, 'signal', '"abort"'],
  ];
  const calls: [string, (options: WaitOptions) => Promise<unknown>][] = [
    ['send with room', (options) => new Channel<number>(1).send(1, options)],
    ['send without room', (options) => new Channel<number>(0).send(1, options)],
    ['send of a handle', (options) => new Channel<number>(0).sender().send(1, options)],
    ['send of a closed handle', (options) => closedHandle().send(1, options)],
    ['sendAll', (options) => new Channel<number>(1).sendAll([1], options)],
    ['receive with an item', (options) => full(1).receive(options)],
    ['receive without an item', (options) => new Channel(1).receive(options)],
    ['receiveMany', (options) => new Channel(1).receiveMany(1, options)],
    ['put', (options) => new BoundedQueue<number>(1).put(1, options)],
    ['take', (options) => new BoundedQueue(1).take(options)],
    ['takeMany', (options) => new BoundedQueue(1).takeMany(1, options)],
    ['join', (options) => new BoundedQueue(1).join(options)],
  ];
  const closedHandle = () => {
    const handle = new Channel<number>(0).sender();
    handle.close();
    return handle;
  };
  describe.each(calls)('of %s', (_name, call) => {
    it.each(wrong)('reject, where they are wrong, and never throw: %o', async (options, type, named, shown) => {
      const error = await rejection(call(bad(options)));
      expect(error).toBeInstanceOf(type);
      expect((error as Error).message).toContain(named);
      expect((error as Error).message).toContain(shown);
    });

    it('may be left out in whole or in part', async () => {
      for (const options of [
        undefined,
        {},
        { timeout: undefined, signal: undefined },
        { timeout: Number.POSITIVE_INFINITY },
      ]) {
        const error = call(bad(options)).catch((reason: unknown) => reason);
        expect(await Promise.race([error, macrotask()])).not.toBeInstanceOf(TypeError);
      }
    });
  });

  it('that are wrong cost neither the item of a send nor one that is buffered', async () => {
    const channel = full(2);
    channel.drain();
    channel.trySend(1);
    const before = channel.stats();
    await rejection(channel.send(2, { timeout: Number.NaN }));
    await rejection(channel.receive({ timeout: -1 }));
    await rejection(channel.receiveMany(0));
    await rejection(channel.receiveMany(1, bad({ signal: 1 })));
    expect(channel.stats()).toEqual(before);
    expect(channel.drain()).toEqual([1]);
  });

  it('whose getter throws reject with what it threw', async () => {
    const options = {
      get timeout(): number {
        throw new Error('getter');
      },
    };
    expect(await rejection(new Channel(1).send(1, options))).toEqual(new Error('getter'));
  });

  it('are wrong where their signal cannot be left again: nobody could stop listening', async () => {
    const signal: never = bad({
      aborted: false,
      reason: undefined,
      addEventListener() {},
    });
    const channel = new Channel<number>(0);
    const error = await rejection(channel.receive({ signal, timeout: 1 }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('signal');
    expect(channel.stats().waitingReceivers).toBe(0);
    expect(() => new Channel(1, { signal })).toThrow(TypeError);
  });

  it('that are wrong count before an aborted signal and a closed channel', async () => {
    const channel = new Channel<number>(1);
    channel.close();
    const options = { timeout: Number.NaN, signal: AbortSignal.abort() };
    const attempts = [
      channel.send(1, options),
      channel.receive(options),
      channel.receiveMany(1, options),
      channel.sendAll([1], options),
    ];
    for (const error of await Promise.all(attempts.map(rejection))) expect(error).toBeInstanceOf(RangeError);
  });

  it('take a timeout of minus zero as zero', async () => {
    expect(await rejection(new Channel(1).receive({ timeout: -0 }))).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
  });
});

describe('a max', () => {
  const wrong = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null, undefined, 3n];
  it.each(wrong)('of %s is a RangeError of receiveMany and takeMany, as a rejection', async (max) => {
    const calls = [new Channel(1).receiveMany(bad(max)), new BoundedQueue(1).takeMany(bad(max))];
    for (const error of await Promise.all(calls.map(rejection))) {
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toContain('max');
    }
  });

  it.each(wrong)('of %s is a RangeError that batches throws', (max) => {
    const error = thrown(() => new Channel(1).batches(bad(max)));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain('max');
  });

  it('that is wrong is refused at the end, too', async () => {
    const channel = new Channel(1);
    channel.cancel();
    expect(await rejection(channel.receiveMany(0))).toBeInstanceOf(RangeError);
  });
});

describe('a source', () => {
  const wrong: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    [{}, '[object Object]'],
    [{ [Symbol.iterator]: 1 }, '[object Object]'],
    [{ [Symbol.asyncIterator]: 1 }, '[object Object]'],
    [{ next() {} }, '[object Object]'],
    [Promise.resolve([1]), '[object Promise]'],
  ];
  it.each(wrong)('that is %o is a TypeError of sendAll, as a rejection', async (source, shown) => {
    const error = await rejection(new Channel(1).sendAll(bad(source)));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('source');
    expect((error as Error).message).toContain('iterable');
    expect((error as Error).message).toContain(shown);
  });

  it.each(wrong)('that is %o is a TypeError that from throws', (source, shown) => {
    const error = thrown(() => Channel.from(bad(source), 1));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('source');
    expect((error as Error).message).toContain(shown);
  });

  it('that is wrong is refused by a closed channel and with an aborted signal, too', async () => {
    const channel = new Channel(1);
    channel.cancel();
    expect(await rejection(channel.sendAll(bad(5), { signal: AbortSignal.abort() }))).toBeInstanceOf(TypeError);
  });

  it('may be a string', async () => {
    const channel = new Channel<string>(3);
    expect(await channel.sendAll('abc')).toBe(3);
    expect(channel.drain()).toEqual(['a', 'b', 'c']);
  });

  it('is not opened where the options are wrong', async () => {
    let opened = 0;
    const source = {
      *[Symbol.iterator]() {
        opened++;
        yield 1;
      },
    };
    const channel = new Channel<number>(1);
    await rejection(channel.sendAll(source, { timeout: -1 }));
    expect(opened).toBe(0);
    expect(channel.size).toBe(0);
  });
});
