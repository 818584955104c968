/** What a tab gives to the builder that stays in the tab, or that another tab has asked for differently. */
import { often } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

test('the second tab that asks for other settings is told which, and gets the connection all the same', async ({
  hub,
  openTab,
}) => {
  const first = await openTab({ serverTimeoutMs: 40_000 });
  const second = await openTab({ serverTimeoutMs: 50_000, headers: { 'X-Secret-Header': 'do-not-show-this' } });
  const third = await openTab({ serverTimeoutMs: 40_000 });
  for (const tab of [first, second, third]) await tab.connect();

  await expect.poll(() => second.warnings(), often).toMatchObject([{ code: 'settings-differ' }]);
  const [warning] = await second.warnings();
  expect(warning?.settings).toEqual(expect.arrayContaining(['serverTimeoutMs', 'headers']));
  expect(warning?.settings).toHaveLength(2);
  expect(warning?.message).toMatch(/serverTimeout/i);
  expect(warning?.message, 'a header may hold a secret').not.toContain('do-not-show-this');
  expect(await first.warnings()).toEqual([]);
  expect(await third.warnings()).toEqual([]);
  expect(await hub.counts()).toMatchObject({ connections: 1 });
});

test('a retry policy is asked in the tab that gave it, and in the next one when that tab is closed', async ({
  hub,
  context,
  openTab,
}) => {
  const first = await openTab({ retryPolicy: true });
  const second = await openTab({ retryPolicy: true });
  for (const tab of [first, second]) await tab.connect();
  await hub.stop();
  const tabs = [first, second];
  await expect.poll(async () => (await first.retriesAsked()) + (await second.retriesAsked()), often).toBeGreaterThan(1);
  const asked = await Promise.all(tabs.map((tab) => tab.retriesAsked()));
  expect(
    asked.filter((count) => count > 0),
    'one tab is asked, not both',
  ).toHaveLength(1);

  const [inForce, next] = asked[0] === 0 ? [second, first] : [first, second];
  await inForce.close();
  await expect.poll(() => next.retriesAsked(), often).toBeGreaterThan(0);
  await hub.resume(async (origin) => {
    // The ASP.NET Core hub has forgotten its sessions.
    await context.request.post(`${origin}/auth/sign-in`, { data: { user: 'ann' } });
  });
  await next.isConnected();
  expect(await next.invoke('Echo', 'back')).toEqual({ ok: true, value: 'back' });
});

test('a logger object is given SignalR’s log of the shared connection, without a token', async ({ hub, openTab }) => {
  const logging = await openTab({ logger: true });
  const silent = await openTab();
  await silent.connect();
  await logging.connect();
  await logging.invoke('NoSuchMethod');
  await hub.admin.cut('close-reconnect');

  await expect.poll(async () => (await logging.logLines()).length, often).toBeGreaterThan(3);
  expect(await silent.logLines()).toEqual([]);
  // `noSecretsLeft` searches these lines for tokens after the test.
});
