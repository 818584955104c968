/** How long to wait before each reconnect attempt, and by how much clients differ in it. */

/** The specified delays (SEC-6), in milliseconds; after the last one the link rests. */
export const DEFAULT_RETRY_DELAYS_MS: readonly number[] = [0, 2_000, 10_000, 30_000, 60_000];

/** Milliseconds before attempt number `attempt` (1 is the first retry), or `null` when there are no more. */
export type DefaultRetryDelay = (attempt: number) => number | null;

/** By how much a wait may grow, at random, so that the clients of a restarted hub do not come back at once. */
export interface Spread {
  /** Share of the wait. */
  readonly jitter: number;
  /** Milliseconds on top of that: a share of 0 would be nothing. */
  readonly spreadMs: number;
  /** Gives a number from 0 to 1. */
  readonly random: () => number;
}

/** Never shorter than `ms`. */
export function spreadOut(ms: number, { jitter, spreadMs, random }: Spread): number {
  return Math.round(ms + (ms * jitter + spreadMs) * random());
}

/** @param delaysMs - Milliseconds before attempt 1, 2, 3 … */
export function retryDelays(delaysMs: readonly number[], spread: Spread): DefaultRetryDelay {
  return (attempt) => {
    const delayMs = delaysMs[attempt - 1];
    return delayMs === undefined ? null : spreadOut(delayMs, spread);
  };
}
