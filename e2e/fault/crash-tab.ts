/** Crashes the renderer of a tab (Chromium only). A worker that lives in the same renderer dies with it. */
import type { Page } from 'playwright/test';

export const CRASH_NEEDS_CHROMIUM =
  'only Chromium lets a test crash one tab; a dead content process ends the whole Firefox';

export async function crashTab(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  // The answer never comes: the page that should give it is gone.
  session.send('Page.crash').catch(() => undefined);
  await crashed;
}
