/** HTTP requests that tabs have the worker send with its token, so that no tab needs the token at all. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { FetchAnswer, FetchRequest } from '../../src/contract/fetch.js';
import type { Clock } from '../clock.js';
import type { Tab } from '../tabs/tab.js';
import type { AccessToken } from './access-token.js';
import { exchange } from './fetch-exchange.js';
import { checkTarget, fetchRefused, type FetchRules } from './fetch-target.js';
import { createRefusalPace, type RefusalPace } from './refusal-pace.js';
import type { TokenBroker } from './token-broker.js';
import { orAborted } from '../or-aborted.js';

export interface FetchLimits {
  /** Bytes of a request's body. */
  readonly maxRequestBytes: number;
  /** Bytes of an answer's body. */
  readonly maxAnswerBytes: number;
  /** Requests of one tab that are on their way at the same time. */
  readonly maxAtOnce: number;
}

export const DEFAULT_FETCH_LIMITS: FetchLimits = {
  maxRequestBytes: 10 * 1024 * 1024,
  maxAnswerBytes: 50 * 1024 * 1024,
  maxAtOnce: 100,
};

export interface AuthorizedFetchDeps {
  readonly rules: FetchRules;
  readonly limits: FetchLimits;
  readonly clock: Clock;
  /** Whether two tokens are known to be those of different users. */
  readonly isOtherUser: (one: AccessToken, other: AccessToken) => boolean;
  /** A request was refused. The text names no query. */
  readonly onRefused: (error: HubshareError<'fetch-refused'>) => void;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

/** What is needed of a tab. */
export type FetchingTab = Pick<Tab, 'id' | 'gone' | 'away' | 'back'>;

export interface AuthorizedFetch {
  /** How many are on their way. */
  readonly open: number;
  /**
   * Sends the request with the token of `broker`. After a 401 the token is refreshed and the request sent once more: the server has
   * refused to look at it, so nothing is done twice. A second 401, or a refresh that fails, leaves the tab with the 401.
   *
   * @param broker - Whose token; `null`: the hub is anonymous.
   * @param isAttached - Asked when the token is there: a tab that has let the hub go, or was sent away, may be of another user.
   * @throws {HubshareError} `fetch-refused`, `fetch-failed`; `token-unavailable` and the other codes of `broker.get`;
   *   `signed-out` or `identity-changed` when the user has gone meanwhile: the answer is not delivered; `stopped` after `abort`,
   *   or when the tab has gone.
   */
  send(
    tab: FetchingTab,
    request: FetchRequest,
    broker: TokenBroker | null,
    isAttached: () => boolean,
  ): Promise<FetchAnswer>;
  /** A request that has ended is no error. */
  abort(tab: FetchingTab, requestId: string): void;
}

export function createAuthorizedFetch(deps: AuthorizedFetchDeps): AuthorizedFetch {
  const { rules, limits, clock } = deps;
  // Looked up at each call, so that a later patch of `fetch` counts.
  const fetch = deps.fetch ?? ((input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, init));
  /** By tab and request. */
  const open = new Map<string, Map<string, AbortController>>();
  /** By sign-in: what one user's token was refused for says nothing of the next one's. */
  const paces = new WeakMap<AbortSignal, RefusalPace>();

  function paceOf(signedIn: AbortSignal): RefusalPace {
    const known = paces.get(signedIn);
    if (known !== undefined) return known;
    const pace = createRefusalPace(clock);
    paces.set(signedIn, pace);
    return pace;
  }

  function check(tab: FetchingTab, request: FetchRequest): URL {
    const target = checkTarget(request, rules);
    const { origin } = target;
    const { maxRequestBytes, maxAtOnce } = limits;
    if (request.body !== null && request.body.byteLength > maxRequestBytes) {
      throw fetchRefused(
        origin,
        `the body is longer than ${maxRequestBytes} bytes (fetchLimits.maxRequestBytes of serveHubs()).`,
      );
    }
    const own = open.get(tab.id);
    if (own?.has(request.requestId) === true) throw fetchRefused(origin, 'a request of the same id is on its way.');
    if ((own?.size ?? 0) >= maxAtOnce) {
      throw fetchRefused(
        origin,
        `${maxAtOnce} requests of this tab are on their way (fetchLimits.maxAtOnce of serveHubs()).`,
      );
    }
    return target;
  }

  /** Registers the request under all that may end it; the result lets go of all. */
  function follow(tab: FetchingTab, request: FetchRequest, broker: TokenBroker, abort: AbortController): () => void {
    const { signedIn } = broker;
    const signOut = (): void => abort.abort(signedIn.reason);
    const leave = (): void => abort.abort(noLongerWanted());
    signedIn.addEventListener('abort', signOut);
    // A request that is to outlive its page does.
    if (!request.keepalive) tab.gone.addEventListener('abort', leave);
    if (signedIn.aborted) signOut();
    else if (tab.gone.aborted) leave();
    // Told before anyone who waits for the token goes on: no request of one user leaves with the token of another.
    const unlisten = broker.onToken((token, previous) => {
      if (previous !== null && deps.isOtherUser(token, previous)) abort.abort(otherUser());
    });
    const own = open.get(tab.id) ?? new Map<string, AbortController>();
    open.set(tab.id, own);
    own.set(request.requestId, abort);
    return () => {
      signedIn.removeEventListener('abort', signOut);
      tab.gone.removeEventListener('abort', leave);
      unlisten();
      own.delete(request.requestId);
      if (own.size === 0) open.delete(tab.id);
    };
  }

  async function run(
    request: FetchRequest,
    target: URL,
    broker: TokenBroker,
    isAttached: () => boolean,
    signal: AbortSignal,
  ): Promise<FetchAnswer> {
    const pace = paceOf(broker.signedIn);
    const options = { fetch, maxAnswerBytes: limits.maxAnswerBytes, signal };
    const token = await broker.get({ signal });
    if (token === null) throw noToken();
    if (!isAttached()) throw noLongerWanted();
    const answer = await exchange(request, target, token.token, options);
    if (answer.status !== 401) return answer;
    const next = await pace.replace(broker, token.token);
    if (next === null) return answer;
    const second = await exchange(request, target, next, options);
    pace.judge(next, second.status !== 401);
    return second;
  }

  return {
    get open() {
      return [...open.values()].reduce((sum, own) => sum + own.size, 0);
    },

    async send(tab, request, broker, isAttached) {
      let target: URL;
      try {
        target = check(tab, request);
      } catch (error) {
        deps.onRefused(error as HubshareError<'fetch-refused'>);
        throw error;
      }
      if (broker === null) throw noToken();
      const abort = new AbortController();
      const { signal } = abort;
      const unfollow = follow(tab, request, broker, abort);
      try {
        const answer = await orAborted(run(request, target, broker, isAttached, signal), signal);
        // Nothing is posted to a page that is frozen; by the time that it is back, the user may be another.
        while (tab.away.aborted && !tab.gone.aborted) await orAborted(tab.back(), signal);
        signal.throwIfAborted();
        return answer;
      } catch (error) {
        if (error instanceof HubshareError && error.code === 'fetch-refused')
          deps.onRefused(error as HubshareError<'fetch-refused'>);
        throw error;
      } finally {
        unfollow();
      }
    },

    abort(tab, requestId) {
      open.get(tab.id)?.get(requestId)?.abort(noLongerWanted());
    },
  };
}

function noToken(): HubshareError<'token-unavailable'> {
  const message =
    'This hub is used without a token, so authorizedFetch() has none to send: use fetch(), or give withUrl() an accessTokenFactory or serveHubs() an accessToken source.';
  return new HubshareError(wireError('token-unavailable', message, {}));
}

function noLongerWanted(): HubshareError<'stopped'> {
  return new HubshareError(wireError('stopped', 'The tab wants the answer no more, or has gone.', {}));
}

function otherUser(): HubshareError<'identity-changed'> {
  const message = 'Another user has signed in: the request was of the one before, and its answer is not passed on.';
  return new HubshareError(wireError('identity-changed', message, {}));
}
