// `for await` over a stream of ours: Node's own iterator, and a short way for items that are there.
//
// Guarantee: nobody who reads, iterates or listens can tell it from Node's own. The short way is taken only while that one
// rests between two items: it has begun, so it sees to all that happens to the stream; nobody waits for it, and nobody has
// left it.
//
// Why: a stream that buffers nothing schedules a tick for each item that goes through it, even for one that is there.

import type { Readable } from 'node:stream';
import { NOTHING } from '../bridge/asking.js';

/** Gives the stream an iterator that takes what `past` has: an item, or NOTHING. */
export function shorten(stream: Readable, past: () => unknown): void {
  const iterate = stream[Symbol.asyncIterator];
  const value = (): AsyncGenerator => shortened(iterate.call(stream) as AsyncGenerator, past);
  Object.defineProperty(stream, Symbol.asyncIterator, { value, configurable: true, writable: true });
}

function shortened(iterator: AsyncGenerator, past: () => unknown): AsyncGenerator {
  const next = iterator.next.bind(iterator);
  const leave = iterator.return.bind(iterator);
  let rests = false;
  let waiting = 0;
  let left = false;
  const answered = (answer?: IteratorResult<unknown>): void => {
    waiting--;
    rests = answer?.done === false && waiting === 0 && !left;
  };
  const failed = (): void => answered();
  iterator.next = () => {
    const item = rests ? past() : NOTHING;
    if (item !== NOTHING) return Promise.resolve({ done: false, value: item });
    rests = false;
    waiting++;
    const answer = next();
    answer.then(answered, failed);
    return answer;
  };
  iterator.return = (value) => {
    rests = false;
    left = true;
    return leave(value);
  };
  return iterator;
}
