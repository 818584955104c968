/** Finds the access token of a request where it may be, and notices one where it must not be: in the URL. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../refusal.js';

export const HUB_SUBPROTOCOL = 'signalr';
const BEARER_SUBPROTOCOL = 'bearer.';

const TOKEN_PARAMETERS = new Set([
  'access_token',
  'accesstoken',
  'token',
  'id_token',
  'jwt',
  'bearer',
  'authorization',
]);
const JWT_SHAPE = /^[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}$/;

/** @throws {Refusal} 400 TOKEN_IN_URL: by its name or by its shape, a parameter is a token. */
export function refuseTokenInUrl(query: URLSearchParams): void {
  for (const [name, value] of query) {
    if (TOKEN_PARAMETERS.has(name.toLowerCase()) || JWT_SHAPE.test(value)) {
      throw new Refusal(
        400,
        'TOKEN_IN_URL',
        'A URL must not carry a token: send it in the Authorization header or as a WebSocket subprotocol.',
      );
    }
  }
}

export function headerToken(request: IncomingMessage): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** The token that a browser offers as a second subprotocol, since it cannot set headers on a WebSocket. */
export function subprotocolToken(request: IncomingMessage): string | null {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const bearer = offered.find((name) => name.startsWith(BEARER_SUBPROTOCOL));
  return bearer?.slice(BEARER_SUBPROTOCOL.length) ?? null;
}
