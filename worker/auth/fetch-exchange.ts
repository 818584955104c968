/** One HTTP request with a token, and its answer as data. What goes wrong is said in words that quote no URL, header or body. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { FetchAnswer, FetchRequest } from '../../src/contract/fetch.js';
import { fetchRefused } from './fetch-target.js';

export interface ExchangeOptions {
  readonly fetch: typeof fetch;
  /** Bytes that an answer may have. */
  readonly maxAnswerBytes: number;
  /** Ends it; its reason is what is thrown. */
  readonly signal: AbortSignal;
}

/** @throws {HubshareError} `fetch-failed`; `fetch-refused` for an answer that must not be passed on. */
export async function exchange(
  request: FetchRequest,
  target: URL,
  token: string,
  { fetch, maxAnswerBytes, signal }: ExchangeOptions,
): Promise<FetchAnswer> {
  const { method, body, credentials, integrity, keepalive, mode, referrerPolicy } = request;
  // The browser's cache does not know users: without `Vary: Authorization` it would give one what another has fetched.
  const cache = request.cache === 'default' ? 'no-cache' : request.cache;
  const { origin } = target;
  signal.throwIfAborted();
  let response: Response;
  let answered: ArrayBuffer | null;
  try {
    const headers = new Headers(request.headers.map(([name, value]): [string, string] => [name, value]));
    headers.set('Authorization', `Bearer ${token}`);
    const asIs = { method, headers, cache, credentials, integrity, keepalive, mode, referrerPolicy, signal };
    // Not `error`: that could not be told from a network that is down. A redirect is not followed either way.
    response = await fetch(target.href, { ...asIs, redirect: 'manual', ...(body === null ? {} : { body }) });
    answered = isRedirect(response) ? null : await readBody(response, maxAnswerBytes);
  } catch {
    signal.throwIfAborted();
    // The platform's own error is left out on purpose: it may quote the URL or a header.
    throw failed(
      `No answer came from ${origin}. Check the network, CORS at that server, and the connect-src of the worker script's own Content-Security-Policy.`,
    );
  }
  signal.throwIfAborted();
  if (isRedirect(response))
    throw failed(`${origin} answered with a redirect, and the token follows none. Ask for the final address.`);
  if (answered === null && response.body !== null)
    throw failed(
      `The answer of ${origin} is longer than ${maxAnswerBytes} bytes (fetchLimits.maxAnswerBytes of serveHubs()).`,
    );
  const { status, statusText } = response;
  // What a page could not make a Response of.
  if (status < 200 || status > 599) throw failed(`${origin} answered with status ${status}, which is none of HTTP's.`);
  const headers = [...response.headers];
  if (quotes(token, headers, answered))
    throw fetchRefused(origin, 'the answer quotes the access token, and no tab is to get it.');
  const hasBody = answered !== null && answered.byteLength > 0;
  return { status, statusText, headers, body: hasBody ? answered : null, url: response.url || target.href };
}

function isRedirect({ type, status, headers }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400 && headers.has('Location'));
}

/** @returns `null` if it is longer than that. */
async function readBody(response: Response, maxBytes: number): Promise<ArrayBuffer | null> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    chunks.push(next.value);
    length += next.value.byteLength;
    if (length <= maxBytes) continue;
    await reader?.cancel();
    return null;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.buffer;
}

/** An endpoint that shows its caller what it was sent would hand the token to the tab. */
function quotes(token: string, headers: readonly (readonly [string, string])[], body: ArrayBuffer | null): boolean {
  if (headers.some(([, value]) => value.includes(token))) return true;
  return body !== null && body.byteLength >= token.length && new TextDecoder('latin1').decode(body).includes(token);
}

function failed(message: string): HubshareError<'fetch-failed'> {
  return new HubshareError(wireError('fetch-failed', message, {}));
}
