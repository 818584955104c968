/** Tokens: one refresh for all tabs, and a way to the next tab when the one that was asked does not answer, or fails. */
import { agree, primaryOf } from './fixtures/agreement.js';
import { hasPassed, tokenEndsAtMs } from './fixtures/expiry.js';
import { often } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

/** For what comes with the early refresh of a token that lives 30 seconds. */
const untilRefresh = { ...often, timeout: 60_000 };

withEachTokenSource(() => {
  test('a token expires with ten tabs open: one refresh, and the connection stays the same', async ({
    hub,
    openTab,
    tokens,
  }) => {
    // Time for a browser that is slow in everything: what counts is that the refresh comes before the end.
    test.setTimeout(180_000);
    const tabs = [];
    for (let i = 0; i < 10; i += 1) tabs.push(await openTab());
    const [tab] = tabs;
    if (!tab) throw new Error('no tab');
    await hub.admin.tokenLife(60);
    await Promise.all(tabs.map((each) => each.connect()));
    const before = await agree(tabs);
    const counts = await hub.counts();
    expect(counts.refreshes, 'ten tabs start with one token').toBe(1);
    const endsAtMs = await tokenEndsAtMs(tab);
    await hub.admin.tokenLife(300);

    await hasPassed(endsAtMs + 1_000);

    expect(await hub.counts()).toMatchObject({ refreshes: 2, connections: 1, handshakes: 1, authFailures: 0 });
    expect((await agree(tabs)).connectionId).toBe(before.connectionId);
    const asked = await Promise.all(tabs.map((each) => each.tokenCalls()));
    expect(asked.reduce((sum, calls) => sum + calls, 0)).toBe(tokens === 'tab' ? 2 : 0);
    for (const each of tabs) expect(await each.lifecycle()).toEqual([]);
  });

  test('sign-out closes the connection in every tab at once', async ({ hub, connectTabs }) => {
    const tabs = await connectTabs(3);
    const [tab] = tabs;
    if (!tab) throw new Error('no tab');
    await agree(tabs);
    expect(await tab.signOut()).toMatchObject({ ok: true });
    for (const each of tabs) await each.hasStatus('disconnected');
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);
  });
});

test.describe('with tokens from the accessTokenFactory of the primary tab', () => {
  test.use({ tokens: 'tab' });

  test('a primary tab that goes without having answered leaves the question to the next tab', async ({
    hub,
    openTab,
  }) => {
    const tabs = [await openTab(), await openTab(), await openTab()];
    await hub.admin.tokenLife(30);
    await Promise.all(tabs.map((tab) => tab.connect()));
    const { primary, others } = await primaryOf(tabs);
    const calls = await primary.tokenCalls();
    await primary.holdTokens();
    await hub.admin.tokenLife(300);

    await expect.poll(() => primary.tokenCalls(), untilRefresh).toBe(calls + 1);
    await primary.close();

    await expect
      .poll(async () => {
        const asked = await Promise.all(others.map((tab) => tab.tokenCalls()));
        return asked.reduce((sum, count) => sum + count, 0);
      }, untilRefresh)
      .toBe(1);
    await agree(others);
    expect(await others[0]?.invoke('Echo', 'still here')).toEqual({ ok: true, value: 'still here' });
  });

  test('a primary tab whose factory fails leaves the question to the next tab', async ({ hub, openTab }) => {
    const tabs = [await openTab(), await openTab(), await openTab()];
    await hub.admin.tokenLife(30);
    await Promise.all(tabs.map((tab) => tab.connect()));
    const { primary, others } = await primaryOf(tabs);
    const calls = await primary.tokenCalls();
    const { connectionId } = await primary.snapshot();
    await primary.failTokens();
    await hub.admin.tokenLife(300);

    await expect
      .poll(async () => {
        const asked = await Promise.all(others.map((tab) => tab.tokenCalls()));
        return asked.reduce((sum, count) => sum + count, 0);
      }, untilRefresh)
      .toBeGreaterThan(0);
    expect(await primary.tokenCalls()).toBeGreaterThan(calls);
    await agree(tabs);
    expect(await primary.snapshot()).toMatchObject({ connectionId, status: 'connected' });
    expect(await primary.invoke('Echo', 'still here')).toEqual({ ok: true, value: 'still here' });
  });
});
