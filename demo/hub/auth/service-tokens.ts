/**
 * Tokens that a redirecting negotiate hands over, as Azure SignalR does: short-lived, and good at the service endpoint only.
 * How long the user stays signed in is a claim of its own, so that a connection outlives the token it came with.
 */
import {
  invalidToken,
  missingToken,
  readToken,
  signToken,
  type Principal,
  type Signer,
  type TokenKind,
} from './jwt.js';

const SERVICE: TokenKind = { audience: 'hubshare-demo-service', type: 'service' };

export interface ServiceTokens {
  issue(principal: Principal): Promise<string>;
  /**
   * @returns Its times are those of the access token that was exchanged.
   * @throws {Refusal} 401 with MISSING_TOKEN, TOKEN_EXPIRED or INVALID_TOKEN.
   */
  verify(token: string | null): Promise<Principal>;
}

export interface ServiceTokensDeps extends Signer {
  /** Life of a token issued now. */
  lifeSeconds(): number;
  /** While true every token is invalid. */
  refusing(): boolean;
}

export function createServiceTokens(deps: ServiceTokensDeps): ServiceTokens {
  return {
    issue(principal) {
      const { issuedAtMs, expiresAtMs } = principal;
      return signToken(deps, SERVICE, principal, deps.lifeSeconds(), {
        signedInAtMs: issuedAtMs,
        signedInUntilMs: expiresAtMs,
      });
    },

    async verify(token) {
      if (token === null || token === '') throw missingToken();
      if (deps.refusing()) throw invalidToken();
      const { principal, claims } = await readToken(deps, SERVICE, token);
      const { signedInAtMs, signedInUntilMs } = claims;
      if (typeof signedInAtMs !== 'number' || typeof signedInUntilMs !== 'number') throw invalidToken();
      return Object.freeze({ ...principal, issuedAtMs: signedInAtMs, expiresAtMs: signedInUntilMs });
    },
  };
}
