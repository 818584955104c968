/** Server-sent events over `fetch`, with the token in the header: the platform's own EventSource cannot send one. */
import { EventSource as FetchEventSource } from 'eventsource';
import { takeToken, type Bearer } from './bearer.js';
import type { Answer } from './retry-after.js';

export interface BearerEventSourceDeps {
  readonly bearer: Bearer;
  /** The hub's extra headers. SignalR does not pass them on to an event source. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborting it closes every source of a connection that was given up: SignalR forgets one that is still connecting. */
  readonly signal?: AbortSignal;
  /** The hub has answered, before the answer is read. */
  readonly onAnswer?: (answer: Answer) => void;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

interface SourceInit {
  readonly withCredentials?: boolean;
}

/** What SignalR's `EventSource` option takes; a cast to the platform's type is safe for what SignalR uses of it. */
export type BearerEventSource = new (url: string | URL, init?: SourceInit) => FetchEventSource;

/** Makes the class for SignalR's `EventSource` option. */
export function createBearerEventSource(deps: BearerEventSourceDeps): BearerEventSource {
  const {
    bearer,
    signal,
    fetch: send = (input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, init),
  } = deps;

  return class extends FetchEventSource {
    constructor(url: string | URL, init: SourceInit = {}) {
      signal?.throwIfAborted();
      const target = new URL(url);
      const given = takeToken(target);
      super(target, {
        withCredentials: init.withCredentials ?? false,
        fetch: async (to, request) => {
          const ended = request.signal as AbortSignal;
          const first = given ?? (await bearer.get(ended));
          const response = await open(to, request, first);
          if (response.status !== 401 || first === null || given !== null) return emptied(response);
          const next = await bearer.replace(first, ended);
          if (next === null) return emptied(response);
          void response.body?.cancel().catch(() => undefined);
          const second = await open(to, request, next);
          if (second.status === 401) bearer.refuse(next);
          return emptied(second);
        },
      });
      const giveUp = (): void => {
        this.close();
        // `eventsource` arms its reconnect timer after the event; closing again takes that away too. SignalR decides on reconnects.
        queueMicrotask(() => this.close());
        signal?.removeEventListener('abort', giveUp);
      };
      this.addEventListener('error', giveUp);
      signal?.addEventListener('abort', giveUp);
      this.#unlink = () => signal?.removeEventListener('abort', giveUp);

      async function open(to: string | URL, request: RequestInit, token: string | null): Promise<Response> {
        const response = await send(to, {
          ...request,
          headers: {
            ...deps.headers,
            ...(request.headers as Record<string, string>),
            ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
          },
          // `eventsource` leaves this out where there is no `window`, as in a worker.
          credentials: init.withCredentials === true ? 'include' : 'same-origin',
        });
        deps.onAnswer?.(response);
        return response;
      }
    }

    readonly #unlink: () => void;

    override close(): void {
      super.close();
      this.#unlink();
    }
  };
}

/** An answer that is no event stream is not read by `eventsource`: its body would hold the connection. */
function emptied(response: Response): Response {
  if (response.status !== 200 || !(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    void response.body?.cancel().catch(() => undefined);
  }
  return response;
}
