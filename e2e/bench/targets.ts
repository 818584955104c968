/** The targets of the project, as ratios of two ways within one run, or as plain bounds. */
import type { Way } from './ways.js';

export interface Target {
  /** The row that it is about. */
  readonly label: string;
  /** `null`: the value itself is compared. */
  readonly over: Way | null;
  readonly must: 'at least' | 'at most';
  readonly bound: number;
}

export const TARGETS: readonly Target[] = [
  { label: 'connections, 10 tabs', over: null, must: 'at most', bound: 1 },
  { label: 'connections, 50 tabs', over: null, must: 'at most', bound: 1 },
  { label: 'requests of the second tab', over: null, must: 'at most', bound: 0 },
  { label: 'second tab live, 50 ms round trip', over: 'plain', must: 'at most', bound: 1 / 20 },
  ...['1 tab', '5 tabs', '10 tabs'].flatMap((tabs): Target[] => [
    { label: `latency p50, 100 events/s, ${tabs}`, over: 'plain', must: 'at most', bound: 1.2 },
    { label: `latency p99, 100 events/s, ${tabs}`, over: 'plain', must: 'at most', bound: 1.5 },
  ]),
  ...['220 B', '2 kB'].flatMap((size): Target[] => [
    { label: `deliveries at saturation, ${size}, 10 tabs`, over: 'comlink', must: 'at least', bound: 10 },
    { label: `deliveries at saturation, ${size}, 10 tabs`, over: 'leader', must: 'at least', bound: 4 },
    { label: `deliveries at saturation, ${size}, 10 tabs`, over: 'plain', must: 'at least', bound: 1 },
  ]),
  { label: 'browser CPU per delivery, 500 events/s, 10 tabs', over: 'plain', must: 'at most', bound: 0.4 },
  // Flat: what the garbage collector has not yet got to moves it by some megabytes in a minute.
  { label: 'memory growth in the second half, 20 frozen tabs', over: null, must: 'at most', bound: 0.5 },
  { label: 'idle messages per tab and minute', over: null, must: 'at most', bound: 0 },
  { label: 'token answer P95, from memory', over: null, must: 'at most', bound: 100 },
];
