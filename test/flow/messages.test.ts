// What the messages of flows say, word by word.

import { Channel } from 'sluice';
import { type Flow, flow } from 'sluice/flow';
import { describe, expect, it } from 'vitest';
import { rejection, thrown } from '../support.js';

const messageOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;
/** What a call says to bad arguments, whatever its types are. */
const said = (call: (items: Flow<never>) => unknown): string => messageOf(thrown(() => call(flow([]))));
const bad = (value: unknown): never => value as never;
const integer = (least: number, got: string): string =>
  `must be an integer from ${least} to ${Number.MAX_SAFE_INTEGER}, got ${got}`;

describe('the message of', () => {
  it('a function that is none', () => {
    const calls: [string, (items: Flow<never>) => unknown][] = [
      ['the function of map', (items) => items.map(bad(1))],
      ['the function of flatMap', (items) => items.flatMap(bad(1))],
      ['the test of filter', (items) => items.filter(bad(1))],
      ['the function of scan', (items) => items.scan(bad(1), 0)],
      ['the function of tap', (items) => items.tap(bad(1))],
      ['options.weigh', (items) => items.batch(1, { weigh: bad(1) })],
      ['the cost of throttle', (items) => items.throttle({ take: () => Promise.resolve() }, bad(1))],
      ['the key of partition', (items) => items.partition(1, bad(1))],
      ['options.onDrop', () => flow([], { onDrop: bad(1) })],
    ];
    for (const [what, call] of calls) expect(said(call)).toBe(`TypeError: ${what} must be a function, got 1 (number)`);
  });

  it('a function of an end, which is told by its promise', async () => {
    const calls: [string, (items: Flow<never>) => Promise<unknown>][] = [
      ['the function of forEach', (items) => items.forEach(bad(1))],
      ['the function of reduce', (items) => items.reduce(bad(1), 0)],
    ];
    for (const [what, call] of calls) {
      expect(messageOf(await rejection(call(flow([]))))).toBe(`TypeError: ${what} must be a function, got 1 (number)`);
    }
  });

  it('a number that is out of its range', () => {
    const calls: [string, (items: Flow<never>) => unknown][] = [
      [`n of take(n) ${integer(0, '-1 (number)')}`, (items) => items.take(-1)],
      [`n of drop(n) ${integer(0, '-1 (number)')}`, (items) => items.drop(-1)],
      [`the size of a batch ${integer(1, '0 (number)')}`, (items) => items.batch(0)],
      [`n of partition(n) ${integer(1, '0 (number)')}`, (items) => items.partition(0, () => 0)],
      [`n of broadcast(n) ${integer(1, '0 (number)')}`, (items) => items.broadcast(0)],
      [`options.concurrency ${integer(1, '0 (number)')}`, (items) => items.map(() => 1, { concurrency: 0 })],
      ['options.within must be 0 or more milliseconds, got -1', (items) => items.batch(1, { within: -1 })],
      ['ms of timeout(ms) must be 0 or more milliseconds, got NaN', (items) => items.timeout(Number.NaN)],
    ];
    for (const [what, call] of calls) expect(said(call)).toBe(`RangeError: ${what}`);
    expect(said((items) => items.timeout(bad('5')))).toBe(
      'TypeError: ms of timeout(ms) must be a number of milliseconds, got "5"',
    );
    expect(said((items) => items.batch(1, { within: bad('5') }))).toBe(
      'TypeError: options.within must be a number of milliseconds, got "5"',
    );
    flow([1]).timeout(0); // is none of them
  });

  it('options that are none', () => {
    for (const options of [null, 5, 'all']) {
      for (const call of [
        () => flow([], bad(options)),
        () => flow([]).map(() => 1, bad(options)),
        () => flow([]).batch(1, bad(options)),
        () => flow([]).broadcast(1, bad(options)),
      ]) {
        expect(said(call)).toMatch(/^TypeError: options must be an object, got /);
      }
    }
    expect(said((items) => items.map(() => 1, { ordered: bad(1) }))).toBe(
      'TypeError: options.ordered must be true or false, got 1 (number)',
    );
    expect(said((items) => items.broadcast(1, { overflow: bad('reject') }))).toBe(
      'TypeError: options.overflow must be one of wait, drop-oldest, drop-newest, got "reject"',
    );
    expect(said((items) => items.throttle(bad({})))).toBe(
      'TypeError: the bucket of throttle must be a TokenBucket, got [object Object]',
    );
  });

  it('a sender that is none', async () => {
    const close = (): void => {};
    const send = (): Promise<void> => Promise.resolve();
    for (const sender of [undefined, null, 5, { send }, { close }, { send: 1, close }, { send, close: 1 }]) {
      const message = messageOf(await rejection(flow([1]).to(bad(sender))));
      expect(message).toMatch(/^TypeError: sender must be a Sender, got /);
    }
    expect(await flow([1]).to({ send, close })).toBe(1);
  });

  it('a source, an iterator, a result, a weight and a key that are none', async () => {
    const iterable = (iterator: unknown): AsyncIterable<number> => ({ [Symbol.asyncIterator]: () => bad(iterator) });
    const asked = async (items: Flow<unknown>): Promise<string> => messageOf(await rejection(items.run()));
    expect(await asked(flow(iterable(5)))).toBe(
      'TypeError: the iterator of a source must be an object, got 5 (number)',
    );
    for (const result of [5, null]) {
      expect(await asked(flow(iterable({ next: () => Promise.resolve(result) })))).toMatch(
        /^TypeError: the result of next\(\) must be an object, got /,
      );
    }
    // As the language has it: a function is an object too.
    const done = Object.assign(() => {}, { done: true });
    expect(await flow(iterable({ next: () => Promise.resolve(done) })).toArray()).toEqual([]);
    expect(await asked(flow([1]).batch(2, { weigh: () => -1 }))).toBe(
      'RangeError: the weight of an item in a batch must be a number from 0, got -1 (number)',
    );
    expect(await asked(flow([1]).partition(1, () => bad(true))[0] as Flow<number>)).toBe(
      'TypeError: the key of partition must be a string or a number, got boolean',
    );
  });

  it('a branch that has a reader, and of a channel whose receiver left', async () => {
    const [branch] = flow([1, 2]).broadcast(1);
    await branch?.take(1).toArray();
    const [other] = flow(new Channel<number>(1)).broadcast(1);
    void other?.[Symbol.asyncIterator]().next();
    expect(messageOf(await rejection(other?.toArray() as Promise<number[]>))).toBe(
      'Error: this branch of a flow is being iterated already, and has one reader: ask for one branch more, or share its items by a Channel',
    );
    const channel = new Channel<number>(1);
    const delivering = flow(new Channel<number>(1)).to(channel);
    channel.cancel();
    expect(messageOf(await rejection(delivering))).toBe(
      'ChannelClosedError: what a flow is sent to was cancelled: nobody receives any more, and the flow has ended',
    );
  });
});
