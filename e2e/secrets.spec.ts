/** The search for tokens runs after every test; here it is shown that it finds what it looks for, in each place. */
import { randomBytes } from 'node:crypto';
import { OUT_OF_SIGHT, PLACES, type Place } from './fixtures/readable.js';
import { findSecrets, hideSecrets } from './fixtures/secrets.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test, type Fixtures } from './fixtures/test.js';

/** A token that is none: written so that no source of this repository holds one. */
function madeUpToken(): { readonly token: string; readonly parts: readonly string[] } {
  const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const parts = [base64url({ alg: 'HS256' }), base64url({ sub: 'ann' }), randomBytes(24).toString('base64url')];
  return { token: parts.join('.'), parts };
}

test('the search finds a token, each part of it, and the parameter name', () => {
  const { token, parts } = madeUpToken();
  const found = (line: string): boolean => findSecrets([token], [{ name: 'a log', lines: ['one', line] }]).length > 0;
  for (const needle of [token, ...parts, 'access_token', `bearer.${madeUpToken().token}`]) {
    expect(found(`GET /hubs/ops?id=1&x=${needle} 200`), needle).toBe(true);
  }
  expect(found('GET /hubs/ops?id=a1eyJb2 200')).toBe(false);
});

test('the search reports a leak without leaking', () => {
  const token = 'header-of-it.payload-of-it.signature-of-it';
  const leaks = findSecrets([token], [{ name: 'a log', lines: [`token ${token} used`] }]);
  expect(leaks.length).toBeGreaterThan(0);
  expect(JSON.stringify(leaks)).not.toMatch(/header-of-it|payload-of-it|signature-of-it/);
});

test('what is hidden in a report are tokens and their parts, also one that is not known', () => {
  const { token, parts } = madeUpToken();
  const text = [token, ...parts, madeUpToken().token, 'plain words'].join(' | ');
  const hidden = hideSecrets([token], text);
  expect(hidden).toContain('plain words');
  for (const part of parts) expect(hidden).not.toContain(part);
  expect(hidden).not.toContain('eyJ');
});

test('every place is searched, and what pages and workers say really arrives there (SEC-1, SEC-7 E-004)', async ({
  openTab,
  hub,
  readable,
  browserName,
}) => {
  const tab = await openTab({ panel: true });
  await tab.connect();
  await tab.page.evaluate(() => {
    console.log('a line of the page');
  });
  const arrives: Readonly<Record<Place, string>> = {
    'the access log of the hub': '/hubs/ops/negotiate',
    'what the hub has said': hub.kind === 'node' ? '"connected"' : 'hub listening on',
    'the URLs on the wire': '/hubs/ops/negotiate',
    'the URLs that the pages requested': '/harness/tab.html',
    'the console of the pages': 'a line of the page',
    'the URLs that the worker requested': '/hubs/ops',
    // SignalR logs at Trace.
    'the console of the worker': 'WebSocket connected',
    'snapshots, errors and journal': '"journal"',
    'the figures as hubshare/otlp exports them': 'hubshare.connection.connects',
    'what the pages show, with the state panel': 'data-boot-id',
    'cookies and storage': 'cookies',
  };
  const notThere = async (): Promise<readonly Place[]> =>
    (await readable())
      .filter(({ name, lines }) => !lines.some((line) => line.includes(arrives[name])))
      .map(({ name }) => name);
  await expect.poll(notThere, often).toEqual(outOfSight(browserName));
  // Sign-in, the worker's first refresh, and the refresh cookies of both.
  expect(hub.wire.tokens.size).toBeGreaterThanOrEqual(4);
});

test('a token that stands in any of the places is found there, also in a page that the test has closed', async ({
  openTab,
  signIn,
  hub,
  readable,
  browserName,
}) => {
  const { plant, places, notFound } = planting(readable, browserName);
  await signIn(plant('a user who is turned away', 'what the hub has said'));
  const tab = await openTab({ panel: true });
  await tab.connect();
  expect(await tab.invoke('GetUserReport', 'somebody else')).toMatchObject({ ok: false });
  const url = plant('a URL', 'the access log of the hub', 'the URLs on the wire', 'the URLs that the pages requested');
  await tab.page.evaluate((path) => fetch(path).then(() => null), `/${url}`);
  const path = plant('a hub', 'the URLs that the worker requested', 'the console of the worker');
  expect(
    await tab.page.evaluate((hubPath) => window.tab.traffic.startHub(hubPath), `/hubs/${path}`),
    'there is no such hub',
  ).toMatchObject({ ok: false });
  await plantInPage(tab, 'an open page', plant);
  const other = await openTab();
  await other.connect();
  await plantInPage(other, 'a closed page', plant);
  await other.close();
  // The worker has made it, and people are shown it.
  const { bootId } = await tab.report();
  plant.known('the name of the worker’s start', bootId, [
    'snapshots, errors and journal',
    'the figures as hubshare/otlp exports them',
    'what the pages show, with the state panel',
  ]);

  expect(places(), 'something was put into each place').toEqual(new Set(PLACES));
  await expect.poll(notFound, often).toEqual([]);
  expect(hub.wire.tokens.size).toBeGreaterThan(0);
});

test('a token that stands in the last page, or in what its origin has stored, is found when that is closed too', async ({
  openTab,
  readable,
  browserName,
}) => {
  const { plant, notFound } = planting(readable, browserName);
  const tab = await openTab();
  await tab.connect();
  await plantInPage(tab, 'the last page', plant);
  await tab.close();
  await expect.poll(notFound, often).toEqual([]);
});

test.describe.serial('a test that fails', () => {
  let reported = '';
  let tokens: readonly string[] = [];

  test.describe('by a token', () => {
    test.afterAll(({}, testInfo) => {
      reported = JSON.stringify(testInfo.errors);
    });

    test('would quote it (it fails on purpose)', async ({ hub, openTab }) => {
      test.fail(true, 'it fails on purpose, so that there is a report to look at');
      await (await openTab()).connect();
      tokens = [...hub.wire.tokens];
      expect(tokens).toEqual(['none']);
    });
  });

  test('has a report without it', () => {
    expect(tokens.length).toBeGreaterThan(0);
    expect(findSecrets(tokens, [{ name: 'the errors of the test', lines: [reported] }])).toEqual([]);
    expect(reported.includes('█'), 'it says that something was hidden').toBe(true);
  });
});

function outOfSight(browserName: string): readonly Place[] {
  const hidden = OUT_OF_SIGHT[browserName] ?? {};
  return PLACES.filter((place) => hidden[place] !== undefined);
}

/** Makes words to be put somewhere, and tells which of them the search does not find where they were put. */
function planting(readable: Fixtures['readable'], browserName: string) {
  const planted: { readonly what: string; readonly place: Place; readonly word: string }[] = [];

  function known(what: string, word: string, places: readonly Place[]): void {
    for (const place of places) planted.push({ what, place, word });
  }

  function make(what: string, ...places: readonly Place[]): string {
    // A word that stands nowhere by itself.
    const word = `mark${randomBytes(12).toString('hex')}`;
    known(what, word, places);
    return word;
  }

  return {
    plant: Object.assign(make, { known }),
    places: () => new Set(planted.map(({ place }) => place)),
    async notFound(): Promise<readonly string[]> {
      const sources = await readable();
      const hidden = outOfSight(browserName);
      return planted
        .filter(({ place }) => !hidden.includes(place))
        .filter(({ place, word }) => !findSecrets([word], sources).some(({ source }) => source === place))
        .map(({ what, place }) => `${what} in ${place}`);
    },
  };
}

/** Puts a word of its own into all that a page can hold. */
async function plantInPage(tab: Tab, where: string, make: (what: string, place: Place) => string): Promise<void> {
  const plant = (what: string, place: Place): string => make(`${what} of ${where}`, place);
  const answer = plant('the answer of a call', 'snapshots, errors and journal');
  await tab.begin('planted', 'Echo', answer);
  await expect.poll(() => tab.outcomeOf('planted'), often).toEqual({ ok: true, value: answer });
  const words = {
    line: plant('a line', 'the console of the pages'),
    attribute: plant('an attribute', 'what the pages show, with the state panel'),
    text: plant('a text in a shadow root', 'what the pages show, with the state panel'),
    field: plant('a field', 'what the pages show, with the state panel'),
    cookieName: plant('the name of a cookie', 'cookies and storage'),
    cookie: plant('a cookie', 'cookies and storage'),
    localName: plant('a name in localStorage', 'cookies and storage'),
    local: plant('a value in localStorage', 'cookies and storage'),
    sessionName: plant('a name in sessionStorage', 'cookies and storage'),
    session: plant('a value in sessionStorage', 'cookies and storage'),
    database: plant('the name of a database', 'cookies and storage'),
    key: plant('a key in a database', 'cookies and storage'),
    value: plant('a value in a database', 'cookies and storage'),
    bytes: plant('bytes in a database', 'cookies and storage'),
    cache: plant('the name of a cache', 'cookies and storage'),
    cached: plant('an answer in a cache', 'cookies and storage'),
    header: plant('a header in a cache', 'cookies and storage'),
  };
  await tab.page.evaluate(async (word) => {
    console.log('planted', word.line);
    const element = document.createElement('div');
    element.setAttribute('data-planted', word.attribute);
    element.attachShadow({ mode: 'open' }).append(word.text);
    const field = document.createElement('input');
    field.value = word.field;
    document.body.append(element, field);
    document.cookie = `${word.cookieName}=${word.cookie}`;
    localStorage.setItem(word.localName, word.local);
    sessionStorage.setItem(word.sessionName, word.session);
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(word.database, 1);
      opening.onupgradeneeded = () => {
        const records = opening.result.createObjectStore('records');
        records.put({ deep: [word.value] }, word.key);
        records.put(new TextEncoder().encode(word.bytes), 'bytes');
      };
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error ?? new Error('IndexedDB failed'));
    });
    database.close();
    const cache = await caches.open(word.cache);
    await cache.put('/planted', new Response(word.cached, { headers: { 'X-Planted': word.header } }));
  }, words);
}
