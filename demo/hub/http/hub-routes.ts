/** The HTTP side of a hub endpoint: negotiate, the event stream, the polls, and the client's messages. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AccessLog } from '../access-log.js';
import type { Controls } from '../admin/controls.js';
import type { Principal } from '../auth/tokens.js';
import type { Counters } from '../counters.js';
import type { Limits } from '../options.js';
import { Refusal } from '../refusal.js';
import { createLongPollingTransport, type LongPollingTransport } from '../transports/long-polling.js';
import { createServerSentEventsTransport } from '../transports/server-sent-events.js';
import type { Transport } from '../transports/transport.js';
import type { Availability } from './availability.js';
import type { Gate } from './gate.js';
import { negotiateResponse } from './negotiate.js';
import { lifetimeSeconds } from './refresh-in-place.js';

export const HUB_PATH = '/hubs/ops';

export interface HubRoutesDeps {
  /** Where the endpoint is. */
  readonly path: string;
  readonly gate: Gate;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly limits: Limits;
  readonly accessLog: AccessLog;
  readonly availability: Availability;
}

export function hubRoutes(app: FastifyInstance, deps: HubRoutesDeps): void {
  const { path, gate, counters, controls, limits, accessLog, availability } = deps;
  const negotiatePath = `${path}/negotiate`;
  const principals = new WeakMap<FastifyRequest, Principal>();

  // What a client sends is hub protocol, whatever content type it names.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.maxMessageBytes }, (_request, body, done) => {
    done(null, body);
  });
  // Before the body is read: nothing is taken from someone who is not signed in.
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url === negotiatePath) availability.check();
    principals.set(request, await gate.admit(request.raw, queryOf(request)));
  });

  function principalOf(request: FastifyRequest): Principal {
    const principal = principals.get(request);
    if (principal === undefined) throw new Refusal(401, 'MISSING_TOKEN', 'This request needs an access token.');
    return principal;
  }

  app.post(negotiatePath, async (request, reply) => {
    const version = Number(queryOf(request).get('negotiateVersion') ?? 0);
    await controls.delay('negotiate');
    counters.negotiates += 1;
    const principal = principalOf(request);
    const connection = gate.open(principal, request.raw);
    const lifetime = controls.reauth === 'endpoint' ? lifetimeSeconds(principal, Date.now()) : null;
    return reply
      .header('cache-control', 'no-store')
      .send(negotiateResponse(connection, Number.isInteger(version) ? version : 0, controls.transports, lifetime));
  });

  app.get(path, async (request, reply) => {
    const principal = principalOf(request);
    const wantsStream = (request.headers.accept ?? '').includes('text/event-stream');
    // Without a delay nothing is awaited, so requests are handled in the order of their arrival.
    if (!wantsStream && controls.delaysMs.polls > 0) await controls.delay('polls');
    const connection = gate.ownConnection(principal, queryOf(request).get('id'));
    const current = connection.transport;
    const opens = current === null && !connection.signal.aborted;

    if (wantsStream) {
      if (!opens) throw mayNotChange(current, 'ServerSentEvents');
      reply.hijack();
      connection.attach((events) => createServerSentEventsTransport(reply.raw, limits, events));
      counters.sseStreams += 1;
      accessLog.streaming(reply.raw);
      return;
    }
    if (!opens && !isLongPolling(current)) throw mayNotChange(current, 'LongPolling');
    reply.hijack();
    counters.longPolls += 1;
    const transport = isLongPolling(current)
      ? current
      : connection.attach((events) => createLongPollingTransport(limits, events));
    // Each poll proves who it is again, so a newer token takes effect here.
    if (principal.expiresAtMs > connection.principal.expiresAtMs) connection.adopt(principal);
    transport.poll(reply.raw);
  });

  app.post(path, async (request, reply) => {
    if (controls.delaysMs.posts > 0) await controls.delay('posts');
    const connection = gate.ownConnection(principalOf(request), queryOf(request).get('id'));
    if (connection.transport?.name === 'WebSockets') {
      throw new Refusal(405, 'WRONG_TRANSPORT', 'POST requests are not allowed for WebSocket connections.');
    }
    // Over, and kept only so that a poll can be told the end.
    if (connection.signal.aborted) throw new Refusal(404, 'UNKNOWN_CONNECTION', 'No Connection with that ID');
    if (Buffer.isBuffer(request.body)) connection.receive(request.body);
    return reply.type('text/plain').send('');
  });

  app.delete(path, async (request, reply) => {
    const connection = gate.ownConnection(principalOf(request), queryOf(request).get('id'));
    if (!isLongPolling(connection.transport)) {
      throw new Refusal(400, 'WRONG_TRANSPORT', 'Terminating this connection via HTTP DELETE is not supported.');
    }
    connection.leave();
    // The client asks no further poll, so there is no one left to be told the end.
    connection.abort();
    return reply.code(202).type('text/plain').send('');
  });
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.raw.url ?? '/', 'http://hub').searchParams;
}

function isLongPolling(transport: Transport | null): transport is LongPollingTransport {
  return transport?.name === 'LongPolling';
}

function mayNotChange(current: Transport | null, asked: string): Refusal {
  return new Refusal(
    409,
    'WRONG_TRANSPORT',
    current === null
      ? 'The connection is over.'
      : `Cannot change transports mid-connection; currently using ${current.name}, requesting ${asked}.`,
  );
}
