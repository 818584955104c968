/** A stock ASP.NET Core endpoint, which knows tokens only from the header: ours finds a transport by itself, without a token in a URL. */
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

const STOCK = '/hubs/stock';

test.beforeEach(({}, testInfo) => {
  const { server } = testInfo.project.metadata as { readonly server?: string };
  test.skip(server !== 'aspnet', 'the stock endpoint is a part of the ASP.NET Core hub');
});

test('a stock endpoint is reached over server-sent events after WebSockets were refused', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(2, { hub: STOCK, events: ['news'] });
  const [first, second] = tabs as [Tab, Tab];

  const { hubs } = await first.report();
  expect(hubs[0]).toMatchObject({ transport: 'ServerSentEvents', phase: 'live' });
  expect(await hub.counts()).toMatchObject({ connections: 1, tokensInUrl: 0 });
  await first.invoke('SendMe', 'news', 'for all tabs');
  for (const tab of [first, second])
    await expect.poll(() => tab.eventsNamed('news'), often).toEqual([['for all tabs']]);
});

test('a stock endpoint is reached over long polling where nothing else is allowed', async ({ hub, openTab }) => {
  const tab = await openTab({ hub: STOCK, transport: 1 | 4 });
  await tab.connect();
  expect((await tab.report()).hubs[0]).toMatchObject({ transport: 'LongPolling' });
  expect(await tab.invoke('Echo', 'polled')).toEqual({ ok: true, value: 'polled' });
  expect(await hub.counts()).toMatchObject({ connections: 1, tokensInUrl: 0 });
});

test('a reconnect goes straight to the transport that worked', async ({ hub, openTab }) => {
  const tab = await openTab({ hub: STOCK, retryDelaysMs: [0, 50, 100] });
  await tab.connect();
  const { webSocketUpgrades } = await hub.counts();
  const upgradesTried = hub.wire.requestLines.filter((line) => line.startsWith(`GET ${STOCK}?`)).length;
  await hub.admin.cut('close-reconnect');
  await expect.poll(() => tab.lifecycle(), often).toMatchObject([{ type: 'reconnecting' }, { type: 'reconnected' }]);
  expect((await hub.counts()).webSocketUpgrades).toBe(webSocketUpgrades);
  const tried = hub.wire.requestLines.filter((line) => line.startsWith(`GET ${STOCK}?`)).length;
  expect(tried, 'one event stream, and no WebSocket before it').toBe(upgradesTried + 1);
});
