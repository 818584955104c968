/** How often one user may call, over all devices: never more than so many calls in any one second. */
export interface CallRate {
  /** Users whose calls are remembered. */
  readonly users: number;
  take(userId: string): Taken;
}

export type Taken =
  | { readonly ok: true }
  /** `warn`: the user was not warned in the last second. */
  | { readonly ok: false; readonly retryAfterMs: number; readonly warn: boolean };

interface Calls {
  /** When the granted calls of the last second were, oldest first. */
  readonly grantedAtMs: number[];
  warnedAtMs: number;
}

export const CALL_WINDOW_MS = 1000;
/** Above it, those who have been silent for a second are forgotten: that changes nothing for them. */
const SWEEP_ABOVE = 1000;

/** @param perSecond - A whole number, 1 or more. */
export function createCallRate(perSecond: number, now: () => number): CallRate {
  const byUser = new Map<string, Calls>();

  function callsOf(userId: string, nowMs: number): Calls {
    const known = byUser.get(userId);
    if (known !== undefined) return known;
    if (byUser.size >= SWEEP_ABOVE) sweep(nowMs);
    const calls: Calls = { grantedAtMs: [], warnedAtMs: Number.NEGATIVE_INFINITY };
    byUser.set(userId, calls);
    return calls;
  }

  function sweep(nowMs: number): void {
    for (const [userId, { grantedAtMs }] of byUser) {
      if ((grantedAtMs.at(-1) ?? 0) <= nowMs - CALL_WINDOW_MS) byUser.delete(userId);
    }
  }

  return {
    get users() {
      return byUser.size;
    },

    take(userId) {
      const nowMs = now();
      const calls = callsOf(userId, nowMs);
      const { grantedAtMs } = calls;
      while (grantedAtMs[0] !== undefined && grantedAtMs[0] <= nowMs - CALL_WINDOW_MS) grantedAtMs.shift();
      if (grantedAtMs.length < perSecond) {
        grantedAtMs.push(nowMs);
        return { ok: true };
      }
      const retryAfterMs = (grantedAtMs[0] ?? nowMs) + CALL_WINDOW_MS - nowMs;
      const warn = nowMs - calls.warnedAtMs >= CALL_WINDOW_MS;
      if (warn) calls.warnedAtMs = nowMs;
      return { ok: false, retryAfterMs, warn };
    },
  };
}
