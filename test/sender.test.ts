// Handles for many producers of which nobody is the last.

import { Channel } from 'sluice';
import { describe, expect, it } from 'vitest';
import { collect, full, macrotask, rejection, watch } from './support.js';

describe('sender handles', () => {
  it('send into their channel, in the order of the calls', async () => {
    const channel = new Channel<string>(4);
    const [a, b] = [channel.sender(), channel.sender()];
    await a.send('a1');
    expect(b.trySend('b1')).toBe(true);
    await a.send('a2');
    expect(channel.drain()).toEqual(['a1', 'b1', 'a2']);
  });

  it('close the channel once every one of them has closed, and not before', () => {
    const channel = new Channel(1);
    const handles = [channel.sender(), channel.sender(), channel.sender()];
    for (const handle of handles) {
      expect(channel.closed).toBe(false);
      handle.close();
    }
    expect(channel).toMatchObject({ closed: true, ended: true });
  });

  it('close gracefully: what was sent, blocked sends included, is delivered', async () => {
    const channel = new Channel<number>(1);
    const handle = channel.sender();
    void handle.send(1);
    const blocked = watch(handle.send(2));
    handle.close();
    expect(await collect(channel)).toEqual([1, 2]);
    await macrotask();
    expect(blocked.state).toBe('fulfilled');
  });

  it('that close twice count once', () => {
    const channel = new Channel(1);
    const [a, b] = [channel.sender(), channel.sender()];
    a.close();
    a.close();
    expect(channel.closed).toBe(false);
    b.close();
    expect(channel.closed).toBe(true);
  });

  it('given out later count, too', () => {
    const channel = new Channel(1);
    const first = channel.sender();
    const second = channel.sender();
    first.close();
    const third = channel.sender();
    second.close();
    expect(channel.closed).toBe(false);
    third.close();
    expect(channel.closed).toBe(true);
  });

  it('keep the first error that any was closed with', async () => {
    const channel = new Channel(1);
    const [a, b, c] = [channel.sender(), channel.sender(), channel.sender()];
    a.close();
    b.close('first');
    c.close('second');
    expect(await rejection(channel.receive())).toBe('first');
  });

  it.each([null, 0, ''])('count %o as an error', async (error) => {
    const channel = new Channel(1);
    const [a, b] = [channel.sender(), channel.sender()];
    a.close(error);
    b.close('second');
    expect(await rejection(channel.receive())).toBe(error);
  });

  it('make no error end the channel early: the others go on', async () => {
    const channel = new Channel<number>(1);
    const [a, b] = [channel.sender(), channel.sender()];
    a.close(new Error('a'));
    await b.send(1);
    expect(await channel.receive()).toBe(1);
    b.close();
    expect(await rejection(channel.receive())).toEqual(new Error('a'));
  });

  it('closed refuse with ChannelClosedError, which gives the item back', async () => {
    const channel = new Channel<number>(1);
    const [a] = [channel.sender(), channel.sender()];
    a.close();
    const error = await rejection(a.send(1));
    expect(error).toMatchObject({ code: 'ERR_SLUICE_CLOSED', value: 1 });
    expect(Object.hasOwn(error as object, 'cause')).toBe(false);
    expect(a.trySend(2)).toBe(false);
    expect(channel.size).toBe(0);
  });

  it('closed with an error of their own refuse with that as cause', async () => {
    const channel = new Channel<number>(1);
    const [a, b] = [channel.sender(), channel.sender()];
    a.close('mine');
    expect(await rejection(a.send(1))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      cause: 'mine',
      value: 1,
    });
    b.close('other');
    expect(await rejection(a.send(2))).toMatchObject({
      cause: 'mine',
      value: 2,
    });
  });

  it('closed refuse an aborted signal with its reason first', async () => {
    const handle = new Channel<number>(1).sender();
    handle.close();
    expect(await rejection(handle.send(1, { signal: AbortSignal.abort('aborted') }))).toBe('aborted');
  });

  it('of a channel that others closed refuse with its reason as cause', async () => {
    const channel = new Channel<number>(1);
    const handle = channel.sender();
    channel.close('end');
    expect(await rejection(handle.send(1))).toMatchObject({
      code: 'ERR_SLUICE_CLOSED',
      cause: 'end',
      value: 1,
    });
    expect(handle.trySend(1)).toBe(false);
  });

  it('say that they are closed once they or the channel are', () => {
    const channel = new Channel(1);
    const [a, b] = [channel.sender(), channel.sender()];
    expect([a.closed, b.closed]).toEqual([false, false]);
    a.close();
    expect([a.closed, b.closed]).toEqual([true, false]);
    channel.cancel();
    expect(b.closed).toBe(true);
  });

  it('of a closed channel are closed, and closing them does nothing', async () => {
    const channel = full(1);
    channel.close('end');
    const handle = channel.sender();
    expect(handle.closed).toBe(true);
    handle.close('late');
    channel.drain();
    expect(await rejection(channel.receive())).toBe('end');
  });

  it('do not keep anybody from closing the channel itself', async () => {
    const channel = new Channel<number>(1);
    const handle = channel.sender();
    channel.close();
    handle.close('late');
    expect(await channel.receive()).toBeUndefined();
  });

  it('are closed by disposal', () => {
    const channel = new Channel(1);
    const handle = channel.sender();
    handle[Symbol.dispose]();
    expect(channel.closed).toBe(true);
  });

  it('need no receiver: their methods can be passed around', async () => {
    const channel = new Channel<number>(2);
    const { send, trySend, close } = channel.sender();
    await send(1);
    trySend(2);
    close();
    expect(await collect(channel)).toEqual([1, 2]);
  });

  it('heed signal and timeout as the send of the channel does', async () => {
    const channel = new Channel<number>(0);
    const handle = channel.sender();
    expect(await rejection(handle.send(1, { timeout: 0 }))).toMatchObject({
      code: 'ERR_SLUICE_TIMEOUT',
      value: 1,
    });
    const controller = new AbortController();
    const send = handle.send(1, { signal: controller.signal });
    controller.abort('aborted');
    expect(await rejection(send)).toBe('aborted');
  });

  it('drop by the policy of the channel', () => {
    const channel = new Channel<number>(1, { overflow: 'drop-oldest' });
    const handle = channel.sender();
    expect([handle.trySend(1), handle.trySend(2)]).toEqual([true, true]);
    expect(channel.drain()).toEqual([2]);
  });
});
