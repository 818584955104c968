/** The locks of a tab: those it holds while it lives, and the worker's, for which it queues to see it die. */

/** A lock that this tab holds until `release`. */
export interface HeldLock {
  readonly name: string;
  release(): void;
}

/** Resolves when the lock is held. Nobody may hold it alone: a lock of a page in the back/forward cache must never be waited for. */
export function holdLock(locks: LockManager, name: string, mode: LockMode = 'exclusive'): Promise<HeldLock> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, { mode }, () => {
        return new Promise<void>((release) => resolve({ name, release }));
      })
      .catch(reject);
  });
}

/**
 * Calls `onGone` when the worker that holds `name` has died. Shared mode: every tab is told at the same moment.
 *
 * @returns Ends the watch.
 */
export function watchWorker(locks: LockManager, name: string, onGone: () => void): () => void {
  const watch = new AbortController();
  locks
    .request(name, { mode: 'shared', signal: watch.signal }, () => undefined)
    .then(
      () => {
        if (!watch.signal.aborted) onGone();
      },
      (error: unknown) => {
        if (!watch.signal.aborted) throw error;
      },
    );
  return () => watch.abort();
}
