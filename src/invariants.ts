// The invariants of channel.ts as code: asserted after every operation in test builds, gone from what ships.

import type { Call } from './calls.js';
import type { Core } from './channel.js';
import type { Parcel } from './parcels.js';
import type { Waiter, WaiterList } from './waiters.js';

/** The first of a line who is none of those. */
function others({ first }: WaiterList, are: (waiter: Waiter) => boolean): Waiter | undefined {
  let waiter = first;
  while (waiter !== undefined && are(waiter)) waiter = waiter.next;
  return waiter;
}

/** Throws where a channel breaks an invariant. */
export function assertInvariants(core: Core<unknown>): void {
  const { buffer, capacity, senders, receivers, reserves, closed, cancelled, ended, reserved } = core;
  const { sent, received, dropped, coalesced, fullness, packing } = core;
  const check = (holds: boolean, what: string): void => {
    if (!holds)
      throw new Error(`invariant broken: ${what}: closed=${closed} ended=${ended} ${JSON.stringify(core.stats())}`);
  };
  const [sender, receiver, reserve] = [senders.first, receivers.first, reserves.first];
  // A select that waits on both sides, and is not to be served by itself; a call that takes in the next microtask.
  const own = buffer.size > 0 ? undefined : sender?.tracker;
  const isOwn = (waiter: Waiter): boolean => own !== undefined && waiter.tracker === own;
  const taker = others(receivers, isOwn);
  const called = (taker?.value as Partial<Call<unknown>> | undefined)?.called === true;
  const meetsItself = taker === undefined && others(senders, isOwn) === undefined;
  check(fullness <= capacity && buffer.size <= capacity && reserved >= 0, 'I1 bounded');
  check(sender === undefined || receiver === undefined || called || meetsItself, 'I2 one line');
  check(buffer.size === 0 || receiver === undefined || called, 'I3 no idle item');
  check(reserve === undefined || fullness === capacity || sender !== undefined, 'I4 no idle room');
  const weight = packing === undefined ? 1 : ((sender?.value as Parcel<unknown> | undefined)?.weight ?? 1);
  const first = sender !== undefined && (reserve === undefined || sender.turn < reserve.turn);
  check(!first || fullness + weight > capacity, 'I4 no idle room');
  check(sent === received + dropped + coalesced + buffer.size, 'I5 lossless');
  const over = buffer.size === 0 && senders.length === 0 && reserved === 0;
  check(ended === (cancelled || (closed && over)), 'I6 the end');
  check(!ended || (over && receivers.length === 0 && reserves.length === 0), 'I6 nobody waits after the end');
}

/** The operations at whose end a channel is consistent. */
const OPERATIONS = [
  'send',
  'trySend',
  'offer',
  'receive',
  'receiveNow',
  'tryReceive',
  'drain',
  'waitToSend',
  'waitToReceive',
  'reserve',
  'tryReserve',
  'sendReserved',
  'hold',
  'releaseReserved',
  'goOn',
  'close',
  'cancel',
] as const;

/** Makes every operation assert the invariants when it returns, also where it was called from inside another's callback. */
export function assertAfterEach(prototype: Core<unknown>): void {
  for (const name of OPERATIONS) {
    const operation = prototype[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      value(this: Core<unknown>, ...args: unknown[]): unknown {
        const result = operation.apply(this, args);
        assertInvariants(this);
        return result;
      },
    });
  }
}
