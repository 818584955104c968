/** `authorizedFetch`: an app's own API with the worker's token, which no page ever holds. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { killWorker } from './fault/kill-worker.js';
import type { TestHub } from './fixtures/hub.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';
import { API } from './fixtures/wiretap.js';
import type { Outcome } from './harness/tab-api.js';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly token: string;
  readonly body: string;
  readonly outgoing: ServerResponse;
  /** The client went before the answer. */
  readonly isLeft: () => boolean;
}

/** The app's own server: notes what it was asked, and answers as the test says; without that, not at all. */
function serve(hub: TestHub, answer: (asked: Asked, before: readonly Asked[]) => void = () => undefined): Asked[] {
  const all: Asked[] = [];
  hub.wire.serveApi((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = [];
    let left = false;
    outgoing.on('close', () => {
      left = !outgoing.writableFinished;
    });
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const body = Buffer.concat(chunks).toString();
      const asked = {
        method,
        url,
        token: headers.authorization?.replace(/^Bearer /, '') ?? '',
        body,
        outgoing,
        isLeft: () => left,
      };
      const before = [...all];
      all.push(asked);
      answer(asked, before);
    });
  });
  return all;
}

const fetchFrom = (tab: Tab, url: string, init?: RequestInit): Promise<Outcome> =>
  tab.page.evaluate(([to, how]) => window.tab.fetching.fetch(to, how), [url, init] as const);

const begin = (tab: Tab, name: string, url: string): Promise<void> =>
  tab.page.evaluate(([call, to]) => window.tab.fetching.begin(call, to), [name, url] as const);

async function reachesServer(all: readonly Asked[]): Promise<Asked> {
  await expect.poll(() => all.length, often).toBe(1);
  return all[0]!;
}

withEachTokenSource(() => {
  test('tabs call the API of the app, and no page has the token', async ({ hub, connectTabs }) => {
    const all = serve(hub, ({ outgoing, body }) => {
      outgoing.writeHead(201, 'Made', { 'Content-Type': 'application/json', 'X-Kind': 'incident' });
      outgoing.end(JSON.stringify({ got: body }));
    });
    const tabs = await connectTabs(2);
    const asked = await Promise.all(tabs.map((tab) => tab.tokenCalls()));
    for (const tab of tabs) {
      const outcome = await fetchFrom(tab, `${API}incidents?page=2`, { method: 'POST', body: 'über' });
      expect(outcome).toMatchObject({
        ok: true,
        value: {
          status: 201,
          url: `${hub.url}${API}incidents?page=2`,
          headers: { 'content-type': 'application/json', 'x-kind': 'incident' },
          text: '{"got":"über"}',
        },
      });
    }
    expect(all.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(2).fill(`POST ${API}incidents?page=2`));
    expect(all.every(({ token }) => token !== '' && hub.wire.tokens.has(token))).toBe(true);
    // No tab was asked for a token for the sake of it.
    expect(await Promise.all(tabs.map((tab) => tab.tokenCalls()))).toEqual(asked);
  });

  test('after a 401 the token is refreshed once, and the request is sent once more', async ({ hub, connectTabs }) => {
    const all = serve(hub, ({ token, outgoing }, before) => {
      const isOld = before.every((other) => other.token === token);
      outgoing.writeHead(isOld ? 401 : 200).end(isOld ? 'no' : 'yes');
    });
    const [tab] = await connectTabs(1);
    const { refreshes } = await hub.counts();
    expect(await fetchFrom(tab!, `${API}me`, { method: 'PUT', body: 'once' })).toMatchObject({
      ok: true,
      value: { status: 200, text: 'yes' },
    });
    expect(all.map(({ method, body }) => `${method} ${body}`)).toEqual(['PUT once', 'PUT once']);
    expect(new Set(all.map(({ token }) => token)).size).toBe(2);
    expect((await hub.counts()).refreshes).toBe(refreshes + 1);
    expect(await tab!.lifecycle(), 'the hub has heard nothing of it').toEqual([]);
  });

  test('sign-out ends what is on its way, and its answer is not delivered', async ({ hub, connectTabs }) => {
    const all = serve(hub);
    const [one, two] = await connectTabs(2);
    await begin(two!, 'late', `${API}slow`);
    const asked = await reachesServer(all);
    expect(await one!.signOut()).toMatchObject({ ok: true });
    await expect.poll(() => two!.outcomeOf('late'), often).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    await expect.poll(() => asked.isLeft(), often).toBe(true);
  });
});

test('abort is as with fetch, and the server is told', async ({ hub, connectTabs }) => {
  const all = serve(hub);
  const [tab] = await connectTabs(1);
  await begin(tab!, 'aborted', `${API}slow`);
  const asked = await reachesServer(all);
  await tab!.page.evaluate(() => window.tab.fetching.abort('aborted'));
  await expect
    .poll(() => tab!.outcomeOf('aborted'), often)
    .toMatchObject({ ok: false, error: { name: 'AbortError', code: null } });
  await expect.poll(() => asked.isLeft(), often).toBe(true);
});

test('a tab that goes takes its requests with it, and no others', async ({ hub, connectTabs }) => {
  const all = serve(hub);
  const [one, two] = await connectTabs(2);
  await begin(two!, 'of-a-tab-that-goes', `${API}one`);
  const asked = await reachesServer(all);
  await begin(one!, 'stays', `${API}two`);
  await expect.poll(() => all.length, often).toBe(2);
  await two!.close();
  await expect.poll(() => asked.isLeft(), often).toBe(true);
  expect(all[1]!.isLeft()).toBe(false);
  all[1]!.outgoing.end('here');
  await expect.poll(() => one!.outcomeOf('stays'), often).toMatchObject({ ok: true, value: { text: 'here' } });
});

test('the token follows no redirect', async ({ hub, connectTabs }) => {
  const all = serve(hub, ({ url, outgoing }) => {
    if (url.endsWith('/here')) outgoing.writeHead(307, { Location: `${API}there` }).end();
    else outgoing.end('there');
  });
  const [tab] = await connectTabs(1);
  expect(await fetchFrom(tab!, `${API}here`)).toMatchObject({
    ok: false,
    error: { code: 'fetch-failed', message: expect.stringMatching(/redirect/) },
  });
  expect(all).toHaveLength(1);
});

test('an answer that quotes the token is not passed on', async ({ hub, connectTabs }) => {
  serve(hub, ({ token, outgoing }) => outgoing.end(`you sent ${token}`));
  const [tab] = await connectTabs(1);
  expect(await fetchFrom(tab!, `${API}echo`)).toMatchObject({ ok: false, error: { code: 'fetch-refused' } });
});

test('what must not get the token is not even asked', async ({ hub, connectTabs }) => {
  const all = serve(hub, ({ outgoing }) => outgoing.end('hello'));
  const [tab] = await connectTabs(1);
  const { refreshes } = await hub.counts();
  const lines = hub.wire.requestLines.length;
  const wrong: [string, RequestInit?][] = [
    // The same machine under another name is another origin.
    [`${hub.url.replace('127.0.0.1', 'localhost')}${API}me`],
    ['/auth/refresh', { method: 'POST' }],
    ['/AUTH/%72efresh/', { method: 'POST' }],
    ['/hubs/ops/negotiate?negotiateVersion=1', { method: 'POST' }],
    ['/hubs/ops?id=1'],
    ['/hubs/elsewhere/negotiate', { method: 'POST' }],
    [`${API}me`, { headers: { Authorization: 'Basic YW5uOmh1c2g=' } }],
    [`${API}me?token=1`],
    [`${API}me`, { method: 'TRACE' }],
  ];
  for (const [url, init] of wrong) {
    expect(await fetchFrom(tab!, url, init), url).toMatchObject({ ok: false, error: { code: 'fetch-refused' } });
  }
  expect(all).toEqual([]);
  expect(hub.wire.requestLines.slice(lines).filter((line) => !line.includes('/admin/'))).toEqual([]);
  expect((await hub.counts()).refreshes).toBe(refreshes);
});

test.describe('when the worker dies', () => {
  test.use({ killsWorkers: true });

  test('the request is not sent again by itself', async ({ hub, connectTabs, workerWatch }) => {
    const all = serve(hub);
    const [tab] = await connectTabs(1);
    await begin(tab!, 'lost', `${API}slow`);
    await reachesServer(all);
    await killWorker(tab!.page, workerWatch);
    await expect.poll(() => tab!.outcomeOf('lost'), often).toMatchObject({ ok: false, error: { code: 'worker-lost' } });
    await tab!.isConnected();
    expect(all).toHaveLength(1);
  });
});
