// rsocket-core on either side of a bridge: the recipe of the guide.

import type { Publisher, Subscription } from 'sluice/reactive';
import type { Payload, RSocket } from 'rsocket-core';

type Stream = Parameters<RSocket['requestStream']>[2];
type Handle = ReturnType<RSocket['requestStream']>;

/** What a peer streams, as a publisher. The first request opens the stream. */
export const streamed = (peer: RSocket, payload: Payload): Publisher<Payload> => ({
  subscribe(subscriber) {
    let [handle, over] = [undefined as Handle | undefined, false];
    const onExtension = (): void => {};
    const onComplete = (): void => subscriber.onComplete();
    const onError = (error: Error): void => subscriber.onError(error);
    const onNext = (item: Payload, isLast: boolean): void => {
      subscriber.onNext(item);
      if (isLast) onComplete();
    };
    subscriber.onSubscribe({
      request(n) {
        if (handle !== undefined) handle.request(n);
        else if (!over) handle = peer.requestStream(payload, n, { onNext, onError, onComplete, onExtension });
      },
      cancel() {
        over = true;
        handle?.cancel();
      },
    });
  },
});

/** Answers a peer that asks for a stream with a publisher. */
export const answered = (publisher: Publisher<Payload>, initial: number, stream: Stream): Handle => {
  let subscription: Subscription | undefined;
  publisher.subscribe({
    onSubscribe: (given) => (subscription = given).request(initial),
    onNext: (item) => stream.onNext(item, false),
    onError: (error) => stream.onError(error as Error),
    onComplete: () => stream.onComplete(),
  });
  return {
    request: (n) => subscription?.request(n),
    cancel: () => subscription?.cancel(),
    onExtension() {},
  };
};
