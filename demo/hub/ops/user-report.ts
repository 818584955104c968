/** What the hub knows about one user. It belongs to that user: nobody else reads it, except an administrator. */
import type { Principal } from '../auth/tokens.js';
import type { Connection } from '../connections/connection.js';
import { HubException } from '../dispatch/hub-method.js';
import type { SecurityLog } from '../security/security-log.js';
import type { Incidents } from './incidents.js';

export interface UserReport {
  readonly userId: string;
  /** Connections that are up. */
  readonly connections: number;
  readonly incidentsRaised: number;
  readonly incidentsAcknowledged: number;
  readonly incidentsClosed: number;
}

export interface UserReportsDeps {
  /** Path of the hub. */
  readonly hub: string;
  readonly incidents: Incidents;
  readonly securityLog: SecurityLog;
  connectionsOf(userId: string): number;
}

/** Whether a report, or any other thing of one user, may be read by another. */
export function mayRead({ userId, role }: Principal, owner: string): boolean {
  return userId === owner || role === 'admin';
}

/** @returns Reads a report for a caller. @throws {HubException} FORBIDDEN: it is another user's. */
export function createUserReports(deps: UserReportsDeps): (caller: Connection, userId: string) => UserReport {
  const { hub, incidents, securityLog } = deps;
  return ({ id, address, principal }, userId) => {
    if (!mayRead(principal, userId)) {
      // Whether there is such a user is not told either.
      const who = { userId: principal.userId, connectionId: id, address };
      securityLog.note({ type: 'access-denied', hub, code: 'FORBIDDEN', method: 'GetUserReport', ...who });
      throw new HubException('FORBIDDEN: You may read your own report only.');
    }
    const { raised, acknowledged, closed } = incidents.tally(userId);
    return {
      userId,
      connections: deps.connectionsOf(userId),
      incidentsRaised: raised,
      incidentsAcknowledged: acknowledged,
      incidentsClosed: closed,
    };
  };
}
