import { LogLevel } from '@microsoft/signalr';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubSettings, HubWish } from '../../src/contract/rpc.js';
import { createSanitizer } from '../auth/sanitizer.js';
import { createJournal } from '../observe/journal.js';
import { createMonitorRegistry } from '../observe/metrics-registry.js';
import { resolveOptions } from '../serve-options.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHubs } from '../testing/fake-hub.js';
import { PartTab, PLAIN_SETTINGS, wishFor } from '../testing/fake-tab.js';
import { createFormerUsers } from './former-users.js';
import { openHub } from './open-hub.js';

let hubs = new FakeHubs();

vi.mock('./signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const HUB = 'https://h.test/hubs/ops';

beforeEach(() => {
  hubs = new FakeHubs();
});

async function setUpLive(...args: Parameters<typeof setUp>) {
  const parts = await setUp(...args);
  expect(parts.hub.link.state.kind).toBe('live');
  return parts;
}

async function setUp(wishes: readonly Partial<HubWish>[], settings: Partial<HubSettings> = {}) {
  const clock = new FakeClock();
  const sanitizer = createSanitizer();
  const journal = createJournal({
    now: () => clock.now(),
    redact: (text) => text,
    maxEntries: 100,
    onChange: () => undefined,
  });
  const open = openHub({
    url: HUB,
    number: 1,
    settings: { ...PLAIN_SETTINGS, logLevel: LogLevel.None, ...settings },
    options: resolveOptions({ reconnect: { jitter: 0.5 } }),
    clock,
    random: () => 1,
    sanitizer,
    journal,
    monitor: createMonitorRegistry({
      bootId: 'boot-1',
      now: () => clock.now(),
      journal,
      sharesTokens: false,
      onChange: () => undefined,
    }).open(HUB),
    tokenMayGoTo: () => true,
    sharedBroker: null,
    sharedIdentity: null,
    formerUsers: createFormerUsers(),
    fence: () => undefined,
    startAfter: null,
    activeHubs: () => [],
    onActiveChange: () => undefined,
    onUnused: () => undefined,
    onFencedGone: () => undefined,
    onChange: () => undefined,
  });
  const { hub } = open;
  const tabs = wishes.map((wish, index) => {
    const tab = new PartTab(`tab-${index + 1}`, { ordinal: index + 1 });
    hub.attach(tab.tab, wishFor(HUB, wish));
    return tab;
  });
  await clock.settle();
  const notes = (): string[] => journal.since(0).map(({ text }) => text);
  return { clock, open, hub, tabs, fake: hubs.at(HUB), notes };
}

describe('a tab with a retry policy', () => {
  it('is asked, and its delay is used as it is, without jitter', async () => {
    const { clock, hub, tabs, fake } = await setUpLive([{}, { hasRetryPolicy: true }]);
    tabs[1]!.nextDelay = () => ({ ok: true, value: 1_234 });
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 1_234 });
    expect(tabs[0]!.retryContexts).toEqual([]);
    expect(tabs[1]!.retryContexts).toMatchObject([{ previousRetryCount: 0, elapsedMilliseconds: 0 }]);
    await clock.advanceBy(1_234);
    expect(hub.status.phase).toBe('live');
  });

  it('that gives up is the end of it', async () => {
    const { clock, hub, tabs, fake } = await setUpLive([{ hasRetryPolicy: true }]);
    tabs[0]!.nextDelay = () => ({ ok: true, value: null });
    await fake.cut();
    expect(hub.status.phase).toBe('resting');
    expect(clock.pending).toBe(0);
  });

  it('that does not answer leaves it to the default delays, and the journal says so', async () => {
    const { clock, hub, tabs, fake, notes } = await setUpLive([{ hasRetryPolicy: true }]);
    tabs[0]!.nextDelay = () => new Promise(() => undefined);
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: null });
    await clock.advanceBy(5_000);
    // The default delay is 0, spread out.
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 5_500 });
    await clock.advanceBy(500);
    expect(hub.status.phase).toBe('live');
    expect(notes()).toContain('tab 1 did not say what its retry policy says');
  });

  it('is not there: the tab’s own delays, with jitter and without spread', async () => {
    const { hub, fake } = await setUpLive([{}], { retryDelaysMs: [2_000] });
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 3_000 });
  });

  it('is not there, nor delays of a tab: the worker’s, with jitter and spread', async () => {
    const { hub, fake } = await setUpLive([{}]);
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 500 });
  });
});

describe('a hub that says when to come back', () => {
  const hint = () => hubs.opened.at(-1)!.retryHint;
  const unavailable = { status: 503, headers: new Headers({ 'retry-after': '20' }) };

  it('before it restarts is left alone so long, with jitter and spread on top, and the journal says so', async () => {
    const { clock, hub, fake, notes } = await setUpLive([{}]);
    hint().announced([20_000]);
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 30_500 });
    expect(notes()).toContain('the hub asks to wait 20000 ms before the next attempt');
    expect(notes().at(-1)).toMatch(/^hub not connected, next attempt in 30500 ms/);
    await clock.advanceBy(30_499);
    expect(fake.starts).toHaveLength(1);
    await clock.advanceBy(1);
    expect(hub.status.phase).toBe('live');
    expect(clock.pending).toBe(0);
  });

  it('is asked again after the plain delay once it has been reached', async () => {
    const { clock, hub, fake } = await setUpLive([{}]);
    hint().announced([20_000]);
    await fake.cut();
    await clock.advanceBy(30_500);
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 31_000 });
  });

  it('has its way with an app’s policy too', async () => {
    const { hub, tabs, fake } = await setUpLive([{ hasRetryPolicy: true }]);
    tabs[0]!.nextDelay = () => ({ ok: true, value: 1_234 });
    hint().announced([20_000]);
    await fake.cut();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 30_500 });
  });

  it('but not with a policy that gives up', async () => {
    const { clock, hub, tabs, fake } = await setUpLive([{ hasRetryPolicy: true }]);
    tabs[0]!.nextDelay = () => ({ ok: true, value: null });
    hint().announced([20_000]);
    await fake.cut();
    expect(hub.status.phase).toBe('resting');
    expect(clock.pending).toBe(0);
  });

  it('at the first start is asked again then', async () => {
    hubs.at(HUB).acceptsAtOnce = false;
    const { clock, hub, fake } = await setUp([{}]);
    hint().answered(unavailable);
    await fake.refuse(new Error("Failed to complete negotiation with the server: Error: Busy: Status code '503'"));
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 30_500, error: { code: 'hub-unreachable' } });
    fake.acceptsAtOnce = true;
    await clock.advanceBy(30_500);
    expect(hub.status.phase).toBe('live');
  });

  it('does not hold up a person, and holds again for the next planned attempt', async () => {
    const { clock, hub, fake } = await setUpLive([{}]);
    hint().announced([20_000]);
    await fake.cut();
    fake.acceptsAtOnce = false;
    hub.link.retryNow();
    await clock.settle();
    expect(hub.status.phase).toBe('starting');
    await fake.refuse();
    expect(hub.status).toMatchObject({ phase: 'waiting', retryAtMs: 30_500 });
  });
});

it('notes that the hub has taken the connection up again, and tells the tabs that nothing was missed', async () => {
  const { clock, hub, fake, notes } = await setUpLive([{}]);
  await clock.advanceBy(1_000);
  await fake.resume(40);
  expect(notes().at(-1)).toBe('the hub took the connection up again after 40 ms, nothing was missed');
  expect(hub.status).toMatchObject({
    phase: 'live',
    lastReconnect: { endedAtMs: 1_000, lastedMs: 40, missed: 'no' },
  });
});

it('gives SignalR’s log to the tabs that want it, redacted', async () => {
  const { tabs, clock } = await setUpLive([{ wantsLog: true }, {}]);
  hubs.opened[0]?.logger.log(LogLevel.Debug, 'to wss://h/hub?id=secret');
  await clock.settle();
  const logs = tabs.map((tab) => tab.told.filter(({ kind }) => kind === 'log'));
  expect(logs).toEqual([[{ kind: 'log', hub: HUB, level: LogLevel.Debug, text: 'to wss://h/hub?[redacted]' }], []]);
});

it.each([
  ['json', 1, 'batch'],
  ['messagepack', 1, 'batch'],
  ['messagepack', new Uint8Array([1]), 'values'],
] as const)('sends what %s brings in the form that can hold it: %j as %s', async (protocol, value, kind) => {
  const { tabs, fake } = await setUpLive([{ methods: ['metric'] }], { protocol });
  await fake.emit('metric', value);
  expect(tabs[0]!.frames.at(-1)?.kind).toBe(kind);
});

it.each([
  ['connection-lost', 'the connection ends', true, new DOMException('An abort occurred.', 'AbortError')],
  ['call-failed', 'the request fails', false, new TypeError('Failed to fetch')],
  ['hub-error', 'the hub says no', false, new Error('No: a-token-of-the-tab is refused')],
])('a token that cannot be handed over: %s when %s', async (code, _why, ends, error) => {
  const { clock, open, fake } = await setUpLive([{ hasTokenFactory: true }]);
  vi.spyOn(open.hub.link, 'reauthenticate').mockImplementation(async () => {
    if (ends) await fake.close(true);
    throw error;
  });
  const refreshed = open.refreshToken();
  const outcome = await refreshed.catch((thrown: unknown) => thrown);
  await clock.settle();
  expect(outcome).toMatchObject({ code });
  expect((outcome as Error).message).not.toContain('a-token-of-the-tab');
});

it('puts a question of the hub to the tab that listens', async () => {
  const { tabs, fake, hub } = await setUpLive([{ methods: ['askname'] }]);
  tabs[0]!.take = () => ({ ok: true, value: true });
  const answer = fake.ask('AskName');
  await vi.waitFor(() => expect(tabs[0]!.questions).toHaveLength(1));
  hub.answer(tabs[0]!.tab, tabs[0]!.questions[0]!.questionId, { kind: 'result', value: 'Ada' });
  await expect(answer).resolves.toBe('Ada');
});
