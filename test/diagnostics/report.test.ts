// Who waits where: what a report says, and that it keeps nothing alive.

import { BoundedQueue, Channel, receiving, select, sending } from 'sluice';
import { report, reportOnExit, type WaitReport } from 'sluice/diagnostics';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sentence } from '../../src/diagnostics/on-exit.js';
import { pathIn, placeIn } from '../../src/diagnostics/stacks.js';
import { collectGarbage, full, macrotask, thrown, watch } from '../support.js';

const open: { cancel(): unknown }[] = [];
function held<C extends { cancel(): unknown }>(channel: C): C {
  open.push(channel);
  return channel;
}

afterEach(() => {
  vi.useRealTimers();
  for (const channel of open.splice(0)) channel.cancel();
  if (report().length > 0) throw new Error('the test left something that waits');
});

const kinds = ({ waits }: WaitReport) => waits.map(({ kind, count }) => [kind, count]);

describe('a report', () => {
  it('is empty while nobody waits', async () => {
    const channel = held(full(2, { name: 'orders' }));
    expect(report()).toEqual([]);
    const send = channel.send(3);
    expect(report()).toHaveLength(1);
    channel.tryReceive();
    await send;
    expect(report()).toEqual([]);
  });

  it('has every channel with waits: who, how many, and the oldest in milliseconds', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const orders = held(full(3, { name: 'orders' }));
    watch(orders.send(4));
    vi.advanceTimersByTime(1_000);
    watch(orders.send(5));
    watch(orders.reserve());
    vi.advanceTimersByTime(500);
    expect(report()).toEqual([
      {
        name: 'orders',
        capacity: 3,
        size: 3,
        waits: [
          { kind: 'send', count: 2, oldest: 1_500 },
          { kind: 'reserve', count: 1, oldest: 500 },
        ],
      },
    ]);
  });

  it('has a queue, under its own name', () => {
    const jobs = held(new BoundedQueue<number>(2, { name: 'jobs' }));
    watch(jobs.take());
    expect(report().map((each) => [each.name, each.capacity, each.size, kinds(each)])).toEqual([
      ['jobs', 2, 0, [['receive', 1]]],
    ]);
  });

  it('does not have a join: nobody waits in a line of the queue', async () => {
    const jobs = held(new BoundedQueue<number>(2, { name: 'jobs' }));
    jobs.tryPut(1);
    const joining = watch(jobs.join({ timeout: 1 }));
    expect(report()).toEqual([]);
    await vi.waitUntil(() => joining.state === 'rejected');
  });

  it('has a select in each of its channels, once where it stands on both sides of one', () => {
    const [a, b] = [held(full(1, { name: 'a' })), held(new Channel<number>(0, { name: 'b' }))];
    watch(select({ out: sending(a, 1), in: receiving(b), back: sending(b, 1) }));
    const selecting = report();
    expect(selecting.map(({ name }) => name)).toEqual(['a', 'b']);
    for (const each of selecting) expect(kinds(each)).toEqual([['select', 1]]);
  });

  it('has iterators and batches as receives, and the item in hand of a source as a send', async () => {
    const channel = held(new Channel<number>(1, { name: 'empty' }));
    watch(channel[Symbol.asyncIterator]().next());
    watch(channel.receiveMany(9));
    held(Channel.from([1, 2, 3], 1, { name: 'poured' }));
    await macrotask();
    expect(report().map((each) => [each.name, kinds(each)])).toEqual([
      ['empty', [['receive', 2]]],
      ['poured', [['send', 1]]],
    ]);
  });

  it('gives the weight as the size, where the channel weighs', () => {
    const bytes = held(new Channel<string>(10, { name: 'bytes', weigh: (text) => text.length }));
    bytes.trySend('12345678');
    watch(bytes.send('123'));
    expect(report()).toMatchObject([{ name: 'bytes', capacity: 10, size: 8 }]);
  });

  it('loses nothing where a hardened platform has frozen the length of stacks', async () => {
    using _ = reportOnExit({ stacks: true });
    const { stackTraceLimit } = Error;
    Object.defineProperty(Error, 'stackTraceLimit', { writable: false });
    try {
      const orders = held(new Channel<number>(1, { name: 'orders' }));
      const received = orders.receive();
      await orders.send(1);
      expect(await received).toBe(1);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', { value: stackTraceLimit, writable: true });
    }
  });

  it('has the stack of the oldest of each kind, from the user on, while stacks are on', () => {
    const channel = held(full(1, { name: 'orders' }));
    expect(report()).toEqual([]);
    const reporting = reportOnExit({ stacks: true });
    function ingest(): void {
      watch(channel.send(2));
    }
    ingest();
    const stack = report()[0]?.waits[0]?.stack;
    expect(stack?.split('\n')[0]).toMatch(/ingest .*report\.test\.ts:\d+:\d+/);
    reporting[Symbol.dispose]();
    reporting[Symbol.dispose]();
    watch(channel.reserve());
    const [send, reserve] = report()[0]?.waits ?? [];
    expect(send?.stack).toBe(stack);
    expect(reserve).not.toHaveProperty('stack');
  });

  it.each([
    ['send', (channel: Channel<number>) => channel.send(1), 1],
    ['reserve', (channel: Channel<number>) => channel.reserve(), 1],
    ['receive', (channel: Channel<number>) => channel.receive(), 0],
    ['next', (channel: Channel<number>) => channel[Symbol.asyncIterator]().next(), 0],
    ['batches', (channel: Channel<number>) => channel.batches(2).next(), 0],
    ['select', (channel: Channel<number>) => select({ in: receiving(channel) }), 0],
  ] as const)('begins the stack of a %s with the line of the call', (_name, wait, size) => {
    const channel = held(full(1));
    if (size === 0) channel.drain();
    using _ = reportOnExit({ stacks: true });
    void watch(wait(channel)); // all in this file
    expect(report()[0]?.waits[0]?.stack?.split('\n')[0]).toContain('report.test.ts');
  });

  it('keeps neither a channel nor a wait alive', async () => {
    const made = (): WeakRef<object> => {
      const channel = full(1, { name: 'forgotten' });
      watch(channel.send(2));
      return new WeakRef(channel);
    };
    const reference = made();
    let alive = true;
    for (let i = 0; i < 20 && alive; i++) {
      await macrotask();
      collectGarbage();
      alive = reference.deref() !== undefined;
    }
    expect(alive).toBe(false);
    await vi.waitUntil(() => report().length === 0);
  });
});

describe('the sentence of a report', () => {
  const of = (waits: WaitReport['waits'], more: Partial<WaitReport> = {}): string =>
    sentence({ name: 'orders', capacity: 3, size: 3, waits, ...more }, '/app');

  it('says who waits, for how long and from where, and that nobody waits on the other side', () => {
    const stack = '    at ingest (file:///app/src/ingest.ts:41:9)\n    at main (/app/src/main.ts:1:1)';
    expect(of([{ kind: 'send', count: 2, oldest: 4_120, stack }])).toBe(
      '`orders` (3/3) has 2 sends waiting for 4.1 s, from src/ingest.ts:41; no receive is waiting there',
    );
    expect(of([{ kind: 'receive', count: 1, oldest: 12.3 }], { size: 0, name: undefined })).toBe(
      'a channel without a name (0/3) has 1 receive waiting for 12 ms; no send is waiting there',
    );
    expect(
      of([
        { kind: 'send', count: 1, oldest: 1_000 },
        { kind: 'reserve', count: 2, oldest: 50 },
      ]),
    ).toBe('`orders` (3/3) has 1 send waiting for 1.0 s and 2 reserves waiting for 50 ms; no receive is waiting there');
    expect(of([{ kind: 'select', count: 2, oldest: 50 }])).toBe('`orders` (3/3) has 2 selects waiting for 50 ms');
  });
});

describe('a stack', () => {
  const trace = (...frames: string[]): Error =>
    Object.assign(new Error('waits'), { stack: `Error: waits\n${frames.map((each) => `    at ${each}`).join('\n')}` });
  const own = ['traced (/b/x.js:1:1)', 'Object.began [as waits] (/b/x.js:2:1)', 'WaiterList.push (/b/y.js:1:1)'];

  it('leaves out the files of the package, whatever they are called', () => {
    const frames = [...own, 'Core.send (/b/y.js:2:1)', 'Channel.send (/b/y.js:3:1)', 'helper (/b/y.js:4:1)'];
    expect(pathIn(trace(...frames, 'main (/b/main.js:5:1)'))).toBe('    at main (/b/main.js:5:1)');
    const packed = 'async step (file:///app/node_modules/sluice/dist/flow.js:9:1)';
    expect(pathIn(trace(...frames, packed, 'main (/app/main.js:5:1)'))).toBe('    at main (/app/main.js:5:1)');
  });

  it('leaves out the classes of the package where all is bundled into one file', () => {
    const frames = ['Object.waits (/a.js:1:1)', 'WaiterList.push (/a.js:2:1)', 'Channel.send (/a.js:3:1)'];
    expect(pathIn(trace(...frames, 'main (/a.js:5:1)'))).toBe('    at main (/a.js:5:1)');
  });

  it('leaves out the frames of Node that called the package, where a frame of the user follows', () => {
    const packed = 'Inlet.write (file:///app/node_modules/sluice/dist/node.js:9:1)';
    const node = ['writeOrBuffer (node:internal/streams/writable:572:12)', 'node:internal/main:1:1'];
    const mine = ['main (file:///app/main.js:5:1)', 'ModuleJob.run (node:internal/modules/esm/module_job:325:25)'];
    expect(pathIn(trace(...own, packed, ...node, ...mine))).toBe(mine.map((each) => `    at ${each}`).join('\n'));
    const bundled = ['Object.waits (/a.js:1:1)', 'WaiterList.push (/a.js:2:1)', 'main (/a.js:5:1)', ...node];
    expect(pathIn(trace(...bundled))).toMatch(/^ {4}at main \(\/a\.js:5:1\)\n/);
  });

  it('is undefined where all frames are of the package, or of Node', () => {
    const packed = (name: string): string => `${name} (file:///app/node_modules/sluice/dist/chunk.js:9:1)`;
    const frames = ['traced', 'WaiterList.push', 'Core.waitToSend', '#place', 'async #run'].map(packed);
    expect(pathIn(trace(...frames))).toBeUndefined();
    const ticks = 'process.processTicksAndRejections (node:internal/process/task_queues:95:5)';
    expect(pathIn(trace(...frames, ticks))).toBeUndefined();
  });

  it('keeps the classes of the user that are called as those of the package', () => {
    const frames = [...own, 'Core.waitToSend (/b/y.js:2:1)', '_Channel.send (/b/z.js:3:1)'];
    for (const mine of ['Channel.send (/app/a.js:1:1)', 'Core.start (/app/a.js:1:1)', 'wait (/app/a.js:1:1)']) {
      expect(pathIn(trace(...frames, mine))).toBe(`    at ${mine}`);
    }
  });

  it('begins in a place that is given as seen from a folder', () => {
    expect(placeIn('    at f (file:///app/a%20b/c.ts:4:1)', '/app')).toBe('a b/c.ts:4');
    expect(placeIn('    at /app/c.ts:4:1', '/app')).toBe('c.ts:4');
    expect(placeIn('    at f (/elsewhere/c.ts:4:1)', '/app')).toBe('/elsewhere/c.ts:4');
    expect(placeIn('    at f (/app/a%b/c.cjs:4:1)', '/app')).toBe('a%b/c.cjs:4');
    expect(placeIn('    at Object.<anonymous> (/app/my (old) dir/c.cjs:4:1)', '/app')).toBe('my (old) dir/c.cjs:4');
    expect(placeIn('    at async file:///app/a%23b/c%25.ts:4:1', '/app')).toBe('a#b/c%.ts:4');
    expect(placeIn('    at f (file:///app/a%b.ts:4:1)', '/app')).toBe('a%b.ts:4');
    expect(placeIn('    at native', '/app')).toBeUndefined();
  });

  it('is asked for by a boolean', () => {
    expect(thrown(() => reportOnExit({ stacks: 'yes' as never }))).toBeInstanceOf(TypeError);
    expect(thrown(() => reportOnExit(null as never))).toBeInstanceOf(TypeError);
  });
});
