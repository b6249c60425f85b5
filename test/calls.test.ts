// The seam for bridges: told in its turn, then taken in a microtask of its own, or not at all.

import fc from 'fast-check';
import { Channel, receiving, select, sending, trySelect } from 'sluice';
import { describe, expect, it } from 'vitest';
import { ITEM, type Taker } from '../src/calls.js';
import {
  collect,
  full,
  letsTimersFire,
  macrotask,
  microtasks,
  MUTATING,
  passSlice,
  PlainSignal,
  rejection,
  watch,
} from './support.js';

const HISTORIES = process.env['LONG'] ? 30_000 : 3_000;

/** The other side of a bridge, which writes down what it is told. */
class Side implements Taker<number> {
  readonly log: unknown[];
  alive = true;
  asked = 0;

  constructor(log: unknown[] = []) {
    this.log = log;
  }

  wants(): boolean {
    this.asked++;
    return this.alive;
  }

  take(item: number): void {
    this.log.push(item);
  }

  end(reason: unknown): void {
    this.log.push(['end', reason]);
  }
}

/** A call that is made anew each time it got an item. */
class Bridge extends Side {
  leave: () => void;

  constructor(
    private readonly channel: Channel<number>,
    log?: unknown[],
  ) {
    super(log);
    this.leave = channel[ITEM](this);
  }

  override take(item: number): void {
    super.take(item);
    this.leave = this.channel[ITEM](this);
  }
}

const empty = (capacity = 1): Channel<number> => new Channel<number>(capacity);

describe('a call', () => {
  it('is the method that any copy of the package finds', () => {
    expect(ITEM).toBe(Symbol.for('sluice.item'));
    expect(typeof (empty() as unknown as Record<symbol, unknown>)[Symbol.for('sluice.item')]).toBe('function');
  });

  it('takes nothing inside the call of the producer, but in the microtask after', async () => {
    const channel = empty();
    const side = new Side();
    channel[ITEM](side);
    channel.trySend(1);
    expect([side.log, side.asked, channel.size]).toEqual([[], 0, 1]);
    await undefined;
    expect([side.log, side.asked, channel.size]).toEqual([[1], 1, 0]);
  });

  it('finds an item that is there already in the next microtask, too, and not within itself', async () => {
    const channel = full(1);
    const side = new Side();
    channel[ITEM](side);
    expect([side.log, channel.size]).toEqual([[], 1]);
    await undefined;
    expect(side.log).toEqual([1]);
  });

  it('gets one item: for the next there is the next call', async () => {
    const channel = full(3);
    const side = new Side();
    channel[ITEM](side);
    await macrotask();
    expect([side.log, channel.size, channel.stats().waitingReceivers]).toEqual([[1], 2, 0]);
  });

  it('takes the item of a blocked sender, of a rendezvous and of a full channel', async () => {
    for (const capacity of [0, 1, 2]) {
      const channel = full(capacity);
      const send = watch(channel.send(capacity + 1));
      const bridge = new Bridge(channel);
      await macrotask();
      expect(bridge.log).toEqual(Array.from({ length: capacity + 1 }, (_, i) => i + 1));
      expect(send.state).toBe('fulfilled');
      expect(channel.stats()).toMatchObject({ sent: capacity + 1, received: capacity + 1, waitingReceivers: 1 });
    }
  });

  it('counts as a waiting receiver, and keeps no channel from being printed', () => {
    const channel = empty();
    channel[ITEM](new Side());
    expect(channel.stats().waitingReceivers).toBe(1);
  });

  it('carries undefined, and promises as they are', async () => {
    const items = [undefined, Promise.resolve(1), { then: () => expect.unreachable() }];
    const channel = new Channel<unknown>(3);
    for (const item of items) channel.trySend(item);
    const log: unknown[] = [];
    for (let i = 0; i < 3; i++) channel[ITEM]({ wants: () => true, take: (item) => log.push(item), end() {} });
    await microtasks();
    expect(log).toHaveLength(3);
    for (const [i, item] of items.entries()) expect(log[i]).toBe(item);
  });

  it('may use the channel while it takes', async () => {
    const channel = full(2);
    const send = watch(channel.send(3));
    const log: unknown[] = [];
    channel[ITEM]({
      wants: () => true,
      take(item) {
        log.push(item, channel.size, channel.drain(), channel.trySend(4));
        channel.cancel('enough');
      },
      end: (reason) => void log.push(reason),
    });
    await macrotask();
    expect(log).toEqual([1, 2, [2, 3], true]);
    expect(send.state).toBe('fulfilled');
    expect(channel.ended).toBe(true);
  });

  it('is merged, weighed and dropped past: it sees what is buffered at its turn', async () => {
    const merging = new Channel<number>(2, { overflow: { key: () => 0, coalesce: (queued, item) => queued + item } });
    const dropping = new Channel<number>(1, { overflow: 'drop-oldest' });
    const weighing = new Channel<number>(10, { weigh: (weight) => weight });
    const sides = [merging, dropping, weighing].map((channel) => {
      const side = new Side();
      channel[ITEM](side);
      return side;
    });
    for (const channel of [merging, dropping]) for (const item of [1, 2, 4]) channel.trySend(item);
    const sends = [6, 5, 4].map((weight) => watch(weighing.send(weight)));
    await macrotask();
    await macrotask(); // the senders are owed until then
    expect(sides.map(({ log }) => log)).toEqual([[7], [4], [6]]);
    expect(weighing.stats()).toMatchObject({ weight: 9, waitingSenders: 0 });
    expect(sends.every(({ state }) => state === 'fulfilled')).toBe(true);
  });
});

describe('a call whose other side has gone', () => {
  it('consumes nothing when it wants nothing: the item stays', async () => {
    const channel = empty();
    const side = new Side();
    channel[ITEM](side);
    channel.trySend(1);
    side.alive = false;
    await macrotask();
    expect([side.log, side.asked]).toEqual([[], 1]);
    expect(channel.stats()).toMatchObject({ size: 1, received: 0, waitingReceivers: 0 });
    expect(channel.tryReceive()).toBe(1);
  });

  it('is not asked before there is something to take', async () => {
    const channel = empty();
    const side = new Side();
    side.alive = false;
    channel[ITEM](side);
    await macrotask();
    expect([side.asked, channel.stats().waitingReceivers]).toEqual([0, 1]);
  });

  it('lets the next in line have the item, within the same microtask', async () => {
    const channel = empty();
    const [gone, log] = [new Side(), [] as unknown[]];
    gone.alive = false;
    channel[ITEM](gone);
    void channel.receive().then((item) => log.push(item));
    const last = new Side(log);
    channel[ITEM](last);
    channel.trySend(1);
    await undefined;
    expect(channel.stats()).toMatchObject({ received: 1, waitingReceivers: 1 });
    channel.trySend(2);
    await microtasks();
    expect([gone.log, log]).toEqual([[], [1, 2]]);
  });

  it('in 100 of 100 races: destroyed right after the send, the item is for the next', async () => {
    for (let race = 0; race < 100; race++) {
      const channel = empty(race % 3);
      const side = new Side();
      const leave = channel[ITEM](side);
      const send = watch(channel.send(race));
      if (race % 2 === 0) leave();
      else side.alive = false;
      await microtasks();
      expect(side.log).toEqual([]);
      expect(channel.tryReceive()).toBe(race);
      await microtasks();
      expect(send.state).toBe('fulfilled');
    }
  });
});

describe('a call that is taken back', () => {
  const moments: [string, (channel: Channel<number>, leave: () => void) => unknown, number][] = [
    ['before there is anything', (_channel, leave) => leave(), 0],
    ['when it was told', (channel, leave) => (channel.trySend(1), leave()), 1],
    ['twice', (channel, leave) => (channel.trySend(1), leave(), leave()), 1],
    ['before a close', (channel, leave) => (leave(), channel.close()), 0],
    ['after a close, before it is told', (channel, leave) => (channel.close(), leave()), 0],
    ['after a failed close, before it is told', (channel, leave) => (channel.close('failed'), leave()), 0],
    ['after a cancel, before it is told', (channel, leave) => (channel.cancel(), leave()), 0],
    ['when it was told, and the channel closed', (channel, leave) => (channel.trySend(1), channel.close(), leave()), 1],
  ];
  it.each(moments)('%s hears nothing and consumes nothing', async (_moment, act, left) => {
    const channel = empty();
    const side = new Side();
    act(channel, channel[ITEM](side));
    await macrotask();
    expect([side.log, side.asked]).toEqual([[], 0]);
    expect(channel.stats()).toMatchObject({ size: left, received: 0, waitingReceivers: 0 });
  });

  it('at the end of a channel that had ended already hears nothing', async () => {
    const channel = empty();
    channel.close();
    const side = new Side();
    channel[ITEM](side)();
    await macrotask();
    expect(side.log).toEqual([]);
  });

  it('after it got its item changes nothing', async () => {
    const channel = full(2);
    const side = new Side();
    const leave = channel[ITEM](side);
    await macrotask();
    leave();
    expect([side.log, channel.size]).toEqual([[1], 1]);
  });

  it('while it takes changes nothing, either', async () => {
    const channel = full(2);
    const log: unknown[] = [];
    const leave = channel[ITEM]({ wants: () => true, take: (item) => (log.push(item), leave()), end() {} });
    await macrotask();
    expect([log, channel.size]).toEqual([[1], 1]);
  });

  it('lets those behind it go on at once', async () => {
    const channel = empty();
    const leave = channel[ITEM](new Side());
    const receive = watch(channel.receive());
    channel.trySend(1);
    expect(channel.size).toBe(1);
    leave();
    expect(channel.size).toBe(0);
    await microtasks();
    expect(receive.result).toBe(1);
  });
});

describe('the line', () => {
  it('serves a receiver behind a call also where its signal runs code that takes the rest', async () => {
    const channel = empty(2);
    const side = new Side();
    channel[ITEM](side);
    const others: unknown[] = [];
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener() {},
      removeEventListener: () => void others.push(channel.tryReceive('none')),
    };
    const receive = watch(channel.receive({ signal }));
    channel.trySend(1);
    channel.trySend(2);
    await macrotask();
    expect([side.log, receive.result, others]).toEqual([[1], 2, ['none']]);
    expect(channel.stats()).toMatchObject({ sent: 2, received: 2 });
  });

  it('is one for calls, receives, iterators and selects: each in its turn', async () => {
    for (const capacity of [0, 1, 2, 16]) {
      const channel = empty(capacity);
      const log: string[] = [];
      const note = (who: string) => (item: unknown) => void log.push(`${who} ${item}`);
      const call = (who: string): void => void channel[ITEM]({ wants: () => true, take: note(who), end() {} });
      call('call');
      const waits = [
        channel.receive().then(note('receive')),
        select({ item: receiving(channel) }).then(({ value }) => note('select')(value)),
      ];
      call('call');
      call('call');
      waits.push(
        channel[Symbol.asyncIterator]()
          .next()
          .then(({ value }) => note('next')(value)),
      );
      waits.push(channel.receiveMany(5).then(note('many')));
      call('call');
      for (let item = 1; item <= 8; item++) watch(channel.send(item));
      await macrotask();
      await Promise.all(waits);
      expect(log).toEqual(['call 1', 'receive 2', 'select 3', 'call 4', 'call 5', 'next 6', 'many 7', 'call 8']);
      expect(channel.stats()).toMatchObject({ size: 0, waitingSenders: 0, waitingReceivers: 0 });
    }
  });

  it('is kept by a newcomer, however it receives, while a call is told', async () => {
    const channel = full(1);
    const log: unknown[] = [];
    channel[ITEM](new Side(log));
    expect(channel.tryReceive('none')).toBe('none');
    expect(channel.drain()).toEqual([]);
    expect(trySelect({ item: receiving(channel) })).toBeUndefined();
    expect(await rejection(channel.receive({ timeout: 0 }))).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
    expect(log).toEqual([1]);
  });

  it('lets a newcomer wait behind a call that is told, and serves it in the same microtask', async () => {
    const channel = full(2);
    const log: unknown[] = [];
    channel[ITEM](new Side(log));
    const receive = watch(channel.receive());
    const picked = watch(select({ item: receiving(channel) }));
    const next = watch(channel[Symbol.asyncIterator]().next());
    expect(channel.stats().waitingReceivers).toBe(4);
    await undefined;
    expect([log, channel.size]).toEqual([[1], 0]);
    await undefined;
    expect(receive.result).toBe(2);
    channel.trySend(3);
    channel.trySend(4);
    await microtasks();
    expect([picked.result, next.result]).toEqual([
      { case: 'item', done: false, value: 3 },
      { value: 4, done: false },
    ]);
  });

  it('takes several called in turn, a microtask each', async () => {
    const channel = full(3);
    const log: unknown[] = [];
    for (let i = 0; i < 3; i++) channel[ITEM](new Side(log));
    for (const expected of [[1], [1, 2], [1, 2, 3]]) {
      await undefined;
      expect(log).toEqual(expected);
    }
  });

  it.each([0, 1, 4])('starves neither a bridge nor a for await beside it, at capacity %i', async (capacity) => {
    const channel = empty(capacity);
    const bridge = new Bridge(channel);
    const consumer = collect(channel);
    for (let i = 0; i < 600; i++) await channel.send(i);
    channel.close();
    const iterated = await consumer;
    await macrotask();
    expect(bridge.log.pop()).toEqual(['end', undefined]);
    expect(bridge.log.length + iterated.length).toBe(600);
    expect(Math.min(bridge.log.length, iterated.length)).toBeGreaterThan(200);
  });

  it('far into a row of hand-offs still tells the items in their order', async () => {
    const channel = empty(4);
    const log: unknown[] = [];
    for (let i = 0; i < 20; i++) {
      if (i % 13 === 12) channel[ITEM](new Side(log));
      else void channel.receive().then((item) => log.push(item));
    }
    for (let item = 0; item < 13; item++) channel.trySend(item);
    await macrotask();
    expect(log).toEqual(Array.from({ length: 13 }, (_, i) => i));
  });

  it('tells no item before those that politeness has put off', async () => {
    const channel = full(2_048);
    const log: unknown[] = [];
    passSlice();
    for (let i = 0; i < 2_000; i++) void channel.receive().then((item) => log.push(item));
    const bridge = new Bridge(channel, log);
    await macrotask();
    await macrotask();
    bridge.leave();
    expect(log).toEqual(Array.from({ length: 2_048 }, (_, i) => i + 1));
  });

  it('is joined by a call only after those were told who are owed', async () => {
    const channel = full(64);
    const owed = watch(channel.send(65));
    channel.tryReceive();
    await microtasks();
    expect(owed.state).toBe('pending');
    empty()[ITEM](new Side());
    await microtasks();
    expect(owed.state).toBe('fulfilled');
  });

  it('fulfils sends in the order in which they were accepted, whoever took their items', async () => {
    for (const capacity of [0, 1, 2, 8]) {
      const channel = full(capacity);
      const order: number[] = [];
      for (let i = 0; i < 20; i++) void channel.send(i).then(() => order.push(i));
      const bridge = new Bridge(channel);
      for (let i = 0; i < 5; i++) {
        await undefined;
        channel.tryReceive();
        watch(channel.receive());
      }
      await macrotask();
      bridge.leave();
      channel.drain();
      await macrotask();
      expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
    }
  });
});

describe('a sender', () => {
  it('of a rendezvous finds nobody committed where only calls wait', async () => {
    const channel = empty(0);
    const side = new Side();
    channel[ITEM](side);
    expect([channel.trySend(1), channel.stats().sent]).toEqual([false, 0]);
    expect(trySelect({ out: sending(channel, 1) })).toBeUndefined();
    expect(await rejection(channel.send(1, { timeout: 0 }))).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
    await macrotask();
    expect([side.log, side.asked]).toEqual([[], 0]);
  });

  it('of a rendezvous finds a receiver that stands before a call, and none that stands behind', async () => {
    const channel = empty(0);
    const first = watch(channel.receive());
    channel[ITEM](new Side());
    const last = watch(channel.receive());
    expect([channel.trySend(1), channel.trySend(2)]).toEqual([true, false]);
    await microtasks();
    expect([first.result, last.state]).toEqual([1, 'pending']);
  });

  it('that waits for a call is accepted in two microtasks', async () => {
    const channel = empty(0);
    const side = new Side();
    channel[ITEM](side);
    const send = watch(channel.send(1));
    expect(channel.stats().waitingSenders).toBe(1);
    await undefined;
    expect([side.log, channel.stats().waitingSenders]).toEqual([[1], 0]);
    await undefined;
    expect(send.state).toBe('fulfilled');
  });

  it('that is a select, too', async () => {
    const channel = empty(0);
    const other = empty();
    const side = new Side();
    channel[ITEM](side);
    const picked = watch(select({ out: sending(channel, 1), in: receiving(other) }));
    await microtasks();
    expect([side.log, picked.result, other.stats().waitingReceivers]).toEqual([[1], { case: 'out' }, 0]);
  });

  it('takes its item back until then: the call was told in vain, and waits on in its turn', async () => {
    const channel = empty(0);
    const controller = new AbortController();
    const side = new Side();
    channel[ITEM](side);
    const receive = watch(channel.receive());
    const send = watch(channel.send(1, { signal: controller.signal }));
    controller.abort('back');
    await macrotask();
    expect([side.log, side.asked, send.result, receive.state]).toEqual([[], 0, 'back', 'pending']);
    expect(channel.stats()).toMatchObject({ sent: 0, received: 0, waitingReceivers: 2 });
    watch(channel.send(2));
    watch(channel.send(3));
    await macrotask();
    expect([side.log, receive.result]).toEqual([[2], 3]);
  });

  it('that takes its item back and is followed by another in the same tick leaves the call told, once', async () => {
    const channel = empty(0);
    const controller = new AbortController();
    const side = new Side();
    channel[ITEM](side);
    watch(channel.send(1, { signal: controller.signal }));
    controller.abort();
    watch(channel.send(2));
    watch(channel.send(3));
    await macrotask();
    expect([side.log, side.asked, channel.stats().waitingSenders]).toEqual([[2], 1, 1]);
  });

  it.each([
    ['send', (channel: Channel<number>) => void channel.send(1)],
    ['trySend', (channel: Channel<number>) => channel.trySend(1)],
    ['sendAll', (channel: Channel<number>) => void channel.sendAll([1])],
    ['a handle', (channel: Channel<number>) => channel.sender().trySend(1)],
    ['a permit', (channel: Channel<number>) => channel.tryReserve()?.send(1)],
    ['select', (channel: Channel<number>) => void select({ out: sending(channel, 1) })],
    ['trySelect', (channel: Channel<number>) => trySelect({ out: sending(channel, 1) })],
    ['close', (channel: Channel<number>) => channel.close()],
    ['a failed close', (channel: Channel<number>) => channel.close('failed')],
    ['cancel', (channel: Channel<number>) => channel.cancel('reason')],
    ['disposal', (channel: Channel<number>) => channel[Symbol.dispose]()],
  ])('that uses %s runs no code of the other side', async (_how, act) => {
    const channel = empty(2);
    const side = new Side();
    channel[ITEM](side);
    act(channel);
    expect([side.log, side.asked]).toEqual([[], 0]);
    await macrotask();
    expect(side.log).toHaveLength(1);
  });
});

describe('the end', () => {
  const ends: [string, (channel: Channel<number>) => void, unknown][] = [
    ['a close', (channel) => channel.close(), undefined],
    ['a failed close', (channel) => channel.close('failed'), 'failed'],
    ['a close with null', (channel) => channel.close(null), null],
    ['a cancel', (channel) => channel.cancel(), undefined],
    ['a cancel with a reason', (channel) => channel.cancel('reason'), 'reason'],
  ];
  it.each(ends)('by %s is told to every call that waits, once', async (_how, end, reason) => {
    const channel = empty();
    const sides = [new Side(), new Side()];
    for (const side of sides) channel[ITEM](side);
    end(channel);
    expect(channel.ended).toBe(true);
    await macrotask();
    expect(sides.map(({ log, asked }) => [log, asked])).toEqual([
      [[['end', reason]], 0],
      [[['end', reason]], 0],
    ]);
  });

  it.each(ends)('by %s is told to one that comes after it', async (_how, end, reason) => {
    const channel = empty();
    end(channel);
    const side = new Side();
    channel[ITEM](side);
    expect(side.log).toEqual([]);
    await undefined;
    expect(side.log).toEqual([['end', reason]]);
  });

  it('comes after the last item, blocked sends among them', async () => {
    const channel = full(2);
    watch(channel.send(3));
    const bridge = new Bridge(channel);
    channel.close('failed');
    await macrotask();
    expect(bridge.log).toEqual([1, 2, 3, ['end', 'failed']]);
  });

  it('comes once a closed channel has given its last item to a call', async () => {
    const channel = full(1);
    const side = new Side();
    const completion = watch(channel.completion);
    channel.close();
    channel[ITEM](side);
    const behind = new Side();
    channel[ITEM](behind);
    expect(channel.ended).toBe(false);
    await undefined;
    expect([side.log, channel.ended]).toEqual([[1], true]);
    await macrotask();
    expect([behind.log, completion.state]).toEqual([[['end', undefined]], 'fulfilled']);
  });

  it('of a channel that is cancelled after a call was told takes the item away', async () => {
    const dropped: number[] = [];
    const channel = new Channel<number>(1, { onDrop: (item) => dropped.push(item) });
    const side = new Side();
    channel[ITEM](side);
    channel.trySend(1);
    channel.cancel('reason');
    await macrotask();
    expect([side.log, side.asked, dropped]).toEqual([[['end', 'reason']], 0, [1]]);
  });

  it('is told where politeness has put off what came before it, in a macrotask', async () => {
    const channel = empty(2_048);
    for (let i = 0; i < 1_500; i++) watch(channel.send(i));
    channel.drain();
    const side = new Side();
    channel[ITEM](side);
    channel.close();
    await macrotask();
    await macrotask();
    expect(side.log).toEqual([['end', undefined]]);
  });
});

describe('beside a select that waits on both sides of a rendezvous', () => {
  const both = (channel: Channel<number>, item: number) =>
    watch(select({ out: sending(channel, item), in: receiving(channel) }));

  it('a call takes what that would send', async () => {
    for (const first of ['call', 'select']) {
      const channel = empty(0);
      const side = new Side();
      if (first === 'call') channel[ITEM](side);
      const picked = both(channel, 1);
      if (first === 'select') channel[ITEM](side);
      await macrotask();
      expect([side.log, picked.result]).toEqual([[1], { case: 'out' }]);
      expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
    }
  });

  it('a newcomer does not overtake a call that is told', async () => {
    const channel = empty(0);
    const picked = both(channel, 1);
    const side = new Side();
    channel[ITEM](side);
    expect(channel.tryReceive('none')).toBe('none');
    const receive = watch(channel.receive());
    await macrotask();
    expect([side.log, picked.result, receive.state]).toEqual([[1], { case: 'out' }, 'pending']);
  });

  it.each(['leaves', 'wants nothing'])('a receiver behind is served when the call before it %s', async (how) => {
    const channel = empty(0);
    const side = new Side();
    const leave = channel[ITEM](side);
    const picked = both(channel, 1);
    const receive = watch(channel.receive());
    if (how === 'leaves') leave();
    else side.alive = false;
    await macrotask();
    expect([side.log, picked.result, receive.result]).toEqual([[], { case: 'out' }, 1]);
  });

  it.each(['leaves', 'wants nothing'])('that select meets a sender behind when the call before it %s', async (how) => {
    const channel = empty(0);
    const side = new Side();
    const leave = channel[ITEM](side);
    const picked = both(channel, 1);
    const send = watch(channel.send(2));
    if (how === 'leaves') leave();
    else side.alive = false;
    await macrotask();
    expect([picked.result, send.state]).toEqual([{ case: 'in', done: false, value: 2 }, 'fulfilled']);
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
  });

  it.each(['send', 'select'])('a %s that comes later does not overtake the senders behind that select', async (how) => {
    const channel = empty(0);
    const leave = channel[ITEM](new Side());
    const picked = both(channel, 1);
    const send = watch(channel.send(2));
    const side = new Side();
    channel[ITEM](side);
    leave(); // now the other call is told of what the select would send
    expect(channel.trySend(4)).toBe(false);
    const later = how === 'send' ? watch(channel.send(3)) : both(channel, 3);
    await macrotask();
    expect([side.log, picked.result]).toEqual([[1], { case: 'out' }]);
    if (how === 'select')
      expect([later.result, send.state]).toEqual([{ case: 'in', done: false, value: 2 }, 'fulfilled']);
    else expect([later.state, channel.tryReceive()]).toEqual(['pending', 2]);
  });

  it('two of them meet each other when the call before them leaves', async () => {
    const channel = empty(0);
    const leave = channel[ITEM](new Side());
    const [one, two] = [both(channel, 1), both(channel, 2)];
    leave();
    await macrotask();
    expect([one.state, two.state]).toEqual(['fulfilled', 'fulfilled']);
    expect(channel.stats()).toMatchObject({ sent: 1, received: 1, waitingSenders: 0, waitingReceivers: 0 });
  });
});

describe('a timer fires while', () => {
  it.each([0, 1, 2, 16])('a bridge and a producer are always ready, at capacity %i', async (capacity) => {
    const fired = await letsTimersFire((going) => {
      const channel = empty(capacity);
      const bridge = new Bridge(channel);
      return [
        (async () => {
          while (going()) await channel.send(1);
          bridge.leave();
        })(),
      ];
    });
    expect(fired).toBe(true);
  });

  it('a bridge feeds itself', async () => {
    const fired = await letsTimersFire((going) => {
      const channel = full(1);
      return [
        new Promise<void>((resolve) => {
          const taker: Taker<number> = {
            wants: () => true,
            take(item) {
              if (!going()) return resolve();
              channel.trySend(item);
              channel[ITEM](taker);
            },
            end() {},
          };
          channel[ITEM](taker);
        }),
      ];
    });
    expect(fired).toBe(true);
  });
});

describe.skipIf(MUTATING)('what a call costs', () => {
  it('does not depend on how many wait before and behind it', async () => {
    const ways = [0, 50_000].map((waiting) => {
      const channel = empty();
      const crowd = (): void => {
        for (let i = 0; i < waiting; i++) channel[ITEM](new Side());
      };
      crowd();
      const middle = Array.from({ length: 2_000 }, () => channel[ITEM](new Side()));
      crowd();
      return (): number => {
        const start = performance.now();
        for (const leave of middle.splice(0, 400)) leave();
        return performance.now() - start;
      };
    });
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 5; round++) {
      for (const [i, run] of ways.entries()) best[i] = Math.min(best[i] as number, run());
    }
    expect(best[1] as number).toBeLessThan((best[0] as number) * 10 + 5);
  });
});

describe('in every history of calls among everything else', () => {
  type Act =
    | { readonly do: 'send' | 'receive' | 'call' | 'both' | 'trySend' | 'tryReceive' | 'trySelect' | 'tick' | 'turn' }
    | { readonly do: 'leave' | 'abort' | 'go'; readonly which: number }
    | { readonly do: 'close' | 'cancel' };

  const act: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom('send', 'send', 'receive', 'call', 'call', 'both', 'trySend', 'tryReceive', 'trySelect'),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('tick', 'tick', 'tick', 'turn') }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('leave', 'abort', 'go'), which: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close', 'cancel') }) },
  ) as fc.Arbitrary<Act>;

  it('each item is taken once, in order, nobody waits in vain, and a side that has gone hears nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1, 2),
        fc.array(act, { minLength: 3, maxLength: 24 }),
        async (capacity, acts) => {
          const dropped: number[] = [];
          const channel = new Channel<number>(capacity, { onDrop: (item) => dropped.push(item) });
          const accepted: number[] = [];
          /** Taken by promises, and by those that answer in the call itself. */
          const [promised, taken]: [number[], number[]] = [[], []];
          const broken: string[] = [];
          const aborts: PlainSignal[] = [];
          const calls: { side: Side; leave: () => void }[] = [];
          const open: { waits: boolean }[] = [];
          const follow = (promise: Promise<unknown>): void => {
            const each = { waits: true };
            open.push(each);
            const over = (): void => {
              each.waits = false;
            };
            promise.then(over, over);
          };
          // A platform's own costs more than all the rest here.
          const abortable = (): { signal: PlainSignal } => {
            const signal = new PlainSignal();
            aborts.push(signal);
            return { signal };
          };
          let item = 0;
          let inAct = false;
          for (const each of acts) {
            inAct = true;
            const own = ++item;
            switch (each.do) {
              case 'send':
                follow(channel.send(own, abortable()).then(() => accepted.push(own)));
                break;
              case 'receive':
                follow(channel.receive(abortable()).then((got) => got !== undefined && promised.push(got)));
                break;
              case 'both':
                follow(
                  select({ out: sending(channel, own), in: receiving(channel) }, abortable()).then((picked) => {
                    if (picked.case === 'out') accepted.push(own);
                    else if (!picked.done) promised.push(picked.value);
                  }),
                );
                break;
              case 'call': {
                const side = new Side();
                let over = false;
                const leave = channel[ITEM]({
                  wants: () => side.wants(),
                  take(got) {
                    if (inAct || over || !side.alive) broken.push('take');
                    over = true;
                    taken.push(got);
                  },
                  end() {
                    if (inAct || over) broken.push('end');
                    over = true;
                  },
                });
                calls.push({
                  side,
                  leave: () => {
                    leave();
                    over = true;
                  },
                });
                break;
              }
              case 'trySend':
                if (channel.trySend(own)) accepted.push(own);
                break;
              case 'tryReceive': {
                const got = channel.tryReceive();
                if (got !== undefined) taken.push(got);
                break;
              }
              case 'trySelect': {
                if (channel.closed) break;
                const picked = trySelect({ in: receiving(channel), out: sending(channel, own) });
                if (picked?.case === 'out') accepted.push(own);
                else if (picked?.done === false) taken.push(picked.value);
                break;
              }
              case 'leave':
                calls[each.which % calls.length]?.leave();
                break;
              case 'go': {
                const gone = calls[each.which % calls.length]?.side;
                if (gone !== undefined) gone.alive = false;
                break;
              }
              case 'abort':
                aborts[each.which % aborts.length]?.abort('aborted');
                break;
              case 'close':
                channel.close();
                break;
              case 'cancel':
                channel.cancel();
            }
            inAct = false;
            if (each.do === 'tick') await undefined;
            else if (each.do === 'turn') await macrotask();
            const { sent, received, size } = channel.stats();
            if (sent !== received + size + dropped.length) broken.push('conservation');
          }
          await macrotask();
          await macrotask();
          expect(broken).toEqual([]);
          const stats = channel.stats();
          // Only selects may wait on both sides, and only the first of them: it cannot meet itself.
          expect(Math.min(stats.waitingSenders, stats.waitingReceivers)).toBeLessThanOrEqual(1);
          if (stats.waitingReceivers > 0) {
            expect(stats.size).toBe(0);
            if (stats.waitingSenders > 0) expect([stats.waitingSenders, stats.waitingReceivers]).toEqual([1, 1]);
          }
          expect(stats.received).toBe(promised.length + taken.length);
          channel.cancel();
          await macrotask();
          expect(open.filter(({ waits }) => waits)).toEqual([]);
          const ascending = (items: readonly number[]): number[] => [...items].sort((a, b) => a - b);
          expect(promised).toEqual(ascending(promised));
          expect(taken).toEqual(ascending(taken));
          expect(ascending([...promised, ...taken, ...dropped])).toEqual(ascending(accepted));
        },
      ),
      { numRuns: HISTORIES },
    );
  });
});
