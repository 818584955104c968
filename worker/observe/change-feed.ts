/** Wakes those who wait for the worker's state to change. Costs nothing while nobody waits. */

export interface ChangeFeed {
  readonly version: number;
  changed(): void;
  /** Resolves when the version differs from `version`; at once if it does already. `false`: the waiter was dropped. */
  next(version: number, waiter: object): Promise<boolean>;
  /** The waiter has gone or asks again. */
  drop(waiter: object): void;
}

export function createChangeFeed(): ChangeFeed {
  const waiting = new Map<object, (changed: boolean) => void>();
  let version = 1;
  const drop = (waiter: object): void => {
    waiting.get(waiter)?.(false);
    waiting.delete(waiter);
  };
  return {
    get version() {
      return version;
    },
    changed() {
      version += 1;
      if (waiting.size === 0) return;
      const woken = [...waiting.values()];
      waiting.clear();
      for (const wake of woken) wake(true);
    },
    next(known, waiter) {
      drop(waiter);
      if (known !== version) return Promise.resolve(true);
      return new Promise((resolve) => waiting.set(waiter, resolve));
    },
    drop,
  };
}
