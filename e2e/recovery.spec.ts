/** The hub restarts, the worker dies: tabs come back by themselves, with their handlers, and say honestly what became of calls. */
import { killWorker } from './fault/kill-worker.js';
import { agree } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';
import { HELD } from './fixtures/wiretap.js';

withEachTokenSource(() => {
  test('the hub restarts: every tab goes through reconnecting to connected, with equal snapshots', async ({
    hub,
    connectTabs,
  }) => {
    const tabs = await connectTabs(3, { retryDelaysMs: [0, ...Array.from({ length: 400 }, () => 250)] });
    const before = await agree(tabs);

    await hub.stop();
    for (const tab of tabs) await tab.hasStatus('reconnecting');
    await hub.resume();

    const after = await agree(tabs);
    expect(after.connectionId).not.toBe(before.connectionId);
    expect(after.primaryTabId).toBe(before.primaryTabId);
    for (const tab of tabs) {
      expect(await tab.lifecycle()).toMatchObject([
        { type: 'reconnecting' },
        { type: 'reconnected', connectionId: after.connectionId },
      ]);
    }
    // All tabs were told the same steps, not only the same end.
    const steps = await Promise.all(
      tabs.map(async (tab) =>
        (await tab.statuses()).map(({ snapshot }) => [snapshot.status, snapshot.reconnectAttempts]),
      ),
    );
    const disconnected = (step: unknown[]): boolean => step[0] === 'reconnecting';
    const reconnecting = steps.map((list) => list.filter(disconnected));
    for (const list of reconnecting) expect(list).toEqual(reconnecting[0]);
    expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1 });

    const { from, to } = await hub.admin.startSequence({ count: 100, everyMs: 2 });
    for (const tab of tabs) {
      await tab.hasUnbrokenSequenceTo(to);
      expect(await tab.sequence()).toMatchObject({ first: from, count: 100 });
    }
  });

  test.describe('the worker is killed', () => {
    test.use({ killsWorkers: true });

    test('all tabs recover by themselves and their handlers stay', async ({ hub, connectTabs, workerWatch }) => {
      const tabs = await connectTabs(3, { events: ['notice'] });
      const [tab] = tabs;
      if (!tab) throw new Error('no tab');
      const before = await agree(tabs);
      const { bootId } = await tab.report();

      await killWorker(tab.page, workerWatch);

      await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(before.connectionId);
      const { bootId: newBootId } = await tab.report();
      expect(newBootId).not.toBe(bootId);
      await expect.poll(async () => (await hub.counts()).connections, often).toBe(1);
      await hub.admin.emit('notice', ['after the worker died']);
      for (const each of tabs) {
        await expect.poll(() => each.eventsNamed('notice'), often).toEqual([['after the worker died']]);
      }
      const { from, to } = await hub.admin.startSequence({ count: 100, everyMs: 2 });
      for (const each of tabs) {
        await each.hasUnbrokenSequenceTo(to);
        expect(await each.sequence()).toMatchObject({ first: from, count: 100 });
      }
    });

    test('a call that the dead worker had given to the hub rejects as of unknown outcome', async ({
      hub,
      connectTabs,
      workerWatch,
    }) => {
      const tabs = await connectTabs(2);
      const [tab, other] = tabs;
      if (!tab || !other) throw new Error('two tabs were asked for');
      await agree(tabs);
      await tab.begin('slow', 'Slow', 120_000);
      await expect.poll(async () => (await hub.counts()).invocationsPending, often).toBe(1);

      await killWorker(other.page, workerWatch);

      await expect
        .poll(() => tab.outcomeOf('slow'), often)
        .toMatchObject({ ok: false, error: { code: 'outcome-unknown', message: expect.stringContaining('Slow') } });
      await agree(tabs);
    });

    test('a call that the dead worker never took is sent again and answered', async ({
      hub,
      connectTabs,
      workerWatch,
    }) => {
      const tabs = await connectTabs(2);
      // The first tab's process holds the worker: it must not be the one that stands still.
      const [other, tab] = tabs;
      if (!tab || !other) throw new Error('two tabs were asked for');
      await agree(tabs);
      const { bootId } = await other.report();

      // The tab stands still in a synchronous request while the worker dies, and calls before it can notice.
      const calling = tab.page.evaluate((held) => {
        const request = new XMLHttpRequest();
        request.open('GET', held, false);
        request.send();
        window.tab.begin('echo', 'Echo', 'sent to a dead worker');
      }, HELD);
      try {
        await expect.poll(() => hub.wire.held, often).toBe(1);
        await killWorker(other.page, workerWatch);
        await expect.poll(async () => [null, bootId].includes(await bootIdSeenBy(other)), often).toBe(false);
      } finally {
        hub.wire.release();
        await calling;
      }

      await expect.poll(() => tab.outcomeOf('echo'), often).toEqual({ ok: true, value: 'sent to a dead worker' });
      await agree(tabs);
    });

    test('the worker dies again and again: the tabs come back each time', async ({ hub, connectTabs, workerWatch }) => {
      const tabs = await connectTabs(3);
      const [tab] = tabs;
      if (!tab) throw new Error('no tab');
      for (let round = 1; round <= 3; round += 1) {
        const { connectionId } = await agree(tabs);
        await killWorker(tab.page, workerWatch);
        await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(connectionId);
      }
      await expect.poll(async () => (await hub.counts()).connections, often).toBe(1);
      expect(await hub.counts()).toMatchObject({ handshakes: 4 });
    });
  });
});

/** Which start of the worker a tab is with; `null` while it is with none. */
async function bootIdSeenBy(tab: Tab): Promise<string | null> {
  return tab.report().then(
    (report) => report.bootId,
    () => null,
  );
}
