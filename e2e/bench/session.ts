/** Tabs of one way, connected, in a browser context of their own: they share a worker and a refresh cookie with nobody else. */
import type { BrowserContext, Page } from 'playwright';
import { setTimeout as pause } from 'node:timers/promises';
import type { Counted } from './pages/tab-api.js';
import type { Way } from './ways.js';

export interface Session {
  readonly way: Way;
  readonly pages: readonly Page[];
  counted(): Promise<readonly Counted[]>;
  /** Waits until what is under way has arrived, then lets every tab count anew. */
  reset(ring: number): Promise<void>;
}

/** Opens tabs: the first one first, so that the worker or the leader is in its process, then the others some at a time. */
export async function openTabs(context: BrowserContext, url: string, way: Way, count: number): Promise<Session> {
  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${url}/${way}.html`);
    await page.evaluate(() => window.bench.live);
    return page;
  };
  const pages = [await open()];
  while (pages.length < count) {
    const some = Math.min(5, count - pages.length);
    pages.push(...(await Promise.all(Array.from({ length: some }, open))));
  }
  return sessionOf(way, pages);
}

export function sessionOf(way: Way, pages: readonly Page[]): Session {
  const counted = (): Promise<Counted[]> =>
    Promise.all(pages.map((page) => page.evaluate(() => window.bench.counted())));

  async function quiet(): Promise<void> {
    for (let before = -1; ;) {
      const received = (await counted()).reduce((sum, tab) => sum + tab.received, 0);
      if (received === before) return;
      before = received;
      await pause(150);
    }
  }

  return {
    way,
    pages,
    counted,
    async reset(ring) {
      await quiet();
      await Promise.all(pages.map((page) => page.evaluate((value) => window.bench.reset(value), ring)));
    },
  };
}

/** Events a second, added up over the tabs, each by its own clock. */
export function rateBetween(before: readonly Counted[], after: readonly Counted[]): number {
  return after.reduce((sum, tab, index) => {
    const from = before[index];
    if (!from) return sum;
    return sum + ((tab.received - from.received) * 1000) / (tab.atMs - from.atMs);
  }, 0);
}

export function receivedBetween(before: readonly Counted[], after: readonly Counted[]): number {
  return after.reduce((sum, tab, index) => sum + tab.received - (before[index]?.received ?? 0), 0);
}

export function missedBetween(before: readonly Counted[], after: readonly Counted[]): number {
  return after.reduce((sum, tab, index) => sum + tab.missed - (before[index]?.missed ?? 0), 0);
}
