/** Signs and checks the JWTs of this hub. Whatever is wrong with one, the cause could quote it and is dropped. */
import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { Refusal } from '../refusal.js';

const ISSUER = 'hubshare-demo';

/** What a token is for. One kind is never accepted in place of another. */
export interface TokenKind {
  readonly audience: string;
  /** The claim `type`. */
  readonly type: string;
}

export type Role = 'admin' | 'user';

/** Who a valid token speaks for, and how long. Frozen: who a connection belongs to cannot be changed by accident. */
export interface Principal {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface ReadToken {
  readonly principal: Principal;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Signer {
  readonly signingKey: Uint8Array;
  readonly clockToleranceMs: number;
}

export function signToken(
  { signingKey }: Signer,
  kind: TokenKind,
  { userId, name, role }: Pick<Principal, 'userId' | 'name' | 'role'>,
  lifeSeconds: number,
  claims: Readonly<Record<string, number>> = {},
): Promise<string> {
  // Fractions of a second are legal in a NumericDate; without them a life of 1.5 s would mean anything from 1 to 2.
  const now = Date.now() / 1000;
  return new SignJWT({ ...claims, userId, name, role, type: kind.type })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(userId)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .setIssuer(ISSUER)
    .setAudience(kind.audience)
    .sign(signingKey);
}

/** @throws {Refusal} 401 with TOKEN_EXPIRED or INVALID_TOKEN. */
export async function readToken(signer: Signer, kind: TokenKind, token: string): Promise<ReadToken> {
  let claims: Record<string, unknown>;
  try {
    const { payload } = await jwtVerify(token, signer.signingKey, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: kind.audience,
      requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      // jose compares whole seconds; the expiry is compared below, to the millisecond.
      clockTolerance: Number.MAX_SAFE_INTEGER,
    });
    claims = payload;
  } catch {
    throw invalidToken();
  }
  const { sub, userId, name, type, iat, exp } = claims;
  if (
    typeof userId !== 'string' ||
    userId === '' ||
    sub !== userId ||
    typeof name !== 'string' ||
    type !== kind.type ||
    typeof iat !== 'number' ||
    typeof exp !== 'number'
  ) {
    throw invalidToken();
  }
  const expiresAtMs = exp * 1000;
  if (expiresAtMs + signer.clockToleranceMs <= Date.now()) {
    throw new Refusal(401, 'TOKEN_EXPIRED', 'The access token has expired.');
  }
  // Whatever else the claim may say, it makes nobody an administrator.
  const role = claims['role'] === 'admin' ? 'admin' : 'user';
  return { principal: Object.freeze({ userId, name, role, issuedAtMs: iat * 1000, expiresAtMs }), claims };
}

export function missingToken(): Refusal {
  return new Refusal(401, 'MISSING_TOKEN', 'This request needs an access token.');
}

export function invalidToken(): Refusal {
  return new Refusal(401, 'INVALID_TOKEN', 'The access token is not valid.');
}

/** The check itself has failed; why is not the client's business, and could quote the token. */
export function checkFailed(): Refusal {
  return new Refusal(401, 'AUTH_FAILED', 'The access token could not be checked.');
}
