/** A connection that the hub takes up again: everything once, also what the hub sent together with its answer to the handshake. */
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';

test.beforeEach(({}, testInfo) => {
  const { server } = testInfo.project.metadata as { readonly server?: string };
  test.skip(server !== 'aspnet', 'the Node hub does not take connections up again');
});

/** Events all the time, and the transport is cut twice in them. */
async function cutTwice(hub: TestHub, tabs: readonly Tab[]): Promise<void> {
  const { connectionIds, webSocketUpgrades } = await hub.counts();
  const { from } = await hub.admin.startSequence({ count: 0, everyMs: 2 });
  for (const tab of tabs) await tab.hasReceived(from + 20);
  for (const cut of [1, 2]) {
    await hub.admin.cut('abort');
    await expect.poll(async () => (await hub.counts()).webSocketUpgrades, often).toBe(webSocketUpgrades + cut);
    const last = await hub.admin.lastOfSequence();
    for (const tab of tabs) await tab.hasReceived(last);
  }
  const last = await hub.admin.stopSequence();

  for (const tab of tabs) {
    await tab.hasUnbrokenSequenceTo(last);
    const { first, count } = await tab.sequence();
    expect(count).toBe(last - (first ?? from) + 1);
    expect(await tab.resyncs()).toEqual([]);
  }
  expect(await hub.counts()).toMatchObject({ connections: 1, connectionIds });
}

for (const joined of [false, true]) {
  const frame = joined ? 'in one frame with its answer to the handshake' : 'in a frame of its own';
  test(`a hub’s first message ${frame}: after a cut every event is received once`, async ({ hub, connectTabs }) => {
    hub.wire.joinFirstFrames(joined);
    const tabs = await connectTabs(2);
    hub.wire.joinFirstFrames(false);
    await cutTwice(hub, tabs);
  });
}

test('many times what a hub keeps unacknowledged comes in between: after a cut every event is received once', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(2);
  // 2 MB, where a hub keeps 100 kB until it is acknowledged.
  const { to } = await hub.admin.startSequence({ count: 2_000, everyMs: 5, burst: 10, paddingBytes: 1_000 });
  for (const tab of tabs) await tab.hasUnbrokenSequenceTo(to);
  await cutTwice(hub, tabs);
});
