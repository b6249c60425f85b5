// A stranger's ESM program: imports the package by its name, and only what `exports` gives.

import assert from 'node:assert/strict';
import { BoundedQueue, Channel, ChannelClosedError, TimeoutError } from 'sluice';
import { Gate } from 'sluice/control';
import { flow } from 'sluice/flow';
import manifest from 'sluice/package.json' with { type: 'json' };

const channel = new Channel(1);
const producing = channel.sendAll(['a', 'b', 'c']).then(() => channel.close());
const items = [];
for await (const item of channel) items.push(item);
await producing;
assert.deepEqual(items, ['a', 'b', 'c']);

// Every entry shares one copy of the core: an error of one is an error of the other.
assert.deepEqual(await flow(Channel.from([1, 2], 1)).toArray(), [1, 2]);
await assert.rejects(new Gate({ paused: true }).opened({ timeout: 0 }), TimeoutError);

const jobs = new BoundedQueue(1);
jobs.close();
await assert.rejects(jobs.take(), ChannelClosedError);

assert.equal(manifest.name, 'sluice');
assert.equal(manifest.dependencies, undefined, 'no runtime dependency');
await assert.rejects(import('sluice/dist/channel.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
