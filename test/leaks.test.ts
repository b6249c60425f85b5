// Nothing is left after any way out: no waiter, no listener, no timer, no item; and nothing keeps the process alive.

import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BoundedQueue, Channel, type WaitOptions } from 'sluice';
import { build } from 'tsup';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { collectGarbage, full, MUTATING, macrotask, microtasks, watch } from './support.js';

afterEach(() => void vi.useRealTimers());

const LONG = process.env['LONG'] !== undefined;

describe('after a wait', () => {
  const waits: [string, (channel: Channel<number>, options: WaitOptions) => Promise<unknown>, number][] = [
    ['send', (channel, options) => channel.send(9, options), 1],
    ['sendAll', (channel, options) => channel.sendAll([9], options), 1],
    ['receive', (channel, options) => channel.receive(options), 0],
    ['receiveMany', (channel, options) => channel.receiveMany(2, options), 0],
  ];
  const ways: [string, (channel: Channel<number>, controller: AbortController) => void][] = [
    ['it was served', (channel) => (channel.size > 0 ? channel.tryReceive() : channel.trySend(1))],
    ['an abort', (_channel, controller) => controller.abort('aborted')],
    ['a timeout', () => vi.advanceTimersByTime(1_000)],
    ['a close and a drain', (channel) => (channel.close(), channel.drain())],
    ['a failed close and a drain', (channel) => (channel.close('error'), channel.drain())],
    ['a cancel', (channel) => channel.cancel()],
    ['a cancel with a reason', (channel) => channel.cancel('reason')],
    ['disposal', (channel) => channel[Symbol.dispose]()],
    ['asynchronous disposal', (channel) => channel[Symbol.asyncDispose]()],
    ['consume was left', (channel) => channel.consume().return()],
  ];
  for (const [name, wait, size] of waits) {
    it.each(ways)(`of ${name} that ended by %s, no waiter, listener or timer is left`, async (_way, leave) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const controller = new AbortController();
      const channel = full(1);
      if (size === 0) channel.drain();
      const waiting = watch(wait(channel, { signal: controller.signal, timeout: 1_000 }));
      await microtasks();
      expect(waiting.state).toBe('pending');
      leave(channel, controller);
      await macrotask();
      expect(waiting.state).not.toBe('pending');
      expect(channel.stats()).toMatchObject({
        waitingSenders: 0,
        waitingReceivers: 0,
      });
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      expect(vi.getTimerCount()).toBe(0);
    });
  }

  it('of next that ended by return, no waiter is left', async () => {
    const channel = new Channel<number>(1);
    const iterator = channel[Symbol.asyncIterator]();
    const next = watch(iterator.next());
    await iterator.return();
    await microtasks();
    expect(next.state).toBe('fulfilled');
    expect(channel.stats().waitingReceivers).toBe(0);
  });

  it.each(['served', 'aborted', 'timed out'])('of join that was %s, no listener or timer is left', async (way) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const queue = new BoundedQueue<number>(1);
    queue.tryPut(1);
    const joining = watch(queue.join({ signal: controller.signal, timeout: 1_000 }));
    if (way === 'served') queue.taskDone();
    else if (way === 'aborted') controller.abort();
    else vi.advanceTimersByTime(1_000);
    await microtasks();
    expect(joining.state).not.toBe('pending');
    expect([getEventListeners(controller.signal, 'abort').length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('of sendAll that ran to its end, no listener or timer is left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { signal } = new AbortController();
    await new Channel<number>(3).sendAll([1, 2, 3], { signal, timeout: 1_000 });
    expect([getEventListeners(signal, 'abort').length, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

/** Makes something, forgets it, and says whether the collector has it by now. */
async function isCollected(make: () => object | Promise<object>): Promise<boolean> {
  const ref = await (async () => new WeakRef(await make()))();
  for (let i = 0; i < 10; i++) {
    await macrotask();
    collectGarbage();
    if (ref.deref() === undefined) return true;
  }
  return false;
}

describe('the collector gets', () => {
  const { signal } = new AbortController();

  it('a channel that nobody holds, also where somebody still waits on it', async () => {
    expect(
      await isCollected(() => {
        const channel = new Channel<number>(1);
        void channel.receive();
        return channel;
      }),
    ).toBe(true);
  });

  it('a channel whose wait on a long-lived signal is over', async () => {
    expect(
      await isCollected(async () => {
        const channel = new Channel<number>(1);
        const receive = channel.receive({ signal });
        channel.trySend(1);
        await receive;
        return channel;
      }),
    ).toBe(true);
  });

  it('a channel that ended with a long-lived signal as its option', async () => {
    expect(
      await isCollected(() => {
        const channel = new Channel<number>(1, { signal });
        channel.close();
        return channel;
      }),
    ).toBe(true);
  });

  it('a channel that owed a sender', async () => {
    expect(
      await isCollected(async () => {
        const channel = full(8);
        const blocked = channel.send(9);
        channel.tryReceive();
        await blocked;
        return channel;
      }),
    ).toBe(true);
  });

  it('an item that was received, while the channel lives', async () => {
    const channel = new Channel<object>(4);
    expect(
      await isCollected(async () => {
        const item = {};
        channel.trySend({});
        channel.trySend(item);
        channel.tryReceive();
        await channel.receive();
        return item;
      }),
    ).toBe(true);
    expect(channel.size).toBe(0);
  });

  it('an item that a waiting receive was handed', async () => {
    const channel = new Channel<object>(4);
    expect(
      await isCollected(async () => {
        const receive = channel.receive();
        const item = {};
        channel.trySend(item);
        await receive;
        return item;
      }),
    ).toBe(true);
    expect(channel.size).toBe(0);
  });

  it('an item that a waiting next was handed, while the iterator lives', async () => {
    const channel = new Channel<object>(4);
    const iterator = channel[Symbol.asyncIterator]();
    expect(
      await isCollected(async () => {
        const next = iterator.next();
        const item = {};
        channel.trySend(item);
        await next;
        return item;
      }),
    ).toBe(true);
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });

  it('an item that was dropped, and those of a cancelled channel', async () => {
    const channel = new Channel<object>(1, {
      overflow: 'drop-oldest',
      onDrop: () => {},
    });
    expect(
      await isCollected(() => {
        const item = {};
        channel.trySend(item);
        channel.trySend({});
        return item;
      }),
    ).toBe(true);
    expect(
      await isCollected(() => {
        const item = {};
        channel.trySend(item);
        channel.cancel();
        return item;
      }),
    ).toBe(true);
    expect(channel.ended).toBe(true);
  });

  it('an item whose send was aborted', async () => {
    const channel = new Channel<object>(0);
    expect(
      await isCollected(async () => {
        const controller = new AbortController();
        const item = {};
        const send = channel.send(item, { signal: controller.signal });
        controller.abort();
        await send.catch(() => {});
        return item;
      }),
    ).toBe(true);
    expect(channel.size).toBe(0);
  });

  it('the source of a feed that is over', async () => {
    const channel = new Channel<number>(4);
    expect(
      await isCollected(async () => {
        const source = [1, 2];
        await channel.sendAll(source);
        return source;
      }),
    ).toBe(true);
    expect(channel.size).toBe(2);
  });
});

describe.skipIf(MUTATING)('the heap', () => {
  const items = LONG ? 10_000_000 : 300_000;
  const used = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };

  /** Growth of the heap, in bytes, from a tenth of the work to the end of it. */
  async function growth(work: (count: number) => Promise<void>): Promise<number> {
    await work(items / 10);
    await macrotask();
    const before = used();
    await work(items);
    await macrotask();
    return used() - before;
  }

  const MOST = 2_000_000;

  it(`is flat over ${items} items from send to for await`, async () => {
    const grown = await growth(async (count) => {
      const channel = new Channel<number>(64);
      const producer = (async () => {
        for (let i = 0; i < count; i++) await channel.send(i);
        channel.close();
      })();
      let received = 0;
      for await (const _ of channel) received++;
      await producer;
      expect(received).toBe(count);
    });
    expect(grown).toBeLessThan(MOST);
  });

  it('is flat over waits that share a signal and are served', async () => {
    const { signal } = new AbortController();
    const channel = new Channel<number>(1);
    const grown = await growth(async (count) => {
      for (let i = 0; i < count / 10; i++) {
        const receive = channel.receive({ signal });
        channel.trySend(i);
        await receive;
      }
    });
    expect(grown).toBeLessThan(MOST);
  });

  it('is flat over waits that are aborted', async () => {
    const channel = new Channel<number>(1);
    const grown = await growth(async (count) => {
      for (let i = 0; i < count / 30; i++) {
        const controller = new AbortController();
        const receive = channel.receive({ signal: controller.signal });
        controller.abort('aborted');
        await receive.catch(() => {});
      }
    });
    expect(grown).toBeLessThan(MOST);
  });

  it('is flat over iterators that come and go on one channel', async () => {
    const channel = new Channel<number>(4);
    const grown = await growth(async (count) => {
      for (let i = 0; i < count / 10; i++) {
        channel.trySend(i);
        for await (const _ of channel) break;
        const iterator = channel[Symbol.asyncIterator]();
        void iterator.next();
        await iterator.return();
      }
    });
    expect(grown).toBeLessThan(MOST);
  });

  it('is flat over feeds and handles that come and go on one channel', async () => {
    const channel = new Channel<number>(4);
    const stays = channel.sender();
    const grown = await growth(async (count) => {
      for (let i = 0; i < count / 10; i++) {
        await channel.sendAll([i]);
        channel.sender().close();
        channel.drain();
      }
    });
    expect(stays.closed).toBe(false);
    expect(grown).toBeLessThan(MOST);
  });

  it('is released once a channel that held much is drained', () => {
    const channel = new Channel<number>(2 ** 32 - 1);
    const before = used();
    for (let i = 0; i < 300_000; i++) channel.trySend(i);
    expect(used() - before).toBeGreaterThan(1_000_000);
    while (channel.size > 0) channel.tryReceive();
    expect(used() - before).toBeLessThan(500_000);
    expect(channel.trySend(1)).toBe(true);
  });

  it('does not grow with the capacity, but with what is buffered', () => {
    const before = used();
    const channels = Array.from({ length: 100 }, () => new Channel<number>(2 ** 32 - 1));
    expect(used() - before).toBeLessThan(1_000_000);
    expect(channels).toHaveLength(100);
  });
});

describe.skipIf(MUTATING)('a process', () => {
  let folder: string;
  let entry: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-leaks-'));
    await build({
      entry: { index: 'src/index.ts' },
      format: ['esm'],
      target: 'es2022',
      outDir: folder,
      outExtension: () => ({ js: '.mjs' }),
      config: false,
      silent: true,
      define: {
        SLUICE_CHECKED: 'false',
        SLUICE_BURSTS: 'true',
        SLUICE_POLITE: 'true',
      },
    });
    entry = pathToFileURL(join(folder, 'index.mjs')).href;
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Runs a program to its own end; what it printed. */
  function run(program: string, prelude = ''): Promise<string> {
    const code = `${prelude}
      const { Channel, BoundedQueue } = await import(${JSON.stringify(entry)});
      ${program}
      console.log('end of program');`;
    return new Promise((resolve, reject) => {
      execFile(process.execPath, ['--input-type=module', '-e', code], { timeout: 8_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout + stderr);
        else
          reject(new Error(`${error.killed ? 'it did not exit by itself' : `code ${error.code}`}\n${stdout}${stderr}`));
      });
    });
  }

  const programs: [string, string][] = [
    ['an idle channel', `const channel = new Channel(1); channel.completion; channel.signal;`],
    ['a receive that waits for ever', `new Channel(1).receive(); new BoundedQueue(1).take();`],
    ['a send that waits for ever', `new Channel(0).send(1); new Channel(0).sendAll([1]); Channel.from([1, 2], 1);`],
    [
      'a wait that was aborted',
      `
      const controller = new AbortController();
      const receive = new Channel(1).receive({ signal: controller.signal, timeout: 60_000 });
      controller.abort('aborted');
      await receive.catch(() => {});`,
    ],
    [
      'a wait with a timeout that was served',
      `
      const channel = new Channel(1);
      const receive = channel.receive({ timeout: 60_000 });
      channel.trySend(1);
      await receive;`,
    ],
    [
      'a wait with a timeout that was closed',
      `
      const channel = new Channel(1);
      const receive = channel.receive({ timeout: 60_000 });
      channel.close();
      await receive;`,
    ],
    ['a feed with a timeout that is over', `await new Channel(9).sendAll([1, 2, 3], { timeout: 60_000 });`],
    [
      'a feed with a timeout that was cancelled',
      `
      const channel = new Channel(1);
      const feeding = channel.sendAll([1, 2, 3], { timeout: 60_000 });
      channel.cancel();
      await feeding.catch(() => {});`,
    ],
    [
      'a signal that nobody aborts',
      `
      const { signal } = new AbortController();
      new Channel(1, { signal });
      new Channel(1).receive({ signal });`,
    ],
    [
      'senders that are owed',
      `
      const channel = new Channel(8);
      for (let i = 0; i < 9; i++) channel.send(i);
      channel.tryReceive();`,
    ],
    ['a join that waits for ever', `const queue = new BoundedQueue(1); queue.tryPut(1); queue.join();`],
    [
      'many items',
      `
      const channel = new Channel(4);
      (async () => { for (let i = 0; i < 5_000; i++) await channel.send(i); channel.close(); })();
      for await (const item of channel);`,
    ],
  ];
  it.concurrent.each(programs)('exits by itself with %s', async (_what, program) => {
    expect(await run(program)).toBe('end of program\n');
  });

  it('exits by itself where only messages make macrotasks', async () => {
    const program = `
      const channel = new Channel(4);
      (async () => { for (let i = 0; i < 5_000; i++) await channel.send(i); channel.close(); })();
      for await (const item of channel);
      const burst = new Channel(8);
      for (let i = 0; i < 9; i++) burst.send(i);
      burst.tryReceive();`;
    expect(await run(program, 'delete globalThis.setImmediate;')).toBe('end of program\n');
  });

  it('lives until a timeout that it waits for', async () => {
    expect(
      await run(`
      const error = await new Channel(1).receive({ timeout: 20 }).catch((reason) => reason);
      console.log(error.code);`),
    ).toBe('ERR_SLUICE_TIMEOUT\nend of program\n');
  });

  it('is told of an onDrop that throws as of any uncaught error, and goes on', async () => {
    expect(
      await run(`
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const channel = new Channel(1, { onDrop: () => { throw new Error('drop'); } });
      channel.trySend(1);
      channel.cancel();`),
    ).toBe('end of program\nuncaught drop\n');
  });
});
