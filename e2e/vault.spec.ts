/** The vault: tokens that outlive the worker, encrypted, wiped at sign-out, and spent once though two workers share them. */
import { readPage } from './fixtures/page-reading.js';
import { findSecrets } from './fixtures/secrets.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

/** Each record in IndexedDB as text, byte for byte; keys of Web Crypto by what can be seen of them. */
async function dump(tab: Tab): Promise<readonly string[]> {
  const { stored } = await readPage(tab.page, { worker: false, origin: true });
  return stored.filter((line) => line.startsWith('IndexedDB ') && line.includes(': '));
}

/** The records that hold tokens. */
const full = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.includes('"tokens":null'));

async function bootId(tab: Tab): Promise<string> {
  return (await tab.report()).bootId;
}

test('a reload of the only tab asks for no token while the one that is kept is good', async ({ hub, openTab }) => {
  const tab = await openTab({ worker: 'vault' });
  await tab.connect();
  const before = await bootId(tab);
  const { tokensIssued } = await hub.counts();
  for (let n = 0; n < 3; n += 1) {
    await tab.reload();
    await tab.connect();
  }
  expect(await bootId(tab), 'it is another worker').not.toBe(before);
  expect((await hub.counts()).tokensIssued).toBe(tokensIssued);
  expect(await tab.invoke('Echo', 'still me')).toEqual({ ok: true, value: 'still me' });
});

test('without a vault each reload asks for one', async ({ hub, openTab }) => {
  const tab = await openTab({ worker: 'endpoint' });
  await tab.connect();
  const { tokensIssued } = await hub.counts();
  await tab.reload();
  await tab.connect();
  expect((await hub.counts()).tokensIssued).toBe(tokensIssued + 1);
  expect(await dump(tab)).toEqual([]);
});

test('what is stored can be read by nobody, and is gone after sign-out', async ({ hub, openTab, signIn }) => {
  const tab = await openTab({ worker: 'vault' });
  await tab.connect();
  const stored = await dump(tab);
  expect(full(stored), 'there is something to search').toHaveLength(1);
  expect(stored.join()).toContain('extractable: false');
  expect(findSecrets(hub.wire.tokens, [{ name: 'IndexedDB', lines: stored }])).toEqual([]);

  expect(await tab.signOut()).toMatchObject({ ok: true });
  expect(full(await dump(tab))).toEqual([]);
  const { tokensIssued } = await hub.counts();
  await signIn('bob');
  await tab.reload();
  await tab.connect();
  await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });
  // The sign-in, and the worker's own.
  expect((await hub.counts()).tokensIssued).toBe(tokensIssued + 2);
  expect(full(await dump(tab))).toHaveLength(1);
});

test('a record that was altered is dropped, and a new token is asked for', async ({ hub, openTab }) => {
  const tab = await openTab({ worker: 'vault' });
  await tab.connect();
  const { tokensIssued } = await hub.counts();
  await tab.page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('hubshare-vault');
        opening.onsuccess = () => {
          const store = opening.result.transaction('records', 'readwrite').objectStore('records');
          const cursor = store.openCursor();
          cursor.onsuccess = () => {
            const found = cursor.result;
            if (!found) {
              reject(new Error('there is no record'));
              return;
            }
            const record = found.value as { tokens: { data: ArrayBuffer } };
            // Another byte for sure: encrypted bytes are random, and any fixed one stands there already once in 256 times.
            const bytes = new Uint8Array(record.tokens.data);
            bytes[0] = ~bytes[0]!;
            found.update(record);
          };
          store.transaction.oncomplete = () => {
            opening.result.close();
            resolve();
          };
          store.transaction.onabort = () => reject(new Error('it could not be altered'));
        };
      }),
  );
  await tab.reload();
  await tab.connect();
  expect((await hub.counts()).tokensIssued).toBe(tokensIssued + 1);
  expect(await tab.invoke('Echo', 'on')).toEqual({ ok: true, value: 'on' });
});

test('two workers of two builds refresh ten times, and spend each refresh token once', async ({ hub, openTab }) => {
  const tabs = [await openTab({ worker: 'vault' }), await openTab({ worker: 'vault-next' })];
  for (const tab of tabs) await tab.connect();
  const boots = await Promise.all(tabs.map(bootId));
  expect(new Set(boots).size, 'two workers').toBe(2);
  expect((await hub.counts()).refreshes, 'the second one found the token of the first').toBe(1);

  for (let n = 1; n <= 10; n += 1) {
    const outcomes = await Promise.all(tabs.map((tab) => tab.refreshTokenNow()));
    expect(outcomes).toEqual(Array(2).fill({ ok: true, value: null }));
    expect(await hub.counts()).toMatchObject({ refreshes: 1 + n, refreshesRefused: 0 });
    const prints = await Promise.all(tabs.map(fingerprintIn));
    expect(new Set(prints).size, 'both have the same token').toBe(1);
  }
  for (const tab of tabs) {
    expect(await tab.lifecycle()).toEqual([]);
    expect(await tab.invoke('Echo', 'on')).toEqual({ ok: true, value: 'on' });
  }
});

async function fingerprintIn(tab: Tab): Promise<string> {
  let print: string | null = null;
  await expect
    .poll(async () => {
      const [hub] = (await tab.report()).hubs;
      print = hub?.token.fingerprint ?? null;
      return print;
    }, often)
    .not.toBeNull();
  return print!;
}

test('a token that was kept for another user than the page shows is not used', async ({ hub, openTab, signIn }) => {
  const ann = await openTab({ worker: 'vault', identity: 'ann' });
  await ann.connect();
  // Without a word to hubshare: the app has its own ways, and this page is gone before it could say so.
  await ann.close();
  await signIn('bob');
  const bob = await openTab({ worker: 'vault', identity: 'bob' });
  await bob.connect();
  await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });
  expect(full(await dump(bob))).toHaveLength(1);
});
