/** Measures what the README and the notes name: how soon a dead tab and a dead worker are noticed. Reported, never asserted. */
import { crashTab } from '../fault/crash-tab.js';
import { killWorker } from '../fault/kill-worker.js';
import { agree } from '../fixtures/agreement.js';
import { often, type Tab } from '../fixtures/tab.js';
import { expect, test } from '../fixtures/test.js';
import { keepFigures, timing } from './figures.js';

const TRIALS = 8;

/** When a tab was first told of a status without `goneId`, after `sinceMs`. */
async function toldWithout(tab: Tab, goneId: string, sinceMs: number): Promise<number> {
  let atMs = Number.NaN;
  await expect(async () => {
    const status = (await tab.statuses()).find(
      (change) => change.atMs >= sinceMs && !change.snapshot.subscribedTabs.includes(goneId),
    );
    expect(status).toBeDefined();
    atMs = status?.atMs ?? Number.NaN;
  }).toPass(often);
  return atMs;
}

test.describe('figures', { tag: '@figures' }, () => {
  test('connections, handshakes and refreshes of ten tabs', async ({ hub, connectTabs }, testInfo) => {
    const tabs = await connectTabs(10);
    await agree(tabs);
    const { connections, handshakes, refreshes } = await hub.counts();
    await keepFigures(testInfo.project.name, {
      'ten tabs: connections': connections,
      'ten tabs: handshakes': handshakes,
      'ten tabs: refreshes': refreshes,
    });
  });

  for (const [name, supported, go] of [
    ['tab closed', () => true, (tab: Tab) => tab.close()],
    ['tab navigated', () => true, (tab: Tab) => tab.page.goto('/harness/elsewhere.html', { waitUntil: 'commit' })],
    ['tab crashed', (browserName: string) => browserName === 'chromium', (tab: Tab) => crashTab(tab.page)],
  ] as const) {
    // From the command of the test until another tab has been told, with everything in between: browser, lock, worker, batch.
    test(`${name}: time until the other tabs know`, async ({ connectTabs, openTab, browserName }, testInfo) => {
      test.skip(!supported(browserName), 'this browser lets no test crash one tab');
      const [witness] = await connectTabs(1);
      if (!witness) throw new Error('no tab');
      const samplesMs: number[] = [];
      for (let trial = 0; trial < TRIALS; trial += 1) {
        const victim = await openTab();
        await victim.connect();
        await agree([witness, victim]);
        const victimId = await victim.tabId();
        const sinceMs = Date.now();
        await go(victim);
        samplesMs.push((await toldWithout(witness, victimId, sinceMs)) - sinceMs);
        if (name !== 'tab closed') await victim.close();
      }
      await keepFigures(testInfo.project.name, { [name]: timing(samplesMs) });
    });
  }

  test.describe('worker', () => {
    test.use({ killsWorkers: true });

    test('worker killed: time until a tab notices, and until all are connected again', async ({
      connectTabs,
      workerWatch,
    }, testInfo) => {
      const tabs = await connectTabs(3);
      const [tab] = tabs;
      if (!tab) throw new Error('no tab');
      const noticedMs: number[] = [];
      const recoveredMs: number[] = [];
      for (let trial = 0; trial < TRIALS; trial += 1) {
        const { connectionId } = await agree(tabs);
        const sinceMs = Date.now();
        await killWorker(tab.page, workerWatch);
        await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(connectionId);
        for (const each of tabs) {
          const after = (await each.statuses()).filter((change) => change.atMs >= sinceMs);
          const noticed = after.find((change) => change.snapshot.status !== 'connected');
          const recovered = after.find(
            (change) => change.snapshot.status === 'connected' && change.snapshot.connectionId !== connectionId,
          );
          if (noticed) noticedMs.push(noticed.atMs - sinceMs);
          if (recovered) recoveredMs.push(recovered.atMs - sinceMs);
        }
      }
      await keepFigures(testInfo.project.name, {
        'worker killed: noticed': timing(noticedMs),
        'worker killed: connected again': timing(recoveredMs),
      });
    });
  });
});
