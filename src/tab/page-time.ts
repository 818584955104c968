/** Limits in the time in which a page runs: one that was frozen or cached gets a second turn. */

/** Milliseconds of the second turn: what the worker has kept for the page until it was back can come in them. */
export const SECOND_TURN_MS = 1_000;

/**
 * Calls `run` when the time is over twice: a page that was frozen meanwhile finds the first one over at once.
 *
 * @returns Ends it.
 */
export function limitPageTime(run: () => void, afterMs: number): () => void {
  let timer = setTimeout(() => (timer = setTimeout(run, SECOND_TURN_MS)), afterMs);
  return () => clearTimeout(timer);
}
