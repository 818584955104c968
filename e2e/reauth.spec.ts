/** A new token for a live connection, in each way that hubs offer, under load; and what happens where a hub offers none. */
import { beginCalls, callsOf, endCalls } from './fixtures/call-load.js';
import { agree } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';

/** Seconds: two early refreshes in it take a test 48 s, and a slow machine has 6 s for each before the hub would end the connection. */
const TOKEN_LIFE = 30;

/** What a hub of this kind can do; `cut` is the only way of ASP.NET Core 8 to 10, and the Node hub does not resume connections. */
const WAYS = { node: ['endpoint', 'call'], aspnet: ['cut'] } as const;

async function isRenewed(hub: TestHub, times: number): Promise<void> {
  const slowly = { ...often, timeout: 120_000, message: `the hub has been given new tokens ${times} times` };
  await expect.poll(async () => (await hub.counts()).reauths, slowly).toBeGreaterThanOrEqual(times);
}

async function textsOf(tab: Tab): Promise<readonly string[]> {
  return (await tab.report()).journal.map(({ text }) => text);
}

for (const way of [...WAYS.node, ...WAYS.aspnet]) {
  test(`a new token by ${way}: nothing is lost, doubled or failed (SEC-2, SEC-4, US8-3)`, async ({
    hub,
    connectTabs,
    openTab,
  }) => {
    const isOffered = (WAYS[hub.kind] as readonly string[]).includes(way);
    test.skip(!isOffered, `the ${hub.kind} hub offers: ${WAYS[hub.kind].join(', ')}`);
    test.setTimeout(180_000);
    if (way !== 'cut') await hub.admin.reauth(way);
    await hub.admin.tokenLife(TOKEN_LIFE);
    const first = await openTab();
    await first.connect();
    const tabs = [first, ...(await connectTabs(1))];
    const before = await agree(tabs);
    const { from } = await hub.admin.startSequence({ count: 0, everyMs: 5 });
    for (const tab of tabs) await beginCalls(tab, 10);

    await isRenewed(hub, 1);
    // The token after the next is not to end in the test.
    await hub.admin.tokenLife(300);
    await isRenewed(hub, 2);

    for (const tab of tabs) await endCalls(tab);
    const last = await hub.admin.stopSequence();
    for (const tab of tabs) {
      await tab.hasUnbrokenSequenceTo(last);
      expect(await tab.sequence()).toMatchObject({ first: from, count: last - from + 1 });
      await expect.poll(async () => (await callsOf(tab)).wrong, often).toEqual([]);
      await expect
        .poll(async () => {
          const { made, answered } = await callsOf(tab);
          return made - answered;
        }, often)
        .toBe(0);
      expect((await callsOf(tab)).made).toBeGreaterThan(100);
      expect(await callsOf(tab)).toMatchObject({ wrong: [] });
      expect(await tab.lifecycle()).toEqual([]);
      expect(await tab.resyncs()).toEqual([]);
      const reconnect = await tab.lastReconnect();
      expect(reconnect?.missed ?? 'no').toBe('no');
      expect(reconnect === null).toBe(way !== 'cut');
    }
    expect((await agree(tabs)).connectionId).toBe(before.connectionId);
    expect(await textsOf(first)).toContain(`new token given to the hub (${way})`);
    // One at the start and two ahead of expiry: one for each life.
    expect(await hub.counts()).toMatchObject({ refreshes: 3, connections: 1, connectionsTotal: 1, authFailures: 0 });
  });
}

test('where a hub takes no new token the connection is kept while it lives, then made anew, and the gap is told', async ({
  hub,
  openTab,
}) => {
  test.skip(hub.kind !== 'node', 'the ASP.NET Core hub offers a way');
  test.setTimeout(180_000);
  await hub.admin.reauth('none');
  await hub.admin.tokenLife(TOKEN_LIFE);
  const tab = await openTab({ worker: 'topics', asksPage: false });
  await tab.connect();
  await tab.join('test.a');
  const { connectionId } = await tab.view();
  expect((await hub.counts()).refreshes, 'the token of the start').toBe(1);
  // The next token is not to end in the test.
  await hub.admin.tokenLife(300);
  await expect.poll(async () => (await hub.counts()).refreshes, { ...often, timeout: 60_000 }).toBe(2);

  await expect.poll(async () => (await hub.counts()).topicJoins, { ...often, timeout: 120_000 }).toBe(2);
  await tab.isConnected();

  const after = await tab.view();
  expect(after.connectionId).not.toBe(connectionId);
  expect(await tab.lifecycle()).toMatchObject([
    { type: 'reconnecting' },
    { type: 'reconnected', connectionId: after.connectionId },
  ]);
  expect(await tab.resyncs()).toMatchObject([{ reason: 'reconnected', missed: 'unknown', dropped: null }]);
  const texts = await textsOf(tab);
  const kept = texts.indexOf('the hub takes no new token for a live connection: it is used at the next connect');
  const lost = texts.findIndex((text) => text.startsWith('hub not connected'));
  expect(kept, 'the new token came first, and the connection went on').toBeGreaterThan(-1);
  expect(lost).toBeGreaterThan(kept);
  // The token that had come meanwhile was used: no third one, and no refusal.
  expect(await hub.counts()).toMatchObject({ refreshes: 2, connections: 1, reauths: 0, authFailures: 0 });
  await hub.admin.emitMetric('test.a', 77);
  await expect.poll(async () => (await tab.valuesOf('test.a')).at(-1), often).toBe(77);
});
