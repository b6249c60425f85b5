// The conformance suite: what every place that holds items keeps, whatever it is made of. One file that any place runs
// unchanged: it is given a factory for a pair of ends, the card of what the place guarantees, and a way to declare a test.
// It imports no test runner, nothing of a runtime, and nothing of the place.

/** The ends of one fresh place. */
export interface Ends<T> {
  readonly sender: {
    readonly send: (value: T, options?: { signal?: AbortSignal; timeout?: number }) => Promise<void>;
    readonly close: (error?: unknown) => void | Promise<void>;
  };
  readonly receiver: AsyncIterable<T> & {
    readonly receive: (options?: { signal?: AbortSignal; timeout?: number }) => Promise<T | undefined>;
    readonly cancel: (reason?: unknown) => void | Promise<void>;
  };
  /** Releases what the place holds. */
  readonly dispose?: () => void | Promise<void>;
}

/** What a place guarantees: it is tested for what it claims. */
export interface Card {
  readonly name: string;
  /** How many items may be on their way between the ends, at the most: exact, a cap with some slack, or none claimed. */
  readonly bound: 'exact' | { readonly slack: number } | 'none';
  /** What happens to an item after its send fulfilled. */
  readonly delivery: 'exactly once' | 'at least once' | 'at most once';
  readonly order: 'fifo' | 'none';
  /** Whether giving up a wait has no effect at all. */
  readonly abort: 'no effect' | 'best effort';
  /** What a close and a cancel mean. */
  readonly end: 'graceful and immediate' | 'local';
  /** Milliseconds after which an operation that is decided must have settled. */
  readonly patience: number;
}

export interface Conformance {
  readonly card: Card;
  readonly open: (capacity: number) => Ends<number> | Promise<Ends<number>>;
  readonly capacities: readonly number[];
  readonly test: (name: string, body: () => Promise<void>) => void;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Declares the tests of one place. */
export function conformance({ card, open, capacities, test }: Conformance): void {
  const elapsed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  // A turn of the event loop more than the pause: on a loaded machine the timer may come before what was due earlier.
  const pause = async (ms = card.patience): Promise<void> => {
    await elapsed(ms);
    await elapsed(0);
  };
  const within = async <T>(promise: Promise<T>, what: string): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} hangs`)), 100 * card.patience + 1_000);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const refused = async (promise: Promise<unknown>, what: string): Promise<unknown> => {
    try {
      await within(promise, what);
    } catch (error) {
      return error;
    }
    throw new Error(`${what} must reject`);
  };
  const count = (to: number): number[] => Array.from({ length: to }, (_, n) => n);
  const toEnd = async (receiver: Ends<number>['receiver']): Promise<number[]> => {
    const items: number[] = [];
    for await (const item of receiver) items.push(item);
    return items;
  };
  const same = (actual: readonly number[], expected: readonly number[]): void => {
    check(JSON.stringify(actual) === JSON.stringify(expected), `got [${actual}], must be [${expected}]`);
  };

  for (const capacity of capacities) {
    const declare = (name: string, body: (ends: Ends<number>) => Promise<void>): void =>
      test(`${card.name}, capacity ${capacity}: ${name}`, async () => {
        const ends = await open(capacity);
        try {
          await body(ends);
        } finally {
          await ends.dispose?.();
        }
      });

    declare('every item arrives, and then the end', async ({ sender, receiver }) => {
      const received = toEnd(receiver);
      for (const item of count(100)) await within(sender.send(item), 'a send');
      await sender.close();
      const items = await within(received, 'the end');
      if (card.order === 'fifo' && card.delivery === 'exactly once') same(items, count(100));
      else
        same(
          [...new Set(items)].sort((a, b) => a - b),
          count(100),
        );
    });

    if (card.bound !== 'none') {
      const most = capacity + (card.bound === 'exact' ? 0 : card.bound.slack);
      declare('no more sends fulfil than there is room for', async ({ sender, receiver }) => {
        let fulfilled = 0;
        const sends = count(most + 5).map((item) =>
          sender.send(item).then(
            () => fulfilled++,
            () => {},
          ),
        );
        await pause();
        check(fulfilled <= most, `${fulfilled} sends fulfilled, at most ${most} may`);
        if (card.bound === 'exact') check(fulfilled === capacity, `${fulfilled} sends fulfilled, ${capacity} must`);
        check((await within(receiver.receive(), 'a receive')) === 0, 'the first item comes first');
        await pause();
        check(fulfilled <= most + 1, 'one receive makes room for one send');
        await receiver.cancel();
        await within(Promise.all(sends), 'the sends');
      });
    }

    if (card.abort === 'no effect') {
      declare('a send that is aborted or times out leaves nothing behind', async ({ sender, receiver }) => {
        const filled = count(capacity);
        for (const item of filled) await sender.send(item);
        const controller = new AbortController();
        const aborted = refused(sender.send(-1, { signal: controller.signal }), 'an aborted send');
        const timedOut = refused(sender.send(-2, { timeout: 1 }), 'a send with a timeout');
        const waiting = sender.send(capacity);
        await timedOut;
        const reason = new Error('enough');
        controller.abort(reason);
        check((await aborted) === reason, "an abort rejects with the signal's own reason");
        const received = toEnd(receiver);
        await within(waiting, 'the send behind them');
        await sender.close();
        same(await within(received, 'the end'), count(capacity + 1));
      });

      declare('a receive that is aborted or times out consumes nothing', async ({ sender, receiver }) => {
        const controller = new AbortController();
        const aborted = refused(receiver.receive({ signal: controller.signal }), 'an aborted receive');
        const timedOut = refused(receiver.receive({ timeout: 1 }), 'a receive with a timeout');
        await timedOut;
        controller.abort(new Error('enough'));
        await aborted;
        const received = within(receiver.receive(), 'a receive');
        await within(sender.send(7), 'a send');
        check((await received) === 7, 'the item goes to the receive that still waits');
      });
    }

    declare('a wait that is aborted before it starts has no effect', async ({ sender, receiver }) => {
      const signal = AbortSignal.abort(new Error('before'));
      check((await refused(sender.send(1, { signal }), 'a send')) === signal.reason, 'the reason is the signal’s');
      check((await refused(receiver.receive({ signal }), 'a receive')) === signal.reason, 'the reason is the signal’s');
    });

    if (card.end === 'graceful and immediate') {
      declare('a close delivers what was sent before it, blocked sends included', async ({ sender, receiver }) => {
        const sends = count(capacity + 3).map((item) => sender.send(item));
        await sender.close();
        const late = await refused(sender.send(-1), 'a send after the close');
        check((late as { code?: string }).code === 'ERR_SLUICE_CLOSED', 'it is refused with ChannelClosedError');
        same(await within(toEnd(receiver), 'the end'), count(capacity + 3));
        await within(Promise.all(sends), 'the sends');
        check((await within(receiver.receive(), 'a receive at the end')) === undefined, 'the end stays the end');
      });

      declare('a close with an error ends the items with it', async ({ sender, receiver }) => {
        const error = new Error('broken');
        const send = sender.send(1);
        await sender.close(error);
        const received: number[] = [];
        const end = (async () => {
          for await (const item of receiver) received.push(item);
        })();
        check(String(await refused(end, 'the iteration')) === String(error), 'the end is that error');
        same(received, [1]);
        await within(send, 'the send');
      });

      declare('a cancel refuses waiting senders, and gives them their item back', async ({ sender, receiver }) => {
        for (const item of count(capacity)) await sender.send(item);
        const refusal = refused(sender.send(99), 'the waiting send');
        await pause(0);
        await receiver.cancel();
        const { code, value } = (await refusal) as { code?: string; value?: number };
        check(code === 'ERR_SLUICE_CLOSED' && value === 99, 'ChannelClosedError carries the item');
        check((await within(receiver.receive(), 'a receive')) === undefined, 'receivers see the end at once');
      });

      declare('a cancel ends a receive that waits', async ({ receiver }) => {
        const waiting = receiver.receive();
        await receiver.cancel();
        check((await within(waiting, 'the receive')) === undefined, 'it ends quietly');
      });
    }

    declare(
      'breaking off an iteration loses nothing that another consumer could have',
      async ({ sender, receiver }) => {
        const sending = (async () => {
          for (const item of count(6)) await sender.send(item);
          await sender.close();
        })();
        const seen: number[] = [];
        for await (const item of receiver) {
          seen.push(item);
          if (seen.length === 2) break;
        }
        seen.push(...(await within(toEnd(receiver), 'the rest')));
        await within(sending, 'the sends');
        if (card.delivery === 'exactly once') same(seen, count(6));
      },
    );

    declare('several producers and consumers share it', async ({ sender, receiver }) => {
      const consuming = Promise.all([toEnd(receiver), toEnd(receiver), toEnd(receiver)]);
      const produce = async (from: number): Promise<void> => {
        for (const n of count(20)) await sender.send(from + n);
      };
      await within(Promise.all([produce(0), produce(20), produce(40)]), 'the producers');
      await sender.close();
      const items = (await within(consuming, 'the consumers')).flat().sort((a, b) => a - b);
      if (card.delivery === 'exactly once') same(items, count(60));
      else same([...new Set(items)], count(60));
    });

    declare('a timer fires while both sides are always ready', async ({ sender, receiver }) => {
      let fired = false;
      setTimeout(() => {
        fired = true;
      }, 1);
      const sending = (async () => {
        for (let n = 0; !fired; n++) await sender.send(n);
        await sender.close();
      })();
      await within(toEnd(receiver), 'the end');
      await within(sending, 'the sends');
    });
  }
}
