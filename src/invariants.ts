// The invariants of channel.ts as code: asserted after every operation in test builds, gone from what ships.

import type { Core } from './channel.js';

/** Throws where a channel breaks an invariant. */
export function assertInvariants(core: Core<unknown>): void {
  const { buffer, capacity, senders, receivers, closed, ended, sent, received, dropped } = core;
  const check = (holds: boolean, what: string): void => {
    if (!holds)
      throw new Error(`invariant broken: ${what}: closed=${closed} ended=${ended} ${JSON.stringify(core.stats())}`);
  };
  check(buffer.size <= capacity, 'I1 bounded');
  check(senders.length === 0 || receivers.length === 0, 'I2 one line');
  check(buffer.size === 0 || receivers.length === 0, 'I3 no idle item');
  check(buffer.size === capacity || senders.length === 0, 'I4 no idle room');
  check(sent === received + dropped + buffer.size, 'I5 lossless');
  check(ended === (closed && buffer.size === 0 && senders.length === 0), 'I6 the end');
  check(!ended || receivers.length === 0, 'I6 nobody waits after the end');
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
  'gaveUp',
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
