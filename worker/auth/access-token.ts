/** An access token with what the worker needs to know about it, read once, when it arrives. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import { readClaims } from './jwt-claims.js';

export interface AccessToken {
  /** The bare token, without `Bearer `. */
  readonly token: string;
  readonly receivedAtMs: number;
  /** By this machine's clock, like every time here. Never later than `receivedAtMs`. */
  readonly issuedAtMs: number;
  /** Milliseconds for which the issuer said that it is good, by no clock but the issuer's; `null`: only a clock could tell. */
  readonly lifeMs: number | null;
  /**
   * Milliseconds between the issue by the issuer's clock and the arrival by this one: what the token had waited somewhere, plus what
   * this clock is ahead. `null`: the token does not say when it was issued.
   */
  readonly ageMs: number | null;
  /** The JWT's `exp` in milliseconds, by the issuer's clock: to recognise the token when the hub speaks of it. */
  readonly claimedExpiryMs: number | null;
  /** `null`: the token does not say, or says something that cannot be true. Only the hub knows then. */
  readonly expiresAtMs: number | null;
}

/** What else is known when a token arrives. */
export interface Arrival {
  readonly receivedAtMs: number;
  /** What the issuer said beside the token. Goes before the JWT's claims: a span of time needs no agreement about what time it is. */
  readonly expiresInSeconds?: number | undefined;
  /** `ageMs` of the last token that was another one; `null` or absent: this is the first. */
  readonly lastAgeMs?: number | null;
}

/** By how much two clocks may reasonably differ. A token that is older than that has waited in some cache. */
const MAX_SKEW_MS = 10 * 60_000;

/**
 * Reads a token that has just arrived. JWTs are decoded and not verified (that is the hub's part); any other token is opaque.
 *
 * A machine's clock is not trusted beyond need. From the future no token comes, so one that was issued there shows how far the
 * issuer is ahead. One that looks old has waited in a cache, or this clock is ahead: the two are told apart by the next token,
 * for a cache gives tokens of differing age and a clock that is ahead does not. Until then the earlier expiry is believed,
 * unless by that the token had expired before anyone could use it.
 *
 * @throws {HubshareError} `token-unavailable` if this is no token at all. The message never holds what was given.
 */
export function readAccessToken(token: unknown, arrival: Arrival): AccessToken {
  const { receivedAtMs, expiresInSeconds } = arrival;
  const text = checkToken(token);
  const claims = readClaims(text);
  const claimedExpiryMs = secondsToMs(claims?.['exp']);
  const claimedIssueMs = issueOf(claims, claimedExpiryMs);
  const ageMs = claimedIssueMs === null ? null : receivedAtMs - claimedIssueMs;
  const known = { token: text, receivedAtMs, ageMs, claimedExpiryMs };

  if (expiresInSeconds !== undefined && Number.isFinite(expiresInSeconds) && expiresInSeconds > 0) {
    const lifeMs = expiresInSeconds * 1_000;
    return { ...known, issuedAtMs: receivedAtMs, lifeMs, expiresAtMs: receivedAtMs + lifeMs };
  }
  if (claimedExpiryMs === null || claimedIssueMs === null || ageMs === null) {
    // Looks expired on arrival: our clock may be ahead. It is offered once, and the hub decides.
    const expiresAtMs = claimedExpiryMs !== null && claimedExpiryMs > receivedAtMs ? claimedExpiryMs : null;
    const issuedAtMs = ageMs === null ? receivedAtMs : receivedAtMs - Math.max(0, ageMs);
    return { ...known, issuedAtMs, lifeMs: null, expiresAtMs };
  }
  const lifeMs = claimedExpiryMs - claimedIssueMs;
  const aheadMs = clockAheadMs(ageMs, arrival.lastAgeMs ?? null);
  const issuedAtMs = claimedIssueMs + aheadMs;
  if (issuedAtMs + lifeMs > receivedAtMs) return { ...known, issuedAtMs, lifeMs, expiresAtMs: issuedAtMs + lifeMs };
  // By our clock it is over. Within what clocks differ, it is fresh and the clock is wrong; beyond, the hub decides.
  return ageMs <= MAX_SKEW_MS
    ? { ...known, issuedAtMs: receivedAtMs, lifeMs, expiresAtMs: receivedAtMs + lifeMs }
    : { ...known, issuedAtMs, lifeMs, expiresAtMs: null };
}

/** By how much this clock seems to be ahead of the issuer's; less than 0: behind. */
function clockAheadMs(ageMs: number, lastAgeMs: number | null): number {
  const leastMs = Math.min(ageMs, lastAgeMs ?? 0);
  return leastMs > MAX_SKEW_MS ? 0 : leastMs;
}

/** `nbf` where there is no `iat`: it is the moment of issue with those that leave `iat` away. An issue after the expiry is none. */
function issueOf(claims: Record<string, unknown> | null, expiryMs: number | null): number | null {
  const issueMs = secondsToMs(claims?.['iat']) ?? secondsToMs(claims?.['nbf']);
  return issueMs === null || (expiryMs !== null && issueMs >= expiryMs) ? null : issueMs;
}

/**
 * @returns The token, which can be sent.
 * @throws {HubshareError} `token-unavailable`. The message never holds what was given.
 */
export function checkToken(token: unknown): string {
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

function secondsToMs(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value * 1_000 : null;
}
