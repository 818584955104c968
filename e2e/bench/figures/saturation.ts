/** Events a second that reach handlers, added up over the tabs, when the hub sends as fast as the slowest tab takes them. */
import { setTimeout as pause } from 'node:timers/promises';
import { ringOf, type Flow } from '../hub/orders.js';
import { cpuMsOf } from '../processes.js';
import { missedBetween, rateBetween, receivedBetween } from '../session.js';
import type { SessionFigure } from './figure.js';

/** Under way at once are about 1 MB and 4 MB: more than any way needs to be busy, less than any way's bounds. */
const FLOODS = [
  { name: '220 B', flow: { kind: 'flood', bytes: 220, perMessage: 32, credit: 4096 } },
  { name: '2 kB', flow: { kind: 'flood', bytes: 2048, perMessage: 32, credit: 2048 } },
] as const satisfies readonly { name: string; flow: Flow }[];

export const saturation: SessionFigure = {
  tabs: [1, 10],
  async measure({ session, hub, browser }, { results, times }) {
    const { way, pages } = session;
    for (const { name, flow } of FLOODS) {
      await session.reset(ringOf(flow));
      await Promise.all(
        pages.map((page) => page.evaluate((every) => window.bench.reportProgress(every), flow.credit / 4)),
      );
      await hub.start(flow);
      await pause(times.warmUpMs);
      const [before, hubBefore, cpuBefore, beganMs] = [
        await session.counted(),
        await hub.read(),
        cpuMsOf(browser.pid),
        performance.now(),
      ];
      await pause(times.saturationMs);
      const [after, hubAfter, cpuAfter] = [await session.counted(), await hub.read(), cpuMsOf(browser.pid)];
      const tookMs = performance.now() - beganMs;
      await hub.stop();

      const where = `${name}, ${pages.length} ${pages.length === 1 ? 'tab' : 'tabs'}`;
      results.add('saturation', `deliveries at saturation, ${where}`, '/s', way, rateBetween(before, after));
      // What limited it: a hub near 100 % is the limit, a browser near the number of cores is its own.
      results.add(
        'saturation',
        `  hub process busy, ${where}`,
        '%',
        way,
        share(hubBefore.cpuMs, hubAfter.cpuMs, tookMs),
      );
      if (cpuBefore !== null && cpuAfter !== null) {
        const perCpuSecond = (receivedBetween(before, after) * 1000) / (cpuAfter - cpuBefore);
        results.add('saturation', `  deliveries per CPU second of the browser, ${where}`, '/s', way, perCpuSecond);
        results.add('saturation', `  browser busy, ${where}`, '%', way, share(cpuBefore, cpuAfter, tookMs));
      }
      const missed = missedBetween(before, after);
      if (missed > 0) results.note(`${way} lost ${missed} events at saturation (${where}).`);
    }
  },
};

/** Percent of one core. */
function share(beforeMs: number, afterMs: number, tookMs: number): number {
  return ((afterMs - beforeMs) * 100) / tookMs;
}
