/** MessagePack through several tabs: bytes and dates arrive as what they are, in results, events, streams and uploads. */
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

const AT_MS = Date.UTC(2026, 10, 22, 7, 20, 0, 123);
const BYTES = [0, 1, 127, 128, 255];
/** As `encode` writes them. */
const encoded = { bytes: { $bytes: BYTES }, at: { $date: new Date(AT_MS).toISOString() } };
const transports = { WebSockets: 1, LongPolling: 4 } as const;

test.beforeEach(({}, testInfo) => {
  const { server } = testInfo.project.metadata as { readonly server?: string };
  test.skip(server === 'aspnet', 'the MessagePack package of ASP.NET Core cannot be had here');
});

for (const [name, transport] of Object.entries(transports)) {
  test(`bytes and dates reach every tab over ${name}`, async ({ hub, connectTabs }) => {
    const tabs = await connectTabs(3, { protocol: 'messagepack', transport, events: ['parcel'] });
    const [first, second] = tabs as [Tab, Tab, Tab];

    expect(await first.echoBytesAndDate(BYTES, AT_MS)).toEqual({ ok: true, value: encoded });
    expect(await second.sendBytesAndDate('parcel', BYTES, AT_MS)).toEqual({ ok: true, value: null });
    for (const tab of tabs) {
      await expect.poll(() => tab.eventsNamed('parcel'), often).toEqual([[encoded.bytes, encoded.at]]);
    }

    await second.openStream('count', 'Counter', 50, 1);
    await expect.poll(async () => (await second.stream('count')).end, often).toEqual({ error: null });
    expect((await second.stream('count')).items).toEqual(Array.from({ length: 50 }, (_, i) => i));
    await first.openUpload('sum', 'Sum');
    await first.upload('sum', 1, 2);
    await first.endUpload('sum');
    await expect.poll(() => first.outcomeOf('sum'), often).toEqual({ ok: true, value: 3 });
    expect(await hub.counts()).toMatchObject({ connections: 1, streamsOpen: 0, uploadsOpen: 0, tokensInUrl: 0 });
  });
}

test('a tab that asks for JSON shares the MessagePack connection and is warned', async ({ hub, openTab }) => {
  const first = await openTab({ protocol: 'messagepack' });
  const second = await openTab();
  await first.connect();
  await second.connect();
  await expect.poll(() => second.warnings(), often).toMatchObject([{ settings: ['protocol'] }]);
  expect(await second.invoke('Echo', { a: [1, 'two', null] })).toEqual({ ok: true, value: { a: [1, 'two', null] } });
  expect(await hub.counts()).toMatchObject({ connections: 1 });
});
