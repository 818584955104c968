/** Processor time of the whole browser per delivered event, at 500 events a second to ten tabs. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMsOf } from '../processes.js';
import { receivedBetween } from '../session.js';
import type { SessionFigure } from './figure.js';

const FLOW = { kind: 'paced', perSecond: 500, bytes: 220 } as const;

export const cpu: SessionFigure = {
  tabs: [10],
  async measure({ session, hub, browser }, { results, times }) {
    if (cpuMsOf(browser.pid) === null) {
      results.note('Browser CPU: n/a on this system; it is read from /proc.');
      return;
    }
    await session.reset(Number.MAX_SAFE_INTEGER);
    await hub.start(FLOW);
    await pause(times.warmUpMs);
    const before = await session.counted();
    const cpuBefore = cpuMsOf(browser.pid) ?? 0;
    const beganMs = performance.now();
    await pause(times.cpuMs);
    const cpuMs = (cpuMsOf(browser.pid) ?? 0) - cpuBefore;
    const tookMs = performance.now() - beganMs;
    const after = await session.counted();
    await hub.stop();
    const { way } = session;
    const where = '500 events/s, 10 tabs';
    const received = receivedBetween(before, after);
    results.add('cpu', `browser CPU per delivery, ${where}`, 'µs', way, (cpuMs * 1000) / received);
    results.add('cpu', `  browser CPU, ${where}`, '% of a core', way, (cpuMs * 100) / tookMs);
  },
};
