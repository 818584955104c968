/** Milliseconds from hub to handler at 100 events a second. */
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../statistics.js';
import type { SessionFigure } from './figure.js';

const FLOW = { kind: 'paced', perSecond: 100, bytes: 220 } as const;

export const latency: SessionFigure = {
  tabs: [1, 5, 10],
  async measure({ session, hub }, { results, times }) {
    const { way, pages } = session;
    await session.reset(Number.MAX_SAFE_INTEGER);
    await hub.start(FLOW);
    await pause(times.warmUpMs);
    const take = (): Promise<number[][]> =>
      Promise.all(pages.map((page) => page.evaluate(() => window.bench.takeLatencies())));
    await take();
    await pause(times.latencyMs);
    const samples = (await take()).flat();
    await hub.stop();
    const where = `100 events/s, ${pages.length} ${pages.length === 1 ? 'tab' : 'tabs'}`;
    results.add('latency', `latency p50, ${where}`, 'ms', way, percentile(samples, 0.5));
    results.add('latency', `latency p99, ${where}`, 'ms', way, percentile(samples, 0.99));
  },
};
