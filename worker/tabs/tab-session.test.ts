import { proxy, type ProxyMarked, type Remote } from 'comlink';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CONTRACT_VERSION,
  type Hello,
  type HubWish,
  type SettingDifference,
  type TabApi,
} from '../../src/contract/rpc.js';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { FetchAnswer, FetchRequest } from '../../src/contract/fetch.js';
import type { HubMetrics } from '../../src/contract/metrics.js';
import type { WorkerReport } from '../../src/contract/report.js';
import { encodeEvent } from '../delivery/encode.js';
import type { SharedHub } from '../hub/shared-hub.js';
import { MAX_HUBS_OF_TAB, MAX_OPEN_CALLS_OF_TAB } from '../limits.js';
import { PartTab, PLAIN_SETTINGS, wishFor } from '../testing/fake-tab.js';
import { quiet } from '../testing/settle.js';
import { createTabSession, SESSION_METHODS, type SessionCore } from './tab-session.js';

const HUB = 'https://h.test/hubs/ops';
const OTHER = 'https://h.test/hubs/other';
const remote = proxy(() => undefined) as unknown as Remote<TabApi & ProxyMarked>;

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

function helloOf(more: Partial<Hello> = {}): Hello {
  const channel = new MessageChannel();
  channels.push(channel);
  return {
    contractVersion: CONTRACT_VERSION,
    tabId: 'a',
    tabKey: 'key',
    tabLock: 'lock',
    visibility: 'visible',
    events: channel.port2,
    ...more,
  };
}

function setUp() {
  const part = new PartTab('a');
  const { tab } = part;
  const outcome = { after: 3, reply: { ok: true as const, value: 'done' } };
  const hub = {
    url: HUB,
    tabIds: ['a'],
    settings: PLAIN_SETTINGS,
    attach: vi.fn(),
    differences: vi.fn((): SettingDifference[] => []),
    detach: vi.fn(() => Promise.resolve()),
    subscribe: vi.fn(),
    unsubscribe: vi.fn(),
    invoke: vi.fn(() => Promise.resolve(outcome)),
    send: vi.fn(() => Promise.resolve(outcome)),
    stream: vi.fn(() => Promise.resolve(outcome)),
    cancelStream: vi.fn(),
    upload: vi.fn(),
    answer: vi.fn(),
    joinTopic: vi.fn(() =>
      Promise.resolve({ after: 3, reply: { ok: true as const, value: { retain: 'last', declaration: null } } }),
    ),
    leaveTopic: vi.fn(),
    claims: { claim: vi.fn(() => Promise.resolve('offered' as const)), confirm: vi.fn(() => true) },
    tabChanged: vi.fn(),
    makePrimary: vi.fn(),
    link: { wake: vi.fn(), retryNow: vi.fn(), reconnect: vi.fn() },
  };
  const ofOthers = {
    ...hub,
    url: OTHER,
    tabIds: ['b'],
    tabChanged: vi.fn(),
    cancelStream: vi.fn(),
    upload: vi.fn(),
    answer: vi.fn(),
    joinTopic: vi.fn(),
    leaveTopic: vi.fn(),
    claims: { claim: vi.fn(), confirm: vi.fn() },
    link: { wake: vi.fn(), retryNow: vi.fn(), reconnect: vi.fn() },
  };
  /** What must not be done for a message that is refused. */
  const acts = [hub, ofOthers].flatMap((one) => [
    one.attach,
    one.detach,
    one.subscribe,
    one.unsubscribe,
    one.invoke,
    one.send,
    one.stream,
    one.cancelStream,
    one.upload,
    one.answer,
    one.joinTopic,
    one.leaveTopic,
    one.claims.claim,
    one.claims.confirm,
    one.tabChanged,
    one.makePrimary,
  ]);
  const hubs = new Map([hub, ofOthers].map((one) => [one.url, one as unknown as SharedHub]));
  const core = {
    bootId: 'boot-1',
    workerLock: 'worker-lock',
    ready: Promise.resolve(),
    admit: vi.fn(() => tab),
    dismiss: vi.fn(),
    setParking: vi.fn<SessionCore['setParking']>((own, how) => own.setParking(how)),
    detached: vi.fn(),
    admitTo: vi.fn<SessionCore['admitTo']>(() => undefined),
    signOutsOf: vi.fn(() => 0),
    hubFor: vi.fn((wish: HubWish) => hubs.get(wish.hub) ?? (hub as unknown as SharedHub)),
    knownHub: (url: string) => hubs.get(url),
    hubs: (): Iterable<SharedHub> => hubs.values(),
    refreshToken: vi.fn(() => Promise.resolve()),
    signOut: vi.fn(() => Promise.resolve()),
    authorizedFetch: vi.fn<SessionCore['authorizedFetch']>(() => Promise.resolve(fetched)),
    abortFetch: vi.fn<SessionCore['abortFetch']>(),
    nextReport: vi.fn<SessionCore['nextReport']>(() => Promise.resolve({ version: 2 } as WorkerReport)),
    hubMetrics: vi.fn<SessionCore['hubMetrics']>((url) => ({ hub: url }) as HubMetrics),
    nextAlerts: vi.fn<SessionCore['nextAlerts']>(() => Promise.resolve([])),
    changed: vi.fn(),
  } satisfies SessionCore;
  const session = createTabSession(core);
  return { part, tab, hub, ofOthers, acts, core, session };
}

async function joined() {
  const parts = setUp();
  await parts.session.join(helloOf(), remote);
  return parts;
}

const call = { hub: HUB, callId: 'id-1', method: 'Add', args: [1, 2], uploads: 0 };
const request: FetchRequest = {
  hub: HUB,
  requestId: 'fetch-1',
  url: 'https://h.test/api/orders',
  method: 'GET',
  headers: [],
  body: null,
  cache: 'default',
  credentials: 'same-origin',
  integrity: '',
  keepalive: false,
  mode: 'cors',
  referrerPolicy: '',
};
const fetched: FetchAnswer = { status: 200, statusText: 'OK', headers: [], body: null, url: request.url };
const piece = { hub: HUB, callId: 'id-1', stream: 0, items: [1], end: null };

describe('join', () => {
  it('answers with who the worker is', async () => {
    const { session, core } = setUp();
    const hello = helloOf();
    await expect(session.join(hello, remote)).resolves.toEqual({
      ok: true,
      value: { bootId: 'boot-1', workerLock: 'worker-lock', contractVersion: CONTRACT_VERSION },
    });
    expect(core.admit).toHaveBeenCalledWith(hello, remote);
  });

  it('waits until the worker holds its own lock', async () => {
    const { core } = setUp();
    let hold = (): void => undefined;
    const session = createTabSession({ ...core, ready: new Promise((resolve) => (hold = resolve)) });
    const answer = session.join(helloOf(), remote);
    await Promise.resolve();
    expect(core.admit).not.toHaveBeenCalled();
    hold();
    await expect(answer).resolves.toMatchObject({ ok: true });
  });

  it.each([CONTRACT_VERSION + 1, CONTRACT_VERSION - 1])(
    'is refused to a tab of contract %i, which is told both versions',
    async (contractVersion) => {
      const { session, core } = setUp();
      await expect(session.join(helloOf({ contractVersion }), remote)).resolves.toMatchObject({
        ok: false,
        error: { code: 'contract-mismatch', tab: contractVersion, worker: CONTRACT_VERSION },
      });
      expect(core.admit).not.toHaveBeenCalled();
    },
  );

  it('is refused to a tab of another contract for that reason, whatever else its message lacks', async () => {
    const { session } = setUp();
    const hello = { contractVersion: CONTRACT_VERSION + 1 } as unknown as Hello;
    await expect(session.join(hello, remote)).resolves.toMatchObject({ error: { code: 'contract-mismatch' } });
  });

  it.each([undefined, null, {}, 'tab', { fetchAccessToken: () => undefined }])(
    'is refused without a proxy of the tab (%j)',
    async (tab) => {
      const { session, core } = setUp();
      await expect(session.join(helloOf(), tab as never)).resolves.toMatchObject({
        ok: false,
        error: { code: 'message-invalid' },
      });
      expect(core.admit).not.toHaveBeenCalled();
    },
  );
});

/** Each method with arguments that are right. */
const CALLS: Record<Exclude<keyof ReturnType<typeof createTabSession>, 'join'>, readonly unknown[]> = {
  attach: [wishFor(HUB)],
  detach: [HUB],
  subscribe: [HUB, 'metric'],
  unsubscribe: [HUB, 'metric'],
  invoke: [call],
  send: [call],
  stream: [call],
  cancelStream: [HUB, 'id-1'],
  upload: [piece],
  answer: ['1.1', { kind: 'none' }],
  joinTopic: [HUB, 'metric', 'cpu'],
  leaveTopic: [HUB, 'metric', 5],
  claim: [HUB, 'alarm-1'],
  confirmClaim: [HUB, 'alarm-1'],
  setVisibility: ['hidden'],
  park: ['hidden'],
  unpark: [],
  online: [],
  signOut: [],
  authorizedFetch: [request],
  abortFetch: ['fetch-1'],
  nextReport: [1, 0],
  hubMetrics: [HUB],
  nextAlerts: [HUB, 0],
  reconnectNow: [HUB],
  refreshTokenNow: [HUB],
  becomePrimary: [HUB],
  leave: [],
};
type Name = keyof typeof CALLS;
const names = Object.keys(CALLS) as Name[];

function run(session: ReturnType<typeof createTabSession>, name: Name, args: readonly unknown[]): Promise<unknown> {
  return (session[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
}

/** Calls answer with an outcome, everything else with a reply. */
function replyOf(name: Name, answer: unknown): unknown {
  return ['invoke', 'send', 'stream', 'joinTopic'].includes(name) ? (answer as { reply: unknown }).reply : answer;
}

it('lets exactly the methods of the contract pass the port', () => {
  expect([...SESSION_METHODS.keys()].sort()).toEqual([...names, 'join'].sort());
});

describe.each(names)('%s', (name) => {
  it('is refused to a port that has not joined, and leaves nothing behind', async () => {
    const { session, core, acts } = setUp();
    const answer = await run(session, name, CALLS[name]);
    const reply = replyOf(name, answer);
    expect(reply).toMatchObject({ ok: false, error: { code: 'not-joined' } });
    for (const spy of [
      core.hubFor,
      core.dismiss,
      core.setParking,
      core.detached,
      core.signOut,
      core.nextReport,
      core.hubMetrics,
      core.nextAlerts,
      core.refreshToken,
      core.changed,
      ...acts,
    ])
      expect(spy).not.toHaveBeenCalled();
  });

  it('is refused to a tab that has left', async () => {
    const { session, tab } = await joined();
    tab.end();
    const answer = await run(session, name, CALLS[name]);
    const reply = replyOf(name, answer);
    expect(reply).toMatchObject({ ok: false, error: { code: 'not-joined' } });
  });

  it('works for a tab that has joined', async () => {
    const { session } = await joined();
    const answer = await run(session, name, CALLS[name]);
    const reply = replyOf(name, answer);
    expect(reply).toMatchObject({ ok: true });
  });
});

describe('a message of the wrong shape', () => {
  it.each<[Name, readonly unknown[]]>([
    ['attach', []],
    ['attach', [null]],
    ['attach', [{ ...wishFor(HUB), methods: 'metric' }]],
    ['attach', [wishFor('/hubs/ops')]],
    ['detach', []],
    ['detach', [5]],
    ['subscribe', [HUB]],
    ['subscribe', [HUB, '']],
    ['subscribe', ['not a url', 'metric']],
    ['unsubscribe', [HUB, 5]],
    ['invoke', []],
    ['invoke', [{ ...call, args: null }]],
    ['invoke', [{ ...call, callId: 5 }]],
    ['send', [{ ...call, method: '' }]],
    ['invoke', [{ ...call, uploads: -1 }]],
    ['stream', []],
    ['stream', [{ ...call, uploads: undefined }]],
    ['cancelStream', [HUB]],
    ['cancelStream', ['not a url', 'id-1']],
    ['upload', []],
    ['upload', [{ ...piece, stream: 0.5 }]],
    ['upload', [{ ...piece, end: undefined }]],
    ['answer', ['1.1']],
    ['answer', [1, { kind: 'none' }]],
    ['answer', ['1.1', { kind: 'maybe' }]],
    ['joinTopic', []],
    ['joinTopic', [HUB]],
    ['joinTopic', [HUB, 'metric']],
    ['joinTopic', [HUB, '', 'cpu']],
    ['joinTopic', [HUB, 'metric', '']],
    ['joinTopic', [HUB, 'metric', NaN]],
    ['joinTopic', [HUB, 'metric', null]],
    ['joinTopic', [HUB, 'metric', { toString: 'cpu' }]],
    ['joinTopic', ['not a url', 'metric', 'cpu']],
    ['leaveTopic', []],
    ['leaveTopic', [HUB, 'metric']],
    ['leaveTopic', [HUB, 5, 'cpu']],
    ['leaveTopic', [HUB, 'metric', ['cpu']]],
    ['leaveTopic', ['not a url', 'metric', 'cpu']],
    ['claim', []],
    ['claim', [HUB]],
    ['claim', [HUB, 5]],
    ['claim', [HUB, '']],
    ['claim', [HUB, 'x'.repeat(1_001)]],
    ['confirmClaim', []],
    ['confirmClaim', [HUB, null]],
    ['confirmClaim', [HUB, 'x'.repeat(1_001)]],
    ['confirmClaim', [null, 'alarm-1']],
    ['park', []],
    ['park', [true]],
    ['park', ['Hidden']],
    ['park', [['hidden']]],
    ['attach', [{ ...wishFor(HUB), topics: undefined }]],
    ['attach', [{ ...wishFor(HUB), settledClaims: [5] }]],
    ['setVisibility', ['prerender']],
    ['setVisibility', []],
    ['nextReport', []],
    ['nextReport', ['1', 0]],
    ['nextReport', [1, NaN]],
    ['hubMetrics', ['/hubs/ops']],
    ['nextAlerts', [HUB]],
    ['nextAlerts', [HUB, -1]],
    ['nextAlerts', [7, 0]],
    ['reconnectNow', [{}]],
    ['refreshTokenNow', ['']],
    ['becomePrimary', [null]],
  ])('of %s %j is refused with a code, and changes nothing', async (name, args) => {
    const { session, acts, core, tab } = await joined();
    const answer = await run(session, name, args);
    const reply = replyOf(name, answer);
    expect(reply).toMatchObject({
      ok: false,
      error: { code: 'message-invalid', detail: expect.any(String) as string },
    });
    for (const spy of [core.hubFor, core.setParking, core.detached, core.changed, ...acts])
      expect(spy).not.toHaveBeenCalled();
    expect(tab.parking).toBeNull();
    expect(tab.visibility).toBe('visible');
    await expect(session.online()).resolves.toMatchObject({ ok: true });
  });

  it('of join is refused, and the port may join after it', async () => {
    const { session } = setUp();
    await expect(session.join({ tabId: 'a' } as Hello, remote)).resolves.toMatchObject({
      ok: false,
      error: { code: 'message-invalid' },
    });
    await expect(session.join(helloOf(), remote)).resolves.toMatchObject({ ok: true });
  });
});

describe('a hub that this tab does not use', () => {
  it.each<[Name, readonly unknown[]]>([
    ['subscribe', [OTHER, 'metric']],
    ['unsubscribe', [OTHER, 'metric']],
    ['invoke', [{ ...call, hub: OTHER }]],
    ['send', [{ ...call, hub: OTHER }]],
    ['stream', [{ ...call, hub: OTHER }]],
    ['joinTopic', [OTHER, 'metric', 'cpu']],
    ['claim', [OTHER, 'alarm-1']],
    ['confirmClaim', [OTHER, 'alarm-1']],
    ['reconnectNow', [OTHER]],
    ['refreshTokenNow', [OTHER]],
    ['becomePrimary', [OTHER]],
    ['invoke', [{ ...call, hub: 'https://elsewhere.test/' }]],
  ])('is out of its reach (%s)', async (name, args) => {
    const { session, ofOthers, core } = await joined();
    const answer = await run(session, name, args);
    const reply = replyOf(name, answer);
    expect(reply).toMatchObject({ ok: false, error: { code: 'not-connected' } });
    expect(ofOthers.link.reconnect).not.toHaveBeenCalled();
    for (const spy of [ofOthers.joinTopic, ofOthers.claims.claim, ofOthers.claims.confirm])
      expect(spy).not.toHaveBeenCalled();
    expect(core.refreshToken).not.toHaveBeenCalled();
  });

  it('may be detached from, for that is no error', async () => {
    const { session } = await joined();
    await expect(session.detach('https://elsewhere.test/')).resolves.toMatchObject({ ok: true });
  });

  it('is looked after when this tab lets it go, also while its connection closes', async () => {
    const { session, hub, core, tab } = await joined();
    hub.detach.mockReturnValue(new Promise(() => undefined));
    void session.detach(HUB);
    await Promise.resolve();
    expect(core.detached).toHaveBeenCalledWith(tab);
  });
});

describe('attach', () => {
  it('answers with what is in force otherwise than the tab asked', async () => {
    const { session, hub } = await joined();
    const differences = [{ setting: 'serverTimeoutMs', inForce: '7000', asked: '9000' }] as const;
    hub.differences.mockReturnValue([...differences]);
    await expect(session.attach(wishFor(HUB))).resolves.toEqual({ ok: true, value: { differences } });
    expect(hub.attach).toHaveBeenCalledTimes(1);
  });

  it('answers that there is no difference when there is none', async () => {
    const { session } = await joined();
    await expect(session.attach(wishFor(HUB))).resolves.toEqual({ ok: true, value: { differences: [] } });
  });
});

describe('what comes for a hub that the worker does not have', () => {
  it.each<[Name, readonly unknown[]]>([
    ['cancelStream', ['https://elsewhere.test/', 'id-1']],
    ['leaveTopic', ['https://elsewhere.test/', 'metric', 'cpu']],
    ['upload', [{ ...piece, hub: 'https://elsewhere.test/' }]],
  ])('is late, and no error (%s)', async (name, args) => {
    const { session, hub, ofOthers } = await joined();
    await expect(run(session, name, args)).resolves.toEqual({ ok: true, value: undefined });
    for (const spy of [hub.cancelStream, hub.upload, hub.leaveTopic, ofOthers.cancelStream, ofOthers.upload])
      expect(spy).not.toHaveBeenCalled();
  });
});

describe('an answer to a question', () => {
  it('is given to every hub: only one of them has asked', async () => {
    const { session, hub, ofOthers, tab } = await joined();
    await session.answer('1.1', { kind: 'result', value: 'Ada' });
    for (const spy of [hub.answer, ofOthers.answer])
      expect(spy).toHaveBeenCalledWith(tab, '1.1', { kind: 'result', value: 'Ada' });
  });
});

describe('a tab', () => {
  it('that is hidden is told to its hubs, and wakes none', async () => {
    const { session, hub, tab } = await joined();
    await session.setVisibility('hidden');
    expect(tab.visibility).toBe('hidden');
    expect(hub.tabChanged).toHaveBeenCalledTimes(1);
    expect(hub.link.wake).not.toHaveBeenCalled();
  });

  it('that is shown wakes its own hubs, and no others', async () => {
    const { session, hub, ofOthers } = await joined();
    await session.setVisibility('visible');
    expect(hub.link.wake).toHaveBeenCalledTimes(1);
    expect(ofOthers.link.wake).not.toHaveBeenCalled();
  });

  it.each(['cached', 'frozen', 'hidden'] as const)('that is %s is given nothing until it is back', async (how) => {
    const { session, part, tab, hub } = await joined();
    void session.park(how);
    await quiet();
    expect(tab.parking).toBe(how);
    tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    await quiet();
    expect(part.frames).toEqual([]);
    await session.unpark();
    await quiet();
    expect(tab.parking).toBeNull();
    expect(part.events()).toEqual([[1]]);
    expect(hub.tabChanged).toHaveBeenCalledTimes(2);
  });

  it('that finds the network back retries every hub that is used', async () => {
    const { session, hub, ofOthers } = await joined();
    ofOthers.tabIds = [];
    await session.online();
    expect(hub.link.retryNow).toHaveBeenCalledTimes(1);
    expect(ofOthers.link.retryNow).not.toHaveBeenCalled();
  });

  it('that asks twice for a report is told that the first question was replaced', async () => {
    const { session, core } = await joined();
    core.nextReport.mockResolvedValue(null);
    await expect(session.nextReport(1, 0)).resolves.toMatchObject({ ok: false, error: { code: 'stopped' } });
    core.nextAlerts.mockResolvedValue(null);
    await expect(session.nextAlerts(HUB, 0)).resolves.toMatchObject({ ok: false, error: { code: 'stopped' } });
  });
});

describe('a topic', () => {
  it('is joined with the key as it was given, and settles with what the hub makes of it', async () => {
    const { session, hub, tab } = await joined();
    await expect(session.joinTopic(HUB, 'metric', 5)).resolves.toEqual({
      after: 3,
      reply: { ok: true, value: { retain: 'last', declaration: null } },
    });
    expect(hub.joinTopic).toHaveBeenCalledWith(tab, 'metric', 5);
    await session.leaveTopic(HUB, 'metric', 5);
    expect(hub.leaveTopic).toHaveBeenCalledWith(tab, 'metric', 5);
  });
});

describe('a claim', () => {
  it('is answered with the offer, and its confirmation with whether it was in time', async () => {
    const { session, hub, tab } = await joined();
    await expect(session.claim(HUB, 'alarm-1')).resolves.toEqual({ ok: true, value: 'offered' });
    expect(hub.claims.claim).toHaveBeenCalledWith(tab, 'alarm-1');
    hub.claims.confirm.mockReturnValue(false);
    await expect(session.confirmClaim(HUB, 'alarm-1')).resolves.toEqual({ ok: true, value: false });
  });
});

describe('a page that is cached or frozen', () => {
  it.each(['cached', 'frozen'] as const)('and %s is not even answered until it is back', async (how) => {
    const { session, hub, part } = await joined();
    let settle = (_: unknown): void => undefined;
    hub.invoke.mockReturnValue(new Promise((resolve) => (settle = resolve as typeof settle)));
    const answers: string[] = [];
    void session.invoke(call).then(() => answers.push('invoke'));
    void session.park(how).then(() => answers.push('park'));
    await quiet();
    settle({ after: 3, reply: { ok: true, value: 'done' } });
    part.tab.accept('id-2');
    await quiet();
    expect(answers).toEqual([]);
    expect(part.frames).toEqual([]);
    await expect(session.unpark()).resolves.toMatchObject({ ok: true });
    await quiet();
    expect(answers.sort()).toEqual(['invoke', 'park']);
    expect(part.accepted).toEqual(['id-2']);
  });

  it('leaves nothing waiting when it dies', async () => {
    const { session, tab } = await joined();
    const parked = session.park('cached');
    await quiet();
    tab.end();
    await expect(parked).resolves.toMatchObject({ ok: true });
  });
});

it('answers a page that is hidden and parked at once: it runs', async () => {
  const { session, part } = await joined();
  await expect(session.park('hidden')).resolves.toMatchObject({ ok: true });
  await expect(session.invoke(call)).resolves.toMatchObject({ reply: { ok: true } });
  part.tab.accept('id-2');
  expect(part.accepted).toEqual(['id-2']);
});

describe('a tab that is back', () => {
  it('is told of each of its hubs how much was dropped meanwhile, in place of gaps', async () => {
    const part = new PartTab('a', { limits: { maxQueuedEntries: 2 } });
    const { core, ofOthers } = setUp();
    const session = createTabSession({ ...core, admit: () => part.tab });
    await session.join(helloOf(), remote);
    ofOthers.tabIds = ['a', 'b'];
    void session.park('frozen');
    await quiet();
    for (let n = 1; n <= 5; n += 1) part.tab.deliver(encodeEvent(1, 'metric', [n]), HUB);
    await expect(session.unpark()).resolves.toEqual({
      ok: true,
      value: [
        { hub: HUB, dropped: 3, fencedBy: null },
        { hub: OTHER, dropped: 0, fencedBy: null },
      ],
    });
    await quiet();
    expect(part.told.map((told) => (told.kind === 'event' ? told.args : told.kind))).toEqual([[4], [5]]);
  });

  it('is not told of hubs that it does not use', async () => {
    const { session } = await joined();
    await expect(session.unpark()).resolves.toEqual({ ok: true, value: [{ hub: HUB, dropped: 0, fencedBy: null }] });
  });
});

describe('what goes wrong in the worker', () => {
  it('reaches the caller as it is when it has a code', async () => {
    const { session, core } = await joined();
    core.refreshToken.mockRejectedValue(new HubshareError(wireError('token-unavailable', 'no network', {})));
    await expect(session.refreshTokenNow(HUB)).resolves.toEqual({
      ok: false,
      error: { code: 'token-unavailable', message: 'no network' },
    });
  });

  it('reaches the caller with a code also when it has none', async () => {
    const { session, core } = await joined();
    core.signOut.mockRejectedValue(new TypeError('x is undefined'));
    const reply = await session.signOut();
    expect(reply).toMatchObject({ ok: false });
    expect(!reply.ok && reply.error.code).toBe('worker-failed');
  });
});

describe('limits', () => {
  it('refuse a second join that comes before the first is answered', async () => {
    const { core, session } = setUp();
    const replies = await Promise.all([session.join(helloOf(), remote), session.join(helloOf(), remote)]);
    expect(replies).toMatchObject([{ ok: true }, { ok: false, error: { code: 'message-invalid' } }]);
    expect(core.admit).toHaveBeenCalledTimes(1);
  });

  it('let a port join after a join that was refused by the registry', async () => {
    const { core, session } = setUp();
    core.admit.mockImplementationOnce(() => {
      throw new HubshareError(wireError('limit-reached', 'too many', { limit: 'pages', most: 1 }));
    });
    await expect(session.join(helloOf(), remote)).resolves.toMatchObject({ error: { code: 'limit-reached' } });
    await expect(session.join(helloOf(), remote)).resolves.toMatchObject({ ok: true });
  });

  it('end the number of hubs of one tab, and not the change of one that it has', async () => {
    const { session, core, hub } = await joined();
    const many = Array.from({ length: MAX_HUBS_OF_TAB }, (_, n) => ({ ...hub, url: `https://h.test/hubs/${n}` }));
    core.hubs = () => many.values() as unknown as ReturnType<typeof core.hubs>;
    const reply = await session.attach(wishFor('https://h.test/hubs/one-more'));
    expect(reply).toMatchObject({ ok: false, error: { code: 'limit-reached', most: MAX_HUBS_OF_TAB } });
    expect(core.hubFor).not.toHaveBeenCalled();
    await expect(session.attach(wishFor('https://h.test/hubs/0'))).resolves.toMatchObject({ ok: true });
  });

  it('end the number of calls that are not answered, for all kinds of calls, until one is', async () => {
    const { session, hub } = await joined();
    let settle: (() => void) | undefined;
    hub.invoke.mockImplementationOnce(
      () => new Promise((resolve) => (settle = () => resolve({ after: 0, reply: { ok: true, value: 'done' } }))),
    );
    const first = session.invoke(call);
    hub.invoke.mockImplementation(() => new Promise(() => undefined));
    for (let n = 1; n < MAX_OPEN_CALLS_OF_TAB; n += 1) void session.invoke({ ...call, callId: `id-${n}` });
    const error = { code: 'limit-reached', most: MAX_OPEN_CALLS_OF_TAB };
    await expect(session.invoke({ ...call, callId: 'one-more' })).resolves.toMatchObject({ reply: { error } });
    await expect(session.claim(HUB, 'alarm')).resolves.toMatchObject({ ok: false, error });
    expect(hub.claims.claim).not.toHaveBeenCalled();
    settle?.();
    await first;
    await expect(session.claim(HUB, 'alarm')).resolves.toMatchObject({ ok: true });
  });

  it('are told at once to a page that says that it is frozen and goes on asking', async () => {
    const { session, tab } = await joined();
    tab.setParking('frozen');
    for (let n = 0; n < MAX_OPEN_CALLS_OF_TAB; n += 1) void session.setVisibility('hidden');
    await expect(session.setVisibility('hidden')).resolves.toMatchObject({ error: { code: 'limit-reached' } });
  });
});
