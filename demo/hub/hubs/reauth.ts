/** The hub method `connection.reauth`: goes on with a newer token on the same connection. */
import type { Principal, Tokens } from '../auth/tokens.js';
import { checkFailed } from '../auth/jwt.js';
import { FAILED, type Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import { call, HubException, text, type HubMethod } from '../dispatch/hub-method.js';
import { Refusal } from '../refusal.js';
import type { SecurityLog } from '../security/security-log.js';

export const REAUTH = 'connection.reauth';

export interface ReauthDeps {
  /** Path of the hub. */
  readonly hub: string;
  readonly tokens: Tokens;
  readonly counters: Counters;
  readonly securityLog: SecurityLog;
  /** Bad tokens that one connection may offer before it is closed; `null` for any number. */
  readonly maxFailures: number | null;
  /** @throws {Refusal} The user of the new token may not be here. */
  check(principal: Principal): void;
}

export function reauthMethod(deps: ReauthDeps): HubMethod {
  const { hub, tokens, counters, securityLog, maxFailures } = deps;
  const failures = new WeakMap<Connection, number>();

  async function verify(connection: Connection, token: string): Promise<Principal> {
    const principal = await tokens.verify(token);
    if (principal.userId !== connection.principal.userId) {
      throw new Refusal(403, 'AUTH_FAILED', 'The token belongs to another user.');
    }
    deps.check(principal);
    return principal;
  }

  function refuse(connection: Connection, { code, message }: Refusal): HubException {
    counters.authFailures += 1;
    const { address } = connection;
    const { userId } = connection.principal;
    securityLog.note({
      type: 'authentication-failed',
      hub,
      code,
      address,
      userId,
      connectionId: connection.id,
      method: REAUTH,
    });
    const failed = (failures.get(connection) ?? 0) + 1;
    failures.set(connection, failed);
    if (maxFailures !== null && failed >= maxFailures) connection.close(FAILED);
    return new HubException(`${code}: ${message}`);
  }

  return call(REAUTH, [text], async ({ connection }, token) => {
    const principal = await verify(connection, token).catch((error: unknown) => {
      throw refuse(connection, error instanceof Refusal ? error : checkFailed());
    });
    connection.adopt(principal);
    counters.reauths += 1;
    return { expiresAt: principal.expiresAtMs };
  });
}
