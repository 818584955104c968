/** Joins the parts of the demo hub into one HTTP server on 127.0.0.1; owns no logic of its own. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import fastifyCookie from '@fastify/cookie';
import fastify, { type FastifyInstance } from 'fastify';
import { createAccessLog } from './access-log.js';
import { createControls, pause } from './admin/controls.js';
import { adminRoutes, MAX_TOKEN_LIFE_SECONDS } from './admin/routes.js';
import { ADMIN_PATH, adminHubMethods } from './admin/admin-hub.js';
import { createAccounts } from './auth/accounts.js';
import { authRoutes } from './auth/routes.js';
import { createServiceTokens } from './auth/service-tokens.js';
import { createSessionStore, type SessionStore } from './auth/sessions.js';
import { createTokens, type Principal } from './auth/tokens.js';
import { createGroups } from './connections/groups.js';
import { createCounters } from './counters.js';
import { createAvailability } from './http/availability.js';
import { createGate } from './http/gate.js';
import { HUB_PATH, hubRoutes } from './http/hub-routes.js';
import { otherOrigins } from './http/other-origins.js';
import { redirectRoutes, SERVICE_PATH } from './http/redirect.js';
import { refreshInPlaceRoute } from './http/refresh-in-place.js';
import { staticFiles } from './http/static-files.js';
import { createUpgradeHandler } from './http/upgrade.js';
import { accountFilter } from './hubs/account-filter.js';
import { rateFilter } from './hubs/rate-filter.js';
import { createSecureHub, type ConnectionStats, type SecureHub, type SecureHubDeps } from './hubs/secure-hub.js';
import { createAlarms } from './ops/alarms.js';
import { createIncidents } from './ops/incidents.js';
import { groupOf } from './ops/metric-names.js';
import { createMetrics, type Metric, type Metrics } from './ops/metrics.js';
import { opsHubMethods } from './ops/ops-hub.js';
import { createPresence } from './ops/presence.js';
import { createSequence } from './ops/sequence.js';
import { createUserReports } from './ops/user-report.js';
import { failedAttemptsOf, limitsOf, messagesPerSecondOf, originsOf, type HubOptions } from './options.js';
import { Refusal } from './refusal.js';
import { createBackplane, createEmitter } from './scale/backplane.js';
import { createCallRate } from './security/call-rate.js';
import { createFailedAttempts, unlimitedAttempts } from './security/failed-attempts.js';
import { createSecurityLog, type SecurityEvent } from './security/security-log.js';

export interface DemoHub {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly signingKey: Uint8Array;
  readonly sessions: SessionStore;
  /** To all devices of a user at `/hubs/ops`, of this hub and of those on the same Redis. @returns To how many connections of this hub. */
  emitToUser(userId: string, event: string, ...args: readonly unknown[]): number;
  /** The same for everyone at `/hubs/ops`. @returns To how many connections of this hub. */
  emitToAll(event: string, ...args: readonly unknown[]): number;
  /** Who is connected at `/hubs/ops` of this hub. */
  getConnectionStats(): ConnectionStats;
  /** The newest alerts of the security log, oldest first. */
  alerts(): readonly SecurityEvent[];
  /** Tells every client to come back later, then ends every socket and timer. Safe to call twice. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const VERSION = '0.1.0';
const PORTS_TO_TRY = 50;
const MIN_KEY_BYTES = 32;
/** How long clients get to take their Close message before their sockets are destroyed. */
const GOODBYE_MS = 500;

export async function startHub(options: HubOptions = {}): Promise<DemoHub> {
  const signingKey = options.signingKey ?? randomBytes(MIN_KEY_BYTES);
  if (signingKey.byteLength < MIN_KEY_BYTES) {
    throw new RangeError(`signingKey must have at least ${MIN_KEY_BYTES} bytes, as HS256 asks`);
  }
  const lives = {
    tokenLifeSeconds: options.tokenLifeSeconds ?? 300,
    serviceTokenLifeSeconds: options.serviceTokenLifeSeconds ?? 60,
  };
  for (const [name, seconds] of Object.entries(lives)) {
    if (!(seconds > 0 && seconds <= MAX_TOKEN_LIFE_SECONDS)) {
      throw new RangeError(`${name} must be more than 0 and at most ${MAX_TOKEN_LIFE_SECONDS}`);
    }
  }
  const limits = limitsOf(options);
  const now = options.now ?? Date.now;
  const attemptsLimit = failedAttemptsOf(options);
  const perSecond = messagesPerSecondOf(options);
  const allowedOrigins = originsOf('allowedOrigins', options);
  const connectOrigins = originsOf('connectOrigins', options);
  const [serviceOrigin = null] = originsOf('serviceOrigin', options);
  const clockToleranceMs = (options.clockToleranceSeconds ?? 10) * 1000;
  const sessions = options.sessions ?? createSessionStore();
  const closing = new AbortController();
  const counters = createCounters();
  const controls = createControls(lives, closing.signal);
  const availability = createAvailability(counters);
  const accessLog = createAccessLog(options.accessLogFile, options.redactAccessLog ?? options.allowQueryToken);
  const securityLog = createSecurityLog(now, options.onSecurityEvent);
  const accounts = createAccounts(options.isBlocked);
  const attempts = attemptsLimit === null ? unlimitedAttempts : createFailedAttempts(attemptsLimit, now);
  const signer = { signingKey, clockToleranceMs, refusing: () => controls.refuseTokens };
  const tokens = createTokens({
    ...signer,
    lifeSeconds: () => controls.tokenLifeSeconds,
    onIssued: () => (counters.tokensIssued += 1),
  });
  const serviceTokens = createServiceTokens({ ...signer, lifeSeconds: () => controls.serviceTokenLifeSeconds });

  const incidents = createIncidents((incident) => ops.emitToAll('incident', [incident]));
  const groups = createGroups();
  const metrics: { current: Metrics | null } = { current: null };
  const limited = perSecond === null ? null : { perSecond, rate: createCallRate(perSecond, now) };
  function hubDeps(hub: string): SecureHubDeps {
    const filters = [accountFilter({ accounts, clockToleranceMs })];
    if (limited !== null) filters.push(rateFilter({ hub, ...limited, securityLog }));
    return {
      limits,
      counters,
      controls,
      tokens,
      securityLog,
      filters,
      clockToleranceMs,
      closeOnExpiry: options.closeOnExpiry ?? true,
      detailedErrors: options.detailedErrors ?? false,
      maxFailedReauths: attemptsLimit?.limit ?? null,
    };
  }

  const ops: SecureHub = createSecureHub(
    {
      path: HUB_PATH,
      requiredRole: null,
      methods: opsHubMethods({
        incidents,
        metrics: { history: () => metrics.current?.history() ?? {} },
        counters,
        groups,
        userReport: createUserReports({
          hub: HUB_PATH,
          incidents,
          securityLog,
          connectionsOf: (userId) => ops.connections.users().get(userId) ?? 0,
        }),
      }),
      onConnected: () => tellPresence(),
      onDisconnected(connection, wasLive) {
        groups.forget(connection);
        if (wasLive) tellPresence();
      },
    },
    hubDeps(HUB_PATH),
  );
  const backplane =
    options.redisUrl === undefined
      ? null
      : await createBackplane({
          url: options.redisUrl,
          onEmission({ hub, userId, event, args }) {
            if (hub !== ops.path) return;
            if (userId === null) ops.emitToAll(event, args);
            else ops.emitToUser(userId, event, args);
          },
        });
  // What the hub itself tells (incidents, presence, metrics) is about this process and stays in it.
  const everywhere = createEmitter(ops, backplane);
  const adminHub = createSecureHub(
    {
      path: ADMIN_PATH,
      requiredRole: 'admin',
      methods: adminHubMethods({
        ops,
        emitter: everywhere,
        accounts,
        securityLog,
        disconnect: (userId) => disconnect(userId),
      }),
    },
    hubDeps(ADMIN_PATH),
  );
  const hubs = [ops, adminHub];

  function disconnect(userId: string): number {
    const its = hubs.flatMap(({ connections }) => connections.live()).filter((one) => one.principal.userId === userId);
    for (const connection of its) connection.close({ error: 'AUTH_FAILED: This user is blocked.' });
    return its.length;
  }

  const presence = createPresence(() => {
    const { connections, users } = ops.getConnectionStats();
    ops.emitToAll('presence', [{ connections, users }]);
  });
  function tellPresence(): void {
    if (!closing.signal.aborted) presence.changed();
  }

  const raiseAlarms =
    options.alarms === false
      ? () => undefined
      : createAlarms(incidents, { loopDelayMs: 50, memoryShare: 0.8, ...options.alarms });
  const sendMetric = (metric: Metric & { readonly padding?: string }): number =>
    groups.send(groupOf(metric.name), 'metric', [metric]);
  const sequence = createSequence({ broadcast: (event, args) => ops.emitToAll(event, args), sendMetric });

  const verifyAccess = (token: string | null): Promise<Principal> => tokens.verify(token);
  const allowQueryToken = options.allowQueryToken ?? false;
  const gateDeps = { counters, controls, attempts, securityLog, allowQueryToken };
  const gate = createGate({ ...gateDeps, hub: ops, path: HUB_PATH, verify: verifyAccess });
  const gates = new Map([
    [HUB_PATH, gate],
    [
      SERVICE_PATH,
      createGate({ ...gateDeps, hub: ops, path: SERVICE_PATH, verify: (token) => serviceTokens.verify(token) }),
    ],
    [ADMIN_PATH, createGate({ ...gateDeps, hub: adminHub, path: ADMIN_PATH, verify: verifyAccess })],
  ]);

  const server = createServer();
  server.on('request', (request, response) => accessLog.watch(request, response));
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on(
    'upgrade',
    createUpgradeHandler({
      gates,
      counters,
      controls,
      limits,
      accessLog,
      closing: closing.signal,
    }),
  );

  const app = createApp(server, closing.signal, allowedOrigins);
  await app.register(fastifyCookie);
  await app.register(async (scope) => authRoutes(scope, { tokens, sessions, counters, controls, accounts }));
  for (const [path, its] of gates) {
    await app.register(async (scope) =>
      hubRoutes(scope, { path, gate: its, counters, controls, limits, accessLog, availability }),
    );
  }
  await app.register(async (scope) => refreshInPlaceRoute(scope, { path: HUB_PATH, gate, controls, counters }));
  await app.register(async (scope) =>
    redirectRoutes(scope, { gate, serviceTokens, serviceOrigin, counters, controls, availability }),
  );
  await app.register(async (scope) =>
    adminRoutes(scope, {
      emitter: everywhere,
      counters,
      controls,
      ops,
      groups,
      sequence,
      accessLog,
      availability,
      securityLog,
    }),
  );
  app.get('/healthz', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok'));
  app.get('/api/config', async (_request, reply) =>
    reply.header('cache-control', 'no-cache').send({ hub: HUB_PATH, server: 'node', version: VERSION }),
  );
  if (options.staticDir !== undefined) await staticFiles(app, resolve(options.staticDir), connectOrigins);
  await app.ready();

  let port: number;
  try {
    port = await listen(server, options.port ?? 0, options.tryNextPort ?? false);
  } catch (error) {
    await app.close();
    await accessLog.close();
    await backplane?.close();
    throw error;
  }

  const measured = createMetrics({
    intervalMs: options.metricIntervalMs ?? 1000,
    connections: () => ops.connections.live().length,
    messagesSent: () => counters.messagesSent,
    onSample(sample) {
      for (const metric of sample) sendMetric(metric);
      raiseAlarms(sample);
    },
  });
  metrics.current = measured;

  let closed: Promise<void> | null = null;
  async function shutDown(): Promise<void> {
    closing.abort();
    sequence.stop();
    presence.stop();
    measured.stop();
    await backplane?.close();
    // The server still answers meanwhile: a long poll may need one more request to be told the end.
    const patience = new AbortController();
    const goodbye = { error: 'Server is shutting down.', allowReconnect: true };
    const goodbyes = Promise.all(hubs.map(({ connections }) => connections.closeAll(goodbye)));
    await Promise.race([goodbyes, pause(GOODBYE_MS, [patience.signal])]);
    patience.abort();
    for (const { connections } of hubs) connections.abortAll();
    const stopped = new Promise<void>((done) => server.close(() => done()));
    for (const socket of sockets) socket.destroy();
    await stopped;
    await app.close();
    await accessLog.close();
  }

  return {
    url: `http://${HOST}:${port}`,
    port,
    signingKey,
    sessions,
    emitToUser: (userId, event, ...args) => everywhere.emitToUser(userId, event, args),
    emitToAll: (event, ...args) => everywhere.emitToAll(event, args),
    getConnectionStats: () => ops.getConnectionStats(),
    alerts: () => securityLog.read('alert'),
    close: () => (closed ??= shutDown()),
  };
}

function createApp(server: Server, closing: AbortSignal, allowedOrigins: ReadonlySet<string>): FastifyInstance {
  const app = fastify({
    logger: false,
    serverFactory: (handler) => server.on('request', handler),
    // What a body must be is said by its schema; nothing is guessed or dropped.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  // First: a page of another origin can read no refusal without it.
  otherOrigins(app, allowedOrigins);
  app.addHook('onRequest', async (request, reply) => {
    // While it closes, only connections that it has are served to their end: a refresh that is cut off would spend a cookie for nothing.
    if (closing.aborted && ![HUB_PATH, SERVICE_PATH].some((path) => request.raw.url?.startsWith(`${path}?`))) {
      throw new Refusal(503, 'CLOSING', 'The hub is closing.');
    }
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  });
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ code: 'NOT_FOUND', message: 'There is nothing at this address.' }),
  );
  app.setErrorHandler(async (error, _request, reply) => {
    if (error instanceof Refusal) {
      return reply.code(error.status).headers(error.headers).type('application/json; charset=utf-8').send(error.body);
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    // Fastify's own refusals (a body that is too large, no JSON, not as the schema says) name what was wrong.
    if (error instanceof Error && status >= 400 && status < 500) {
      return reply.code(status).send({ code: 'INVALID_BODY', message: error.message });
    }
    return reply.code(500).send({ code: 'INTERNAL', message: 'The hub failed.' });
  });
  return app;
}

async function listen(server: Server, wanted: number, tryNext: boolean): Promise<number> {
  for (let port = wanted; ; port += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, HOST, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const busy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!busy || !tryNext || wanted === 0 || port >= wanted + PORTS_TO_TRY) throw error;
    }
  }
}
