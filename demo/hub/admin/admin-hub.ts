/** The methods of the hub `/hubs/admin`, which only administrators can open. */
import type { Accounts } from '../auth/accounts.js';
import { call, HubException, list, text, type Caller, type HubMethod } from '../dispatch/hub-method.js';
import type { SecureHub } from '../hubs/secure-hub.js';
import type { Emitter } from '../scale/backplane.js';
import type { SecurityLog } from '../security/security-log.js';

export const ADMIN_PATH = '/hubs/admin';

export interface AdminHubDeps {
  /** The hub that is administered. */
  readonly ops: Pick<SecureHub, 'getConnectionStats'>;
  readonly emitter: Emitter;
  readonly accounts: Accounts;
  readonly securityLog: SecurityLog;
  /** Ends every connection of a user, on all hubs. @returns How many there were. */
  disconnect(userId: string): number;
}

/** Clients act on these by themselves: only the hub may send them. */
const RESERVED = /^(connection|token|rate)\./i;
const MAX_NAME = 200;

export function adminHubMethods({
  ops,
  emitter,
  accounts,
  securityLog,
  disconnect,
}: AdminHubDeps): readonly HubMethod[] {
  return [
    call('GetConnectionStats', [], () => ops.getConnectionStats()),
    call('EmitToUser', [text, text, list], (_, userId, event, args) =>
      emitter.emitToUser(userId, eventName(event), args),
    ),
    call('EmitToAll', [text, list], (_, event, args) => emitter.emitToAll(eventName(event), args)),
    call('GetAlerts', [], () => ({ alerts: securityLog.read('alert'), warnings: securityLog.read('warning') })),
    call('BlockUser', [text], (caller, userId) => {
      if (userId === userOf(caller)) throw new HubException('You cannot block yourself.');
      accounts.block(userId);
      securityLog.note({ type: 'user-blocked', userId, by: userOf(caller) });
      return disconnect(userId);
    }),
    call('UnblockUser', [text], (caller, userId) => {
      accounts.unblock(userId);
      securityLog.note({ type: 'user-unblocked', userId, by: userOf(caller) });
    }),
  ];
}

function userOf({ connection }: Caller): string {
  return connection.principal.userId;
}

/** @throws {HubException} It is no name for an event of an app. */
function eventName(name: string): string {
  if (name === '' || name.length > MAX_NAME) throw new HubException(`An event name has 1 to ${MAX_NAME} characters.`);
  if (RESERVED.test(name)) throw new HubException(`Only the hub itself sends ${name}.`);
  return name;
}
