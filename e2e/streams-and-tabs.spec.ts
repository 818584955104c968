/** Streams in both directions belong to the tab that called: nobody else gets an item, and what a tab leaves behind ends on the hub. */
import { CRASH_NEEDS_CHROMIUM, crashTab } from './fault/crash-tab.js';
import { agree } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';

/** A stream that nobody waits out. */
const ENDLESS = ['Counter', 1_000_000, 10] as const;

async function hubHas(hub: TestHub, counts: Readonly<Record<string, number>>): Promise<void> {
  await expect.poll(() => hub.counts(), often).toMatchObject(counts);
}

/** Waits until the stream has given more items than it has now. */
async function goesOn(tab: Tab, name: string): Promise<void> {
  await tab.hasItems(name, (await tab.stream(name)).items.length + 5);
}

declare global {
  interface Window {
    /** Messages on the ports of the page that hold entries of the hub, since the page was told to count. */
    messagesSeen?: number;
  }
}

/** Counts what is posted to the page, which no member of the connection tells. */
function countMessages(): void {
  const stock = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage')!;
  Object.defineProperty(MessagePort.prototype, 'onmessage', {
    ...stock,
    set(this: MessagePort, handler: ((event: MessageEvent) => unknown) | null) {
      stock.set!.call(
        this,
        handler &&
          ((event: MessageEvent<{ kind?: string } | null>) => {
            if (event.data?.kind === 'batch') window.messagesSeen = (window.messagesSeen ?? 0) + 1;
            handler.call(this, event);
          }),
      );
    },
  });
}

function messagesSeen(tab: Tab): Promise<number> {
  return tab.page.evaluate(() => window.messagesSeen ?? 0);
}

test('the items of a stream reach only the tab that called, all of them and in order', async ({
  hub,
  context,
  connectTabs,
}) => {
  await context.addInitScript(countMessages);
  const tabs = await connectTabs(3);
  const [first, second, third] = tabs as [Tab, Tab, Tab];
  await agree(tabs);
  const [firstBefore, thirdBefore] = await Promise.all([first, third].map(messagesSeen));
  await first.openStream('mine', 'Counter', 200, 1);
  await second.openStream('mine', 'Counter', 100, 1);

  for (const [tab, count] of [
    [first, 200],
    [second, 100],
  ] as const) {
    await expect.poll(async () => (await tab.stream('mine')).end, often).toEqual({ error: null });
    expect((await tab.stream('mine')).items).toEqual(Array.from({ length: count }, (_, i) => i));
  }
  await expect(third.stream('mine')).rejects.toThrow('no stream');
  expect(await messagesSeen(first), 'the listening works').toBeGreaterThan(firstBefore!);
  expect(await messagesSeen(third), 'nothing of it was posted to the third tab').toBe(thirdBefore);
  await hubHas(hub, { streamsOpen: 0, connections: 1 });
});

const waysToGo: Readonly<Record<string, (tab: Tab) => Promise<unknown>>> = {
  'is closed': (tab) => tab.close(),
  'is reloaded': (tab) => tab.reload(),
  'navigates away': (tab) => tab.page.goto('/harness/elsewhere.html'),
  crashes: (tab) => crashTab(tab.page),
  stops: (tab) => tab.stop(),
};

for (const [way, go] of Object.entries(waysToGo)) {
  test(`a tab that ${way} cancels its streams and uploads on the hub, and those of the others go on`, async ({
    hub,
    connectTabs,
    browserName,
  }) => {
    test.skip(way === 'crashes' && browserName !== 'chromium', CRASH_NEEDS_CHROMIUM);
    const tabs = await connectTabs(3);
    // The first tab's process holds the worker, and a crash would take it along.
    const [staying, leaving] = tabs as [Tab, Tab, Tab];
    await staying.openStream('stays', ...ENDLESS);
    await leaving.openStream('goes', ...ENDLESS);
    await leaving.openStream('goes too', ...ENDLESS);
    await leaving.openUpload('up', 'Sum');
    await leaving.upload('up', 1, 2);
    await leaving.hasItems('goes', 3);
    await leaving.hasItems('goes too', 3);
    await hubHas(hub, { streamsOpen: 3, uploadsOpen: 1 });

    await go(leaving);

    await hubHas(hub, { streamsOpen: 1, uploadsOpen: 0, connections: 1 });
    await goesOn(staying, 'stays');
    const { items } = await staying.stream('stays');
    expect(items).toEqual(Array.from({ length: items.length }, (_, i) => i));
    await staying.cancelStream('stays');
    await hubHas(hub, { streamsOpen: 0, invocationsPending: 0 });
  });
}

test('cancelling in one tab leaves the stream of the same method in another tab', async ({ hub, connectTabs }) => {
  const [first, second] = (await connectTabs(2)) as [Tab, Tab];
  for (const tab of [first, second]) await tab.openStream('same', ...ENDLESS);
  for (const tab of [first, second]) await tab.hasItems('same', 2);

  await first.cancelStream('same');

  await hubHas(hub, { streamsOpen: 1 });
  const seen = (await first.stream('same')).items.length;
  await goesOn(second, 'same');
  expect((await first.stream('same')).items, 'nothing after the cancel').toHaveLength(seen);
  expect((await first.stream('same')).end).toBeNull();
  await second.cancelStream('same');
  await hubHas(hub, { streamsOpen: 0 });
});

test('uploads of two tabs to the same method keep apart', async ({ hub, connectTabs }) => {
  const [first, second] = (await connectTabs(2)) as [Tab, Tab];
  for (const tab of [first, second]) await tab.openUpload('sum', 'Sum');
  await hubHas(hub, { uploadsOpen: 2 });
  await first.upload('sum', 1, 2, 3);
  await second.upload('sum', 10, 20);
  await first.endUpload('sum');
  await expect.poll(() => first.outcomeOf('sum'), often).toEqual({ ok: true, value: 6 });
  expect(await second.outcomeOf('sum')).toBeNull();
  await second.endUpload('sum');
  await expect.poll(() => second.outcomeOf('sum'), often).toEqual({ ok: true, value: 30 });
  await hubHas(hub, { uploadsOpen: 0, invocationsPending: 0 });
});

test('streams end with an error in every tab when the hub closes, and nothing is left on it', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(2, { retryDelaysMs: [0, 50, 100, 200] });
  for (const tab of tabs) await tab.openStream('endless', ...ENDLESS);
  for (const tab of tabs) await tab.hasItems('endless', 2);

  await hub.admin.cut('close-reconnect');

  for (const tab of tabs) {
    await expect
      .poll(async () => (await tab.stream('endless')).end, often)
      .toMatchObject({ error: { name: expect.any(String) } });
  }
  await agree(tabs);
  await hubHas(hub, { streamsOpen: 0, connections: 1 });
});
