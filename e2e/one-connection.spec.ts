/** One connection for many tabs: no duplicate and no missed event, whatever tabs come and go (T5-3). */
import { CRASH_NEEDS_CHROMIUM, crashTab } from './fault/crash-tab.js';
import { agree } from './fixtures/agreement.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

withEachTokenSource(() => {
  for (const count of [1, 3, 10]) {
    test(`${count} tab${count === 1 ? ' is' : 's are'} one connection and one handshake, and each gets every event once and in order`, async ({
      hub,
      connectTabs,
    }) => {
      const tabs = await connectTabs(count);
      const { connectionId, subscribedTabs } = await agree(tabs);
      expect(subscribedTabs).toHaveLength(count);

      const { from, to } = await hub.admin.startSequence({ count: 1_000, everyMs: 5, burst: 5 });
      for (const tab of tabs) {
        await tab.hasUnbrokenSequenceTo(to);
        expect(await tab.sequence()).toMatchObject({ first: from, last: to, count: 1_000 });
        expect(await tab.resyncs()).toEqual([]);
      }
      expect(await hub.counts()).toMatchObject({
        connections: 1,
        connectionsTotal: 1,
        handshakes: 1,
        tokensIssued: 2,
        connectionIds: [connectionId],
      });
    });
  }

  test('tabs that open, reload, navigate, close and crash in between change nothing for the others', async ({
    hub,
    connectTabs,
    openTab,
    browserName,
  }) => {
    // The worker lives in the process of the tab that came first. That one stays: the crash must not take the worker along.
    const [keeper, reloaded, navigated, closed, crashed] = await connectTabs(5);
    if (!keeper || !reloaded || !navigated || !closed || !crashed) throw new Error('five tabs were asked for');
    await hub.admin.startSequence({ count: 0, everyMs: 4 });
    const goesOn = async (): Promise<void> => keeper.hasReceived((await hub.admin.lastOfSequence()) + 10);
    await goesOn();

    const late = await openTab();
    await late.connect();
    await goesOn();
    await reloaded.reload();
    await reloaded.connect();
    await goesOn();
    await navigated.page.goto('/harness/elsewhere.html');
    await goesOn();
    await closed.close();
    await goesOn();
    if (browserName === 'chromium') await crashTab(crashed.page);
    else await crashed.page.goto('about:blank');
    await goesOn();

    const left = [keeper, reloaded, late];
    await agree(left);
    const last = await hub.admin.stopSequence();
    for (const tab of left) {
      await tab.hasUnbrokenSequenceTo(last);
      expect(await tab.resyncs()).toEqual([]);
      expect(await tab.lifecycle()).toEqual([]);
    }
    expect(await keeper.sequence()).toMatchObject({ first: 1 });
    expect(await hub.counts()).toMatchObject({ connections: 1, connectionsTotal: 1, handshakes: 1 });
  });

  test('a tab that crashes takes along the worker in its process, and the others go on without the app doing anything', async ({
    hub,
    connectTabs,
    browserName,
  }) => {
    test.skip(browserName !== 'chromium', CRASH_NEEDS_CHROMIUM);
    const [creator, ...others] = await connectTabs(3);
    if (!creator) throw new Error('no tab');
    const before = await agree([creator, ...others]);

    await crashTab(creator.page);
    const after = await agree(others);
    expect(after.connectionId).not.toBe(before.connectionId);

    const { from, to } = await hub.admin.startSequence({ count: 200, everyMs: 2 });
    for (const tab of others) {
      await tab.hasUnbrokenSequenceTo(to);
      expect(await tab.sequence()).toMatchObject({ first: from, count: 200 });
    }
    await expect.poll(async () => (await hub.counts()).connections).toBe(1);
  });
});
