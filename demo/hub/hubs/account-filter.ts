/** Lets nobody in and nothing run whose user is blocked, and runs nothing for a token that has expired. */
import type { Accounts } from '../auth/accounts.js';
import { HubException } from '../dispatch/hub-method.js';
import type { HubFilter } from './hub-filter.js';
import { REAUTH } from './reauth.js';

export interface AccountFilterDeps {
  readonly accounts: Accounts;
  readonly clockToleranceMs: number;
}

export function accountFilter({ accounts, clockToleranceMs }: AccountFilterDeps): HubFilter {
  return {
    onRequest({ userId }) {
      accounts.check(userId);
    },

    onCall({ principal }, target) {
      if (accounts.isBlocked(principal.userId)) throw new HubException('AUTH_FAILED: This user is blocked.');
      // The one call that an expired token may still make is the one that replaces it.
      if (target.toLowerCase() === REAUTH) return;
      if (principal.expiresAtMs + clockToleranceMs <= Date.now()) {
        throw new HubException('TOKEN_EXPIRED: The access token has expired.');
      }
    },
  };
}
