/** Sign-out and another user: nothing of the user before is delivered, answered or shown, and the pages that show that user are told. */
import { writeParameters } from './harness/parameters.js';
import type { Lifecycle } from './harness/tab-api.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';

/** Signs out and says how many events the page had been given when it did, and how many when that was done. */
function signOutCounting(tab: Tab): Promise<{ readonly atCall: number; readonly after: number; readonly ok: boolean }> {
  return tab.page.evaluate(async () => {
    const signedOut = window.tab.signOut();
    const atCall = window.tab.received.length;
    const { ok } = await signedOut;
    return { atCall, after: window.tab.received.length, ok };
  });
}

async function isClosedWith(tab: Tab, code: string): Promise<void> {
  await expect.poll(async () => codesOf(await tab.lifecycle()), often).toEqual([code]);
  expect((await tab.view()).state).toBe('Disconnected');
}

function codesOf(lifecycle: readonly Lifecycle[]): (string | null)[] {
  return lifecycle.map((told) => (told.type === 'closed' ? (told.error?.code ?? null) : told.type));
}

withEachTokenSource(() => {
  test('sign-out under a stream of events: none comes after it, in any tab, and the next user has a connection of its own', async ({
    hub,
    connectTabs,
    signIn,
  }) => {
    const tabs = (await connectTabs(3, { events: ['note'] })) as [Tab, Tab, Tab];
    const [first, ...others] = tabs;
    await hub.admin.startSequence({ count: 0, everyMs: 4 });
    await Promise.all(tabs.map((tab) => tab.hasReceived(100)));

    const counted = await signOutCounting(first);
    expect(counted.ok).toBe(true);
    expect(counted.after, 'nothing in the tab that signs out, from the call on').toBe(counted.atCall);
    const before = await Promise.all(tabs.map(async (tab) => (await tab.sequence()).count));
    for (const tab of others)
      expect(codesOf(await tab.lifecycle()), 'told before the sign-out is done').toEqual(['signed-out']);
    await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);
    await hub.admin.stopSequence();

    await signIn('bob');
    await Promise.all(tabs.map((tab) => tab.connect()));
    await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });
    expect(await hub.admin.emit('note', ['for ann'], 'ann')).toBe(0);
    expect(await hub.admin.emit('note', ['for bob'], 'bob')).toBe(1);
    for (const tab of tabs) await expect.poll(() => tab.eventsNamed('note'), often).toEqual([['for bob']]);
    expect(await Promise.all(tabs.map(async (tab) => (await tab.sequence()).count))).toEqual(before);
  });

  test('what was asked before a sign-out in another tab is answered with it, and late answers of the hub go nowhere', async ({
    hub,
    connectTabs,
    signIn,
  }) => {
    const [asking, other] = (await connectTabs(2)) as [Tab, Tab];
    await hub.admin.delay('calls', 60_000);
    await asking.begin('late', 'Echo', 'of ann');
    await expect.poll(async () => (await hub.counts()).held, often).toBe(1);

    expect(await other.signOut()).toMatchObject({ ok: true });
    await hub.admin.delay('calls', 0);
    await expect
      .poll(() => asking.outcomeOf('late'), often)
      .toMatchObject({ ok: false, error: { code: 'signed-out' } });
    await signIn('bob');
    await asking.connect();
    expect(await asking.invoke('Echo', 'of bob')).toEqual({ ok: true, value: 'of bob' });
    expect(await asking.outcomeOf('late')).toMatchObject({ error: { code: 'signed-out' } });
  });

  test('another user signs in in one tab: the pages of the one before are told, and do not come back as the old one', async ({
    hub,
    openTab,
    connectTabs,
    signIn,
  }) => {
    const [one, two] = (await connectTabs(2, { identity: 'ann', events: ['note'] })) as [Tab, Tab];
    await signIn('bob');
    const next = await openTab({ identity: 'bob', events: ['note'] });
    await next.connect();
    for (const tab of [one, two]) await isClosedWith(tab, 'identity-changed');
    await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });

    expect(await one.start()).toMatchObject({ ok: false, error: { code: 'identity-changed' } });
    expect(await hub.admin.emit('note', ['for bob'], 'bob')).toBe(1);
    await expect.poll(() => next.eventsNamed('note'), often).toEqual([['for bob']]);
    expect(await next.lifecycle(), 'the page that is refused harms nobody').toEqual([]);
    for (const tab of [one, two]) expect(await tab.eventsNamed('note')).toEqual([]);
  });

  for (const [says, title] of [
    [true, 'that says whom it shows'],
    [false, 'that does not say whom it shows'],
  ] as const) {
    test(`a reload as another user, of a page ${title}, does not get the connection that lingers`, async ({
      hub,
      openTab,
      connectTabs,
      signIn,
    }) => {
      // A page that has let its hub go keeps the worker alive, and no connection.
      const keeper = await openTab();
      await keeper.connect();
      await keeper.stop();
      const [tab] = (await connectTabs(1, { identity: says ? 'ann' : null })) as [Tab];
      const { connectionId } = await tab.snapshot();
      await signIn('bob');

      const address = new URL(tab.page.url());
      const parameters = JSON.parse(address.searchParams.get('with') ?? '{}') as Parameters<typeof writeParameters>[0];
      address.search = writeParameters({ ...parameters, identity: says ? 'bob' : null }).toString();
      // The same address would not be loaded anew.
      address.searchParams.set('as', 'bob');
      await tab.page.goto(address.href);
      await tab.isReady();
      await tab.connect();
      expect((await tab.snapshot()).connectionId).not.toBe(connectionId);
      await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });
    });
  }
});

test('the next token names another user: every page is told, and starts anew as that one', async ({
  hub,
  connectTabs,
  signIn,
}) => {
  const tabs = (await connectTabs(3)) as [Tab, Tab, Tab];
  await signIn('bob');
  await tabs[0].refreshTokenNow();
  for (const tab of tabs) await isClosedWith(tab, 'identity-changed');
  await Promise.all(tabs.map((tab) => tab.connect()));
  await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });
});

test.describe('two workers, of two builds or of two names', () => {
  for (const [title, workers] of [
    ['with one token endpoint', [{ worker: 'endpoint' }, { worker: 'unused' }]],
    [
      'with tokens of their tabs',
      [
        { worker: 'ready-made', asksPage: true },
        { worker: 'tab-tokens', asksPage: true },
      ],
    ],
  ] as const) {
    test(`sign-out in a tab of one is one in the tabs of the other, ${title}`, async ({ hub, openTab, signIn }) => {
      const [one, other] = await Promise.all(workers.map((worker) => openTab({ ...worker, events: ['note'] })));
      if (!one || !other) throw new Error('no tabs');
      await one.connect();
      await other.connect();
      await expect.poll(async () => (await hub.counts()).connections, { ...often, message: 'two workers' }).toBe(2);
      expect(await one.signOut()).toMatchObject({ ok: true });
      await isClosedWith(other, 'signed-out');
      await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);

      await signIn('bob');
      await other.connect();
      await expect.poll(async () => (await hub.counts()).connectionsByUser, often).toEqual({ bob: 1 });
      expect(codesOf(await one.lifecycle())).toEqual(['signed-out']);
    });

    test(`another user who is noticed by one is noticed by the other, ${title}`, async ({ hub, openTab, signIn }) => {
      const [one, other] = await Promise.all(workers.map((worker) => openTab(worker)));
      if (!one || !other) throw new Error('no tabs');
      await one.connect();
      await other.connect();
      await signIn('bob');
      await one.refreshTokenNow();
      await isClosedWith(one, 'identity-changed');
      await isClosedWith(other, 'identity-changed');
      await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);
    });
  }
});
