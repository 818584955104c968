/** Tokens that the hub would never issue: with any claims, signed with any key. */
import { SignJWT } from 'jose';

/** Good for a minute unless the claims say otherwise; `undefined` leaves a claim out. */
export function forge(key: Uint8Array, claims: Record<string, unknown> = {}): Promise<string> {
  const now = Date.now() / 1000;
  return new SignJWT({
    sub: 'ann',
    userId: 'ann',
    name: 'ann',
    type: 'access',
    jti: '1',
    iat: now,
    exp: now + 60,
    iss: 'hubshare-demo',
    aud: 'hubshare-demo',
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(key);
}
