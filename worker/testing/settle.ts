/** Waiting in tests without sleeping: for a condition, or until everything that is under way has arrived. */

// Node's; one turn of the event loop delivers every message that was posted before it.
declare function setImmediate(callback: () => void): unknown;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** More turns of the event loop than any exchange between fakes takes hops. What has not happened after it does not happen. */
export async function quiet(): Promise<void> {
  for (let hop = 0; hop < 30; hop += 1) {
    await turn();
    // Locks are granted by timers of 0 ms, which Node rounds up to 1.
    if (hop % 10 === 9) await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
}

/** Resolves with what `find` gives as soon as it gives something. The limit is far beyond any test's need; it only ends a test that fails. */
export async function until<T>(find: () => T | undefined | null | false, what = String(find)): Promise<T> {
  const limitMs = performance.now() + 20_000;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > limitMs) throw new Error(`Never came true: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}
