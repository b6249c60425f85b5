// A stranger's CJS program, with a second copy of the package in the same process. `cjs` as argument: Node was told that
// it cannot require modules, so that the two copies are the other way round.

'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const sluice = require('sluice');

const ERRORS = ['ChannelClosedError', 'TimeoutError', 'OverflowError', 'TooManyWaitersError'];

/** One error of each kind, made by the package itself. */
async function provoke({ Channel }) {
  const full = new Channel(1, { overflow: 'reject' });
  full.trySend(1);
  const closed = new Channel(1);
  closed.close();
  const nobodyMayWait = new Channel(0, { maxWaiters: 0 });
  const outcomes = await Promise.allSettled([
    closed.send(1),
    new Channel(1).receive({ timeout: 1 }),
    full.send(2),
    nobodyMayWait.send(1),
  ]);
  return outcomes.map(({ reason }) => reason);
}

async function main() {
  const channel = new sluice.Channel(2);
  assert.deepEqual([sluice.Channel.name, sluice.BoundedQueue.name], ['Channel', 'BoundedQueue']);
  await channel.sendAll([1, 2]);
  assert.deepEqual(channel.drain(), [1, 2]);

  const esm = await import('sluice');
  const cjs = require(path.join(__dirname, 'node_modules/sluice/dist/index.cjs'));
  const required = process.argv[2] === 'cjs' ? cjs : esm;
  assert.equal(sluice.Channel, required.Channel, 'the copy that require gives');
  assert.notEqual(esm.Channel, cjs.Channel, 'two copies');
  assert.deepEqual(Object.keys(cjs).sort(), Object.keys(esm).sort(), 'the same names in both');

  for (const [maker, judge] of [
    [esm, cjs],
    [cjs, esm],
    [esm, esm],
    [cjs, cjs],
  ]) {
    const errors = await provoke(maker);
    for (const [at, error] of errors.entries()) {
      for (const name of ERRORS) {
        assert.equal(error instanceof judge[name], name === ERRORS[at], `${error.name} instanceof ${name}`);
      }
      assert.equal(error.name, ERRORS[at]);
    }
    assert.equal(new Error('other') instanceof judge.TimeoutError, false);
    assert.equal({ name: 'TimeoutError' } instanceof judge.TimeoutError, false);
  }
}

void main(); // a rejection ends the process with an error
