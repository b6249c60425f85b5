// fromWebSocket: the messages of a socket, received.
//
// Guarantees: those of fromEventTarget. A connection that broke off is no quiet end. The socket itself stays as it is,
// whatever becomes of the channel: there may be a sender on it.

import { wrong } from '../arguments.js';
import type { Pausing } from '../bridge/intake.js';
import type { Channel } from '../channel-api.js';
import { type EventWithError, failure, listen, type TargetOptions } from './from-event-target.js';
import type { WebSocketLike } from './platform.js';
import { CLOSED, isSocket, keepsListening } from './sockets.js';

/** What is read of the event `close`. */
interface CloseLike extends EventWithError {
  readonly wasClean?: boolean;
  readonly code?: number;
  readonly reason?: unknown;
}

/**
 * A channel of the messages of a `WebSocket`, the platform's or that of the package `ws`: strings and `ArrayBuffer`s
 * (`binaryType` is set). A peer of a `WebSocket` cannot be asked to wait, so what becomes of a message that finds the channel
 * full must be said.
 *
 * The channel ends when the socket closes: quietly after a closing handshake, whatever its code, with an error where the
 * connection broke off. To cancel the channel leaves the socket open: close it yourself.
 *
 * One of `ws` is paused while the channel is full, unless `pausing` is false. The messages that had arrived together with
 * the last one still come: `slack` is room for them.
 *
 * @param capacity - messages, an integer from 1
 * @throws TypeError or RangeError for a bad argument or option
 *
 * @example
 * ```ts
 * import { fromWebSocket } from 'sluice/web';
 *
 * // Stands for `new WebSocket('wss://…')`.
 * const fake = { binaryType: 'blob', readyState: 1, bufferedAmount: 0, send() {}, close() {} };
 * const socket = Object.assign(new EventTarget(), fake);
 * const prices = fromWebSocket(socket, 100, { overflow: 'drop-oldest' });
 * socket.dispatchEvent(Object.assign(new Event('message'), { data: '42' }));
 * await prices.receive(); // '42'
 * ```
 */
export function fromWebSocket(
  ws: WebSocketLike,
  capacity: number,
  options: TargetOptions<string | ArrayBuffer>,
): Channel<string | ArrayBuffer> {
  if (!isSocket(ws)) throw wrong('ws', 'a WebSocket', ws);
  const given = Object(options) as TargetOptions<string | ArrayBuffer>;
  const channel = listen<string | ArrayBuffer>(
    'fromWebSocket',
    ws,
    {
      item: 'message',
      end: 'close',
      error: 'error',
      map: ({ data }: { readonly data: string | ArrayBuffer }) => data,
    },
    capacity,
    given.pausing === undefined ? { ...given, pausing: pausable(ws) } : given,
    (event, isError) => (isError ? failure(event) : brokenOff(event)),
  );
  keepsListening(ws);
  if (ws.binaryType !== 'arraybuffer') ws.binaryType = 'arraybuffer';
  if (ws.readyState === CLOSED) channel.close(); // its event has been
  return channel;
}

/** One that can be paused, as those of `ws` can. */
function pausable(ws: WebSocketLike & Partial<Pausing>): Pausing | false {
  return typeof ws.pause === 'function' && typeof ws.resume === 'function' ? (ws as Pausing) : false;
}

function brokenOff(event: CloseLike): Error | undefined {
  if (event.wasClean !== false) return undefined;
  const reason = typeof event.reason === 'string' && event.reason !== '' ? `, ${event.reason}` : '';
  return new Error(`the WebSocket was closed without a handshake (code ${String(event.code)}${reason})`, {
    cause: event,
  });
}
