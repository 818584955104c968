/** Access tokens: issued here, checked here. No token is ever part of a message, a log line or an error. */
import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { Refusal } from '../refusal.js';

const ISSUER = 'hubshare-demo';
const AUDIENCE = 'hubshare-demo';

/** Who a valid access token speaks for, and how long. */
export interface Principal {
  readonly userId: string;
  readonly name: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

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

export interface TokensDeps {
  readonly signingKey: Uint8Array;
  readonly clockToleranceMs: number;
  /** Life of a token issued now. */
  lifeSeconds(): number;
  /** While true every token is invalid. */
  refusing(): boolean;
  onIssued(): void;
}

export function createTokens(deps: TokensDeps): Tokens {
  return {
    async issue(user) {
      const life = deps.lifeSeconds();
      // Fractions of a second are legal in a NumericDate; without them a life of 1.5 s would mean anything from 1 to 2.
      const now = Date.now() / 1000;
      const accessToken = await new SignJWT({ userId: user, name: user, type: 'access' })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(user)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + life)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .sign(deps.signingKey);
      deps.onIssued();
      return { accessToken, expiresIn: life };
    },

    async verify(token) {
      if (token === null || token === '')
        throw new Refusal(401, 'MISSING_TOKEN', 'This request needs an access token.');
      const invalid = new Refusal(401, 'INVALID_TOKEN', 'The access token is not valid.');
      if (deps.refusing()) throw invalid;
      let claims: Record<string, unknown>;
      try {
        const { payload } = await jwtVerify(token, deps.signingKey, {
          algorithms: ['HS256'],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['sub', 'jti', 'iat', 'exp'],
          // jose compares whole seconds; the expiry is compared below, to the millisecond.
          clockTolerance: Number.MAX_SAFE_INTEGER,
        });
        claims = payload;
      } catch {
        // Whatever went wrong in checking it, the token is refused; the cause could quote the token and is dropped.
        throw invalid;
      }
      const { sub, userId, name, type, iat, exp } = claims;
      if (
        typeof userId !== 'string' ||
        userId === '' ||
        sub !== userId ||
        typeof name !== 'string' ||
        type !== 'access' ||
        typeof iat !== 'number' ||
        typeof exp !== 'number'
      ) {
        throw invalid;
      }
      const expiresAtMs = exp * 1000;
      if (expiresAtMs + deps.clockToleranceMs <= Date.now()) {
        throw new Refusal(401, 'TOKEN_EXPIRED', 'The access token has expired.');
      }
      return { userId, name, issuedAtMs: iat * 1000, expiresAtMs };
    },
  };
}
