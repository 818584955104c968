/**
 * The base of every hub: nobody is in it who has not shown a good token and may be here, each call passes the filters, each user has a
 * room for all devices, and a connection can be given a newer token.
 */
import type { Controls } from '../admin/controls.js';
import type { Principal, Tokens } from '../auth/tokens.js';
import type { Role } from '../auth/jwt.js';
import type { Connection } from '../connections/connection.js';
import { createConnections, type Connections } from '../connections/connections.js';
import { createGroups } from '../connections/groups.js';
import type { Counters } from '../counters.js';
import { createDispatcher } from '../dispatch/dispatcher.js';
import type { HubMethod } from '../dispatch/hub-method.js';
import type { Limits } from '../options.js';
import { Refusal } from '../refusal.js';
import type { SecurityLog } from '../security/security-log.js';
import type { HubFilter } from './hub-filter.js';
import { reauthMethod } from './reauth.js';

export interface ConnectionStats {
  /** Connections that are up. */
  readonly connections: number;
  /** Users who have at least one. */
  readonly users: number;
  readonly connectionsByUser: Readonly<Record<string, number>>;
  /** Negotiated or over, but not up: their places are given free by themselves. */
  readonly waiting: number;
}

export interface SecureHub {
  readonly path: string;
  readonly connections: Connections;
  /** @throws {Refusal} This user may not be here. Any other error means the same. */
  check(principal: Principal): void;
  /** To all devices of a user. @returns To how many connections it was sent. */
  emitToUser(userId: string, event: string, args: readonly unknown[]): number;
  /** @returns To how many connections it was sent. */
  emitToAll(event: string, args: readonly unknown[]): number;
  getConnectionStats(): ConnectionStats;
}

/** What makes one hub different from another. */
export interface SecureHubDefinition {
  readonly path: string;
  /** Who may open it; `null` for everyone who is signed in. */
  readonly requiredRole: Role | null;
  readonly methods: readonly HubMethod[];
  onConnected?(connection: Connection): void;
  onDisconnected?(connection: Connection, wasLive: boolean): void;
}

export interface SecureHubDeps {
  readonly limits: Limits;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly tokens: Tokens;
  readonly securityLog: SecurityLog;
  /** In this order. */
  readonly filters: readonly HubFilter[];
  readonly clockToleranceMs: number;
  readonly closeOnExpiry: boolean;
  readonly detailedErrors: boolean;
  /** Bad tokens that one connection may offer to `connection.reauth`; `null` for any number. */
  readonly maxFailedReauths: number | null;
}

export function createSecureHub(definition: SecureHubDefinition, deps: SecureHubDeps): SecureHub {
  const { path, requiredRole } = definition;
  const { counters, controls, limits, tokens, securityLog, filters, detailedErrors } = deps;
  const rooms = createGroups();

  const connections = createConnections({
    limits,
    counters,
    clockToleranceMs: deps.clockToleranceMs,
    closeOnExpiry: deps.closeOnExpiry,
    onLive(connection) {
      counters.connectionsTotal += 1;
      rooms.add(roomOf(connection.principal.userId), connection);
      greet(connection);
      note('connected', connection);
      definition.onConnected?.(connection);
    },
    onMessage: (connection, message) => dispatcher.take(connection, message),
    onOver(connection, wasLive) {
      rooms.forget(connection);
      if (wasLive) note('disconnected', connection);
      definition.onDisconnected?.(connection, wasLive);
    },
  });

  function check(principal: Principal): void {
    if (requiredRole !== null && principal.role !== requiredRole) {
      throw new Refusal(403, 'FORBIDDEN', `This hub is for users with the role ${requiredRole}.`);
    }
    for (const filter of filters) filter.onRequest?.(principal);
  }

  const dispatcher = createDispatcher({
    methods: [
      ...definition.methods,
      reauthMethod({ hub: path, tokens, counters, securityLog, check, maxFailures: deps.maxFailedReauths }),
    ],
    beforeCall(connection, target) {
      for (const filter of filters) filter.onCall?.(connection, target);
    },
    counters,
    controls,
    detailedErrors,
    maxCallsInFlight: limits.maxCallsInFlight,
  });

  function greet(connection: Connection): void {
    const { userId, expiresAtMs } = connection.principal;
    const authorized = { userId, sessionId: connection.id, expiresAt: expiresAtMs };
    const reauth = controls.reauth === 'call' ? { reauth: 'call' } : {};
    connection.send({ type: 1, target: 'connection.authorized', arguments: [{ ...authorized, ...reauth }] });
  }

  function note(type: 'connected' | 'disconnected', { id, address, principal }: Connection): void {
    securityLog.note({ type, hub: path, connectionId: id, userId: principal.userId, address });
  }

  return {
    path,
    connections,
    check,
    emitToUser: (userId, event, args) => rooms.send(roomOf(userId), event, args),
    emitToAll: (event, args) => connections.broadcast(event, args),
    getConnectionStats() {
      const byUser = connections.users();
      const live = connections.live().length;
      return {
        connections: live,
        users: byUser.size,
        connectionsByUser: Object.fromEntries(byUser),
        waiting: connections.size - live,
      };
    },
  };
}

/** The group of all connections of one user. */
function roomOf(userId: string): string {
  return `user:${userId}`;
}
