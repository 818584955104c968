/** When to get the next token, as pure functions: ahead of expiry, capped by the token's life, and never in a tight loop. */
import type { AccessToken } from './access-token.js';

export interface RefreshPolicy {
  /** Milliseconds before expiry at which the next token is fetched (SEC-2). */
  readonly bufferMs: number;
  /** The buffer is never more than this share of the token's life, so that a token of a minute is not refreshed all the time. Up to 0.5. */
  readonly shareOfLife: number;
  /** Share of the buffer by which a refresh may come earlier, so that the users of an app do not refresh all at once. Up to 0.5. */
  readonly jitter: number;
  /** Milliseconds before the first new try after an early refresh that brought nothing; doubles from there. At least 100. */
  readonly failureCooldownMs: number;
}

export const DEFAULT_REFRESH_POLICY: RefreshPolicy = {
  bufferMs: 2 * 60 * 60_000,
  shareOfLife: 0.2,
  jitter: 0.1,
  failureCooldownMs: 10_000,
};

/** The least and the most of what an app may choose. */
export const REFRESH_BOUNDS: Readonly<Record<keyof RefreshPolicy, readonly [least: number, most: number]>> = {
  bufferMs: [0, Infinity],
  // Over half of its life a token would be refreshed more often than not.
  shareOfLife: [0, 0.5],
  jitter: [0, 0.5],
  // With none a source that fails would be asked without end.
  failureCooldownMs: [100, Infinity],
};

const LONGEST_COOLDOWN_MS = 5 * 60_000;
const SHORTEST_COOLDOWN_MS = 1_000;

/** Milliseconds since the epoch; `null` when the token does not say when it expires. */
export function refreshAtMs(token: AccessToken, policy: RefreshPolicy, random: () => number): number | null {
  if (token.expiresAtMs === null) return null;
  const aheadMs = Math.min(policy.bufferMs, policy.shareOfLife * lifeMs(token, token.expiresAtMs));
  return token.expiresAtMs - aheadMs * (1 + policy.jitter * random());
}

/** Whether the token lives long enough for a caller that wants `minValidityMs`; a short-lived token need not live longer than its share. */
export function livesFor(token: AccessToken, minValidityMs: number, policy: RefreshPolicy, nowMs: number): boolean {
  if (token.expiresAtMs === null) return true;
  const neededMs = Math.min(minValidityMs, policy.shareOfLife * lifeMs(token, token.expiresAtMs));
  return token.expiresAtMs - nowMs > neededMs;
}

export function isExpired(token: AccessToken, nowMs: number): boolean {
  return token.expiresAtMs !== null && token.expiresAtMs <= nowMs;
}

/**
 * Milliseconds to leave the source alone after the `failures`-th early refresh in a row that brought no new token.
 * While the token still lives, half of what is left of its life is the most, so that there is time for another try.
 */
export function cooldownMs(
  failures: number,
  token: AccessToken | null,
  policy: RefreshPolicy,
  nowMs: number,
  random: () => number,
): number {
  const backoffMs = Math.min(
    policy.failureCooldownMs * 2 ** (failures - 1),
    Math.max(policy.failureCooldownMs, LONGEST_COOLDOWN_MS),
  );
  const spreadMs = backoffMs * (1 - policy.jitter * random());
  const leftMs = token === null || token.expiresAtMs === null ? 0 : token.expiresAtMs - nowMs;
  if (leftMs <= 0) return spreadMs;
  return Math.min(spreadMs, Math.max(leftMs / 2, Math.min(SHORTEST_COOLDOWN_MS, policy.failureCooldownMs)));
}

function lifeMs(token: AccessToken, expiresAtMs: number): number {
  return expiresAtMs - token.issuedAtMs;
}
