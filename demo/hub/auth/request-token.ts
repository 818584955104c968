/** Finds the access token of a request where it may be, and notices one where it must not be: in the URL. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../refusal.js';

export const HUB_SUBPROTOCOL = 'signalr';
const BEARER_SUBPROTOCOL = 'bearer.';
/** Where stock SignalR clients put it. */
const QUERY_TOKEN = 'access_token';

const TOKEN_PARAMETERS = new Set([QUERY_TOKEN, 'accesstoken', 'token', 'id_token', 'jwt', 'bearer', 'authorization']);
const JWT_SHAPE = /^[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}$/;

export interface FoundToken {
  readonly where: 'query' | 'header' | 'subprotocol' | 'nowhere';
  /** `null` when there is none. */
  readonly token: string | null;
}

export interface TokenPlaces {
  /** Also in the URL, for requests to which a browser can add no header: WebSockets and event streams. */
  readonly allowQueryToken: boolean;
  readonly subprotocol: boolean;
}

/** Looks in the URL first, where that is allowed, then in the header, then at the subprotocols. */
export function findToken(request: IncomingMessage, query: URLSearchParams, places: TokenPlaces): FoundToken {
  const isUpgrade = request.headers.upgrade !== undefined;
  const isStream = request.method === 'GET' && (request.headers.accept ?? '').includes('text/event-stream');
  const inQuery = places.allowQueryToken && (isUpgrade || isStream) ? query.get(QUERY_TOKEN) : null;
  // An empty one is none, and does not hide one that is elsewhere.
  if (inQuery !== null && inQuery !== '') return { where: 'query', token: inQuery };
  const inHeader = headerToken(request);
  if (inHeader !== null) return { where: 'header', token: inHeader };
  const inSubprotocol = isUpgrade && places.subprotocol ? subprotocolToken(request) : null;
  if (inSubprotocol !== null) return { where: 'subprotocol', token: inSubprotocol };
  return { where: 'nowhere', token: null };
}

/**
 * @param allowed - The token that stands in `access_token` was asked for there.
 * @throws {Refusal} 400 TOKEN_IN_URL: by its name or by its shape, a parameter is a token.
 */
export function refuseTokenInUrl(query: URLSearchParams, allowed = false): void {
  for (const [name, value] of query) {
    if (isToken(name, value) && !(allowed && name === QUERY_TOKEN)) {
      throw new Refusal(
        400,
        'TOKEN_IN_URL',
        'A URL must not carry a token: send it in the Authorization header or as a WebSocket subprotocol.',
      );
    }
  }
}

/** The same URL with `REDACTED` in place of each value that is a token by its name or by its shape. */
export function withoutTokens(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const pairs = url.slice(start + 1).split('&');
  const clean = pairs.map((pair) => {
    const [[name, value] = ['', '']] = new URLSearchParams(pair);
    return isToken(name, value) ? `${pair.split('=')[0] ?? ''}=REDACTED` : pair;
  });
  return `${url.slice(0, start)}?${clean.join('&')}`;
}

function isToken(name: string, value: string): boolean {
  return TOKEN_PARAMETERS.has(name.toLowerCase()) || JWT_SHAPE.test(value);
}

function headerToken(request: IncomingMessage): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** The token that a browser offers as a second subprotocol, since it cannot set headers on a WebSocket. */
function subprotocolToken(request: IncomingMessage): string | null {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const bearer = offered.find((name) => name.startsWith(BEARER_SUBPROTOCOL));
  return bearer?.slice(BEARER_SUBPROTOCOL.length) ?? null;
}
