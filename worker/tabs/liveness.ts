/** Who is alive, told by Web Locks: a lock is freed when its holder dies, however it dies. No heartbeat, no timer. */

/** What is used of `navigator.locks`. */
export type Locks = Pick<LockManager, 'request'>;

/**
 * Calls `onGone` once when the holder of `lock` has gone, or at once when nobody holds it.
 *
 * The request is queued exactly once: a second one for the lock of a page in the back/forward cache would evict the page.
 * The lock is let go at once when granted, for nobody else waits for it.
 *
 * @returns Ends the watch.
 */
export function watchHolder(locks: Locks, lock: string, onGone: () => void): () => void {
  const watch = new AbortController();
  locks
    .request(lock, { signal: watch.signal }, () => undefined)
    .then(
      () => {
        if (!watch.signal.aborted) onGone();
      },
      (error: unknown) => {
        // The watch was ended. Anything else means that locks do not work here, and then nothing is known of the holder.
        if (!watch.signal.aborted) throw error;
      },
    );
  return () => watch.abort();
}

/** Holds `lock` until this global scope ends. Resolves when it is held. */
export function holdForLife(locks: Locks, lock: string): Promise<void> {
  return new Promise((resolve, reject) => {
    locks
      .request(lock, () => {
        resolve();
        return new Promise<never>(() => undefined);
      })
      .catch(reject);
  });
}
