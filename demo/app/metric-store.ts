/** The last minute of each metric, whether it was pushed or came with the history. */
import type { Metric, Sample } from './hub-types.js';

export const WINDOW_MS = 60_000;

/** Two windows: enough for a hub that sends more often than once a second. */
const MAX_SAMPLES = 600;

export interface MetricStore {
  add(metric: Metric): void;
  /** Puts older samples before those that have been pushed already. */
  prefill(history: ReadonlyMap<string, readonly Sample[]>): void;
  samples(name: string): readonly Sample[];
  latest(name: string): number | null;
  /** All metrics whose name begins so, in the order of their numbers: `cpu.2` before `cpu.10`. */
  names(prefix: string): readonly string[];
  /** The hub's time of the newest sample. */
  latestAtMs(): number | null;
  /** How long ago the last sample came, by this page's clock; `null` before the first. */
  ageMs(): number | null;
}

export function createMetricStore(): MetricStore {
  const series = new Map<string, Sample[]>();
  let newestAtMs: number | null = null;
  let receivedAtMs: number | null = null;

  function trim(samples: Sample[]): void {
    const newest = samples.at(-1);
    if (newest === undefined) return;
    const first = samples.findIndex((sample) => sample.atMs >= newest.atMs - WINDOW_MS - 2_000);
    samples.splice(0, Math.max(first, samples.length - MAX_SAMPLES));
  }

  return {
    add({ name, value, atMs }) {
      const samples = series.get(name) ?? [];
      series.set(name, samples);
      // Late or repeated (after a reconnect): the history has it.
      if (atMs <= (samples.at(-1)?.atMs ?? -Infinity)) return;
      samples.push({ atMs, value });
      trim(samples);
      newestAtMs = Math.max(newestAtMs ?? atMs, atMs);
      receivedAtMs = performance.now();
    },

    prefill(history) {
      for (const [name, past] of history) {
        const pushed = series.get(name) ?? [];
        const known = new Set(pushed.map(({ atMs }) => atMs));
        const merged = [...past.filter(({ atMs }) => !known.has(atMs)), ...pushed].sort((a, b) => a.atMs - b.atMs);
        trim(merged);
        series.set(name, merged);
        const newest = merged.at(-1)?.atMs;
        if (newest !== undefined) newestAtMs = Math.max(newestAtMs ?? newest, newest);
      }
      receivedAtMs ??= performance.now();
    },

    samples: (name) => series.get(name) ?? [],
    latest: (name) => series.get(name)?.at(-1)?.value ?? null,
    names: (prefix) =>
      [...series.keys()]
        .filter((name) => name.startsWith(prefix))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
    latestAtMs: () => newestAtMs,
    ageMs: () => (receivedAtMs === null ? null : performance.now() - receivedAtMs),
  };
}
