/** A negotiate that redirects with a token of its own, as Azure SignalR does: that token stays out of URLs too, and is renewed. */
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

const REDIRECTED = '/hubs/redirected';
const transports = { WebSockets: 1, ServerSentEvents: 2, LongPolling: 4 } as const;

test.beforeEach(({}, testInfo) => {
  const { server } = testInfo.project.metadata as { readonly server?: string };
  test.skip(server === 'aspnet', 'the redirecting endpoint is a part of the Node hub');
});

for (const [name, transport] of Object.entries(transports)) {
  test(`the token of a redirect carries the connection over ${name} and stands in no URL`, async ({
    hub,
    connectTabs,
  }) => {
    const tabs = await connectTabs(2, { hub: REDIRECTED, transport });
    const [tab] = tabs as [Tab, Tab];

    expect(await tab.invoke('Echo', name)).toEqual({ ok: true, value: name });
    expect(await hub.counts()).toMatchObject({ redirects: 1, connections: 1, authFailures: 0, tokensInUrl: 0 });
    expect(hub.wire.requestLines.some((line) => line.includes('/hubs/service'))).toBe(true);
    // `noSecretsLeft` knows the handed-over token: the wire has read it in the answer to negotiate.
  });
}

test('a token of a redirect that has expired is renewed by a new negotiate', async ({ hub, openTab }) => {
  await hub.admin.serviceTokenLife(5);
  const tab = await openTab({ hub: REDIRECTED, transport: transports.LongPolling, retryDelaysMs: [0, 50, 100, 200] });
  await tab.connect();
  await hub.admin.serviceTokenLife(60);
  expect((await hub.counts()).redirects).toBe(1);

  // Each poll carries the token, so the connection is lost once it has expired; an event ends the poll that is under way.
  await expect(async () => {
    await hub.admin.emit('tick', []);
    expect((await hub.counts()).redirects).toBe(2);
  }).toPass(often);
  await tab.isConnected();
  expect(await tab.invoke('Echo', 'renewed')).toEqual({ ok: true, value: 'renewed' });
  expect((await hub.counts()).refreshes, 'the app’s own token is still good').toBe(1);
});
