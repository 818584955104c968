/** The hub asks the client, which is all tabs together, for a result: exactly one tab answers. */
import { primaryOf } from './fixtures/agreement.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

async function askedIn(tab: Tab): Promise<number> {
  return (await tab.questions()).length;
}

test('the primary tab answers, and the handlers of the others do not run', async ({ hub, connectTabs }) => {
  const tabs = await connectTabs(3);
  for (const tab of tabs) await tab.answer('who', { value: await tab.tabId() });
  const { primary, others } = await primaryOf(tabs);
  const caller = others[0]!;

  expect(await caller.invoke('Ask', 'who', 'there')).toEqual({ ok: true, value: await primary.tabId() });

  expect(await primary.questions()).toEqual([{ method: 'who', args: ['there'] }]);
  for (const tab of others) expect(await askedIn(tab)).toBe(0);
  expect(await hub.counts()).toMatchObject({ clientResultsPending: 0, invocationsPending: 0 });
});

test('the next tab answers when the primary one has no handler', async ({ connectTabs }) => {
  const tabs = await connectTabs(3);
  const { primary, others } = await primaryOf(tabs);
  const [able, unable] = others as [Tab, Tab];
  await able.answer('who', { value: 'the able one' });

  expect(await primary.invoke('Ask', 'who', 1)).toEqual({ ok: true, value: 'the able one' });
  expect(await askedIn(able)).toBe(1);
  expect(await askedIn(unable)).toBe(0);
});

test('a handler that fails is the answer: no other tab is asked', async ({ connectTabs }) => {
  const tabs = await connectTabs(2);
  const { primary, others } = await primaryOf(tabs);
  const other = others[0]!;
  await primary.answer('who', { throws: 'the handler failed' });
  await other.answer('who', { value: 'not asked' });

  expect(await other.invoke('Ask', 'who', 1)).toMatchObject({
    ok: false,
    error: { code: 'hub-error', message: expect.stringContaining('the handler failed') },
  });
  expect(await askedIn(other)).toBe(0);
});

test('no tab has a handler: the hub is told what SignalR tells it', async ({ hub, connectTabs }) => {
  const tabs = await connectTabs(2);
  const [tab] = tabs as [Tab, Tab];
  const plain = await tab.invokeWithPlainSignalR('Ask', 'nobody', 1);
  expect(plain.ok).toBe(false);
  const shared = await tab.invoke('Ask', 'nobody', 1);
  expect(shared).toMatchObject({ ok: false, error: { message: plain.ok ? '' : plain.error.message } });
  expect(await hub.counts()).toMatchObject({ clientResultsPending: 0 });
});

test('the primary tab is closed while its handler runs: the hub gets an answer all the same', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(3);
  const { primary, others } = await primaryOf(tabs);
  await primary.answer('who', 'never');
  for (const tab of others) await tab.answer('who', { value: 'another tab' });
  const caller = others[0]!;
  await caller.begin('question', 'Ask', 'who', 1);
  await expect.poll(() => askedIn(primary), often).toBe(1);

  await primary.close();

  await expect.poll(() => caller.outcomeOf('question'), often).not.toBeNull();
  // Whether another tab is asked or the hub is told of the failure, it does not wait for ever and nobody is asked twice.
  const asked = await Promise.all(others.map(askedIn));
  expect(asked.reduce((sum, count) => sum + count, 0)).toBe(1);
  expect(await caller.outcomeOf('question')).toEqual({ ok: true, value: 'another tab' });
  expect(await hub.counts()).toMatchObject({ clientResultsPending: 0, invocationsPending: 0 });
});

test('questions that come at once are answered each for itself', async ({ hub, connectTabs }) => {
  const tabs = await connectTabs(2);
  for (const tab of tabs) await tab.answer('who', { value: 'me' });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => (tabs[i % 2] as Tab).invoke('Ask', 'who', i)));
  for (const answer of answers) expect(answer).toEqual({ ok: true, value: 'me' });
  const asked = await Promise.all(tabs.map(askedIn));
  expect(asked.toSorted((a, b) => a - b)).toEqual([0, 20]);
  expect(await hub.counts()).toMatchObject({ clientResultsPending: 0 });
});
