// toWebSocket: a Sender over a socket, which waits while too many bytes have not left.
//
// Guarantees: a send waits, first come first served, until fewer than `maxBuffered` bytes wait in the socket; so that holds
// fewer than that, and one message. A send that gives up while it waits has sent nothing. Fulfilled, the message is the
// socket's; where that says that it did not go out, it is given to `onDrop`.
//
// No event tells of bytes that have left. Sockets of `ws` call back for each message; with others the number is looked at
// again and again, at growing intervals, while somebody waits.

import { checkInteger, type Limits, wrong } from '../arguments.js';
import { dropping } from '../bridge/drops.js';
import { checkOptions, type Common } from '../bridge/options.js';
import { readLimits, Turns } from '../bridge/turns.js';
import type { Sender, WaitOptions } from '../contract.js';
import { ChannelClosedError, NO_ITEM } from '../errors.js';
import { host } from '../host.js';
import { type Abortable, offAbort, onAbort } from '../signals.js';
import type { WebSocketLike } from './platform.js';
import { CLOSED, CONNECTING, isSocket, keepsListening, OPEN } from './sockets.js';

/** What a socket takes. */
export type Message = string | ArrayBuffer | ArrayBufferView;

/** The options of `toWebSocket`. */
export interface WebSocketSenderOptions extends Common<Message> {
  /** Bytes, an integer from 1: a send waits while so many have not left the process. 65,536 unless said otherwise. */
  readonly maxBuffered?: number | undefined;
}

/** A send that calls back, as that of `ws`. */
type CallingBack = (data: Message, done: (error?: unknown) => void) => void;

const MAX_BUFFERED = 65_536;
/** Milliseconds until the next look: the last one again and again. */
const LOOKS = [0, 4, 16, 50] as const;
/** Ours, of those that an application may use: the connection was closed with an error. */
const FAILED = 4000;
/** What a reason may have, in bytes; UTF-8 takes up to three for each unit of a string. */
const REASON_UNITS = 41;

/**
 * A sender over a `WebSocket`, the platform's or that of the package `ws`. A send waits until the socket is open and fewer
 * than `maxBuffered` bytes have not left the process. That bounds this side of the connection: it says nothing of what the
 * peer has taken.
 *
 * `close()` closes the socket after all sends, and fulfils when it has closed; with an error the code is 4000 and the reason
 * its message. It rejects with `ChannelClosedError` where the socket closes before all was sent.
 *
 * @returns its `send` rejects with `ChannelClosedError`, the message as `value`, once the socket is closing or closed, and one
 * that waits when it has closed; otherwise as `send` of a channel
 * @throws TypeError or RangeError where it is no `WebSocket`, or for a bad option
 *
 * @example
 * ```ts
 * import { toWebSocket } from 'sluice/web';
 *
 * // Stands for `new WebSocket('wss://…')`.
 * const fake = { binaryType: 'blob', readyState: 1, bufferedAmount: 0, send: console.log, close() {} };
 * const uploads = toWebSocket(Object.assign(new EventTarget(), fake), { maxBuffered: 1_000_000 });
 * for (const block of ['a', 'b']) await uploads.send(block); // as fast as the connection
 * ```
 */
export function toWebSocket(ws: WebSocketLike, options?: WebSocketSenderOptions): Sender<Message> {
  if (!isSocket(ws)) throw wrong('ws', 'a WebSocket', ws);
  const checked = checkOptions(options);
  const { maxBuffered = MAX_BUFFERED } = checked;
  checkInteger('options.maxBuffered', maxBuffered, 1);
  return new SocketSender(ws, checked, maxBuffered);
}

class SocketSender implements Sender<Message>, Abortable {
  readonly #turns: Turns<Message, void> = new Turns('a send on a WebSocket', true, () => this.#goOn());
  readonly #callsBack: boolean;
  /** Messages that were not called back for. */
  #underWay = 0;
  #timer: unknown = undefined;
  #looks = 0;
  #over = false;
  /** Those who wait are being served: a socket may call back inside of its `send`. */
  #serves = false;
  #closing = false;
  #cause: unknown = undefined;
  readonly #done: Promise<void>;
  #closed!: () => void;
  #failed!: (error: ChannelClosedError) => void;
  readonly #signal: Common<Message>['signal'];
  readonly #drop: (item: Message) => void;

  constructor(
    private readonly ws: WebSocketLike,
    options: Common<Message>,
    private readonly maxBuffered: number,
  ) {
    this.#callsBack = ws.send.length >= 2;
    this.#drop = dropping(options);
    this.#signal = options.signal;
    this.#done = new Promise((resolve, reject) => {
      this.#closed = resolve;
      this.#failed = reject;
    });
    this.#done.catch(() => {}); // whoever is interested awaits it
    keepsListening(ws);
    if (ws.readyState === CLOSED) {
      this.#hasClosed(); // its event has been
      return;
    }
    ws.addEventListener('open', this.#goOn);
    ws.addEventListener('error', this.#onError);
    ws.addEventListener('close', this.#hasClosed);
    if (this.#signal?.aborted) this.aborted(this.#signal.reason);
    else if (this.#signal !== undefined) onAbort(this.#signal, this);
  }

  send(value: Message, options?: WaitOptions): Promise<void> {
    const turns = this.#turns;
    let limits: Limits;
    try {
      limits = readLimits(options);
      if (this.#closing || this.#isGone()) throw this.#refusal(value);
      if (turns.waiting === 0 && this.#hasRoom()) {
        this.#hand(value);
        return turns.fulfilled(undefined);
      }
    } catch (error) {
      return turns.refused(error);
    }
    const sent = turns.wait(value, limits);
    this.#look();
    return sent;
  }

  close(error?: unknown): Promise<void> {
    if (!this.#closing && this.#isGone()) {
      const dead = Promise.reject(this.#refusal(NO_ITEM));
      dead.catch(() => {}); // whoever is interested awaits it
      return dead;
    }
    if (!this.#closing) {
      this.#closing = true;
      this.#cause = error;
      this.#finish();
    }
    return this.#done;
  }

  aborted(reason: unknown): void {
    this.#end(reason);
    this.#closeSocket(reason ?? new Error('aborted'));
  }

  /** A look at the socket, by whatever occasion. */
  readonly #goOn = (): void => {
    if (this.#over || this.#serves) return;
    const turns = this.#turns;
    this.#serves = true;
    while (turns.waiting > 0 && this.#hasRoom()) {
      this.#looks = 0; // bytes have left: looks again soon
      turns.serve((value) => this.#hand(value)); // throws where it is no message that can be sent
    }
    this.#serves = false;
    if (turns.waiting > 0) return this.#look();
    this.#rest();
    this.#finish();
  };

  readonly #onError = ({ error }: { readonly error?: unknown }): void => {
    this.#cause ??= error; // `close` follows
  };

  readonly #hasClosed = (): void => {
    this.#end(this.#cause);
    this.#closed();
  };

  #isGone(): boolean {
    return this.#over || (this.ws.readyState !== OPEN && this.ws.readyState !== CONNECTING);
  }

  #hasRoom(): boolean {
    return this.ws.readyState === OPEN && this.ws.bufferedAmount < this.maxBuffered;
  }

  #hand(value: Message): void {
    const { ws } = this;
    if (!this.#callsBack) return ws.send(value as never);
    this.#underWay++;
    try {
      (ws.send as unknown as CallingBack).call(ws, value, (error) => {
        this.#underWay--;
        if (error !== undefined && error !== null) this.#drop(value);
        if (this.#turns.waiting > 0) this.#goOn();
      });
    } catch (error) {
      this.#underWay--;
      throw error;
    }
  }

  /** Somebody waits: looks again later, unless an event or a callback is to come that is an occasion. */
  #look(): void {
    if (this.#timer !== undefined || this.#underWay > 0 || this.ws.readyState !== OPEN) return;
    const ms = LOOKS[Math.min(this.#looks++, LOOKS.length - 1)] as number;
    this.#timer = host.setTimeout(() => {
      this.#timer = undefined;
      this.#goOn();
    }, ms);
  }

  #rest(): void {
    if (this.#timer !== undefined) host.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#looks = 0;
  }

  /** Closes the socket once nobody waits, where that was asked for. */
  #finish(): void {
    if (!this.#closing || this.#over || this.#turns.waiting > 0) return;
    this.#over = true;
    this.#forgetSignal();
    this.#closeSocket(this.#cause);
  }

  #closeSocket(error: unknown): void {
    try {
      if (error === undefined) this.ws.close(1000);
      else this.ws.close(FAILED, messageOf(error).slice(0, REASON_UNITS));
    } catch {
      // It is closing.
    }
  }

  /** Nothing more can be sent. */
  #end(cause: unknown): void {
    const waited = this.#closing && !this.#over; // a close, for sends that are refused now
    this.#over = true;
    this.#cause = cause;
    const { ws } = this;
    ws.removeEventListener('open', this.#goOn);
    ws.removeEventListener('error', this.#onError);
    if (ws.readyState === CLOSED) ws.removeEventListener('close', this.#hasClosed);
    this.#forgetSignal();
    this.#rest();
    this.#turns.close((value) => ({ error: this.#refusal(value) }));
    if (waited) this.#failed(this.#refusal(NO_ITEM));
  }

  #forgetSignal(): void {
    if (this.#signal !== undefined) offAbort(this.#signal, this);
  }

  #refusal(value: unknown): ChannelClosedError {
    const advice = value === NO_ITEM ? 'nothing more goes out' : "stop sending; the item is this error's value";
    const error = new ChannelClosedError(
      `the WebSocket is closed: ${advice}`,
      this.#cause === undefined ? undefined : { cause: this.#cause },
    );
    if (value !== NO_ITEM) (error as { value?: unknown }).value = value;
    return error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
