/** An access token with what the worker needs to know about it, read once, when it arrives. */
import { HubshareError, wireError } from '../../src/contract/errors.js';

export interface AccessToken {
  /** The bare token, without `Bearer `. */
  readonly token: string;
  readonly receivedAtMs: number;
  /** By this machine's clock, like every time here. Never later than `receivedAtMs`. */
  readonly issuedAtMs: number;
  /** `null`: the token does not say, or says something that cannot be true. Only the hub knows then. */
  readonly expiresAtMs: number | null;
  /** The JWT's `sub`; `null` for an opaque token. Not verified: good to notice another user, not to trust one. */
  readonly subject: string | null;
}

/**
 * Reads a token that has just arrived. JWTs are decoded and not verified (that is the hub's part); any other token is opaque.
 *
 * @param expiresInSeconds - What the issuer said beside the token. Goes before the JWT's `exp`: a span of time needs no
 *   agreement about what time it is.
 * @throws {HubshareError} `token-unavailable` if this is no token at all. The message never holds what was given.
 */
export function readAccessToken(token: unknown, receivedAtMs: number, expiresInSeconds?: number): AccessToken {
  const text = checkToken(token);
  const claims = readClaims(text);
  const subject = typeof claims?.['sub'] === 'string' ? claims['sub'] : null;
  const iatMs = secondsToMs(claims?.['iat']);
  const expMs = secondsToMs(claims?.['exp']);

  // A token issued in the future was issued now, by a clock that is ahead of ours by the difference.
  const skewMs = iatMs === null ? 0 : Math.max(0, iatMs - receivedAtMs);
  const issuedAtMs = iatMs === null ? receivedAtMs : Math.min(iatMs, receivedAtMs);

  if (expiresInSeconds !== undefined && Number.isFinite(expiresInSeconds) && expiresInSeconds > 0) {
    return {
      token: text,
      receivedAtMs,
      issuedAtMs: receivedAtMs,
      expiresAtMs: receivedAtMs + expiresInSeconds * 1_000,
      subject,
    };
  }
  const expiresAtMs = expMs === null ? null : expMs - skewMs;
  // Looks expired on arrival: our clock may be ahead. It is offered once, and the hub decides.
  const believable = expiresAtMs !== null && expiresAtMs > receivedAtMs;
  return { token: text, receivedAtMs, issuedAtMs, expiresAtMs: believable ? expiresAtMs : null, subject };
}

function checkToken(token: unknown): string {
  if (typeof token !== 'string') {
    throw unusable(
      `it is ${token === null ? 'null' : `of type ${typeof token}`}, not a string`,
      'Return the token itself, or a promise of it.',
    );
  }
  if (token === '') throw unusable('it is empty', 'Return a token only when the user is signed in; throw otherwise.');
  if (/^bearer\s/i.test(token))
    throw unusable('it starts with "Bearer "', 'Give the bare token; hubshare adds the scheme.');
  if (token === 'null' || token === 'undefined') {
    throw unusable(
      `it is the word "${token}"`,
      'Probably a missing value was turned into text, for example by localStorage.',
    );
  }
  // Neither a header nor a subprotocol can carry these; `fetch` would throw an error that quotes the whole header.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw unusable(
      'it has white space, control or non-ASCII characters',
      'Check for a line break at its end or quotes around it.',
    );
  }
  return token;
}

function unusable(why: string, advice: string): HubshareError<'token-unavailable'> {
  return new HubshareError(wireError('token-unavailable', `The access token cannot be used: ${why}. ${advice}`, {}));
}

function readClaims(token: string): Record<string, unknown> | null {
  const parts = token.split('.');
  const payload = parts[1];
  if (parts.length !== 3 || payload === undefined || payload === '') return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : null;
  } catch {
    // Three parts and yet no JWT: opaque.
    return null;
  }
}

function secondsToMs(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value * 1_000 : null;
}
