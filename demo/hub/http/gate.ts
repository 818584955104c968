/** Who may come in: checks the token of a request to one endpoint, and that the connection it names is the user's own. */
import type { IncomingMessage } from 'node:http';
import type { Controls } from '../admin/controls.js';
import { headerToken, refuseTokenInUrl, subprotocolToken } from '../auth/request-token.js';
import type { Principal } from '../auth/tokens.js';
import type { Connection } from '../connections/connection.js';
import type { Connections } from '../connections/connections.js';
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';

export interface Gate {
  /** @throws {Refusal} 400 TOKEN_IN_URL, or 401. */
  admit(request: IncomingMessage, query: URLSearchParams): Promise<Principal>;
  /** A new connection, which can be reached at this endpoint only. */
  open(principal: Principal): Connection;
  /** @throws {Refusal} 400, 403 or 404: no id, another user's connection, no such connection here. */
  ownConnection(principal: Principal, id: string | null): Connection;
}

export interface GateDeps {
  /** @throws {Refusal} 401: not a token for this endpoint. */
  verify(token: string | null): Promise<Principal>;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly connections: Connections;
}

export function createGate({ counters, controls, connections, ...deps }: GateDeps): Gate {
  const opened = new WeakSet<Connection>();

  return {
    async admit(request, query) {
      try {
        refuseTokenInUrl(query);
      } catch (error) {
        counters.tokensInUrl += 1;
        throw error;
      }
      const isUpgrade = request.headers.upgrade !== undefined;
      const token = headerToken(request) ?? (isUpgrade && controls.subprotocol ? subprotocolToken(request) : null);
      try {
        return await deps.verify(token);
      } catch (error) {
        counters.authFailures += 1;
        throw error;
      }
    },

    open(principal) {
      const connection = connections.create(principal);
      opened.add(connection);
      return connection;
    },

    ownConnection(principal, id) {
      if (id === null || id === '') throw new Refusal(400, 'MISSING_CONNECTION_ID', 'Connection ID required');
      const connection = connections.find(id);
      if (connection === undefined || !opened.has(connection))
        throw new Refusal(404, 'UNKNOWN_CONNECTION', 'No Connection with that ID');
      if (connection.principal.userId !== principal.userId) {
        counters.authFailures += 1;
        throw new Refusal(403, 'AUTH_FAILED', 'This connection belongs to another user.');
      }
      return connection;
    },
  };
}
