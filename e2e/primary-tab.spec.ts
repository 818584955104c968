/** The primary tab goes, in each way a tab can go: another takes over at once, and nobody misses anything. */
import { CRASH_NEEDS_CHROMIUM, crashTab } from './fault/crash-tab.js';
import { agree, makePrimary, primaryOf } from './fixtures/agreement.js';
import type { Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

/** Lets the primary tab go while events flow, and checks what the tabs that stay have seen. */
async function primaryGoes(hub: TestHub, tabs: readonly Tab[], go: (primary: Tab) => Promise<unknown>): Promise<void> {
  const { primary, others } = await primaryOf(tabs);
  const before = await primary.snapshot();
  await hub.admin.startSequence({ count: 0, everyMs: 4 });
  for (const tab of others) await tab.hasReceived((await hub.admin.lastOfSequence()) + 10);

  await go(primary);

  const after = await agree(others);
  expect(after.primaryTabId).not.toBe(before.primaryTabId);
  expect(after.connectionId, 'the connection stays').toBe(before.connectionId);
  const last = await hub.admin.stopSequence();
  for (const tab of others) {
    await tab.hasUnbrokenSequenceTo(last);
    expect(await tab.resyncs()).toEqual([]);
    const changes = await tab.primaries();
    const isPrimary = (await tab.tabId()) === after.primaryTabId;
    expect(changes.at(-1)?.isPrimary ?? false, 'onprimary told it').toBe(isPrimary);
  }
  expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1 });
}

withEachTokenSource(() => {
  test('the primary tab is closed: another is primary at once and no event is lost', async ({ hub, connectTabs }) => {
    await primaryGoes(hub, await connectTabs(3), (primary) => primary.close());
  });

  test('the primary tab navigates away: another is primary at once and no event is lost', async ({
    hub,
    connectTabs,
  }) => {
    await primaryGoes(hub, await connectTabs(3), (primary) => primary.page.goto('/harness/elsewhere.html'));
  });

  test('the primary tab crashes: another is primary at once and no event is lost', async ({
    hub,
    connectTabs,
    browserName,
  }) => {
    test.skip(browserName !== 'chromium', CRASH_NEEDS_CHROMIUM);
    const tabs = await connectTabs(4);
    // The first tab's process holds the worker, and would take it along; so the role moves to another tab first.
    const second = tabs[1];
    if (!second) throw new Error('four tabs were asked for');
    await makePrimary(second, tabs);
    await primaryGoes(hub, tabs, (primary) => crashTab(primary.page));
  });

  test('the role passes on from tab to tab until one is left', async ({ connectTabs }) => {
    let tabs = await connectTabs(4);
    const seen = new Set<string>();
    while (tabs.length > 1) {
      const { primary, others } = await primaryOf(tabs);
      seen.add(await primary.tabId());
      await primary.close();
      tabs = others;
    }
    const { primaryTabId } = await agree(tabs);
    expect(seen.has(primaryTabId)).toBe(false);
    expect(seen.size).toBe(3);
  });
});
