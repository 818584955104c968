/** Monitoring (SEC-5, T5-6): what the worker has counted is what the hub has counted, and alerts reach those who ask for them. */
import { toOtlp } from '../src/observe/otlp.js';
import { agree } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

/** The hub ends the connection, which no stateful reconnect mends, and a new one is up in every tab. */
async function loseConnection(hub: TestHub, tabs: readonly Tab[]): Promise<void> {
  const { handshakes } = await hub.counts();
  expect(await hub.admin.cut('close-reconnect')).toBe(1);
  await expect.poll(async () => (await hub.counts()).handshakes, often).toBe(handshakes + 1);
  await agree(tabs);
}

async function alertKinds(tab: Tab): Promise<readonly string[]> {
  return (await tab.alerts()).map(({ kind }) => kind);
}

test('three cuts within five minutes raise one alert in each tab that asked, and none in one that did not', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(3, { retryDelaysMs: [0, 0, 0, 100, 1_000] });
  const [first, second, silent] = tabs;
  if (!first || !second || !silent) throw new Error('no tabs');
  await agree(tabs);
  await Promise.all([first.watchAlerts(), second.watchAlerts()]);

  await loseConnection(hub, tabs);
  await loseConnection(hub, tabs);
  expect((await first.metrics()).alerts, 'two are none').toEqual([]);
  await loseConnection(hub, tabs);
  for (const tab of [first, second]) {
    await expect.poll(() => alertKinds(tab), often).toEqual(['frequent-disconnects']);
  }
  // One more belongs to the same episode: it is counted in the alert, and nobody is told again.
  await loseConnection(hub, tabs);

  const metrics = await silent.metrics();
  expect(metrics.alerts).toMatchObject([{ kind: 'frequent-disconnects', hub: `${hub.url}/hubs/ops`, count: 4 }]);
  for (const tab of [first, second]) expect(await alertKinds(tab)).toEqual(['frequent-disconnects']);
  expect(await alertKinds(silent)).toEqual([]);
  const counts = await hub.counts();
  expect(metrics).toMatchObject({
    tabs: 3,
    connection: { isConnected: true, connects: counts.handshakes, disconnects: 4, reconnects: { count: 4 } },
    authentication: { accepted: counts.handshakes, failures: { 'refused-by-hub': counts.authFailures } },
  });
});

withEachTokenSource(() => {
  test('a refused token raises an alert in each tab that asked, and the figures agree with those of the hub', async ({
    hub,
    connectTabs,
    openTab,
  }) => {
    const tabs = await connectTabs(2);
    const [asking, silent] = tabs;
    if (!asking || !silent) throw new Error('no tabs');
    await agree(tabs);
    await asking.watchAlerts();
    await hub.admin.refuseTokens(true);
    await hub.admin.cut('close-reconnect');
    for (const tab of tabs) await tab.hasStatus('disconnected');

    await expect.poll(() => alertKinds(asking), often).toEqual(['authentication-failed']);

    const metrics = await asking.metrics();
    const counts = await hub.counts();
    expect(metrics.alerts).toMatchObject([{ kind: 'authentication-failed', count: 1 }]);
    // Where the hub grants stateful reconnect, SignalR first tries to take the connection up again; why that fails no browser tells.
    const heard = counts.authFailures - (hub.kind === 'aspnet' ? 1 : 0);
    expect(metrics.authentication).toMatchObject({ accepted: 1, failures: { 'refused-by-hub': heard } });
    expect(metrics.token.fetches.count).toBe(counts.refreshes);
    expect(metrics.connection).toMatchObject({ isConnected: false, uptimeMs: 0, disconnects: 1 });
    expect(await alertKinds(silent)).toEqual([]);
    // Raised before it asked: it stands among the figures.
    const late = await openTab();
    expect((await late.metrics()).alerts).toHaveLength(1);
    await hub.admin.refuseTokens(false);
  });

  test('a new token for the live connection is an authentication, and no disconnect', async ({ hub, connectTabs }) => {
    const tabs = await connectTabs(2);
    const [tab] = tabs;
    if (!tab) throw new Error('no tab');
    await agree(tabs);
    const { reauths } = await hub.counts();
    expect(await tab.refreshTokenNow()).toMatchObject({ ok: true });
    await expect.poll(async () => (await tab.metrics()).authentication.accepted, often).toBe(2);
    await expect.poll(async () => (await hub.counts()).reauths - reauths, often).toBe(1);
    expect(await tab.metrics()).toMatchObject({
      connection: { connects: 1, disconnects: 0, resumes: 0 },
      token: { refreshes: 1, failures: 0, fetches: { count: 2 } },
    });
  });
});

test('a start that is refused raises an alert, though it ends the connection in the tab that asked', async ({
  hub,
  openTab,
}) => {
  const tab = await openTab();
  await tab.watchAlerts();
  await hub.admin.refuseTokens(true);
  expect(await tab.start()).toMatchObject({ ok: false, error: { code: 'token-rejected' } });
  await expect.poll(() => alertKinds(tab), often).toEqual(['authentication-failed']);
  await hub.admin.refuseTokens(false);
});

test('events and calls are counted as the hub counts them, over all tabs, also those that are gone', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(2);
  const [tab, other] = tabs;
  if (!tab || !other) throw new Error('no tabs');
  await agree(tabs);
  const before = await hub.counts();
  for (const each of tabs) expect(await each.invoke('Echo', 1)).toMatchObject({ ok: true });
  const { to } = await hub.admin.startSequence({ count: 20, everyMs: 1 });
  for (const each of tabs) await each.hasReceived(to);
  await other.close();
  await expect.poll(async () => (await tab.metrics()).tabs, often).toBe(1);

  const metrics = await tab.metrics();

  const invocations = (await hub.counts()).invocations - before.invocations;
  expect(metrics).toMatchObject({ calls: invocations, callsFailed: 0, dropped: 0 });
  expect(metrics.events).toBeGreaterThanOrEqual(20);
  const { resource, scopeMetrics } = toOtlp(metrics).resourceMetrics[0]!;
  expect(JSON.stringify(resource)).toContain(metrics.bootId);
  expect(JSON.stringify(scopeMetrics)).toContain(`{"stringValue":"/hubs/ops"}`);
});

test('the state panel shows the newest alert and the authentications', async ({ hub, openTab }) => {
  const tab = await openTab({ panel: true, retryDelaysMs: [0, 0, 0, 100, 1_000] });
  await tab.connect();
  const panel = tab.page.locator('hubshare-inspector');
  await expect(panel.locator('[data-authentication]')).toHaveText('1 accepted');
  await expect(panel.locator('[part="alerts"]')).toBeHidden();

  for (let n = 0; n < 3; n += 1) await loseConnection(hub, [tab]);

  await expect(panel.locator('[data-alert-count]')).toHaveText('1 alert');
  await expect(panel.locator('[data-alert-text]')).toHaveText(/^\/hubs\/ops: The connection was lost 3 times/);
  await expect(panel.locator('[data-authentication]')).toHaveText('4 accepted');
  await expect(panel.locator('[data-announcement]')).toHaveText(/./);
});
