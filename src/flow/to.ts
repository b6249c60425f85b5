// to: a flow sent to a sender, which is closed with the flow's end.
//
// Guarantees: one send at a time. An item is sent, or it is the refusal's `value`, or it is dropped: a send that is under
// way at an early end is withdrawn by its signal, and its own outcome decides what becomes of its item.

import { ChannelClosedError } from '../errors.js';
import type { AbortSignalLike, Sender } from '../contract.js';
import { nextMacrotask } from '../macrotask.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import { Drain } from './drain.js';
import { Each, type Operation } from './each.js';
import type { Scope } from './scope.js';
import { NONE, type Stage } from './stage.js';

/** Sends all that the stage gives; fulfils with how many items were sent. */
export async function deliver<T>(stage: Stage<T>, scope: Scope, sender: Sender<T>, close: boolean): Promise<number> {
  let sent = 0;
  const sending: Operation<T, void, never> = {
    call: (item, { signal }) => sender.send(item, { signal }),
    accept: () => {
      sent++;
      return NONE;
    },
    yields: false,
    refused: (error, item, stopped) => {
      if (stopped || !carries(error, item)) scope.dropLate(item);
    },
  };
  const drain = new Drain(new Each(stage, sending, scope), scope, () => {});
  const forget = heedReceiver(sender, drain);
  try {
    await drain.start();
  } catch (error) {
    if (close) closeSilently(sender, error);
    throw error;
  } finally {
    forget();
  }
  if (close) await sender.close();
  return sent;
}

/** Whether the caller finds the item on the error. */
function carries(error: unknown, item: unknown): boolean {
  return (
    Object(error) === error && 'value' in (error as object) && Object.is((error as { value: unknown }).value, item)
  );
}

function closeSilently<T>(sender: Sender<T>, error: unknown): void {
  try {
    Promise.resolve(sender.close(error)).catch(() => {});
  } catch {
    // The error that ended the flow is the one to tell.
  }
}

/** Ends the flow when whoever receives is known to have left, as a channel's signal tells; gives what forgets it. */
function heedReceiver<T>(sender: Sender<T>, drain: Drain<never>): () => void {
  const { signal } = sender as { readonly signal?: AbortSignalLike };
  if (typeof signal?.addEventListener !== 'function') return () => {};
  const leaves = (reason: unknown): void =>
    drain.aborted(
      new ChannelClosedError('what a flow is sent to was cancelled: nobody receives any more, and the flow has ended', {
        cause: reason,
      }),
    );
  if (signal.aborted) {
    leaves(signal.reason);
    return () => {};
  }
  // A send that is under way rejects by itself, with its item: it goes first.
  const left: Abortable = { aborted: (reason) => nextMacrotask(() => leaves(reason)) };
  onAbort(signal, left);
  return () => offAbort(signal, left);
}
