/** The state panel shows what the worker says: every figure is checked against the worker's own report. */
import type { Locator, Page } from 'playwright/test';
import type { WorkerReport } from '../src/contract/report.js';
import { agree, makePrimary } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

/** What the panel and the worker must both say. Ages and countdowns are left out: they move between two looks. */
interface Shown {
  readonly bootId: string;
  readonly hubs: readonly Readonly<Record<string, string>>[];
  readonly tabs: readonly Readonly<Record<string, string>>[];
  readonly counters: Readonly<Record<string, number>>;
  readonly journal: readonly string[];
}

function saidByWorker({ bootId, hubs, tabs, journal }: WorkerReport): Shown {
  const sum = (of: (hub: WorkerReport['hubs'][number]) => number): number =>
    hubs.reduce((total, hub) => total + of(hub), 0);
  return {
    bootId,
    hubs: hubs.map((hub) => ({
      url: hub.url,
      status: hub.snapshot.status,
      phase: hub.phase,
      connectionId: hub.connectionId ?? '',
      transport: hub.transport ?? '',
      primaryTab: hub.snapshot.primaryTabId,
    })),
    tabs: tabs.map((tab) => ({
      id: tab.id,
      ordinal: String(tab.ordinal),
      role: tab.primaryOf.length > 0 ? 'primary' : '',
      waiting: String(tab.waiting),
      delivered: String(tab.delivered),
      dropped: String(tab.dropped),
    })),
    counters: {
      events: sum((hub) => hub.counters.events),
      calls: sum((hub) => hub.counters.calls),
      'calls-failed': sum((hub) => hub.counters.callsFailed),
      starts: sum((hub) => hub.counters.starts),
      connected: sum((hub) => hub.counters.connected),
      lost: sum((hub) => hub.counters.lost),
      'token-refreshes': sum((hub) => hub.token.refreshes),
    },
    journal: journal.map((entry) => entry.text).toReversed(),
  };
}

async function shownByPanel(panel: Locator): Promise<Shown> {
  return panel.evaluate((element) => {
    const root = element.shadowRoot;
    if (!root) throw new Error('the panel has not been built');
    const all = (selector: string): readonly HTMLElement[] => [...root.querySelectorAll<HTMLElement>(selector)];
    const attribute = (node: Element, name: string): string => node.getAttribute(name) ?? '';
    const counterNames = ['events', 'calls', 'calls-failed', 'starts', 'connected', 'lost', 'token-refreshes'];
    return {
      bootId: all('[data-boot-id]').map((node) => attribute(node, 'data-boot-id'))[0] ?? '',
      hubs: all('li[data-hub]').map((node) => ({
        url: attribute(node, 'data-hub'),
        status: attribute(node, 'data-hub-status'),
        phase: attribute(node, 'data-phase'),
        connectionId: attribute(node, 'data-connection-id'),
        transport: attribute(node, 'data-transport'),
        primaryTab: attribute(node, 'data-primary-tab'),
      })),
      tabs: all('tr[data-tab-id]').map((node) => ({
        id: attribute(node, 'data-tab-id'),
        ordinal: attribute(node, 'data-ordinal'),
        role: attribute(node, 'data-role'),
        waiting: attribute(node, 'data-waiting'),
        delivered: attribute(node, 'data-delivered'),
        dropped: attribute(node, 'data-dropped'),
      })),
      counters: Object.fromEntries(
        counterNames.map((name) => [
          name,
          Number(root.querySelector(`[data-counter="${name}"]`)?.getAttribute('data-value')),
        ]),
      ),
      journal: all('[data-journal] .text').map((node) => node.textContent ?? ''),
    };
  });
}

function panelOf(page: Page): Locator {
  return page.locator('hubshare-inspector');
}

/** Waits until the panel shows exactly what the worker reports, and gives that report. */
async function panelAgrees(tab: Tab): Promise<WorkerReport> {
  let agreed: WorkerReport | undefined;
  await expect(async () => {
    const report = await tab.report();
    expect(await shownByPanel(panelOf(tab.page))).toEqual(saidByWorker(report));
    agreed = report;
  }).toPass(often);
  if (!agreed) throw new Error('unreachable: toPass has thrown');
  return agreed;
}

test('the panel shows what the worker says, and follows it', async ({ hub, connectTabs, openTab }) => {
  const tabs = [...(await connectTabs(2))];
  const watcher = await openTab({ panel: true });
  await watcher.connect();
  tabs.push(watcher);
  const { connectionId } = await agree(tabs);

  await test.step('at rest', async () => {
    const report = await panelAgrees(watcher);
    expect(report.tabs).toHaveLength(3);
    expect(report.hubs[0]).toMatchObject({ connectionId, phase: 'live' });
    await expect(panelOf(watcher.page).getByText(connectionId, { exact: true })).toBeVisible();
  });

  await test.step('after events and calls, good and bad', async () => {
    const { to } = await hub.admin.startSequence({ count: 250, everyMs: 2 });
    for (const tab of tabs) await tab.hasReceived(to);
    await watcher.invoke('Echo', 1);
    await watcher.invoke('Fail', 'on purpose');
    const report = await panelAgrees(watcher);
    expect(report.hubs[0]?.counters).toMatchObject({ events: 250, calls: 2, callsFailed: 1 });
  });

  await test.step('after a tab has gone', async () => {
    await tabs.shift()?.close();
    await agree(tabs);
    expect((await panelAgrees(watcher)).tabs).toHaveLength(2);
  });

  await test.step('after a reconnect', async () => {
    await hub.admin.cut('close-reconnect');
    await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(connectionId);
    expect((await panelAgrees(watcher)).hubs[0]?.counters).toMatchObject({ connected: 2, lost: 1 });
  });
});

test('the actions of the panel act on the worker', async ({ hub, connectTabs, openTab }) => {
  const [other] = await connectTabs(1);
  if (!other) throw new Error('no tab');
  const watcher = await openTab({ panel: true });
  await watcher.connect();
  const tabs = [other, watcher];
  await agree(tabs);
  const panel = panelOf(watcher.page);

  await test.step('become primary', async () => {
    // Firefox hides the tab that was opened first, so the watcher may have the role already; then it is given away.
    await makePrimary(other, tabs);
    await panel.getByRole('button', { name: 'Become primary' }).click();
    await expect.poll(async () => (await agree(tabs)).primaryTabId, often).toBe(await watcher.tabId());
  });

  await test.step('refresh token', async () => {
    const { refreshes } = await hub.counts();
    const { connectionId } = await watcher.view();
    await panel.getByRole('button', { name: 'Refresh token' }).click();
    await expect.poll(async () => (await hub.counts()).refreshes, often).toBe(refreshes + 1);
    expect((await agree(tabs)).connectionId).toBe(connectionId);
  });

  await test.step('reconnect', async () => {
    const { connectionId } = await watcher.view();
    await panel.getByRole('button', { name: 'Reconnect' }).click();
    await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(connectionId);
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(1);
  });
});
