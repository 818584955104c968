import { expect, it } from 'vitest';
import type { OpenHub } from '../hub/open-hub.js';
import { createSharedHub } from '../hub/shared-hub.js';
import { createHubLink } from '../hub/hub-link.js';
import { createSanitizer } from '../auth/sanitizer.js';
import type { TokenReport } from '../../src/contract/report.js';
import type { TopicDeclaration } from '../../src/contract/topics.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHub } from '../testing/fake-hub.js';
import { PartTab, PLAIN_SETTINGS, wishFor } from '../testing/fake-tab.js';
import { createJournal } from './journal.js';
import { createMonitorRegistry } from './metrics-registry.js';
import { buildReport } from './worker-report.js';

const token: TokenReport = {
  source: 'none',
  state: 'none',
  fingerprint: null,
  expiresAtMs: null,
  refreshAtMs: null,
  refreshes: 0,
  failures: 0,
  lastTookMs: null,
};

const METRIC: TopicDeclaration = {
  event: 'metric',
  join: 'JoinMetric',
  leave: 'LeaveMetric',
  keyPath: [0],
  retain: 'last',
};

async function setUp(url = 'https://h.test/hubs/ops') {
  const clock = new FakeClock(1_000);
  const fake = new FakeHub();
  const sanitizer = createSanitizer();
  const journal = createJournal({
    now: () => clock.now(),
    redact: (text) => text,
    maxEntries: 10,
    onChange: () => undefined,
  });
  const monitors = createMonitorRegistry({
    bootId: 'boot-1',
    now: () => clock.now(),
    journal,
    sharesTokens: false,
    onChange: () => undefined,
  });
  const monitor = monitors.open(url);
  const hub = createSharedHub({
    url,
    counters: monitor.counters,
    number: 1,
    clock,
    journal,
    lingerMs: 5_000,
    settings: PLAIN_SETTINGS,
    topics: [],
    topicLingerMs: 5_000,
    format: 'text',
    questionTakeMs: 5_000,
    activeHubs: () => [url],
    onActiveChange: () => undefined,
    onState: () => undefined,
    onUnused: () => undefined,
    onChange: () => undefined,
    createLink: (events) =>
      createHubLink({
        url,
        openSocket: fake.open,
        prepareStart: () => Promise.resolve(),
        clock,
        retryDelay: () => null,
        redact: (text) => text,
        startTimeoutMs: 30_000,
        stopTimeoutMs: 5_000,
        askRetryDelay: () => Promise.resolve(null),
        ...events,
      }),
  });
  const open: OpenHub = {
    hub,
    identity: null as never,
    monitor,
    tokenReport: () => token,
    refreshToken: () => Promise.resolve(),
    broker: () => null,
    forgetToken: () => Promise.resolve(),
    dispose: () => undefined,
  };
  const a = new PartTab('a', { now: () => clock.now() });
  const b = new PartTab('b', { ordinal: 2 });
  hub.attach(a.tab, wishFor(url, { methods: ['metric'], topics: { metric: METRIC } }));
  await clock.settle();
  await fake.accept();
  const report = () =>
    buildReport({
      version: 7,
      bootId: 'boot-1',
      startedAtMs: 1_000,
      nowMs: clock.now(),
      hubs: [open],
      tabs: [a.tab, b.tab],
      monitors,
      journal,
      sinceJournal: 1,
      redact: (text) => sanitizer.redact(text),
    });
  return { fake, clock, hub, a, b, monitor, monitors, report };
}

it('says of each hub what its tabs are told, and its counters', async () => {
  const { report } = await setUp();
  expect(report()).toMatchObject({
    version: 7,
    bootId: 'boot-1',
    contractVersion: 1,
    hubs: [
      {
        url: 'https://h.test/hubs/ops',
        phase: 'live',
        connectionId: 'connection-1',
        connectedAtMs: 1_000,
        error: null,
        token,
        counters: { starts: 1, connected: 1, lost: 0, events: 0, calls: 0, callsFailed: 0 },
      },
    ],
  });
});

it('says of each tab which hubs it uses, of which it is the primary, and what waits for it', async () => {
  const { fake, a, report } = await setUp();
  a.tab.outbox.setParked(true);
  await fake.emit('metric', 1);
  const [first, second] = report().tabs;
  expect(first).toMatchObject({
    id: 'a',
    ordinal: 1,
    hubs: ['https://h.test/hubs/ops'],
    primaryOf: ['https://h.test/hubs/ops'],
    waiting: 1,
    unacknowledged: 0,
    joinedAtMs: 1_000,
  });
  expect(first?.waitingBytes).toBeGreaterThan(0);
  expect(second).toMatchObject({
    id: 'b',
    hubs: [],
    primaryOf: [],
    waiting: 0,
    delivered: 0,
    dropped: 0,
    lastAckAtMs: null,
  });
});

it('says of each tab why it is parked, and what was left out for it', async () => {
  const { fake, hub, b, report } = await setUp();
  hub.attach(b.tab, wishFor(hub.url));
  const joined = hub.joinTopic(b.tab, 'metric', 'cpu');
  await fake.invocations[0]!.answer();
  await joined;
  b.tab.setParking('hidden');
  await fake.emit('metric', 'cpu', 1);
  await fake.emit('metric', 'cpu', 2);
  expect(report().tabs).toMatchObject([
    { parked: false, parking: null, conflated: 0 },
    { parked: true, parking: 'hidden', conflated: 1, dropped: 0 },
  ]);
});

it('says of each hub which members of topics are held, by how many tabs, and how old their values are', async () => {
  const { fake, clock, hub, a, b, report } = await setUp();
  expect(report().hubs[0]?.topics).toEqual([]);
  hub.attach(b.tab, wishFor(hub.url));
  const member = { topic: 'metric', key: 'cpu', tabs: 2 };
  const joins = [a, b].map(({ tab }) => hub.joinTopic(tab, 'metric', 'cpu'));
  expect(report().hubs[0]?.topics).toEqual([{ ...member, isJoined: false, retainedAtMs: null }]);
  await fake.invocations[0]!.answer();
  await Promise.all(joins);
  await clock.advanceBy(10);
  await fake.emit('metric', 'cpu', 1);
  expect(report().hubs[0]?.topics).toEqual([{ ...member, isJoined: true, retainedAtMs: 1_010 }]);
});

it('shows no more than 200 members of the topics of a hub', async () => {
  const { hub, a, report } = await setUp();
  for (let n = 1; n <= 201; n += 1) void hub.joinTopic(a.tab, 'metric', n);
  expect(report().hubs[0]?.topics).toHaveLength(200);
});

it('says how the last reconnect went', async () => {
  const { fake, clock, report } = await setUp();
  expect(report().hubs[0]?.lastReconnect).toBeNull();
  await clock.advanceBy(500);
  await fake.resume(20);
  expect(report().hubs[0]).toMatchObject({
    lastReconnect: { endedAtMs: 1_500, lastedMs: 20, missed: 'no' },
    connectedAtMs: 1_000,
    counters: { starts: 1, connected: 1, lost: 0 },
  });
});

it('leaves out what the asker has seen of the journal', async () => {
  const { report } = await setUp();
  expect(report().journal[0]?.seq).toBe(2);
});

it('sums up over all hubs, also those that are closed, and tells the alerts', async () => {
  const { fake, monitor, monitors, report } = await setUp();
  const other = monitors.open('https://h.test/hubs/other');
  other.dropOne();
  other.counters.events = 5;
  await fake.emit('metric', 1);
  monitor.signInNeeded();

  expect(report()).toMatchObject({
    totals: { starts: 1, connected: 1, lost: 0, events: 6, calls: 0, callsFailed: 0, dropped: 1 },
    alerts: [{ id: 1, kind: 'authentication-failed', hub: 'https://h.test/hubs/ops', count: 1 }],
    hubs: [{ authentication: { accepted: 0, failures: { 'refused-by-hub': 0 } } }],
  });
});

it('is data that can be cloned', async () => {
  const { report } = await setUp();
  const made = report();
  expect(structuredClone(made)).toEqual(made);
});

it('names each hub the same way everywhere, without its query', async () => {
  const { report } = await setUp('https://h.test/hubs/ops?tenant=acme');
  const made = report();
  expect(JSON.stringify(made)).not.toContain('acme');
  expect(made.tabs[0]?.hubs).toEqual([made.hubs[0]?.url]);
  expect(made.tabs[0]?.primaryOf).toEqual([made.hubs[0]?.url]);
});
