/** Lets pages of other origins ask this server (CORS): those that it was told of, by their whole origin, and no others. */
import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, POST, DELETE';

/**
 * What SignalR's client sends in a browser, with the token. Not `x-demo-admin`: that a page cannot send it is what keeps pages of other
 * origins away from the admin endpoint.
 */
const HEADERS = 'Authorization, Content-Type, X-Requested-With, X-SignalR-User-Agent';

/** Without it a page of another origin is not told when to come back. */
const EXPOSED = 'Retry-After';

/** How long a browser may keep the answer to a preflight. Each poll of long polling has a URL of its own, and so a preflight all the same. */
const PREFLIGHT_SECONDS = 600;

/**
 * Says nothing where there are none. A WebSocket knows no CORS: there the token alone decides.
 *
 * @see {@link https://fetch.spec.whatwg.org/#http-cors-protocol}
 */
export function otherOrigins(app: FastifyInstance, allowed: ReadonlySet<string>): void {
  if (allowed.size === 0) return;
  app.addHook('onRequest', async (request, reply) => {
    // On the raw response: event streams and polls are answered past Fastify.
    const response = reply.raw;
    // Also to those without an origin: a cache must not give them what another was answered.
    response.setHeader('vary', 'Origin');
    const { origin } = request.headers;
    // `null`, which sandboxed pages and files send, is nobody's name and so on no list.
    if (origin === undefined || !allowed.has(origin)) return undefined;
    response.setHeader('access-control-allow-origin', origin);
    // SignalR sends cookies along unless it is told otherwise.
    response.setHeader('access-control-allow-credentials', 'true');
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
    if (!isPreflight) {
      response.setHeader('access-control-expose-headers', EXPOSED);
      return undefined;
    }
    return reply
      .code(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', HEADERS)
      .header('access-control-max-age', String(PREFLIGHT_SECONDS))
      .send();
  });
}
