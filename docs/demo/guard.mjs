// @ts-check
// When the reader stops: before it hurts the machine, in time for what is queued to be done, or where it was told to.
// Guarantee: asked after every record; the first reason that holds is the one that is reported.

import { availableMemory } from 'node:process';
import { freemem } from 'node:os';

/** @typedef {import('./meter.mjs').Meter} Meter */
/**
 * 'end': the input is read; 'memory': the limit; 'work': what is queued is work for all the time that is left; 'time': it
 * is over; 'same': all is read that the other half wrote; 'abort': Ctrl-C.
 *
 * @typedef {'end' | 'memory' | 'work' | 'time' | 'same' | 'abort'} Stop
 */

const MOST_BYTES = 384_000_000;
const MOST_SHARE = 0.25;
/** Room to show something on a machine that has next to none: a bare Node process takes some 50 MB. */
const LEAST_BYTES = 96_000_000;

/** Asking for the memory costs some microseconds: not for every record. */
const LOOK_EVERY_BYTES = 500_000;
/** Before that share of the time, and with so few records written, nobody knows how fast the consumers are. */
const WARM_UP = 0.2;
const FEW = 50;
/** The queue is to be worked off a little before the time is over. */
const SAFETY = 0.8;

/** The memory, in bytes (rss), at which a half stops itself: asked for before anything runs. */
export function memoryLimit() {
  const free = availableMemory?.() ?? freemem();
  return Math.round(Math.max(LEAST_BYTES, Math.min(MOST_BYTES, free * MOST_SHARE)));
}

/** The limit in words. */
export const LIMIT_RULE = `the smaller of ${MOST_BYTES / 1e6} MB and ${MOST_SHARE * 100} % of the free memory`;

/**
 * @param {Meter} meter
 * @param {{ limit: number, time: number, records: number }} bounds bytes, milliseconds, records
 * @param {AbortSignal} signal whose reason is a Stop
 * @returns {() => Stop | undefined}
 */
export function guard(meter, { limit, time, records }, signal) {
  const planned = Number.isFinite(records); // then how much there is to do is settled
  let looked = 0;
  return () => {
    if (signal.aborted) return signal.reason;
    if (meter.read.records >= records) return 'same';
    if (meter.read.bytes - looked >= LOOK_EVERY_BYTES) {
      looked = meter.read.bytes;
      if (meter.rss() >= limit) return 'memory';
    }
    const { elapsed } = meter;
    const left = time * SAFETY - elapsed;
    if (left <= 0) return 'time';
    const known = elapsed > time * WARM_UP && meter.written.records >= FEW;
    const speed = meter.written.bytes / elapsed;
    if (!planned && known && meter.waiting >= speed * left) return 'work';
    return undefined;
  };
}
