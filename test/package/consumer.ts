// A stranger's TypeScript program, compiled as ESM and as CJS by every version with every `lib` and set of ambient types:
// so it uses nothing of DOM or Node, and no name that ES2020 does not have.

import {
  BoundedQueue,
  Channel,
  ChannelClosedError,
  OverflowError,
  TimeoutError,
  TooManyWaitersError,
  type AbortSignalLike,
  type ChannelIterator,
  type ChannelOptions,
  type ChannelStats,
  type DropReason,
  type Receiver,
  type Sender,
  type SenderHandle,
  type WaitOptions,
} from 'sluice';

interface Animal {
  name: string;
}
interface Dog extends Animal {
  bark(): void;
}

const dropped: [number, DropReason][] = [];
const options: ChannelOptions<number> = {
  name: 'n',
  overflow: 'drop-oldest',
  onDrop: (value, why) => dropped.push([value, why]),
};

async function channels(): Promise<number> {
  const channel = new Channel<number>(2, options);
  const sender: Sender<number> = channel;
  const receiver: Receiver<number> = channel;
  const handle: SenderHandle<number> = channel.sender();
  const wait: WaitOptions = { timeout: 10, signal: undefined };
  await sender.send(1, wait);
  handle.close();
  const stats: ChannelStats = channel.stats();
  let sum: number = stats.sent;
  const iterator: ChannelIterator<number> = channel.consume();
  for await (const item of iterator) sum += item;
  const end: number | undefined = await receiver.receive();
  const fallback: number | 'none' = channel.tryReceive('none');
  const batch: number[] = await channel.receiveMany(2);
  await channel.completion;
  const signal: AbortSignalLike = channel.signal;
  await new Channel<number>(1).receive({ signal, timeout: 0 }).catch((error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    const code: 'ERR_SLUICE_TIMEOUT' = error.code;
    return code;
  });
  return sum + (end ?? 0) + (fallback === 'none' ? 0 : fallback) + batch.length;
}

async function queues(): Promise<number> {
  const jobs = new BoundedQueue<{ readonly id: number }>(1, { name: 'jobs' });
  await jobs.put({ id: 1 }, { timeout: 10 });
  const { id } = await jobs.take();
  jobs.taskDone();
  await jobs.join();
  const left: { readonly id: number }[] = jobs.cancel();
  return id + left.length;
}

/** Disposal, in the syntax that needs it. */
async function scopes(): Promise<boolean> {
  let kept: Channel<string>;
  {
    using channel = new Channel<string>(1);
    await using queue = new BoundedQueue<string>(1);
    using handle = channel.sender();
    handle.trySend('a');
    kept = channel;
    queue.tryPut('b');
  }
  return kept.ended;
}

/** What must not compile does not, with these declarations either. */
export function variance(dogs: Channel<Dog>, animals: Channel<Animal>): [Receiver<Animal>, Sender<Dog>] {
  // @ts-expect-error a channel of dogs takes no other animals
  const wrong: Sender<Animal> = dogs;
  // @ts-expect-error not every animal is a dog
  const wronger: Receiver<Dog> = animals;
  // @ts-expect-error there is no unbounded channel
  void (() => new Channel<Dog>());
  // @ts-expect-error no such policy
  void (() => new Channel<Dog>(1, { overflow: 'block' }));
  void [wrong, wronger];
  return [dogs, animals];
}

const errors: (abstract new (...args: never) => Error)[] = [ChannelClosedError, OverflowError, TooManyWaitersError];

async function main(): Promise<void> {
  const got = JSON.stringify([await channels(), await queues(), await scopes(), errors.length, dropped.length]);
  if (got !== '[2,1,true,3,0]') throw new Error(`got ${got}`);
}
main().catch((error: unknown) => {
  // An error that nobody handles ends a process with a code other than 0, in whatever runtime this is.
  void Promise.reject(error);
});
