// A stranger's ESM program: imports the package by its name, and only what `exports` gives.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { BoundedQueue, Channel, ChannelClosedError, TimeoutError } from 'sluice';
import { Gate } from 'sluice/control';
import { report } from 'sluice/diagnostics';
import { flow } from 'sluice/flow';
import { fromReadable, toReadable } from 'sluice/node';
import { toObservable } from 'sluice/observable';
import { observe } from 'sluice/otel';
import { fromPublisher, toPublisher } from 'sluice/reactive';
import { verifyPublisher } from 'sluice/reactive/verify';
import { fromReadableStream, toReadableStream } from 'sluice/web';
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

// The bridges, by their names; each stands on the same core.
const readable = toReadable(Channel.from([1, 2, 3], 1));
assert.deepEqual(await readable.toArray(), [1, 2, 3]);
assert.equal(await fromReadable(Readable.from(['a'])).receive(), 'a');
assert.equal(await fromReadableStream(toReadableStream(Channel.from(['a'], 1))).receive(), 'a');
assert.deepEqual(await fromPublisher(toPublisher(Channel.from([1, 2], 1)), 2).receive(), 1);
const seen = [];
await new Promise((complete) =>
  toObservable(Channel.from([1, 2], 1)).subscribe({ next: (n) => seen.push(n), complete }),
);
assert.deepEqual(seen, [1, 2]);
for (const verify of [verifyPublisher, observe, report]) assert.equal(typeof verify, 'function');
const full = new Channel(1, { name: 'full' });
full.trySend(1);
const blocked = full.send(2);
assert.equal(report().find(({ name }) => name === 'full')?.waits[0]?.kind, 'send');
full.drain();
await blocked;

const jobs = new BoundedQueue(1);
jobs.close();
await assert.rejects(jobs.take(), ChannelClosedError);

assert.equal(manifest.name, 'sluice');
assert.equal(manifest.dependencies, undefined, 'no runtime dependency');
await assert.rejects(import('sluice/dist/channel.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
