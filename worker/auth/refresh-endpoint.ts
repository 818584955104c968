/** A token source that asks an HTTP endpoint of the app, so that a token can be refreshed while no tab can answer. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import { systemClock, type Clock } from '../clock.js';
import { endpointUrl } from './endpoint-url.js';
import { withRefreshLock, type LockManagerLike } from './refresh-lock.js';
import { readTokenAnswer, refusalOf } from './token-answer.js';
import type { FetchedToken, TokenSource } from './token-source.js';

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

  return {
    kind: 'endpoint',
    async fetch(signal) {
      const answer = await withRefreshLock(deps.locks, deps.clock, shown, 2 * timeoutMs, signal, () => request(signal));
      // The app's own `parse` runs here, outside the lock.
      if (answer.status >= 200 && answer.status < 300) return readTokenAnswer(answer.text, shown, options.parse);
      throw refusalOf(answer.status, answer.text, shown);
    },
  };

  async function request(signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
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

function requestInit(options: RefreshEndpointOptions): RequestInit {
  const headers = new Headers({ Accept: 'application/json', ...options.headers });
  const init: RequestInit = {
    method: options.method ?? 'POST',
    headers,
    credentials: options.credentials ?? 'same-origin',
    cache: 'no-store',
  };
  if (options.body === undefined) return init;
  if (typeof options.body === 'string') return { ...init, body: options.body };
  if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
  return { ...init, body: JSON.stringify(options.body) };
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
