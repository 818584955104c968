/** Events per second out of a growing total, over a short window that slides on even when no report comes. */

export interface Rate {
  /** A total as it was at `atMs`. A total that shrinks belongs to a new worker: counting starts over. */
  note(atMs: number, total: number): void;
  perSecond(nowMs: number): number;
}

/** Short enough to follow a burst, long enough that five reports a second do not make the figure jump. */
const WINDOW_MS = 2_000;
/** Below this the quotient says more about the clock than about the hub. */
const SHORTEST_SPAN_MS = 150;

export function createRate(): Rate {
  let samples: { readonly atMs: number; readonly total: number }[] = [];

  return {
    note(atMs, total) {
      const last = samples.at(-1);
      if (last !== undefined && (total < last.total || atMs < last.atMs)) samples = [];
      samples.push({ atMs, total });
      // The newest sample that is older than the window stays: the window is measured from it.
      while (samples.length > 2 && (samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) samples.shift();
    },
    perSecond(nowMs) {
      const last = samples.at(-1);
      const base = samples.findLast((sample) => sample.atMs <= nowMs - WINDOW_MS) ?? samples[0];
      if (last === undefined || base === undefined || base === last) return 0;
      const spanMs = Math.max(last.atMs, nowMs) - base.atMs;
      return spanMs < SHORTEST_SPAN_MS ? 0 : ((last.total - base.total) * 1_000) / spanMs;
    },
  };
}
