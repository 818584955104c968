/** Turns what `@microsoft/signalr` throws into an error with a code and advice, and says whether trying again can help. */
import { type ErrorCode, isHubshareError, wireError } from '../../src/contract/errors.js';
import type { Failure } from './connection-machine.js';

/** Codes after which a new attempt would only meet the same answer. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'token-rejected',
  'option-invalid',
  'option-unsupported',
  'signed-out',
  'hub-not-allowed',
]);

/** Statuses that may be gone at the next attempt: a server that is busy, or one of a farm that does not know the connection. */
const PASSING: ReadonlySet<number> = new Set([404, 405, 408, 410, 425, 429]);

/** SignalR's words for an answer that no SignalR hub gives. */
const NO_HUB = /JSON|SyntaxError|Unexpected token|None of the transports supported|ASP\.NET SignalR Server/;

/** What browsers say of a request that came to nothing: Chromium, Firefox, WebKit. */
const NO_ANSWER = /Failed to fetch|NetworkError when attempting|Load failed/;

/** What a hub answers to a handshake that asks for a protocol that it does not have. */
const PROTOCOL_UNKNOWN = /The protocol '[^']*' is not supported/;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A start that did not succeed.
 *
 * @param url - The hub's, without query.
 * @param wasLive - The hub was reached before, so an answer that is not the hub's (a maintenance page, a proxy's 404 in the
 *   middle of a deployment) will pass.
 * @param ownOrigin - Of the worker's script; `null` where there is none.
 */
export function startFailure(
  error: unknown,
  url: string,
  redact: (text: string) => string,
  wasLive = false,
  ownOrigin = (globalThis as { readonly location?: { readonly origin: string } }).location?.origin ?? null,
): Failure {
  if (isHubshareError(error)) return { error: error.wire, retryable: !FINAL.has(error.code) };
  const text = redact(messageOf(error));
  const statuses = [...text.matchAll(/(?:Status code|negotiate) '(\d{3})'/g)].map((match) => Number(match[1]));
  const httpStatus = statuses[0];
  if (httpStatus === 401) {
    // With a token the transports say `token-rejected` themselves, after a refresh.
    return final(
      'token-rejected',
      `The hub at ${url} wants an access token and there is none. Give withUrl() an accessTokenFactory, or serveHubs() an accessToken source. (${text})`,
      { httpStatus },
    );
  }
  if (httpStatus === undefined && PROTOCOL_UNKNOWN.test(text)) {
    return final(
      'option-invalid',
      `${text} Add the protocol on the server (AddMessagePackProtocol()), or leave withHubProtocol() away.`,
      { option: 'withHubProtocol' },
    );
  }
  // Only negotiate knows whether there is a hub: a transport may meet another server of the farm.
  const isNegotiate = /negotiat/.test(text);
  if (isNegotiate && (httpStatus === 404 || httpStatus === 410)) {
    return final(
      'hub-not-found',
      `There is no hub at ${url}. Check the path given to withUrl() and MapHub() on the server. (${text})`,
      { httpStatus },
    );
  }
  if (
    (isNegotiate && httpStatus === 405) ||
    // An error page may say anything: where there is a status, the status speaks.
    (httpStatus === undefined && NO_HUB.test(text))
  ) {
    return final(
      'not-a-hub',
      `What answers at ${url} is not an ASP.NET Core SignalR hub. Check the URL given to withUrl(). (${text})`,
      {},
    );
  }
  if (httpStatus !== undefined && httpStatus >= 400 && httpStatus < 500 && !PASSING.has(httpStatus)) {
    return final('hub-refused', `The hub at ${url} refused the connection with status ${httpStatus}. (${text})`, {
      httpStatus,
    });
  }
  // SignalR's own words first: an app that shows or searches them finds what it found before.
  // A browser does not say whether a server is down or the answer may not be read; the latter is mended by hand only.
  const mayBeForbidden = !wasLive && NO_ANSWER.test(text) && ownOrigin !== null && new URL(url).origin !== ownOrigin;
  const advice = mayBeForbidden
    ? ` (The hub is of another origin. If it is up, it has to allow ${ownOrigin} by CORS, and the connect-src of the worker script's own Content-Security-Policy has to name it.)`
    : '';
  return { error: wireError('hub-unreachable', text + advice, {}), retryable: true };

  function final<C extends ErrorCode>(code: C, message: string, fields: Parameters<typeof wireError<C>>[2]): Failure {
    return { error: wireError(code, message, fields), retryable: wasLive && !FINAL.has(code) };
  }
}

/** A connection that was up and ended. `allowReconnect` is what the hub said in its close message, if it sent one. */
export function lossFailure(
  error: unknown,
  close: { readonly allowReconnect: boolean } | null,
  redact: (text: string) => string,
): Failure {
  const text = error === undefined || error === null ? null : redact(messageOf(error));
  if (close !== null && !close.allowReconnect) {
    return { error: text === null ? null : wireError('hub-closed', text, {}), retryable: false };
  }
  const lost =
    text === null
      ? wireError('connection-lost', 'The connection was closed by the hub.', { quiet: true })
      : wireError('connection-lost', text, {});
  return { error: lost, retryable: true };
}
