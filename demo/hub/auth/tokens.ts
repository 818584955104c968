/** Access tokens: issued here, checked here. No token is ever part of a message, a log line or an error. */
import {
  invalidToken,
  missingToken,
  readToken,
  signToken,
  type Principal,
  type Role,
  type Signer,
  type TokenKind,
} from './jwt.js';

export type { Principal } from './jwt.js';

const ACCESS: TokenKind = { audience: 'hubshare-demo', type: 'access' };

export interface IssuedToken {
  readonly accessToken: string;
  /** Seconds, may be fractional. */
  readonly expiresIn: number;
}

export interface Tokens {
  issue(user: string): Promise<IssuedToken>;
  /** @throws {Refusal} 401 with MISSING_TOKEN, TOKEN_EXPIRED or INVALID_TOKEN. */
  verify(token: string | null): Promise<Principal>;
}

export interface TokensDeps extends Signer {
  /** Life of a token issued now. */
  lifeSeconds(): number;
  /** While true every token is invalid. */
  refusing(): boolean;
  onIssued(): void;
}

export function createTokens(deps: TokensDeps): Tokens {
  return {
    async issue(user) {
      const expiresIn = deps.lifeSeconds();
      const accessToken = await signToken(deps, ACCESS, { userId: user, name: user, role: roleOf(user) }, expiresIn);
      deps.onIssued();
      return { accessToken, expiresIn };
    },

    async verify(token) {
      if (token === null || token === '') throw missingToken();
      if (deps.refusing()) throw invalidToken();
      return (await readToken(deps, ACCESS, token)).principal;
    },
  };
}

/** In the demo a name is enough to be someone. */
function roleOf(user: string): Role {
  return user === 'admin' ? 'admin' : 'user';
}
