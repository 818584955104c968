/** Numbered test traffic to all connections: the hub-wide running number shows every loss, double and disorder. */
import { Refusal } from '../refusal.js';

export interface SequenceOrder {
  /** How many numbers in all; 0 until stopped. */
  readonly count: number;
  /** Milliseconds between two bursts. */
  readonly everyMs: number;
  /** Numbers sent at once. */
  readonly burst: number;
  readonly paddingBytes: number;
  readonly event: string;
}

export interface Sequence {
  readonly last: number;
  readonly running: boolean;
  /** @throws {Refusal} 409: one is running. */
  start(order: SequenceOrder): { readonly from: number; readonly to: number | null };
  stop(): void;
}

export function createSequence(broadcast: (event: string, args: readonly unknown[]) => void): Sequence {
  let last = 0;
  let timer: NodeJS.Timeout | null = null;

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    get last() {
      return last;
    },
    get running() {
      return timer !== null;
    },
    start({ count, everyMs, burst, paddingBytes, event }) {
      if (timer !== null) throw new Refusal(409, 'SEQUENCE_RUNNING', 'A sequence is running: stop it first.');
      const from = last + 1;
      const to = count === 0 ? null : last + count;
      const padding = paddingBytes > 0 ? ['x'.repeat(paddingBytes)] : [];
      timer = setInterval(() => {
        for (let sent = 0; sent < burst && (to === null || last < to); sent += 1) {
          last += 1;
          broadcast(event, [last, ...padding]);
        }
        if (to !== null && last >= to) stop();
      }, everyMs);
      return { from, to };
    },
    stop,
  };
}
