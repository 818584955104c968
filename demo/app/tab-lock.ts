/** Counts this browser's tabs in plain mode: each holds a Web Lock of its own, and looking at the locks disturbs nobody. */

const PREFIX = 'ops-tab:';

/** Holds the lock until the page goes or the returned function is called. */
export function holdTabLock(): () => void {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks.request(PREFIX + crypto.randomUUID(), () => held);
  return release;
}

export async function countTabs(): Promise<number> {
  const { held = [] } = await navigator.locks.query();
  return Math.max(1, held.filter(({ name }) => name?.startsWith(PREFIX)).length);
}
