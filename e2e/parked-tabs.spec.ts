/** Tabs that are frozen or in the back/forward cache: nothing is posted to them, and they come back with the newest values and an honest word. */
import { agree } from './fixtures/agreement.js';
import {
  comeBack,
  expect,
  freeze,
  goElsewhere,
  LIFECYCLE_NEEDS_CHROMIUM,
  show,
  test,
  thaw,
} from './fixtures/lifecycle-browser.js';
import { accountsForAll, toldSince } from './fixtures/loss.js';
import { sendEvents, sendValues } from './fixtures/paced.js';
import { isSeenParked, seenBy } from './fixtures/seen-by.js';
import { often, type Tab } from './fixtures/tab.js';

test.skip(({ browserName }) => browserName !== 'chromium', LIFECYCLE_NEEDS_CHROMIUM);

test('a frozen tab with a small outbox: the others get all, it gets newest values and a gap before what follows', async ({
  hub,
  connectTabs,
}) => {
  const [reader, frozen] = (await connectTabs(2, { worker: 'small-outbox', declaresTopic: true })) as [Tab, Tab];
  for (const tab of [reader, frozen]) await tab.join('test.a', 'test.b');
  const frozenId = await frozen.tabId();
  await show(reader);
  await freeze(frozen);
  await isSeenParked(reader, frozenId, 'frozen');
  const posted = (await seenBy(reader, frozenId))?.delivered;

  const values = await sendValues(hub.admin, 192, ['test.a', 'test.b'], reader);
  const events = await sendEvents(hub.admin, 192, [reader]);
  await reader.hasUnbrokenSequenceTo(events.to);
  expect(await reader.valuesOf('test.a')).toHaveLength(96);
  const parked = await seenBy(reader, frozenId);
  expect(parked, 'nothing was posted to it').toMatchObject({ delivered: posted, parked: true });
  expect(parked?.waiting).toBeLessThanOrEqual(50);

  await thaw(frozen);
  await frozen.hasReceived(events.to);
  const dropped = await accountsForAll(frozen, events.from, events.to);
  expect(dropped).toBeGreaterThan(0);
  const since = (await toldSince(frozen, 'resume')).filter(({ type }) => type !== 'page');
  expect(since[0], 'told before the first event').toEqual({
    type: 'resync',
    resync: { reason: 'page-restored', missed: 'yes', dropped, lastedMs: expect.any(Number) },
  });
  expect(await frozen.valuesOf('test.a'), 'only the newest').toEqual([values.to - 1]);
  expect(await frozen.valuesOf('test.b')).toEqual([values.to]);
  expect(await reader.resyncs()).toEqual([]);
  expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1, topicJoins: 2, topicLeaves: 0 });
});

test('a page in the back/forward cache stays there under traffic, and comes back with all that it missed', async ({
  hub,
  connectTabs,
}) => {
  const [reader, cached] = (await connectTabs(2, { worker: 'topics' })) as [Tab, Tab];
  for (const tab of [reader, cached]) await tab.join('test.a');
  const cachedId = await cached.tabId();

  await goElsewhere(cached);
  await isSeenParked(reader, cachedId, 'cached');
  const posted = (await seenBy(reader, cachedId))?.delivered;
  const { from, to } = await hub.admin.startSequence({ count: 300, everyMs: 1, burst: 2 });
  await reader.hasUnbrokenSequenceTo(to);
  for (const value of [1, 2, 3]) await hub.admin.emitMetric('test.a', value);
  await expect.poll(() => reader.valuesOf('test.a'), often).toEqual([1, 2, 3]);
  expect(await seenBy(reader, cachedId), 'it is still there, and nothing was posted').toMatchObject({
    delivered: posted,
  });

  expect(await comeBack(cached), 'the page comes out of the cache').toBe(true);
  await cached.hasReceived(to);
  expect(await accountsForAll(cached, from, to)).toBe(0);
  const since = await toldSince(cached, 'pageshow-cached');
  expect(since[0]).toMatchObject({ type: 'resync', resync: { reason: 'page-restored', missed: 'no', dropped: 0 } });
  await expect.poll(async () => (await cached.valuesOf('test.a')).at(-1), often).toBe(3);
  await agree([reader, cached]);
  expect(await cached.invoke('Echo', 'back')).toEqual({ ok: true, value: 'back' });
  expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1, topicJoins: 1, topicLeaves: 0 });
});

test('the hub restarts while a tab is frozen: when it is thawed it learns the status and why it may have missed something', async ({
  hub,
  connectTabs,
}) => {
  const retryDelaysMs = [0, ...Array.from({ length: 400 }, () => 250)];
  const [reader, frozen] = (await connectTabs(2, { worker: 'topics', retryDelaysMs })) as [Tab, Tab];
  await frozen.join('test.a');
  await show(reader);
  await freeze(frozen);
  await hub.stop();
  await reader.hasStatus('reconnecting');
  await hub.resume();
  await reader.isConnected();
  const before = await frozen.snapshot();
  await expect.poll(async () => (await hub.counts()).topicMembers, 'its key is joined for it').toBe(1);
  await hub.admin.emitMetric('test.a', 7);

  await thaw(frozen);
  await agree([reader, frozen]);
  expect((await frozen.snapshot()).connectionId).not.toBe(before.connectionId);
  await expect.poll(() => frozen.valuesOf('test.a'), often).toEqual([7]);
  expect(await frozen.lastReconnect()).toMatchObject({ missed: 'unknown' });
  // Two things happened to it, and each is told once.
  const told = (await frozen.resyncs()).map(({ reason, missed }) => `${reason}: ${missed}`);
  expect(told.toSorted()).toEqual(['page-restored: no', 'reconnected: unknown']);
});

test('a claim goes to the tab that is in front', async ({ connectTabs }) => {
  const tabs = await connectTabs(4);
  const [first, second, third, fourth] = tabs as [Tab, Tab, Tab, Tab];
  await show(third);
  const thirdId = await third.tabId();
  await expect.poll(async () => (await agree(tabs)).primaryTabId, often).toBe(thirdId);
  const outcomes = await Promise.all([first, second, third, fourth].map((tab) => tab.claim('INC-1')));
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome))).toEqual([false, false, true, false]);

  // A frozen tab is passed over: the first one takes what the one in front of it would have taken.
  await show(first);
  await freeze(third);
  const again = await Promise.all([second, first].map((tab) => tab.claim('INC-2')));
  expect(again.map((outcome) => (outcome.ok ? outcome.value : outcome))).toEqual([false, true]);
});

test('a tab that has been hidden for long parks itself, and is back when it is shown', async ({ hub, connectTabs }) => {
  const [front, hidden] = (await connectTabs(2, { worker: 'topics', hiddenParking: 50 })) as [Tab, Tab];
  await hidden.join('test.a');
  const hiddenId = await hidden.tabId();
  await show(front);
  await isSeenParked(front, hiddenId, 'hidden');
  const { from, to } = await hub.admin.startSequence({ count: 50, everyMs: 1 });
  await hub.admin.emitMetric('test.a', 1);
  await front.hasUnbrokenSequenceTo(to);
  expect((await hidden.sequence()).count, 'nothing was posted to it').toBe(0);

  await show(hidden);
  await hidden.hasReceived(to);
  expect(await accountsForAll(hidden, from, to)).toBe(0);
  expect(await hidden.resyncs()).toMatchObject([{ reason: 'page-restored', missed: 'no', dropped: 0 }]);
  expect(await hidden.valuesOf('test.a')).toEqual([1]);
});

test('the last tab that is awake goes: the hidden one is woken and serves on', async ({ hub, connectTabs }) => {
  const [front, hidden] = (await connectTabs(2, { worker: 'topics', hiddenParking: 50 })) as [Tab, Tab];
  const hiddenId = await hidden.tabId();
  await show(front);
  await isSeenParked(front, hiddenId, 'hidden');
  const { connectionId } = await front.snapshot();
  await front.close();
  await expect.poll(async () => (await hidden.view()).isPrimary, often).toBe(true);
  expect(await hidden.snapshot()).toMatchObject({ connectionId, status: 'connected' });
  const { from, to } = await hub.admin.startSequence({ count: 20, everyMs: 1 });
  await hidden.hasReceived(to);
  expect(await hidden.sequence()).toMatchObject({ first: from, breaks: [] });
});
