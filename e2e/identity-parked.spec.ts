/** A page that was frozen or cached while its user signed out, or another one came: it sees nothing of the user before when it is back. */
import {
  comeBack,
  expect,
  freeze,
  goElsewhere,
  LIFECYCLE_NEEDS_CHROMIUM,
  show,
  test,
  thaw,
} from './fixtures/lifecycle-browser.js';
import { toldSince } from './fixtures/loss.js';
import { isSeenParked } from './fixtures/seen-by.js';
import { often, type Tab } from './fixtures/tab.js';

test.skip(({ browserName }) => browserName !== 'chromium', LIFECYCLE_NEEDS_CHROMIUM);

test('a frozen tab that is thawed after another user has come sees nothing of the old one', async ({
  hub,
  openTab,
  connectTabs,
  signIn,
}) => {
  const [reader, frozen] = (await connectTabs(2, { worker: 'topics', identity: 'ann' })) as [Tab, Tab];
  await frozen.join('test.a');
  const frozenId = await frozen.tabId();
  await show(reader);
  const { from } = await hub.admin.startSequence({ count: 0, everyMs: 1 });
  await frozen.hasReceived(from + 10);
  await hub.admin.delay('calls', 60_000);
  await frozen.begin('late', 'Echo', 'of ann');
  await expect.poll(async () => (await hub.counts()).held, often).toBe(1);
  await freeze(frozen);
  await isSeenParked(reader, frozenId, 'frozen');
  await hub.admin.delay('calls', 0);
  await hub.admin.emitMetric('test.a', 7);

  await signIn('bob');
  const next = await openTab({ worker: 'topics', asksPage: false, identity: 'bob' });
  await next.connect();
  await show(next);
  await thaw(frozen);

  await expect
    .poll(() => frozen.lifecycle(), often)
    .toMatchObject([{ type: 'closed', error: { code: 'identity-changed' } }]);
  expect(await frozen.outcomeOf('late')).toMatchObject({ ok: false, error: { code: 'identity-changed' } });
  await hub.admin.stopSequence();
  const since = await toldSince(frozen, 'resume');
  expect(
    since.filter(({ type }) => type !== 'page'),
    'no event, no value, no word of what it missed',
  ).toEqual([]);
  expect(await frozen.valuesOf('test.a')).toEqual([]);
  expect(await next.lifecycle()).toEqual([]);
});

test('a page that comes out of the back/forward cache after a sign-out sees nothing of its user', async ({
  hub,
  connectTabs,
}) => {
  const [reader, cached] = (await connectTabs(2)) as [Tab, Tab];
  const { from } = await hub.admin.startSequence({ count: 0, everyMs: 1 });
  await cached.hasReceived(from + 10);
  await goElsewhere(cached);
  await reader.hasReceived((await hub.admin.lastOfSequence()) + 50);
  expect(await reader.signOut()).toMatchObject({ ok: true });

  expect(await comeBack(cached)).toBe(true);
  await expect.poll(() => cached.lifecycle(), often).toMatchObject([{ type: 'closed', error: { code: 'signed-out' } }]);
  const since = await toldSince(cached, 'pageshow-cached');
  expect(since).toEqual([]);
  await hub.admin.stopSequence();
});

test('a page of another user that comes while the one before is cached does not get its connection, though neither says whom it shows', async ({
  hub,
  openTab,
  connectTabs,
  signIn,
}) => {
  const [cached] = (await connectTabs(1)) as [Tab];
  await hub.admin.startSequence({ count: 0, everyMs: 1 });
  await cached.hasReceived(10);
  await goElsewhere(cached);
  await signIn('bob');
  const next = await openTab();
  await next.connect();
  await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });

  expect(await comeBack(cached)).toBe(true);
  await expect
    .poll(() => cached.lifecycle(), often)
    .toMatchObject([{ type: 'closed', error: { code: 'identity-changed' } }]);
  expect(await toldSince(cached, 'pageshow-cached')).toEqual([]);
  expect(await next.lifecycle()).toEqual([]);
  await hub.admin.stopSequence();
});
