// @ts-check
// A price feed for many WebSocket clients, each at its own pace. The feed never waits for any of them.

import { Channel } from 'sluice';
import { Credits } from 'sluice/control';
import { WebSocketServer } from 'ws';

/** @typedef {{ id: number, symbol: string, price: number, volume: number, at: number }} Tick */

/** How many ticks may wait for one client before it counts as slow. More than there are symbols. */
export const LAG = 100;

/**
 * What waits for one client. While the client keeps up, every tick. Once `LAG` ticks wait, one a symbol: the newest price,
 * and the volume of all that were merged into it. Once it has caught up, every tick again.
 */
export class Subscription {
  #behind = false;
  /** @type {Channel<Tick>} */
  ticks = new Channel(LAG, {
    overflow: {
      key: (tick) => (this.#behind ? tick.symbol : tick.id),
      coalesce: (queued, incoming) => ({ ...incoming, volume: queued.volume + incoming.volume }),
    },
  });

  /**
   * @param {Tick} tick
   * @returns {boolean} false where there is no room even so: more symbols than `LAG`
   */
  publish(tick) {
    if (this.ticks.size === 0) this.#behind = false;
    if (this.ticks.size < LAG || this.#behind) return this.ticks.trySend(tick);
    this.#behind = true;
    return [...this.ticks.drain(), tick].every((each) => this.ticks.trySend(each)); // merged now, by symbol
  }
}

/**
 * Gives each client what waits for it, as fast as it asks. A client sends a number: so many ticks more it can take. The
 * socket alone would not do: a browser reads its socket whether or not the page keeps up.
 *
 * @param {import('ws').WebSocket} socket
 * @param {Channel<Tick>} ticks
 */
async function deliver(socket, ticks) {
  const asked = new Credits();
  socket.on('message', (text) => {
    try {
      asked.grant(Number(text));
    } catch {
      socket.terminate(); // it sent no number
    }
  });
  socket.on('error', () => {}); // 'close' follows
  socket.on('close', () => {
    ticks.cancel();
    asked.close();
  });
  for (;;) {
    await asked.take(); // first the client, then the tick: what it gets is the newest there is
    const tick = await ticks.receive();
    if (tick === undefined) return socket.close();
    await new Promise((sent) => socket.send(JSON.stringify(tick), sent));
  }
}

/** @param {import('node:http').Server} server */
export function fanOut(server) {
  /** @type {Set<Subscription>} */
  const subscriptions = new Set();
  new WebSocketServer({ server, maxPayload: 16 }).on('connection', (socket) => {
    const subscription = new Subscription();
    subscriptions.add(subscription);
    socket.on('close', () => subscriptions.delete(subscription));
    deliver(socket, subscription.ticks).catch(() => socket.terminate());
  });
  return {
    subscriptions,
    /** @param {Tick} tick */
    publish(tick) {
      for (const subscription of subscriptions) {
        if (!subscription.publish(tick)) subscription.ticks.close(); // it gets what waits, and then the end
      }
    },
    close() {
      for (const { ticks } of subscriptions) ticks.close(); // what waits is still delivered
    },
  };
}
