/** The admin endpoint for tests and the demo page: what the hub has counted, and the switches that hurt it on purpose. */
import type { FastifyInstance } from 'fastify';
import type { AccessLog } from '../access-log.js';
import type { Connection } from '../connections/connection.js';
import type { Groups } from '../connections/groups.js';
import type { Counters } from '../counters.js';
import type { Availability } from '../http/availability.js';
import type { SecureHub } from '../hubs/secure-hub.js';
import { groupOf, isMetricName } from '../ops/metric-names.js';
import type { Sequence, SequenceOrder } from '../ops/sequence.js';
import { Refusal } from '../refusal.js';
import type { Emitter } from '../scale/backplane.js';
import type { SecurityLog } from '../security/security-log.js';
import type { Controls, Delayed, Reauth } from './controls.js';

export interface AdminDeps {
  readonly counters: Counters;
  readonly controls: Controls;
  readonly ops: SecureHub;
  readonly emitter: Emitter;
  readonly groups: Groups;
  readonly securityLog: SecurityLog;
  readonly sequence: Sequence;
  readonly accessLog: AccessLog;
  readonly availability: Availability;
}

const LOOPBACK_ADDRESSES = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
/** 20 days: longer than any demo, shorter than the longest timer. */
export const MAX_TOKEN_LIFE_SECONDS = 20 * 24 * 3600;

const flag = { type: 'boolean' } as const;
const name = { type: 'string', minLength: 1, maxLength: 200 } as const;

function body(required: readonly string[], properties: Record<string, object>): object {
  return { type: 'object', additionalProperties: false, required, properties };
}

export function adminRoutes(app: FastifyInstance, deps: AdminDeps): void {
  const { counters, controls, ops, emitter, groups, sequence, accessLog, availability, securityLog } = deps;
  const { connections } = ops;

  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    // The header cannot be set by a form of another origin, and the host name gives away a name that was rebound to us.
    const allowed =
      LOOPBACK_ADDRESSES.has(request.raw.socket.remoteAddress ?? '') &&
      LOOPBACK_HOST.test(request.headers.host ?? '') &&
      request.headers['x-demo-admin'] === '1';
    if (!allowed) {
      throw new Refusal(403, 'ADMIN_ONLY', 'Admin calls come from this machine and carry the header X-Demo-Admin: 1.');
    }
  });

  app.get('/admin/counts', async () => {
    const live = connections.live();
    return {
      connections: live.length,
      connectionsByUser: Object.fromEntries(connections.users()),
      ...counters,
      topicMembers: groups.members,
      held: controls.held,
      connectionIds: live.map(({ id }) => id),
    };
  });

  app.post<{ Body: { connectionId?: string; how: 'abort' | 'close' | 'close-reconnect'; error?: string } }>(
    '/admin/cut',
    {
      schema: {
        body: body(['how'], {
          connectionId: name,
          how: { enum: ['abort', 'close', 'close-reconnect'] },
          error: { type: 'string', maxLength: 1000 },
        }),
      },
    },
    async ({ body: { connectionId, how, error } }) => {
      const chosen = connections.live().filter(({ id }) => connectionId === undefined || id === connectionId);
      const goodbye = {
        ...(error === undefined ? {} : { error }),
        ...(how === 'close-reconnect' ? { allowReconnect: true } : {}),
      };
      const cut = (connection: Connection): void => (how === 'abort' ? connection.abort() : connection.close(goodbye));
      chosen.forEach(cut);
      return { cut: chosen.length };
    },
  );

  const onBody = { schema: { body: body(['on'], { on: flag }) } };
  app.post<{ Body: { on: boolean } }>('/admin/refuse-tokens', onBody, async ({ body: { on } }) => {
    controls.refuseTokens = on;
    return { on };
  });
  app.post<{ Body: { on: boolean } }>('/admin/refuse-refresh', onBody, async ({ body: { on } }) => {
    controls.refuseRefresh = on;
    return { on };
  });
  app.post<{ Body: { on: boolean } }>('/admin/subprotocol', onBody, async ({ body: { on } }) => {
    controls.subprotocol = on;
    return { on };
  });

  app.post<{ Body: { way: Reauth } }>(
    '/admin/reauth',
    { schema: { body: body(['way'], { way: { enum: ['call', 'endpoint', 'none'] } }) } },
    async ({ body: { way } }) => {
      controls.reauth = way;
      return { way };
    },
  );

  app.post<{ Body: { what: Delayed; ms: number } }>(
    '/admin/delay',
    {
      schema: {
        body: body(['what', 'ms'], {
          what: { enum: Object.keys(controls.delaysMs) },
          ms: { type: 'number', minimum: 0, maximum: 600_000 },
        }),
      },
    },
    async ({ body: { what, ms } }) => {
      controls.setDelay(what, ms);
      return { what, ms };
    },
  );

  const secondsBody = {
    schema: {
      body: body(['seconds'], {
        seconds: { type: 'number', exclusiveMinimum: 0, maximum: MAX_TOKEN_LIFE_SECONDS },
      }),
    },
  };
  app.post<{ Body: { seconds: number } }>('/admin/token-life', secondsBody, async ({ body: { seconds } }) => {
    controls.tokenLifeSeconds = seconds;
    return { seconds };
  });
  app.post<{ Body: { seconds: number } }>('/admin/service-token-life', secondsBody, async ({ body: { seconds } }) => {
    controls.serviceTokenLifeSeconds = seconds;
    return { seconds };
  });

  app.post<{ Body: { webSockets?: boolean; serverSentEvents?: boolean; longPolling?: boolean } }>(
    '/admin/transports',
    { schema: { body: body([], { webSockets: flag, serverSentEvents: flag, longPolling: flag }) } },
    async ({ body: { webSockets, serverSentEvents, longPolling } }) => {
      const { transports } = controls;
      transports.WebSockets = webSockets ?? transports.WebSockets;
      transports.ServerSentEvents = serverSentEvents ?? transports.ServerSentEvents;
      transports.LongPolling = longPolling ?? transports.LongPolling;
      return {
        webSockets: transports.WebSockets,
        serverSentEvents: transports.ServerSentEvents,
        longPolling: transports.LongPolling,
      };
    },
  );

  app.post<{ Body: Pick<SequenceOrder, 'count' | 'everyMs'> & Partial<SequenceOrder> }>(
    '/admin/sequence',
    {
      schema: {
        body: body(['count', 'everyMs'], {
          count: { type: 'integer', minimum: 0 },
          everyMs: { type: 'number', minimum: 0, maximum: 60_000 },
          burst: { type: 'integer', minimum: 1, maximum: 10_000 },
          paddingBytes: { type: 'integer', minimum: 0, maximum: 1_000_000 },
          event: name,
          metrics: { type: 'array', items: name, maxItems: 1000 },
        }),
      },
    },
    async ({ body }) => {
      body.metrics?.forEach(checkMetric);
      return sequence.start({ burst: 1, paddingBytes: 0, event: 'sequence', metrics: [], ...body });
    },
  );
  app.post('/admin/sequence/stop', async () => {
    sequence.stop();
    return { last: sequence.last };
  });
  app.get('/admin/sequence', async () => ({ last: sequence.last, running: sequence.running }));

  app.post<{ Body: { event: string; args: unknown[]; user?: string; metric?: string } }>(
    '/admin/emit',
    { schema: { body: body(['event', 'args'], { event: name, args: { type: 'array' }, user: name, metric: name }) } },
    async ({ body: { event, args, user, metric } }) => {
      if (user !== undefined && metric === undefined) return { sent: emitter.emitToUser(user, event, args) };
      if (metric === undefined) return { sent: emitter.emitToAll(event, args) };
      checkMetric(metric);
      return { sent: groups.send(groupOf(metric), event, args) };
    },
  );

  app.post<{ Body: { retryAfterSeconds: number | null } }>(
    '/admin/unavailable',
    {
      schema: {
        body: body(['retryAfterSeconds'], {
          retryAfterSeconds: { type: ['integer', 'null'], minimum: 0, maximum: 86_400 },
        }),
      },
    },
    async ({ body: { retryAfterSeconds } }) => {
      availability.retryAfterSeconds = retryAfterSeconds;
      return { retryAfterSeconds };
    },
  );

  app.get('/admin/stats', async () => ops.getConnectionStats());
  app.get('/admin/alerts', async () => ({
    alerts: securityLog.read('alert'),
    warnings: securityLog.read('warning'),
  }));

  app.get('/admin/access-log', async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(await accessLog.read()),
  );
}

function checkMetric(metric: string): void {
  if (!isMetricName(metric)) throw new Refusal(400, 'INVALID_BODY', `There is no metric with the name ${metric}.`);
}
