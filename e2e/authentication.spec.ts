/** When no token is good any more: every tab is told, the primary is the one to ask, and one start() after the sign-in brings all back. */
import { agree, primaryOf } from './fixtures/agreement.js';
import { often } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

withEachTokenSource(() => {
  test('tokens that are refused, also after a refresh, ask for a sign-in once in each tab (SEC-7 E-003)', async ({
    hub,
    connectTabs,
  }) => {
    const tabs = await connectTabs(3);
    const before = await agree(tabs);
    const { primary, others } = await primaryOf(tabs);
    const { refreshes, authFailures } = await hub.counts();
    await hub.admin.refuseTokens(true);
    await hub.admin.cut('close-reconnect');

    for (const tab of tabs) await expect.poll(() => tab.signInsAsked(), often).toHaveLength(1);
    expect(await primary.signInsAsked()).toEqual([{ code: 'token-rejected', isPrimary: true }]);
    for (const tab of others) expect(await tab.signInsAsked()).toEqual([{ code: 'token-rejected', isPrimary: false }]);
    for (const tab of tabs) expect(await tab.snapshot()).toMatchObject({ status: 'disconnected', connectionId: '' });
    // Refused, refreshed, refused, and no more. Where the hub grants stateful reconnect, the attempt to take it up again comes first.
    expect(await hub.counts()).toMatchObject({
      refreshes: refreshes + 1,
      authFailures: authFailures + (hub.kind === 'aspnet' ? 3 : 2),
      connections: 0,
    });

    await hub.admin.refuseTokens(false);
    expect(await primary.start()).toMatchObject({ ok: true });
    expect((await agree(tabs)).connectionId).not.toBe(before.connectionId);
    for (const tab of others) {
      expect(await tab.lifecycle()).toMatchObject([
        { type: 'reconnecting' },
        { type: 'closed', error: { code: 'token-rejected' } },
        { type: 'reconnected' },
      ]);
    }
    for (const tab of tabs) expect(await tab.signInsAsked()).toHaveLength(1);
    expect(await hub.counts()).toMatchObject({ connections: 1 });
  });
});

test('without a sign-in the hub is not asked; start() connects when there is one (SR-3)', async ({
  hub,
  openTab,
  context,
  signIn,
}) => {
  await context.clearCookies();
  const tab = await openTab();
  expect(await tab.start()).toMatchObject({ ok: false, error: { code: 'token-rejected' } });
  expect(await tab.signInsAsked()).toEqual([{ code: 'token-rejected', isPrimary: true }]);
  expect(await hub.counts()).toMatchObject({ negotiates: 0, authFailures: 0, connectionsTotal: 0 });

  await signIn('bob');
  await tab.connect();
  expect(await tab.invoke('WhoAmI')).toMatchObject({ ok: true, value: { userId: 'bob' } });
  expect(await tab.signInsAsked()).toHaveLength(1);
});

test('a session that has ended at the issuer asks for a sign-in when the connection can be kept no longer (SEC-7 E-001)', async ({
  hub,
  connectTabs,
  signIn,
}) => {
  const [tab] = await connectTabs(1);
  if (!tab) throw new Error('no tab');
  await hub.admin.refuseRefresh(true);
  await hub.admin.refuseTokens(true);
  await hub.admin.cut('close-reconnect');
  await expect.poll(() => tab.signInsAsked(), often).toEqual([{ code: 'token-rejected', isPrimary: true }]);

  await hub.admin.refuseRefresh(false);
  await hub.admin.refuseTokens(false);
  await signIn('ann');
  await tab.connect();
  expect(await tab.signInsAsked()).toHaveLength(1);
});
