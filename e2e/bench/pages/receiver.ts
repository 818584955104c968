/** Takes the events of one tab: counts them, notices what is missing, and how long each took. */
import type { Counted, Tick } from './tab-api.js';

export interface Receiver {
  take(value: Tick | number): void;
  /** `performance.now()` of the first event. */
  readonly first: Promise<number>;
  reset(ring: number): void;
  counted(): Counted;
  takeLatencies(): number[];
  /** Told the position, which missing events count into as well, each time it has grown by `every`. */
  onProgress(every: number, listener: (position: number) => void): void;
}

export function createReceiver(epochNow: () => number): Receiver {
  let ring = Number.MAX_SAFE_INTEGER;
  let last = -1;
  let received = 0;
  let position = 0;
  let latencies: number[] = [];
  let reportEvery = Infinity;
  let reportAt = Infinity;
  let report: (position: number) => void = () => undefined;
  let sawFirst: ((atMs: number) => void) | null = null;
  const first = new Promise<number>((resolve) => {
    sawFirst = resolve;
  });

  return {
    first,
    take(value) {
      if (sawFirst) {
        sawFirst(performance.now());
        sawFirst = null;
      }
      if (typeof value === 'number') {
        received += 1;
        return;
      }
      if (value.t > 0) latencies.push(epochNow() - value.t);
      received += 1;
      position += last < 0 ? 1 : (value.n - last + ring) % ring;
      last = value.n;
      if (position >= reportAt) {
        reportAt = position + reportEvery;
        report(position);
      }
    },
    reset(newRing) {
      ring = newRing;
      last = -1;
      received = 0;
      position = 0;
      latencies = [];
      reportAt = reportEvery;
    },
    counted: () => ({ received, missed: position - received, atMs: performance.now() }),
    takeLatencies() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    onProgress(every, listener) {
      reportEvery = every;
      reportAt = every;
      report = listener;
    },
  };
}
