// A stranger's TypeScript program over the bridges that are not Node's alone. Compiled and run as consumer.ts is.

import { Channel, type Receiver, type Sender } from 'sluice';
import { fromObservable, toObservable } from 'sluice/observable';
import { type MeterLike, observe } from 'sluice/otel';
import {
  fromPublisher,
  type Publisher,
  type Subscriber,
  toProcessor,
  toPublisher,
  toSubscriber,
} from 'sluice/reactive';
import { type RuleResult, verifyPublisher } from 'sluice/reactive/verify';
import { fromReadableStream, fromWritableStream, toReadableStream, toWritableStream } from 'sluice/web';

async function streams(): Promise<string> {
  const words = new Channel<string>(2);
  const sender: Sender<string> = fromWritableStream<string>(toWritableStream(words));
  await sender.send('hello');
  void sender.close();
  const receiver: Receiver<string> = fromReadableStream<string>(toReadableStream(words));
  return (await receiver.receive()) ?? 'nothing';
}

async function reactive(): Promise<number> {
  const numbers: Publisher<number> = toPublisher(Channel.from([1, 2, 3], 1));
  const doubled = toProcessor<number, number>(async function* (items) {
    for await (const item of items) yield item * 2;
  }, 2);
  numbers.subscribe(doubled);
  const last = new Channel<number>(4);
  const subscriber: Subscriber<number> = toSubscriber(last);
  doubled.subscribe(subscriber);
  let sum = 0;
  for await (const item of last) sum += item;
  for await (const item of fromPublisher(toPublisher(Channel.from([1], 1)), 1)) sum += item;
  const results: AsyncIterable<RuleResult> = verifyPublisher((elements) =>
    toPublisher(
      Channel.from(
        Array.from({ length: Math.min(elements, 9) }, (_, i) => i),
        1,
      ),
    ),
  );
  void results;
  return sum;
}

async function observables(): Promise<string> {
  const letters = fromObservable(toObservable(Channel.from(['a', 'b'], 1)), 4, { overflow: 'error' });
  let text = '';
  for await (const letter of letters) text += letter;
  return text;
}

export async function main(meter?: MeterLike): Promise<string> {
  if (meter !== undefined) observe(new Channel<number>(1, { name: 'orders' }), meter);
  return [await streams(), await reactive(), await observables()].join(' ');
}

void main().then((said) => {
  if (said !== 'hello 13 ab') throw new Error(said);
});
