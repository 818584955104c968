/** What `stream()` gives: SignalR's `Subject` as its subscribers see it. */
import type { IStreamResult, IStreamSubscriber, ISubscription } from '@microsoft/signalr';

/** A stream on its way from the hub, and the end by which its items are fed in. */
export interface IncomingStream<T> {
  readonly result: IStreamResult<T>;
  next(item: T): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * As in SignalR: items that come before the first `subscribe` are lost, subscribers are told in their order, one that throws keeps
 * the later ones from being told this once, and disposing of the last one cancels the stream.
 *
 * @param cancel - Called once at most, and never after the end of the stream.
 * @param onThrow - A subscriber threw.
 */
export function createStreamResult<T>(cancel: () => void, onThrow: (error: unknown) => void): IncomingStream<T> {
  // Changed in place while it is being walked through, as in SignalR: who subscribes in `next` gets the same item.
  const subscribers: IStreamSubscriber<T>[] = [];
  let isOver = false;

  function tell(what: (subscriber: IStreamSubscriber<T>) => void): void {
    if (isOver) return;
    try {
      for (const subscriber of subscribers) what(subscriber);
    } catch (error) {
      onThrow(error);
    }
  }

  return {
    result: {
      subscribe(subscriber): ISubscription<T> {
        subscribers.push(subscriber);
        return {
          dispose() {
            const index = subscribers.indexOf(subscriber);
            if (index > -1) subscribers.splice(index, 1);
            if (subscribers.length > 0 || isOver) return;
            isOver = true;
            cancel();
          },
        };
      },
    },
    next: (item) => tell((subscriber) => subscriber.next(item)),
    error(error) {
      // JavaScript callers may leave these two out.
      tell((subscriber) => subscriber.error?.(error));
      isOver = true;
    },
    complete() {
      tell((subscriber) => subscriber.complete?.());
      isOver = true;
    },
  };
}
