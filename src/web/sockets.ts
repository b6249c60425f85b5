// What both bridges to a WebSocket know of one.

import type { WebSocketLike } from './platform.js';

/** The states of a socket. */
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSED = 3;

/** Whether it has the methods of one. */
export function isSocket(ws: unknown): ws is WebSocketLike {
  const { addEventListener, removeEventListener, send, close, readyState } = Object(ws) as Partial<WebSocketLike>;
  return (
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function' &&
    typeof send === 'function' &&
    typeof close === 'function' &&
    typeof readyState === 'number'
  );
}

const ignore = (): void => {};

/** An error without a listener would end the process, with the sockets of `ws`: one listener, which stays; the same for all. */
export function keepsListening(ws: WebSocketLike): void {
  ws.addEventListener('error', ignore);
}
