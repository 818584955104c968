/** A token source that asks an HTTP endpoint of the app, so that a token can be refreshed while no tab can answer. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import { systemClock, type Clock } from '../clock.js';
import { endpointUrl } from './endpoint-url.js';
import { createKeptTokens, memoryVault, noRefreshToken, type Grant } from './kept-tokens.js';
import { withRefreshLock, type LockManagerLike } from './refresh-lock.js';
import { readRefreshToken, readTokenAnswer, refusalOf } from './token-answer.js';
import type { FetchedToken, TokenSource } from './token-source.js';
import type { OpenVault, TokenVault } from './vault.js';

export interface RefreshEndpointOptions {
  /** Default `POST`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is; anything else as JSON. Default: no body, for the refresh token is in an HttpOnly cookie. */
  readonly body?: unknown;
  /**
   * Default `same-origin`: the refresh cookie belongs to the app's own origin, and a mistyped URL must not carry it elsewhere.
   * `include` for an endpoint on another origin, which then has to allow credentials by CORS.
   */
  readonly credentials?: RequestCredentials;
  /** Milliseconds for the request with its body. Default 10 000. */
  readonly timeoutMs?: number;
  /** Finds the token in the answer. Default: `accessToken`, `access_token` or `token`, with `expiresIn` or `expires_in` in seconds. */
  readonly parse?: (answer: unknown) => FetchedToken;
  /**
   * `tokenVault()`: a token that is still good survives the end of the worker, so that a reload asks for none; and two builds of the
   * app share each new one. With it `parse` runs while other workers wait. Default: memory.
   */
  readonly vault?: TokenVault;
  /** For an endpoint that gives the refresh token in its answer, in place of a cookie. No tab ever gets it. */
  readonly refreshToken?: RefreshTokenOptions;
}

export interface RefreshTokenOptions {
  /**
   * The body of the request, as `body` of the endpoint; for example `(token) => (token === null ? undefined : { refreshToken: token })`.
   *
   * @param refreshToken - The last one that the endpoint gave; `null`: none yet, or the user has signed out.
   * @returns `undefined`: nothing can be sent without one, so the user has to sign in.
   */
  readonly body: (refreshToken: string | null) => unknown;
  /** Finds the next one in the answer. Default: `refreshToken` or `refresh_token`. None: the one that was sent stays good. */
  readonly read?: (answer: unknown) => unknown;
}

/** What the source takes from the platform; tests give their own. */
export interface RefreshEndpointDeps {
  readonly fetch: typeof fetch;
  readonly locks: LockManagerLike | undefined;
  readonly clock: Clock;
  /** What a relative URL is relative to. */
  readonly baseUrl: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** What a vault takes at most beside the request: a few steps that have a limit each. */
const VAULT_TIME_MS = 10_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Refreshes at `url`, resolved against the worker's script.
 *
 * Two builds of an app run two workers for a while; where the refresh token rotates, two refreshes at once look like theft and end
 * the session. So the request runs under a Web Lock that both share. Nothing but the request runs under it, and it has a limit.
 *
 * @throws {HubshareError} `option-invalid` at once, if the URL or an option cannot work.
 */
export function refreshEndpoint(
  url: string | URL,
  options: RefreshEndpointOptions = {},
  deps: RefreshEndpointDeps = platform(),
): TokenSource {
  const target = endpointUrl(url, deps.baseUrl);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    throw new HubshareError(
      wireError('option-invalid', 'refreshEndpoint(): timeoutMs must be a number of milliseconds above 0.', {
        option: 'timeoutMs',
      }),
    );
  }
  const shown = target.origin + target.pathname;
  const init = requestInit(options);
  const source = { kind: 'endpoint', url: target.href } as const;
  const locked = <T>(signal: AbortSignal, waitLimitMs: number, work: () => Promise<T>): Promise<T> =>
    withRefreshLock(deps.locks, deps.clock, shown, waitLimitMs, signal, work);

  if (options.vault === undefined && options.refreshToken === undefined) {
    return {
      ...source,
      // The app's own `parse` runs outside the lock.
      fetch: async (signal) => readToken(await locked(signal, 2 * timeoutMs, () => request(init, signal))),
    };
  }

  let note: (text: string) => void = () => undefined;
  const kept = createKeptTokens({ vault: openVault(), clock: deps.clock, request: requestKept });
  return {
    ...source,
    fetch: (signal) => locked(signal, 2 * timeoutMs + VAULT_TIME_MS, () => kept.next(signal)),
    forget: () => kept.forget(),
    onStored: (mayGive) => kept.onStored(mayGive),
    onNote: (listener) => {
      note = listener;
    },
  };

  function openVault(): OpenVault {
    const { origin } = new URL(deps.baseUrl ?? target.href);
    const place = { origin, endpoint: shown };
    return options.vault?.open(place, { clock: deps.clock, onNote: (text) => note(text) }) ?? memoryVault();
  }

  async function requestKept(refreshToken: string | null, signal: AbortSignal): Promise<Grant> {
    const { body, read } = options.refreshToken ?? {};
    const answer = await request(body === undefined ? init : requestInit(options, bodyFor(body, refreshToken)), signal);
    const fetched = readToken(answer);
    return { fetched, refreshToken: body === undefined ? undefined : readRefreshToken(answer.text, shown, read) };
  }

  function bodyFor(body: RefreshTokenOptions['body'], refreshToken: string | null): unknown {
    let made: unknown;
    try {
      made = body(refreshToken);
    } catch {
      // What the app's function threw may quote the token, so it is not passed on.
      const message = 'The refreshToken.body function given to refreshEndpoint() threw.';
      throw new HubshareError(wireError('token-unavailable', message, {}));
    }
    if (made === undefined) throw noRefreshToken(shown);
    return made;
  }

  function readToken({ status, text }: Answer): FetchedToken {
    if (status >= 200 && status < 300) return readTokenAnswer(text, shown, options.parse);
    throw refusalOf(status, text, shown);
  }

  async function request(init: RequestInit, signal: AbortSignal): Promise<Answer> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    let timedOut = false;
    const disarm = deps.clock.setTimeout(() => {
      timedOut = true;
      stop();
    }, timeoutMs);
    signal.addEventListener('abort', stop);
    try {
      signal.throwIfAborted();
      const response = await deps.fetch(target.href, { ...init, signal: abort.signal });
      return { status: response.status, text: await response.text() };
    } catch {
      // The platform's own error is left out on purpose: it may quote the URL or a header.
      signal.throwIfAborted();
      if (timedOut) {
        throw new HubshareError(
          wireError('token-timed-out', `The token endpoint ${shown} gave no answer in ${timeoutMs} ms.`, {
            afterMs: timeoutMs,
          }),
        );
      }
      throw new HubshareError(
        wireError(
          'token-unavailable',
          `The token endpoint ${shown} could not be reached. Check the network, CORS, and the connect-src of the worker script's own Content-Security-Policy.`,
          {},
        ),
      );
    } finally {
      disarm();
      signal.removeEventListener('abort', stop);
    }
  }
}

function requestInit(options: RefreshEndpointOptions, body: unknown = options.body): RequestInit {
  const headers = new Headers({ Accept: 'application/json', ...options.headers });
  const init: RequestInit = {
    method: options.method ?? 'POST',
    headers,
    credentials: options.credentials ?? 'same-origin',
    cache: 'no-store',
  };
  if (body === undefined) return init;
  if (typeof body === 'string') return { ...init, body };
  if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
  return { ...init, body: JSON.stringify(body) };
}

function platform(): RefreshEndpointDeps {
  return {
    // Looked up at each call, so that a later patch of `fetch` counts; bound, for a bare `fetch` throws "Illegal invocation".
    fetch: (input, init) => globalThis.fetch(input, init),
    // Absent where the context is not secure.
    locks: (globalThis as { navigator?: { locks?: LockManagerLike } }).navigator?.locks,
    clock: systemClock,
    baseUrl: (globalThis as { location?: { href?: string } }).location?.href,
  };
}
