import { CLAIM_WAIT_MS } from '../src/contract/timing.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoordinator, type Coordinator } from './coordinator.js';
import type { ServeHubsOptions } from './serve-options.js';
import { FakeClock } from './testing/fake-clock.js';
import { FakeHubs, type FakeHub } from './testing/fake-hub.js';
import { FakeLocks } from './testing/fake-locks.js';
import { FakeTab, PLAIN_SETTINGS } from './testing/fake-tab.js';
import { quiet, until } from './testing/settle.js';

let hubs = new FakeHubs();
const hubAt = (url: string): FakeHub => hubs.at(url);

vi.mock('./hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://h.test/hubs/ops';
const CHAT = 'https://h.test/hubs/chat';

let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];

beforeEach(() => {
  origin = new FakeLocks();
  clock = new FakeClock(1_000);
  tabs = [];
  hubs = new FakeHubs();
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
});

function startWorker(options: ServeHubsOptions = {}): Coordinator {
  let ids = 0;
  return createCoordinator(
    { maxSpacingMs: 0, ...options },
    {
      clock,
      locks: origin.client('worker'),
      random: () => 0,
      randomId: () => `boot-${(ids += 1)}`,
      nextTask: (run) => setTimeout(run),
    },
  );
}

async function openTab(worker: Coordinator, id: string, lock?: string): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id, lock);
  tabs.push(tab);
  const reply = await tab.join();
  if (!reply.ok) throw new Error(reply.error.message);
  return tab;
}

describe('ten tabs', () => {
  it('are one connection, and each gets every event once, in order', async () => {
    const worker = startWorker();
    const open = await Promise.all(Array.from({ length: 10 }, (_, n) => openTab(worker, `tab-${n}`)));
    await Promise.all(open.map((tab) => tab.attach(OPS, { methods: ['sequence'] })));
    await Promise.all(open.map((tab) => tab.reaches(OPS, 'live')));
    for (let n = 1; n <= 200; n += 1) hubAt(OPS).socket.emit('sequence', [n]);
    await until(() => open.every((tab) => tab.events().length === 200));
    for (const tab of open) expect(tab.events()).toEqual(Array.from({ length: 200 }, (_, n) => [n + 1]));
    expect(hubAt(OPS).starts).toHaveLength(1);
  });

  it('see equal snapshots', async () => {
    const worker = startWorker();
    const open = await Promise.all(['a', 'b', 'c'].map((id) => openTab(worker, id)));
    for (const tab of open) await tab.attach(OPS);
    await until(() => open.every((tab) => tab.statuses(OPS).at(-1)?.snapshot.subscribedTabs.length === 3));
    await until(() => open.every((tab) => tab.statuses(OPS).at(-1)?.phase === 'live'));
    const [first, ...others] = open.map((tab) => tab.statuses(OPS).at(-1));
    for (const other of others) expect(other).toEqual(first);
    expect(first?.snapshot).toMatchObject({ activeHubs: [OPS], status: 'connected' });
  });
});

describe('a call', () => {
  it('is answered to the calling tab only, after the events that came before the answer', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS, { methods: ['sequence'] });
    await Promise.all([a, b].map((tab) => tab.reaches(OPS, 'live')));
    const call = a.call(OPS, 'Add', 1, 2);
    const outcome = a.api.invoke(call);
    const invocation = await until(() => hubAt(OPS).invocations[0]);
    hubAt(OPS).socket.emit('sequence', [1]);
    await invocation.answer(3);
    const { after, reply } = await outcome;
    expect(reply).toEqual({ ok: true, value: 3 });
    await until(() => a.events().length === 1);
    expect(a.batches.some(({ last }) => last === after)).toBe(true);
    expect(a.accepted).toEqual([call.callId]);
    expect(b.accepted).toEqual([]);
  });
});

describe('a stream', () => {
  it('brings its items through the port for events, and its outcome after them', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS);
    await Promise.all([a, b].map((tab) => tab.reaches(OPS, 'live')));
    const call = a.call(OPS, 'Counter', 3, 0);
    const outcome = a.api.stream(call);
    const stream = await until(() => hubAt(OPS).streams[0]);
    await stream.emit(0, 1, 2);
    await stream.complete();
    const { after, reply } = await outcome;
    expect(reply).toEqual({ ok: true, value: undefined });
    await until(() => a.batches.some(({ last }) => last >= after));
    expect(a.items(call.callId)).toEqual([0, 1, 2]);
    expect(b.items(call.callId)).toEqual([]);
  });

  it('is cancelled on the hub when its tab says so', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    const call = a.call(OPS, 'Counter', 3, 0);
    const outcome = a.api.stream(call);
    const stream = await until(() => hubAt(OPS).streams[0]);
    await a.api.cancelStream(OPS, call.callId);
    expect(stream.cancelled).toBe(true);
    await expect(outcome).resolves.toMatchObject({ reply: { ok: true } });
  });

  it('of a tab that does not read ends with a code, without a loss to the others', async () => {
    const worker = startWorker({ delivery: { window: 1, maxStreamItems: 5 } });
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    await quiet();
    a.acknowledges = false;
    const call = a.call(OPS, 'Counter', 100, 0);
    const outcome = a.api.stream(call);
    const stream = await until(() => hubAt(OPS).streams[0]);
    for (let n = 0; n < 100; n += 1) await stream.emit(n);
    await expect(outcome).resolves.toMatchObject({ reply: { ok: false, error: { code: 'stream-overrun' } } });
    expect(stream.cancelled).toBe(true);
  });

  it('that goes up is fed piece by piece, and refused where it is wrong', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    const call = { ...a.call(OPS, 'Sum'), uploads: 1 };
    const outcome = a.api.invoke(call);
    await until(() => a.accepted.includes(call.callId));
    const piece = { hub: OPS, callId: call.callId, stream: 0 };
    await expect(a.api.upload({ ...piece, items: [1, 2], end: null })).resolves.toEqual({ ok: true, value: undefined });
    await expect(a.api.upload({ ...piece, stream: 1, items: [], end: null })).resolves.toMatchObject({
      ok: false,
      error: { code: 'message-invalid' },
    });
    await a.api.upload({ ...piece, items: [3], end: { error: null } });
    expect(hubAt(OPS).uploads).toMatchObject([{ method: 'Sum', items: [1, 2, 3], end: { error: null } }]);
    await hubAt(OPS).invocations[0]?.answer(6);
    expect((await outcome).reply).toEqual({ ok: true, value: 6 });
    await expect(a.api.upload({ ...piece, items: [4], end: null })).resolves.toMatchObject({
      ok: false,
      error: { code: 'not-connected' },
    });
  });
});

describe('a question of the hub', () => {
  it('is taken by one tab and answered by it, through real ports', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS, { methods: ['askname'] });
    await Promise.all([a, b].map((tab) => tab.reaches(OPS, 'live')));
    b.take = () => ({ ok: true, value: true });
    const answer = hubAt(OPS).ask('askName', 1);
    const question = await until(() => b.questions[0]);
    expect(a.questions).toHaveLength(1);
    expect(question).toMatchObject({ hub: OPS, method: 'askname', args: [1] });
    await expect(b.answer(question.questionId, { kind: 'result', value: 'Ada' })).resolves.toMatchObject({ ok: true });
    await expect(answer).resolves.toBe('Ada');
    expect(clock.pending).toBe(0);
  });

  it('goes to the next tab when the one that took it dies', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) {
      await tab.attach(OPS, { methods: ['askname'] });
      await tab.reaches(OPS, 'live');
      tab.take = () => ({ ok: true, value: true });
    }
    const answer = hubAt(OPS).ask('askName');
    await until(() => a.questions[0]);
    a.die();
    const question = await until(() => b.questions[0]);
    await b.answer(question.questionId, { kind: 'result', value: 'Bea' });
    await expect(answer).resolves.toBe('Bea');
  });
});

describe('a tab that dies', () => {
  it('leaves no stream running on the hub, in either direction', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS);
    await a.reaches(OPS, 'live');
    void a.api.stream({ ...a.call(OPS, 'Double'), uploads: 1 });
    await until(() => hubAt(OPS).streamsOpen === 2);
    a.die();
    await until(() => hubAt(OPS).streamsOpen === 0);
    expect(hubAt(OPS).held).toBe(1);
  });

  it('is noticed by its lock; another is primary, and the connection stays', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS);
    await b.reaches(OPS, 'live');
    a.die();
    await until(() => b.statuses(OPS).at(-1)?.snapshot.primaryTabId === 'b');
    expect(b.statuses(OPS).at(-1)?.snapshot.subscribedTabs).toEqual(['b']);
    expect(hubAt(OPS).starts).toHaveLength(1);
    expect(hubAt(OPS).held).toBe(1);
  });

  it('as the last one leaves the connection for the linger time, and no timer after it', async () => {
    const worker = startWorker({ lingerMs: 5_000 });
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    a.die();
    await until(() => clock.pending === 1);
    await clock.advanceBy(4_999);
    expect(hubAt(OPS).held).toBe(1);
    await clock.advanceBy(1);
    expect(hubAt(OPS).held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('leaves no lock and no place in a queue behind', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    a.die();
    await until(() => origin.waiting.length === 0);
    await quiet();
    expect(origin.held).toEqual(['hubshare:worker:boot-1']);
  });
});

describe('the worker', () => {
  it('holds its lock before it welcomes a tab', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    expect(a.welcome).toEqual({ bootId: 'boot-1', workerLock: 'hubshare:worker:boot-1', contractVersion: 1 });
    expect(origin.held).toContain('hubshare:worker:boot-1');
  });

  it('names itself anew with each start', async () => {
    const randomId = vi.fn(() => crypto.randomUUID());
    const platform = { clock, locks: origin.client('worker'), random: () => 0, randomId, nextTask: queueMicrotask };
    const first = await openTab(createCoordinator({}, platform), 'a');
    const second = await openTab(createCoordinator({}, platform), 'b');
    expect(first.welcome?.bootId).not.toBe(second.welcome?.bootId);
  });

  it('refuses options that cannot work', () => {
    expect(() => startWorker({ lingerMs: -1 })).toThrow(expect.objectContaining({ code: 'option-invalid' }) as Error);
  });
});

describe('a hub', () => {
  it('is opened with what its tab wants', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS, { settings: { ...PLAIN_SETTINGS, serverTimeoutMs: 7_000 } });
    await a.reaches(OPS, 'live');
    expect(hubs.opened[0]?.settings.serverTimeoutMs).toBe(7_000);
  });

  it('that was closed is opened again with what the next tab wants', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await a.attach(OPS, { settings: { ...PLAIN_SETTINGS, serverTimeoutMs: 7_000 } });
    await a.reaches(OPS, 'live');
    await a.api.detach(OPS);
    await b.attach(OPS, { settings: { ...PLAIN_SETTINGS, serverTimeoutMs: 9_000 } });
    await b.reaches(OPS, 'live');
    expect(hubs.opened.map(({ settings }) => settings.serverTimeoutMs)).toEqual([7_000, 9_000]);
  });

  it('is listed in the snapshots of every other hub while it is open', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    await b.attach(CHAT);
    await until(() => a.statuses(OPS).at(-1)?.snapshot.activeHubs.length === 2);
    expect(a.statuses(OPS).at(-1)?.snapshot.activeHubs).toEqual([OPS, CHAT]);
    await b.api.detach(CHAT);
    await until(() => a.statuses(OPS).at(-1)?.snapshot.activeHubs.length === 1);
  });

  it('is in no snapshot any more once all are closed, whatever the order', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    for (const hub of [OPS, CHAT]) {
      await a.attach(hub);
      await a.reaches(hub, 'live');
    }
    await a.api.signOut();
    await quiet();
    for (const hub of [OPS, CHAT]) expect(a.statuses(hub).at(-1)?.snapshot.activeHubs, hub).toEqual([]);
  });

  it('has a snapshot of its own, and shares the source of tokens with the others', async () => {
    const fetch = vi.fn(() => Promise.resolve({ token: 'the-only-token', expiresInSeconds: 3_600 }));
    const worker = startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await a.attach(OPS);
    await b.attach(OPS);
    await b.attach(CHAT);
    await until(() => a.statuses(OPS).at(-1)?.snapshot.activeHubs.length === 2);
    await b.reaches(CHAT, 'live');
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(hubs.opened.map(({ bearer }) => bearer.peek())).toEqual(['the-only-token', 'the-only-token']);
    expect(b.statuses(OPS).at(-1)?.snapshot).toMatchObject({ primaryTabId: 'a', subscribedTabs: ['a', 'b'] });
    expect(b.statuses(CHAT).at(-1)?.snapshot).toMatchObject({ primaryTabId: 'b', subscribedTabs: ['b'] });
  });

  it('says what it is connected with when a second tab asks for something else', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    const first = { settings: { ...PLAIN_SETTINGS, headers: { 'X-App': 'first' } } };
    await expect(a.attach(OPS, first)).resolves.toEqual({ ok: true, value: { differences: [] } });
    await expect(b.attach(OPS, { settings: { ...PLAIN_SETTINGS, serverTimeoutMs: 9_000 } })).resolves.toEqual({
      ok: true,
      value: {
        differences: [
          { setting: 'serverTimeoutMs', inForce: 'the default', asked: '9000' },
          { setting: 'headers', inForce: 'X-App', asked: 'none' },
        ],
      },
    });
    await expect(a.attach(OPS, first)).resolves.toEqual({ ok: true, value: { differences: [] } });
  });

  it('keeps its events from the tabs of another hub', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await a.attach(OPS, { methods: ['metric'] });
    await b.attach(CHAT, { methods: ['metric'] });
    await a.reaches(OPS, 'live');
    await b.reaches(CHAT, 'live');
    hubAt(OPS).socket.emit('metric', ['ops']);
    hubAt(CHAT).socket.emit('metric', ['chat']);
    await until(() => a.events().length > 0 && b.events().length > 0);
    await quiet();
    expect([a.events(), b.events()]).toEqual([[['ops']], [['chat']]]);
  });
});

describe('sign-out in one tab', () => {
  it('closes every hub, and tells each tab of each of its hubs', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) {
      for (const hub of [OPS, CHAT]) {
        await tab.attach(hub);
        await tab.reaches(hub, 'live');
      }
    }
    await a.api.signOut();
    await quiet();
    for (const tab of [a, b]) {
      for (const hub of [OPS, CHAT]) {
        expect(tab.statuses(hub).at(-1), `${tab.tabId} ${hub}`).toMatchObject({
          phase: 'closed',
          error: { code: 'signed-out' },
        });
      }
    }
    expect(hubAt(OPS).held + hubAt(CHAT).held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('forgets the token, so that the next start asks for a new one', async () => {
    const fetch = vi.fn(() =>
      Promise.resolve({ token: `token-of-user-${fetch.mock.calls.length}`, expiresInSeconds: 3_600 }),
    );
    const worker = startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    await a.api.signOut();
    await a.reaches(OPS, 'closed');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});

describe('tokens of tabs', () => {
  it('are asked of the primary, before the first start', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await a.attach(OPS, { hasTokenFactory: true });
    await b.attach(OPS, { hasTokenFactory: true });
    await a.reaches(OPS, 'live');
    expect(a.asked).toEqual([OPS]);
    expect(b.asked).toEqual([]);
    expect(hubs.opened[0]?.bearer.peek()).toBe('a-token-of-the-tab');
  });

  it('are asked of the next tab when the primary does not answer', async () => {
    const worker = startWorker({ tokenFromTabMs: 10_000 });
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    a.token = () => new Promise(() => undefined);
    await a.attach(OPS, { hasTokenFactory: true });
    await b.attach(OPS, { hasTokenFactory: true });
    await until(() => a.asked.length === 1);
    await clock.advanceBy(9_999);
    await quiet();
    expect(b.asked).toEqual([]);
    await clock.advanceBy(1);
    await b.reaches(OPS, 'live');
    expect(b.asked).toEqual([OPS]);
  });

  it('are asked of nobody for a hub without them', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    expect(a.asked).toEqual([]);
    await expect(a.api.refreshTokenNow(OPS)).resolves.toMatchObject({
      ok: false,
      error: { code: 'token-unavailable' },
    });
  });

  it('never stand in a report, a status or a journal', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    a.token = () => ({ ok: true, value: 'first-part.second-part.third-part' });
    await a.attach(OPS, { hasTokenFactory: true });
    await a.reaches(OPS, 'live');
    hubAt(OPS).socket.end(new Error('closed: first-part.second-part.third-part'), null);
    await a.reaches(OPS, 'live');
    const report = await a.api.nextReport(0, 0);
    const text = JSON.stringify([report, a.frames]);
    for (const part of ['first-part', 'second-part', 'third-part']) expect(text).not.toContain(part);
    expect(report).toMatchObject({ ok: true, value: { hubs: [{ token: { source: 'tab', state: 'valid' } }] } });
  });
});

describe('bad input', () => {
  it('on the control port is answered with a code, and no other tab notices', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await b.attach(OPS, { methods: ['metric'] });
    await b.reaches(OPS, 'live');
    const told = b.told.length;
    await expect(a.postRaw('nonsense')).resolves.toMatchObject({
      value: { ok: false, error: { code: 'message-invalid' } },
    });
    await expect(
      a.postRaw({ id: 'x', type: 'SET', path: ['__proto__', 'polluted'], value: { type: 'RAW', value: 1 } }, 'x'),
    ).resolves.toMatchObject({
      value: { error: { code: 'message-invalid' } },
    });
    await expect(
      a.postRaw({ id: 'y', type: 'APPLY', path: ['attach'], argumentList: [{ type: 'RAW', value: 5 }] }, 'y'),
    ).resolves.toMatchObject({
      value: { ok: false, error: { code: 'message-invalid' } },
    });
    expect('polluted' in {}).toBe(false);
    await quiet();
    expect(b.told).toHaveLength(told);
    await expect(a.attach(OPS)).resolves.toMatchObject({ ok: true });
  });

  it('on the port for events is ignored', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS, { methods: ['metric'] });
    await a.reaches(OPS, 'live');
    for (const data of [
      null,
      'ack',
      { kind: 'ack', last: '9' },
      { kind: 'ack', last: -5 },
      { kind: 'ack', last: 10 ** 9 },
    ])
      a.postOnEvents(data);
    await quiet();
    hubAt(OPS).socket.emit('metric', [1]);
    await until(() => a.events().length === 1);
  });

  it.each([null, 'hello', {}, { hubshare: 1 }, { hubshare: 1, control: {} }])(
    'on the worker’s own port is answered with a code (%j)',
    async (data) => {
      const { port1, port2 } = new MessageChannel();
      startWorker().connect(port1);
      const answer = new Promise((resolve) => {
        port2.onmessage = (event: MessageEvent) => resolve(event.data);
      });
      port2.postMessage(data);
      await expect(answer).resolves.toMatchObject({ ok: false, error: { code: 'message-invalid' } });
      port2.close();
    },
  );

  it('of another contract version is refused, and says so', async () => {
    const tab = new FakeTab(startWorker(), origin, 'a');
    tabs.push(tab);
    await expect(tab.join({ contractVersion: 99 })).resolves.toMatchObject({
      ok: false,
      error: { code: 'contract-mismatch', tab: 99, worker: 1 },
    });
    await expect(tab.attach(OPS)).resolves.toMatchObject({ ok: false, error: { code: 'not-joined' } });
  });

  it('from a port that has not joined leaves no hub behind', async () => {
    const worker = startWorker();
    const stranger = new FakeTab(worker, origin, 'stranger');
    tabs.push(stranger);
    await expect(stranger.attach(OPS)).resolves.toMatchObject({ ok: false, error: { code: 'not-joined' } });
    const a = await openTab(worker, 'a');
    await expect(a.api.nextReport(0, 0)).resolves.toMatchObject({ ok: true, value: { hubs: [] } });
  });
});

describe('a tab that does not read', () => {
  it('holds nobody up, and is told of its gap before the next event', async () => {
    const worker = startWorker({ delivery: { window: 1, maxQueuedEntries: 10 } });
    const [slow, other] = [await openTab(worker, 'slow'), await openTab(worker, 'other')];
    for (const tab of [slow, other]) {
      await tab.attach(OPS, { methods: ['sequence'] });
      await tab.reaches(OPS, 'live');
    }
    await quiet();
    slow.acknowledges = false;
    for (let n = 1; n <= 100; n += 1) {
      hubAt(OPS).socket.emit('sequence', [n]);
      await until(() => other.events().length === n);
    }
    const batch = await until(() => slow.batches.at(-1));
    slow.acknowledges = true;
    slow.acknowledge(batch.last);
    await until(() => slow.events().at(-1)?.[0] === 100);
    const gap = slow.told.find((item) => item.kind === 'gap');
    expect(gap).toBeDefined();
    const dropped = gap?.kind === 'gap' ? gap.dropped : 0;
    expect(dropped + slow.events().length).toBe(100);
    expect(slow.told[slow.told.indexOf(gap!) + 1]).toMatchObject({ kind: 'event', args: [100 - 10 + 1] });
  });

  it('because it is parked is posted nothing, and is given what it missed when it is back', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS, { methods: ['sequence'] });
    await a.reaches(OPS, 'live');
    const parked = a.park('cached');
    await quiet();
    const before = a.frames.length;
    hubAt(OPS).socket.emit('sequence', [1]);
    await quiet();
    expect(a.frames).toHaveLength(before);
    await expect(a.api.unpark()).resolves.toEqual({ ok: true, value: [{ hub: OPS, dropped: 0, fencedBy: null }] });
    await until(() => a.events().length === 1);
    await expect(parked).resolves.toMatchObject({ ok: true });
  });
});

describe('tabs that were hidden for long', () => {
  async function withSleepers() {
    const worker = startWorker();
    const [a, b, c] = [await openTab(worker, 'a'), await openTab(worker, 'b'), await openTab(worker, 'c')];
    for (const tab of [a, b, c]) await tab.attach(OPS, { methods: ['sequence'] });
    await Promise.all([a, b, c].map((tab) => tab.reaches(OPS, 'live')));
    for (const tab of [b, c]) {
      await tab.api.setVisibility('hidden');
      await tab.park('hidden');
    }
    await until(() => !origin.waiting.includes(b.tabLock) && !origin.waiting.includes(c.tabLock));
    const primary = (tab: FakeTab): string | undefined => tab.statuses(OPS).at(-1)?.snapshot.primaryTabId;
    return { a, b, c, primary };
  }

  it('leave their locks uncontended, and hold them: they are members all the while', async () => {
    const { a, b, c } = await withSleepers();
    await quiet();
    expect(origin.waiting.filter((name) => name.startsWith('hubshare:tab:'))).toEqual([a.tabLock]);
    expect(origin.held).toEqual(expect.arrayContaining([a.tabLock, b.tabLock, c.tabLock]));
    expect(a.statuses(OPS).at(-1)?.snapshot.subscribedTabs).toEqual(['a', 'b', 'c']);
    expect([b.wakes, c.wakes]).toEqual([0, 0]);
  });

  it('are woken, one of them, when the last that was awake has gone; it is primary when it is back', async () => {
    const { a, b, c, primary } = await withSleepers();
    const told = b.told.length;
    a.die();
    await until(() => b.wakes === 1);
    await quiet();
    expect([b.wakes, c.wakes]).toEqual([1, 0]);
    expect(b.told).toHaveLength(told);
    hubAt(OPS).socket.emit('sequence', [1]);
    await expect(b.api.unpark()).resolves.toEqual({ ok: true, value: [{ hub: OPS, dropped: 0, fencedBy: null }] });
    await until(() => primary(b) === 'b');
    expect(b.events()).toEqual([[1]]);
    expect(b.statuses(OPS).at(-1)?.snapshot.subscribedTabs).toEqual(['b', 'c']);
    await until(() => origin.waiting.includes(b.tabLock));
    await quiet();
    expect(c.wakes).toBe(0);
  });

  it('that died in their sleep are no members any more when the next tab comes', async () => {
    const { a, b } = await withSleepers();
    b.die();
    await quiet();
    expect(a.statuses(OPS).at(-1)?.snapshot.subscribedTabs).toEqual(['a', 'b', 'c']);
    await a.park('hidden');
    await until(() => a.wakes === 1);
    await a.api.unpark();
    await until(() => a.statuses(OPS).at(-1)?.snapshot.subscribedTabs.join() === 'a,c');
  });

  it('end with the last of them: the hub is closed after its linger, and no timer is left', async () => {
    const { a, b, c } = await withSleepers();
    for (const tab of [b, c, a]) tab.die();
    await until(() => clock.pending > 0);
    await clock.advanceBy(5_000);
    await until(() => hubAt(OPS).socket.stops === 1);
    await quiet();
    expect(clock.pending).toBe(0);
    expect(origin.waiting).toEqual([]);
  });
});

describe('a claim', () => {
  it('is one tab’s: the visible one’s, however the tabs hear of it', async () => {
    const worker = startWorker();
    const open = await Promise.all(['a', 'b', 'c'].map((id) => openTab(worker, id)));
    for (const tab of open) await tab.attach(OPS);
    const [a, b, c] = open as [FakeTab, FakeTab, FakeTab];
    clock.jumpBy(CLAIM_WAIT_MS);
    await a.api.setVisibility('hidden');
    await c.api.setVisibility('hidden');
    const answers = new Map<string, unknown>();
    for (const tab of [c, a, b]) {
      void tab.api.claim(OPS, 'alarm-1').then((reply) => answers.set(tab.tabId, reply.ok && reply.value));
    }
    await until(() => answers.size === 1);
    expect([...answers]).toEqual([['b', 'offered']]);
    await expect(b.api.confirmClaim(OPS, 'alarm-1')).resolves.toEqual({ ok: true, value: true });
    await until(() => answers.size === 3);
    expect([answers.get('a'), answers.get('c')]).toEqual(['lost', 'lost']);
    await expect(a.api.confirmClaim(OPS, 'alarm-1')).resolves.toEqual({ ok: true, value: false });
  });

  it('goes on when the tab that was offered it dies', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS);
    clock.jumpBy(CLAIM_WAIT_MS);
    await expect(a.api.claim(OPS, 'alarm-1')).resolves.toEqual({ ok: true, value: 'offered' });
    const ofB = b.api.claim(OPS, 'alarm-1');
    await quiet();
    a.die();
    await expect(ofB).resolves.toEqual({ ok: true, value: 'offered' });
    await expect(b.api.confirmClaim(OPS, 'alarm-1')).resolves.toEqual({ ok: true, value: true });
  });

  it('that a tab knows to be settled stays settled in a new worker', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    await a.attach(OPS, { settledClaims: ['alarm-1'] });
    await b.attach(OPS);
    await expect(b.api.claim(OPS, 'alarm-1')).resolves.toEqual({ ok: true, value: 'lost' });
  });
});

describe('the report', () => {
  it('comes for every change of what waits and was delivered, also when no acknowledgement was asked for', async () => {
    const a = await openTab(startWorker({ maxSpacingMs: 16, delivery: { window: 1_000 } }), 'a');
    await a.attach(OPS, { methods: ['metric'] });
    await a.reaches(OPS, 'live');
    await quiet();
    let shown = { version: 0, waiting: -1, delivered: -1 };
    const follow = async (): Promise<void> => {
      for (;;) {
        const next = await a.api.nextReport(shown.version, 0);
        if (!next.ok) return;
        const [own] = next.value.tabs;
        shown = { version: next.value.version, waiting: own?.waiting ?? -1, delivered: own?.delivered ?? -1 };
      }
    };
    void follow();
    for (let n = 0; n < 10; n += 1) hubAt(OPS).socket.emit('metric', [n]);
    await until(() => shown.delivered === 10);
    // This one waits until the next batch may leave.
    hubAt(OPS).socket.emit('metric', ['spaced']);
    await until(() => shown.waiting === 1);
    await clock.advanceBy(16);
    await until(() => shown.waiting === 0 && shown.delivered === 11);
  });

  it('comes as soon as something differs, and a tab’s second question replaces its first', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    const now = await a.api.nextReport(0, 0);
    const version = now.ok ? now.value.version : 0;
    const first = a.api.nextReport(version, 0);
    const second = a.api.nextReport(version, 0);
    await expect(first).resolves.toMatchObject({ ok: false, error: { code: 'stopped' } });
    await b.attach(OPS);
    await expect(second).resolves.toMatchObject({
      ok: true,
      value: {
        hubs: [{ url: OPS }],
        tabs: [
          { id: 'a', ordinal: 1 },
          { id: 'b', ordinal: 2, hubs: [OPS], primaryOf: [OPS] },
        ],
      },
    });
  });
});

describe('the panel’s actions', () => {
  it('reconnect makes a new connection, and never two at once', async () => {
    const worker = startWorker();
    const a = await openTab(worker, 'a');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    await a.api.reconnectNow(OPS);
    await until(() => a.statuses(OPS).at(-1)?.connectionId === 'connection-2');
    expect(hubAt(OPS).held).toBe(1);
  });

  it('become primary changes who all agree on', async () => {
    const worker = startWorker();
    const [a, b] = [await openTab(worker, 'a'), await openTab(worker, 'b')];
    for (const tab of [a, b]) await tab.attach(OPS);
    await b.api.becomePrimary(OPS);
    await until(() => [a, b].every((tab) => tab.statuses(OPS).at(-1)?.snapshot.primaryTabId === 'b'));
  });
});
