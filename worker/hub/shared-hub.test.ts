import { describe, expect, it, vi } from 'vitest';
import type { HubStatus } from '../../src/contract/frames.js';
import { CLAIM_WAIT_MS } from '../../src/contract/timing.js';
import type { HubWish } from '../../src/contract/rpc.js';
import type { Format } from '../delivery/encode.js';
import { createJournal } from '../observe/journal.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHub } from '../testing/fake-hub.js';
import { PartTab, PLAIN_SETTINGS, wishFor } from '../testing/fake-tab.js';
import { METRIC } from '../testing/topic-hub.js';
import { createHubLink } from './hub-link.js';
import { signedOutError } from './fence-errors.js';
import { createSharedHub, type SharedHub } from './shared-hub.js';
import { retryDelays } from './retry-delays.js';

const HUB = 'https://h.test/hubs/ops';
const LINGER_MS = 5_000;
const TOPIC_LINGER_MS = 3_000;

function setUp({ delaysMs = [2_000], format = 'text' }: { delaysMs?: readonly number[]; format?: Format } = {}) {
  const clock = new FakeClock();
  const fake = new FakeHub();
  const onActiveChange = vi.fn();
  const onUnused = vi.fn();
  const journal = createJournal({
    now: () => clock.now(),
    redact: (text) => text,
    maxEntries: 100,
    onChange: () => undefined,
  });
  const hub: SharedHub = createSharedHub({
    url: HUB,
    number: 1,
    clock,
    journal,
    lingerMs: LINGER_MS,
    settings: PLAIN_SETTINGS,
    format,
    topics: [],
    topicLingerMs: TOPIC_LINGER_MS,
    questionTakeMs: 5_000,
    activeHubs: () => (hub.link.state.kind === 'live' ? [HUB] : []),
    onActiveChange,
    onState: () => undefined,
    onUnused,
    onChange: () => undefined,
    createLink: (events) =>
      createHubLink({
        url: HUB,
        openSocket: fake.open,
        prepareStart: () => Promise.resolve(),
        clock,
        retryDelay: retryDelays(delaysMs, { jitter: 0, spreadMs: 0, random: () => 0 }),
        redact: (text) => text,
        startTimeoutMs: 30_000,
        stopTimeoutMs: 5_000,
        askRetryDelay: () => Promise.resolve(null),
        ...events,
      }),
  });
  const attach = (part: PartTab, more: Partial<HubWish> = {}): void => hub.attach(part.tab, wishFor(HUB, more));
  const call = (method: string, uploads = 0) => ({
    hub: HUB,
    callId: crypto.randomUUID(),
    method,
    args: [],
    uploads,
  });
  const texts = (): string[] => journal.since(0).map(({ text }) => text);
  return { clock, fake, hub, attach, call, onActiveChange, onUnused, texts };
}

async function setUpLive(ids: readonly string[] = ['a'], options: Parameters<typeof setUp>[0] = {}) {
  const parts = setUp(options);
  const tabs = ids.map((id, index) => new PartTab(id, { ordinal: index + 1 }));
  for (const tab of tabs) parts.attach(tab, { methods: ['metric'] });
  await parts.clock.settle();
  await parts.fake.accept();
  const [a, b, c] = tabs;
  return { ...parts, tabs, a: a!, b: b!, c: c! };
}

/** As the coordinator does it for every hub. */
function signOut(hub: SharedHub): Promise<void> {
  const fenced = hub.fence(signedOutError());
  fenced.sayGoodbye();
  return fenced.closed;
}

const newest = (part: PartTab): HubStatus => {
  const status = part.statuses().at(-1);
  if (status === undefined) throw new Error('No status was told.');
  return status;
};

describe('the first tab', () => {
  it('opens the connection, and is told of the attempt that it has caused, never that the hub is closed', async () => {
    const { clock, fake, attach } = setUp();
    const a = new PartTab('a');
    attach(a);
    await clock.settle();
    expect(fake.starts).toHaveLength(1);
    expect(a.statuses().map(({ phase }) => phase)).not.toContain('closed');
    expect(newest(a).phase).toBe('starting');
    await fake.accept();
    expect(newest(a)).toMatchObject({
      phase: 'live',
      connectionId: 'connection-1',
      transport: 'WebSockets',
      snapshot: { primaryTabId: 'a', subscribedTabs: ['a'], activeHubs: [HUB] },
    });
  });

  it('wakes a hub that rests, and is not told of the rest', async () => {
    const { clock, fake, attach } = setUp({ delaysMs: [] });
    const a = new PartTab('a');
    attach(a);
    await clock.settle();
    await fake.refuse();
    expect(newest(a).phase).toBe('resting');

    const b = new PartTab('b');
    attach(b);
    await clock.settle();
    expect(fake.starts).toHaveLength(2);
    expect(b.statuses().map(({ phase }) => phase)).not.toContain('resting');
  });
});

describe('a second tab', () => {
  it('shares the connection, and both are told the same text', async () => {
    const { clock, fake, attach, a } = await setUpLive(['a']);
    const b = new PartTab('b', { ordinal: 2 });
    attach(b);
    await clock.settle();
    expect(fake.starts).toHaveLength(1);
    expect(newest(b)).toEqual(newest(a));
    expect(newest(b).snapshot.subscribedTabs).toEqual(['a', 'b']);
  });

  it('that attaches twice counts once, and its second wish replaces the first', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive(['a']);
    attach(a, { methods: ['incident'] });
    expect(hub.tabIds).toEqual(['a']);
    await fake.emit('metric', 1);
    await fake.emit('incident', 2);
    await clock.settle();
    expect(a.events()).toEqual([[2]]);
    expect([...fake.socket.listened]).toEqual(['incident']);
  });
});

describe('an event', () => {
  it('is encoded once, and is the same text for every tab that wants it', async () => {
    const { clock, fake, a, b, c } = await setUpLive(['a', 'b', 'c']);
    const deliveries = [a, b, c].map((part) => vi.spyOn(part.tab, 'deliver'));
    await fake.emit('metric', { name: 'cpu.0', value: 1 });
    await clock.settle();
    const encoded = deliveries.map((deliver) => deliver.mock.calls[0]?.[0]);
    expect(encoded[0]).toBeDefined();
    expect(encoded[1]).toBe(encoded[0]);
    expect(encoded[2]).toBe(encoded[0]);
    expect(a.events()).toEqual([[{ name: 'cpu.0', value: 1 }]]);
  });

  it('reaches only those that subscribed, whatever the case of the name', async () => {
    const { clock, fake, hub, a, b } = await setUpLive(['a', 'b']);
    hub.subscribe(b.tab, 'Incident');
    await fake.emit('INCIDENT', 1);
    await clock.settle();
    expect(a.events()).toEqual([]);
    expect(b.events()).toEqual([[1]]);
  });

  it('is listened for while any tab wants it', async () => {
    const { fake, hub, a, b } = await setUpLive(['a', 'b']);
    hub.unsubscribe(a.tab, 'METRIC');
    expect([...fake.socket.listened]).toEqual(['metric']);
    hub.unsubscribe(b.tab, 'metric');
    expect([...fake.socket.listened]).toEqual([]);
  });

  it('is counted', async () => {
    const { fake, hub } = await setUpLive();
    await fake.emit('metric', 1);
    await fake.emit('metric', 2);
    expect(hub.counters).toMatchObject({ events: 2, starts: 1, connected: 1, lost: 0 });
  });

  it('comes after the status that came before it', async () => {
    const { clock, fake, a } = await setUpLive(['a']);
    await fake.cut();
    await clock.advanceBy(2_000);
    await fake.accept();
    await fake.emit('metric', 1);
    await clock.settle();
    expect(a.told.slice(-2).map((item) => (item.kind === 'status' ? item.status.phase : item.kind))).toEqual([
      'live',
      'event',
    ]);
  });
});

describe('a tab that detaches', () => {
  it('is told nothing more; the others are told that it has left', async () => {
    const { clock, fake, hub, a, b } = await setUpLive(['a', 'b']);
    await clock.settle();
    const before = a.told.length;
    await hub.detach(a.tab);
    await fake.emit('metric', 1);
    await clock.settle();
    expect(a.told).toHaveLength(before);
    expect(b.events()).toEqual([[1]]);
    expect(newest(b).snapshot.subscribedTabs).toEqual(['b']);
    expect(hub.link.state.kind).toBe('live');
  });

  it('as the last one closes the connection at once, and waits until it is closed', async () => {
    const { clock, fake, hub, a } = await setUpLive();
    fake.hangsOnStop = true;
    let isDetached = false;
    const detached = hub.detach(a.tab).then(() => (isDetached = true));
    await clock.settle();
    expect(hub.link.state.kind).toBe('idle');
    expect(isDetached).toBe(false);
    await fake.finishStop();
    await detached;
    expect(fake.held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('and attaches again is given nothing that waited from before', async () => {
    const { clock, fake, hub, attach } = await setUpLive(['other']);
    const slow = new PartTab('slow', { limits: { window: 1 } });
    attach(slow, { methods: ['metric'] });
    await clock.settle();
    slow.acknowledges = false;
    for (const n of [1, 2, 3]) await fake.emit('metric', `old ${n}`);
    expect(slow.events()).toEqual([['old 1']]);

    await hub.detach(slow.tab);
    attach(slow, { methods: ['metric'] });
    await fake.emit('metric', 'new');
    slow.acknowledges = true;
    slow.post({ kind: 'ack', last: slow.batches.at(-1)?.last });
    await clock.settle();
    expect(slow.events()).toEqual([['old 1'], ['new']]);
  });

  it('twice, or without ever having attached, changes nothing', async () => {
    const { hub, a, b } = await setUpLive(['a', 'b']);
    await hub.detach(b.tab);
    await hub.detach(b.tab);
    await hub.detach(new PartTab('stranger').tab);
    expect(hub.tabIds).toEqual(['a']);
    expect(newest(a).snapshot.subscribedTabs).toEqual(['a']);
    expect(hub.link.state.kind).toBe('live');
  });
});

describe('when the last tab has gone', () => {
  it('the connection lingers, so that a reload neither ends it nor opens another', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive();
    hub.removeGone(a.tab);
    await clock.advanceBy(LINGER_MS - 1);
    expect(hub.link.state.kind).toBe('live');

    const reloaded = new PartTab('a2');
    attach(reloaded);
    await clock.advanceBy(60_000);
    expect(newest(reloaded)).toMatchObject({ phase: 'live', connectionId: 'connection-1' });
    expect(fake.starts).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('the connection is closed after the linger time', async () => {
    const { clock, fake, hub, a } = await setUpLive();
    hub.removeGone(a.tab);
    await clock.advanceBy(LINGER_MS);
    expect(hub.link.state.kind).toBe('idle');
    expect(fake.held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('is told once, though it may be said twice', async () => {
    const { clock, hub, a } = await setUpLive();
    hub.removeGone(a.tab);
    hub.removeGone(a.tab);
    expect(clock.pending).toBe(1);
  });

  it('nothing lingers while another tab is there', async () => {
    const { clock, hub, a, b } = await setUpLive(['a', 'b']);
    hub.removeGone(a.tab);
    expect(clock.pending).toBe(0);
    await clock.settle();
    expect(newest(b).snapshot.subscribedTabs).toEqual(['b']);
  });

  it('what it listened for is listened for no more', async () => {
    const { fake, hub, a } = await setUpLive();
    hub.removeGone(a.tab);
    expect([...fake.socket.listened]).toEqual([]);
  });

  it('an older object of a tab that joined again takes nothing along', async () => {
    const { hub, attach, a } = await setUpLive();
    const again = new PartTab('a');
    attach(again, { methods: ['metric'] });
    hub.removeGone(a.tab);
    expect(hub.tabIds).toEqual(['a']);
    await hub.detach(a.tab);
    expect(hub.link.state.kind).toBe('live');
  });
});

describe('a hub that nobody uses any more', () => {
  it('says so once its connection is closed, not before', async () => {
    const { fake, hub, onUnused, a } = await setUpLive();
    fake.hangsOnStop = true;
    const detached = hub.detach(a.tab);
    expect(onUnused).not.toHaveBeenCalled();
    await fake.finishStop();
    await detached;
    expect(onUnused).toHaveBeenCalledTimes(1);
  });

  it('does not say so when another came and went while it closed: then its linger does', async () => {
    const { clock, fake, hub, attach, onUnused, a } = await setUpLive();
    fake.hangsOnStop = true;
    const detached = hub.detach(a.tab);
    const b = new PartTab('b');
    attach(b);
    hub.removeGone(b.tab);
    fake.hangsOnStop = false;
    await fake.finishStop();
    await detached;
    expect(onUnused).not.toHaveBeenCalled();
    await fake.accept();
    await clock.advanceBy(LINGER_MS);
    expect(onUnused).toHaveBeenCalledTimes(1);
    expect(fake.held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('says so after the linger time, not while it lingers', async () => {
    const { clock, hub, onUnused, a } = await setUpLive();
    hub.removeGone(a.tab);
    await clock.advanceBy(LINGER_MS - 1);
    expect(onUnused).not.toHaveBeenCalled();
    await clock.advanceBy(1);
    expect(onUnused).toHaveBeenCalledTimes(1);
  });

  it('is used again when a tab has come while it was closing', async () => {
    const { fake, hub, attach, onUnused, a } = await setUpLive();
    fake.hangsOnStop = true;
    const detached = hub.detach(a.tab);
    attach(a);
    await fake.finishStop();
    await detached;
    expect(onUnused).not.toHaveBeenCalled();
  });
});

describe('the primary tab', () => {
  it('is the same for all, and changes with the first that leaves', async () => {
    const { clock, hub, a, b, c } = await setUpLive(['a', 'b', 'c']);
    expect([a, b, c].map((part) => newest(part).snapshot.primaryTabId)).toEqual(['a', 'a', 'a']);
    await hub.detach(a.tab);
    await clock.settle();
    expect([b, c].map((part) => newest(part).snapshot.primaryTabId)).toEqual(['b', 'b']);
  });

  it('changes when it is hidden and another is visible', async () => {
    const { clock, hub, a, b } = await setUpLive(['a', 'b']);
    a.tab.visibility = 'hidden';
    hub.tabChanged();
    await clock.settle();
    expect(newest(b).snapshot.primaryTabId).toBe('b');
  });

  it('changes when it is parked', async () => {
    const { hub, a } = await setUpLive(['a', 'b']);
    a.tab.setParking('frozen');
    hub.tabChanged();
    expect(hub.primaryTabId).toBe('b');
  });

  it('is told to nobody again when nothing has changed', async () => {
    const { clock, hub, a, b } = await setUpLive(['a', 'b']);
    await clock.settle();
    const before = a.told.length;
    b.tab.visibility = 'hidden';
    hub.tabChanged();
    await clock.settle();
    expect(a.told).toHaveLength(before);
  });

  it('can be asked for by a tab that is as fit', async () => {
    const { clock, hub, a, b } = await setUpLive(['a', 'b']);
    hub.makePrimary(b.tab);
    await clock.settle();
    expect(newest(a).snapshot.primaryTabId).toBe('b');
    hub.makePrimary(new PartTab('stranger').tab);
    expect(hub.primaryTabId).toBe('b');
  });

  it('is asked for a token first, then the others that have a factory', async () => {
    const { attach, hub } = setUp();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => new PartTab(id));
    attach(a!, { hasTokenFactory: true });
    attach(b!, { hasTokenFactory: false });
    attach(c!, { hasTokenFactory: true });
    hub.makePrimary(c!.tab);
    expect(hub.tokenTabs().map(({ id }) => id)).toEqual(['c', 'a']);
    c!.tab.setParking('hidden');
    expect(
      hub.tokenTabs().map(({ id }) => id),
      'it still runs, so it is asked last',
    ).toEqual(['a', 'c']);
    c!.tab.setParking('frozen');
    expect(hub.tokenTabs().map(({ id }) => id)).toEqual(['a']);
  });
});

describe('sign-out', () => {
  it('closes at once, and tells every tab why', async () => {
    const { clock, fake, hub, a, b } = await setUpLive(['a', 'b']);
    await signOut(hub);
    await clock.settle();
    for (const part of [a, b]) expect(newest(part)).toMatchObject({ phase: 'closed', error: { code: 'signed-out' } });
    expect(fake.held).toBe(0);
    expect(hub.tabIds).toEqual([]);
    expect(hub.primaryTabId).toBeNull();
    expect(clock.pending).toBe(0);
  });

  it('takes back every event that still waits', async () => {
    const { clock, fake, hub, a } = await setUpLive(['a']);
    a.tab.setParking('frozen');
    await fake.emit('metric', 'of the old user');
    await signOut(hub);
    a.tab.setParking(null);
    await clock.settle();
    expect(a.events()).toEqual([]);
    expect(newest(a).error?.code).toBe('signed-out');
  });

  it('while lingering leaves no timer', async () => {
    const { clock, hub, a } = await setUpLive();
    hub.removeGone(a.tab);
    await signOut(hub);
    expect(clock.pending).toBe(0);
    expect(hub.link.state.kind).toBe('idle');
  });

  it('rejects the calls in flight', async () => {
    const { hub, a } = await setUpLive();
    const outcome = hub.invoke(a.tab, { hub: HUB, callId: 'id-1', method: 'Slow', args: [], uploads: 0 });
    await signOut(hub);
    expect((await outcome).reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
  });

  it('is over with the next wish', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive();
    await signOut(hub);
    attach(a);
    await clock.settle();
    await fake.accept();
    expect(newest(a)).toMatchObject({ phase: 'live', error: null, connectionId: 'connection-2' });
  });
});

describe('what the connection goes through', () => {
  it('is told to every tab, with the same words', async () => {
    const { clock, fake, a, b } = await setUpLive(['a', 'b']);
    await fake.cut(new Error('cut'));
    await clock.advanceBy(2_000);
    await fake.accept();
    await clock.settle();
    const [seenByA, seenByB] = [a, b].map((part) => part.statuses().slice(-3));
    expect(seenByA?.map(({ phase, error }) => [phase, error?.message])).toEqual([
      ['waiting', 'cut'],
      ['starting', 'cut'],
      ['live', undefined],
    ]);
    expect(seenByB).toEqual(seenByA);
  });

  it('says when it was connected last, also when it no longer is', async () => {
    const { clock, fake, hub, a, attach } = { ...setUp(), a: new PartTab('a') };
    await clock.advanceBy(1_000);
    attach(a);
    await clock.settle();
    await fake.accept();
    await clock.advanceBy(500);
    await fake.cut();
    expect(hub.status.snapshot.lastConnected).toBe(1_000);
    expect(hub.connectedAtMs).toBeNull();
  });

  it('counts starts, connections and losses, and a close on purpose is no loss', async () => {
    const { clock, fake, hub, a } = await setUpLive();
    await fake.cut();
    await clock.advanceBy(2_000);
    await fake.accept();
    await hub.detach(a.tab);
    expect(hub.counters).toMatchObject({ starts: 2, connected: 2, lost: 1 });
  });

  it('tells the other hubs only when it becomes live or stops being live', async () => {
    const { clock, fake, onActiveChange } = await setUpLive();
    expect(onActiveChange).toHaveBeenCalledTimes(1);
    await fake.cut();
    expect(onActiveChange).toHaveBeenCalledTimes(2);
    await clock.advanceBy(2_000);
    await fake.refuse();
    expect(onActiveChange).toHaveBeenCalledTimes(2);
  });

  it('is noted in the journal', async () => {
    const { clock, fake, hub, a, texts } = await setUpLive();
    await fake.cut(new Error('cut'));
    await clock.advanceBy(2_000);
    await hub.detach(a.tab);
    expect(texts()).toEqual([
      'tab 1 is primary',
      'hub connecting',
      'hub connected, WebSockets',
      'hub not connected, next attempt in 2000 ms: cut',
      'hub connecting, attempt 1',
      'hub closed',
    ]);
  });
});

describe('the settings', () => {
  it('in force are those that the hub was opened with', async () => {
    const { hub, attach } = await setUpLive();
    attach(new PartTab('b'), { settings: { ...PLAIN_SETTINGS, serverTimeoutMs: 7_000 } });
    expect(hub.settings).toEqual(PLAIN_SETTINGS);
  });
});

describe('a hub that speaks MessagePack', () => {
  it('gives its events as values, in order with the statuses, which are text', async () => {
    const { clock, fake, a, b } = await setUpLive(['a', 'b'], { format: 'values' });
    const before = a.told.length;
    await fake.emit('metric', new Uint8Array([1, 2]));
    await fake.cut();
    await clock.settle();
    expect(a.told.slice(before).map(({ kind }) => kind)).toEqual(['event', 'status']);
    expect(a.events()).toEqual([[new Uint8Array([1, 2])]]);
    expect(b.events()).toEqual(a.events());
  });
});

describe('a tab with a retry policy', () => {
  it('can be asked, the primary first, while it is not parked', async () => {
    const { hub, attach, a } = await setUpLive();
    const [b, c] = [new PartTab('b'), new PartTab('c')];
    attach(b, { hasRetryPolicy: true });
    attach(c, { hasRetryPolicy: true });
    hub.makePrimary(c.tab);
    expect(hub.retryPolicyTabs().map(({ id }) => id)).toEqual(['c', 'b']);
    b.tab.setParking('frozen');
    expect(hub.retryPolicyTabs().map(({ id }) => id)).toEqual(['c']);
    expect(hub.retryPolicyTabs()).not.toContain(a.tab);
  });
});

describe('SignalR’s log', () => {
  it('is given to the tabs that want it only, and costs nothing when none does', async () => {
    const { clock, hub, attach, a } = await setUpLive();
    const deliver = vi.spyOn(a.tab, 'deliver');
    expect(hub.wantsLog).toBe(false);
    hub.log(3, 'to nobody');
    expect(deliver).not.toHaveBeenCalled();

    const b = new PartTab('b');
    attach(b, { wantsLog: true });
    expect(hub.wantsLog).toBe(true);
    hub.log(2, 'a line');
    await clock.settle();
    expect(b.logs()).toEqual(['2 a line']);
    expect(a.logs()).toEqual([]);

    attach(b);
    hub.log(2, 'another line');
    await clock.settle();
    expect(hub.wantsLog).toBe(false);
    expect(b.logs()).toEqual(['2 a line']);
  });

  it('is given to no tab that has gone', async () => {
    const { clock, hub, attach } = await setUpLive();
    const b = new PartTab('b');
    attach(b, { wantsLog: true });
    hub.removeGone(b.tab);
    hub.log(2, 'a line');
    await clock.settle();
    expect(b.logs()).toEqual([]);
    expect(hub.wantsLog).toBe(false);
  });
});

describe('a question of the hub', () => {
  const takes = () => ({ ok: true as const, value: true });

  it('goes to the primary, and its answer to the hub', async () => {
    const { clock, fake, hub, a, b } = await setUpLive(['a', 'b']);
    hub.makePrimary(b.tab);
    b.take = takes;
    const answer = fake.ask('METRIC', 1);
    await clock.settle();
    expect(a.questions).toEqual([]);
    expect(b.questions).toMatchObject([{ method: 'metric', args: [1] }]);
    hub.answer(b.tab, b.questions[0]?.questionId ?? '', { kind: 'result', value: 'Ada' });
    await expect(answer).resolves.toBe('Ada');
  });

  it('passes over tabs without a handler and parked ones', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive(['a']);
    const [b, c] = [new PartTab('b'), new PartTab('c')];
    attach(b, { methods: ['askname'] });
    attach(c, { methods: ['askname'] });
    c.take = takes;
    b.tab.setParking('frozen');
    hub.tabChanged();
    const answer = fake.ask('askName');
    await clock.settle();
    expect([a, b, c].map((part) => part.questions.length)).toEqual([0, 0, 1]);
    hub.answer(c.tab, c.questions[0]?.questionId ?? '', { kind: 'error', text: 'Error: no' });
    await expect(answer).rejects.toThrow('Error: no');
  });

  it.each(['goes', 'lets the hub go'])('goes to the next tab when the one that took it %s', async (how) => {
    const { clock, fake, hub, a, b } = await setUpLive(['a', 'b']);
    a.take = takes;
    b.take = takes;
    const answer = fake.ask('metric');
    await clock.settle();
    if (how === 'goes') hub.removeGone(a.tab);
    else await hub.detach(a.tab);
    await clock.settle();
    hub.answer(b.tab, b.questions[0]?.questionId ?? '', { kind: 'result', value: 'from b' });
    await expect(answer).resolves.toBe('from b');
  });

  it('that nobody answers is answered in SignalR’s words', async () => {
    const { fake, a, b } = await setUpLive(['a', 'b']);
    await expect(fake.ask('metric')).rejects.toThrow("Client didn't provide a result.");
    expect([a.questions.length, b.questions.length]).toEqual([1, 1]);
  });

  it('ends with the connection, and leaves no timer but that of the retry', async () => {
    const { clock, fake, a, b } = await setUpLive(['a', 'b']);
    a.take = () => new Promise(() => undefined);
    void fake.ask('metric');
    await clock.settle();
    await fake.cut();
    await clock.settle();
    expect(clock.pending).toBe(1);
    expect(b.questions).toEqual([]);
  });
});

describe('what a tab has under way on the hub', () => {
  async function underWay() {
    const parts = await setUpLive(['a', 'b']);
    const { hub, call, a } = parts;
    const stream = hub.stream(a.tab, call('Counter'));
    void hub.invoke(a.tab, call('Sum', 1));
    await hub.send(a.tab, call('Swallow', 1));
    return { ...parts, stream };
  }

  it.each(['goes', 'lets the hub go', 'signs out'])('ends on the hub when the tab %s', async (how) => {
    const { fake, hub, a, stream } = await underWay();
    expect(fake.streamsOpen).toBe(3);
    if (how === 'goes') hub.removeGone(a.tab);
    else if (how === 'lets the hub go') await hub.detach(a.tab);
    else await signOut(hub);
    expect(fake.streams[0]?.cancelled).toBe(true);
    expect(fake.uploads.map(({ end }) => end)).toEqual([
      { error: 'The tab that sent this stream has gone.' },
      { error: 'The tab that sent this stream has gone.' },
    ]);
    expect(fake.streamsOpen).toBe(0);
    const code = how === 'signs out' ? 'signed-out' : 'connection-lost';
    expect((await stream).reply).toMatchObject({ ok: false, error: { code } });
  });

  it('is left alone when another tab goes', async () => {
    const { fake, hub, b } = await underWay();
    hub.removeGone(b.tab);
    expect(fake.streamsOpen).toBe(3);
  });

  it('is forgotten when the connection is lost: a late piece goes nowhere, also not to the next connection', async () => {
    const { clock, fake, hub, a } = await setUpLive();
    const callId = 'id-1';
    await hub.send(a.tab, { hub: HUB, callId, method: 'Swallow', args: [], uploads: 1 });
    await fake.cut();
    await clock.advanceBy(2_000);
    await fake.accept();
    // Said so, for then the tab lets go of its source.
    expect(() => hub.upload(a.tab, { hub: HUB, callId, stream: 0, items: [1], end: null })).toThrow('is over');
    expect(fake.uploads).toMatchObject([{ items: [] }]);
    hub.removeGone(a.tab);
    expect(fake.uploads[0]?.end).toBeNull();
  });

  it('goes on as an upload when the stream that it belongs to is cancelled', async () => {
    const { fake, hub, a, call } = await setUpLive();
    const double = { ...call('Double'), uploads: 1 };
    const outcome = hub.stream(a.tab, double);
    hub.cancelStream(a.tab, double.callId);
    await outcome;
    hub.upload(a.tab, { hub: HUB, callId: double.callId, stream: 0, items: [1], end: { error: null } });
    expect(fake.uploads).toMatchObject([{ items: [1], end: { error: null } }]);
  });

  it('can be cancelled by the tab', async () => {
    const { fake, hub, a, call } = await setUpLive();
    const counter = call('Counter');
    const outcome = hub.stream(a.tab, counter);
    hub.cancelStream(a.tab, counter.callId);
    await expect(outcome).resolves.toMatchObject({ reply: { ok: true, value: undefined } });
    expect(fake.streams[0]?.cancelled).toBe(true);
  });
});

describe('a topic', () => {
  const topics = { metric: METRIC };

  it('is joined for a tab that has attached, and its events go there', async () => {
    const { clock, fake, hub, attach } = await setUpLive();
    const b = new PartTab('b', { ordinal: 2 });
    attach(b, { topics });
    const outcome = hub.joinTopic(b.tab, 'metric', 'cpu');
    await fake.invocations[0]?.answer();
    expect((await outcome).reply).toEqual({ ok: true, value: { retain: 'last', declaration: METRIC } });
    await fake.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect(b.events()).toEqual([[{ name: 'cpu' }]]);
    expect(hub.topics()).toMatchObject([{ topic: 'metric', key: 'cpu', tabs: 1, isJoined: true }]);
  });

  it('keeps its keys when the tab attaches again', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive();
    attach(a, { topics });
    void hub.joinTopic(a.tab, 'metric', 'cpu');
    await fake.invocations[0]?.answer();
    attach(a, { topics });
    await fake.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect(a.events()).toHaveLength(1);
    expect(fake.invocations).toHaveLength(1);
  });

  it.each(['goes', 'detaches'])('is left when the tab that holds it %s and nobody else wants it', async (how) => {
    const { clock, fake, hub, attach, a } = await setUpLive(['a', 'b']);
    attach(a, { topics });
    void hub.joinTopic(a.tab, 'metric', 'cpu');
    await fake.invocations[0]?.answer();
    if (how === 'goes') hub.removeGone(a.tab);
    else await hub.detach(a.tab);
    await clock.advanceBy(TOPIC_LINGER_MS);
    expect(fake.invocations.map(({ method }) => method)).toEqual(['JoinMetric', 'LeaveMetric']);
  });

  it('that another tab declares otherwise stays as the first has declared it, and the other is told', async () => {
    const { hub, attach, a } = await setUpLive(['a', 'b']);
    attach(a, { topics });
    const other = wishFor(HUB, { topics: { metric: { ...METRIC, join: 'Other' }, own: METRIC } });
    attach(new PartTab('b'), other);
    expect(hub.differences(other)).toEqual([
      { setting: 'topics.metric', inForce: 'join JoinMetric', asked: 'join Other' },
    ]);
    expect(hub.differences(wishFor(HUB, { topics }))).toEqual([]);
  });

  it('ends with the identity: keys, values and calls that wait', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive(['a', 'b']);
    attach(a, { topics });
    void hub.joinTopic(a.tab, 'metric', 'cpu');
    const waits = hub.joinTopic(a.tab, 'metric', 'disk');
    await fake.emit('metric', { name: 'cpu', of: 'the old user' });
    await signOut(hub);
    expect((await waits).reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(hub.topics()).toEqual([]);
    expect(clock.pending).toBe(0);

    const next = new PartTab('next');
    attach(next, { topics });
    void hub.joinTopic(next.tab, 'metric', 'cpu');
    await clock.settle();
    await fake.accept();
    expect(next.retained()).toEqual([]);
    expect(fake.invocations.at(-1)).toMatchObject({ socket: 2, method: 'JoinMetric', args: ['cpu'] });
  });

  it('ends with the hub, and leaves no timer', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive();
    attach(a, { topics });
    void hub.joinTopic(a.tab, 'metric', 'cpu');
    await fake.emit('metric', { name: 'cpu' });
    await hub.detach(a.tab);
    expect(hub.topics()).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('what is known of the last reconnect', () => {
  it('is nothing before the first, then how long it took; what was missed is unknown', async () => {
    const { clock, fake, a } = await setUpLive();
    expect(newest(a).lastReconnect).toBeNull();
    await clock.advanceBy(100);
    await fake.cut();
    await clock.advanceBy(2_000);
    expect(newest(a).lastReconnect).toBeNull();
    await clock.advanceBy(500);
    await fake.accept();
    expect(newest(a).lastReconnect).toEqual({ endedAtMs: 2_600, lastedMs: 2_500, missed: 'unknown' });
  });

  it('covers every attempt that it took', async () => {
    const { clock, fake, a } = await setUpLive(['a'], { delaysMs: [1_000, 1_000] });
    await fake.cut();
    await clock.advanceBy(1_000);
    await fake.refuse();
    await clock.advanceBy(1_000);
    await fake.accept();
    expect(newest(a).lastReconnect).toMatchObject({ lastedMs: 2_000 });
  });

  it('is that nothing was missed, where the hub has taken up the connection again', async () => {
    const { clock, fake, a } = await setUpLive();
    await clock.advanceBy(700);
    await fake.resume(40);
    await clock.settle();
    expect(newest(a)).toMatchObject({ phase: 'live', lastReconnect: { endedAtMs: 700, lastedMs: 40, missed: 'no' } });
  });

  it('is forgotten when the hub is closed: the next connection is no reconnect', async () => {
    const { clock, fake, hub, attach, a } = await setUpLive();
    await fake.cut();
    await clock.advanceBy(2_000);
    await fake.accept();
    await hub.detach(a.tab);
    attach(a);
    await clock.settle();
    await fake.accept();
    expect(newest(a)).toMatchObject({ phase: 'live', lastReconnect: null });
  });
});

describe('a claim', () => {
  it('is offered to the primary, and lost for the others when it has confirmed', async () => {
    const { clock, hub, a, b } = await setUpLive(['a', 'b']);
    clock.jumpBy(CLAIM_WAIT_MS);
    const other = hub.claims.claim(b.tab, 'sound-1');
    expect(await hub.claims.claim(a.tab, 'sound-1')).toBe('offered');
    expect(hub.claims.confirm(a.tab, 'sound-1')).toBe(true);
    expect(await other).toBe('lost');
  });

  it.each<[string, (hub: SharedHub, a: PartTab) => void]>([
    [
      'is parked',
      (hub, a) => {
        a.tab.setParking('frozen');
        hub.tabChanged();
      },
    ],
    ['goes', (hub, a) => hub.removeGone(a.tab)],
    ['detaches', (hub, a) => void hub.detach(a.tab)],
  ])('is handed on when the tab that was offered it %s', async (_, how) => {
    const { clock, hub, a, b } = await setUpLive(['a', 'b']);
    clock.jumpBy(CLAIM_WAIT_MS);
    expect(await hub.claims.claim(a.tab, 'sound-1')).toBe('offered');
    const other = hub.claims.claim(b.tab, 'sound-1');
    how(hub, a);
    expect(await other).toBe('offered');
    expect(hub.claims.confirm(b.tab, 'sound-1')).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('that a tab knows to be settled is lost', async () => {
    const { hub, attach, a } = await setUpLive(['a']);
    attach(new PartTab('b'), { settledClaims: ['sound-1'] });
    expect(await hub.claims.claim(a.tab, 'sound-1')).toBe('lost');
  });

  it('is forgotten at sign-out', async () => {
    const { clock, hub, attach, a } = await setUpLive(['a', 'b']);
    clock.jumpBy(CLAIM_WAIT_MS);
    attach(a, { settledClaims: ['sound-1'] });
    const waits = hub.claims.claim(a.tab, 'sound-2').then(() => hub.claims.claim(a.tab, 'sound-2'));
    await clock.settle();
    await Promise.all([expect(waits).rejects.toMatchObject({ code: 'signed-out' }), signOut(hub)]);
    expect(clock.pending).toBe(0);
    attach(a);
    expect(await hub.claims.claim(a.tab, 'sound-1')).toBe('offered');
  });
});
