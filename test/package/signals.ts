// For projects that have the platform's types: its own signals go in, and the channel's signal comes out as one of them.

import { Channel, type WaitOptions } from 'sluice';

const controller = new AbortController();
const options: WaitOptions = { signal: controller.signal };
const channel = new Channel<string>(1, { signal: controller.signal });
const native: AbortSignal = channel.signal;

export const sending: Promise<void> = channel.send('a', options);
export const receiving: Promise<string | undefined> = channel.receive({ signal: native, timeout: 1 });
