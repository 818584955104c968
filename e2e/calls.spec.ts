/** Calls to the hub: the result goes to the caller alone, and fails as it would with SignalR's own client. */
import { agree } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

withEachTokenSource(() => {
  test('the result of a call reaches only the tab that called', async ({ hub, connectTabs }) => {
    const tabs = await connectTabs(3, { events: ['answer'] });
    await agree(tabs);

    // Fifty calls from each tab, all in flight at once over the one connection.
    const echoes = await Promise.all(tabs.map((tab, number) => echoMany(tab, number, 50)));
    for (const [number, values] of echoes.entries()) {
      expect(values).toEqual(Array.from({ length: 50 }, (_, i) => ({ ok: true, value: `tab ${number} call ${i}` })));
    }
    for (const tab of tabs) {
      const calls = (await tab.report()).hubs[0]?.counters;
      expect(calls).toMatchObject({ calls: 150, callsFailed: 0 });
      expect(await tab.eventsNamed('answer'), 'a result is no event').toEqual([]);
    }
    expect(await hub.counts()).toMatchObject({ connections: 1, invocations: 150 });
  });

  test('an event that the hub sends during a call is handled before the call ends', async ({ openTab }) => {
    const tab = await openTab({ events: ['progress'] });
    await tab.connect();
    const seenWhenDone = await tab.page.evaluate(async () => {
      const seen: number[] = [];
      for (let i = 0; i < 20; i += 1) {
        await window.tab.invoke('SendMe', 'progress', i);
        seen.push(window.tab.events.length);
      }
      return seen;
    });
    expect(seenWhenDone).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test('a hub error rejects with the very message of SignalR’s own client', async ({ openTab }) => {
    const tab = await openTab();
    await tab.connect();
    const failing: readonly (readonly [method: string, ...args: unknown[]])[] = [
      ['Fail', 'the pump is stuck'],
      ['Fail', 'Ünïcödé “quotes” and \n a line'],
      ['Crash'],
      ['NoSuchMethod', 1],
      ['Add', 'one', {}],
      ['Add', 1],
      ['AcknowledgeIncident', 'no-such-incident'],
    ];
    for (const [method, ...args] of failing) {
      const plain = await tab.invokeWithPlainSignalR(method, ...args);
      const shared = await tab.invoke(method, ...args);
      if (plain.ok || shared.ok) throw new Error(`${method} should fail`);
      expect(shared.error.message).toBe(plain.error.message);
      expect(shared.error.code).toBe('hub-error');
    }
  });

  test('send resolves without waiting for the hub, and the hub gets it', async ({ hub, openTab }) => {
    const tab = await openTab({ events: ['sent'] });
    await tab.connect();
    expect(await tab.send('SendMe', 'sent', 'one', 2, { three: 3 })).toEqual({ ok: true, value: null });
    await expect.poll(() => tab.eventsNamed('sent'), often).toEqual([['one', 2, { three: 3 }]]);
    await expect.poll(() => hub.counts(), often).toMatchObject({ invocations: 1, invocationsPending: 0 });
  });

  for (const [name, transport] of [
    ['WebSockets', 1],
    ['server-sent events', 2],
    ['long polling', 4],
  ] as const) {
    test(`events and calls go over ${name} as well, with the token in no URL`, async ({ hub, connectTabs }) => {
      const tabs = await connectTabs(2, { transport });
      await agree(tabs);
      const { to } = await hub.admin.startSequence({ count: 100, everyMs: 5 });
      for (const tab of tabs) {
        expect(await tab.invoke('Echo', name)).toEqual({ ok: true, value: name });
        await tab.hasUnbrokenSequenceTo(to);
      }
      const counts = await hub.counts();
      expect(counts).toMatchObject({ connections: 1, tokensInUrl: 0 });
      expect(counts.webSocketUpgrades > 0, 'WebSockets').toBe(transport === 1);
      expect(counts.sseStreams > 0, 'server-sent events').toBe(transport === 2);
      expect(counts.longPolls > 0, 'long polling').toBe(transport === 4);
    });
  }
});

/** The outcomes of `count` calls that one tab has in flight at the same time. */
function echoMany(tab: Tab, number: number, count: number): Promise<unknown> {
  return tab.page.evaluate(
    ([tabNumber, calls]) =>
      Promise.all(Array.from({ length: calls }, (_, i) => window.tab.invoke('Echo', `tab ${tabNumber} call ${i}`))),
    [number, count] as const,
  );
}
