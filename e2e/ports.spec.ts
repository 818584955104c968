/** A hostile script of the same origin, by hand at the ports of the worker: no token, no other tab's place, no harm to the tab beside it. */
import { findSecrets } from './fixtures/secrets.js';
import { expect, test } from './fixtures/test.js';

const ELSEWHERE = 'https://attacker.example/hubs/ops';

test('a hostile script gets codes, no token in anything that it is told, and no other tab notices', async ({
  hub,
  openTab,
  connectTabs,
}) => {
  const [witness] = await connectTabs(1);
  if (!witness) throw new Error('no tab');
  const before = await witness.view();
  const intruder = await openTab();
  await hub.admin.startSequence({ count: 0, everyMs: 4 });
  await witness.hasReceived((await hub.admin.lastOfSequence()) + 10);

  const { tried, received, tabs } = await intruder.page.evaluate((url) => window.tab.attack(url), ELSEWHERE);

  await witness.hasReceived((await hub.admin.lastOfSequence()) + 10);
  await witness.hasUnbrokenSequenceTo(await hub.admin.stopSequence());
  expect(await witness.resyncs()).toEqual([]);
  expect(await witness.invoke('Echo', 'still here')).toEqual({ ok: true, value: 'still here' });

  expect(tried).toMatchObject({
    'join by the rules': 'ok',
    'use a hub without having asked for it': 'not-connected',
    'have a hub of another origin opened': 'hub-not-allowed',
    // What any page of the app may do.
    'have the hub opened': 'ok',
    'become primary': 'ok',
    'have the token refreshed': 'ok',
    'have the token sent to another origin': 'fetch-refused',
    'ask the token endpoint through the worker': 'fetch-refused',
    'ask the hub for a connection through the worker': 'fetch-refused',
    'send a list of billions': 'limit-reached',
  });
  expect(tabs).toContain(before.tabId);
  const joins = Object.entries(tried).filter(([what]) => /^join (as|with)/.test(what));
  // Each tab's id and lock, and the lock of the worker.
  expect(joins.length).toBeGreaterThanOrEqual(4);
  expect(joins.filter(([, code]) => code !== 'message-invalid')).toEqual([]);

  expect(received.length).toBeGreaterThan(10);
  expect(hub.wire.tokens.size).toBeGreaterThan(0);
  expect(findSecrets(hub.wire.tokens, [{ name: 'the ports of a hostile script', lines: received }])).toEqual([]);
  expect(await witness.view()).toMatchObject({ state: 'Connected', connectionId: before.connectionId });
});
