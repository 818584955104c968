/**
 * Renews the token of a live connection by a request, as ASP.NET Core 11 does: `POST {hub}/refresh?id={connection token}` with the new
 * token in the Authorization header. On only while the admin says so; otherwise the address does not exist.
 *
 * @see {@link https://github.com/dotnet/aspnetcore/pull/67111}
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Controls } from '../admin/controls.js';
import type { Principal } from '../auth/tokens.js';
import type { Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';
import type { Gate } from './gate.js';

export interface RefreshInPlaceDeps {
  /** Of the hub. */
  readonly path: string;
  readonly gate: Gate;
  readonly controls: Controls;
  readonly counters: Counters;
}

export function refreshInPlaceRoute(
  app: FastifyInstance,
  { path, gate, controls, counters }: RefreshInPlaceDeps,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));

  app.post(`${path}/refresh`, async (request, reply) => {
    if (controls.reauth !== 'endpoint') return reply.code(404).type('text/plain').send('');
    const query = new URL(request.raw.url ?? '/', 'http://hub').searchParams;
    let principal: Principal;
    let connection: Connection;
    try {
      principal = await gate.admit(request.raw, query);
      connection = gate.ownConnection(principal, query.get('id'));
    } catch (error) {
      return refuse(reply, error);
    }
    if (!connection.live) return reply.code(404).send({ error: 'connection_not_found' });
    connection.adopt(principal);
    counters.reauths += 1;
    return reply
      .header('cache-control', 'no-store')
      .send({ tokenLifetimeSeconds: lifetimeSeconds(principal, Date.now()) });
  });
}

/** What is left of a token, in seconds. */
export function lifetimeSeconds({ expiresAtMs }: Principal, nowMs: number): number {
  return Math.max(0, expiresAtMs - nowMs) / 1000;
}

/** In the words of ASP.NET Core 11, which differ from the hub's own. */
const ERRORS: Readonly<Record<string, string>> = {
  MISSING_CONNECTION_ID: 'missing_connection_token',
  UNKNOWN_CONNECTION: 'connection_not_found',
};

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof Refusal)) throw error;
  return reply
    .code(error.status)
    .headers(error.headers)
    .send({ error: ERRORS[error.code] ?? 'invalid_token', code: error.code, message: error.message });
}
