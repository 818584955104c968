/** One refresh at a time among the workers of an origin (two builds of an app run two of them for a while). */
import type { Clock } from '../clock.js';

/** The part of `navigator.locks` that is used here. */
export interface LockManagerLike {
  request<T>(name: string, options: { signal: AbortSignal }, callback: () => Promise<T>): Promise<T>;
}

/**
 * Runs `work` under the lock of this endpoint.
 *
 * The wait has a limit, well above what any holder may take: whoever still holds the lock then is frozen and refreshes nothing,
 * so going on without the lock is safe, and waiting longer would sign the user out.
 *
 * @param name - What is refreshed: origin and path, no query.
 */
export async function withRefreshLock<T>(
  locks: LockManagerLike | undefined,
  clock: Clock,
  name: string,
  waitLimitMs: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (locks === undefined) return work();
  signal.throwIfAborted();

  const wait = new AbortController();
  const giveUp = (): void => wait.abort();
  let granted = false;
  const disarm = clock.setTimeout(giveUp, waitLimitMs);
  signal.addEventListener('abort', giveUp);
  try {
    // The signal ends the wait only; once granted it has no effect, and `work` has a limit of its own.
    return await locks.request(`hubshare:refresh:${name}`, { signal: wait.signal }, () => {
      granted = true;
      disarm();
      return work();
    });
  } catch (error) {
    if (granted) throw error;
    signal.throwIfAborted();
    // Not granted in time, or locks are refused here (opaque origin, storage blocked): both leave only the way without.
    return await work();
  } finally {
    disarm();
    signal.removeEventListener('abort', giveUp);
  }
}
