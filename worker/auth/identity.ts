/** Whom a token speaks for, as far as the token says so: enough to notice another user, never to trust one. */
import { readClaims } from './jwt-claims.js';

export interface Identity {
  /** The claim that names the user: what `withIdentity()` of a page is compared with. */
  readonly user: string;
  /** `null`: the token does not say. Two issuers may give the same name to two users. */
  readonly issuer: string | null;
}

/** The claim that names the user, where the app says nothing else. */
export const DEFAULT_IDENTITY_CLAIM = 'sub';

/**
 * Reads a JWT without verifying it: that is the hub's part.
 *
 * @param claim - Name of the claim that names the user. A number counts as its digits.
 * @returns `null` for an opaque token, and for one without the claim: nobody here knows whose it is.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2} `sub` is unique only with `iss`.
 */
export function readIdentity(token: string, claim: string = DEFAULT_IDENTITY_CLAIM): Identity | null {
  const claims = readClaims(token);
  const user = claims?.[claim];
  const issuer = claims?.['iss'];
  if ((typeof user !== 'string' || user === '') && typeof user !== 'number') return null;
  return { user: String(user), issuer: typeof issuer === 'string' ? issuer : null };
}

/** An issuer that is known on one side only says nothing. */
export function isSameUser(one: Identity, other: Identity): boolean {
  if (one.user !== other.user) return false;
  return one.issuer === null || other.issuer === null || one.issuer === other.issuer;
}
