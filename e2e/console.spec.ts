/** The demo as a visitor sees it: what one tab does, all tabs show; only one makes a noise about it. */
import type { Page } from 'playwright/test';
import { often } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

test.describe('the ops console', () => {
  let pages: Page[] = [];

  test.beforeEach(async ({ context, hub }) => {
    pages = [];
    for (let i = 0; i < 3; i += 1) {
      const page = await context.newPage();
      await page.goto('/');
      await expect(page.getByTestId('status')).toContainText('Connected');
      pages.push(page);
    }
    // Each console has fetched the list and the history: from now on an incident is news to it.
    await expect
      .poll(async () => {
        // Besides these calls there is one for each metric, for all consoles together.
        const { invocations, invocationsPending, topicJoins } = await hub.counts();
        return invocationsPending === 0 && invocations - topicJoins >= 3 * pages.length;
      }, often)
      .toBe(true);
  });

  test('an incident of one tab is seen in all, and exactly one tab shows a toast', async () => {
    const [first, second, third] = pages as [Page, Page, Page];
    const title = 'Pump 7 runs hot';

    await first.bringToFront();
    await first.getByTestId('new-incident').click();
    await first.getByTestId('incident-title').fill(title);
    await first.getByTestId('incident-severity').selectOption('critical');
    await first.getByTestId('incident-create').click();

    // The toast first: it goes by itself.
    const toasts = (page: Page): Promise<number> => page.getByTestId('toast').filter({ hasText: title }).count();
    await expect
      .poll(async () => (await Promise.all(pages.map(toasts))).reduce((sum, count) => sum + count, 0), often)
      .toBe(1);
    for (const page of pages) {
      await page.bringToFront();
      await expect(page.getByTestId('incident').filter({ hasText: title })).toHaveAttribute('data-state', 'open');
    }

    await second.bringToFront();
    await second.getByTestId('incident').filter({ hasText: title }).getByTestId('incident-acknowledge').click();
    for (const page of [first, second, third]) {
      await page.bringToFront();
      const incident = page.getByTestId('incident').filter({ hasText: title });
      await expect(incident).toHaveAttribute('data-state', 'acknowledged');
      await expect(incident).toContainText('ann has it');
    }
  });

  test('the switch shows one connection against one for each tab', async ({ hub }) => {
    const [page] = pages as [Page];
    await page.bringToFront();
    expect(await hub.counts()).toMatchObject({ connections: 1 });
    await expect(page.getByTestId('count-sentence')).toHaveText(/1 connection at the hub for 3 tabs/);

    await page.getByTestId('mode-plain').click();
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(3);
    await expect(page.getByTestId('count-sentence')).toHaveText(/3 connections at the hub for 3 tabs/);

    await page.getByTestId('mode-shared').click();
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(1);
    await expect(page.getByTestId('count-sentence')).toHaveText(/1 connection at the hub for 3 tabs/);
    expect(await hub.counts()).toMatchObject({ tokensInUrl: 0 });
  });

  test('sign-out in one tab signs all tabs out and closes the connection', async ({ hub }) => {
    const [page] = pages as [Page];
    await page.bringToFront();
    await page.getByTestId('sign-out').click();
    for (const each of pages) {
      await each.bringToFront();
      await expect(each.getByTestId('sign-in-form')).toBeVisible();
    }
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);
  });
});
