import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FetchRequest } from '../src/contract/fetch.js';
import type { FetchedToken, TokenSource } from './auth/token-source.js';
import { createCoordinator, type Coordinator } from './coordinator.js';
import type { ServeHubsOptions } from './serve-options.js';
import { FakeClock } from './testing/fake-clock.js';
import { FakeHubs } from './testing/fake-hub.js';
import { FakeLocks } from './testing/fake-locks.js';
import { FakeTab } from './testing/fake-tab.js';
import { requestFor } from './testing/fetch-request.js';
import { quiet, until } from './testing/settle.js';

let hubs = new FakeHubs();

vi.mock('./hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';
const jwt = (sub: string, n: number): string => `h.${btoa(JSON.stringify({ sub, n })).replaceAll('=', '')}.s`;

interface Sent {
  readonly url: string;
  readonly token: string | null;
  readonly signal: AbortSignal;
  answer(response: Response): void;
}

let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];
let sent: Sent[];
/** Who is signed in at the issuer. */
let user: string;
let source: TokenSource & {
  fetches: number;
  forgets: number;
  note: (text: string) => void;
  mayGive: (token: string) => boolean;
};

beforeEach(() => {
  origin = new FakeLocks();
  clock = new FakeClock(1_000);
  tabs = [];
  sent = [];
  hubs = new FakeHubs();
  user = 'ann';
  source = {
    kind: 'endpoint',
    url: 'https://app.test/auth/refresh',
    fetches: 0,
    forgets: 0,
    note: () => undefined,
    mayGive: () => true,
    fetch: async (): Promise<FetchedToken> => ({ token: jwt(user, (source.fetches += 1)), expiresInSeconds: 3_600 }),
    async forget() {
      source.forgets += 1;
    },
    onNote: (listener) => (source.note = listener),
    onStored: (mayGive) => (source.mayGive = mayGive),
  };
  vi.stubGlobal(
    'fetch',
    (url: string, init: RequestInit) =>
      new Promise<Response>((resolve, reject) => {
        const signal = init.signal!;
        signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
        sent.push({ url, token: new Headers(init.headers).get('Authorization'), signal, answer: resolve });
      }),
  );
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
  vi.unstubAllGlobals();
});

function startWorker(options: ServeHubsOptions = {}): Coordinator {
  return createCoordinator(
    { accessToken: source, fetchOrigins: ['https://app.test'], ...options },
    {
      clock,
      locks: origin.client('worker'),
      random: () => 0,
      randomId: () => 'boot-1',
      nextTask: (run) => setTimeout(run),
    },
  );
}

async function openTab(worker: Coordinator, id: string): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  expect(await tab.join()).toMatchObject({ ok: true });
  return tab;
}

async function liveTab(worker: Coordinator, id: string, identity: string | null = null): Promise<FakeTab> {
  const tab = await openTab(worker, id);
  expect(await tab.attach(OPS, { identity })).toMatchObject({ ok: true });
  await tab.reaches(OPS, 'live');
  return tab;
}

let requests = 0;
const request = (more: Partial<FetchRequest> = {}): FetchRequest =>
  requestFor({ hub: OPS, requestId: `request-${(requests += 1)}`, ...more });

describe('authorizedFetch over a port', () => {
  it('brings the answer with its bytes, and not the token', async () => {
    const tab = await liveTab(startWorker(), 'a');
    const answer = tab.api.authorizedFetch(request());
    (await until(() => sent[0])).answer(new Response('hello', { headers: { 'X-Kind': 'a' } }));
    const reply = await answer;
    if (!reply.ok) throw new Error(reply.error.message);
    expect(new TextDecoder().decode(reply.value.body!)).toBe('hello');
    expect(reply.value.headers).toContainEqual(['x-kind', 'a']);
    expect(sent[0]?.token).toBe(`Bearer ${jwt('ann', 1)}`);
    expect(JSON.stringify(reply)).not.toContain(jwt('ann', 1));
  });

  it.each<[string, () => unknown, string]>([
    ['a message that is none', () => ({ ...request(), headers: 'x' }), 'message-invalid'],
    ['the token endpoint', () => request({ url: 'https://app.test/auth/refresh' }), 'fetch-refused'],
    ['a hub that the app has declared', () => request({ url: 'https://app.test/hubs/chat?id=1' }), 'fetch-refused'],
    ['a hub that is open', () => request({ url: OPS }), 'fetch-refused'],
    ['another origin', () => request({ url: 'https://evil.test/' }), 'fetch-refused'],
    ['a hub that the tab does not have', () => request({ hub: 'https://app.test/hubs/chat' }), 'not-connected'],
  ])('refuses %s', async (_, message, code) => {
    const tab = await liveTab(startWorker({ hubs: { 'https://app.test/hubs/chat': {} } }), 'a');
    expect(await tab.api.authorizedFetch(message() as FetchRequest)).toMatchObject({ ok: false, error: { code } });
    expect(sent).toEqual([]);
  });

  it('is not for a tab that only knows the name of the hub of another', async () => {
    const worker = startWorker();
    await liveTab(worker, 'a');
    const other = await openTab(worker, 'b');
    expect(await other.api.authorizedFetch(request())).toMatchObject({ ok: false, error: { code: 'not-connected' } });
    expect(sent).toEqual([]);
  });

  it('SR-3: has no token for an anonymous hub', async () => {
    const worker = createCoordinator(
      { fetchOrigins: ['https://app.test'] },
      {
        clock,
        locks: origin.client('worker'),
        random: () => 0,
        randomId: () => 'b',
        nextTask: (run) => setTimeout(run),
      },
    );
    const tab = await liveTab(worker, 'a');
    expect(await tab.api.authorizedFetch(request())).toMatchObject({ ok: false, error: { code: 'token-unavailable' } });
    expect(sent).toEqual([]);
  });

  it('ends by abortFetch of the tab that asked, and of no other', async () => {
    const worker = startWorker();
    const [a, b] = [await liveTab(worker, 'a'), await liveTab(worker, 'b')];
    const answer = a.api.authorizedFetch(request({ requestId: 'mine' }));
    const { signal } = await until(() => sent[0]);
    expect(await b.api.abortFetch('mine')).toEqual({ ok: true, value: undefined });
    expect(signal.aborted).toBe(false);
    await a.api.abortFetch('mine');
    expect(await answer).toMatchObject({ ok: false, error: { code: 'stopped' } });
    expect(signal.aborted).toBe(true);
  });

  it('a sign-out in one tab ends the requests of all', async () => {
    const worker = startWorker();
    const [a, b] = [await liveTab(worker, 'a'), await liveTab(worker, 'b')];
    const answer = b.api.authorizedFetch(request());
    const { signal } = await until(() => sent[0]);
    await a.api.signOut();
    expect(await answer).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(signal.aborted).toBe(true);
  });

  it('a token of another user ends the requests of the one before', async () => {
    const tab = await liveTab(startWorker(), 'a');
    const answer = tab.api.authorizedFetch(request());
    const { signal } = await until(() => sent[0]);
    user = 'bob';
    await tab.api.refreshTokenNow(OPS);
    expect(await answer).toMatchObject({ ok: false, error: { code: 'identity-changed' } });
    expect(signal.aborted).toBe(true);
  });

  it('a refusal is in the journal, without the query', async () => {
    const tab = await liveTab(startWorker(), 'a');
    await tab.api.authorizedFetch(request({ url: 'https://evil.test/?hush=1' }));
    const reply = await tab.api.nextReport(0, 0);
    const notes = reply.ok ? reply.value.journal.filter(({ code }) => code === 'fetch-refused') : [];
    expect(notes).toEqual([expect.objectContaining({ kind: 'token', text: expect.stringContaining('app.test only') })]);
    expect(JSON.stringify(notes)).not.toContain('hush');
  });
});

describe('what the source has stored', () => {
  it('is forgotten at sign-out before that is answered, also by a tab that has no hub', async () => {
    const tab = await openTab(startWorker(), 'a');
    let done: () => void = () => undefined;
    source.forget = () => {
      source.forgets += 1;
      return new Promise((resolve) => (done = resolve));
    };
    let answered = false;
    const signingOut = tab.api.signOut().then(() => (answered = true));
    await until(() => source.forgets === 1);
    await quiet();
    expect(answered).toBe(false);
    done();
    await signingOut;
  });

  it('stays when the last tab goes, though the token in memory is forgotten', async () => {
    const tab = await liveTab(startWorker(), 'a');
    await tab.api.detach(OPS);
    await quiet();
    expect(source.forgets).toBe(0);
    await tab.attach(OPS);
    await tab.reaches(OPS, 'live');
    expect(source.fetches).toBe(2);
  });

  it('may be given if it is of the user that the pages show', async () => {
    const worker = startWorker();
    expect(source.mayGive(jwt('bob', 1)), 'nobody says who').toBe(true);
    await liveTab(worker, 'a', 'ann');
    expect([jwt('ann', 9), jwt('bob', 9), 'opaque'].map((token) => source.mayGive(token))).toEqual([true, false, true]);
  });

  it('or could not be stored is told in the journal', async () => {
    const tab = await liveTab(startWorker(), 'a');
    source.note('kept in memory only');
    const reply = await tab.api.nextReport(0, 0);
    expect(reply.ok && reply.value.journal.at(-1)).toMatchObject({ kind: 'token', text: 'kept in memory only' });
  });
});
