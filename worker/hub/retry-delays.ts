/** How long to wait before each reconnect attempt. */
/** The specified delays (SEC-6), in milliseconds; after the last one the link rests. */
export const DEFAULT_RETRY_DELAYS_MS: readonly number[] = [0, 2_000, 10_000, 30_000, 60_000];

/** Milliseconds before attempt number `attempt` (1 is the first retry), or `null` when there are no more. */
export type DefaultRetryDelay = (attempt: number) => number | null;

/**
 * @param delaysMs - Milliseconds before attempt 1, 2, 3 …
 * @param jitter - Share of a delay by which it may grow, so that clients of a restarted hub do not come back at once.
 * @param random - Gives a number from 0 to 1.
 */
export function retryDelays(delaysMs: readonly number[], jitter: number, random: () => number): DefaultRetryDelay {
  return (attempt) => {
    const delayMs = delaysMs[attempt - 1];
    return delayMs === undefined ? null : Math.round(delayMs * (1 + jitter * random()));
  };
}
