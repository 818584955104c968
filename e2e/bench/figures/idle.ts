/** Messages between tabs and worker, and at the hub, while nothing happens. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Posted } from '../pages/tab-api.js';
import { openTabs, type Session } from '../session.js';
import { WAYS } from '../ways.js';
import type { Figure } from './figure.js';

const TABS = 10;
const SETTLE_MS = 3_000;

export const idle: Figure = async (means) => {
  const { results, times, tell } = means;
  const hub = await means.startFirehose();
  const browser = await means.launchBrowser();
  for (const way of WAYS) {
    tell(`idle: ${way}, ${TABS} tabs for ${times.idleMs / 1000} s`);
    const context = await browser.browser.newContext();
    const session = await openTabs(context, hub.url, way, TABS);
    await pause(SETTLE_MS);
    // The tabs have just joined: a worker that says it has posted nothing does not count.
    if ((way === 'shared' || way === 'comlink') && (await session.pages[0]?.evaluate(postedByWorker)) === 0) {
      throw new Error(`the worker of ${way} counts no messages`);
    }
    const [before, hubBefore] = [await postedIn(session), await hub.read()];
    await pause(times.idleMs);
    const [after, hubAfter] = [await postedIn(session), await hub.read()];
    const perTabAndMinute = 60_000 / times.idleMs / TABS;
    results.add('idle', 'idle messages per tab and minute', 'on ports', way, (after - before) * perTabAndMinute);
    const atHub = (hubAfter.socketMessages - hubBefore.socketMessages) * perTabAndMinute;
    results.add('idle', 'idle messages at the hub per tab and minute', 'on sockets', way, atHub);
    await context.close();
  }
  results.note(`Idle messages: counted for ${times.idleMs / 1000} s with ${TABS} tabs, given per minute.`);
};

/** Runs in the page. */
async function postedByWorker(): Promise<number> {
  return (await window.bench.posted()).byWorker;
}

/** The worker's count is one for all tabs. */
async function postedIn({ pages }: Session): Promise<number> {
  const all: Posted[] = await Promise.all(pages.map((page) => page.evaluate(() => window.bench.posted())));
  return (all[0]?.byWorker ?? 0) + all.reduce((sum, { byPage }) => sum + byPage, 0);
}
