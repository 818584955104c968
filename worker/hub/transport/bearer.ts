/** Which token the requests of one hub carry: the broker's, or the one that a redirecting negotiate has handed over. */
import { HubshareError, wireError } from '../../../src/contract/errors.js';
import type { TokenBroker } from '../../auth/token-broker.js';

export interface Bearer {
  /** The token in hand, for those that cannot wait. */
  peek(): string | null;
  /** `null`: an anonymous hub. Rejects with a `HubshareError` when there should be a token and is none. */
  get(signal?: AbortSignal): Promise<string | null>;
  /**
   * The hub answered 401 to this token. Gives the next one to try, or `null` if there is none to try.
   * Rejects with a `HubshareError` when it could not be had.
   */
  replace(token: string, signal?: AbortSignal): Promise<string | null>;
  /** The hub answered 401 to this token, and there is no further try. */
  refuse(token: string): void;
  /** The broker's token that a request carried last; `null` if none did. */
  readonly presented: string | null;
}

/** The bearer of one hub, for as long as that is open. */
export interface HubBearer extends Bearer {
  /**
   * The hub is closed for good, perhaps because its user has gone. What is still on its way goes on with the token of the connection
   * (long polling says goodbye by a request); nobody is asked for another one, which might be the next user's.
   */
  close(): void;
}

/** The bearer of one start, from negotiate to the last request: what its negotiate hands over ends with it. */
export interface RedirectableBearer extends Bearer {
  /** A negotiate handed over a token for the service that it points to; from here on the broker's is given to nobody. */
  redirect(token: string): void;
  readonly isRedirected: boolean;
}

export function createBearer(broker: TokenBroker): HubBearer {
  let presented: string | null = null;
  let isClosed = false;

  function present(token: string | null): string | null {
    if (token !== null) presented = token;
    return token;
  }

  async function get(signal?: AbortSignal): Promise<string | null> {
    if (isClosed) return last(signal);
    return present((await broker.get({ signal }))?.token ?? null);
  }

  function last(signal?: AbortSignal): string {
    signal?.throwIfAborted();
    if (presented === null) throw new HubshareError(wireError('stopped', 'The connection to the hub is closed.', {}));
    return presented;
  }

  return {
    peek: () => (isClosed ? presented : present(broker.peek()?.token ?? null)),
    get,
    async replace(token, signal) {
      if (isClosed) return null;
      broker.refuse(token);
      const next = await get(signal);
      return next === token ? null : next;
    },
    refuse(token) {
      if (!isClosed) broker.refuse(token);
    },
    get presented() {
      return presented;
    },
    close() {
      isClosed = true;
    },
  };
}

export function redirectableBearer(bearer: Bearer): RedirectableBearer {
  let handedOver: string | null = null;
  return {
    peek: () => handedOver ?? bearer.peek(),
    get: async (signal) => handedOver ?? bearer.get(signal),
    async replace(token, signal) {
      // Only a new negotiate brings a new token for a redirect; the broker's must not go there in its place.
      if (handedOver === null) return bearer.replace(token, signal);
      return token === handedOver ? null : handedOver;
    },
    refuse(token) {
      if (handedOver === null) bearer.refuse(token);
    },
    redirect(token) {
      handedOver = token;
    },
    get isRedirected() {
      return handedOver !== null;
    },
    get presented() {
      return bearer.presented;
    },
  };
}

/** Takes `access_token` out of a URL: the second line of defence, for a SignalR that was handed a token after all. */
export function takeToken(url: URL): string | null {
  const token = url.searchParams.get('access_token');
  url.searchParams.delete('access_token');
  return token === '' ? null : token;
}
