/** Refuses calls of a user who calls too often, and tells the client once a second that it does. */
import { HubException } from '../dispatch/hub-method.js';
import { CALL_WINDOW_MS, type CallRate } from '../security/call-rate.js';
import type { SecurityLog } from '../security/security-log.js';
import type { HubFilter } from './hub-filter.js';
import { REAUTH } from './reauth.js';

export interface RateFilterDeps {
  /** Path of the hub. */
  readonly hub: string;
  readonly rate: CallRate;
  /** What `rate` allows, for the texts. */
  readonly perSecond: number;
  readonly securityLog: SecurityLog;
}

export function rateFilter({ hub, rate, perSecond, securityLog }: RateFilterDeps): HubFilter {
  return {
    onCall(connection, target) {
      // A user who calls too often must still be able to stay signed in. Bad tokens have a limit of their own.
      if (target.toLowerCase() === REAUTH) return;
      const { userId } = connection.principal;
      const taken = rate.take(userId);
      if (taken.ok) return;
      const { retryAfterMs, warn } = taken;
      if (warn) {
        // Who calls with `send` gets no answer: only this event tells that calls are dropped.
        const warning = { limit: perSecond, windowMs: CALL_WINDOW_MS, retryAfterMs };
        connection.send({ type: 1, target: 'rate.warning', arguments: [warning] });
        securityLog.note({
          type: 'rate-limited',
          hub,
          userId,
          connectionId: connection.id,
          address: connection.address,
        });
      }
      throw new HubException(
        `RATE_LIMITED: More than ${perSecond} calls in a second. Try again in ${Math.ceil(retryAfterMs)} ms.`,
      );
    },
  };
}
