/** The streams among the arguments of one call, on their way to the hub: one piece at a time, and what comes meanwhile goes with the next. */
import type { UploadPiece } from '../contract/rpc.js';
import type { Stay } from './tab-client.js';

/** A stream as an app gives it: SignalR's `Subject`, an `Observable` of RxJS, or anything else with such a `subscribe`. */
export interface StreamSource {
  subscribe(observer: { next(item: unknown): void; error(error: unknown): void; complete(): void }): unknown;
}

export interface Uploads {
  /** The worker has taken the call: what is queued goes out, and from here on whatever comes. */
  begin(stay: Stay): void;
  /** The items go to a worker. */
  readonly hasBegun: boolean;
  /**
   * Nobody wants the items any more.
   *
   * @param reason - What the hub is told of the streams that have not ended; left out when it knows, or cannot be told.
   * @param issuedIn - Where the call was given to the worker, if `begin` was not called yet.
   */
  end(reason?: string, issuedIn?: Stay | null): void;
}

interface Queue {
  items: unknown[];
  end: UploadPiece['end'];
}

/**
 * Subscribes at once, as SignalR does, and keeps what comes until `begin`.
 *
 * @param form - Brings an item into the form in which the hub gets it. What it throws ends the stream with that error.
 * @param onOver - Every stream has ended, and its last piece was sent.
 */
export function startUploads(
  { hub, callId }: { readonly hub: string; readonly callId: string },
  sources: readonly StreamSource[],
  form: (item: unknown) => unknown,
  onOver: () => void,
): Uploads {
  /** In the order in which the streams had something to send. */
  const queues = new Map<number, Queue>();
  /** What ends the subscription of each stream that has not ended. */
  const open = new Map<number, () => void>();
  let stay: Stay | null = null;
  let isSending = false;
  let isOver = false;

  function queue(stream: number): Queue {
    const known = queues.get(stream);
    if (known !== undefined) return known;
    const created: Queue = { items: [], end: null };
    queues.set(stream, created);
    return created;
  }

  function finish(stream: number, error: string | null): void {
    const unsubscribe = open.get(stream);
    if (unsubscribe === undefined) return;
    open.delete(stream);
    queue(stream).end = { error };
    unsubscribe();
    void flush();
  }

  function subscribe(source: StreamSource, stream: number): void {
    let subscription: unknown;
    // Later: a source that calls its observers one after the other must not lose one in the middle of it.
    open.set(stream, () => queueMicrotask(() => unsubscribe(subscription)));
    try {
      subscription = source.subscribe({
        next(item) {
          if (!open.has(stream)) return;
          try {
            queue(stream).items.push(form(item));
          } catch (error) {
            finish(stream, errorText(error));
            return;
          }
          void flush();
        },
        error: (error) => finish(stream, errorText(error)),
        complete: () => finish(stream, null),
      });
    } catch (error) {
      finish(stream, errorText(error));
    }
  }

  async function flush(): Promise<void> {
    if (isSending || stay === null) return;
    isSending = true;
    while (!isOver) {
      const [next] = queues;
      if (next === undefined) break;
      const [stream, { items, end }] = next;
      queues.delete(stream);
      try {
        const reply = await stay.api.upload({ hub, callId, stream, items, end });
        // The call is over: the worker wants no more.
        if (!reply.ok) close();
      } catch {
        close();
      }
    }
    isSending = false;
    if (open.size === 0 && queues.size === 0) close();
  }

  function close(): void {
    if (isOver) return;
    isOver = true;
    queues.clear();
    for (const unsubscribe of open.values()) unsubscribe();
    open.clear();
    onOver();
  }

  sources.forEach(subscribe);
  return {
    begin(present) {
      stay ??= present;
      void flush();
    },
    get hasBegun() {
      return stay !== null;
    },
    end(reason, issuedIn = null) {
      const to = stay ?? issuedIn;
      if (reason !== undefined && to !== null && !isOver) {
        // Also what has ended and waits behind a piece that is in flight.
        for (const stream of new Set([...queues.keys(), ...open.keys()])) {
          const { items, end } = queue(stream);
          to.api.upload({ hub, callId, stream, items, end: end ?? { error: reason } }).catch(() => undefined);
        }
      }
      close();
    },
  };
}

/** SignalR's own way to put an error of a stream into words. */
function errorText(error: unknown): string {
  if (error instanceof Error) return error.message;
  // As in SignalR, whatever an app's object says of itself.
  // eslint-disable-next-line @typescript-eslint/no-base-to-string
  return error ? String(error) : 'Unknown error';
}

/** SignalR's subscriptions have `dispose`, those of others `unsubscribe`. */
function unsubscribe(subscription: unknown): void {
  const given = subscription as { dispose?: () => void; unsubscribe?: () => void } | null | undefined;
  try {
    if (typeof given?.dispose === 'function') given.dispose();
    else if (typeof given?.unsubscribe === 'function') given.unsubscribe();
  } catch {
    // The app's own stream; the call has no more use for it.
  }
}
