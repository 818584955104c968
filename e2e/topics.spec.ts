/** Topics: the hub is joined once for all tabs, an event goes to the tabs that hold its key, and a late tab is given the newest value. */
import { killWorker } from './fault/kill-worker.js';
import { agree } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';

type Three = readonly [Tab, Tab, Tab];

const QUICK_RETRIES = [0, ...Array.from({ length: 400 }, () => 250)];

/** What the hub has counted, as the tests of topics write it. */
async function topicCounts(hub: TestHub): Promise<{ joins: number; leaves: number; members: number }> {
  const { topicJoins, topicLeaves, topicMembers } = await hub.counts();
  return { joins: topicJoins, leaves: topicLeaves, members: topicMembers };
}

/** Sends one value, and waits until these tabs have it as their newest. */
async function reaches(hub: TestHub, key: string, value: number, holders: readonly Tab[]): Promise<void> {
  expect(await hub.admin.emitMetric(key, value), 'the hub has one member for all tabs').toBe(1);
  for (const tab of holders) {
    await expect.poll(async () => (await tab.valuesOf(key)).at(-1), { ...often, message: key }).toBe(value);
  }
}

/** Waits until each tab was given an event that was sent after everything else, so that nothing is still on its way. */
async function nothingIsOnItsWay(hub: TestHub, tabs: readonly Tab[]): Promise<void> {
  const { to } = await hub.admin.startSequence({ count: 1, everyMs: 0 });
  for (const tab of tabs) await tab.hasReceived(to);
}

const declarations = {
  'declared in the worker, with a key function': { worker: 'topics' },
  'declared by the tabs, with a key path': { worker: 'endpoint', declaresTopic: true },
} as const;

for (const [title, options] of Object.entries(declarations)) {
  test(`a topic ${title}: the first tab joins, and only tabs that hold the key get its events`, async ({
    hub,
    connectTabs,
  }) => {
    const [first, second, third] = (await connectTabs(3, { ...options, events: ['metric'] })) as unknown as Three;
    // The third tab listens to the bare event too, and so gets it whatever its key is; the others hold keys only.
    await first.join('test.a');
    expect(await topicCounts(hub)).toEqual({ joins: 1, leaves: 0, members: 1 });
    await second.join('test.a', 'test.b');
    expect(await topicCounts(hub)).toEqual({ joins: 2, leaves: 0, members: 2 });

    await reaches(hub, 'test.a', 1, [first, second]);
    await reaches(hub, 'test.b', 2, [second]);
    await reaches(hub, 'test.a', 3, [first, second]);
    await nothingIsOnItsWay(hub, [first, second, third]);

    expect(await first.valuesOf('test.a')).toEqual([1, 3]);
    expect(await second.valuesOf('test.a')).toEqual([1, 3]);
    expect(await second.valuesOf('test.b')).toEqual([2]);
    expect((await second.subscription('test.b')).values).toMatchObject([{ retained: false, ageMs: 0 }]);
    expect(await third.eventsNamed('metric')).toHaveLength(3);
    expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1 });
  });
}

test('a tab without a handler for the event and without the key is sent nothing', async ({ hub, connectTabs }) => {
  const [first, second] = (await connectTabs(2, { worker: 'topics' })) as unknown as Three;
  await first.join('test.a');
  await second.join('test.b');
  const delivered = async (tab: Tab): Promise<number> => {
    const id = await tab.tabId();
    return (await first.report()).tabs.find((each) => each.id === id)?.delivered ?? Number.NaN;
  };
  const before = await delivered(second);
  for (let n = 1; n <= 20; n += 1) await hub.admin.emitMetric('test.a', n);
  await expect.poll(() => first.valuesOf('test.a'), often).toHaveLength(20);
  expect(await delivered(second)).toBe(before);
});

test('the last tab that lets a key go leaves it on the hub, after the linger; until then it costs no call', async ({
  hub,
  connectTabs,
}) => {
  const options = { worker: 'small-outbox', declaresTopic: true } as const;
  const [first, second, third] = (await connectTabs(3, options)) as unknown as Three;
  for (const tab of [first, second, third]) await tab.join('test.a');
  expect(await topicCounts(hub)).toEqual({ joins: 1, leaves: 0, members: 1 });

  await first.unsubscribe('test.a');
  await second.close();
  await reaches(hub, 'test.a', 1, [third]);
  expect(await first.valuesOf('test.a')).toEqual([]);
  expect(await topicCounts(hub)).toEqual({ joins: 1, leaves: 0, members: 1 });

  await third.unsubscribe('test.a');
  await expect.poll(() => topicCounts(hub), often).toEqual({ joins: 1, leaves: 1, members: 0 });

  await first.join('test.a');
  expect(await topicCounts(hub)).toEqual({ joins: 2, leaves: 1, members: 1 });
  expect((await first.subscription('test.a')).values, 'nothing is retained of a key that was left').toEqual([]);
});

test('a reload of the only tab that holds a key joins nothing anew, and gives the newest value at once', async ({
  hub,
  connectTabs,
}) => {
  // The first tab's process holds the worker, which must stay.
  const [, tab] = (await connectTabs(2, { worker: 'topics' })) as unknown as Three;
  await tab.join('test.a');
  await reaches(hub, 'test.a', 1, [tab]);

  await tab.reload();
  await hub.admin.emitMetric('test.a', 2);
  await tab.connect();
  await tab.join('test.a');

  expect(await tab.valuesOf('test.a')).toEqual([2]);
  expect((await tab.subscription('test.a')).values).toMatchObject([{ retained: true }]);
  expect(await topicCounts(hub)).toEqual({ joins: 1, leaves: 0, members: 1 });
});

test('a tab that comes late is given the newest value with its age, before its join settles', async ({
  hub,
  openTab,
}) => {
  const first = await openTab({ worker: 'topics' });
  await first.connect();
  await first.join('test.a');
  await reaches(hub, 'test.a', 1, [first]);
  await reaches(hub, 'test.a', 2, [first]);

  const late = await openTab({ worker: 'topics' });
  // Before `start()`: it is joined when the connection is there.
  await late.subscribe('test.a');
  await late.connect();
  await expect.poll(async () => (await late.subscription('test.a')).joined, often).toEqual({ ok: true, value: null });

  const [value, ...others] = (await late.subscription('test.a')).values;
  expect(others).toEqual([]);
  expect(value).toMatchObject({ value: { name: 'test.a', value: 2 }, retained: true });
  expect(value?.ageMs).toBeGreaterThan(0);
  const told = (await late.told()).flatMap((each) =>
    each.type === 'value' || each.type === 'joined' ? each.type : [],
  );
  expect(told).toEqual(['value', 'joined']);
  await reaches(hub, 'test.a', 3, [first, late]);
  expect((await late.subscription('test.a')).values.at(-1)).toMatchObject({ retained: false, ageMs: 0 });
  expect(await topicCounts(hub)).toEqual({ joins: 1, leaves: 0, members: 1 });
});

test('a join that the hub refuses rejects for the tab that asked, and for nobody else', async ({
  hub,
  connectTabs,
}) => {
  const [first, second, third] = (await connectTabs(3, { worker: 'topics' })) as unknown as Three;
  await first.join('test.a');
  await third.join('test.a');
  const refused = { ok: false, error: { code: 'topic-refused', message: expect.stringContaining('denied.1') } };

  await first.subscribe('denied.1');
  await expect.poll(async () => (await first.subscription('denied.1')).joined, often).toMatchObject(refused);
  expect((await first.subscription('denied.1')).errors).toMatchObject([{ code: 'topic-refused' }]);
  const { invocations } = await hub.counts();
  await second.subscribe('denied.1');
  await expect.poll(async () => (await second.subscription('denied.1')).joined, often).toMatchObject(refused);
  expect((await hub.counts()).invocations, 'another tab is another attempt').toBe(invocations + 1);

  await reaches(hub, 'test.a', 1, [first, third]);
  expect((await first.subscription('denied.1')).errors, 'told once').toHaveLength(1);
  expect((await third.subscription('test.a')).errors).toEqual([]);
  expect(await topicCounts(hub)).toEqual({ joins: 1, leaves: 0, members: 1 });
});

test('a topic that nobody has declared rejects', async ({ openTab }) => {
  const tab = await openTab();
  await tab.connect();
  await tab.subscribe('test.a', 'nothing');
  await expect
    .poll(async () => (await tab.subscription('test.a')).joined, often)
    .toMatchObject({ ok: false, error: { code: 'topic-unknown' } });
});

test('the hub restarts: each key is joined exactly once more, and values flow on', async ({ hub, connectTabs }) => {
  const options = { worker: 'topics', retryDelaysMs: QUICK_RETRIES } as const;
  const [first, second, third] = (await connectTabs(3, options)) as unknown as Three;
  for (const tab of [first, second]) await tab.join('test.a');
  await third.join('test.b');
  await reaches(hub, 'test.b', 1, [third]);

  await hub.stop();
  for (const tab of [first, second, third]) await tab.hasStatus('reconnecting');
  // Wanted while the hub is away: it is joined with the others.
  await third.subscribe('test.c');
  await hub.resume();
  await agree([first, second, third]);

  await expect.poll(() => topicCounts(hub), often).toMatchObject({ members: 3 });
  await reaches(hub, 'test.a', 2, [first, second]);
  await reaches(hub, 'test.c', 3, [third]);
  await nothingIsOnItsWay(hub, [first, second, third]);
  // The new hub has counted from zero.
  expect(await topicCounts(hub)).toEqual({ joins: 3, leaves: 0, members: 3 });
  for (const tab of [first, second, third]) {
    expect(await tab.lastReconnect()).toMatchObject({ missed: 'unknown', lastedMs: expect.any(Number) });
    expect(await tab.resyncs()).toMatchObject([{ reason: 'reconnected', missed: 'unknown', dropped: null }]);
  }
});

test.describe('the worker is killed', () => {
  test.use({ killsWorkers: true });

  test('each key is joined once on the new connection, and nobody subscribes again', async ({
    hub,
    connectTabs,
    workerWatch,
  }) => {
    const [first, second, third] = (await connectTabs(3, { worker: 'topics' })) as unknown as Three;
    const tabs = [first, second, third];
    for (const tab of [first, second]) await tab.join('test.a');
    await third.join('test.b');
    const before = await agree(tabs);

    await killWorker(first.page, workerWatch);

    await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(before.connectionId);
    await expect.poll(() => topicCounts(hub), often).toEqual({ joins: 4, leaves: 0, members: 2 });
    await reaches(hub, 'test.a', 1, [first, second]);
    await reaches(hub, 'test.b', 2, [third]);
    await nothingIsOnItsWay(hub, tabs);
    expect(await topicCounts(hub)).toEqual({ joins: 4, leaves: 0, members: 2 });
    for (const tab of tabs) {
      expect(await tab.resyncs()).toMatchObject([{ reason: 'worker-replaced', missed: 'unknown', dropped: null }]);
    }
    // A retained value is gone with its worker; the first new one is retained again.
    const late = third;
    await late.join('test.a');
    expect((await late.subscription('test.a')).values).toMatchObject([{ value: { value: 1 }, retained: true }]);
  });

  test('a topic that a page has declared which is gone is known to the next worker by those who hold its keys', async ({
    hub,
    connectTabs,
    workerWatch,
  }) => {
    // The keeper makes the worker, which lives in its process; it holds no key.
    const [keeper] = await connectTabs(1, { worker: 'endpoint' });
    const [declaring] = await connectTabs(1, { worker: 'endpoint', declaresTopic: true });
    const [holder] = await connectTabs(1, { worker: 'endpoint' });
    if (keeper === undefined || declaring === undefined || holder === undefined) throw new Error('no tabs');
    await holder.join('test.a');
    const before = await agree([keeper, declaring, holder]);
    await declaring.page.close();

    await killWorker(keeper.page, workerWatch);

    await expect.poll(async () => (await agree([keeper, holder])).connectionId, often).not.toBe(before.connectionId);
    await expect.poll(() => topicCounts(hub), often).toMatchObject({ joins: 2, members: 1 });
    await reaches(hub, 'test.a', 1, [holder]);
  });
});
