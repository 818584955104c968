/** Which addresses may be given the worker's token on behalf of a tab, and which may not. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import { FORBIDDEN_FETCH_METHODS, type FetchRequest } from '../../src/contract/fetch.js';
import { secretParameter } from '../../src/contract/secret-parameters.js';

export interface FetchRules {
  /** Origins that may get the token. */
  readonly origins: ReadonlySet<string>;
  /** Addresses that give tokens, or lead to some: hubs and token endpoints. Nothing at them or below them is asked for. */
  readonly closed: () => Iterable<string>;
}

/**
 * A tab gets answers and never the token. So the token goes to allowed origins only, and not to what answers with another one: a
 * token endpoint, a hub (its negotiate may hand over a token for a service).
 *
 * @returns The address, without fragment.
 * @throws {HubshareError} `fetch-refused`, with a message that names the origin and never the query.
 */
export function checkTarget(request: FetchRequest, rules: FetchRules): URL {
  const target = new URL(request.url);
  const { origin } = target;
  if (target.username !== '' || target.password !== '')
    throw fetchRefused(origin, 'the URL holds a user name or password.');
  if (!rules.origins.has(origin)) {
    const allowed = [...rules.origins].join(', ');
    throw fetchRefused(
      origin,
      `the token goes to ${allowed === '' ? 'no origin' : `${allowed} only`}. Name other origins in fetchOrigins of serveHubs().`,
    );
  }
  const secret = secretParameter(target);
  if (secret !== null) {
    throw fetchRefused(
      origin,
      `the query seems to hold a secret (parameter "${secret}"). URLs end up in logs; the token is sent in a header.`,
    );
  }
  if (FORBIDDEN_FETCH_METHODS.has(request.method.toUpperCase()))
    throw fetchRefused(origin, `the method ${request.method} is not allowed.`);
  if (request.headers.some(([name]) => name.toLowerCase() === 'authorization')) {
    throw fetchRefused(
      origin,
      'it has an Authorization header of its own. The worker sets that header; use fetch() for a token of your own.',
    );
  }
  if (givesTokens(target, rules.closed()))
    throw fetchRefused(origin, 'this address belongs to a hub or gives tokens, and no tab is to get one.');
  target.hash = '';
  return target;
}

export function fetchRefused(origin: string, why: string): HubshareError<'fetch-refused'> {
  return new HubshareError(wireError('fetch-refused', `authorizedFetch() was refused: ${why}`, { origin }));
}

function givesTokens(target: URL, closed: Iterable<string>): boolean {
  const path = servedPath(target);
  // Also of hubs that this worker has not heard of.
  if (path.endsWith('/negotiate')) return true;
  for (const address of closed) {
    if (!URL.canParse(address)) continue;
    const other = new URL(address);
    const base = servedPath(other);
    if (other.origin === target.origin && (path === base || (base !== '' && path.startsWith(`${base}/`)))) return true;
  }
  return false;
}

/** The path as a lenient server may read it: decoded, in one case, without parameters, doubled or trailing slashes. */
function servedPath({ pathname }: URL): string {
  let path = pathname;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    // Not to be decoded: no server reads more in it.
  }
  // Decoding may have brought dots and slashes to light.
  const { pathname: plain } = new URL(path.replaceAll('\\', '/').replace(/^\/+/, ''), 'http://path/');
  return plain
    .toLowerCase()
    .replaceAll(/;[^/]*/g, '')
    .replaceAll(/\/{2,}/g, '/')
    .replace(/\/$/, '');
}
