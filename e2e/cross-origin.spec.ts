/**
 * A hub, an API and a token endpoint of another origin than the page's, as browsers have it: with preflights, CORS and the policy of the
 * worker's script. What reached the other origin is read from the wire in front of it.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BrowserContext } from 'playwright/test';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type TabOptions, type TestHub } from './fixtures/test.js';
import { API } from './fixtures/wiretap.js';
import type { Outcome } from './harness/tab-api.js';
import { defaultWorkerSettings, type WorkerSettings } from './harness/worker-settings.js';

const transports = { WebSockets: 1, ServerSentEvents: 2, LongPolling: 4 } as const;

test.use({ elsewhere: 'listed' });

/** The other origin of this test. */
function elsewhereOf({ elsewhere }: TestHub) {
  if (elsewhere === null) throw new Error('this test has no other origin');
  return { ...elsewhere, hubUrl: `${elsewhere.url}/hubs/ops` };
}

/** A tab of a worker that has the token itself and is told what to do with it. */
const told = (settings: Partial<WorkerSettings>, more: TabOptions = {}): TabOptions => ({
  worker: 'told',
  workerSettings: { ...defaultWorkerSettings, ...settings },
  ...more,
});

const isPreflight = (line: string): boolean => line.startsWith('OPTIONS ');

/** Nothing of the hub was asked at the page's own origin. */
const hubLinesAtHome = ({ wire }: TestHub): readonly string[] =>
  wire.requestLines.filter((line) => / \/hubs\//.test(line));

/** Events come to each tab in order, calls go out from each, and the hub has one connection for all of them. */
async function worksInAll(hub: TestHub, tabs: readonly Tab[]): Promise<void> {
  const { to } = await hub.admin.startSequence({ count: 200, everyMs: 5 });
  for (const [n, tab] of tabs.entries()) expect(await tab.invoke('Echo', n)).toEqual({ ok: true, value: n });
  for (const tab of tabs) {
    await tab.hasUnbrokenSequenceTo(to);
    expect(await tab.resyncs()).toEqual([]);
  }
  expect(await hub.counts()).toMatchObject({ connections: 1, negotiates: 1, authFailures: 0, tokensInUrl: 0 });
}

for (const [name, transport] of Object.entries(transports)) {
  test(`two tabs share one connection to a hub of another origin over ${name}, with the token of the worker`, async ({
    hub,
    connectTabs,
  }) => {
    const { url, hubUrl, wire } = elsewhereOf(hub);
    // By its name, or by that of its origin.
    const settings = name === 'ServerSentEvents' ? { fetchOrigins: [url] } : { hubs: [hubUrl] };
    // The ASP.NET Core hub takes a new token in its own way.
    if (hub.kind === 'node') await hub.admin.reauth('endpoint');
    const tabs = await connectTabs(2, told(settings, { hub: hubUrl, transport }));
    await worksInAll(hub, tabs);
    expect(((await tabs[0]?.report())?.hubs ?? []).map((each) => each.transport)).toEqual([name]);
    expect((await hub.counts()).refreshes).toBe(1);
    expect(hubLinesAtHome(hub)).toEqual([]);
    expect(wire.requestLines.some(isPreflight), 'the browser has asked first').toBe(true);
    expect([...wire.bearers].toSorted()).toEqual(
      name === 'WebSockets' ? ['authorization', 'subprotocol'] : ['authorization'],
    );

    expect(await tabs[1]?.refreshTokenNow()).toEqual({ ok: true, value: null });
    for (const tab of tabs) {
      expect(await tab.invoke('Echo', 'with the next token')).toEqual({ ok: true, value: 'with the next token' });
      expect(await tab.lifecycle(), 'the connection went on').toEqual([]);
    }
    expect(await hub.counts()).toMatchObject({ connectionsTotal: 1, refreshes: 2, authFailures: 0 });
    if (hub.kind === 'node')
      expect(wire.requestLines.filter((line) => line.startsWith('POST /hubs/ops/refresh?'))).toHaveLength(1);
  });
}

test.describe('with tokens from the tabs', () => {
  test.use({ tokens: 'tab' });

  test('two tabs share one connection to a hub of another origin, which no worker has to name', async ({
    hub,
    connectTabs,
  }) => {
    const { hubUrl, wire } = elsewhereOf(hub);
    const tabs = await connectTabs(2, { hub: hubUrl, retryDelaysMs: [0, 50, 100] });
    await worksInAll(hub, tabs);
    expect((await Promise.all(tabs.map((tab) => tab.tokenCalls()))).toSorted()).toEqual([0, 1]);
    expect(hubLinesAtHome(hub)).toEqual([]);
    expect([...wire.bearers].toSorted()).toEqual(['authorization', 'subprotocol']);

    await hub.admin.cut('close-reconnect');
    for (const tab of tabs) {
      await expect
        .poll(() => tab.lifecycle(), often)
        .toMatchObject([{ type: 'reconnecting' }, { type: 'reconnected' }]);
      expect(await tab.invoke('Echo', 'again')).toEqual({ ok: true, value: 'again' });
    }
    expect(hubLinesAtHome(hub)).toEqual([]);
  });
});

test('a negotiate that points to another origin with a token for it needs no naming, and the user’s own token stays away', async ({
  hub,
  connectTabs,
}) => {
  test.skip(hub.kind !== 'node', 'the redirecting endpoint is a part of the Node hub');
  const { wire } = elsewhereOf(hub);
  const tabs = await connectTabs(2, told({}, { hub: '/hubs/redirected', transport: transports.ServerSentEvents }));
  await worksInAll(hub, tabs);
  // The service takes no other token than the one that was handed over, and would have counted another as a failure.
  expect(await hub.counts()).toMatchObject({ redirects: 1, authFailures: 0 });
  expect(wire.requestLines.filter((line) => !/ \/hubs\/service[/?]/.test(line))).toEqual([]);
  expect([...wire.bearers]).toEqual(['authorization']);
  expect(hubLinesAtHome(hub)).toEqual(['POST /hubs/redirected/negotiate?negotiateVersion=1&useStatefulReconnect=true']);
});

test('a hub of another origin that the worker does not name is not asked, and the page is told what to do', async ({
  hub,
  openTab,
}) => {
  const { url, hubUrl, wire } = elsewhereOf(hub);
  const tab = await openTab(told({ hubs: ['/hubs/ops'] }, { hub: hubUrl }));
  expect(await tab.start()).toMatchObject({ ok: false, error: { code: 'hub-not-allowed' } });
  const refused = await tab.start();
  expect(refused).toMatchObject({ ok: false, error: { code: 'hub-not-allowed' } });
  for (const word of [url, 'serveHubs({ hubs })']) expect(JSON.stringify(refused)).toContain(word);

  // The worker has taken no harm, and has a token all the while.
  await tab.connectTo('/hubs/ops');
  expect(await tab.invokeOn('/hubs/ops', 'Echo', 'home')).toEqual({ ok: true, value: 'home' });
  expect(wire.requestLines).toEqual([]);
  expect([...wire.bearers]).toEqual([]);
});

interface Asked {
  readonly line: string;
  readonly token: string | null;
}

const tokenOf = ({ headers }: IncomingMessage): string | null => headers.authorization?.replace(/^Bearer /, '') ?? null;

/** What a server of another origin says so that pages of this one may ask. */
function allow(outgoing: ServerResponse, origin: string): void {
  outgoing.setHeader('Access-Control-Allow-Origin', origin);
  outgoing.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, Accept');
  outgoing.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT');
}

/** An API at the other origin that knows CORS under `open`, only its preflights under `half`, and nothing of it elsewhere. */
function serveApi(hub: TestHub): readonly Asked[] {
  const all: Asked[] = [];
  elsewhereOf(hub).wire.serveApi((incoming, outgoing) => {
    const { method = '', url = '' } = incoming;
    all.push({ line: `${method} ${url}`, token: tokenOf(incoming) });
    const asksFirst = method === 'OPTIONS';
    if (url.startsWith(`${API}open`) || (asksFirst && url.startsWith(`${API}half`))) allow(outgoing, hub.url);
    outgoing.writeHead(asksFirst ? 204 : 200).end(asksFirst ? undefined : 'from elsewhere');
  });
  return all;
}

const fetchFrom = (tab: Tab, url: string, init?: RequestInit): Promise<Outcome> =>
  tab.page.evaluate(([to, how]) => window.tab.fetching.fetch(to, how), [url, init] as const);

test('authorizedFetch takes the token to an origin that is allowed, to no other, and says when CORS is in the way', async ({
  hub,
  openTab,
}) => {
  const { url } = elsewhereOf(hub);
  const all = serveApi(hub);
  const tab = await openTab(told({ fetchOrigins: [url] }));
  const other = await openTab(told({}, { worker: 'told-next' }));
  for (const each of [tab, other]) await each.connect();

  expect(await fetchFrom(other, `${url}${API}open`)).toMatchObject({
    ok: false,
    error: { code: 'fetch-refused', message: expect.stringContaining('fetchOrigins') },
  });
  expect(all).toEqual([]);

  expect(await fetchFrom(tab, `${url}${API}open`, { method: 'PUT', body: 'x' })).toMatchObject({
    ok: true,
    value: { status: 200, url: `${url}${API}open`, text: 'from elsewhere' },
  });
  expect(all).toMatchObject([
    { line: `OPTIONS ${API}open`, token: null },
    { line: `PUT ${API}open`, token: expect.any(String) },
  ]);
  expect(hub.wire.tokens.has(all[1]?.token ?? ''), 'it is a token of the hub').toBe(true);

  const failed = {
    ok: false,
    error: { code: 'fetch-failed', message: expect.stringMatching(new RegExp(`${url}.*CORS`)) },
  };
  expect(await fetchFrom(tab, `${url}${API}mute`)).toMatchObject(failed);
  expect(await fetchFrom(tab, `${url}${API}half`)).toMatchObject(failed);
  const since = all.slice(2);
  expect(since.map(({ line }) => line)).toEqual([`OPTIONS ${API}mute`, `OPTIONS ${API}half`, `GET ${API}half`]);
  expect(since.map(({ token }) => token !== null)).toEqual([false, false, true]);
  // Both hubs are at home, and their connections have heard nothing of it.
  for (const each of [tab, other]) expect(await each.lifecycle()).toEqual([]);
});

/** A cookie of the machine, such as a load balancer's: browsers send it to each of its ports. */
async function setCookie(context: BrowserContext, hub: TestHub): Promise<void> {
  await context.addCookies([{ name: 'affinity', value: 'node-a', url: hub.url }]);
}

/** Method and path of what was asked from here on, and what of it came with a cookie; each kind once. A preflight may be remembered. */
function listenAt(hub: TestHub) {
  const { requestLines, cookieLines } = elsewhereOf(hub).wire;
  const from = { requests: requestLines.length, cookies: cookieLines.length };
  const kinds = (lines: readonly string[]): readonly string[] =>
    [...new Set(lines.filter((line) => !isPreflight(line)).map((line) => line.replace(/\?.*/, '')))].toSorted();
  return () => ({
    asked: kinds(requestLines.slice(from.requests)),
    withCookie: kinds(cookieLines.slice(from.cookies)),
  });
}

for (const withCredentials of [true, false]) {
  test(`withCredentials: ${withCredentials} sends cookies to another origin just when SignalR's own client does`, async ({
    hub,
    openTab,
    context,
  }) => {
    const { hubUrl } = elsewhereOf(hub);
    await setCookie(context, hub);
    const transport = transports.LongPolling;
    const tab = await openTab(told({ hubs: [hubUrl] }, { hub: hubUrl, transport, withCredentials }));

    const byPlain = listenAt(hub);
    expect(await tab.invokeWithPlainSignalR('Echo', 'plain')).toEqual({ ok: true, value: 'plain' });
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);
    const plain = byPlain();
    const byShared = listenAt(hub);
    await tab.connect();
    expect(await tab.invoke('Echo', 'shared')).toEqual({ ok: true, value: 'shared' });
    // At once, and with the same goodbye as the other's `stop()`.
    expect(await tab.signOut()).toMatchObject({ ok: true });
    await expect.poll(byShared, often).toEqual(plain);
    expect(plain.asked).toContain('POST /hubs/ops/negotiate');
    expect(plain.withCookie).toEqual(withCredentials ? plain.asked : []);
  });
}

test('a refresh token in the body, at an endpoint of another origin, is spent once though two workers share it', async ({
  hub,
  openTab,
}) => {
  const { url, hubUrl, wire } = elsewhereOf(hub);
  const endpoint = `${API}token`;
  const issuer = { begun: 0, spent: 0, refused: 0, current: '' };
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    allow(outgoing, hub.url);
    if (incoming.method === 'OPTIONS') return void outgoing.writeHead(204).end();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { begin, refreshToken } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly begin?: true;
      readonly refreshToken?: string;
    };
    if (begin !== true && refreshToken !== issuer.current) {
      issuer.refused += 1;
      return void outgoing.writeHead(401).end();
    }
    if (begin === true) issuer.begun += 1;
    else issuer.spent += 1;
    issuer.current = randomUUID();
    wire.keepSecret(issuer.current);
    const signedIn = await fetch(`${hub.url}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'ann' }),
    });
    const { accessToken, expiresIn } = (await signedIn.json()) as { accessToken: string; expiresIn: number };
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify({ accessToken, expiresIn, refreshToken: issuer.current }));
  }
  wire.serveApi((incoming, outgoing) => void answer(incoming, outgoing));

  const settings = { bodyEndpoint: url + endpoint, hubs: [hubUrl], fetchOrigins: [url] };
  const tab = await openTab(told(settings, { hub: hubUrl }));
  const next = await openTab(told(settings, { hub: hubUrl, worker: 'told-next' }));
  for (const each of [tab, next]) await each.connect();
  expect(issuer, 'the second worker found what the first one has').toMatchObject({ begun: 1, spent: 0, refused: 0 });
  for (let n = 1; n <= 5; n += 1) {
    const outcomes = await Promise.all([tab, next].map((each) => each.refreshTokenNow()));
    expect(outcomes).toEqual(Array(2).fill({ ok: true, value: null }));
    expect(issuer).toMatchObject({ begun: 1, spent: n, refused: 0 });
  }
  // A new worker, for it was the only tab of the old one.
  await tab.reload();
  await tab.connect();
  expect(await tab.refreshTokenNow()).toEqual({ ok: true, value: null });
  expect(issuer).toMatchObject({ begun: 1, spent: 6, refused: 0 });
  expect(await tab.invoke('Echo', 'on')).toEqual({ ok: true, value: 'on' });

  expect(await fetchFrom(tab, url + endpoint, { method: 'POST', body: '{"begin":true}' })).toMatchObject({
    ok: false,
    error: { code: 'fetch-refused' },
  });
  expect(wire.cookieLines.filter((line) => line.includes(endpoint))).toEqual([]);
  expect(hubLinesAtHome(hub)).toEqual([]);
});

test.describe('where the policy of the worker does not name the other origin', () => {
  test.use({ elsewhere: 'not-in-policy' });

  test('nothing gets there, and both errors name what to look at', async ({ hub, openTab }) => {
    const { url, hubUrl, wire } = elsewhereOf(hub);
    const tab = await openTab(told({ hubs: [hubUrl], fetchOrigins: [url] }, { hub: hubUrl, retryDelaysMs: [0] }));
    expect(await tab.start()).toMatchObject({
      ok: false,
      error: { code: 'hub-unreachable', message: expect.stringMatching(/CORS.*connect-src/) },
    });
    // One that goes on trying, so that it has the hub while it asks.
    const waiting = await openTab(
      told({ hubs: [hubUrl], fetchOrigins: [url] }, { hub: hubUrl, retryDelaysMs: [600_000] }),
    );
    await waiting.beginStart();
    // Until it is admitted there is no worker that it could ask.
    await expect(async () => {
      expect((await waiting.report()).hubs.map(({ phase }) => phase)).toEqual(['waiting']);
    }).toPass(often);
    expect(await fetchFrom(waiting, `${url}${API}open`)).toMatchObject({
      ok: false,
      error: { code: 'fetch-failed', message: expect.stringContaining('connect-src') },
    });
    expect(wire.requestLines).toEqual([]);
    expect([...wire.bearers]).toEqual([]);
  });
});
