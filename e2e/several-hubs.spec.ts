/** Two hubs in one worker: each has its own snapshot, `activeHubs` is true in every tab, and one token serves both. */
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';

/** Another endpoint of the same host that takes the same tokens. */
function secondHub(hub: TestHub): string {
  return hub.kind === 'aspnet' ? '/hubs/stock' : '/hubs/redirected';
}

async function showsActive(tabs: readonly Tab[], second: string, hubs: readonly string[]): Promise<void> {
  const expected = hubs.toSorted();
  for (const tab of tabs) {
    await expect.poll(async () => (await tab.snapshot()).activeHubs.toSorted(), often).toEqual(expected);
    const view = await tab.hubView(second);
    if (view?.state === 'Connected') expect(view.activeHubs.toSorted()).toEqual(expected);
  }
}

test('two hubs have a connection and a snapshot each, and activeHubs is true in all tabs', async ({
  hub,
  connectTabs,
}) => {
  const second = secondHub(hub);
  const urls = { first: `${hub.url}/hubs/ops`, second: `${hub.url}${second}` };
  const [one, two] = (await connectTabs(2)) as [Tab, Tab];
  await showsActive([one, two], second, [urls.first]);

  await two.connectTo(second);

  await showsActive([one, two], second, [urls.first, urls.second]);
  const { refreshes } = await hub.counts();
  const views = { first: await two.snapshot(), second: await two.hubView(second) };
  expect(views.second).toMatchObject({ status: 'connected', hub: urls.second });
  expect(views.second?.connectionId).not.toBe(views.first.connectionId);
  expect(views.first.subscribedTabs, 'both tabs use the first hub').toHaveLength(2);
  expect(views.second?.subscribedTabs, 'one uses the second').toEqual([await two.tabId()]);
  expect(await hub.counts()).toMatchObject({ connections: 2 });
  expect(await two.invokeOn(second, 'Echo', 'second')).toEqual({ ok: true, value: 'second' });
  expect(await two.invoke('Echo', 'first')).toEqual({ ok: true, value: 'first' });

  await one.connectTo(second);
  expect((await one.hubView(second))?.connectionId, 'the second hub is shared too').toBe(
    (await two.hubView(second))?.connectionId,
  );
  expect(await hub.counts()).toMatchObject({ connections: 2, refreshes });

  await two.stopHub(second);
  await showsActive([one, two], second, [urls.first, urls.second]);
  await one.stopHub(second);
  await showsActive([one, two], second, [urls.first]);
  await expect.poll(async () => (await hub.counts()).connections, often).toBe(1);
});

test('one refresh serves both hubs', async ({ hub, openTab }) => {
  const second = secondHub(hub);
  const tab = await openTab();
  await tab.connect();
  await tab.connectTo(second);
  const { refreshes, authFailures } = await hub.counts();
  expect(refreshes, 'both started on one token').toBe(1);

  expect(await tab.refreshTokenNow()).toMatchObject({ ok: true });

  await expect.poll(async () => (await hub.counts()).refreshes, often).toBe(refreshes + 1);
  expect(await tab.invoke('Echo', 1)).toEqual({ ok: true, value: 1 });
  // A stock endpoint over server-sent events cannot be told of a new token: there the connection is made anew.
  await expect.poll(() => tab.invokeOn(second, 'Echo', 2), often).toEqual({ ok: true, value: 2 });
  expect(await hub.counts()).toMatchObject({ refreshes: refreshes + 1, authFailures });
});

test('a hub that closes leaves the other alone', async ({ hub, openTab }) => {
  const second = secondHub(hub);
  const tab = await openTab({ retryDelaysMs: [0, 50, 100] });
  await tab.connect();
  await tab.connectTo(second);
  const before = await tab.hubView(second);

  await hub.admin.cut('close-reconnect', { connectionId: (await tab.snapshot()).connectionId });

  await expect.poll(() => tab.lifecycle(), often).toMatchObject([{ type: 'reconnecting' }, { type: 'reconnected' }]);
  expect(await tab.hubView(second)).toMatchObject({ connectionId: before?.connectionId, state: 'Connected' });
});
