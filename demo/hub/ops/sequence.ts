/** Numbered test traffic to all connections, or as values of metrics: the hub-wide running number shows every loss, double and disorder. */
import { Refusal } from '../refusal.js';
import type { Metric } from './metrics.js';

export interface SequenceOrder {
  /** How many numbers in all; 0 until stopped. */
  readonly count: number;
  /** Milliseconds between two bursts. */
  readonly everyMs: number;
  /** Numbers sent at once. */
  readonly burst: number;
  readonly paddingBytes: number;
  readonly event: string;
  /** Where not empty, the numbers go as values of these metrics, in turn, to those who have joined them. */
  readonly metrics: readonly string[];
}

export interface Sequence {
  readonly last: number;
  readonly running: boolean;
  /** @throws {Refusal} 409: one is running. */
  start(order: SequenceOrder): { readonly from: number; readonly to: number | null };
  stop(): void;
}

export interface SequenceDeps {
  broadcast(event: string, args: readonly unknown[]): void;
  sendMetric(metric: Metric & { readonly padding?: string }): void;
}

export function createSequence({ broadcast, sendMetric }: SequenceDeps): Sequence {
  let last = 0;
  let timer: NodeJS.Timeout | null = null;

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  function send({ event, metrics, paddingBytes }: SequenceOrder): void {
    last += 1;
    const padding = paddingBytes > 0 ? 'x'.repeat(paddingBytes) : null;
    const name = metrics[(last - 1) % Math.max(1, metrics.length)];
    if (name === undefined) broadcast(event, padding === null ? [last] : [last, padding]);
    else {
      const metric = { name, value: last, unit: 'count', atMs: Date.now() } as const;
      sendMetric(padding === null ? metric : { ...metric, padding });
    }
  }

  return {
    get last() {
      return last;
    },
    get running() {
      return timer !== null;
    },
    start(order) {
      const { count, everyMs, burst } = order;
      if (timer !== null) throw new Refusal(409, 'SEQUENCE_RUNNING', 'A sequence is running: stop it first.');
      const from = last + 1;
      const to = count === 0 ? null : last + count;
      timer = setInterval(() => {
        for (let sent = 0; sent < burst && (to === null || last < to); sent += 1) send(order);
        if (to !== null && last >= to) stop();
      }, everyMs);
      return { from, to };
    },
    stop,
  };
}
