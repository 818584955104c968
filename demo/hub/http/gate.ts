/** Who may come in: checks the access token of a request to the hub, and that the connection it names is the user's own. */
import type { IncomingMessage } from 'node:http';
import type { Controls } from '../admin/controls.js';
import { headerToken, refuseTokenInUrl, subprotocolToken } from '../auth/request-token.js';
import type { Principal, Tokens } from '../auth/tokens.js';
import type { Connection } from '../connections/connection.js';
import type { Connections } from '../connections/connections.js';
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';

export interface Gate {
  /** @throws {Refusal} 400 TOKEN_IN_URL, or 401. */
  admit(request: IncomingMessage, query: URLSearchParams): Promise<Principal>;
  /** @throws {Refusal} 400, 403 or 404: no id, another user's connection, no such connection. */
  ownConnection(principal: Principal, id: string | null): Connection;
}

export interface GateDeps {
  readonly tokens: Tokens;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly connections: Connections;
}

export function createGate({ tokens, counters, controls, connections }: GateDeps): Gate {
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
        return await tokens.verify(token);
      } catch (error) {
        counters.authFailures += 1;
        throw error;
      }
    },

    ownConnection(principal, id) {
      if (id === null || id === '') throw new Refusal(400, 'MISSING_CONNECTION_ID', 'Connection ID required');
      const connection = connections.find(id);
      if (connection === undefined) throw new Refusal(404, 'UNKNOWN_CONNECTION', 'No Connection with that ID');
      if (connection.principal.userId !== principal.userId) {
        counters.authFailures += 1;
        throw new Refusal(403, 'AUTH_FAILED', 'This connection belongs to another user.');
      }
      return connection;
    },
  };
}
