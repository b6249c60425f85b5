// A Node stream of objects in `for await` as a receiver of sluice, against `for await` over the stream itself.
// @ts-check
import { Readable } from 'node:stream';
import { timed } from '../bridged.mjs';
import { tallied } from '../steps.mjs';

const ITEMS = 10_000;

function source() {
  let item = 0;
  return new Readable({
    objectMode: true,
    read() {
      this.push(item < ITEMS ? ++item : null);
    },
  });
}

/** @type {import('../types.d.ts').PairWorkload} */
export default {
  mark: { title: 'fromReadable in for await ÷ for await over the stream', unit: '×', atMost: 1 },
  pair: ({ shipped }) => ({
    measured: () => timed(ITEMS, () => tallied(shipped.fromReadable(source()))),
    compared: () => timed(ITEMS, () => tallied(source())),
  }),
};
