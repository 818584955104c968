/** Gives a live connection a new token by `POST {hub}/refresh?id=` (ASP.NET Core 11), without touching its transport. */
import { HubshareError, wireError } from '../../../src/contract/errors.js';
import type { Clock } from '../../clock.js';

export interface RefreshInPlaceRequest {
  /** The hub's own URL, also when negotiate redirected: the app's server knows the connection and tells the service. */
  readonly hubUrl: string;
  readonly connectionToken: string;
  readonly token: string;
  readonly clock: Clock;
  readonly headers?: Readonly<Record<string, string>>;
  /** SignalR's default. */
  readonly withCredentials?: boolean;
  /** Milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

export type RefreshInPlaceResult =
  /** `transportToken`: what a redirected connection's requests carry from now on. */
  | { readonly kind: 'refreshed'; readonly tokenLifetimeSeconds: number | null; readonly transportToken: string | null }
  /** The hub has no such endpoint: use another way. */
  | { readonly kind: 'unsupported' }
  /** The hub does not know the connection any more; its transport will end by itself. */
  | { readonly kind: 'connection-gone' }
  /** The hub does not take this token for this connection: expired, forged, or another user's. */
  | { readonly kind: 'rejected'; readonly httpStatus: number }
  /** No answer, or none that says anything about the token: worth another try. */
  | { readonly kind: 'failed'; readonly error: HubshareError };

/** The one place where a connection token is in a URL of ours: the server has no other way to take it. */
export function refreshUrl(hubUrl: string, connectionToken: string): URL {
  const url = new URL(hubUrl);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/refresh`;
  url.searchParams.set('id', connectionToken);
  url.hash = '';
  return url;
}

/** Never rejects: the outcome is the value. */
export async function refreshInPlace(request: RefreshInPlaceRequest): Promise<RefreshInPlaceResult> {
  const {
    clock,
    timeoutMs = 10_000,
    signal,
    fetch: send = (input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, init),
  } = request;
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  const disarm = clock.setTimeout(stop, timeoutMs);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  try {
    const response = await send(refreshUrl(request.hubUrl, request.connectionToken), {
      method: 'POST',
      headers: { 'X-Requested-With': 'XMLHttpRequest', ...request.headers, Authorization: `Bearer ${request.token}` },
      credentials: request.withCredentials === false ? 'same-origin' : 'include',
      cache: 'no-store',
      signal: abort.signal,
    });
    return outcome(response.status, parse(await response.text()));
  } catch {
    // The platform's own error is left out: it may quote the URL, which holds the connection token.
    return failed(abort.signal.aborted ? 'did not come in time' : 'could not be fetched');
  } finally {
    disarm();
    signal?.removeEventListener('abort', stop);
  }
}

function outcome(status: number, answer: Record<string, unknown>): RefreshInPlaceResult {
  if (status >= 200 && status < 300) {
    const { tokenLifetimeSeconds, accessToken } = answer;
    return {
      kind: 'refreshed',
      tokenLifetimeSeconds: typeof tokenLifetimeSeconds === 'number' ? tokenLifetimeSeconds : null,
      transportToken: typeof accessToken === 'string' && accessToken !== '' ? accessToken : null,
    };
  }
  // Only the endpoint itself answers 404 with an error in JSON; a route that does not exist answers 404 without.
  if (status === 404)
    return typeof answer['error'] === 'string' ? { kind: 'connection-gone' } : { kind: 'unsupported' };
  if (status === 405 || status === 501) return { kind: 'unsupported' };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429)
    return { kind: 'rejected', httpStatus: status };
  return failed(`has status ${status}`);
}

function parse(text: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function failed(why: string): RefreshInPlaceResult {
  const message = `The hub's answer to a refresh of the connection's token ${why}.`;
  return { kind: 'failed', error: new HubshareError(wireError('hub-unreachable', message, {})) };
}
