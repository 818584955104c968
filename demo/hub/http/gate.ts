/** Who may come in: checks the token of a request to one endpoint, and that the connection it names is the user's own. */
import type { IncomingMessage } from 'node:http';
import type { Controls } from '../admin/controls.js';
import { checkFailed } from '../auth/jwt.js';
import { findToken, refuseTokenInUrl } from '../auth/request-token.js';
import type { Principal } from '../auth/tokens.js';
import type { Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import type { SecureHub } from '../hubs/secure-hub.js';
import { Refusal } from '../refusal.js';
import type { FailedAttempts } from '../security/failed-attempts.js';
import type { SecurityLog, SecurityNote } from '../security/security-log.js';

export interface Gate {
  /** @throws {Refusal} 400 TOKEN_IN_URL, 401, 403 FORBIDDEN, or 429 TOO_MANY_ATTEMPTS. */
  admit(request: IncomingMessage, query: URLSearchParams): Promise<Principal>;
  /** A new connection, which can be reached at this endpoint only. Only for a principal that `admit` has given. */
  open(principal: Principal, request: IncomingMessage): Connection;
  /** @throws {Refusal} 400, 403 or 404: no id, another user's connection, no such connection here. */
  ownConnection(principal: Principal, id: string | null): Connection;
}

export interface GateDeps {
  readonly hub: Pick<SecureHub, 'connections' | 'check'>;
  /** Path of the endpoint. */
  readonly path: string;
  /** @throws {Refusal} 401: not a token for this endpoint. Any other error refuses as well, as AUTH_FAILED. */
  verify(token: string | null): Promise<Principal>;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly attempts: FailedAttempts;
  readonly securityLog: SecurityLog;
  /** Whether a WebSocket or an event stream may bring its token in the URL. */
  readonly allowQueryToken: boolean;
}

export function createGate(deps: GateDeps): Gate {
  const { hub, path, counters, controls, attempts, securityLog, allowQueryToken } = deps;
  const { connections } = hub;
  const opened = new WeakSet<Connection>();

  function note(request: IncomingMessage, note: SecurityNote): void {
    securityLog.note({ hub: path, address: request.socket.remoteAddress ?? '-', ...note });
  }

  /** The request is refused; what is left is to count it and to tell those who watch. */
  function refused(request: IncomingMessage, error: unknown): Refusal {
    const refusal = error instanceof Refusal ? error : checkFailed();
    const { code } = refusal;
    counters.authFailures += 1;
    if (refusal.status === 403) {
      note(request, { type: 'access-denied', code });
      return refusal;
    }
    note(request, { type: 'authentication-failed', code });
    // Failures that are the hub's own are nobody's guesses.
    const guessed = error instanceof Refusal && !controls.refuseTokens;
    if (guessed && attempts.note(request.socket.remoteAddress)) note(request, { type: 'too-many-attempts' });
    return refusal;
  }

  return {
    async admit(request, query) {
      // Others behind the same address must not lose what they have: a connection that is up may go on to prove who it is.
      const isKnown = connections.find(query.get('id') ?? '')?.live === true;
      if (!isKnown) attempts.check(request.socket.remoteAddress);
      const found = findToken(request, query, { allowQueryToken, subprotocol: controls.subprotocol });
      if (found.where === 'query') {
        counters.tokensInUrl += 1;
        note(request, { type: 'query-token-used' });
      }
      try {
        refuseTokenInUrl(query, found.where === 'query');
      } catch (error) {
        counters.tokensInUrl += 1;
        note(request, { type: 'token-in-url' });
        throw error;
      }
      try {
        const principal = await deps.verify(found.token);
        hub.check(principal);
        return principal;
      } catch (error) {
        throw refused(request, error);
      }
    },

    open(principal, request) {
      const connection = connections.create(principal, request.socket.remoteAddress ?? '-');
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
        const { address } = connection;
        securityLog.note({ type: 'access-denied', hub: path, code: 'AUTH_FAILED', address, userId: principal.userId });
        throw new Refusal(403, 'AUTH_FAILED', 'This connection belongs to another user.');
      }
      return connection;
    },
  };
}
