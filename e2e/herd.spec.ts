/** A hub that asks its clients to come back later is not asked before: by `Retry-After`, and by the event `connection.retryAfter`. */
import type { HubCounts } from './fixtures/admin.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';

/** Longer than any test: an attempt that comes by itself within one has not waited. */
const LATER_SECONDS = 500;

async function negotiates(hub: TestHub): Promise<Pick<HubCounts, 'negotiates' | 'negotiatesRefused'>> {
  const { negotiates: granted, negotiatesRefused } = await hub.counts();
  return { negotiates: granted, negotiatesRefused };
}

/** Waits until every tab knows that the next attempt is due, and not before `earliestMs`. */
async function waitUntil(earliestMs: number, tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) {
    await expect
      .poll(async () => (await tab.view()).retryAtMs ?? 0, { ...often, message: 'the next attempt is told of' })
      .toBeGreaterThanOrEqual(earliestMs);
  }
}

test('a negotiate that is answered 503 with Retry-After is followed by none before that time', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(2);
  const before = await negotiates(hub);
  await hub.admin.unavailable(LATER_SECONDS);
  const startedAtMs = Date.now();

  await hub.admin.cut('close-reconnect');
  await waitUntil(startedAtMs + LATER_SECONDS * 1000, tabs);
  expect(await negotiates(hub)).toEqual({ ...before, negotiatesRefused: 1 });

  await hub.admin.unavailable(null);
  // The hint is for attempts that come by themselves; a person who asks for one is not kept waiting.
  const [tab] = tabs as [Tab];
  expect(await tab.reconnectNow()).toMatchObject({ ok: true });
  for (const each of tabs) await each.isConnected();
  expect(await negotiates(hub)).toEqual({ negotiates: before.negotiates + 1, negotiatesRefused: 1 });
  expect(await hub.counts()).toMatchObject({ connections: 1 });
});

test('after the time of Retry-After the worker comes back by itself, with one negotiate', async ({ hub, openTab }) => {
  const tab = await openTab();
  await tab.connect();
  const before = await negotiates(hub);
  await hub.admin.unavailable(3);

  await hub.admin.cut('close-reconnect');
  await expect.poll(() => negotiates(hub), often).toEqual({ ...before, negotiatesRefused: 1 });
  await hub.admin.unavailable(null);

  await expect.poll(() => tab.lifecycle(), often).toMatchObject([{ type: 'reconnecting' }, { type: 'reconnected' }]);
  expect(await negotiates(hub)).toEqual({ negotiates: before.negotiates + 1, negotiatesRefused: 1 });
  const [refusedAtMs, grantedAtMs] = (await hub.accessLog())
    .split('\n')
    .filter((line) => line.includes('/negotiate'))
    .slice(-2)
    .map((line) => Date.parse(line.split(' ')[0] ?? ''));
  expect((grantedAtMs ?? Number.NaN) - (refusedAtMs ?? Number.NaN)).toBeGreaterThanOrEqual(3_000);
});

test('a first start that is answered 503 is tried again, not before the time that the hub named', async ({
  hub,
  openTab,
}) => {
  const tab = await openTab();
  await hub.admin.unavailable(LATER_SECONDS);
  const startedAtMs = Date.now();
  await tab.beginStart();
  await waitUntil(startedAtMs + LATER_SECONDS * 1000, [tab]);
  expect(await negotiates(hub)).toEqual({ negotiates: 0, negotiatesRefused: 1 });

  await hub.admin.unavailable(null);
  expect(await tab.reconnectNow()).toMatchObject({ ok: true });
  await tab.isConnected();
  expect(await negotiates(hub)).toEqual({ negotiates: 1, negotiatesRefused: 1 });
});

test('a hub that announces a restart with connection.retryAfter is left alone for so long', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(2);
  const before = await negotiates(hub);
  await hub.admin.emit('connection.retryAfter', [LATER_SECONDS * 1000]);
  const startedAtMs = Date.now();
  await hub.admin.cut('close-reconnect');
  // The hint was sent before the goodbye, on the same connection, a little earlier than the clock was read here.
  await waitUntil(startedAtMs + LATER_SECONDS * 1000 - 60_000, tabs);
  expect(await negotiates(hub)).toEqual(before);

  const [tab] = tabs as [Tab];
  expect(await tab.reconnectNow()).toMatchObject({ ok: true });
  for (const each of tabs) await each.isConnected();
  expect(await negotiates(hub)).toEqual({ ...before, negotiates: before.negotiates + 1 });
  // It held for one attempt only.
  await hub.admin.cut('close-reconnect');
  await expect.poll(async () => (await negotiates(hub)).negotiates, often).toBe(before.negotiates + 2);
  for (const each of tabs) await each.isConnected();
});
