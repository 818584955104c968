/** Who is alive, told by Web Locks: a lock is freed when its holder dies, however it dies. No heartbeat, no timer. */

/** What is used of `navigator.locks`. */
export type Locks = Pick<LockManager, 'request' | 'query'>;

/**
 * Calls `onGone` once when the holder of `lock` has gone, or at once when nobody holds it.
 *
 * The request is queued exactly once: a second one for the lock of a page in the back/forward cache would evict the page.
 * The lock is let go at once when granted, for nobody else waits for it.
 *
 * @returns Takes the request out of the queue. If the lock has been granted by then, `onGone` is called all the same: it is true.
 */
export function watchHolder(locks: Pick<Locks, 'request'>, lock: string, onGone: () => void): () => void {
  const watch = new AbortController();
  locks
    .request(lock, { signal: watch.signal }, () => undefined)
    .then(onGone, (error: unknown) => {
      // The watch was ended. Anything else means that locks do not work here, and then nothing is known of the holder.
      if (!watch.signal.aborted) throw error;
    });
  return () => watch.abort();
}

/** Names of the locks that are held now, by whomever. To look does nothing to a page, in the back/forward cache or out of it. */
export async function heldLocks(locks: Pick<Locks, 'query'>): Promise<ReadonlySet<string>> {
  const { held } = await locks.query();
  return new Set(held?.flatMap(({ name }) => (name === undefined ? [] : [name])));
}

/** Holds `lock` until this global scope ends. Resolves when it is held. */
export function holdForLife(locks: Pick<Locks, 'request'>, lock: string): Promise<void> {
  return new Promise((resolve, reject) => {
    locks
      .request(lock, () => {
        resolve();
        return new Promise<never>(() => undefined);
      })
      .catch(reject);
  });
}
