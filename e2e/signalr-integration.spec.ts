/** The five tests that the specification names (T5-2), in real browsers against a real hub. */
import { agree } from './fixtures/agreement.js';
import { hasPassed, tokenEndsAtMs } from './fixtures/expiry.js';
import { often } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

withEachTokenSource(() => {
  test.describe('SignalR Integration', () => {
    // Also FV-1.
    test('should authenticate connections with valid tokens', async ({ hub, openTab }) => {
      const tab = await openTab({ events: ['connection.authorized'] });
      await tab.connect();

      const { connectionId } = await tab.view();
      expect(connectionId).not.toBeNull();
      expect(await tab.invoke('WhoAmI')).toMatchObject({ ok: true, value: { name: 'ann', connectionId } });
      await expect
        .poll(() => tab.eventsNamed('connection.authorized'), often)
        .toEqual([[expect.objectContaining({ sessionId: connectionId })]]);
      expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1, authFailures: 0, tokensInUrl: 0 });
      // Negotiation carries the token in a header, the WebSocket in a subprotocol.
      expect([...hub.wire.bearers].toSorted()).toEqual(['authorization', 'subprotocol']);
    });

    test('should handle token refresh during active connections', async ({ hub, openTab }) => {
      test.setTimeout(120_000);
      const tabs = [await openTab(), await openTab()] as const;
      const [tab] = tabs;
      await hub.admin.tokenLife(30);
      await Promise.all(tabs.map((each) => each.connect()));
      const before = await agree(tabs);
      const { refreshes, handshakes } = await hub.counts();
      const endsAtMs = await tokenEndsAtMs(tab);
      await hub.admin.tokenLife(300);

      await hub.admin.startSequence({ count: 0, everyMs: 10 });
      await expect.poll(async () => (await hub.counts()).refreshes, { ...often, timeout: 40_000 }).toBe(refreshes + 1);
      await hasPassed(endsAtMs + 1_000);
      const last = await hub.admin.stopSequence();

      for (const each of tabs) {
        await each.hasUnbrokenSequenceTo(last);
        expect(await each.lifecycle()).toEqual([]);
        expect(await each.resyncs()).toEqual([]);
      }
      expect((await agree(tabs)).connectionId).toBe(before.connectionId);
      expect(await hub.counts()).toMatchObject({
        connections: 1,
        handshakes,
        refreshes: refreshes + 1,
        authFailures: 0,
      });
      expect(await tab.invoke('Add', 2, 3)).toEqual({ ok: true, value: 5 });
    });

    test('should coordinate connections across tabs', async ({ hub, connectTabs }) => {
      const tabs = await connectTabs(3, { events: ['notice'] });

      const snapshot = await agree(tabs);
      expect(snapshot.subscribedTabs).toHaveLength(3);
      expect(snapshot.activeHubs).toHaveLength(1);
      expect(await hub.counts()).toMatchObject({
        connections: 1,
        handshakes: 1,
        connectionIds: [snapshot.connectionId],
      });

      expect(await hub.admin.emit('notice', ['all hands'])).toBe(1);
      for (const tab of tabs) await expect.poll(() => tab.eventsNamed('notice'), often).toEqual([['all hands']]);
    });

    test('should manage reconnection attempts properly', async ({ hub, connectTabs }) => {
      const tabs = await connectTabs(2, { retryDelaysMs: [0, 50, 100, 200] });
      const [tab] = tabs;
      if (!tab) throw new Error('no tab');
      const first = await agree(tabs);
      expect(first.reconnectAttempts).toBe(0);

      await hub.admin.cut('close-reconnect');
      for (const each of tabs) {
        await expect
          .poll(() => each.lifecycle(), often)
          .toMatchObject([{ type: 'reconnecting' }, { type: 'reconnected' }]);
      }
      const second = await agree(tabs);
      expect(second.connectionId).not.toBe(first.connectionId);
      expect(second.lastConnected).toBeGreaterThan(first.lastConnected);
      expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 2 });

      await hub.stop();
      for (const each of tabs) {
        await each.hasStatus('disconnected');
        const { error } = await each.snapshot();
        expect(error, 'a tab that rests says why').toBeTruthy();
        const attempts = (await each.statuses()).map((status) => status.snapshot.reconnectAttempts);
        expect(Math.max(...attempts), 'every delay of the list was used').toBe(4);
        expect((await each.lifecycle()).map((entry) => entry.type)).toEqual([
          'reconnecting',
          'reconnected',
          'reconnecting',
          'closed',
        ]);
      }

      await hub.resume();
      await tab.connect();
      const third = await agree(tabs);
      expect(third).toMatchObject({ reconnectAttempts: 0 });
      expect(third.error).toBeUndefined();
    });

    // Also FV-3.
    test('should handle authentication failures gracefully', async ({ hub, context, openTab, signIn }) => {
      // A tab that cannot give a token may be able to later, so that is tried again; here only once.
      const tab = await openTab({ retryDelaysMs: [0] });
      const other = await openTab({ retryDelaysMs: [0] });

      await test.step('without a sign-in nothing reaches the hub', async () => {
        await context.clearCookies();
        for (const each of [tab, other]) {
          expect(await each.start()).toMatchObject({
            ok: false,
            error: { code: expect.stringMatching(/^token-(rejected|unavailable)$/) },
          });
          await each.hasStatus('disconnected');
        }
        expect(await hub.counts()).toMatchObject({ negotiates: 0, connectionsTotal: 0, authFailures: 0 });
      });

      await test.step('a token that the hub refuses is refreshed once, and then refused for good', async () => {
        await signIn('ann');
        await hub.admin.refuseTokens(true);
        const { refreshes } = await hub.counts();
        expect(await tab.start()).toMatchObject({ ok: false, error: { code: 'token-rejected' } });
        const counts = await hub.counts();
        expect(counts.connectionsTotal).toBe(0);
        expect(counts.authFailures, 'one try and one retry with a new token').toBe(2);
        expect(counts.refreshes).toBe(refreshes + 2);
      });

      await test.step('when the hub accepts tokens again, every tab comes up', async () => {
        await hub.admin.refuseTokens(false);
        await Promise.all([tab.connect(), other.connect()]);
        await agree([tab, other]);
        expect(await tab.invoke('Echo', 'back')).toEqual({ ok: true, value: 'back' });
      });
    });
  });
});
