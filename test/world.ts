// A small world of tasks around one channel, put in an arbitrary order by fast-check's scheduler, and a record of all that
// they saw: what the laws are checked against.

import fc from 'fast-check';
import { Channel, type ChannelOptions, type DropReason } from 'sluice';
import { ManualTimers } from './pair.js';
import { macrotask } from './support.js';

export type Task =
  | {
      readonly is: 'sender' | 'trySender' | 'handle' | 'sendAll' | 'sendAllAsync';
      readonly items: number;
      readonly limit: Limit;
    }
  | { readonly is: 'receiver' | 'forAwait' | 'consume'; readonly items: number; readonly limit: Limit }
  | { readonly is: 'receiveMany' | 'batches'; readonly items: number; readonly max: number }
  | { readonly is: 'tryReceiver' | 'drainer'; readonly items: number }
  | { readonly is: 'reserver' | 'tryReserver'; readonly items: number; readonly limit: Limit }
  | { readonly is: 'leaver' }
  | { readonly is: 'close' | 'cancel' | 'dispose' | 'abortSignal'; readonly failing: boolean };

type Limit = 'none' | 'once' | 'abort' | 'timeout';

/** What a channel does with what it has no room for; or it weighs, and lets that wait. */
type Policy = 'wait' | 'drop-oldest' | 'drop-newest' | 'reject' | 'coalesce' | 'weigh';

export interface World {
  readonly capacity: number;
  readonly policy: Policy;
  readonly tasks: readonly Task[];
}

/** What happened to the items, as the tasks saw it. */
export interface Record {
  readonly channel: Channel<number>;
  /** Sends that fulfilled. */
  readonly accepted: Set<number>;
  /** Sends that rejected, or were false. */
  readonly refused: Set<number>;
  /** In the order in which receives handed them out; one list a consumer. */
  readonly received: number[][];
  readonly dropped: { readonly item: number; readonly why: DropReason }[];
  /** Given up for another, when the two were merged. */
  readonly merged: number[];
  /** What the watermarks said, and at how much that was taken. */
  readonly pressure: { readonly level: 'high' | 'low'; readonly fullness: number }[];
  /** In hand or in the source of a `sendAll` that stopped early. */
  readonly unknown: Set<number>;
  /** The most that was ever taken of the capacity, permits included. */
  largest: number;
  /** Operations that had not settled a macrotask after the end. */
  hanging: number;
}

const limit = fc.constantFrom<Limit>('none', 'none', 'once', 'abort', 'timeout');
const items = fc.integer({ min: 1, max: 5 });

const task: fc.Arbitrary<Task> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constantFrom('sender', 'trySender', 'handle', 'sendAll', 'sendAllAsync'),
      items,
      limit,
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('reserver', 'tryReserver'), items, limit }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('receiver', 'forAwait', 'consume'), items, limit }) },
  {
    weight: 2,
    arbitrary: fc.record({ is: fc.constantFrom('receiveMany', 'batches'), items, max: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('tryReceiver', 'drainer'), items }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('leaver') }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constantFrom('close', 'cancel', 'dispose', 'abortSignal'), failing: fc.boolean() }),
  },
) as fc.Arbitrary<Task>;

export const world: fc.Arbitrary<World> = fc
  .record({
    capacity: fc.constantFrom(0, 1, 2, 7, 2 ** 32 - 1),
    policy: fc.constantFrom<Policy>('wait', 'wait', 'drop-oldest', 'drop-newest', 'reject', 'coalesce', 'weigh'),
    tasks: fc.array(task, { minLength: 2, maxLength: 8 }),
  })
  .filter(({ capacity, policy }) => capacity > 0 || !['drop-oldest', 'coalesce', 'weigh'].includes(policy));

/** Runs the tasks to their end, ends the channel, and gives the record. */
export async function live(given: World, scheduler: fc.Scheduler): Promise<Record> {
  const clock = new ManualTimers();
  clock.install();
  try {
    return await run(given, scheduler, clock);
  } finally {
    clock.restore();
  }
}

/** The options of a channel; of two items that are merged the even one stays, or the newer. */
function optionsOf({ capacity, policy }: World, merged: number[]): ChannelOptions<number> {
  if (policy === 'weigh') return { weigh: (item) => Math.min(1 + (item % 3), capacity) };
  if (policy !== 'coalesce') return { overflow: policy };
  const coalesce = (queued: number, incoming: number): number => {
    const stays = queued % 2 === 0 && incoming % 2 === 1 ? queued : incoming;
    merged.push(stays === queued ? incoming : queued);
    return stays;
  };
  return { overflow: { key: (item) => item % 3, coalesce } };
}

async function run(given: World, scheduler: fc.Scheduler, clock: ManualTimers): Promise<Record> {
  const { capacity, policy, tasks } = given;
  const stopper = new AbortController();
  const dropped: Record['dropped'] = [];
  const merged: number[] = [];
  const pressure: Record['pressure'] = [];
  const channel = new Channel<number>(capacity, {
    ...optionsOf(given, merged),
    ...(capacity > 0 && {
      onPressure: (level, { weight, reserved }) => {
        pressure.push({ level, fullness: weight + reserved });
        look();
      },
    }),
    signal: stopper.signal,
    onDrop: (item, why) => {
      dropped.push({ item, why });
      look();
    },
  });
  const record: Record = {
    channel,
    accepted: new Set(),
    refused: new Set(),
    received: [],
    dropped,
    merged,
    pressure,
    unknown: new Set(),
    largest: 0,
    hanging: 0,
  };
  const look = (): void => {
    const { size, weight, reserved } = channel.stats();
    record.largest = Math.max(record.largest, size + reserved, weight + reserved);
  };
  const turn = (name: string): Promise<void> => scheduler.schedule(Promise.resolve(), name);
  let nextItem = 1;

  /** Options of one wait; what ends it comes at a moment that the scheduler picks. */
  const limited = (how: Limit): { signal?: AbortSignal; timeout?: number } | undefined => {
    if (how === 'none') return undefined;
    if (how === 'once') return { timeout: 0 };
    if (how === 'timeout') {
      const timer = clock.upcoming;
      void turn('timeout').then(() => clock.fire(timer));
      return { timeout: 1_000 };
    }
    const controller = new AbortController();
    void turn('abort').then(() => controller.abort(new Error('abort')));
    return { signal: controller.signal };
  };
  const receiveInto = (): number[] => {
    const list: number[] = [];
    record.received.push(list);
    return list;
  };
  const running: Promise<unknown>[] = [];
  const start = (body: () => Promise<unknown>): void => {
    record.hanging++;
    running.push(
      turn('start')
        .then(body)
        .catch(() => {})
        .finally(() => record.hanging--),
    );
  };

  for (const each of tasks) {
    start(async () => {
      switch (each.is) {
        case 'sender':
        case 'handle': {
          const sender = each.is === 'handle' ? channel.sender() : channel;
          for (let n = 0; n < each.items; n++) {
            const item = nextItem++;
            await sender.send(item, limited(each.limit)).then(
              () => record.accepted.add(item),
              () => record.refused.add(item),
            );
            look();
            await turn('send');
          }
          if (each.is === 'handle') sender.close();
          break;
        }
        case 'trySender':
          for (let n = 0; n < each.items; n++) {
            const item = nextItem++;
            (channel.trySend(item) ? record.accepted : record.refused).add(item);
            look();
            await turn('trySend');
          }
          break;
        case 'sendAll':
        case 'sendAllAsync': {
          const first = nextItem;
          nextItem += each.items;
          const list = Array.from({ length: each.items }, (_, n) => first + n);
          const source = async function* (): AsyncGenerator<number> {
            for (const item of list) {
              await turn('yield');
              yield item;
            }
          };
          await channel.sendAll(each.is === 'sendAll' ? list : source(), limited(each.limit)).then(
            () => list.forEach((item) => record.accepted.add(item)),
            () => list.forEach((item) => record.unknown.add(item)),
          );
          break;
        }
        case 'reserver':
        case 'tryReserver':
          if (capacity === 0 || policy === 'weigh') break;
          for (let n = 0; n < each.items; n++) {
            const permit =
              each.is === 'tryReserver'
                ? channel.tryReserve()
                : await channel.reserve(limited(each.limit)).catch(() => undefined);
            look();
            await turn('hold');
            const item = nextItem++;
            // One in three is given back.
            if (item % 3 !== 0) {
              try {
                permit?.send(item);
                if (permit !== undefined) record.accepted.add(item);
              } catch {
                record.refused.add(item);
              }
            }
            permit?.release();
            look();
            await turn('reserve');
          }
          break;
        case 'receiver': {
          const list = receiveInto();
          for (let n = 0; n < each.items; n++) {
            const item = await channel.receive(limited(each.limit)).catch(() => undefined);
            if (item !== undefined) list.push(item);
            await turn('receive');
          }
          break;
        }
        case 'forAwait':
        case 'consume': {
          const list = receiveInto();
          for await (const item of each.is === 'consume' ? channel.consume() : channel) {
            list.push(item);
            if (list.length === each.items) break;
            await turn('iterate');
          }
          break;
        }
        case 'receiveMany': {
          const list = receiveInto();
          for (let n = 0; n < each.items; n++) {
            list.push(...(await channel.receiveMany(each.max)));
            await turn('receiveMany');
          }
          break;
        }
        case 'batches': {
          const list = receiveInto();
          for await (const batch of channel.batches(each.max)) {
            list.push(...batch);
            if (list.length >= each.items) break;
          }
          break;
        }
        case 'tryReceiver':
        case 'drainer': {
          const list = receiveInto();
          for (let n = 0; n < each.items; n++) {
            if (each.is === 'drainer') list.push(...channel.drain());
            else {
              const item = channel.tryReceive();
              if (item !== undefined) list.push(item);
            }
            await turn('poll');
          }
          break;
        }
        case 'leaver': {
          const list = receiveInto();
          const iterator = channel[Symbol.asyncIterator]();
          const next = iterator.next();
          next.catch(() => {}); // it may reject before it is awaited: politeness puts a turn off into a macrotask
          await turn('leave');
          await iterator.return();
          const result = await next;
          if (!result.done) list.push(result.value);
          break;
        }
        case 'close':
          channel.close(each.failing ? new Error('close') : undefined);
          break;
        case 'cancel':
          channel.cancel(each.failing ? new Error('cancel') : undefined);
          break;
        case 'dispose':
          channel[Symbol.dispose]();
          break;
        case 'abortSignal':
          stopper.abort(each.failing ? new Error('abort') : undefined);
          break;
      }
      look();
    });
  }

  await scheduler.waitIdle();
  channel.close();
  await macrotask();
  await scheduler.waitIdle();
  channel.cancel();
  for (let n = 0; n < 8; n++) {
    await scheduler.waitIdle();
    await macrotask();
  }
  return record;
}
