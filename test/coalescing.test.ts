// `overflow: { key, coalesce }`: what is merged into what and when, who waits all the same, and what callbacks may not break.

import { inspect } from 'node:util';
import fc from 'fast-check';
import { Channel, type ChannelOptions, type Coalesce, type Permit } from 'sluice';
import { describe, expect, it, vi } from 'vitest';
import { collect, letsTimersFire, macrotask, microtasks, rejection, settled, thrown, watch } from './support.js';

interface Item {
  readonly id: string;
  readonly text: string;
}

/** `a1` is an item with the id `a` and the text `1`. */
const item = (short: string): Item => ({ id: short.slice(0, 1), text: short.slice(1) });
const items = (shorts: string): Item[] => shorts.split(' ').map(item);
const short = ({ id, text }: Item): string => id + text;
const shorts = (all: readonly Item[]): string => all.map(short).join(' ');

/** Joins the texts of what has the same id. */
const joining: Coalesce<Item> = {
  key: ({ id }) => id,
  coalesce: (queued, incoming) => ({ id: queued.id, text: queued.text + incoming.text }),
};

/** A channel that joins, with what was sent to it; those that find no place wait. */
function joined(capacity: number, sent: string, options: ChannelOptions<Item> = {}): Channel<Item> {
  const channel = new Channel<Item>(capacity, { overflow: joining, ...options });
  if (sent !== '') for (const each of items(sent)) channel.send(each).catch(() => {});
  return channel;
}

describe('an item whose key is buffered', () => {
  it('is merged into the one that is there, in its place', () => {
    const channel = joined(3, 'a1 b1 c1');
    for (const each of items('b2 a2 b3')) expect(channel.trySend(each)).toBe(true);
    expect(shorts(channel.drain())).toBe('a12 b123 c1');
  });

  it('is merged where there is room, too', () => {
    const channel = joined(9, 'a1 b1 a2');
    expect(channel.size).toBe(2);
    expect(shorts(channel.drain())).toBe('a12 b1');
  });

  it('takes no place, and passes senders that wait', async () => {
    const channel = joined(2, 'a1 b1');
    const blocked = watch(channel.send(item('c1')));
    await channel.send(item('a2'));
    await channel.send(item('b2'), { timeout: 0 });
    expect(blocked.state).toBe('pending');
    expect(shorts(channel.drain())).toBe('a12 b12 c1');
  });

  it('counts as sent and as coalesced, not as dropped', () => {
    const onDrop = vi.fn();
    const channel = joined(2, 'a1 a2 a3 b1', { onDrop });
    expect(channel.stats()).toMatchObject({
      sent: 4,
      coalesced: 2,
      size: 2,
      weight: 2,
      peakSize: 2,
      dropped: 0,
      received: 0,
    });
    channel.cancel();
    expect(channel.stats()).toMatchObject({ sent: 4, coalesced: 2, dropped: 2 });
    expect(onDrop.mock.calls.map(([each]) => short(each as Item))).toEqual(['a123', 'b1']);
  });

  it('is not merged any more, once that one was taken', () => {
    const channel = joined(2, 'a1');
    channel.tryReceive();
    channel.trySend(item('a2'));
    expect(shorts(channel.drain())).toBe('a2');
  });

  it('with one key for all keeps one item, beside a capacity that is larger', async () => {
    const channel = new Channel<number>(5, { overflow: { key: () => 0, coalesce: (_queued, incoming) => incoming } });
    for (let n = 1; n <= 100; n++) await channel.send(n);
    expect(channel.drain()).toEqual([100]);
    expect(channel.stats()).toMatchObject({ sent: 100, coalesced: 99, received: 1, peakSize: 1 });
  });

  it('shows as what is buffered in the line about its channel', () => {
    expect(inspect(joined(2, 'a1 a2 b1 c1', { name: 'latest' }))).toBe('Channel(latest 2/2, 1 sender waiting)');
  });
});

describe('an item whose key is new', () => {
  it('takes a place, or waits for one', async () => {
    const channel = joined(1, 'a1');
    const send = watch(channel.send(item('b1')));
    await microtasks();
    expect(send.state).toBe('pending');
    expect(channel.trySend(item('c1'))).toBe(false);
    expect(channel.stats().waitingSenders).toBe(1);
    expect(shorts([channel.tryReceive() as Item])).toBe('a1');
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('waits within its limits, and gives the item back', async () => {
    const channel = joined(1, 'a1', { maxWaiters: 0 });
    const late = item('b1');
    expect(await rejection(channel.send(late, { timeout: 0 }))).toMatchObject({ code: 'ERR_SLUICE_TIMEOUT' });
    const error = (await rejection(channel.send(late))) as { code: string; value: Item };
    expect(error.code).toBe('ERR_SLUICE_TOO_MANY_WAITERS');
    expect(error.value).toBe(late);
  });

  it('is tried by the same rule at its turn: it is merged, where its key has come meanwhile', async () => {
    const channel = joined(1, 'a1');
    const sends = items('b1 b2 c1 b3').map((each) => watch(channel.send(each)));
    channel.tryReceive();
    expect(channel.stats()).toMatchObject({ size: 1, coalesced: 1, waitingSenders: 2 });
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending', 'pending']);
    expect(shorts(channel.drain())).toBe('b12 c1 b3');
  });

  it('comes to its turn when whoever stands before it gives up', async () => {
    const controller = new AbortController();
    const channel = joined(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    const first = watch(channel.send(item('b1'), { signal: controller.signal }));
    const second = watch(channel.send(item('c1')));
    permit.send(item('c0'));
    expect(channel.stats().waitingSenders).toBe(2);
    controller.abort('aborted');
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, coalesced: 1 });
    await macrotask();
    expect([first.state, second.state]).toEqual(['rejected', 'fulfilled']);
    expect(shorts(channel.drain())).toBe('a1 c01');
  });

  it('comes to its turn when a close refuses the reserve that stands before it', async () => {
    const channel = joined(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    const reserve = watch(channel.reserve());
    const send = watch(channel.send(item('b1')));
    permit.send(item('b0'));
    expect(channel.stats().waitingSenders).toBe(2);
    channel.close();
    await macrotask();
    expect([reserve.state, send.state]).toEqual(['rejected', 'fulfilled']);
    expect(shorts(channel.drain())).toBe('a1 b01');
    expect(channel.ended).toBe(true);
  });

  it('is merged at the call where a permit has brought its key', () => {
    const channel = joined(2, 'a1');
    channel.tryReserve()?.send(item('b1'));
    expect(channel.trySend(item('b2'))).toBe(true);
    expect(shorts(channel.drain())).toBe('a1 b12');
  });
});

describe('a receiver that waits', () => {
  it('gets the item unmerged, and merges nothing', async () => {
    const coalesce = vi.fn(joining.coalesce);
    const channel = joined(2, '', { overflow: { ...joining, coalesce } });
    const receives = [channel.receive(), channel.receive()];
    for (const each of items('a1 a2')) channel.trySend(each);
    expect(shorts((await Promise.all(receives)) as Item[])).toBe('a1 a2');
    expect(coalesce).not.toHaveBeenCalled();
    expect(channel.stats()).toMatchObject({ coalesced: 0, received: 2 });
  });

  it('takes from a blocked sender, where all places are reserved, what that sent', async () => {
    const channel = joined(1, '');
    channel.tryReserve();
    const send = watch(channel.send(item('a1')));
    expect(await channel.receive()).toEqual(item('a1'));
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });
});

describe('a permit', () => {
  it('whose item is merged gives its place to whoever waits', async () => {
    const channel = joined(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    const send = watch(channel.send(item('b1')));
    permit.send(item('a2'));
    await macrotask();
    expect(send.state).toBe('fulfilled');
    expect(channel.stats()).toMatchObject({ reserved: 0, size: 2, coalesced: 1 });
    expect(shorts(channel.drain())).toBe('a12 b1');
  });

  it('sends into its place past senders that wait', async () => {
    const channel = joined(1, '');
    const permit = channel.tryReserve() as Permit<Item>;
    const send = watch(channel.send(item('b1')));
    permit.send(item('a1'));
    expect(channel.stats()).toMatchObject({ sent: 1, size: 1, waitingSenders: 1 });
    expect(shorts(channel.drain())).toBe('a1 b1');
    await macrotask();
    expect(send.state).toBe('fulfilled');
  });

  it('brings a key that the first of the senders waits with: that is merged at once', async () => {
    const channel = joined(1, '');
    const permit = channel.tryReserve() as Permit<Item>;
    const send = watch(channel.send(item('a2')));
    permit.send(item('a1'));
    await macrotask();
    expect(send.state).toBe('fulfilled');
    expect(shorts(channel.drain())).toBe('a12');
  });

  it('sends and merges on a closed channel', () => {
    const channel = joined(3, 'a1');
    const [first, second] = [channel.tryReserve(), channel.tryReserve()];
    channel.close();
    first?.send(item('a2'));
    second?.send(item('b1'));
    expect(shorts(channel.drain())).toBe('a12 b1');
    expect(channel.ended).toBe(true);
  });

  it('stays held where a callback throws, which send throws', () => {
    const fails = { key: false, coalesce: false };
    const error = new Error('callback');
    const channel = joined(2, 'a1', {
      overflow: {
        key: (each) => {
          if (fails.key) throw error;
          return each.id;
        },
        coalesce: (queued, incoming) => {
          if (fails.coalesce) throw error;
          return joining.coalesce(queued, incoming);
        },
      },
    });
    const permit = channel.tryReserve() as Permit<Item>;
    const before = channel.stats();
    for (const which of ['key', 'coalesce'] as const) {
      fails[which] = true;
      expect(thrown(() => permit.send(item('a2')))).toBe(error);
      fails[which] = false;
      expect(channel.stats()).toEqual(before);
    }
    permit.send(item('a2'));
    expect(channel.stats()).toMatchObject({ reserved: 0, size: 1 });
    expect(shorts(channel.drain())).toBe('a12');
  });
});

describe('the key', () => {
  it('is taken once an item, at the call', () => {
    const key = vi.fn(joining.key);
    const channel = joined(1, 'a1 b1 b2 a2', { overflow: { ...joining, key } });
    expect(key.mock.calls.map(([each]) => short(each))).toEqual(['a1', 'b1', 'b2', 'a2']);
    channel.drain();
    expect(key).toHaveBeenCalledTimes(4);
  });

  it('is what it was at the call, whatever becomes of the item', () => {
    const mutable = { id: 'a' };
    const channel = new Channel<{ id: string }>(4, {
      overflow: { key: ({ id }) => id, coalesce: (queued) => queued },
    });
    channel.trySend(mutable);
    mutable.id = 'b';
    channel.trySend({ id: 'b' });
    channel.trySend({ id: 'a' });
    expect(channel.stats()).toMatchObject({ size: 2, coalesced: 1 });
  });

  it('of a merge is the first one, whatever was merged', () => {
    const channel = new Channel<string>(4, {
      overflow: { key: (text) => text[0], coalesce: (queued, incoming) => incoming + queued },
    });
    for (const text of ['a', 'b']) channel.trySend(text);
    const permit = channel.tryReserve();
    permit?.send('ax');
    channel.trySend('ay');
    expect(channel.drain()).toEqual(['ayaxa', 'b']);
  });

  it.each([
    ['NaN', Number.NaN, Number.NaN, true],
    ['0 and -0', 0, -0, true],
    ['undefined', undefined, undefined, true],
    ['undefined and null', undefined, null, false],
    ['1 and "1"', 1, '1', false],
    ['two objects', {}, {}, false],
  ])('is equal as in a Map: %s', (_what, first, second, equal) => {
    const channel = new Channel<unknown>(2, { overflow: { key: (key) => key, coalesce: (queued) => queued } });
    channel.trySend(first);
    channel.trySend(second);
    expect(channel.size).toBe(equal ? 1 : 2);
  });

  it('is not asked for by a closed channel', async () => {
    const key = vi.fn(joining.key);
    const channel = joined(1, '', { overflow: { ...joining, key } });
    channel.close();
    expect(await rejection(channel.send(item('a1')))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: item('a1') });
    expect(channel.trySend(item('a1'))).toBe(false);
    expect(key).not.toHaveBeenCalled();
  });

  it('is not asked for where the options are bad, or the signal is aborted', async () => {
    const key = vi.fn(joining.key);
    const channel = joined(1, '', { overflow: { ...joining, key } });
    await rejection(channel.send(item('a1'), { timeout: -1 }));
    await rejection(channel.send(item('a1'), { signal: AbortSignal.abort() }));
    expect(key).not.toHaveBeenCalled();
  });

  it('that throws rejects that send alone, and trySend throws it', async () => {
    const error = new Error('key');
    const channel = joined(2, 'a1', {
      overflow: {
        key: ({ id }) => {
          if (id === 'x') throw error;
          return id;
        },
        coalesce: joining.coalesce,
      },
    });
    const before = channel.stats();
    expect(await rejection(channel.send(item('x1')))).toBe(error);
    expect(thrown(() => channel.trySend(item('x1')))).toBe(error);
    expect(channel.stats()).toEqual(before);
    expect(channel.trySend(item('a2'))).toBe(true);
  });
});

describe('a coalesce that throws', () => {
  const failing = (capacity: number, sent: string): Channel<Item> =>
    joined(capacity, sent, {
      overflow: {
        key: ({ id }) => id,
        coalesce: (queued, incoming) => {
          if (incoming.text === 'x') throw new Error(`coalesce ${short(queued)}`);
          return joining.coalesce(queued, incoming);
        },
      },
    });

  it('rejects that send, and trySend throws it: nothing has changed', async () => {
    const channel = failing(1, 'a1');
    const before = channel.stats();
    expect(await rejection(channel.send(item('ax')))).toEqual(new Error('coalesce a1'));
    expect(thrown(() => channel.trySend(item('ax')))).toEqual(new Error('coalesce a1'));
    expect(channel.stats()).toEqual(before);
    channel.trySend(item('a2'));
    expect(shorts(channel.drain())).toBe('a12');
  });

  it.each([
    ['a receive', (channel: Channel<Item>) => void channel.receive()],
    ['tryReceive', (channel: Channel<Item>) => void channel.tryReceive()],
    ['a batch', (channel: Channel<Item>) => void channel.receiveMany(1)],
  ])('at the turn of a sender that waited rejects that send, and not %s that made the turn', async (_who, take) => {
    const channel = failing(1, 'a1');
    const sends = items('b1 bx b2 c1').map((each) => watch(channel.send(each)));
    take(channel);
    await macrotask();
    expect(sends.map(({ state }) => state)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'pending']);
    expect(sends[1]?.result).toEqual(new Error('coalesce b1'));
    expect(channel.stats()).toMatchObject({ sent: 3, received: 1, coalesced: 1, size: 1 });
    expect(shorts(channel.drain())).toBe('b12 c1');
  });

  it('is not called by a drain, which merges what it does not take', () => {
    const channel = failing(1, 'a1 b1 bx');
    expect(channel.drain().map(short)).toEqual(['a1', 'b1']);
    expect(channel.stats()).toMatchObject({ sent: 2, received: 2, size: 0, waitingSenders: 0 });
  });

  it('lets go of the limits of the send that waited', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const channel = failing(1, 'a1 b1');
      const send = watch(channel.send(item('bx'), { timeout: 1_000 }));
      channel.tryReceive();
      await macrotask();
      expect(send.state).toBe('rejected');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('callbacks that call their own channel', () => {
  /** A channel whose next merge first does something. */
  function meddled(capacity: number, sent: string, options: ChannelOptions<Item> = {}) {
    let next: (() => void) | undefined;
    const channel = joined(capacity, sent, {
      ...options,
      overflow: {
        key: ({ id }) => id,
        coalesce: (queued, incoming) => {
          const meddle = next;
          next = undefined;
          meddle?.();
          return joining.coalesce(queued, incoming);
        },
      },
    });
    return {
      channel,
      meddle: (call: () => void): void => {
        next = call;
      },
    };
  }

  it.each([
    ['takes what it merges into', (channel: Channel<Item>) => void channel.tryReceive(), ''],
    ['takes all', (channel: Channel<Item>) => void channel.drain(), ''],
    [
      'takes it, and sends another of its key',
      (channel: Channel<Item>) => void (channel.tryReceive(), channel.trySend(item('a9'))),
      'a9',
    ],
    ['merges into it itself', (channel: Channel<Item>) => void channel.trySend(item('a9')), 'a19'],
    ['cancels', (channel: Channel<Item>) => channel.cancel(), ''],
    ['takes all and closes', (channel: Channel<Item>) => (channel.drain(), channel.close()), ''],
  ])('a coalesce that %s loses nothing and doubles nothing: its send is refused', async (_what, call, left) => {
    const { channel, meddle } = meddled(2, 'a1');
    meddle(() => call(channel));
    const error = await rejection(channel.send(item('a2')));
    expect((error as Error).message).toContain('coalesce');
    expect(shorts(channel.drain())).toBe(left);
    const { sent, received, dropped, coalesced, size } = channel.stats();
    expect(sent).toBe(received + dropped + coalesced + size);
  });

  it('a coalesce that sends another key is merged after that', () => {
    const { channel, meddle } = meddled(2, 'a1');
    meddle(() => channel.trySend(item('b1')));
    channel.trySend(item('a2'));
    expect(shorts(channel.drain())).toBe('a12 b1');
  });

  it('a coalesce that closes has merged before the end', async () => {
    const { channel, meddle } = meddled(2, 'a1');
    meddle(() => channel.close());
    expect(await settled(channel.send(item('a2')))).toMatchObject({ state: 'fulfilled' });
    expect(shorts(await collect(channel))).toBe('a12');
  });

  it.each([
    ['sends', (channel: Channel<Item>) => void channel.trySend(item('z1')), 0],
    ['reserves', (channel: Channel<Item>) => void channel.tryReserve(), 0],
    ['asks to reserve', (channel: Channel<Item>) => void channel.reserve(), 1],
    ['sends and waits', (channel: Channel<Item>) => void channel.send(item('z1')), 1],
  ])('a coalesce at the turn of a sender that %s overtakes nobody who waits', async (_what, call, behind) => {
    const { channel, meddle } = meddled(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    const sends = [channel.send(item('c1')), channel.send(item('b1'))];
    const reserve = watch(channel.reserve());
    permit.send(item('b0')); // b1 waits behind c1 all the same
    expect(channel.stats()).toMatchObject({ size: 2, waitingSenders: 3 });
    let waited = 0;
    meddle(() => {
      waited = channel.stats().waitingSenders;
      call(channel);
    });
    channel.tryReceive(); // c1 has the place of a1; b1 is merged
    expect(waited).toBe(1);
    expect(channel.stats()).toMatchObject({ size: 2, waitingSenders: 1 + behind, reserved: 0 });
    await macrotask();
    expect(reserve.state).toBe('pending');
    expect(shorts([channel.tryReceive() as Item])).toBe('b01');
    await Promise.all(sends);
    expect(reserve.state).toBe('fulfilled');
  });

  it('a coalesce of a permit finds the place still held', () => {
    const { channel, meddle } = meddled(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    const seen: unknown[] = [];
    meddle(() => {
      seen.push(channel.stats().reserved, channel.trySend(item('b1')));
      throw new Error('coalesce');
    });
    expect(() => permit.send(item('a2'))).toThrow('coalesce');
    expect(seen).toEqual([1, false]);
    expect(channel.stats()).toMatchObject({ reserved: 1, size: 1 });
    permit.send(item('b2'));
    expect(shorts(channel.drain())).toBe('a1 b2');
  });

  it.each([
    ['cancels', (channel: Channel<Item>) => channel.cancel(), true],
    ['takes all and closes', (channel: Channel<Item>) => (channel.drain(), channel.close()), false],
  ])('a coalesce of a permit that %s leaves nothing reserved for ever', (_what, call, revoked) => {
    const { channel, meddle } = meddled(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    meddle(() => call(channel));
    expect(() => permit.send(item('a2'))).toThrow('coalesce');
    expect(channel.stats().reserved).toBe(revoked ? 0 : 1);
    expect(channel.ended).toBe(revoked);
    permit.release();
    expect(channel.stats().reserved).toBe(0);
    expect(channel.ended).toBe(true);
  });

  it.each(['send', 'release'] as const)('a coalesce, or a key, that uses the same permit to %s is too late', (use) => {
    const { channel, meddle } = meddled(2, 'a1');
    const permit = channel.tryReserve() as Permit<Item>;
    const seen: unknown[] = [];
    meddle(() => {
      if (use === 'release') permit.release();
      else seen.push(thrown(() => permit.send(item('z1'))));
    });
    permit.send(item('a2'));
    expect(seen.every((error) => error instanceof TypeError)).toBe(true);
    expect(channel.stats()).toMatchObject({ reserved: 0, sent: 2, coalesced: 1 });
  });

  it('a key that releases the permit, or cancels, makes its send throw', () => {
    let meddle: () => void = () => {};
    const channel = joined(2, '', { overflow: { ...joining, key: ({ id }) => (meddle(), id) } });
    const [first, second] = [channel.tryReserve(), channel.tryReserve()] as [Permit<Item>, Permit<Item>];
    meddle = () => first.release();
    expect(() => first.send(item('a1'))).toThrow(TypeError);
    meddle = () => channel.cancel();
    expect(thrown(() => second.send(item('a1')))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: item('a1') });
    expect(channel.stats()).toMatchObject({ sent: 0, reserved: 0 });
  });

  it('a key that sends itself comes first', () => {
    const channel: Channel<Item> = joined(3, '', {
      overflow: {
        ...joining,
        key: ({ id, text }) => {
          if (text === '2') channel.trySend(item(`${id}1`));
          return id;
        },
      },
    });
    channel.trySend(item('a2'));
    expect(shorts(channel.drain())).toBe('a12');
  });

  it.each(['close', 'cancel'] as const)('a key that calls %s refuses its own item', async (end) => {
    const channel: Channel<Item> = joined(2, '', { overflow: { ...joining, key: ({ id }) => (channel[end](), id) } });
    expect(await rejection(channel.send(item('a1')))).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: item('a1') });
  });

  it('a key that aborts the signal of its own send ends the wait', async () => {
    const controller = new AbortController();
    const channel = joined(1, 'b1', {
      overflow: { ...joining, key: ({ id }) => (id === 'a' && controller.abort('aborted'), id) },
    });
    expect(await rejection(channel.send(item('a1'), { signal: controller.signal }))).toBe('aborted');
    expect(channel.stats()).toMatchObject({ waitingSenders: 0, sent: 1 });
  });
});

describe('a source poured into a channel that coalesces', () => {
  it('is merged as single sends are, each in its turn', async () => {
    const channel = joined(1, '');
    const sending = channel.sendAll(items('a1 a2 b1 b2 c1'));
    await microtasks();
    expect(shorts(channel.drain())).toBe('a12 b1');
    await macrotask();
    expect(shorts(channel.drain())).toBe('b2 c1');
    expect(await sending).toBe(5);
    expect(channel.stats()).toMatchObject({ sent: 5, coalesced: 1, received: 4 });
  });

  it('by from, and through a handle, too', async () => {
    const poured = Channel.from(items('a1 a2 a3'), 2, { overflow: joining });
    await macrotask();
    expect(shorts(await collect(poured))).toBe('a123');
    const channel = joined(1, 'a1');
    using handle = channel.sender();
    expect(handle.trySend(item('a2'))).toBe(true);
    await handle.send(item('a3'));
    expect(shorts(channel.drain())).toBe('a123');
  });

  it.each(['key', 'coalesce'] as const)(
    'stops with what %s throws; its item, which no error carries, is dropped',
    async (which) => {
      const dropped: string[] = [];
      const returned = vi.fn();
      function* source(): Generator<Item> {
        try {
          yield* items('a1 a2 a3');
        } finally {
          returned();
        }
      }
      const throwing = (each: Item): void => {
        if (each.text === '2') throw new Error(which);
      };
      const channel = joined(1, '', {
        onDrop: (each, why) => dropped.push(short(each) + why),
        overflow: {
          key: (each) => (which === 'key' && throwing(each), each.id),
          coalesce: (queued, incoming) => (throwing(incoming), joining.coalesce(queued, incoming)),
        },
      });
      expect(await rejection(channel.sendAll(source()))).toEqual(new Error(which));
      expect(dropped).toEqual(['a2cancel']);
      expect(returned).toHaveBeenCalledOnce();
      expect(channel.stats()).toMatchObject({ sent: 2, dropped: 1, size: 1 });
    },
  );
});

describe('a timer fires while', () => {
  it('a task sends what is always merged', async () => {
    const channel = joined(1, 'a1', { overflow: { key: () => 0, coalesce: (queued) => queued } });
    const fired = await letsTimersFire((going) => [
      (async () => {
        while (going()) await channel.send(item('a1'));
      })(),
    ]);
    expect(fired).toBe(true);
  });

  it('two tasks pass a place to each other by permits whose items are merged', async () => {
    const channel = new Channel<number>(2, { overflow: { key: () => 0, coalesce: (queued) => queued } });
    channel.trySend(0);
    const task = async (going: () => boolean): Promise<void> => {
      while (going()) (await channel.reserve()).send(1);
    };
    expect(await letsTimersFire((going) => [task(going), task(going)])).toBe(true);
  });
});

describe('an overflow object', () => {
  const constant = (): number => 0;
  it.each([
    [{}, /overflow.*key and coalesce/],
    [{ key: constant }, /overflow.*key and coalesce/],
    [{ coalesce: constant }, /overflow.*key and coalesce/],
    [{ key: 'id', coalesce: constant }, /overflow.*key and coalesce/],
    [{ key: constant, coalesce: null }, /overflow.*key and coalesce/],
    [[], /overflow.*key and coalesce/],
    [constant, /overflow/],
  ])('that is malformed is a TypeError that names the option: %o', (overflow, message) => {
    const error = thrown(() => new Channel<number>(1, { overflow: overflow as never }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  it('at capacity 0 is a RangeError', () => {
    const error = thrown(() => new Channel<Item>(0, { overflow: joining }));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/overflow.*coalesce.*capacity of at least 1/);
  });

  it('is read once', () => {
    const changing = { ...joining };
    const channel = joined(1, 'a1', { overflow: changing });
    changing.key = () => Math.random().toString();
    channel.trySend(item('a2'));
    expect(shorts(channel.drain())).toBe('a12');
  });

  it('has no place in a queue', async () => {
    const { BoundedQueue } = await import('sluice');
    const error = thrown(() => new BoundedQueue<Item>(1, { overflow: joining } as never));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('overflow');
  });
});

describe('the law', () => {
  it('of each key there is one item buffered at the most, and what comes out of a key is all that was sent of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'take'), { maxLength: 40 }),
        (capacity, steps) => {
          const channel = joined(capacity, '');
          const [sent, received]: [string[], string[]] = [[], []];
          const take = ({ id, text }: Item): void => {
            for (const part of text.split(';')) if (part !== '') received.push(id + part);
          };
          for (const [n, step] of steps.entries()) {
            if (step === 'take') [channel.tryReceive()].forEach((taken) => taken !== undefined && take(taken));
            else {
              sent.push(`${step}${n}`);
              void channel.send({ id: step, text: `${n};` });
            }
            const { size } = channel;
            expect(size).toBeLessThanOrEqual(Math.min(capacity, new Set(sent.map((each) => each[0])).size));
          }
          channel.drain().forEach(take);
          expect(received.sort((a, b) => a.localeCompare(b))).toEqual(sent.sort((a, b) => a.localeCompare(b)));
        },
      ),
    );
  });

  it('a merge may pass one of its own key that waits: that one comes at its turn', () => {
    const channel = joined(1, 'a1 b1 c1 b2');
    channel.tryReceive();
    channel.trySend(item('b3'));
    expect(shorts(channel.drain())).toBe('b13 c1 b2');
  });

  it('a send costs the same, however many keys there are', () => {
    const time = (keys: number): number => {
      const channel = new Channel<number>(keys, { overflow: { key: (n) => n, coalesce: (_queued, n) => n } });
      for (let n = 0; n < keys; n++) channel.trySend(n);
      const start = performance.now();
      for (let n = 0; n < 2_000; n++) channel.trySend((n * 7_919) % keys);
      return performance.now() - start;
    };
    const best = (keys: number): number => Math.min(...Array.from({ length: 5 }, () => time(keys)));
    best(100);
    expect(best(20_000)).toBeLessThan(20 * best(100)); // a list that is walked would cost 200 times more
  });
});
