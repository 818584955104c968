/** Counts how long something took in ranges: bounded, however often it happens. */
import type { Histogram } from '../../src/contract/metrics.js';

/** Milliseconds: the ranges that OpenTelemetry recommends for the duration of SignalR connections. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000,
];

export interface DurationHistogram {
  /** A clock that was set back meanwhile makes no time negative. */
  note(ms: number): void;
  read(): Histogram;
}

export function createHistogram(boundsMs: readonly number[] = DURATION_BOUNDS_MS): DurationHistogram {
  const counts = Array.from({ length: boundsMs.length + 1 }, () => 0);
  let count = 0;
  let sumMs = 0;
  let lastMs: number | null = null;
  return {
    note(given) {
      const ms = Math.max(0, given);
      const found = boundsMs.findIndex((bound) => ms <= bound);
      const range = found < 0 ? boundsMs.length : found;
      counts[range] = (counts[range] ?? 0) + 1;
      count += 1;
      sumMs += ms;
      lastMs = ms;
    },
    read: () => ({ boundsMs, counts: [...counts], count, sumMs, lastMs }),
  };
}
