/** What a script of the same origin gets that speaks to the worker by hand: the list of what it might try, each with its answer. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TokenSource } from '../auth/token-source.js';
import { createCoordinator, type Coordinator } from '../coordinator.js';
import { MAX_PORTS_BEFORE_JOIN } from '../limits.js';
import type { ServeHubsOptions } from '../serve-options.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHubs, type FakeHub } from '../testing/fake-hub.js';
import { FakeLocks } from '../testing/fake-locks.js';
import { FakeTab } from '../testing/fake-tab.js';
import { quiet, until } from '../testing/settle.js';

let hubs = new FakeHubs();

vi.mock('../hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';
const ELSEWHERE = 'https://evil.test/hubs/ops';

let origin: FakeLocks;
let tabs: FakeTab[];
let fetches: number;

beforeEach(() => {
  origin = new FakeLocks();
  tabs = [];
  fetches = 0;
  hubs = new FakeHubs();
  vi.stubGlobal('location', { href: 'https://app.test/assets/worker.js' });
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
  vi.unstubAllGlobals();
});

const TOKEN = 'the-token-of-the-worker';

const ENDPOINT: TokenSource = {
  kind: 'endpoint',
  fetch: () => {
    fetches += 1;
    return Promise.resolve({ token: TOKEN, expiresInSeconds: 3_600 });
  },
};

/** @param source - `null`: tokens come from pages. */
function startWorker(options: ServeHubsOptions = {}, source: TokenSource | null = ENDPOINT): Coordinator {
  return createCoordinator(
    { maxSpacingMs: 0, ...(source === null ? {} : { accessToken: source }), ...options },
    {
      clock: new FakeClock(1_000),
      locks: origin.client('worker'),
      random: () => 0,
      randomId: () => 'boot-1',
      nextTask: (run) => setTimeout(run),
    },
  );
}

function newTab(worker: Coordinator, id: string): FakeTab {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  return tab;
}

async function openTab(worker: Coordinator, id: string): Promise<FakeTab> {
  const tab = newTab(worker, id);
  expect(await tab.join()).toMatchObject({ ok: true });
  return tab;
}

const ops = (): FakeHub => hubs.at(OPS);

describe('the token of the worker', () => {
  it('goes to no hub of another origin that a page names, and nothing is opened there', async () => {
    const intruder = await openTab(startWorker(), 'intruder');
    const reply = await intruder.attach(ELSEWHERE);
    expect(reply).toMatchObject({ ok: false, error: { code: 'hub-not-allowed', origin: 'https://evil.test' } });
    await quiet();
    expect(hubs.opened).toEqual([]);
    expect(fetches).toBe(0);
  });

  it.each<[string, ServeHubsOptions, string]>([
    ['of its own origin', {}, OPS],
    ['that serveHubs() names', { hubs: { [ELSEWHERE]: {} } }, `${ELSEWHERE}?tenant=1`],
    ['of an origin that may get it', { fetchOrigins: ['https://evil.test'] }, ELSEWHERE],
  ])('goes to a hub %s', async (_, options, hub) => {
    const tab = await openTab(startWorker(options), 'a');
    expect(await tab.attach(hub)).toMatchObject({ ok: true });
    await tab.reaches(hub, 'live');
  });

  it('is not there, so any hub may be opened, where pages bring tokens of their own', async () => {
    const tab = await openTab(startWorker({}, null), 'a');
    expect(await tab.attach(ELSEWHERE)).toMatchObject({ ok: true });
    await tab.reaches(ELSEWHERE, 'live');
    expect(fetches).toBe(0);
  });
});

describe('another tab', () => {
  async function both(): Promise<{ innocent: FakeTab; intruder: FakeTab }> {
    const worker = startWorker();
    const [innocent, intruder] = [await openTab(worker, 'innocent'), await openTab(worker, 'intruder')];
    for (const tab of [innocent, intruder]) {
      await tab.attach(OPS);
      await tab.reaches(OPS, 'live');
    }
    return { innocent, intruder };
  }

  it('keeps its stream when a port cancels it by its id, and gets its items alone', async () => {
    const { innocent, intruder } = await both();
    const call = innocent.call(OPS, 'Counter', 3);
    const outcome = innocent.api.stream(call);
    const stream = await until(() => ops().streams[0]);
    expect(await intruder.api.cancelStream(OPS, call.callId)).toMatchObject({ ok: true });
    expect(stream.cancelled).toBe(false);
    await stream.emit(0, 1);
    await stream.complete();
    await outcome;
    await until(() => innocent.items(call.callId).length === 2);
    expect(intruder.items(call.callId)).toEqual([]);
    expect(JSON.stringify(intruder.frames)).not.toContain(call.callId);
  });

  it('keeps its upload to itself: a piece under the id of its call goes nowhere', async () => {
    const { innocent, intruder } = await both();
    const call = { ...innocent.call(OPS, 'Upload'), uploads: 1 };
    void innocent.api.send(call);
    await until(() => innocent.accepted.includes(call.callId));
    const piece = { hub: OPS, callId: call.callId, stream: 0, items: ['forged'], end: null };
    expect(await intruder.api.upload(piece)).toMatchObject({ ok: false, error: { code: 'not-connected' } });
    expect(await innocent.api.upload({ ...piece, items: ['own'] })).toMatchObject({ ok: true });
  });

  it('answers the question that it took: the answer of another port is not heard', async () => {
    const worker = startWorker();
    const innocent = await openTab(worker, 'innocent');
    innocent.take = () => ({ ok: true, value: true });
    await innocent.attach(OPS, { methods: ['confirm'] });
    await innocent.reaches(OPS, 'live');
    const intruder = await openTab(worker, 'intruder');
    await intruder.attach(OPS);
    const answer = ops().ask('confirm');
    const question = await until(() => innocent.questions[0]);
    await intruder.answer(question.questionId, { kind: 'result', value: 'forged' });
    await innocent.answer(question.questionId, { kind: 'result', value: 'own' });
    await expect(answer).resolves.toBe('own');
  });

  it('is not replaced by a port that joins under its id or its lock', async () => {
    const worker = startWorker();
    const innocent = await openTab(worker, 'innocent');
    await innocent.attach(OPS, { methods: ['metric'] });
    await innocent.reaches(OPS, 'live');
    const refused = { ok: false, error: { code: 'message-invalid' } };
    expect(await newTab(worker, 'thief-1').join({ tabId: 'innocent' })).toMatchObject(refused);
    expect(await newTab(worker, 'thief-2').join({ tabLock: innocent.tabLock })).toMatchObject(refused);
    expect(await newTab(worker, 'thief-3').join({ tabLock: 'hubshare:worker:boot-1' })).toMatchObject(refused);
    ops().socket.emit('metric', [1]);
    await until(() => innocent.events().length === 1);
  });
});

describe('no answer and no frame', () => {
  it('holds the token, whatever a port asks for', async () => {
    const worker = startWorker();
    const intruder = await openTab(worker, 'intruder');
    await intruder.attach(OPS, { wantsLog: true, methods: ['metric'] });
    await intruder.reaches(OPS, 'live');
    const answers = [
      await intruder.api.nextReport(-1, 0),
      await intruder.api.refreshTokenNow(OPS),
      await intruder.api.becomePrimary(OPS),
      await intruder.api.reconnectNow(OPS),
    ];
    expect(fetches).toBeGreaterThan(0);
    expect(JSON.stringify([answers, intruder.frames])).not.toContain(TOKEN);
  });
});

describe('ports that knock and do not join', () => {
  it('are let go, oldest first; a page that joins is not among them', async () => {
    const worker = startWorker();
    const early = await openTab(worker, 'early');
    const silent = newTab(worker, 'silent');
    for (let n = 0; n < MAX_PORTS_BEFORE_JOIN; n += 1) newTab(worker, `knock-${n}`);
    const closed = new Promise((resolve) => {
      // Node tells the other end; browsers mostly do not.
      silent.control.addEventListener('close', resolve);
    });
    await closed;
    expect(await early.attach(OPS)).toMatchObject({ ok: true });
    const late = await openTab(worker, 'late');
    expect(await late.attach(OPS)).toMatchObject({ ok: true });
  });
});

it('refuses what belongs to a hub that the port is not attached to', async () => {
  const worker = startWorker();
  const innocent = await openTab(worker, 'innocent');
  await innocent.attach(OPS);
  await innocent.reaches(OPS, 'live');
  const intruder = await openTab(worker, 'intruder');
  const none = { ok: false, error: { code: 'not-connected' } };
  expect((await intruder.api.invoke(intruder.call(OPS, 'Add', 1))).reply).toMatchObject(none);
  expect(await intruder.api.subscribe(OPS, 'metric')).toMatchObject(none);
  expect(await intruder.api.claim(OPS, 'alarm')).toMatchObject(none);
  expect(await intruder.api.reconnectNow(OPS)).toMatchObject(none);
  expect(await intruder.api.becomePrimary(OPS)).toMatchObject(none);
  expect(ops().invocations).toEqual([]);
});
